"""Trains the network of model.py, quantisation-aware, and writes its weights for qes.

    python train.py --data fashion-mnist            Fashion-MNIST of Debian's package dataset-fashion-mnist
    python train.py --data path/to/images           folders train/CLASS/*.jpg and val/CLASS/*.jpg
    python train.py --data images.npz               arrays trainx, trainy, testx, testy; images are bytes (N, H, W[, C])

Interrupted, the same command goes on from the last epoch and, on a CPU, ends with the same weights. One JSON line an epoch goes to log.jsonl.
"""

import argparse
import gzip
import hashlib
import json
import math
import os
import random
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from model import CHANNELS, CLASSES, RESOLUTION, Network
from quant import ActivationQuantiser, WeightQuantiser, clamp_steps, set_quantised

FASHION_MNIST = "/usr/share/datasets/fashion-mnist"


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="fashion-mnist", help="fashion-mnist, a folder of images, or an .npz file (default %(default)s)")
    parser.add_argument("--epochs", type=int, default=7, help="quantisation-aware epochs (default %(default)s)")
    parser.add_argument("--float-epochs", type=int, default=0, help="epochs at full precision before them (default %(default)s)")
    parser.add_argument("--batch", type=int, default=64, help="images a step (default %(default)s)")
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate of the weights; steps learn at a tenth of it (default %(default)s)")
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--label-smoothing", type=float, default=0.0, help="0.1 is usual for large networks (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch; results on a CPU repeat for the same number (default %(default)s)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--holdout", type=int, default=0, help="leave so many training images out and report on them, not on the test set")
    parser.add_argument("--limit", type=int, default=0, help="use so many training images, for a trial")
    parser.add_argument("--out", default="trained.safetensors")
    parser.add_argument("--restart", action="store_true", help="do not go on with an interrupted training")
    return parser.parse_args()


def fail(message):
    print(f"train.py: {message}", file=sys.stderr)
    sys.exit(2)


class Arrays:
    """Images in memory: bytes of shape (N, C, H, W), labels."""

    def __init__(self, images, labels):
        if images.ndim == 3:
            images = images[..., None]
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        if images.shape[1:] != (CHANNELS, RESOLUTION, RESOLUTION):
            fail(f"expected images of {RESOLUTION}x{RESOLUTION} with {CHANNELS} channels, got {images.shape[2]}x{images.shape[3]} with {images.shape[1]}")
        if labels.max() >= CLASSES:
            fail(f"expected labels below {CLASSES}, got {labels.max()}; export with --classes {labels.max() + 1}")
        self.images, self.labels = torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))

    def __len__(self):
        return len(self.labels)

    def part(self, start, end):
        other = object.__new__(Arrays)
        other.images, other.labels = self.images[start:end], self.labels[start:end]
        return other

    def batch(self, indices, generator=None):
        """Floats of 0 to 1; with a generator moved by up to a 28th of a side and mirrored at random."""
        x = self.images[indices].float() / 255
        if generator is not None:
            most = max(1, RESOLUTION // 28)
            padded = F.pad(x, (most,) * 4)
            shift = torch.randint(0, 2 * most + 1, (len(indices), 2), generator=generator)
            mirror = torch.rand(len(indices), generator=generator) < 0.5
            rows = torch.arange(RESOLUTION)
            columns = torch.where(mirror[:, None], rows.flip(0)[None], rows[None])
            y, z = shift[:, :1] + rows[None], shift[:, 1:] + columns
            x = padded[torch.arange(len(x))[:, None, None, None], torch.arange(CHANNELS)[None, :, None, None], y[:, None, :, None], z[:, None, None, :]]
        return x, self.labels[indices]


class Folder:
    """Images in folders, one a class: read when they are wanted, random crops in training, the centre otherwise."""

    def __init__(self, path):
        classes = sorted(entry.name for entry in os.scandir(path) if entry.is_dir())
        if not classes:
            fail(f"{path}: expected a folder a class, got none")
        if len(classes) > CLASSES:
            fail(f"{path}: expected at most {CLASSES} classes, got {len(classes)}; export with --classes {len(classes)}")
        self.files = [(os.path.join(path, name, file), label) for label, name in enumerate(classes) for file in sorted(os.listdir(os.path.join(path, name)))]

    def __len__(self):
        return len(self.files)

    def part(self, start, end):
        other = object.__new__(Folder)
        other.files = self.files[start:end]
        return other

    def batch(self, indices, generator=None):
        from PIL import Image

        images = []
        for i in indices.tolist():
            with Image.open(self.files[i][0]) as file:
                image = file.convert("RGB" if CHANNELS == 3 else "L")
            images.append(np.asarray(self.crop(image, generator)).reshape(RESOLUTION, RESOLUTION, CHANNELS))
        x = torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).copy()).float() / 255
        return x, torch.tensor([self.files[i][1] for i in indices.tolist()])

    @staticmethod
    def crop(image, generator):
        from PIL import Image

        width, height = image.size
        if generator is None:
            side = min(width, height) * 0.875
            left, top = (width - side) / 2, (height - side) / 2
            box = (left, top, left + side, top + side)
            return image.resize((RESOLUTION, RESOLUTION), Image.BILINEAR, box=box)
        area, ratio, x, y, mirror = torch.rand(5, generator=generator).tolist()
        size = width * height * (0.2 + 0.8 * area)
        shape = math.exp(math.log(4 / 3) * (2 * ratio - 1))
        w, h = min(width, math.sqrt(size * shape)), min(height, math.sqrt(size / shape))
        left, top = x * (width - w), y * (height - h)
        image = image.resize((RESOLUTION, RESOLUTION), Image.BILINEAR, box=(left, top, left + w, top + h))
        return image.transpose(Image.FLIP_LEFT_RIGHT) if mirror < 0.5 else image


