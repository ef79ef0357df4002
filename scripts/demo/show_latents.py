"""
Writes the measured parts of `demo/README.md`: metrics, and twenty live latents of `layers.2.wide` at a glance.

    .cache/demo-venv/bin/python scripts/demo/show_latents.py

Needs the caches of train.py. The column “in short” is a reading by eye, kept in `readings.json`.
"""

import argparse
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from corpus import read_documents
from labels import LabelledTokens, label_tokens
from model import activations, new_model
from readme import fill, metrics_tables
from saes import SPECS, load_coder
from settings import FULL
from tokenizer import load_tokenizer

DRAW_SEED = 7
SHOWN = next(spec for spec in SPECS if spec.name == "layers.2.wide")
COUNT = 20
READINGS = Path(__file__).with_name("readings.json")


@torch.no_grad()
def latent_activations(model, coder, contexts: np.ndarray) -> np.ndarray:
    """float32 [tokens, d_sae], without the BOS in front of each context."""
    rows = []
    for i in range(0, len(contexts), 64):
        found = activations(model, torch.from_numpy(contexts[i : i + 64].astype(np.int64)), [coder.spec.reads])
        x = found[coder.spec.reads][:, 1:].reshape(-1, found[coder.spec.reads].shape[-1])
        values, latents = coder.encode(x)
        rows.append(torch.zeros(len(x), coder.spec.latents, dtype=torch.float16).scatter(1, latents, values.half()))
    return torch.cat(rows).numpy()


def best_concept(column: np.ndarray, labels: LabelledTokens) -> tuple[str, float, float]:
    """
    The label that the activations agree with best: (name, F1, precision), at the best of three thresholds:
    0, a quarter and half of the largest. Also tried: the token before a label begins ("before X") and the
    first one after it ("after X").
    """
    best = ("", 0.0, 0.0)
    ahead, behind = np.roll(labels.inside, -1, axis=0), np.roll(labels.inside, 1, axis=0)
    tries = {"": labels.inside, "before ": ahead & ~labels.inside, "after ": behind & ~labels.inside}
    for prefix, inside in tries.items():
        size = np.maximum(1, inside.sum(0))
        for threshold in (0.0, 0.25, 0.5):
            active = column > threshold * column.max()
            both = inside[active].sum(0)
            f1 = 2 * both / (active.sum() + size)
            i = int(f1.argmax())
            if f1[i] > best[1]:
                best = (prefix + labels.names[i], float(f1[i]), float(both[i] / active.sum()))
    return best


def snippet(labels: LabelledTokens, at: int, value: float) -> str:
    """The token in its context, marked."""
    before = "".join(labels.text[max(0, at - 9) : at])[-34:]
    after = "".join(labels.text[at + 1 : at + 6])[:14]
    return f"…{clean(before)}**[{clean(labels.text[at])}]**{clean(after)}… {value:.1f}"


def clean(text: str) -> str:
    """Text that may stand in a Markdown table."""
    return re.sub(r"([|*_<>`\\$~])", r"\\\1", text.replace("\n", "↵"))


def row(latent: int, column: np.ndarray, labels: LabelledTokens, reading: str) -> str:
    """One line of the table."""
    active = (column > 0)
    mass = Counter()
    for at in np.flatnonzero(active):
        mass[labels.text[at]] += float(column[at])
    total = sum(mass.values())
    tops = ", ".join(f"`{clean(token) or ' '}` {value / total:.0%}" for token, value in mass.most_common(4))
    order = np.argsort(-np.where(active, column, 0).astype(np.float32), kind="stable")
    picks = list(dict.fromkeys(snippet(labels, int(at), float(column[at])) for at in order[: active.sum()][:60]))
    shown = [picks[i] for i in (0, len(picks) // 3, len(picks) * 2 // 3) if i < len(picks)]
    name, f1, precision = best_concept(column, labels)
    cells = [latent, reading, f"{active.mean():.2%}", f"{name} ({f1:.2f}, {precision:.2f})", tops, "<br>".join(shown)]
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Shows live latents of layers.2 at a glance")
    parser.add_argument("--print", action="store_true", help="print the table instead of writing the README")
    arguments = parser.parse_args()
    output = FULL.output
    tokenizer = load_tokenizer(output / "model")
    labels = label_tokens(tokenizer, list(read_documents(FULL.cache / "validation.jsonl")))
    contexts = np.load(FULL.cache / "validation.npy")
    model = new_model(FULL.seed)
    model.load_state_dict(torch.load(FULL.cache / "model.pt"))
    coder = load_coder(SHOWN, output / "saes" / SHOWN.name)
    columns = latent_activations(model.eval(), coder, contexts)
    live = np.flatnonzero((columns > 0).any(0))
    chosen = sorted(np.random.default_rng(DRAW_SEED).choice(live, COUNT, replace=False).tolist())
    readings = json.loads(READINGS.read_text()) if READINGS.exists() else {}
    head = "| latent | in short | density | concept (F1, precision) | top tokens | snippets |\n|---|---|---|---|---|---|"
    rows = [row(i, columns[:, i], labels, readings.get(str(i), "")) for i in chosen]
    table = "\n".join([head, *rows])
    if arguments.print:
        print(table)
        return
    fill(output / "README.md", "metrics", metrics_tables(output))
    fill(output / "README.md", "latents", table)


if __name__ == "__main__":
    main()
