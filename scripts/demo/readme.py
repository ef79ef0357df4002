"""The measured parts of `demo/README.md`: text between two marks, and the tables of metrics."""

import json
from pathlib import Path


def fill(readme: Path, name: str, content: str) -> None:
    """Replaces what stands between `<!-- name -->` and `<!-- /name -->`."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = readme.read_text().split(opening)
    after = rest.split(closing)[1]
    readme.write_text(f"{before}{opening}\n\n{content}\n\n{closing}{after}")


def metrics_tables(output: Path) -> str:
    """Markdown of `metrics.json`: a paragraph on the model, a table of the coders."""
    metrics = json.loads((output / "metrics.json").read_text())
    model, training = metrics["model"], metrics["sae_training"]
    versions = ", ".join(f"{name} {number}" for name, number in metrics["versions"].items())
    about = (
        f"{model['parameters']:,} parameters, trained on {model['tokens'] / 1e6:.1f} million tokens "
        f"({model['steps']} steps, {model['seconds'] / 60:.0f} minutes on a shared 2-core machine). "
        f"Validation loss **{model['validation_loss']:.3f}** nats per token; an interpolated Kneser-Ney trigram model "
        f"over the same tokens and training text: **{model['trigram_validation_loss']:.3f}**. "
        f"ONNX Runtime's logits differ from PyTorch's by at most {model['onnx_max_logit_difference']:.1e}.\n\n"
        f"The coders saw {training['tokens'] / 1e6:.1f} million tokens together ({training['seconds'] / 60:.0f} minutes). "
        f"Versions: {versions}."
    )
    head = "| coder | d_sae | FVU | L0 | dead | loss with it | loss with the mean |\n|---|---|---|---|---|---|---|"
    rows = [
        f"| `{name}` | {size(output, name)} | {m['fvu']:.3f} | {m['l0']:.1f} | {m['dead']:.1%} "
        f"| {m['loss_spliced']:.3f} | {m['loss_mean']:.3f} |"
        for name, m in metrics["saes"].items()
    ]
    return "\n".join([about, "", head, *rows])


def size(output: Path, name: str) -> int:
    """Latents of a coder."""
    return json.loads((output / "saes" / name / "cfg.json").read_text())["num_latents"]
