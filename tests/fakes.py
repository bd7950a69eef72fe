"""Fakes and tiny bundles for all test files: a network is a function, and a model knows three greys."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vidclass.bundle import Bundle, Window
from vidclass.classify import Classifier
from vidclass.preprocess import Preprocess
from vidclass.runtime import LoadedNetworks

LABELS = ("dark", "middle", "bright")

WINDOWS = {
    "frame-cnn": Window(1, None, 1),
    "cnn-gru": Window(4, 5.0, 2),
    "conv3d": Window(4, 5.0, 2),
}
"""Windows of the fakes and of the tiny bundles; tests that go through all families take the names from here."""

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "frame-cnn": {"backbone": "MobileNet-0.75", "units": 8, "dropout": 0.5},
    "cnn-gru": {"backbone": "MobileNet-0.75", "units": [8], "dropout": 0.4},
    "conv3d": {"kernel": 3, "dropout": 0.5},
}
"""Of the tiny bundles."""


class Network:
    """A function as a network. It keeps what it was given."""

    def __init__(self, function: Callable[..., np.ndarray]):
        self.function, self.seen = function, []

    def map(self, items: Iterable[tuple[np.ndarray, ...]]) -> Iterator[np.ndarray]:
        for item in items:
            self.seen.append(item)
            yield self.function(*item)


def grey(picture: np.ndarray) -> np.ndarray:
    """Picture -> feature `(1,)`: its mean, 0-255."""
    return np.array([picture.mean()], np.float32)


def third(value: float) -> np.ndarray:
    """Grey -> probabilities: 0.8 for the third of the range that it lies in."""
    row = np.full(3, 0.1, np.float32)
    row[min(2, int(value // 85))] = 0.8
    return row


def bundle(family: str = "frame-cnn", **fields: Any) -> Bundle:
    """A configuration without a folder."""
    settings: dict[str, Any] = {
        "folder": Path("nowhere"),
        "name": f"fake-{family}",
        "version": "1.0.0",
        "family": family,
        "architecture": ARCHITECTURES[family],
        "preprocess": Preprocess(8),
        "window": WINDOWS[family],
        "labels": LABELS,
        "threshold": 0.5,
    }
    return Bundle(**{**settings, **fields})


def classifier(family: str = "frame-cnn", **fields: Any) -> Classifier:
    """A model that tells dark, middle and bright pictures apart, by the last picture of its window."""
    embed = None if family == "conv3d" else Network(grey)
    heads: dict[str, Callable[..., np.ndarray]] = {
        "frame-cnn": lambda feature: third(feature[0]),
        "cnn-gru": lambda features, mask: third(features[int(mask.sum()) - 1, 0]),
        "conv3d": lambda frames: third(frames[-1].mean()),
    }
    return Classifier(bundle(family, **fields), LoadedNetworks(embed, Network(heads[family]), "fake"))


def write_tiny_bundle(folder: Path, family: str = "frame-cnn", **fields: Any) -> Bundle:
    """A real bundle with random weights for pictures of 32 px, unless told otherwise, and `LABELS`.

    Its networks are lively: other pictures get clearly other probabilities, which Keras's own initial weights, meant
    for larger pictures, would not give.
    """
    import keras

    from train import export
    from vidclass import networks

    keras.utils.set_random_seed(0)
    made = bundle(family, **{"folder": folder, "name": f"tiny-{family}", "preprocess": Preprocess(32), **fields})
    built = networks.build(family, made.architecture, made.preprocess.size, len(made.labels), made.window.length)
    random = np.random.default_rng(0)
    for weight in [weight for network in built if network is not None for weight in network.weights]:
        if weight.path.endswith("kernel"):
            depthwise = weight.shape[-1] == 1
            # At 32 px a depthwise kernel sees more rim than picture. Residuals keep the 3D CNN's signal up anyhow.
            inputs = (9 if family == "conv3d" else 3) if depthwise else np.prod(weight.shape[:-1])
            weight.assign(random.normal(0, np.sqrt(2 / inputs), weight.shape))
    return export.write_networks(made, built)
