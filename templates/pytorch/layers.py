import torch
import torch.nn.functional as F
from torch import nn

from quant import ActivationQuantiser, WeightQuantiser, round_to


class Conv(nn.Module):
    """Convolution and batch norm, no ReLU. `a` and `w` are the bits of its input and of its weights, 0 for full precision; whoever calls it quantises the input."""

    def __init__(self, inputs, outputs, k=1, s=1, groups=1, a=0, w=0):
        super().__init__()
        self.a, self.w = a, w
        self.conv = nn.Conv2d(inputs, outputs, k, s, (k - 1) // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.weight_quantiser = WeightQuantiser(w, outputs)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_in", nonlinearity="relu")

    def initialise_steps(self):
        self.weight_quantiser.initialise(self.conv.weight)

    def forward(self, x):
        conv = self.conv
        weight = self.weight_quantiser(conv.weight)
        return self.norm(F.conv2d(x, weight, None, conv.stride, conv.padding, 1, conv.groups))

    def named_tensors(self, name):
        yield f"{name}.weight", self.conv.weight
        if self.w:
            yield f"{name}.step_w", self.weight_quantiser.step
        yield f"{name}.gamma", self.norm.weight
        yield f"{name}.beta", self.norm.bias
        yield f"{name}.mean", self.norm.running_mean
        yield f"{name}.var", self.norm.running_var


class AveragePool(nn.Module):
    """2x2 average of what exists, rounded to whole steps, half up."""

    def forward(self, x, quantiser):
        mean = F.avg_pool2d(x, 2, 2, ceil_mode=True, count_include_pad=False)
        if not quantiser.enabled:
            return mean
        # Whole steps of a quarter: exact but for the last bits of a float, so a thousandth more decides what is a half.
        step = quantiser.step.detach()
        return round_to(mean, (mean / step + 0.501).floor() * step)


class Layer(nn.Module):
    """One inner layer: its convs with ReLU between them, the shortcut added to the last one, ReLU behind the sum.

    Every conv reads a tensor that is stored at the conv's own activation bits; the shortcut reads the layer's stored input.
    """

    def __init__(self, *convs, shortcut=None, projection=None, image=False):
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.quantisers = nn.ModuleList(
            ActivationQuantiser(conv.a, fixed=image_step(conv.a) if image and i == 0 else None) for i, conv in enumerate(convs)
        )
        self.shortcut = shortcut
        self.pool = AveragePool() if shortcut == "pooled" or (projection and max(c.conv.stride[0] for c in convs) == 2) else None
        self.projection = projection

    def forward(self, x):
        x = self.quantisers[0](x)
        y = self.convs[0](x)
        for conv, quantiser in zip(self.convs[1:], self.quantisers[1:]):
            y = conv(quantiser(F.relu(y)))
        if self.shortcut:
            held = self.pool(x, self.quantisers[0]) if self.pool else x
            y = y + (self.projection(held) if self.projection else held)
        return F.relu(y)

    def named_tensors(self, name):
        for j, (conv, quantiser) in enumerate(zip(self.convs, self.quantisers)):
            yield from conv.named_tensors(f"{name}.C{j}")
            if conv.a:
                yield f"{name}.C{j}.step", quantiser.step
        if self.projection:
            yield from self.projection.named_tensors(f"{name}.C{len(self.convs)}")


def image_step(bits):
    """Images are bytes, 0 to 255 for 0 to 1; with fewer bits the low ones are dropped."""
    return 2.0 ** (8 - bits) / 255 if bits else None


class Classifier(nn.Module):
    """Global average of 8-bit values, rounded to whole steps, and a linear layer with 8-bit weights."""

    def __init__(self, channels, classes, quantised):
        super().__init__()
        self.quantiser = ActivationQuantiser(8 if quantised else 0)
        self.linear = nn.Linear(channels, classes)
        self.weight_quantiser = WeightQuantiser(8 if quantised else 0, classes)

    def initialise_steps(self):
        self.weight_quantiser.initialise(self.linear.weight)

    def forward(self, x):
        x = self.quantiser(x)
        mean = x.mean(dim=(2, 3))
        if self.quantiser.enabled:
            pixels = x.shape[2] * x.shape[3]
            step = self.quantiser.step.detach()
            total = (x / step).round().sum(dim=(2, 3))
            mean = round_to(mean, torch.div(total + pixels // 2, pixels, rounding_mode="floor") * step)
        return F.linear(mean, self.weight_quantiser(self.linear.weight), self.linear.bias)

    def named_tensors(self):
        yield "fc.weight", self.linear.weight
        yield "fc.bias", self.linear.bias
        if self.quantiser.bits:
            yield "fc.step_w", self.weight_quantiser.step
            yield "fc.step", self.quantiser.step


