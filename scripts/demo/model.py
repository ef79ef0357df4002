"""The subject model: a GPT-2 of 4 blocks, and the activations of its hookpoints."""

from collections.abc import Iterable

import torch
from tokenizer import BOS_ID, VOCABULARY_SIZE
from transformers import AttentionInterface, GPT2Config, GPT2LMHeadModel

LAYERS = 4
D_MODEL = 128


FAST_BFLOAT16 = torch.cpu._is_amx_tile_supported()


def float32_attention(_module, query, key, value, _mask, **_):
    """Causal attention in float32 whatever surrounds it: its bfloat16 gradient is ten times slower on CPUs."""
    with torch.autocast("cpu", enabled=False):
        heads = torch.nn.functional.scaled_dot_product_attention(
            query.float(), key.float(), value.float(), is_causal=True
        )
    return heads.transpose(1, 2).contiguous(), None


AttentionInterface.register("float32_causal", float32_attention)


def new_model(seed: int, training: bool = False) -> GPT2LMHeadModel:
    """
    A randomly initialised model; the same seed gives the same weights.
    For training, the same functions are computed by faster operators.
    """
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=VOCABULARY_SIZE,
        n_layer=LAYERS,
        n_embd=D_MODEL,
        n_head=4,
        n_positions=128,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=BOS_ID,
        eos_token_id=BOS_ID,
        use_cache=False,
        activation_function="gelu_pytorch_tanh" if training else "gelu_new",
        attn_implementation="float32_causal" if training else "eager",
    )
    return GPT2LMHeadModel(config)


def hook_module(model: GPT2LMHeadModel, hookpoint: str) -> tuple[torch.nn.Module, str]:
    """The module of a hookpoint, and whether its input or its output is meant."""
    _, layer, *rest = hookpoint.split(".")
    block = model.transformer.h[int(layer)]
    return {
        "": (block, "output"),
        "mlp": (block.mlp, "output"),
        "mlp.input": (block.mlp, "input"),
        "mlp.neurons": (block.mlp.c_proj, "input"),
        "attention": (block.attn, "output"),
    }[".".join(rest)]


@torch.no_grad()
def activations(model: GPT2LMHeadModel, tokens: torch.Tensor, hookpoints: Iterable[str]):
    """Runs the blocks; returns {hookpoint: float32 [batch, length, d]}."""
    found, handles = {}, []
    for hookpoint in hookpoints:
        module, side = hook_module(model, hookpoint)

        def hook(_module, inputs, output, name=hookpoint, side=side):
            value = inputs[0] if side == "input" else output
            found[name] = (value[0] if isinstance(value, tuple) else value).detach().float()

        handles.append(module.register_forward_hook(hook))
    try:
        model.transformer(tokens)
    finally:
        for handle in handles:
            handle.remove()
    return found


@torch.no_grad()
def loss_with(model: GPT2LMHeadModel, tokens: torch.Tensor, hookpoint: str, replace) -> float:
    """Mean next-token loss (nats) with `replace(input, output)` in place of the hookpoint's output."""
    module, _ = hook_module(model, hookpoint)

    def hook(_module, inputs, output):
        value = output[0] if isinstance(output, tuple) else output
        new = replace(inputs[0], value)
        return (new, *output[1:]) if isinstance(output, tuple) else new

    handle = module.register_forward_hook(hook)
    try:
        return next_token_loss(model(tokens).logits, tokens).item()
    finally:
        handle.remove()


def next_token_loss(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats of every token after the first."""
    flat = logits[:, :-1].reshape(-1, logits.shape[-1])
    return torch.nn.functional.cross_entropy(flat.float(), tokens[:, 1:].reshape(-1))
