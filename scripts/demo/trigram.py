"""The yardstick: an interpolated Kneser-Ney trigram model over the same tokens."""

import numpy as np
from tokenizer import VOCABULARY_SIZE as V


class Counts:
    """How often each key occurs; keys are n-grams written as whole numbers."""

    def __init__(self, keys: np.ndarray):
        self.keys, self.counts = np.unique(keys, return_counts=True)

    def of(self, keys: np.ndarray) -> np.ndarray:
        """The counts of the keys, 0 for those never seen."""
        return look_up(self.keys, self.counts, keys)

    def discount(self) -> float:
        """Ney, Essen and Kneser's estimate n1 / (n1 + 2 n2)."""
        once, twice = (self.counts == 1).sum(), (self.counts == 2).sum()
        return float(once / (once + 2 * twice))


def look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values at the wanted sorted keys, 0 where there is none."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def trigram_loss(train: np.ndarray, validation: np.ndarray) -> float:
    """
    Mean next-token loss in nats on the validation contexts of a model counted on the training contexts.
    It sees what the language model sees: contexts [rows, 128] that open with BOS; the second token has a bigram only.
    """
    rows = train.astype(np.int64)
    pairs = rows[:, :-1] * V + rows[:, 1:]
    triples = Counts((pairs[:, :-1] * V + rows[:, 2:]).ravel())
    pair_tokens, pair_types = Counts((triples.keys // V).repeat(triples.counts)), Counts(triples.keys // V)
    continued = Counts(triples.keys % (V * V))
    opening = Counts(pairs[:, 0])
    unigram = np.bincount(continued.keys % V, minlength=V) + 1.0
    unigram /= unigram.sum()
    middle_total = np.bincount(continued.keys // V, continued.counts, minlength=V)
    middle_types = np.bincount(continued.keys // V, minlength=V)

    held = validation.astype(np.int64)
    v, w = held[:, 1:-1].ravel(), held[:, 2:].ravel()
    uv = (held[:, :-2] * V + held[:, 1:-1]).ravel()
    d2, d3 = continued.discount(), triples.discount()

    def bigram(left, right):
        total = np.maximum(middle_total[left], 1)
        seen = np.maximum(continued.of(left * V + right) - d2, 0) / total
        rest = np.where(middle_total[left] > 0, d2 * middle_types[left] / total, 1.0)
        return seen + rest * unigram[right]

    total = pair_tokens.of(uv)
    seen = np.maximum(triples.of(uv * V + w) - d3, 0) / np.maximum(total, 1)
    rest = np.where(total > 0, d3 * pair_types.of(uv) / np.maximum(total, 1), 1.0)
    probability = seen + rest * bigram(v, w)

    first = held[:, 0] * V + held[:, 1]
    d1 = opening.discount()
    start = np.maximum(opening.of(first) - d1, 0) / len(rows)
    start += d1 * len(opening.keys) / len(rows) * unigram[held[:, 1]]
    return float(-(np.log(probability).sum() + np.log(start).sum()) / (len(w) + len(start)))
