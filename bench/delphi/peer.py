"""The other side of `bench/delphi.ts`: delphi's own classes on the same tokens, model and sparse coder.

    python peer.py make FOLDER DIMENSIONS LAYERS WIDTH
    python peer.py cache FOLDER TOKENS THREADS
    python peer.py read FOLDER LATENTS THREADS

`make` writes a GPT-2 with random weights (Hugging Face and ONNX) and a TopK coder with random weights in sparsify's
layout; speed does not depend on their values. `cache` reads `tokens.u16`. Each prints one line of JSON.
"""

import json
import resource
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

# delphi and sparsify import these for parts that do not run here (search by embedding, vLLM, downloads, training).
for name in ("faiss", "sentence_transformers", "datasets", "vllm", "blobfile", "schedulefree"):
    stand_in = types.ModuleType(name)
    stand_in.__getattr__ = lambda _name: object
    sys.modules[name] = stand_in

CONTEXT, BATCH, K = 256, 32, 32


def hookpoint(layers):
    """The output of the block that ends the first half."""
    return (layers + 1) // 2 - 1


def make(folder, dimensions, layers, width):
    from sparsify import SparseCoder, SparseCoderConfig

    torch.manual_seed(22)
    vocabulary = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json")).vocab_size
    config = GPT2Config(vocab_size=vocabulary, n_embd=dimensions, n_layer=layers, n_head=max(2, dimensions // 64),
                        n_positions=CONTEXT, bos_token_id=0, eos_token_id=0, attn_implementation="eager")
    model = GPT2LMHeadModel(config).eval()
    model.save_pretrained(folder)
    coder = SparseCoder(dimensions, SparseCoderConfig(num_latents=width, k=K))
    coder.save_to_disk(folder / "sae" / f"layers.{hookpoint(layers)}")

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids):
            # A ready mask, since the one that transformers makes cannot be traced.
            length = input_ids.shape[1]
            mask = torch.full((1, 1, length, length), torch.finfo(torch.float32).min).triu(1)
            return self.model(input_ids=input_ids, attention_mask=mask, use_cache=False).logits

    ids = torch.zeros(2, 7, dtype=torch.long)
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in ("input_ids", "logits")}
    torch.onnx.export(Plain(), (ids,), str(folder / "model.onnx"), dynamo=False, opset_version=17,
                      input_names=["input_ids"], output_names=["logits"], dynamic_axes=axes)


def cache(folder, tokens):
    from delphi.config import CacheConfig
    from delphi.latents import LatentCache
    from delphi.sparse_coders.load_sparsify import load_sparsify_sparse_coders, sae_dense_latents
    from functools import partial

    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    place = f"layers.{hookpoint(model.config.n_layer)}"
    coder = load_sparsify_sparse_coders(str(folder / "sae"), [place], "cpu")[place]
    module = f"transformer.h.{hookpoint(model.config.n_layer)}"
    rows = np.fromfile(folder / "tokens.u16", dtype=np.uint16).reshape(-1, CONTEXT)[: tokens // CONTEXT]
    ids = torch.from_numpy(rows.astype(np.int64))
    latents = LatentCache(model, {module: partial(sae_dense_latents, sae=coder)}, batch_size=BATCH)
    latents.save_firing_counts = lambda: None  # Writes into the working directory; not timed on either side.
    latents.run(2 * BATCH * CONTEXT, ids)  # Warm.
    latents = LatentCache(model, {module: partial(sae_dense_latents, sae=coder)}, batch_size=BATCH)
    latents.save_firing_counts = lambda: None
    start = time.perf_counter()
    latents.run(len(ids) * CONTEXT, ids)
    out = folder / "delphi"
    latents.save_splits(5, out)
    seconds = time.perf_counter() - start
    latents.save_config(out, CacheConfig(cache_ctx_len=CONTEXT, batch_size=BATCH), "bench")
    files = list((out / module).glob("*.safetensors"))
    done = len(ids) // BATCH * BATCH * CONTEXT
    return {"tokens": done, "seconds": seconds, "bytes": sum(f.stat().st_size for f in files),
            "nonZeros": int(latents.cache.latent_activations[module].numel()), "rssMB": peak_memory()}


def read(folder, count):
    from delphi.config import ConstructorConfig, SamplerConfig
    from delphi.latents import LatentDataset

    out = folder / "delphi"
    [module] = [path.name for path in out.iterdir()]
    wanted = torch.tensor(json.loads((folder / "latents.json").read_text())[:count])
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    start = time.perf_counter()
    dataset = LatentDataset(out, SamplerConfig(), ConstructorConfig(), tokenizer, [module], {module: wanted})
    records = sum(1 for _ in dataset)
    return {"latents": count, "records": records, "seconds": time.perf_counter() - start, "rssMB": peak_memory()}


def peak_memory():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main():
    command, folder, *numbers = sys.argv[1:]
    numbers = [int(n) for n in numbers]
    folder = Path(folder)
    if command == "make":
        make(folder, *numbers)
        return
    torch.set_num_threads(numbers[1])
    transformers.logging.set_verbosity_error()
    print(json.dumps({"cache": cache, "read": read}[command](folder, numbers[0])))


main()
