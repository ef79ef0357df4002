"""Makes tiny models of random weights in ONNX, with what PyTorch computes for some texts.

    pip install torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 onnx
    python test/llm/local/fixtures.py && npx biome check --write test/llm/local

`fixtures/causal`: GPT-2 with a key-value cache, as exports for generation have it; byte-level BPE of 300 tokens.
`fixtures/sentences`: BERT with WordPiece and both outputs that embedding models are exported with.
`fixtures/grouped`: one layer of ONNX Runtime's GroupQueryAttention, as newer exports have it; `causal`'s tokenizer.
`golden.json` in the first two holds ids and numbers; tokens come from Hugging Face's own tokenizers.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, DynamicCache, GPT2Config, GPT2LMHeadModel

FOLDER = Path(__file__).parent / "fixtures"
TEXT = [
    "The cat sat on the mat, and the dog lay by the door.",
    "Description: words about the weather\nSentences:\n",
    "She said that the rain would stop before the evening came.",
    "1\t2\t3\n4\t5\t6\n7\t8\t9\n10\t0 unknown unknown unknown",
]
PREFIXES = ["Description: words about the weather\nSentences:\n", "The dog"]
TEXTS = ["The rain would stop.", " caf\u00e9 10", "She said that the cat sat on the mat.", "x"]
SENTENCES = ["The cat sat on the mat.", "Rain", "She said that the dog would stop before the evening, and lay down.", ""]


def lively(model):
    """Freshly made biases are zero and norms one: nothing would show there."""
    for weight in model.parameters():
        weight.data = weight.data * 3 + 0.05 * torch.randn_like(weight)
    return model.eval()


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


class WithCache(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, *past):
        cache = DynamicCache(list(zip(past[::2], past[1::2], strict=True)))
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                         past_key_values=cache, use_cache=True)
        return out.logits, *[t for layer in out.past_key_values.layers for t in (layer.keys, layer.values)]


def causal():
    folder = FOLDER / "causal"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=2, n_positions=256, bos_token_id=0, eos_token_id=0)
    config._attn_implementation = "eager"
    model = lively(GPT2LMHeadModel(config))
    write_json(folder / "tokenizer_config.json", {"bos_token": "<|endoftext|>", "model_max_length": 256})
    write_json(folder / "config.json", {"model_type": "gpt2", "vocab_size": 300, "n_embd": 32, "n_layer": 2,
                                        "n_head": 2, "n_positions": 256, "bos_token_id": 0})
    names = [f"past_key_values.{n}.{kind}" for n in range(2) for kind in ("key", "value")]
    past = [torch.randn(2, 2, 3, 16) for _ in names]
    tokens = {0: "batch_size", 1: "sequence_length"}
    axes = {"input_ids": tokens, "position_ids": tokens, "logits": tokens,
            "attention_mask": {0: "batch_size", 1: "total_sequence_length"},
            **{name: {0: "batch_size", 2: "past_sequence_length"} for name in names}}
    ids, positions = torch.randint(0, 300, (2, 5)), torch.arange(3, 8).expand(2, -1)
    torch.onnx.export(WithCache(model).eval(), (ids, torch.ones(2, 8, dtype=torch.long), positions, *past),
                      str(folder / "model.onnx"), dynamo=False, opset_version=17,
                      input_names=["input_ids", "attention_mask", "position_ids", *names],
                      output_names=["logits", *[name.replace("past_key_values", "present") for name in names]],
                      dynamic_axes=axes)
    golden = []
    for prefix in PREFIXES:
        start = [0, *tokenizer.encode(prefix, add_special_tokens=False).ids]
        for text in TEXTS:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            with torch.no_grad():
                logits = model(torch.tensor([start + ids])).logits[0].double()
            chosen = logits.log_softmax(-1)[len(start) - 1:-1].gather(1, torch.tensor(ids)[:, None])[:, 0]
            golden.append({"prefix": prefix, "text": text, "ids": ids, "logProbabilities": chosen.tolist()})
    write_json(folder / "golden.json", golden)


class Sentences(torch.nn.Module):
    """Both outputs: the tokens' vectors, and their mean, normalised."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        mask = attention_mask[..., None].to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return hidden, mean / mean.norm(dim=1, keepdim=True)


def sentences():
    folder = FOLDER / "sentences"
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=120, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))])
    tokenizer.save(str(folder / "tokenizer.json"))
    size = tokenizer.get_vocab_size()
    config = BertConfig(vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                        max_position_embeddings=64)
    config._attn_implementation = "eager"
    model = Sentences(lively(BertModel(config, add_pooling_layer=False))).eval()
    write_json(folder / "config.json", {"model_type": "bert", "vocab_size": size, "hidden_size": 32, "pad_token_id": 0,
                                        "max_position_embeddings": 64})
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "pad_token": "[PAD]"})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 16})
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True})
    tokens = {0: "batch_size", 1: "sequence_length"}
    ids = torch.randint(5, size, (2, 7))
    torch.onnx.export(model, (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(folder / "model.onnx"), dynamo=False,
                      opset_version=17, input_names=["input_ids", "attention_mask", "token_type_ids"],
                      output_names=["last_hidden_state", "sentence_embedding"],
                      dynamic_axes={**{name: tokens for name in ("input_ids", "attention_mask", "token_type_ids", "last_hidden_state")},
                                    "sentence_embedding": {0: "batch_size"}})
    tokenizer.enable_truncation(16)
    golden = []
    for text in SENTENCES:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            hidden, mean = model(ids, torch.ones_like(ids), torch.zeros_like(ids))
        first = hidden[0, 0] / hidden[0, 0].norm()
        last = hidden[0, -1] / hidden[0, -1].norm()
        golden.append({"text": text, "ids": ids[0].tolist(), "mean": mean[0].tolist(), "first": first.tolist(),
                       "last": last.tolist()})
    write_json(folder / "golden.json", golden)


def grouped():
    folder = FOLDER / "grouped"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(5)
    weights = {"table": (300, 32), "q": (32, 32), "k": (32, 16), "v": (32, 16), "head": (32, 300)}
    weights = {name: random.normal(size=shape).astype(np.float32) * 0.5 for name, shape in weights.items()}
    constants = {"one": np.array(1), "axis": np.array([1]), "width": np.array(1)}
    node, value = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("Gather", ["table", "input_ids"], ["x"]),
        *[node("MatMul", ["x", name], [f"x{name}"]) for name in "qkv"],
        node("ReduceSum", ["attention_mask", "axis"], ["count"], keepdims=0),
        node("Sub", ["count", "one"], ["last"]),
        node("Cast", ["last"], ["seqlens"], to=TensorProto.INT32),
        node("Shape", ["attention_mask"], ["shape"]),
        node("Gather", ["shape", "width"], ["total_length"]),
        node("Cast", ["total_length"], ["total"], to=TensorProto.INT32),
        node("GroupQueryAttention",
             ["xq", "xk", "xv", "past_key_values.0.key", "past_key_values.0.value", "seqlens", "total"],
             ["mixed", "present.0.key", "present.0.value"], domain="com.microsoft", num_heads=4, kv_num_heads=2),
        node("Add", ["x", "mixed"], ["y"]),
        node("MatMul", ["y", "head"], ["logits"]),
    ]
    def cache(name, length):
        return [value(f"{name}.0.{kind}", TensorProto.FLOAT, ["batch_size", 2, length, 8]) for kind in ("key", "value")]
    graph = helper.make_graph(
        nodes, "grouped",
        [value("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"]),
         value("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"]),
         *cache("past_key_values", "past_sequence_length")],
        [value("logits", TensorProto.FLOAT, ["batch_size", "sequence_length", 300]),
         *cache("present", "total_sequence_length")],
        [numpy_helper.from_array(array, name) for name, array in {**weights, **constants}.items()])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(folder / "model.onnx"))
    write_json(folder / "config.json", {"vocab_size": 300, "max_position_embeddings": 256, "bos_token_id": 0})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(FOLDER / "causal" / name, folder / name)


torch.manual_seed(5)
causal()
sentences()
grouped()
for path in sorted(FOLDER.glob("*/model.onnx")):
    onnx.checker.check_model(str(path))
    print(path.relative_to(FOLDER), path.stat().st_size)
