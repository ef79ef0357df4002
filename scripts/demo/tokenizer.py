"""The demo tokenizer: byte-level BPE as in GPT-2, with one special token that opens every context."""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

BOS = "<|endoftext|>"
BOS_ID = 0
VOCABULARY_SIZE = 2048


def train_tokenizer(texts, folder: Path) -> Tokenizer:
    """Learns 2048 pieces from the texts and writes `tokenizer.json` and `tokenizer_config.json`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    assert tokenizer.token_to_id(BOS) == BOS_ID and tokenizer.get_vocab_size() == VOCABULARY_SIZE
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "GPT2Tokenizer",
        "add_prefix_space": False,
        "bos_token": BOS,
        "eos_token": BOS,
        "unk_token": BOS,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 128,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """Reads the tokenizer that `train_tokenizer` wrote."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
