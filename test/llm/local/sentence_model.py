"""Exports a sentence-transformers model (BERT's family) to ONNX, with what the library itself computes for some texts.

    pip install sentence-transformers==6.2.0 onnx
    python test/llm/local/sentence_model.py FOLDER_OF_MODEL OUT
    SAELAB_SENTENCE_MODEL=OUT npx vitest run test/llm/local/local-embedder.test.ts
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel

TEXTS = ["The cat sat on the mat.", "Words about animals", "", "Naïve café — Zürich, 北京, emoji 🙂!", "x" * 50,
         "A very long text. " * 150, "const x = 5; // code", "He didn't go, did he?"]


class Tokens(torch.nn.Module):
    """The tokens' vectors."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]


source, out = Path(sys.argv[1]), Path(sys.argv[2])
shutil.copytree(source, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors", "*.bin"))
model = Tokens(AutoModel.from_pretrained(source, attn_implementation="eager")).eval()
names = ["input_ids", "attention_mask", "token_type_ids"]
axes = {0: "batch_size", 1: "sequence_length"}
ids = torch.randint(5, 1000, (2, 7))
torch.onnx.export(model, (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(out / "model.onnx"), dynamo=False,
                  opset_version=17, input_names=names, output_names=["last_hidden_state"],
                  dynamic_axes={name: axes for name in [*names, "last_hidden_state"]})
embeddings = SentenceTransformer(str(source), device="cpu").encode(TEXTS, normalize_embeddings=True)
reference = [{"text": text, "embedding": row.tolist()} for text, row in zip(TEXTS, embeddings, strict=True)]
(out / "reference.json").write_text(json.dumps(reference))
