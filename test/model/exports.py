"""Exports tiny random models of many families to ONNX in many ways, with the values of their modules as PyTorch computes them.

    pip install --no-deps torch==2.13.0+cpu optimum==2.3.0 optimum-onnx==0.1.0
    pip install transformers==5.23.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.31.1 onnxruntime-genai==0.18.0 \
        safetensors brotli sympy networkx jinja2 fsspec filelock "setuptools>=77"
    python test/model/exports.py test/model/exports [--families NAME,NAME] [--ways NAME,NAME]
    npx vitest run test/model/exports.test.ts

Each family becomes one file, `NAME.safetensors.br`: `tokens`, `golden/HOOKPOINT` and `golden/logits`, and the bytes of each
export as `onnx/WAY`; `coder/…`, `edits` in the metadata, and `intervention/logits` are a sparse coder behind the first block and
what the model says when its latents are changed. What cannot be made is printed with its reason. An hour for all; `SAELAB_EXPORTS=FOLDER` has the test
read another folder.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import brotli
import onnx
import onnxruntime
import torch
from safetensors.torch import save
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, PreTrainedTokenizerFast

VOCABULARY, CONTEXTS, POSITIONS, PAST = 64, 2, 6, 3
WIDTH, HEADS, NEURONS, LAYERS = 16, 2, 32, 2
LATENTS, TOP = 48, 8

LLAMA_LIKE = dict(hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=1,
                  intermediate_size=NEURONS, max_position_embeddings=32, head_dim=16)
GEMMA_LIKE = {**LLAMA_LIKE, "sliding_window": 4, "query_pre_attn_scalar": 16}
GPT2_LIKE = dict(n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=32)
NEOX = dict(hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=NEURONS,
            max_position_embeddings=32)
# Paths within a block: attention's output, its output projection, the MLP's output, what multiplies the MLP's input, its
# last multiplication.
PLAIN = ("self_attn", "self_attn.o_proj", "mlp", "mlp.up_proj", "mlp.down_proj")
SANDWICH = ("post_attention_layernorm", "self_attn.o_proj", "post_feedforward_layernorm", "mlp.up_proj", "mlp.down_proj")
GPT2 = ("attn", "attn.c_proj", "mlp", "mlp.c_fc", "mlp.c_proj")
PYTHIA = ("attention", "attention.dense", "mlp", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h")

# Name: model type, settings, path of the blocks, paths within one.
FAMILIES = {
    "gpt2": ("gpt2", GPT2_LIKE, "transformer.h", GPT2),
    "gpt-neo": ("gpt_neo", dict(hidden_size=WIDTH, num_layers=LAYERS, num_heads=HEADS, max_position_embeddings=32,
                                attention_types=[[["global", "local"], 1]]), "transformer.h",
                ("attn", "attn.attention.out_proj", "mlp", "mlp.c_fc", "mlp.c_proj")),
    "gpt-neox": ("gpt_neox", NEOX, "gpt_neox.layers", PYTHIA),
    "gpt-neox-sequential": ("gpt_neox", {**NEOX, "use_parallel_residual": False}, "gpt_neox.layers", PYTHIA),
    "gpt-j": ("gptj", {**GPT2_LIKE, "rotary_dim": 4}, "transformer.h",
              ("attn", "attn.out_proj", "mlp", "mlp.fc_in", "mlp.fc_out")),
    "opt": ("opt", dict(hidden_size=WIDTH, num_hidden_layers=LAYERS, ffn_dim=NEURONS, num_attention_heads=HEADS,
                        word_embed_proj_dim=WIDTH, max_position_embeddings=32), "model.decoder.layers",
            ("self_attn", "self_attn.out_proj", None, "fc1", "fc2")),
    "bloom": ("bloom", dict(hidden_size=WIDTH, n_layer=LAYERS, n_head=HEADS), "transformer.h",
              (None, "self_attention.dense", None, "mlp.dense_h_to_4h", "mlp.dense_4h_to_h")),
    "llama": ("llama", LLAMA_LIKE, "model.layers", PLAIN),
    "mistral": ("mistral", LLAMA_LIKE, "model.layers", PLAIN),
    "qwen2": ("qwen2", LLAMA_LIKE, "model.layers", PLAIN),
    "qwen3": ("qwen3", LLAMA_LIKE, "model.layers", PLAIN),
    # The fused operator turns multiples of 16 of a head's numbers; half of them is what Phi turns.
    "phi": ("phi", {**LLAMA_LIKE, "hidden_size": 64, "num_key_value_heads": HEADS, "head_dim": 32}, "model.layers",
            ("self_attn", "self_attn.dense", "mlp", "mlp.fc1", "mlp.fc2")),
    "phi3": ("phi3", {**LLAMA_LIKE, "pad_token_id": 0, "original_max_position_embeddings": 32}, "model.layers",
             ("self_attn", "self_attn.o_proj", "mlp", "mlp.gate_up_proj", "mlp.down_proj")),
    "olmo2": ("olmo2", LLAMA_LIKE, "model.layers", SANDWICH),
    "gemma": ("gemma", LLAMA_LIKE, "model.layers", PLAIN),
    "gemma2": ("gemma2", GEMMA_LIKE, "model.layers", SANDWICH),
    "gemma3": ("gemma3_text", GEMMA_LIKE, "model.layers", SANDWICH),
}


class Plain(torch.nn.Module):
    """Ids and mask in, logits out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits


