"""Exports tiny random models of many families to ONNX, with the values of their modules as PyTorch computes them.

    pip install torch==2.13.0 transformers==5.23.0 onnx safetensors
    python test/model/architectures.py FOLDER [--dynamo]
    SAELAB_ARCHITECTURES=FOLDER npx vitest run test/model/architectures.test.ts

Each family gets `FOLDER/NAME/` with `model.onnx`, `config.json` and `golden.safetensors`: `tokens`, `logits` and
one tensor per hookpoint. About 5 MB, half a minute. `--dynamo` uses PyTorch's newer exporter (needs `onnxscript` too) and
leaves out the export with a cache.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache

VOCABULARY, CONTEXTS, POSITIONS, PAST = 97, 2, 7, 3
LLAMA_LIKE = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
                  intermediate_size=64, max_position_embeddings=64)
GEMMA_LIKE = {**LLAMA_LIKE, "num_hidden_layers": 4, "head_dim": 8, "sliding_window": 4}
NEOX = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64, max_position_embeddings=64)
PLAIN = ("self_attn", "mlp")
SANDWICH = ("post_attention_layernorm", "post_feedforward_layernorm")

# Name: model type, settings, path of the blocks, and in a block the attention's and the MLP's output.
FAMILIES = {
    "gpt2": ("gpt2", dict(n_embd=32, n_layer=3, n_head=4, n_positions=64), "transformer.h", ("attn", "mlp")),
    "gpt_neo": ("gpt_neo", dict(hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]],
                                max_position_embeddings=64), "transformer.h", ("attn", "mlp")),
    "gpt_neox": ("gpt_neox", NEOX, "gpt_neox.layers", ("attention", "mlp")),
    "gpt_neox_sequential": ("gpt_neox", {**NEOX, "use_parallel_residual": False}, "gpt_neox.layers",
                            ("attention", "mlp")),
    "gptj": ("gptj", dict(n_embd=32, n_layer=3, n_head=4, rotary_dim=4, n_positions=64), "transformer.h",
             ("attn", "mlp")),
    "opt": ("opt", dict(hidden_size=32, num_hidden_layers=3, ffn_dim=64, num_attention_heads=4, word_embed_proj_dim=32,
                        max_position_embeddings=64), "model.decoder.layers", ("self_attn", None)),
    "bloom": ("bloom", dict(hidden_size=32, n_layer=3, n_head=4), "transformer.h", (None, None)),
    "llama": ("llama", LLAMA_LIKE, "model.layers", PLAIN),
    "llama_cache": ("llama", LLAMA_LIKE, "model.layers", PLAIN),
    "mistral": ("mistral", LLAMA_LIKE, "model.layers", PLAIN),
    "qwen2": ("qwen2", LLAMA_LIKE, "model.layers", PLAIN),
    "qwen3": ("qwen3", {**LLAMA_LIKE, "head_dim": 8}, "model.layers", PLAIN),
    "phi": ("phi", LLAMA_LIKE, "model.layers", PLAIN),
    "phi3": ("phi3", {**LLAMA_LIKE, "pad_token_id": 0}, "model.layers", PLAIN),
    "olmo2": ("olmo2", LLAMA_LIKE, "model.layers", SANDWICH),
    "gemma": ("gemma", {**LLAMA_LIKE, "head_dim": 8}, "model.layers", PLAIN),
    "gemma2": ("gemma2", GEMMA_LIKE, "model.layers", SANDWICH),
    "gemma3": ("gemma3_text", GEMMA_LIKE, "model.layers", SANDWICH),
}
DOWN_PROJECTIONS = ("down_proj", "dense_4h_to_h", "fc_out", "fc2", "c_proj")


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

    def forward(self, input_ids, attention_mask, position_ids, *past):
        cache = DynamicCache(list(zip(past[::2], past[1::2], strict=True)))
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                         past_key_values=cache, use_cache=True)
        return out.logits, *[t for layer in out.past_key_values.layers for t in (layer.keys, layer.values)]


def values_of_modules(model, ids, blocks, parts):
    """One forward pass with hooks."""
    found, hooks = {}, []

    def keep_output(name):
        def hook(_module, _inputs, output):
            found[name] = (output[0] if isinstance(output, tuple) else output).clone().contiguous()
        return hook

    def keep_input(name):
        def hook(_module, inputs):
            found[name] = inputs[0].reshape(CONTEXTS, POSITIONS, -1).clone().contiguous()
        return hook

    hooks.append(model.get_input_embeddings().register_forward_hook(keep_output("embed")))
    for n, block in enumerate(model.get_submodule(blocks)):
        hooks.append(block.register_forward_hook(keep_output(f"layers.{n}")))
        for part, place in zip(parts, ("attention", "mlp"), strict=True):
            if part:
                hooks.append(block.get_submodule(part).register_forward_hook(keep_output(f"layers.{n}.{place}")))
        down = [module for name, module in block.named_modules()
                if name.split(".")[-1] in DOWN_PROJECTIONS and "attn" not in name]
        if down:
            hooks.append(down[-1].register_forward_pre_hook(keep_input(f"layers.{n}.mlp.neurons")))
    with torch.no_grad():
        found["logits"] = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits.contiguous()
    for hook in hooks:
        hook.remove()
    return found


def export_by_dynamo(model, ids, path):
    """Through torch.export, in the opset that it chooses, with sizes that vary."""
    vary = {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}
    torch.onnx.export(Plain(model), (ids, torch.ones_like(ids)), path, dynamo=True, external_data=False,
                      input_names=["input_ids", "attention_mask"], output_names=["logits"], dynamic_shapes=(vary, vary))


def export(model, ids, path, with_cache):
    """Through TorchScript, opset 17, with sizes that vary."""
    tokens = {0: "batch_size", 1: "sequence_length"}
    if not with_cache:
        axes = {name: tokens for name in ("input_ids", "attention_mask", "logits")}
        torch.onnx.export(Plain(model), (ids, torch.ones_like(ids)), path, dynamo=False, opset_version=17,
                          input_names=["input_ids", "attention_mask"], output_names=["logits"], dynamic_axes=axes)
        return
    config = model.config
    heads, width = config.num_key_value_heads, config.hidden_size // config.num_attention_heads
    names = [f"past_key_values.{n}.{kind}" for n in range(config.num_hidden_layers) for kind in ("key", "value")]
    past = [torch.randn(CONTEXTS, heads, PAST, width) for _ in names]
    mask = torch.ones(CONTEXTS, PAST + POSITIONS, dtype=torch.long)
    positions = torch.arange(PAST, PAST + POSITIONS).expand(CONTEXTS, -1)
    axes = {"input_ids": tokens, "position_ids": tokens, "logits": tokens,
            "attention_mask": {0: "batch_size", 1: "total_sequence_length"},
            **{name: {0: "batch_size", 2: "past_sequence_length"} for name in names}}
    torch.onnx.export(WithCache(model), (ids, mask, positions, *past), path, dynamo=False, opset_version=17,
                      input_names=["input_ids", "attention_mask", "position_ids", *names],
                      output_names=["logits", *[name.replace("past_key_values", "present") for name in names]],
                      dynamic_axes=axes)


def main():
    torch.set_num_threads(1)
    dynamo = "--dynamo" in sys.argv
    for name, (model_type, settings, blocks, parts) in FAMILIES.items():
        with_cache = name.endswith("_cache")
        if dynamo and with_cache:
            continue
        torch.manual_seed(1)
        config = AutoConfig.for_model(model_type, vocab_size=VOCABULARY, **settings)
        config._attn_implementation = "eager"
        model = AutoModelForCausalLM.from_config(config).eval().float()
        for weight in model.parameters():  # Freshly made biases are zero and norms one: nothing would show there.
            weight.data = weight.data * 2 + 0.05 * torch.randn_like(weight)
        ids = torch.randint(0, VOCABULARY, (CONTEXTS, POSITIONS))
        folder = Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        golden = values_of_modules(model, ids, blocks, parts)
        save_file({**golden, "tokens": ids.to(torch.int32)}, folder / "golden.safetensors")
        (folder / "config.json").write_text(json.dumps(config.to_dict(), default=str))
        path = str(folder / "model.onnx")
        if dynamo:
            export_by_dynamo(model, ids, path)
        else:
            export(model, ids, path, with_cache)
        print(name, flush=True)


main()
