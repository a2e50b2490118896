"""Train the digits network, write its fp32 and int8 versions and the evaluation set.

    python train.py                  train, export, quantise, print the accuracies
    python train.py --check-images   only measure the written models on rendered PNG images
"""

import argparse
import hashlib
import io
import json
import re
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image, ImageOps
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

HERE = Path(__file__).resolve().parent
VERSIONS = ("fp32", "int8")
SEED = 20240
EPOCHS = 120
BATCH = 64
PEAK_RATE = 4e-3
PIXEL_MAXIMUM = 16
OPSET = 17
IR_VERSION = 8


def split_digits():
    """Stratified split: (train x, train y, held-out x, held-out y), x int [n,64] in 0..16, y int [n]."""
    digits = load_digits()
    rows = np.arange(len(digits.target))
    train, heldout = train_test_split(rows, test_size=0.25, stratify=digits.target, random_state=SEED)
    train, heldout = np.sort(train), np.sort(heldout)
    pixels = digits.data.astype(np.int64)
    return pixels[train], digits.target[train], pixels[heldout], digits.target[heldout]


def to_tensor(pixels):
    """int [n,64] in 0..16 -> float32 [n,1,8,8] in 0..1."""
    return (pixels.reshape(-1, 1, 8, 8) / PIXEL_MAXIMUM).astype(np.float32)


def make_network():
    """float [n,1,8,8] -> logits float [n,10]; three convolutions, each normalised while training."""
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Conv2d(24, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 48, 3, padding=1), nn.BatchNorm2d(48), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 2 * 2, 10),
    )


def uniform(count, low, high, generator):
    """float [count], evenly distributed over low..high."""
    return low + (high - low) * torch.rand(count, generator=generator)


def move(images, generator):
    """Turn, scale and shift each image a little: float [n,1,8,8] -> the same shape."""
    n = len(images)
    angle = torch.deg2rad(uniform(n, -10, 10, generator))
    across, down = uniform(n, 0.9, 1.15, generator), uniform(n, 0.9, 1.15, generator)
    shift = uniform((n, 2), -0.2, 0.2, generator)  # of half the width: at most 0.8 pixel
    theta = torch.stack([
        torch.stack([angle.cos() * across, -angle.sin() * down, shift[:, 0]], 1),
        torch.stack([angle.sin() * across, angle.cos() * down, shift[:, 1]], 1),
    ], 1)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def blur(images, generator):
    """Mix each pixel with its neighbours, a different share per image: float [n,1,8,8] -> the same shape."""
    share = uniform((len(images), 1, 1, 1), 0, 0.1, generator)
    padded = F.pad(images, (1, 1, 0, 0))
    images = (1 - 2 * share) * images + share * (padded[..., :-2] + padded[..., 2:])
    padded = F.pad(images, (0, 0, 1, 1))
    return (1 - 2 * share) * images + share * (padded[..., :-2, :] + padded[..., 2:, :])


def augment(images, generator):
    """Half the images moved and blurred, all of them with another contrast: float [n,1,8,8] -> the same shape."""
    chosen = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    images = torch.where(chosen, blur(move(images, generator), generator), images)
    gain = uniform((len(images), 1, 1, 1), 0.8, 1.15, generator)
    return (images * gain).clamp(0, 1)


def train_network(pixels, labels):
    """int [n,64] and int [n] -> the trained network, in evaluation mode."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    images, targets = torch.from_numpy(to_tensor(pixels)), torch.from_numpy(labels)
    network = make_network().train()
    steps = -(-len(images) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images), generator=generator).split(BATCH):
            loss = F.cross_entropy(network(augment(images[rows], generator)), targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def folded_convolutions(network):
    """[(weight [out,in,3,3], bias [out])] with each normalisation folded into its convolution."""
    convolutions = [m for m in network if isinstance(m, nn.Conv2d)]
    norms = [m for m in network if isinstance(m, nn.BatchNorm2d)]
    fused = [nn.utils.fuse_conv_bn_eval(c, b) for c, b in zip(convolutions, norms)]
    return [(c.weight.detach().numpy(), c.bias.detach().numpy()) for c in fused]


def build_onnx(network):
    """The network as an ONNX graph: image float32 [N,1,8,8] -> logits float32 [N,10]."""
    nodes, weights, last = [], [], "image"

    def add(kind, output, *constants, **attributes):
        nonlocal last
        names = [f"{output}.{part}" for part in ("weight", "bias")[: len(constants)]]
        weights.extend(numpy_helper.from_array(c, name) for c, name in zip(constants, names))
        nodes.append(helper.make_node(kind, [last, *names], [output], name=output, **attributes))
        last = output

    for i, (weight, bias) in enumerate(folded_convolutions(network), 1):
        add("Conv", f"conv{i}", weight, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        add("Relu", f"relu{i}")
        if i > 1:
            add("MaxPool", f"pool{i}", kernel_shape=[2, 2], strides=[2, 2])
    add("Flatten", "flat", axis=1)
    dense = network[-1]
    add("Gemm", "logits", dense.weight.detach().numpy(), dense.bias.detach().numpy(), transB=1)

    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])
    graph = helper.make_graph(nodes, "digits", [image], [logits], weights)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


class TrainingImages(CalibrationDataReader):
    """Gives the quantiser the training images: float32 [n,1,8,8] in batches of 64."""

    def __init__(self, images):
        self.batches = iter(np.split(images, range(BATCH, len(images), BATCH)))

    def get_next(self):
        """The next batch under the input's name, or None at the end."""
        batch = next(self.batches, None)
        return None if batch is None else {"image": batch}


