"""The trained network in whole numbers, what firmware computes to the bit (docs/integer-arithmetic.md of qe-search).

    python whole.py                                 how many of the test images of Fashion-MNIST it names right
    python whole.py --data images.npz --logits logits.npy

Values are whole numbers below 2^53 in float64, which holds them exactly.
"""

import argparse
import json
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F

MOST_SUM = 2**31 - 1
MOST_MULTIPLIER = 2**31 - 1
MOST_HELD = 2**31 - 1
EPSILON = 1e-5


def read_tensors(path):
    """The learned numbers of a .safetensors file, by name, as float32 arrays."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        index = json.loads(file.read(length))
        data = file.read()
    index.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]) for name, entry in index.items()
    }


def whole_weights(values, steps, bits):
    """Rounded as training rounds them, in float32; a step for each row."""
    in_steps = torch.from_numpy(values.copy()) / torch.from_numpy(steps.copy()).reshape(-1, *[1] * (values.ndim - 1))
    return in_steps.clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).add(0.5).floor().double()


def largest_sums(weights, most, depthwise):
    """The largest size of each output channel's sum; `most` is that of each input channel's values."""
    rows = weights.reshape(weights.shape[0], weights.shape[1], -1).abs().sum(dim=2)
    inputs = torch.tensor(most, dtype=torch.float64)
    sums = (rows[:, 0] * inputs if depthwise else rows @ inputs).tolist()
    if max(sums) > MOST_SUM:
        raise ValueError(f"expected sums below 2^31, got up to {max(sums)}; choose a narrower network")
    return sums


def rounded(x):
    return math.floor(x + 0.5)


def sign(x):
    return (x > 0) - (x < 0)


class Requantiser:
    """One rounding of a conv's sums, all in units of an output step: of a unit of the sum, of the bias, of what is held, of a unit of the projection's sum."""

    def __init__(self, multiplier, bias, sums, held=0.0, most_held=None, projected=None, projected_sums=None, stored=math.inf):
        numbers = [*multiplier, *bias, held, *(projected or [])]
        if not all(math.isfinite(value) for value in numbers):
            raise ValueError("expected finite multipliers and biases; train again at a lower rate")
        rows = []
        for channel, value in enumerate(multiplier):
            other = held * (most_held[channel] if most_held else 0)
            own_sum = projected_sums[channel] if projected_sums else 0
            beside = projected[channel] if projected and own_sum > 0 else 0.0
            rest = other + abs(beside) * own_sum
            main = 0.0 if sums[channel] == 0 else sign(value) * min(abs(value), stored + abs(bias[channel]) + rest + 2)
            product = abs(main) * sums[channel] + rest
            own = sign(bias[channel]) * min(abs(bias[channel]), stored + product + 2)
            rows.append((main, beside, own, product + abs(own), product + own))
        mains, besides, biases, sizes, highest = ([row[i] for row in rows] for i in range(5))
        factor = max(map(abs, mains + besides), default=0.0)
        most_bias, size = max(map(abs, biases), default=0.0), max(sizes, default=0.0)

        def fits(shift):
            return (
                rounded(factor * 2.0**shift) <= MOST_MULTIPLIER
                and rounded(held * 2.0**shift) <= MOST_HELD
                and rounded(most_bias * 2.0 ** (shift - 30)) <= MOST_MULTIPLIER
                and (size + 1) * 2.0**shift < 2.0**52
            )

        shift = 40
        while shift > 0 and not fits(shift):
            shift -= 1
        bias_shift = shift
        while bias_shift >= 0 and rounded(most_bias * 2.0**bias_shift) > MOST_MULTIPLIER:
            bias_shift -= 1
        if shift == 0 or bias_shift < 0:
            raise ValueError("expected multipliers and biases that 32 bits hold; check the steps, or train again at a lower rate")

        def scaled(values, by):
            return torch.tensor([rounded(value * 2.0**by) for value in values], dtype=torch.float64).reshape(1, -1, 1, 1)

        self.multiplier, self.bias, self.projected = scaled(mains, shift), scaled(biases, bias_shift), scaled(besides, shift)
        self.held = rounded(held * 2.0**shift)
        self.shift, self.bias_unit = shift, 2.0 ** (shift - bias_shift)
        self.most = [min(max(0, math.ceil(value)), stored) for value in highest]

    def __call__(self, sums, added=0.0):
        total = sums * self.multiplier + self.bias * self.bias_unit + added + 2.0 ** (self.shift - 1)
        return (total / 2.0**self.shift).floor()


class WholeConv:
    """A conv in whole numbers; its batch norm in steps of its output."""

    def __init__(self, conv, name, tensors, in_step, out_step, most):
        self.stride, self.padding, self.groups = conv.conv.stride, conv.conv.padding, conv.conv.groups
        if not 2 <= conv.w <= 8 or not 2 <= conv.a <= 8:
            raise ValueError(f"{name}: expected 2 to 8 bits, got {conv.a} and {conv.w}")
        steps = tensors[f"{name}.step_w"]
        self.weights = whole_weights(tensors[f"{name}.weight"], steps, conv.w)
        gamma, beta, mean, var = (tensors[f"{name}.{kind}"].astype(np.float64) for kind in ("gamma", "beta", "mean", "var"))
        gains = gamma / np.sqrt(var + EPSILON)
        self.multiplier = (in_step * steps.astype(np.float64) * gains / out_step).tolist()
        self.bias = ((beta - mean * gains) / out_step).tolist()
        self.sums = largest_sums(self.weights, most, self.groups > 1)

    def __call__(self, x):
        return F.conv2d(x, self.weights, None, self.stride, self.padding, 1, self.groups)


class WholeLayer:
    def __init__(self, layer, name, tensors, step, out_step, out_bits, most):
        if layer.squeeze_excite:
            raise ValueError(f"{name}: expected a layer without a squeeze-excite, whose factors have no whole numbers; look at this network in floats")
        self.shortcut, self.pooled = layer.shortcut, layer.pool is not None
        projection = layer.projection
        self.projection = projection and WholeConv(projection, f"{name}.C{len(layer.convs)}", tensors, step, out_step, most)
        self.convs, reached = [], most
        for j, conv in enumerate(layer.convs):
            last = j == len(layer.convs) - 1
            to_step = out_step if last else float(tensors[f"{name}.C{j + 1}.step"])
            bits = out_bits if last else layer.convs[j + 1].a
            whole = WholeConv(conv, f"{name}.C{j}", tensors, float(tensors[f"{name}.C{j}.step"]), to_step, reached)
            bias, beside = whole.bias, {}
            if last and self.shortcut and self.projection:
                bias = [one + other for one, other in zip(bias, self.projection.bias)]
                beside = {"projected": self.projection.multiplier, "projected_sums": self.projection.sums}
            elif last and self.shortcut:
                beside = {"held": step / out_step, "most_held": most}
            requantiser = Requantiser(whole.multiplier, bias, whole.sums, stored=2**bits - 1, **beside)
            self.convs.append((whole, requantiser, 2**bits - 1))
            reached = requantiser.most
        self.most = reached

    def __call__(self, x):
        held = F.avg_pool2d(x, 2, 2, ceil_mode=True, count_include_pad=False).add(0.5).floor() if self.pooled else x
        for j, (conv, requantiser, most) in enumerate(self.convs):
            added = 0.0
            if self.shortcut and j == len(self.convs) - 1:
                added = self.projection(held) * requantiser.projected if self.projection else held * requantiser.held
            x = requantiser(conv(x), added).clamp(0, most)
        return x


class WholeNetwork:
    """A network of model.py, quantised, with learned numbers by name, as `named_tensors` and trained.safetensors have them."""

    def __init__(self, model, tensors):
        convs = [layer.convs for layer in model.layers]
        steps = [float(tensors[f"L{i}.C0.step"]) for i in range(len(convs))]
        end = float(tensors["fc.step"]) if model.classifier else self._guessed_step(model, tensors, steps[-1])
        self.drop = 8 - convs[0][0].a
        most, self.layers = [2 ** convs[0][0].a - 1] * convs[0][0].conv.in_channels, []
        for i, layer in enumerate(model.layers):
            last = i == len(convs) - 1
            bits = 8 if last else convs[i + 1][0].a
            self.layers.append(WholeLayer(layer, f"L{i}", tensors, steps[i], end if last else steps[i + 1], bits, most))
            most = self.layers[-1].most
        self.classifier, self.output_step = None, end
        if model.classifier:
            self._classifier(tensors, end, most)

    @staticmethod
    def _guessed_step(model, tensors, held_step):
        """Of a last tensor that nothing read in training: four standard deviations of batch norm's output and the most that the shortcut adds are 255 steps."""
        name, layer = f"L{len(model.layers) - 1}", model.layers[-1]

        def top(conv):
            gamma, beta = (tensors[f"{name}.C{conv}.{kind}"].astype(np.float64) for kind in ("gamma", "beta"))
            return max(0.0, (beta + 4 * np.abs(gamma)).max())

        held = held_step * (2 ** layer.convs[0].a - 1) if layer.shortcut and not layer.projection else 0.0
        total = held + top(len(layer.convs) - 1)
        if layer.projection:
            total += top(len(layer.convs))
        return (total or 1) / 255

    def _classifier(self, tensors, in_step, most):
        steps = tensors["fc.step_w"].astype(np.float64)
        self.classifier = whole_weights(tensors["fc.weight"], tensors["fc.step_w"], 8)
        sums = largest_sums(self.classifier, most, False)
        biases, coarsest = tensors["fc.bias"].astype(np.float64), in_step * steps.max()

        def of(guard):
            step = coarsest / 2.0**guard
            multiplier, bias = in_step * steps / step, biases / step
            fits = (multiplier * sums + np.abs(bias)).max() < 2**30 and np.abs(bias).max() < 2**22
            return fits, step, multiplier.tolist(), bias.tolist()

        guard = 8
        while guard > -40 and not of(guard)[0]:
            guard -= 1
        _, self.output_step, multiplier, bias = of(guard)
        self.requantiser = Requantiser(multiplier, bias, sums)

    @torch.no_grad()
    def __call__(self, images):
        """Bytes of shape (N, C, H, W) to whole logits of shape (N, classes), one unit `output_step`; without a classifier the last tensor."""
        x = torch.div(images, 2**self.drop, rounding_mode="floor").double()
        for layer in self.layers:
            x = layer(x)
        if self.classifier is None:
            return x.long()
        pixels = x.shape[2] * x.shape[3]
        means = torch.div(x.long().sum(dim=(2, 3)) + pixels // 2, pixels, rounding_mode="floor").double()
        sums = means @ self.classifier.T
        return self.requantiser(sums[:, :, None, None])[:, :, 0, 0].long()


def main():
    from model import Network
    from train import load

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="fashion-mnist", help="as of train.py: its test images (default %(default)s)")
    parser.add_argument("--weights", default="trained.safetensors", help="what train.py wrote (default %(default)s)")
    parser.add_argument("--logits", help="a .npy file to write them to, int64 of shape (N, classes)")
    args = parser.parse_args()
    test = load(args.data)[1]
    network = WholeNetwork(Network(), read_tensors(args.weights))
    logits, right = [], 0
    for start in range(0, len(test), 200):
        x, labels = test.batch(torch.arange(start, min(len(test), start + 200)))
        logits.append(network((x * 255).add(0.5).floor()))
        right += (logits[-1].argmax(1) == labels).sum().item()
    if args.logits:
        np.save(args.logits, torch.cat(logits).numpy())
    print(f"{right} of {len(test)} named right in whole numbers")


if __name__ == "__main__":
    main()