class WithCache(torch.nn.Module):
    """The same with positions and a key-value cache going in and out, as exports for generation have it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, past):
        cache = DynamicCache(list(zip(past[::2], past[1::2], strict=True)))
        where = {} if self.model.config.model_type in ("bloom", "opt") else {"position_ids": position_ids}
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, past_key_values=cache, use_cache=True, **where)
        return out.logits, *cache_tensors(out.past_key_values)


class FillingCache(torch.nn.Module):
    """A cache going out only: the first step of generation."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=True)
        return out.logits, *cache_tensors(out.past_key_values)


def cache_tensors(cache):
    return [t for layer in cache.layers for t in (layer.keys, layer.values)]


def make_model(name):
    model_type, settings, *_ = FAMILIES[name]
    torch.manual_seed(1)
    config = AutoConfig.for_model(model_type, vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=0, **settings)
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config).eval().float()
    for weight in model.parameters():
        # Freshly made biases are zero and norms one: nothing would show there. Multiples of 1/32 are exact in half
        # precision and pack well.
        scale = 0.2 if weight.dim() > 1 else 0.1
        kept = weight.data if weight.dim() == 1 else 0
        weight.data = torch.round((kept + scale * torch.randn_like(weight)) * 32) / 32
    model.tie_weights()
    return model


def values_of_modules(model, ids, blocks, paths):
    """One forward pass with hooks."""
    found, hooks = {}, []

    def keep(name, tensor):
        found[name] = tensor.reshape(CONTEXTS, POSITIONS, -1).clone().contiguous()

    def on_output(module, name):
        def hook(_module, _inputs, output):
            keep(name, output[0] if isinstance(output, tuple) else output)
        hooks.append(module.register_forward_hook(hook))

    def on_input(module, name):
        hooks.append(module.register_forward_pre_hook(lambda _module, inputs: keep(name, inputs[0])))

    on_output(model.get_input_embeddings(), "embed")
    for n, block in enumerate(model.get_submodule(blocks)):
        attention, mixed, mlp, up, down = paths
        on_output(block, f"layers.{n}")
        if attention:
            on_output(block.get_submodule(attention), f"layers.{n}.attention")
        if mlp:
            on_output(block.get_submodule(mlp), f"layers.{n}.mlp")
        on_input(block.get_submodule(mixed), f"layers.{n}.attention.heads")
        on_input(block.get_submodule(up), f"layers.{n}.mlp.input")
        on_input(block.get_submodule(down), f"layers.{n}.mlp.neurons")
    with torch.no_grad():
        keep("logits", model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits)
    for hook in hooks:
        hook.remove()
    return found


