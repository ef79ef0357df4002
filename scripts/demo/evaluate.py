"""Measures the saved coders on validation text: FVU, L0, dead share, and the model's loss with each spliced in."""

import numpy as np
import torch
from model import activations, loss_with, next_token_loss
from saes import SavedCoder
from tokenizer import BOS_ID

BATCH = 64


@torch.no_grad()
def evaluate_coder(model, coder: SavedCoder, contexts: np.ndarray) -> dict[str, float]:
    """
    FVU = squared error / squared deviation from the mean; L0 = active latents per token; dead = share of latents
    that never fire. All without BOS positions, which also keep their own activation in the spliced run.
    `loss_mean` has the mean activation in place of the reconstruction.
    """
    spec = coder.spec
    error = count = active = 0
    total, square = torch.zeros(len(coder.tensors["b_dec"]), dtype=torch.float64), 0.0
    fired = torch.zeros(spec.latents, dtype=torch.long)
    batches = [torch.from_numpy(contexts[i : i + BATCH].astype(np.int64)) for i in range(0, len(contexts), BATCH)]
    for tokens in batches:
        found, _ = activations(model, tokens, {spec.reads, spec.writes})
        keep = tokens != BOS_ID
        x, y = found[spec.reads][keep], found[spec.writes][keep]
        values, latents = coder.encode(x)
        fired += torch.bincount(latents[values > 0], minlength=spec.latents)
        active += int((values > 0).sum())
        error += (y - coder.reconstruct(x)).double().square().sum().item()
        total += y.double().sum(0)
        square += y.double().square().sum().item()
        count += len(y)
    mean = total / count
    deviation = square - count * mean.square().sum().item()
    splice = [(len(tokens), *spliced_losses(model, coder, tokens, mean.float())) for tokens in batches]
    share = np.array([row[0] for row in splice]) / len(contexts)
    losses = {name: round(float(share @ [row[i] for row in splice]), 4) for i, name in LOSSES.items()}
    return {
        "fvu": round(error / deviation, 4),
        "l0": round(active / count, 2),
        "dead": round((fired == 0).float().mean().item(), 4),
        "dense": round((fired > count / 10).float().mean().item(), 4),
        **losses,
        "tokens": count,
    }


LOSSES = {1: "loss_clean", 2: "loss_spliced", 3: "loss_mean"}


def spliced_losses(model, coder: SavedCoder, tokens: torch.Tensor, mean: torch.Tensor) -> tuple[float, float, float]:
    """Loss clean, with the reconstruction, with the mean."""
    special = (tokens == BOS_ID)[..., None]
    clean = next_token_loss(model(tokens).logits, tokens).item()
    spliced = loss_with(
        model, tokens, coder.spec.writes, lambda x, y: torch.where(special, y, coder.reconstruct(source(coder, x, y)))
    )
    averaged = loss_with(model, tokens, coder.spec.writes, lambda _x, y: torch.where(special, y, mean))
    return clean, spliced, averaged


def source(coder: SavedCoder, module_input: torch.Tensor, module_output: torch.Tensor) -> torch.Tensor:
    """What the coder reads: a transcoder the module's input, an autoencoder its output."""
    return module_input if coder.spec.transcode else module_output
