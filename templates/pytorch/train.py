"""Trains the network of model.py, quantisation-aware, and writes its weights for qes.

    python train.py --data fashion-mnist            Fashion-MNIST of Debian's package dataset-fashion-mnist
    python train.py --data path/to/images           folders train/CLASS/*.jpg and val/CLASS/*.jpg
    python train.py --data images.npz               arrays trainx, trainy, testx, testy; images are bytes (N, H, W[, C]), labels whole numbers (N)

What is no image becomes bytes first, as the firmware gets them: of spectrograms in decibels for example numpy.clip((x + 80) * 255 / 80, 0, 255).astype("uint8"), and
--augment shift, since a mirrored one is another sound.

Interrupted, the same command goes on from the last epoch and, on a CPU, ends with the same weights. One JSON line an epoch goes to a log beside the weights.
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
    parser.add_argument("--augment", choices=["full", "shift", "none"], default="full", help="shift and mirror images, or crop and mirror those of folders; shift: do not mirror; none: take them as they are (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch; results on a CPU repeat for the same number (default %(default)s)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--holdout", type=int, default=0, help="leave so many training images out and report on them, not on the test set")
    parser.add_argument("--limit", type=int, default=0, help="use so many training images, for a trial")
    parser.add_argument("--out", default="trained.safetensors")
    parser.add_argument("--restart", action="store_true", help="do not go on with an interrupted training")
    args = parser.parse_args()
    for name, least in (("epochs", 0), ("float_epochs", 0), ("batch", 1), ("holdout", 0), ("limit", 0), ("threads", 1), ("seed", 0)):
        if getattr(args, name) < least:
            fail(f"--{name.replace('_', '-')}: expected at least {least}, got {getattr(args, name)}")
    if args.epochs + args.float_epochs == 0:
        fail("--epochs: expected one epoch or more, got none; nothing would be trained")
    return args


def fail(message):
    print(f"train.py: {message}", file=sys.stderr)
    sys.exit(2)


class Arrays:
    """Images in memory: bytes of shape (N, C, H, W), labels."""

    augment = "full"

    def __init__(self, images, labels):
        if images.dtype != np.uint8:
            fail(f"expected images of bytes (uint8), got {images.dtype}; scale them to 0 to 255 first, since that is what the network gets on its device")
        if images.ndim not in (3, 4):
            fail(f"expected images of shape (N, H, W) or (N, H, W, C), got {images.shape}")
        if labels.ndim != 1 or len(labels) != len(images) or labels.dtype.kind not in "iu":
            fail(f"expected {len(images)} labels, a whole number an image, got {labels.dtype} of shape {labels.shape}")
        if len(labels) == 0 or labels.min() < 0:
            fail("expected images with labels from 0 on, got " + ("none" if len(labels) == 0 else str(labels.min())))
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
        """Floats of 0 to 1; with a generator moved by up to a 28th of a side and mirrored at random, as far as images are to be changed."""
        x = self.images[indices].float() / 255
        if generator is not None and self.augment != "none":
            most = max(1, RESOLUTION // 28)
            padded = F.pad(x, (most,) * 4)
            shift = torch.randint(0, 2 * most + 1, (len(indices), 2), generator=generator)
            mirror = torch.rand(len(indices), generator=generator) < (0.5 if self.augment == "full" else 0)
            rows = torch.arange(RESOLUTION)
            columns = torch.where(mirror[:, None], rows.flip(0)[None], rows[None])
            y, z = shift[:, :1] + rows[None], shift[:, 1:] + columns
            x = padded[torch.arange(len(x))[:, None, None, None], torch.arange(CHANNELS)[None, :, None, None], y[:, None, :, None], z[:, None, None, :]]
        return x, self.labels[indices]


class Folder:
    """Images in folders, one a class: read when they are wanted, random crops in training, the centre otherwise."""

    augment = "full"
    endings = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")

    def __init__(self, path, classes=None):
        """classes: those of the training images, whose places are the labels."""
        if not os.path.isdir(path):
            fail(f"{path}: no such folder; expected train/CLASS/*.jpg and val/CLASS/*.jpg")
        found = sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and not entry.name.startswith("."))
        self.classes = classes or found
        if not found:
            fail(f"{path}: expected a folder a class, got none")
        unknown = [name for name in found if name not in self.classes]
        if unknown:
            fail(f"{path}: expected the classes of the training images, got {unknown[0]} too")
        if len(self.classes) > CLASSES:
            fail(f"{path}: expected at most {CLASSES} classes, got {len(found)}; export with --classes {len(found)}")
        if len(self.classes) < CLASSES and classes is None:
            print(f"train.py: {path} has {len(found)} classes, the network {CLASSES} outputs", file=sys.stderr)
        self.files = [
            (os.path.join(path, name, file), self.classes.index(name))
            for name in found
            for file in sorted(os.listdir(os.path.join(path, name)))
            if file.lower().endswith(self.endings) and not file.startswith(".")
        ]
        if not self.files:
            fail(f"{path}: expected images ({', '.join(self.endings)}), got none")

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

    def crop(self, image, generator):
        from PIL import Image

        width, height = image.size
        if generator is None or self.augment == "none":
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
        return image.transpose(Image.FLIP_LEFT_RIGHT) if mirror < 0.5 and self.augment == "full" else image


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
        train = Folder(os.path.join(data, "train"))
        return train, Folder(os.path.join(data, "val"), train.classes)
    if os.path.isfile(data):
        try:
            arrays = np.load(data, allow_pickle=False)
        except (OSError, ValueError) as error:
            fail(f"{data}: expected an .npz file ({error})")
        with arrays:
            missing = [name for name in ("trainx", "trainy", "testx", "testy") if name not in arrays]
            if missing:
                fail(f"{data}: expected arrays trainx, trainy, testx and testy, got {', '.join(arrays)}")
            return Arrays(arrays["trainx"], arrays["trainy"]), Arrays(arrays["testx"], arrays["testy"])
    fail(f"{data}: expected fashion-mnist, a folder with train/ and val/, or an .npz file")


def fingerprint(data):
    """What tells the data of one training from those of another: an .npz file's bytes, a folder's names."""
    digest = hashlib.sha256()
    if os.path.isfile(data):
        with open(data, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                digest.update(piece)
    elif os.path.isdir(data):
        for part in ("train", "val"):
            for path, folders, files in os.walk(os.path.join(data, part)):
                folders.sort()
                digest.update("\n".join([path, *sorted(files)]).encode())
    return digest.hexdigest()


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
    if args.holdout >= len(train):
        fail(f"--holdout: expected fewer than the {len(train)} training images, got {args.holdout}")
    if args.holdout:
        train, test = train.part(0, len(train) - args.holdout), train.part(len(train) - args.holdout, len(train))
    if args.limit:
        train = train.part(0, args.limit)
    train.augment = args.augment
    try:
        device = torch.zeros(1, device=args.device).device
    except (RuntimeError, AssertionError) as error:
        fail(f"--device: PyTorch has no {args.device} here ({str(error).splitlines()[0]})")
    model = Network().to(device, memory_format=torch.channels_last)
    groups, rate = parameters(model, args.lr, args.weight_decay)
    optimiser = torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True)
    epochs = args.float_epochs + args.epochs
    batches = len(train) // args.batch
    if batches == 0:
        fail(f"expected at least {args.batch} training images, a batch, got {len(train)}")

    ignored = ("out", "restart", "device")
    settings = hashlib.sha256(json.dumps({"fingerprint": fingerprint(args.data), **{k: v for k, v in vars(args).items() if k not in ignored}}, sort_keys=True).encode()).hexdigest()
    checkpoint = args.out + ".checkpoint"
    log_path = os.path.splitext(args.out)[0] + ".log.jsonl"
    first = 0
    seconds = 0.0
    if os.path.exists(checkpoint) and not args.restart:
        state = torch.load(checkpoint, map_location=device)
        if state["settings"] != settings:
            fail(f"{checkpoint} is of a training with other options or other data; give the same ones, another --out, or --restart")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        first, seconds = state["epoch"], state["seconds"]
        going = "finished before; --restart trains again" if first == epochs else f"going on behind epoch {first} of {epochs}"
        print(going, file=sys.stderr)
    elif os.path.exists(log_path):
        os.remove(log_path)

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
        with open(log_path, "a") as log:
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
    try:
        main()
    except KeyboardInterrupt:
        print("\ntrain.py: interrupted; the same command goes on behind the last whole epoch", file=sys.stderr)
        sys.exit(130)