def intervention(model, ids, block):
    """A top-k coder of random weights behind a block, changes of its latents, and the logits that follow from them."""
    generator, width = torch.Generator().manual_seed(2), model.config.hidden_size
    draw = lambda *shape: torch.round(torch.randn(*shape, generator=generator) * 8) / 32
    coder = {"encoder": draw(LATENTS, width), "encoder_bias": draw(LATENTS), "decoder": draw(LATENTS, width),
             "decoder_bias": draw(width)}
    edits = []

    def latents_of(x):
        before = torch.relu((x - coder["decoder_bias"]) @ coder["encoder"].T + coder["encoder_bias"])
        values, places = before.topk(TOP, dim=-1)
        return torch.zeros_like(before).scatter(-1, places, values)

    def change(_module, _inputs, output):
        x = output[0] if isinstance(output, tuple) else output
        before = latents_of(x)
        common = (before > 0).sum((0, 1)).argsort(descending=True).tolist()
        edits.extend([{"latent": common[0], "scale": 0}, {"latent": common[1], "scale": 2.5, "positions": [1, -1]},
                      {"latent": common[2], "set": 1.5}, {"latent": common[-1], "add": 2, "positions": [3]},
                      {"latent": common[1], "add": -0.5, "positions": [-1]}])
        after = before.clone()
        for edit in edits:
            for position in edit.get("positions", range(POSITIONS)):
                value = after[:, position, edit["latent"]]
                after[:, position, edit["latent"]] = (edit["set"] if "set" in edit else value * edit["scale"] if "scale" in edit
                                                      else value + edit["add"])
        x = x + (after - before) @ coder["decoder"]
        return (x, *output[1:]) if isinstance(output, tuple) else x

    hook = block.register_forward_hook(change)
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
    hook.remove()
    return {"intervention/logits": logits.contiguous(), **{f"coder/{name}": value for name, value in coder.items()}}, edits


