"""TopK sparse autoencoders and a skip transcoder on the demo model, in EleutherAI sparsify's layout."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from model import D_MODEL, FAST_BFLOAT16, activations
from safetensors.torch import load_file, save_file
from tokenizer import BOS_ID
from topk import Decode, Encode, bag

BATCH = 16
AUXILIARY_K = 64
AUXILIARY_WEIGHT = 1 / 16
DEAD_AFTER = 100_000


@dataclass(frozen=True)
class Spec:
    """What one coder reads and writes, and its size."""

    name: str
    reads: str
    writes: str
    latents: int
    k: int = 8

    @property
    def transcode(self) -> bool:
        return self.reads != self.writes


SPECS = [
    *(Spec(f"layers.{i}", f"layers.{i}", f"layers.{i}", 1024) for i in range(4)),
    Spec("layers.2.wide", "layers.2", "layers.2", 4096),
    Spec("layers.2.mlp", "layers.2.mlp", "layers.2.mlp", 1024),
    Spec("layers.2.mlp.transcoder", "layers.2.mlp.input", "layers.2.mlp", 1024),
]
HOOKPOINTS = sorted({spec.reads for spec in SPECS} | {spec.writes for spec in SPECS})


class SparseCoder(torch.nn.Module):
    """TopK coder: `latents = topk(relu(W (x - b_dec) + b))`; a transcoder keeps b_dec and adds `x W_skip^T`."""

    def __init__(self, spec: Spec, generator: torch.Generator):
        super().__init__()
        self.spec = spec
        rows = torch.randn(spec.latents, D_MODEL, generator=generator)
        rows /= rows.norm(dim=1, keepdim=True)
        self.decoder = torch.nn.Parameter(rows.clone())
        self.encoder = torch.nn.Parameter(rows.clone())
        self.bias = torch.nn.Parameter(torch.zeros(spec.latents))
        self.center = torch.nn.Parameter(torch.zeros(D_MODEL))
        self.skip = torch.nn.Parameter(torch.zeros(D_MODEL, D_MODEL)) if spec.transcode else None
        self.register_buffer("idle", torch.zeros(spec.latents, dtype=torch.long))

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Fraction of variance unexplained, plus what dead latents could explain of the rest."""
        centered = x if self.skip is not None else x - self.center
        values, latents = Encode.apply(centered, self.encoder, self.bias, self.spec.k)
        out = Decode.apply(values, latents, self.decoder) + self.center
        error = y - (out if self.skip is None else out + x @ self.skip.T)
        loss = error.square().sum() / (y - y.mean(0)).square().sum()
        self.idle += len(x)
        self.idle[latents[values > 0]] = 0
        dead = (self.idle > DEAD_AFTER).nonzero()[:, 0]
        if len(dead) > 0:
            loss = loss + self.auxiliary_loss(centered, error.detach(), dead)
        return loss

    def auxiliary_loss(self, x: torch.Tensor, error: torch.Tensor, dead: torch.Tensor) -> torch.Tensor:
        """How badly the 64 strongest dead latents explain the error, so that they learn something to be used for."""
        k = min(AUXILIARY_K, len(dead))
        values, latents = Encode.apply(x, self.encoder[dead], self.bias[dead], k)
        missing = error - Decode.apply(values, latents, self.decoder[dead])
        return AUXILIARY_WEIGHT * k / AUXILIARY_K * missing.square().sum() / error.square().sum()

    @torch.no_grad()
    def normalize(self) -> None:
        """Decoder rows have norm 1."""
        self.decoder /= self.decoder.norm(dim=1, keepdim=True)


@dataclass
class Scale:
    """Mean and size of an activation, so that coders train on numbers of size one."""

    mean: torch.Tensor
    size: float

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.size


def token_activations(model, contexts: np.ndarray):
    """{hookpoint: [tokens, d_model]} of all tokens that are not BOS."""
    tokens = torch.from_numpy(contexts.astype(np.int64))
    with torch.autocast("cpu", torch.bfloat16, enabled=FAST_BFLOAT16):
        found = activations(model, tokens, HOOKPOINTS)
    keep = tokens != BOS_ID
    return {name: value[keep] for name, value in found.items()}


