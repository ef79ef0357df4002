"""Golden values for whoever taps the ONNX file: activations, logits and latents as PyTorch computes them."""

from pathlib import Path

import numpy as np
import torch
from model import LAYERS, activations
from saes import SavedCoder
from safetensors.torch import save_file

LENGTH = 16


@torch.no_grad()
def write_golden(model, coder: SavedCoder, contexts: np.ndarray, path: Path) -> None:
    """Two contexts of 16 tokens; the README of demo/ lists the keys."""
    tokens = torch.from_numpy(contexts[:2, :LENGTH].astype(np.int64))
    layers = [f"layers.{i}" for i in range(LAYERS)]
    names = [*layers, "layers.2.mlp", "layers.2.mlp.input", "layers.2.mlp.neurons"]
    found = activations(model, tokens, names)
    logits = model(tokens).logits
    values, latents = coder.encode(found[coder.spec.reads])
    save_file(
        {
            "tokens": tokens.int(),
            **{name: found[name].contiguous() for name in names},
            "logits.last": logits[:, -1].contiguous(),
            f"{coder.spec.name}.latents": latents.int(),
            f"{coder.spec.name}.activations": values.contiguous(),
        },
        path,
    )