def read_idx(path):
    if not os.path.exists(path):
        fail(f"{path} is missing: install Debian's package dataset-fashion-mnist, or give --data FOLDER or FILE.npz")
    with gzip.open(path, "rb") as file:
        dimensions = struct.unpack(">HBB", file.read(4))[2]
        shape = struct.unpack(">" + "I" * dimensions, file.read(4 * dimensions))
        return np.frombuffer(file.read(), np.uint8).reshape(shape).copy()


def load(data):
    """Training and test images."""
    if data == "fashion-mnist":
        of = lambda name: read_idx(os.path.join(FASHION_MNIST, name))
        return (
            Arrays(of("train-images-idx3-ubyte.gz"), of("train-labels-idx1-ubyte.gz")),
            Arrays(of("t10k-images-idx3-ubyte.gz"), of("t10k-labels-idx1-ubyte.gz")),
        )
    if os.path.isdir(data):
        return Folder(os.path.join(data, "train")), Folder(os.path.join(data, "val"))
    if os.path.isfile(data):
        with np.load(data, allow_pickle=False) as arrays:
            return Arrays(arrays["trainx"], arrays["trainy"]), Arrays(arrays["testx"], arrays["testy"])
    fail(f"{data}: expected fashion-mnist, a folder with train/ and val/, or an .npz file")


def parameters(model, rate, decay):
    """Weights decay; batch norm, biases and steps do not; steps learn at a tenth of the rate."""
    steps = [p for m in model.modules() if isinstance(m, (WeightQuantiser, ActivationQuantiser)) for p in m.parameters(recurse=False)]
    known = {id(p) for p in steps}
    weights = [p for p in model.parameters() if id(p) not in known and p.dim() > 1]
    others = [p for p in model.parameters() if id(p) not in known and p.dim() <= 1]
    return [
        {"params": weights, "weight_decay": decay, "share": 1.0},
        {"params": others, "weight_decay": 0.0, "share": 1.0},
        {"params": steps, "weight_decay": 0.0, "share": 0.1},
    ], rate


@torch.no_grad()
def accuracy(model, data, device, batch=500):
    model.eval()
    right = 0
    for start in range(0, len(data), batch):
        x, y = data.batch(torch.arange(start, min(len(data), start + batch)))
        right += (model(x.to(device, memory_format=torch.channels_last)).argmax(1).cpu() == y).sum().item()
    model.train()
    return right / len(data)


def save_tensors(path, model, metadata):
    """Writes a .safetensors file: a length, a JSON header, the numbers."""
    tensors = {name: value.detach().cpu().to(torch.float32).contiguous().numpy() for name, value in model.named_tensors()}
    header, at = {"__metadata__": metadata}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.astype("<f4").tobytes())
    os.replace(path + ".part", path)