def train_coders(model, contexts: np.ndarray, steps: int, seed: int, specs=SPECS, peak_rate: float = 3e-3):
    """Trains all coders together on one stream of contexts; returns {name: tensors to save} and a record."""
    generator = torch.Generator().manual_seed(seed)
    order = np.random.default_rng(seed + 1).permutation(len(contexts))
    scales = measure_scales(token_activations(model, contexts[order[: 8 * BATCH]]))
    coders = [SparseCoder(spec, generator) for spec in specs]
    optimizers = [
        torch.optim.Adam(coder.parameters(), lr=peak_rate * (1024 / coder.spec.latents) ** 0.5, fused=True)
        for coder in coders
    ]
    start, tokens = time.time(), 0
    for step in range(steps):
        rows = order[np.arange(step * BATCH, (step + 1) * BATCH) % len(order)]
        batch = {name: scales[name].apply(value) for name, value in token_activations(model, contexts[rows]).items()}
        tokens += len(batch[HOOKPOINTS[0]])
        decay = min(1.0, (step + 1) / 50, max(0.02, 5 / 3 * (1 - step / steps)))
        losses = []
        for coder, optimizer in zip(coders, optimizers, strict=True):
            base = peak_rate * (1024 / coder.spec.latents) ** 0.5
            optimizer.param_groups[0]["lr"] = base * decay
            loss = coder.loss(batch[coder.spec.reads], batch[coder.spec.writes])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            coder.normalize()
            losses.append(loss.item())
        if (step + 1) % 100 == 0:
            dead = [int((coder.idle > DEAD_AFTER).sum()) for coder in coders]
            print(f"step {step + 1}/{steps} {time.time() - start:.0f} s", [round(x, 3) for x in losses], dead, flush=True)
    record = {"steps": steps, "tokens": tokens, "seconds": round(time.time() - start)}
    return {coder.spec.name: export_tensors(coder, scales) for coder in coders}, record


def measure_scales(batch: dict[str, torch.Tensor]) -> dict[str, Scale]:
    """Mean vector and root-mean-square distance from it, per dimension."""
    means = {name: value.mean(0) for name, value in batch.items()}
    return {name: Scale(mean, (batch[name] - mean).square().mean().sqrt().item()) for name, mean in means.items()}


@torch.no_grad()
def export_tensors(coder: SparseCoder, scales: dict[str, Scale]) -> dict[str, torch.Tensor]:
    """Folds the scales into the weights: the saved coder reads and writes raw activations."""
    reads, writes = scales[coder.spec.reads], scales[coder.spec.writes]
    ratio = writes.size / reads.size
    bias, center = coder.bias * writes.size, coder.center * writes.size + writes.mean
    tensors = {"encoder.weight": coder.encoder * ratio, "W_dec": coder.decoder.clone()}
    if coder.skip is not None:
        bias = bias - tensors["encoder.weight"] @ reads.mean
        tensors["W_skip"] = coder.skip * ratio
        center = center - tensors["W_skip"] @ reads.mean
    return {**tensors, "encoder.bias": bias, "b_dec": center}


def save_coder(spec: Spec, tensors: dict[str, torch.Tensor], folder: Path) -> None:
    """Writes `cfg.json` and `sae.safetensors` (F16)."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "activation": "topk",
        "expansion_factor": spec.latents // D_MODEL,
        "normalize_decoder": True,
        "num_latents": spec.latents,
        "k": spec.k,
        "multi_topk": False,
        "skip_connection": spec.transcode,
        "transcode": spec.transcode,
        "d_in": D_MODEL,
        "hookpoint": spec.reads,
    }
    if spec.transcode:
        config["hookpoint_out"] = spec.writes
    (folder / "cfg.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({name: value.half().contiguous() for name, value in tensors.items()}, folder / "sae.safetensors")


@dataclass
class SavedCoder:
    """A coder as its file says, computed plainly in float32."""

    spec: Spec
    tensors: dict[str, torch.Tensor]

    def encode(self, x: torch.Tensor):
        """The k largest activations and their latents, [tokens, k] each; strongest first."""
        t = self.tensors
        centered = x if self.spec.transcode else x - t["b_dec"]
        before = torch.nn.functional.linear(centered, t["encoder.weight"], t["encoder.bias"])
        return before.relu().topk(self.spec.k, dim=-1)

    def decode(self, x: torch.Tensor, values: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """The predicted output, [tokens, d_model]."""
        t = self.tensors
        out = bag(latents, t["W_dec"], values) + t["b_dec"]
        return out + x @ t["W_skip"].T if "W_skip" in t else out

    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        """Reads x, returns what it predicts for the output hookpoint; any leading shape."""
        flat = x.reshape(-1, D_MODEL)
        return self.decode(flat, *self.encode(flat)).reshape(x.shape)


def load_coder(spec: Spec, folder: Path) -> SavedCoder:
    """Reads what `save_coder` wrote."""
    tensors = load_file(folder / "sae.safetensors")
    return SavedCoder(spec, {name: value.float() for name, value in tensors.items()})
