"""Everything that decides what the artifacts become: seeds, sizes, budgets, folders."""

from dataclasses import dataclass
from pathlib import Path

from corpus import ROOT


@dataclass(frozen=True)
class Settings:
    """One run. `full` makes the committed artifacts, `quick` the same files in a few minutes."""

    cache: Path
    output: Path
    train_documents: int
    validation_documents: int
    tokenizer_documents: int
    steps: int
    sae_steps: int
    seed: int = 20


FULL = Settings(
    cache=ROOT / ".cache/demo",
    output=ROOT / "demo",
    train_documents=48_000,
    validation_documents=1_000,
    tokenizer_documents=20_000,
    steps=3_000,
    sae_steps=3_600,
)
QUICK = Settings(
    cache=ROOT / ".cache/demo-quick",
    output=ROOT / ".cache/demo-quick/output",
    train_documents=3_000,
    validation_documents=200,
    tokenizer_documents=3_000,
    steps=120,
    sae_steps=100,
)
