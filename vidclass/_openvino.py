"""OpenVINO, imported in the one way that is quiet and safe: `from vidclass._openvino import openvino`."""

import sys

import numpy as np

# OpenVINO's import tells a server of its maker that it was used, from a forked process. Without this package of its
# own, which it takes for not installed, it does not.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

# The first conversion between its types and NumPy's holds a lock while it imports a part of NumPy. Two threads that
# come there at the same time wait for each other for ever, so it is done here, where only one thread can be.
np.asarray(openvino.Tensor(np.zeros(1, np.float32), shared_memory=True).data, openvino.Type.f32.to_dtype())

__all__ = ["openvino"]
