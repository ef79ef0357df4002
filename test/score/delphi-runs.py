"""What delphi draws of its own cache and shows, for test/score/delphi-runs.test.ts.

    pip install -r bench/delphi/requirements.txt
    python test/score/delphi-runs.py ../shared/real > test/score/delphi-runs.json

`variants`: for each set of options and each latent of `records.json`, SHA-256 of the train and test windows (of each, its tokens
as little-endian words of 32 bits, then its activations in single precision) and of delphi's texts of detection and of fuzzing,
in the order of a scorer of its own for each latent, joined by line feeds.

`negatives`: for each kind of neighbours and each latent, the negatives by number (context times windows in a context, and the
window in it), and the same of the texts. `own` is what it does where no neighbour fires without the latent: its one neighbour
is itself.

`halves`: fuzzing's texts of windows of which a mark depends on its limit being a number of half precision: latent, window, text.
"""
import hashlib
import json
import sys
import tempfile
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast  # noqa: F401, before the stand-ins



class StandIns(MetaPathFinder, Loader):
    """delphi imports these for parts that do not run here (language models, search by embedding, training)."""

    names = ("faiss", "sentence_transformers", "datasets", "vllm", "blobfile", "schedulefree", "httpx",
             "tiktoken", "sklearn", "scipy", "pandas", "plotly")

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in self.names else None

    def exec_module(self, module):
        module.__getattr__ = lambda name: type(name, (), {})


sys.meta_path.append(StandIns())

from delphi.config import ConstructorConfig, SamplerConfig
from delphi.latents import LatentDataset
from delphi.scorers.classifier.detection import DetectionScorer
from delphi.scorers.classifier.fuzz import FuzzingScorer
from delphi.scorers.classifier.sample import examples_to_samples

real = Path(sys.argv[1])
cache = real / "delphi" / "latents"
hookpoint = "layers.2"
tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(real / "stories260k" / "tokenizer.json"))
latents = [record["latent"] for record in json.loads((real / "delphi" / "records.json").read_text())["latents"]]


def texts_hash(scorer, record):
    samples = scorer._prepare(record)
    scorer.rng.shuffle(samples)
    return hashlib.sha256("\n".join(sample.text for sample in samples).encode()).hexdigest()


def draw(latents, sampler=SamplerConfig(), constructor=ConstructorConfig(), neighbours=None):
    return LatentDataset(cache, sampler, constructor, tokenizer, [hookpoint], {hookpoint: torch.tensor(latents)}, neighbours)


def variant(sampler, constructor):
    found = {}
    for record in draw(latents, sampler, constructor):
        windows = hashlib.sha256()
        for example in record.train + record.test:
            windows.update(example.tokens.int().numpy().tobytes())
            windows.update(example.activations.float().numpy().tobytes())
        found[record.latent.latent_index] = {
            "windows": windows.hexdigest(),
            "detection": texts_hash(DetectionScorer(None), record),
            "fuzzing": texts_hash(FuzzingScorer(None), record),
        }
    return dict(sorted(found.items()))


def negatives(kind, folder, count):
    constructor = ConstructorConfig(non_activating_source="neighbours", neighbours_type=kind, n_non_activating=count)
    dataset = draw(latents, constructor=constructor, neighbours=folder)
    numbers = {}
    for number, tokens in enumerate(dataset.tokens.reshape(-1, 32).tolist()):
        assert numbers.setdefault(tuple(tokens), number) == number, "two windows are equal"
    found = {}
    for record in dataset:
        found[record.latent.latent_index] = {
            "windows": [numbers[tuple(example.tokens.tolist())] for example in record.not_active],
            "detection": texts_hash(DetectionScorer(None), record),
            "fuzzing": texts_hash(FuzzingScorer(None), record),
        }
    return dict(sorted(found.items()))


def halves(latents):
    dataset = draw(latents, constructor=ConstructorConfig(min_examples=1))
    tokens = dataset.tokens.reshape(-1, 32)
    found = []
    for record in dataset:
        for example in record.examples:
            limit = 0.3 * example.max_activation
            if not ((example.activations.double() < limit) & (example.activations >= limit)).any():
                continue
            example.str_tokens = tokenizer.batch_decode(example.tokens)
            [sample] = examples_to_samples([example], n_incorrect=0, highlighted=True)
            [[number]] = (tokens == example.tokens).all(1).nonzero().tolist()
            found.append([record.latent.latent_index, number, sample.text])
    return sorted(found)


def main():
    variants = {
        "top": variant(SamplerConfig(train_type="top"), ConstructorConfig()),
        "random": variant(SamplerConfig(train_type="random"), ConstructorConfig()),
        "mix": variant(SamplerConfig(train_type="mix"), ConstructorConfig()),
        "five quantiles": variant(SamplerConfig(n_examples_train=33, n_examples_test=22, n_quantiles=5), ConstructorConfig()),
        "centred": variant(SamplerConfig(), ConstructorConfig(center_examples=False, min_examples=50)),
        "64 tokens": variant(SamplerConfig(), ConstructorConfig(example_ctx_len=64, min_examples=100)),
        "16 tokens, centred": variant(SamplerConfig(), ConstructorConfig(example_ctx_len=16, center_examples=False)),
    }
    folder = real / "delphi" / "neighbours"
    kinds = (("co-occurrence", 50), ("co-occurrence", 25), ("decoder_similarity", 50), ("encoder_similarity", 50))
    found = {f"{kind} {count}": negatives(kind, folder, count) for kind, count in kinds}
    with tempfile.TemporaryDirectory() as own:
        lists = {str(latent): [[1.0, latent]] for latent in latents}
        (Path(own) / f"{hookpoint}-co-occurrence.json").write_text(json.dumps(lists))
        found["own"] = negatives("co-occurrence", own, 50)
    print(json.dumps({"variants": variants, "negatives": found, "halves": halves(list(range(1024)))}))


main()