def main():
    args = options()
    torch.set_num_threads(args.threads)
    random.seed(args.seed)
    np.random.seed(args.seed % 2**32)
    torch.manual_seed(args.seed)
    train, test = load(args.data)
    if args.holdout:
        train, test = train.part(0, len(train) - args.holdout), train.part(len(train) - args.holdout, len(train))
    if args.limit:
        train = train.part(0, args.limit)
    device = torch.device(args.device)
    model = Network().to(device, memory_format=torch.channels_last)
    groups, rate = parameters(model, args.lr, args.weight_decay)
    optimiser = torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True)
    epochs = args.float_epochs + args.epochs
    batches = len(train) // args.batch
    if batches == 0:
        fail(f"expected at least {args.batch} training images, a batch, got {len(train)}")

    ignored = ("out", "restart", "device")
    settings = hashlib.sha256(json.dumps({k: v for k, v in vars(args).items() if k not in ignored}, sort_keys=True).encode()).hexdigest()
    checkpoint = args.out + ".checkpoint"
    first = 0
    seconds = 0.0
    if os.path.exists(checkpoint) and not args.restart:
        state = torch.load(checkpoint, map_location=device)
        if state["settings"] != settings:
            fail(f"{checkpoint} is of a training with other options; give the same ones, or --restart")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        first, seconds = state["epoch"], state["seconds"]
        print(f"going on behind epoch {first} of {epochs}", file=sys.stderr)
    elif os.path.exists("log.jsonl"):
        os.remove("log.jsonl")

    result = None
    for epoch in range(first, epochs):
        quantised = epoch >= args.float_epochs
        if epoch in (0, args.float_epochs):
            set_quantised(model, quantised)
        else:
            for module in model.modules():
                if isinstance(module, (WeightQuantiser, ActivationQuantiser)):
                    module.enabled = quantised and module.bits > 0
        # A stage has a schedule of its own: a tenth of it warm-up, then a cosine.
        stage = (args.float_epochs, epochs) if quantised else (0, args.float_epochs)
        steps = (stage[1] - stage[0]) * batches
        generator = torch.Generator().manual_seed(args.seed * 1000003 + epoch)
        order = torch.randperm(len(train), generator=generator)
        began, loss_sum, right = time.process_time(), 0.0, 0
        for batch in range(batches):
            step = (epoch - stage[0]) * batches + batch
            warm = max(1, steps // 10)
            share = (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
            for group in optimiser.param_groups:
                group["lr"] = args.lr * share * group["share"]
            x, y = train.batch(order[batch * args.batch : (batch + 1) * args.batch], generator)
            x, y = x.to(device, memory_format=torch.channels_last), y.to(device)
            logits = model(x)
            loss = F.cross_entropy(logits, y, label_smoothing=args.label_smoothing)
            if not torch.isfinite(loss):
                fail(f"the loss is {loss.item()} in epoch {epoch + 1}; lower --lr")
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            clamp_steps(model)
            loss_sum += loss.item()
            right += (logits.argmax(1) == y).sum().item()
            if sys.stderr.isatty() and (batch % 10 == 9 or batch + 1 == batches):
                done = (batch + 1) / batches
                bar = "#" * int(30 * done)
                print(f"\repoch {epoch + 1}/{epochs} [{bar:<30}] loss {loss_sum / (batch + 1):.3f} ", end="", file=sys.stderr)
        seconds += time.process_time() - began
        row = {
            "epoch": epoch + 1,
            "quantised": quantised,
            "loss": loss_sum / batches,
            "train_accuracy": right / (batches * args.batch),
            "cpu_seconds": round(seconds, 1),
        }
        # The test set is looked at once, at the end; images held out may be looked at all the time.
        if args.holdout or epoch + 1 == epochs:
            row["accuracy"] = result = accuracy(model, test, device)
        with open("log.jsonl", "a") as log:
            log.write(json.dumps(row) + "\n")
        print(("\r" if sys.stderr.isatty() else "") + json.dumps(row), file=sys.stderr)
        torch.save(
            {"settings": settings, "epoch": epoch + 1, "seconds": seconds, "model": model.state_dict(), "optimiser": optimiser.state_dict()},
            checkpoint + ".part",
        )
        os.replace(checkpoint + ".part", checkpoint)
    if result is None:
        result = accuracy(model, test, device)
    metadata = {"network": model.digest, "accuracy": f"{result:.4f}", "held_out" if args.holdout else "test": str(len(test)), "seed": str(args.seed), "torch": torch.__version__}
    save_tensors(args.out, model, metadata)
    print(json.dumps({"accuracy": result, "cpu_seconds": round(seconds, 1), "out": args.out}))


if __name__ == "__main__":
    main()
