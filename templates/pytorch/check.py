"""Holds the network of model.py against the figures of network.json: parameters, MACs, BitOps, flash and the shape of every conv's output."""

import json
import os
import sys

import torch

from model import CHANNELS, RESOLUTION, Conv, Network


def main():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "network.json")) as file:
        network = json.load(file)
    model = Network().eval()
    found = []

    def look(conv, inputs, output):
        weights = conv.conv.weight.numel()
        positions = output.shape[2] * output.shape[3]
        found.append(
            {
                "weights": weights,
                "outChannels": output.shape[1],
                "outResolution": output.shape[2],
                "macs": weights * positions,
                "bitsA": conv.a,
                "bitsW": conv.w,
            }
        )

    for module in model.modules():
        if isinstance(module, Conv):
            module.register_forward_hook(look)
    with torch.no_grad():
        output = model(torch.zeros(1, CHANNELS, RESOLUTION, RESOLUTION))

    wrong = []
    expected = [conv for layer in network["layers"] for conv in layer["convs"]]
    if len(expected) != len(found):
        wrong.append(f"convs: expected {len(expected)}, got {len(found)}")
    for i, (want, got) in enumerate(zip(expected, found)):
        for key, value in got.items():
            if want[key] != value:
                wrong.append(f"conv {i}: {key}: expected {want[key]}, got {value}")
    flash = 0
    for i, (layer, own) in enumerate(zip(network["layers"], model.layers)):
        excite = own.squeeze_excite
        squeezed = excite.squeeze.conv.out_channels if excite else 0
        if squeezed != layer.get("squeeze", 0):
            wrong.append(f"layer {i}: squeeze: expected {layer.get('squeeze', 0)}, got {squeezed}")
        for conv in [excite.squeeze, excite.excite] if excite else []:
            flash += conv.conv.weight.numel() * (conv.w or 8) / 8 + 2 * conv.conv.bias.numel()
    flash += sum(conv["weights"] * (conv["bitsW"] or 8) / 8 + 2 * conv["outChannels"] for conv in found)
    if model.classifier:
        flash += model.classifier.linear.weight.numel() + model.classifier.linear.bias.numel()
    flash = int(flash) if flash == int(flash) else flash
    weights, macs = sum(conv["weights"] for conv in found), sum(conv["macs"] for conv in found)
    elementwise = sum(layer["elementwiseBitOps"] for layer in network["layers"])
    bitops = sum(conv["macs"] * (conv["bitsA"] or 8) * (conv["bitsW"] or 8) for conv in found) + elementwise
    for name, got in (("weights", weights), ("macs", macs), ("bitops", bitops), ("flash", flash)):
        if network["totals"][name] != got:
            wrong.append(f"{name}: expected {network['totals'][name]}, got {got}")
    if list(output.shape) != network["outputShape"]:
        wrong.append(f"output: expected {network['outputShape']}, got {list(output.shape)}")
    print("\n".join(wrong) if wrong else f"{len(found)} convs, {weights} weights, {macs} MACs, {bitops} BitOps, {flash} bytes of flash: as qes counts them")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
