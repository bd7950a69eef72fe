"""Does a bundle say the same on both of its ways to run? Keras and exported networks, side by side on random input."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidclass import runtime
from vidclass.bundle import Bundle
from vidclass.errors import BundleError
from vidclass.motion import inputs_of

PICTURES = 16
"""Random pictures that are embedded: a few batches, so that the order of the outputs is tested too."""
STACKS = 4
"""Random stacks of frames that a 3D CNN judges; each is as much work as a whole window of pictures."""

PROBABILITY_TOLERANCE = 0.005
"""Largest difference of a probability in f32, which the weights' rounding to f16 in the exported network explains."""


@dataclass(frozen=True)
class Agreement:
    """How far the exported networks lie from the Keras networks on the same random input."""

    embed: float | None
    """Largest difference of a feature, relative to the largest feature; None where the family does not embed."""
    head: float
    """Largest difference of a probability, each side's head judging its own features."""


def verify(bundle: Bundle) -> Agreement:
    """Compares the networks in f32 and insists that their probabilities agree.

    Raises:
        BundleError: They differ by more than `PROBABILITY_TOLERANCE`.
        OptionError: TensorFlow or OpenVINO is not installed.
    """
    found = compare(bundle)
    if not found.head <= PROBABILITY_TOLERANCE:
        raise BundleError(
            f"The exported networks of {bundle.name} must agree with its Keras weights within {PROBABILITY_TOLERANCE} "
            f"in probability. Received: a difference of {found.head:.2g}. Export them again, or get the model again."
        )
    return found


def compare(bundle: Bundle, precision: runtime.Precision = "f32") -> Agreement:
    """Runs Keras and exported networks on the same random input.

    Args:
        bundle: The checked bundle.
        precision: Of OpenVINO's arithmetic; Keras computes in f32.

    Raises:
        OptionError: TensorFlow or OpenVINO is not installed.
        BundleError: A network file is damaged or does not fit the configuration.
    """
    random = np.random.default_rng(0)
    keras_run = runtime.load(bundle, "tensorflow")
    exported = runtime.load(bundle, "openvino", precision)
    size, length = bundle.preprocess.size, bundle.window.length
    if exported.embed is None or keras_run.embed is None:
        shape = (length, size, size, 3)
        stacks: list[runtime.Arrays] = [(random.integers(0, 256, shape, np.uint8),) for _ in range(STACKS)]
        rows = [runtime.run(networks.head, stacks) for networks in (exported, keras_run)]
        return Agreement(None, _largest(rows[0] - rows[1]))
    inputs = inputs_of(size, bundle.flows)
    pictures = [inputs(random.integers(0, 256, (size, size, 3), np.uint8)) for _ in range(PICTURES)]
    features = [runtime.run(networks.embed, pictures) for networks in (exported, keras_run) if networks.embed]
    items = [_head_items(bundle, each) for each in features]
    rows = [runtime.run(networks.head, each) for networks, each in zip((exported, keras_run), items, strict=True)]
    difference = _largest(features[0] - features[1]) / _largest(features[1])
    return Agreement(difference, _largest(rows[0] - rows[1]))


def _largest(values: NDArray[np.float32]) -> float:
    return float(np.abs(values).max())


def _head_items(bundle: Bundle, features: NDArray[np.float32]) -> Sequence[runtime.Arrays]:
    """What the head takes: each feature, or windows of one, some and all of their steps."""
    length = bundle.window.length
    if bundle.family == "frame-cnn":
        return [(feature,) for feature in features]
    return [_window(features, count, length) for count in (1, length // 2 + 1, length)]


def _window(features: NDArray[np.float32], count: int, length: int) -> runtime.Arrays:
    window = np.zeros((length, features.shape[1]), np.float32)
    window[:count] = features[np.arange(count) % len(features)]
    return window, (np.arange(length) < count).astype(np.float32)
