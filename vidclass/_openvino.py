"""OpenVINO, imported in the one way that is quiet and safe, and networks as it reads them.

`from vidclass._openvino import openvino`, where it is used.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vidclass import _precision

# OpenVINO's import tells a server of its maker that it was used, from a forked process. Without this package of its
# own, which it takes for not installed, it does not.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

# The first conversion between its types and NumPy's holds a lock while it imports a part of NumPy. Two threads that
# come there at the same time wait for each other for ever, so it is done here, where only one thread can be.
np.asarray(openvino.Tensor(np.zeros(1, np.float32), shared_memory=True).data, openvino.Type.f32.to_dtype())


class Exported(NamedTuple):
    """An exported network, to be compiled once it has its batch size."""

    model: Any
    """It takes pictures as bytes, and any number of items at once."""
    takes_pictures: bool
    """Whether it takes frames `(B, H, W, 3)` or windows of them `(B, T, H, W, 3)`, or features."""
    hints: dict[str, str]
    """What to compile it with, so that it computes in its precision."""


def read_exported(core: Any, path: Path, precision: str) -> Exported:
    """Reads an exported network.

    Args:
        core: OpenVINO's `Core`.
        path: The `.xml` file, checked already, beside its `.bin`.
        precision: `f32` or `bf16`. A network that takes no single pictures computes in f32 either way: features are
            few, and an answer of a 3D CNN stands for many frames (in bf16 98.8 % of 3,000 frames kept their label).
    """
    model = core.read_model(path)
    ranks = [port.get_partial_shape().rank.get_length() for port in model.inputs]
    pictures = [n for n, rank in enumerate(ranks) if rank > 3]
    rounds = 4 in ranks and precision == "bf16"
    if rounds:
        weights = openvino.Tensor(np.fromfile(path.with_suffix(".bin"), np.uint8))
        model = core.read_model(_precision.with_first_in_f32(path), weights)
    prepared = openvino.preprocess.PrePostProcessor(model)
    for number in pictures:
        prepared.input(number).tensor().set_element_type(openvino.Type.u8)
    return Exported(prepared.build(), bool(pictures), {"INFERENCE_PRECISION_HINT": "bf16" if rounds else "f32"})


def set_batch(model: Any, batch: int) -> None:
    """Makes a network take so many items at once; of its shapes only that is open."""
    model.reshape({port: [batch, *list(port.get_partial_shape())[1:]] for port in model.inputs})


__all__ = ["Exported", "openvino", "read_exported", "set_batch"]
