"""
Rebuilds every artifact under `demo/`: text, tokenizer, model, sparse coders, golden values, metrics, hashes.

    python -m venv .cache/demo-venv && .cache/demo-venv/bin/pip install -r scripts/demo/requirements.txt
    .cache/demo-venv/bin/python scripts/demo/train.py            # under 60 minutes on 2 cores
    .cache/demo-venv/bin/python scripts/demo/train.py --quick    # the same files, badly trained, elsewhere

Finished stages are kept in `.cache/demo` and are not repeated; `--fresh` forgets them.
"""

import argparse
import hashlib
import json
import platform
import re
import shutil
from importlib.metadata import version

import numpy as np
import torch
from corpus import encode_contexts, generate, read_documents
from evaluate import evaluate_coders
from export import check_export, export_model
from golden import write_golden
from language_model import BATCH, save, train_language_model, validation_loss
from model import new_model
from saes import SPECS, SavedCoder, load_coder, save_coder, train_coders
from settings import FULL, QUICK, Settings
from tokenizer import train_tokenizer
from trigram import trigram_loss


def make_data(settings: Settings) -> None:
    """Documents, tokenizer and contexts."""
    cache = settings.cache
    if (cache / "validation.npy").exists():
        return
    generate("train", settings.train_documents, cache / "train.jsonl")
    generate("validation", settings.validation_documents, cache / "validation.jsonl")
    sample = (d["text"] for d in read_documents(cache / "train.jsonl", settings.tokenizer_documents))
    tokenizer = train_tokenizer(sample, settings.output / "model")
    for split in ("train", "validation"):
        texts = (d["text"] for d in read_documents(cache / f"{split}.jsonl"))
        np.save(cache / f"{split}.npy", encode_contexts(tokenizer, texts))


def make_yardstick(settings: Settings) -> float:
    """The trigram model's validation loss."""
    log = settings.cache / "trigram.json"
    if not log.exists():
        train, validation = (np.load(settings.cache / f"{split}.npy") for split in ("train", "validation"))
        log.write_text(json.dumps(trigram_loss(train[: settings.steps * BATCH], validation)))
    return json.loads(log.read_text())


def make_model(settings: Settings):
    """The trained language model."""
    weights, log = settings.cache / "model.pt", settings.cache / "model.json"
    if not log.exists():
        contexts = np.load(settings.cache / "train.npy")
        validation = np.load(settings.cache / "validation.npy")
        trained, record = train_language_model(contexts, validation, settings.steps, settings.seed)
        save(trained, weights)
        log.write_text(json.dumps(record))
    model = new_model(settings.seed)
    model.load_state_dict(torch.load(weights))
    return model.eval()


def make_coders(settings: Settings, model) -> list[SavedCoder]:
    """The trained sparse coders, as saved."""
    log, folder = settings.cache / "saes.json", settings.output / "saes"
    if not log.exists():
        contexts = np.load(settings.cache / "train.npy")
        fast = new_model(settings.seed, training=True).eval()
        fast.load_state_dict(model.state_dict())
        tensors, record = train_coders(fast, contexts, settings.sae_steps, settings.seed)
        for spec in SPECS:
            save_coder(spec, tensors[spec.name], folder / spec.name)
        log.write_text(json.dumps(record))
    return [load_coder(spec, folder / spec.name) for spec in SPECS]


def measure(settings: Settings, model, coders: list[SavedCoder]) -> None:
    """Writes `golden.safetensors` and `metrics.json`."""
    validation = np.load(settings.cache / "validation.npy")
    write_golden(model, coders[2], validation, settings.output / "golden.safetensors")
    metrics = {
        "model": {
            "parameters": sum(p.numel() for p in model.parameters()),
            "validation_loss": round(validation_loss(model, validation), 4),
            "trigram_validation_loss": round(make_yardstick(settings), 4),
            "validation_tokens": int(validation.size),
            "onnx_max_logit_difference": check_export(model, settings.output / "model", validation),
            **json.loads((settings.cache / "model.json").read_text()),
        },
        "saes": evaluate_coders(model, coders, validation),
        "sae_training": json.loads((settings.cache / "saes.json").read_text()),
        "seeds": {"weights": settings.seed, "train": "train", "validation": "validation"},
        "documents": {"train": settings.train_documents, "validation": settings.validation_documents},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "transformers", "tokenizers", "numpy", "onnx", "onnxruntime")},
    }
    (settings.output / "metrics.json").write_text(re.sub(r"e-0(\d)\b", r"e-\1", json.dumps(metrics, indent=2)) + "\n")


def write_hashes(settings: Settings) -> None:
    """`SHA256SUMS` of every artifact for sha256sum, and of the validation text as a comment."""
    output = settings.output
    files = [output / "golden.safetensors", output / "metrics.json", *output.glob("model/*"), *output.glob("saes/*/*")]
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(output)}" for file in sorted(files)]
    text = hashlib.sha256()
    for document in read_documents(settings.cache / "validation.jsonl"):
        text.update(f"{document['text']}\n".encode())
    lines.append(f"# {text.hexdigest()}  world:validation:{settings.validation_documents}")
    (output / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuilds every artifact under demo/")
    parser.add_argument("--quick", action="store_true", help="a few minutes, into .cache/demo-quick")
    parser.add_argument("--fresh", action="store_true", help="forget finished stages")
    arguments = parser.parse_args()
    settings = QUICK if arguments.quick else FULL
    if arguments.fresh:
        shutil.rmtree(settings.cache, ignore_errors=True)
    torch.set_num_threads(2)
    make_data(settings)
    model = make_model(settings)
    export_model(model, settings.output / "model")
    coders = make_coders(settings, model)
    measure(settings, model, coders)
    write_hashes(settings)


if __name__ == "__main__":
    main()
