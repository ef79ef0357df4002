"""Measures the saved coders on validation text: FVU, L0, dead share, and the model's loss with each spliced in."""

import numpy as np
import torch
from model import activations, loss_with, next_token_loss
from saes import HOOKPOINTS, SavedCoder
from tokenizer import BOS_ID

BATCH = 64
SPLICED_CONTEXTS = 512


class Tally:
    """Running sums of one coder over tokens that are not BOS."""

    def __init__(self, coder: SavedCoder):
        self.coder = coder
        self.fired = torch.zeros(coder.spec.latents, dtype=torch.long)
        self.total = torch.zeros(len(coder.tensors["b_dec"]), dtype=torch.float64)
        self.square = self.error = 0.0
        self.count = self.active = 0

    def add(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """Counts a batch of inputs and outputs, [tokens, d_model] each."""
        values, latents = self.coder.encode(x)
        self.fired += torch.bincount(latents[values > 0], minlength=len(self.fired))
        self.active += int((values > 0).sum())
        self.error += (y - self.coder.decode(x, values, latents)).double().square().sum().item()
        self.total += y.double().sum(0)
        self.square += y.double().square().sum().item()
        self.count += len(y)

    @property
    def mean(self) -> torch.Tensor:
        """The mean output."""
        return (self.total / self.count).float()

    def summary(self) -> dict[str, float]:
        """FVU, L0, and the shares of latents that never fire or fire on more than a tenth of all tokens."""
        deviation = self.square - self.total.square().sum().item() / self.count
        return {
            "fvu": round(self.error / deviation, 4),
            "l0": round(self.active / self.count, 2),
            "dead": round((self.fired == 0).float().mean().item(), 4),
            "dense": round((self.fired > self.count / 10).float().mean().item(), 4),
            "tokens": self.count,
        }


@torch.no_grad()
def evaluate_coders(model, coders: list[SavedCoder], contexts: np.ndarray) -> dict[str, dict[str, float]]:
    """
    FVU = squared error / squared deviation from the mean, L0, dead share on all contexts, without position 0.
    On the first 512 contexts, the model's loss in nats: clean, with the reconstruction, with the mean activation in
    its place; position 0 keeps its own activation.
    """
    tallies = [Tally(coder) for coder in coders]
    for i in range(0, len(contexts), BATCH):
        tokens = torch.from_numpy(contexts[i : i + BATCH].astype(np.int64))
        found = activations(model, tokens, HOOKPOINTS)
        kept = {name: value[tokens != BOS_ID] for name, value in found.items()}
        for tally in tallies:
            tally.add(kept[tally.coder.spec.reads], kept[tally.coder.spec.writes])
    few = contexts[:SPLICED_CONTEXTS]
    losses = [spliced_losses(model, tally, few) for tally in tallies]
    return {t.coder.spec.name: {**t.summary(), **loss} for t, loss in zip(tallies, losses, strict=True)}


def spliced_losses(model, tally: Tally, contexts: np.ndarray) -> dict[str, float]:
    """The three losses, averaged over contexts."""
    coder, mean, sums = tally.coder, tally.mean, np.zeros(3)
    for i in range(0, len(contexts), BATCH):
        tokens = torch.from_numpy(contexts[i : i + BATCH].astype(np.int64))
        bos = (tokens == BOS_ID)[..., None]

        def reconstructed(x, y, bos=bos):
            return torch.where(bos, y, coder.reconstruct(x if coder.spec.transcode else y))

        clean = next_token_loss(model(tokens).logits, tokens).item()
        spliced = loss_with(model, tokens, coder.spec.writes, reconstructed)
        averaged = loss_with(model, tokens, coder.spec.writes, lambda _x, y, bos=bos: torch.where(bos, y, mean))
        sums += np.array([clean, spliced, averaged]) * len(tokens)
    names = ("loss_clean", "loss_spliced", "loss_mean")
    return {name: round(float(value), 4) for name, value in zip(names, sums / len(contexts), strict=True)}
