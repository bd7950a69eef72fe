"""A whole model of a few kilobytes: a frame CNN that names the colour which a frame has most of. Needs no Keras."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from vidclass import bundle
from vidclass.bundle import Bundle, Window
from vidclass.preprocess import Preprocess

LABELS = ("red", "green", "blue")
SIZE = 16
ROOT = Path(__file__).parent.parent


def write(folder: Path, name: str = "tiny", version: str = "1.0.0", **values: Any) -> Bundle:
    """Writes the bundle into a folder, which it makes.

    Args:
        folder: Where to.
        name: The model's name.
        version: Its version.
        **values: Further fields of the configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(("embed", "head"), 1):
        with h5py.File(folder / f"{part}.weights.h5", "w") as file:
            file["layers/dense/vars/0"] = number * np.eye(3, dtype=np.float32)
    _write_networks(folder)
    settings = {
        "architecture": {"backbone": "MobileNetV2", "units": 8, "dropout": 0.5},
        "preprocess": Preprocess(SIZE),
        "window": Window(),
        "labels": LABELS,
        **values,
    }
    return bundle.write_config(Bundle(folder=folder, name=name, version=version, family="frame-cnn", **settings))


def _write_networks(folder: Path) -> None:
    import openvino as ov
    from openvino import opset13 as ops

    pixels = ops.parameter([-1, SIZE, SIZE, 3], np.float32, name="pixels")
    mean = ops.reduce_mean(pixels, np.array([1, 2], np.int64), keep_dims=False)  # (B, 3)
    feature = ops.parameter([-1, 3], np.float32, name="feature")
    logits = ops.matmul(feature, np.eye(3, dtype=np.float32) / 16, transpose_a=False, transpose_b=False)  # (B, 3)
    for part, start, end in (("embed", pixels, mean), ("head", feature, ops.softmax(logits, 1))):
        ov.save_model(ov.Model([end], [start], part), folder / f"{part}.xml")