def cache_inputs(model):
    """Arguments of a step with a cache, and the names that go with them."""
    with torch.no_grad():
        out = model(input_ids=torch.zeros(CONTEXTS, PAST, dtype=torch.long), use_cache=True)
    past = [t[:, :, :PAST] for t in cache_tensors(out.past_key_values)]
    ids = torch.zeros(CONTEXTS, POSITIONS, dtype=torch.long)
    mask = torch.ones(CONTEXTS, PAST + POSITIONS, dtype=torch.long)
    positions = torch.arange(PAST, PAST + POSITIONS).repeat(CONTEXTS, 1)
    names = [f"past_key_values.{n}.{kind}" for n in range(len(past) // 2) for kind in ("key", "value")]
    return (ids, mask, positions, past), names


class Ways:
    """How one model is exported: each method writes one ONNX file."""

    def __init__(self, name, model, folder):
        self.name, self.model, self.folder = name, model, folder
        self.half = None

    def ids(self):
        ids = torch.zeros(CONTEXTS, POSITIONS, dtype=torch.long)
        return ids, torch.ones_like(ids)

    def half_model(self):
        if self.half is None:
            self.half = make_model(self.name).half()
        return self.half

    def made(self, way):
        """The file of another way, made if it is not there yet."""
        path = self.folder / f"{way}.onnx"
        if not path.exists():
            getattr(self, way.replace("-", "_"))(path)
        return str(path)

    # PyTorch's exporters.

    def _torchscript(self, model, path):
        tokens = {0: "batch_size", 1: "sequence_length"}
        axes = {name: tokens for name in ("input_ids", "attention_mask", "logits")}
        torch.onnx.export(Plain(model).eval(), self.ids(), path, dynamo=False, opset_version=17, dynamic_axes=axes,
                          input_names=["input_ids", "attention_mask"], output_names=["logits"])

    def _torchscript_cache(self, model, path):
        inputs, names = cache_inputs(model)
        tokens = {0: "batch_size", 1: "sequence_length"}
        axes = {"input_ids": tokens, "position_ids": tokens, "logits": tokens,
                "attention_mask": {0: "batch_size", 1: "total_sequence_length"},
                **{name: {0: "batch_size", 2: "past_sequence_length"} for name in names}}
        torch.onnx.export(WithCache(model).eval(), inputs, path, dynamo=False, opset_version=17, dynamic_axes=axes,
                          input_names=["input_ids", "attention_mask", "position_ids", *names],
                          output_names=["logits", *[name.replace("past_key_values", "present") for name in names]])

    def _dynamo(self, model, path):
        vary = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(Plain(model).eval(), self.ids(), path, dynamo=True, external_data=False, dynamic_shapes=(vary, vary),
                          input_names=["input_ids", "attention_mask"], output_names=["logits"])

    def _dynamo_cache(self, model, path):
        inputs, names = cache_inputs(model)
        vary = torch.export.Dim.DYNAMIC
        tokens = {0: vary, 1: vary}
        shapes = (tokens, tokens, tokens, [{0: vary, 2: vary} for _ in names])
        torch.onnx.export(WithCache(model).eval(), inputs, path, dynamo=True, external_data=False, dynamic_shapes=shapes,
                          input_names=["input_ids", "attention_mask", "position_ids", *names],
                          output_names=["logits", *[name.replace("past_key_values", "present") for name in names]])

    def torchscript(self, path):
        self._torchscript(self.model, path)

    def torchscript_half(self, path):
        self._torchscript(self.half_model(), path)

    def torchscript_cache(self, path):
        self._torchscript_cache(self.model, path)

    def torchscript_cache_half(self, path):
        self._torchscript_cache(self.half_model(), path)

    def dynamo(self, path):
        self._dynamo(self.model, path)

    def dynamo_half(self, path):
        self._dynamo(self.half_model(), path)

    def dynamo_cache(self, path):
        self._dynamo_cache(self.model, path)

    def dynamo_cache_half(self, path):
        self._dynamo_cache(self.half_model(), path)

    # Half precision made of the finished graph, with ids, cache and logits as before: transformers.js' `model_fp16.onnx`.

    def _converted(self, way, path):
        from onnxruntime.transformers.float16 import convert_float_to_float16
        onnx.save(convert_float_to_float16(onnx.load(self.made(way)), keep_io_types=True), str(path))

    def torchscript_fp16(self, path):
        self._converted("torchscript", path)

    def torchscript_cache_fp16(self, path):
        self._converted("torchscript-cache", path)

    def dynamo_fp16(self, path):
        self._converted("dynamo", path)

    # Optimum: its merging of a decoder with a cache and one that fills it under an `If`.

    def _torchscript_filling(self, model, path):
        _, names = cache_inputs(model)
        tokens = {0: "batch_size", 1: "sequence_length"}
        present = [name.replace("past_key_values", "present") for name in names]
        axes = {**{name: tokens for name in ("input_ids", "attention_mask", "logits")},
                **{name: {0: "batch_size", 2: "sequence_length"} for name in present}}
        torch.onnx.export(FillingCache(model).eval(), self.ids(), path, dynamo=False, opset_version=17, dynamic_axes=axes,
                          input_names=["input_ids", "attention_mask"], output_names=["logits", *present])

    def _merged(self, way, path):
        from optimum.onnx import merge_decoders
        merge_decoders(self.made(way.replace("cache", "filling")), self.made(way), save_path=str(path), strict=False)

    def torchscript_filling(self, path):
        self._torchscript_filling(self.model, path)

    def torchscript_filling_half(self, path):
        self._torchscript_filling(self.half_model(), path)

    def merged(self, path):
        self._merged("torchscript-cache", path)

    def merged_half(self, path):
        self._merged("torchscript-cache-half", path)

    # ONNX Runtime: what a session writes that is told to keep its graph, and what the optimizer for transformers makes.

    def _session(self, way, path, level="ORT_ENABLE_EXTENDED"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(self.made(way), options, providers=["CPUExecutionProvider"])

    def torchscript_session(self, path):
        self._session("torchscript", path)

    def torchscript_cache_session(self, path):
        self._session("torchscript-cache", path)

    def torchscript_fp16_session(self, path):
        self._session("torchscript-fp16", path)

    def dynamo_session(self, path):
        self._session("dynamo", path)

    def dynamo_session_all(self, path):
        self._session("dynamo", path, "ORT_ENABLE_ALL")

    def merged_session(self, path):
        self._session("merged", path)

    def _optimizer(self, way, path, half=False):
        from onnxruntime.transformers import optimizer
        kinds = {"gpt2": "gpt2", "gpt-neo": "gpt2", "gpt-j": "gpt2", "gpt-neox": "gpt_neox", "gpt-neox-sequential": "gpt_neox",
                 "bloom": "gpt2"}
        made = optimizer.optimize_model(self.made(way), model_type=kinds.get(self.name, "gpt2"), num_heads=HEADS,
                                        hidden_size=self.model.config.hidden_size, opt_level=0)
        if half:
            made.convert_float_to_float16(keep_io_types=True)
        made.save_model_to_file(str(path))

    def torchscript_optimizer(self, path):
        self._optimizer("torchscript", path)

    def torchscript_optimizer_fp16(self, path):
        self._optimizer("torchscript", path, half=True)

    def torchscript_cache_optimizer(self, path):
        self._optimizer("torchscript-cache", path)

    def dynamo_optimizer(self, path):
        self._optimizer("dynamo", path)

    # onnxruntime-genai's builder: GroupQueryAttention, SkipSimplifiedLayerNormalization, RotaryEmbedding, MatMulNBits.

    def _builder(self, path, precision):
        if self.name not in ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2"):
            # Of Phi and Phi 3 its graphs, run whole in ONNX Runtime, give other logits than PyTorch.
            raise NotImplementedError("the builder does not know this family, or makes another model of it")
        source, target = self.folder / "source", self.folder / f"builder-{precision}"
        self.save_source(source)
        run_builder(source, target, precision, self.folder / "cache")
        model = onnx.load(str(target / "model.onnx"))
        onnx.save(model, str(path))

    def builder(self, path):
        self._builder(path, "fp32")

    def builder_fp16(self, path):
        if self.name == "gemma2":
            raise NotImplementedError("in half precision the builder leaves out the windows of attention")
        self._builder(path, "fp16")

    def builder_int4(self, path):
        self._builder(path, "int4")

    def save_source(self, folder):
        if folder.exists():
            return
        self.model.save_pretrained(folder)
        tokenizer = {"version": "1.0", "added_tokens": [], "model": {
            "type": "WordLevel", "unk_token": "0", "vocab": {str(i): i for i in range(VOCABULARY)}},
            "normalizer": None, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None}
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), unk_token="0").save_pretrained(folder)


def run_builder(source, target, precision, cache):
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(source), "-o", str(target), "-p", precision,
               "-e", "cpu", "-c", str(cache)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


ALL = [name.replace("_", "-") for name, value in vars(Ways).items()
       if not name.startswith("_") and name not in ("ids", "half_model", "made", "save_source")]
MOST = [way for way in ALL if way not in (
    "torchscript-filling", "torchscript-filling-half", "dynamo-fp16", "dynamo-session-all", "builder-int4")]
SOME = [way for way in MOST if way not in (
    "torchscript-cache-half", "torchscript-cache-fp16", "torchscript-cache-session", "torchscript-fp16-session",
    "merged-session", "torchscript-cache-optimizer", "dynamo-half")]
FEW = ["torchscript", "torchscript-cache", "merged", "torchscript-session", "torchscript-optimizer"]
WAYS = {**dict.fromkeys(FAMILIES, FEW),
        **dict.fromkeys(("phi3", "gemma", "gpt-neox-sequential"), [*FEW, "dynamo", "builder"]),
        **dict.fromkeys(("phi", "gemma3", "mistral", "qwen2", "qwen3"), SOME),
        **dict.fromkeys(("gpt-neox", "gemma2"), MOST),
        **dict.fromkeys(("llama", "gpt2"), ALL)}


def attempt(ways, way):
    """The bytes of one export; `None` where it cannot be made."""
    log = io.StringIO()
    try:
        with redirect_stdout(log), redirect_stderr(log):
            data = Path(ways.made(way)).read_bytes()
    except Exception as error:
        print(f"{ways.name} {way} is not made: {type(error).__name__} {str(error)[:200].splitlines()[:1]}", flush=True)
        return None
    print(f"{ways.name} {way} {len(data)}", flush=True)
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--ways")
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in args.families.split(","):
        _, _, blocks, paths = FAMILIES[name]
        model = make_model(name)
        ids = torch.randint(1, VOCABULARY, (CONTEXTS, POSITIONS))
        golden = values_of_modules(model, ids, blocks, paths)
        members, edits = intervention(model, ids, model.get_submodule(blocks)[0])
        members |= {"tokens": ids.to(torch.int32), **{f"golden/{key}": value for key, value in golden.items()}}
        with tempfile.TemporaryDirectory() as scratch:
            ways = Ways(name, model, Path(scratch))
            made = {way: attempt(ways, way) for way in (args.ways.split(",") if args.ways else WAYS[name])}
        members |= {f"onnx/{way}": data for way, data in made.items() if data is not None}
        (args.folder / f"{name}.safetensors.br").write_bytes(brotli.compress(save(members, {"edits": json.dumps(edits)}), quality=11, lgwin=24))


main()
