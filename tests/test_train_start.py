"""What a training starts from: seeded networks, and the weights of a file or of another bundle."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests import trained
from train import start
from vidclass import backbones, runtime
from vidclass.errors import OptionError
from vidclass.preprocess import Preprocess

FRAMES = trained.RECIPES["frame-cnn"]
GRU = trained.RECIPES["cnn-gru"]
STACKS = trained.RECIPES["conv3d"]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A file of weights of the backbone, as Keras saves them."""
    keras.utils.set_random_seed(5)
    made = keras.applications.MobileNet(alpha=0.75, include_top=False, weights=None, input_shape=(None, None, 3))
    path = tmp_path_factory.mktemp("weights") / "backbone.weights.h5"
    made.save_weights(path)
    return path, made.get_weights()


def same(one, other):
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_seed_decides_the_initial_weights():
    small = replace(STACKS, architecture={"filters": [4], "dense": 4, "dropout": 0.5, "grey": True})
    first, again = (start.build(small, 3).head.get_weights() for _ in range(2))
    assert same(first, again)
    assert not same(first, start.build(replace(small, seed=1), 3).head.get_weights())


def test_a_file_of_weights_is_taken_over_by_the_backbone(backbone):
    path, weights = backbone
    nets = start.build(replace(FRAMES, weights=str(path)), 3)
    assert same(nets.embed.get_weights(), weights)
    assert nets.embed.input.shape == (None, None, None, 3)  # training changes its side


def test_another_bundles_cnn_is_taken_over(tiny_bundle):
    other = tiny_bundle("frame-cnn")
    nets = start.build(replace(GRU, weights=str(other.folder)), 3)
    assert same(nets.embed.get_weights(), runtime.build_keras(other).embed.get_weights())
    assert nets.head.output.shape == (None, 3)


def test_a_3d_cnn_takes_over_a_2d_cnns_kernels(tmp_path):
    keras.utils.set_random_seed(6)
    made = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(None, None, 3))
    path = tmp_path / "backbone.weights.h5"
    made.save_weights(path)
    head = start.build(replace(STACKS, weights=str(path)), 3).head
    found = {layer.name: layer for layer in head._flatten_layers()}
    for name in ("Conv1", "block_3_depthwise", "block_16_project", "Conv_1"):
        assert np.array_equal(found[name].get_weights()[0], made.get_layer(name).get_weights()[0])
    # Its temporal kernels start at zero: at first it is the 2D network, frame by frame.
    assert not any(found[name].get_weights()[0].any() for name in found if name.startswith("time_after"))


def test_networks_without_given_weights_are_random():
    assert start.build(replace(FRAMES, weights=None), 3).embed is not None


@pytest.mark.parametrize(
    ("recipe", "weights", "words"),
    [
        (FRAMES, "missing.h5", "Received: missing.h5"),
        (FRAMES, "text.weights.h5", "Received: .*text.weights.h5"),
        (
            replace(FRAMES, architecture={**FRAMES.architecture, "backbone": "MobileNet"}),
            "BACKBONE",
            "--weights must be",
        ),
    ],
    ids=["missing", "no weights", "of another network"],
)
def test_weights_that_do_not_fit_are_refused(backbone, tmp_path, recipe, weights, words):
    (tmp_path / "text.weights.h5").write_text("no weights")
    given = {"BACKBONE": str(backbone[0]), "text.weights.h5": str(tmp_path / "text.weights.h5")}.get(weights, weights)
    with pytest.raises(OptionError, match=words) as caught:
        start.build(replace(recipe, weights=given), 3)
    assert "\n" not in str(caught.value)


def test_a_failed_download_is_told_in_a_sentence(monkeypatch):
    def fail(*_):
        raise Exception("URL fetch failure on https://example.org: None -- [Errno -2]\nTraceback")

    monkeypatch.setattr(backbones, "backbone", fail)
    with pytest.raises(OptionError, match="URL fetch failure on https://example") as caught:
        start.build(
            replace(
                STACKS, architecture={"filters": [4], "dense": 4, "dropout": 0.5, "grey": True}, weights="imagenet"
            ),
            3,
        )
    assert "Traceback" not in str(caught.value)


def test_an_architecture_that_cannot_be_built_is_refused():
    wrong = replace(STACKS, architecture={**STACKS.architecture, "backbone": "ResNet50"})
    with pytest.raises(OptionError, match="family conv3d"):
        start.build(wrong, 3)


TWO_STREAM = replace(GRU, architecture={**GRU.architecture, "flows": 2}, preprocess=Preprocess(64))


def test_each_stream_starts_from_weights_of_its_own(backbone, tiny_bundle):
    path, weights = backbone
    other = tiny_bundle("frame-cnn")
    recipe = replace(TWO_STREAM, weights=str(other.folder), flow_weights=str(path))
    frame, flow = backbones.streams(start.build(recipe, 3).embed)
    assert same(frame.get_weights(), runtime.build_keras(other).embed.get_weights())
    assert same(flow.get_weights()[1:], weights[1 : len(flow.get_weights())])


def test_weights_of_flow_that_are_not_there_are_told_by_their_option(tmp_path):
    with pytest.raises(OptionError, match=r"--flow-weights must be imagenet .* Received: .*missing"):
        start.build(replace(TWO_STREAM, flow_weights=str(tmp_path / "missing.weights.h5")), 3)


def test_frames_too_small_for_flow_are_refused():
    with pytest.raises(OptionError, match=r"Leave out --backbone or --size"):
        start.build(replace(TWO_STREAM, preprocess=Preprocess(48)), 3)
