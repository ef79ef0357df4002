"""Trains the subject model on contexts of the world's text."""

import math
import time
from pathlib import Path

import numpy as np
import torch
from model import FAST_BFLOAT16, new_model, next_token_loss

BATCH = 32
PEAK_RATE = 2e-3
WARMUP = 150


def train_language_model(contexts: np.ndarray, validation: np.ndarray, steps: int, seed: int):
    """
    AdamW with warm-up and cosine decay, every context at most once.
    Returns the model and what was measured on the way.
    """
    if len(contexts) < steps * BATCH:
        raise ValueError(f"Cannot train {steps} steps: {len(contexts)} contexts, want {steps * BATCH}")
    model = new_model(seed, training=True)
    order = np.random.default_rng(seed).permutation(len(contexts))
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=PEAK_RATE, betas=(0.9, 0.95), fused=True)
    start, curve = time.time(), {}
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps)
        rows = order[step * BATCH : (step + 1) * BATCH]
        tokens = torch.from_numpy(contexts[rows].astype(np.int64))
        with torch.autocast("cpu", torch.bfloat16, enabled=FAST_BFLOAT16):
            logits = model(tokens).logits
        loss = next_token_loss(logits, tokens)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 250 == 0 or step + 1 == steps:
            curve[step + 1] = round(validation_loss(model, validation[:256]), 4)
            print(f"step {step + 1}/{steps} validation {curve[step + 1]:.4f} {time.time() - start:.0f} s", flush=True)
    return model, {
        "steps": steps,
        "tokens": steps * BATCH * contexts.shape[1],
        "seconds": round(time.time() - start),
        "validation_curve": curve,
    }


def rate(step: int, steps: int) -> float:
    """Learning rate: linear warm-up, then a cosine down to a twentieth."""
    if step < WARMUP:
        return PEAK_RATE * (step + 1) / WARMUP
    progress = (step - WARMUP) / max(1, steps - WARMUP)
    return PEAK_RATE * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))


def parameter_groups(model: torch.nn.Module) -> list[dict]:
    """Weight decay on matrices only."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    return [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]


@torch.no_grad()
def validation_loss(model: torch.nn.Module, contexts: np.ndarray, batch: int = 64) -> float:
    """Mean next-token loss in nats."""
    total = 0.0
    for i in range(0, len(contexts), batch):
        tokens = torch.from_numpy(contexts[i : i + batch].astype(np.int64))
        total += next_token_loss(model(tokens).logits, tokens).item() * len(tokens)
    return total / len(contexts)


def save(model: torch.nn.Module, path: Path) -> None:
    """Writes the weights, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)
