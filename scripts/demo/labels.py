"""Ground truth per token: which concepts of the world every token of the validation text lies in."""

from dataclasses import dataclass

import numpy as np
from corpus import CONTEXT


@dataclass
class LabelledTokens:
    """Rows follow the contexts of `encode_contexts`, without the BOS in front of each: [contexts * 127]."""

    names: list[str]
    inside: np.ndarray  # bool [tokens, names]
    text: list[str]  # the characters of each token


def label_tokens(tokenizer, documents: list[dict]) -> LabelledTokens:
    """A token lies in a span if they share a character that is not white space; registers are labels too."""
    concepts = sorted({span["concept"] for document in documents for span in document["spans"]})
    registers = sorted({document["register"] for document in documents})
    names = concepts + [f"register {name}" for name in registers]
    column = {name: i for i, name in enumerate(names)}
    blocks, text = [], []
    for document in documents:
        encoding = tokenizer.encode(document["text"], add_special_tokens=False)
        inside = np.zeros((len(encoding.ids), len(names)), dtype=bool)
        starts, ends = np.array(encoding.offsets).T
        shown = 0
        for row, (start, end) in enumerate(encoding.offsets):
            # The bytes of one character can lie in two tokens: only the first shows it.
            piece = document["text"][max(start, shown) : end]
            shown = end
            text.append(piece)
            starts[row] += len(piece) - len(piece.lstrip())
        for span in document["spans"]:
            hit = (starts < span["end"]) & (ends > span["start"])
            inside[hit, column[span["concept"]]] = True
        inside[:, column[f"register {document['register']}"]] = True
        blocks.append(inside)
    rows = len(text) // (CONTEXT - 1) * (CONTEXT - 1)
    return LabelledTokens(names, np.concatenate(blocks)[:rows], text[:rows])
