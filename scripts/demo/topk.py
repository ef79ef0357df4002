"""
The two halves of a TopK coder with gradients that touch only what is active.
Matrix products run in bfloat16 where the processor multiplies tiles of it, in float32 elsewhere.
"""

import torch

PRODUCT = torch.bfloat16 if torch.cpu._is_amx_tile_supported() else torch.float32


def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a @ b in the fast type."""
    return a.to(PRODUCT) @ b.to(PRODUCT)


def scattered(values: torch.Tensor, latents: torch.Tensor, width: int) -> torch.Tensor:
    """Values at their latents, zero elsewhere, [tokens, width], in the fast type."""
    return torch.zeros(len(values), width, dtype=PRODUCT).scatter_(1, latents, values.to(PRODUCT))


class Encode(torch.autograd.Function):
    """(x, weight, bias, k) -> (relu of the k largest pre-activations, their latents)."""

    @staticmethod
    def forward(ctx, x, weight, bias, k):
        before = torch.addmm(bias.to(PRODUCT), x.to(PRODUCT), weight.to(PRODUCT).T)
        values, latents = before.topk(k, dim=1, sorted=False)
        values = values.float()
        ctx.save_for_backward(x, weight, latents, values > 0)
        ctx.mark_non_differentiable(latents)
        return values.relu(), latents

    @staticmethod
    def backward(ctx, gradient, _):
        x, weight, latents, positive = ctx.saved_tensors
        gradient = gradient * positive
        dense = scattered(gradient, latents, len(weight))
        to_x = bag(latents, weight, gradient)
        to_bias = torch.zeros(len(weight)).index_add_(0, latents.reshape(-1), gradient.reshape(-1))
        return to_x, product(dense.T, x).float(), to_bias, None


class Decode(torch.autograd.Function):
    """(values, latents, decoder) -> sum of decoder rows times values, [tokens, d_model]."""

    @staticmethod
    def forward(ctx, values, latents, decoder):
        ctx.save_for_backward(values, latents, decoder)
        return bag(latents, decoder, values)

    @staticmethod
    def backward(ctx, gradient):
        values, latents, decoder = ctx.saved_tensors
        to_values = product(gradient, decoder.T).gather(1, latents).float()
        return to_values, None, product(scattered(values, latents, len(decoder)).T, gradient).float()


def bag(latents: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sums of rows, [tokens, d_model]."""
    return torch.nn.functional.embedding_bag(latents, rows, per_sample_weights=weights, mode="sum")
