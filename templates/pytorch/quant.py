"""Learned step size quantisation (LSQ; Esser et al., ICLR 2020): steps are parameters and learn with the weights.

Weights are signed, one step an output channel: integers of [-2^(b-1), 2^(b-1) - 1] times the step. Activations stand behind a ReLU and are unsigned, one
step a tensor: integers of [0, 2^b - 1] times the step, zero point 0. Every rounding is floor(x + 0.5), as integer hardware does it.
"""

import torch
from torch import nn

# Steps may not reach 0 or cross it.
LEAST_STEP = 1e-5


class _Lsq(torch.autograd.Function):
    """round(clamp(x / step, low, high)) * step, with the straight-through gradient of x and LSQ's of the step."""

    @staticmethod
    def forward(ctx, x, step, low, high, scale):
        v = x / step
        inside = (v > low) & (v < high)
        q = v.clamp(low, high).add_(0.5).floor_()
        ctx.save_for_backward(inside, q - v * inside)
        ctx.shape, ctx.scale = step.shape, scale
        return q * step

    @staticmethod
    def backward(ctx, grad):
        inside, by_step = ctx.saved_tensors
        product = grad * by_step
        if len(ctx.shape) == 0:
            to_step = product.sum()
        else:
            to_step = product.sum(dim=tuple(range(1, product.dim())), keepdim=True)
        return grad * inside, to_step * ctx.scale, None, None, None


class _RoundTo(torch.autograd.Function):
    """Replaces a value by another near it; the gradient passes as if nothing had happened."""

    @staticmethod
    def forward(ctx, x, rounded):
        return rounded

    @staticmethod
    def backward(ctx, grad):
        return grad, None


def round_to(x, rounded):
    return _RoundTo.apply(x, rounded)


def best_step(x, low, high, candidates=46):
    """The step with the least squared error over a grid below max |x|: where learning begins. One step for each row of x."""
    rows = x.reshape(x.shape[0], -1)
    most = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8)
    best, error = None, None
    for i in range(1, candidates + 1):
        step = most * i / candidates / max(high, -low)
        loss = ((rows / step).clamp(low, high).add(0.5).floor() * step - rows).pow(2).sum(dim=1, keepdim=True)
        if best is None:
            best, error = step, loss
        else:
            better = loss < error
            best, error = torch.where(better, step, best), torch.where(better, loss, error)
    return best.clamp_min(LEAST_STEP)


class WeightQuantiser(nn.Module):
    """Signed weights of shape (out, ...), one step an output channel. 0 bits: full precision."""

    def __init__(self, bits, channels):
        super().__init__()
        self.bits = bits
        self.low, self.high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if bits else (0, 0)
        self.step = nn.Parameter(torch.ones(channels)) if bits else None
        self.enabled = bits > 0

    @torch.no_grad()
    def initialise(self, weight):
        if self.bits:
            self.step.copy_(best_step(weight, self.low, self.high).reshape(-1))

    def forward(self, weight):
        if not self.enabled:
            return weight
        scale = (weight[0].numel() * self.high) ** -0.5 if self.high > 0 else weight[0].numel() ** -0.5
        return _Lsq.apply(weight, self.step.reshape(-1, *[1] * (weight.dim() - 1)), self.low, self.high, scale)


class ActivationQuantiser(nn.Module):
    """Unsigned activations behind a ReLU, one step a tensor. 0 bits: full precision.

    `fixed` is the step of images, which is known and does not learn: bytes, of which fewer bits than 8 drop the low ones.
    """

    def __init__(self, bits, fixed=None):
        super().__init__()
        self.bits = bits
        self.high = 2**bits - 1
        self.enabled = bits > 0
        self.fixed = fixed is not None
        self.register_buffer("ready", torch.tensor(self.fixed))
        if self.fixed:
            self.register_buffer("step", torch.tensor(float(fixed)))
        else:
            self.step = nn.Parameter(torch.tensor(1.0)) if bits else None

    def forward(self, x):
        if not self.enabled:
            return x
        if not self.ready:
            with torch.no_grad():
                self.step.copy_(best_step(x.reshape(1, -1), 0, self.high).reshape(()))
                self.ready.fill_(True)
        if self.fixed:
            image = (x * 255).add(0.5).floor().clamp(0, 255)
            return round_to(x, (image / 2 ** (8 - self.bits)).floor() * self.step)
        return _Lsq.apply(x, self.step, 0, self.high, (x[0].numel() * self.high) ** -0.5)


def set_quantised(model, on):
    """Switches every quantiser: off is training at full precision. Steps of weights are set from the weights when they are switched on."""
    for module in model.modules():
        if isinstance(module, (WeightQuantiser, ActivationQuantiser)):
            module.enabled = on and module.bits > 0
        if on and hasattr(module, "initialise_steps"):
            module.initialise_steps()


def clamp_steps(model):
    """To be called behind every optimiser step."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (WeightQuantiser, ActivationQuantiser)) and isinstance(module.step, nn.Parameter):
                module.step.clamp_(min=LEAST_STEP)
