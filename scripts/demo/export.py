"""Writes the model as ONNX, as Hugging Face exports look: ids, mask and positions in, logits out, no cache."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

OPSET = 17


class LogitsOnly(torch.nn.Module):
    """The model with plain tensors on both sides."""

    def __init__(self, model):
        super().__init__()
        self.transformer = model.transformer
        self.lm_head = model.lm_head

    def forward(self, input_ids, attention_mask, position_ids):
        hidden = self.transformer(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
        )
        return self.lm_head(hidden.last_hidden_state)


def export_model(model, folder: Path) -> None:
    """Writes `model.onnx` (float32, weights inside) and `config.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = torch.tensor([[0, 5, 6, 7, 8], [0, 9, 10, 11, 12]])
    mask, positions = torch.ones_like(ids), torch.arange(5).expand(2, 5).contiguous()
    axes = {0: "batch_size", 1: "sequence_length"}
    torch.onnx.export(
        LogitsOnly(model).eval(),
        (ids, mask, positions),
        str(folder / "model.onnx"),
        input_names=["input_ids", "attention_mask", "position_ids"],
        output_names=["logits"],
        dynamic_axes={name: axes for name in ("input_ids", "attention_mask", "position_ids", "logits")},
        opset_version=OPSET,
        do_constant_folding=True,
        dynamo=False,
    )
    onnx.checker.check_model(str(folder / "model.onnx"))
    model.config.save_pretrained(folder)


@torch.no_grad()
def check_export(model, folder: Path, contexts: np.ndarray) -> float:
    """Largest difference of ONNX Runtime's logits from PyTorch's, over batches of several shapes."""
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch, length in ((1, 1), (1, 128), (3, 17), (8, 128)):
        ids = contexts[:batch, :length].astype(np.int64)
        mask, positions = np.ones_like(ids), np.broadcast_to(np.arange(length), ids.shape).copy()
        (ours,) = session.run(["logits"], {"input_ids": ids, "attention_mask": mask, "position_ids": positions})
        theirs = model(torch.from_numpy(ids)).logits.numpy()
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst
