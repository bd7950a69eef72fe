"""What training writes for serving: both networks compute what was trained, and hold the same numbers."""

import numpy as np
import pytest

from tests import fakes
from vidclass import bundle, networks, runtime, verify
from vidclass.bundle import FAMILIES, Window

keras = pytest.importorskip("keras")
export = pytest.importorskip("train.export")

ARCHITECTURES = [
    ("frame-cnn", {"backbone": "MobileNet-0.75", "units": 8, "dropout": 0.5}),
    ("frame-cnn", {"backbone": "ResNet50", "units": 8, "dropout": 0.5}),
    ("conv3d", {"kernel": 3, "dropout": 0.5}),
    ("conv3d", {"filters": [4, 8], "dense": 8, "dropout": 0.5, "grey": False}),
]


def trained(family, architecture, seed=0):
    """Networks whose every weight is as if training had changed it."""
    built = networks.build(family, architecture, 32, 3, 4)
    random = np.random.default_rng(seed)
    for weight in [weight for network in built if network is not None for weight in network.weights]:
        if weight.path.endswith("kernel"):
            inputs = (9 if family == "conv3d" else 3) if weight.shape[-1] == 1 else np.prod(weight.shape[:-1])
            weight.assign(random.normal(0, np.sqrt(1 / inputs), weight.shape))
        elif weight.path.endswith(("variance", "gamma")):
            weight.assign(random.uniform(0.7, 1.3, weight.shape))
        else:
            weight.assign(random.normal(0, 0.1, weight.shape))
    return built


@pytest.mark.parametrize(("family", "architecture"), ARCHITECTURES, ids=lambda value: str(value)[:40])
def test_folding_batch_norm_changes_nothing(family, architecture):
    embed, head = trained(family, architecture)
    network, shape = (head, (2, 4, 32, 32, 3)) if embed is None else (embed, (4, 32, 32, 3))
    frames = np.random.default_rng(1).integers(0, 256, shape).astype(np.float32)
    before = np.asarray(network(frames))
    export._settle(network)
    difference = np.abs(np.asarray(network(frames)) - before).max() / np.abs(before).max()
    assert 0 < difference < 0.01, "rounding to f16 changes little; folding must not change anything"
    assert all(np.array_equal(weight, weight.astype(np.float16)) for weight in network.get_weights())


@pytest.mark.parametrize("family", FAMILIES)
def test_both_runtimes_hold_the_same_numbers(tmp_path, family):
    architecture = fakes.ARCHITECTURES[family]
    window = Window() if family == "frame-cnn" else fakes.WINDOWS[family]
    made = fakes.bundle(family, folder=tmp_path, preprocess=fakes.Preprocess(32), window=window)
    made = export.write_networks(made, trained(family, architecture))
    assert bundle.load(tmp_path) == made
    found = verify.compare(made)
    assert found.head < 5e-4 and (found.embed or 0) < 1e-3
    assert len(runtime.build_keras(made)) == 2