def quantise(source, target, images):
    """Write source's int8 form to target; ranges measured on images, float32 [n,1,8,8]."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_optimization=True)
        quantize_static(
            prepared, target, TrainingImages(images),
            quant_format=QuantFormat.QDQ, per_channel=True,
            reduce_range=True,  # 7-bit weights: with 8, processors without VNNI saturate
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )


def count_right(version, images, labels):
    """How many of images, float32 [n,1,8,8], a written version answers with their label, int [n]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(HERE / version / "model.onnx", options, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"image": images})
    return int((logits.argmax(1) == labels).sum())


def report(title, version, images, labels):
    """Print how many of images, float32 [n,1,8,8], a version gets right."""
    right = count_right(version, images, labels)
    print(f"{version} {title}: {right} of {len(labels)} right, {100 * right / len(labels):.2f} %")


def write_heldout(pixels, labels):
    """Write the evaluation set: a JSON line per row of pixels, int [n,64], with its label."""
    lines = [
        json.dumps({"input": {"pixels": row.tolist()}, "label": str(label)})
        for row, label in zip(pixels, labels)
    ]
    (HERE / "heldout.jsonl").write_text("\n".join(lines) + "\n")


def seal(version):
    """Write each file's sha256 into the version's manifest, whose other text stays as it is."""
    manifest = HERE / version / "manifest.json"

    def with_digest(match):
        digest = hashlib.sha256((HERE / version / match["path"]).read_bytes()).hexdigest()
        return f'"path": "{match["path"]}", "sha256": "{digest}"'

    pattern = r'"path": "(?P<path>[^"]+)", "sha256": "[^"]*"'
    manifest.write_text(re.sub(pattern, with_digest, manifest.read_text(encoding="utf-8")), encoding="utf-8")


def train():
    """Write both versions and the evaluation set, then print the held-out accuracies."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    train_pixels, train_labels, heldout_pixels, heldout_labels = split_digits()
    network = train_network(train_pixels, train_labels)
    onnx.save(build_onnx(network), HERE / "fp32" / "model.onnx")
    quantise(HERE / "fp32" / "model.onnx", HERE / "int8" / "model.onnx", to_tensor(train_pixels))
    write_heldout(heldout_pixels, heldout_labels)
    for version in VERSIONS:
        (HERE / version / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
        seal(version)
        report("held out", version, to_tensor(heldout_pixels), heldout_labels)


def as_png(pixels, size, filter, dark_ink):
    """One row of pixels, int [64] in 0..16, as the bytes of a PNG of size × size."""
    grey = np.rint(pixels.reshape(8, 8) * (255 / PIXEL_MAXIMUM)).astype(np.uint8)
    image = Image.fromarray(grey).resize((size, size), filter)
    buffer = io.BytesIO()
    (ImageOps.invert(image) if dark_ink else image).save(buffer, "PNG")
    return buffer.getvalue()


def from_png(data):
    """A PNG's bytes -> float32 [1,8,8] in 0..1, light ink on dark, area-averaged."""
    image = Image.open(io.BytesIO(data)).convert("L")
    grey = np.asarray(image)
    border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    if border.mean() > 127.5:
        image = ImageOps.invert(image)
    return np.asarray(image.resize((8, 8), Image.Resampling.BOX), np.float32)[None] / 255


def check_images():
    """Print the accuracies of the written versions on held-out rows rendered as PNG images."""
    _, _, pixels, labels = split_digits()
    nearest, bicubic = Image.Resampling.NEAREST, Image.Resampling.BICUBIC
    cases = {
        "64x64 nearest, light on dark": (64, nearest, False),
        "64x64 nearest, dark on light": (64, nearest, True),
        "112x112 bicubic, light on dark": (112, bicubic, False),
    }
    for title, case in cases.items():
        images = np.stack([from_png(as_png(row, *case)) for row in pixels])
        for version in VERSIONS:
            report(title, version, images, labels)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check-images", action="store_true", help="measure the written models on PNG images")
    check_images() if parser.parse_args().check_images else train()
