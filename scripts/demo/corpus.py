"""From documents to contexts of token ids."""

import json
import subprocess
from pathlib import Path

import numpy as np
from tokenizer import BOS_ID

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = 128


def generate(seed: str, count: int, out: Path) -> None:
    """Runs the world's generator."""
    command = ["npx", "tsx", "scripts/demo/generate.ts", "--seed", seed, "--count", str(count), "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True)


def read_documents(path: Path, count: int | None = None):
    """Yields `{text, register, spans}` of the first `count` documents."""
    with open(path, encoding="utf-8") as file:
        for i, line in enumerate(file):
            if count is not None and i >= count:
                return
            yield json.loads(line)


def encode_contexts(tokenizer, texts, batch: int = 4096) -> np.ndarray:
    """
    Token ids, uint16 [contexts, 128]: all documents joined without anything between them,
    cut into pieces of 127, each with BOS in front, as the library packs a corpus.
    """
    parts, pending = [], []

    def flush():
        for encoding in tokenizer.encode_batch_fast(pending, add_special_tokens=False):
            parts.append(np.array(encoding.ids, dtype=np.uint16))
        pending.clear()

    for text in texts:
        pending.append(text)
        if len(pending) == batch:
            flush()
    flush()
    stream = np.concatenate(parts)
    rows = len(stream) // (CONTEXT - 1)
    contexts = np.full((rows, CONTEXT), BOS_ID, dtype=np.uint16)
    contexts[:, 1:] = stream[: rows * (CONTEXT - 1)].reshape(rows, CONTEXT - 1)
    return contexts
