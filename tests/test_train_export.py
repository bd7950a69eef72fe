"""Trained networks as a bundle's files: what is written computes what was trained."""

import keras
import numpy as np
import pytest

from tests import fakes
from train import export
from vidclass import backbones, networks, runtime
from vidclass import bundle as bundles
from vidclass.preprocess import Preprocess


def lively(network, seed=0):
    """Gives every weight a value as training would: batch norms with statistics, scales and offsets of their own."""
    random = np.random.default_rng(seed)
    values = []
    for weight in network.weights:
        kind = weight.path.rpartition("/")[2]
        spread = {
            "kernel": np.sqrt(2 / max(1, np.prod(weight.shape[:-1]))),
            "bias": 0.3,
            "beta": 0.3,
            "moving_mean": 0.3,
        }
        if kind in ("gamma", "moving_variance"):
            values.append(random.uniform(0.5, 1.5, weight.shape))
        else:
            values.append(random.normal(0, spread.get(kind, 0.3), weight.shape))
    network.set_weights(values)


def test_a_small_3d_cnn_computes_the_same_when_written_and_read_on_both_runtimes(tmp_path):
    # Its batch norms follow an activation and must not be folded into the convolution before it.
    architecture = {"filters": [4, 6], "dense": 8, "dropout": 0.5, "grey": False}
    made = fakes.bundle("conv3d", folder=tmp_path, architecture=architecture, preprocess=Preprocess(32))
    nets = networks.build("conv3d", architecture, 32, 3, made.window.length)
    lively(nets.head)
    stacks = np.random.default_rng(1).integers(0, 256, (5, made.window.length, 32, 32, 3), np.uint8)
    before = nets.head.predict(stacks, verbose=0)
    assert np.ptp(before, axis=0).max() > 0.05  # it tells them apart
    written = export.write_networks(made, nets)
    assert bundles.load(tmp_path) == written
    for name in ("tensorflow", "openvino"):
        head = runtime.load(written, name, "f32").head
        assert np.allclose(runtime.run(head, [(stack,) for stack in stacks]), before, atol=0.005), name


@pytest.fixture(scope="module")
def embed():
    """A small CNN with the layers of a MobileNet: convolutions, depthwise too, each with a batch norm after it."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((32, 32, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
    x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(12, 1, use_bias=True)(x)
    x = keras.layers.BatchNormalization(scale=False)(x)
    made = backbones.keep_statistics(keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x)))
    lively(made)
    return made


PICTURES = np.random.default_rng(2).integers(0, 256, (6, 32, 32, 3), np.uint8)


def test_settling_changes_the_numbers_and_not_what_they_compute(embed):
    copy = backbones.keep_statistics(embed)
    export._settle(copy)
    assert np.allclose(copy.predict(PICTURES, verbose=0), embed.predict(PICTURES, verbose=0), atol=0.02)
    for weight in copy.get_weights():
        assert np.array_equal(weight, weight.astype(np.float16))
    norms = [layer for layer in copy.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 3
    for norm in norms:
        assert not keras.ops.convert_to_numpy(norm.moving_mean).any()


def test_a_cnn_runs_as_it_will_serve_and_says_nothing(embed, tmp_path, capfd):
    network, _ = export.embedding(embed, Preprocess(32), tmp_path)
    assert capfd.readouterr().out == ""
    features = runtime.run(network, [(picture,) for picture in PICTURES])
    expected = embed.predict(PICTURES, verbose=0)
    assert np.abs(features - expected).max() < 0.05 * np.abs(expected).max()


def test_the_key_of_a_cnn_changes_with_its_weights_and_its_input(embed, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_export", lambda *_: None)
    monkeypatch.setattr(runtime, "load_exported", lambda *_: (None, ""))
    other = backbones.keep_statistics(embed)
    keys = [export.embedding(network, Preprocess(32), tmp_path)[1] for network in (embed, other)]
    assert keys[0] == keys[1]
    keys.append(export.embedding(other, Preprocess(32, "center_crop"), tmp_path)[1])
    values = other.get_weights()
    values[0] = values[0] * 1.001
    other.set_weights(values)
    keys.append(export.embedding(other, Preprocess(32), tmp_path)[1])
    assert len(set(keys)) == 3
