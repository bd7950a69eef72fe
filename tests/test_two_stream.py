"""A CNN-GRU that sees motion beside frames: trained, written, and served alike on every way."""

from dataclasses import replace
from functools import partial

import cv2
import keras
import numpy as np
import pytest

from tests import fakes, tiny_data, trained
from train.fit import Stage
from vidclass import backbones, runtime, verify
from vidclass import bundle as bundles
from vidclass.classify import Classifier, Sighting
from vidclass.errors import BundleError
from vidclass.live import Live
from vidclass.pipeline import analyse
from vidclass.preprocess import Preprocess

ARCHITECTURE = {**fakes.ARCHITECTURES["cnn-gru"], "flows": 2}
RECIPE = replace(
    trained.RECIPES["cnn-gru"],
    name="tiny-two-stream",
    architecture={**trained.RECIPES["cnn-gru"].architecture, "flows": 2},
    preprocess=Preprocess(64),
    schedule=replace(trained.SCHEDULE, stages=(Stage(32, 1, 1e-3, batch_norm=True),)),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "two-stream"
    folder.mkdir()
    return fakes.write_tiny_bundle(folder, "cnn-gru", architecture=ARCHITECTURE, preprocess=Preprocess(64))


def pictures(count, speed):
    """Frames of a texture whose middle moves right by `speed` pixels a frame."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 160), np.uint8)
    scene = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    for n in range(count):
        grey = scene[:, :64].copy()
        grey[16:48, 16:48] = scene[16:48, 80 - n * speed : 112 - n * speed]
        yield np.dstack([grey] * 3)


def rows(classifier, speed):
    frames = [Sighting(n / 5, partial(lambda picture: picture, each)) for n, each in enumerate(pictures(8, speed))]
    return np.array(list(classifier.rows(frames)))


def test_both_runtimes_give_the_same_rows(made):
    assert made.flows == 2
    assert verify.verify(made).head < 0.005
    one, other = (rows(Classifier(made, runtime.load(made, name)), 3) for name in ("openvino", "tensorflow"))
    assert one.shape == (8, 3) and np.abs(one - other).max() < 0.01


def test_motion_alone_changes_the_rows(made):
    classifier = Classifier(made, runtime.load(made, "openvino", "f32"))
    assert np.array_equal(rows(classifier, 3), rows(classifier, 3))  # no clip is told by the one before it
    still, moving = rows(classifier, 0), rows(classifier, 3)
    assert np.allclose(still[0], moving[0], atol=1e-5)  # nothing has moved yet, and the first frames are the same
    assert not np.allclose(still[-1], moving[-1], atol=1e-3)


def test_a_camera_gets_the_rows_of_a_clip(made):
    classifier = Classifier(made, runtime.load(made, "openvino", "f32"))
    live = Live(classifier)
    found = np.array([live.push(n / 5, picture) for n, picture in enumerate(pictures(8, 3))])
    assert np.allclose(found, rows(classifier, 3), atol=1e-5)


def test_a_configuration_with_other_flows_than_its_networks_is_refused(made):
    with pytest.raises(BundleError, match="must fit its input size"):
        runtime.load(replace(made, architecture={**ARCHITECTURE, "flows": 3}), "openvino")
    with pytest.raises(BundleError, match="must fit its input size"):
        runtime.load(replace(made, architecture=fakes.ARCHITECTURES["cnn-gru"]), "openvino")


@pytest.mark.filterwarnings("ignore:Even though the:UserWarning")
def test_the_command_trains_both_streams_into_a_bundle_that_serves(tmp_path):
    done = trained.train(tmp_path, "cnn-gru", recipe=RECIPE)
    assert all(changed for path, changed in done.changed("kernel").items() if path.startswith("head/"))
    (best,) = done.work.glob("tiny-two-stream-*/flow/best.weights.h5")
    expected = backbones.flow_embed(32, 2)
    dropped = keras.layers.Dropout(0.5)(expected.output)
    keras.Model(expected.input, keras.layers.Dense(3, activation="softmax")(dropped)).load_weights(best)
    _, served = backbones.streams(runtime.build_keras(done.bundle).embed)
    flow = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 4)).astype(np.float32)
    features = np.asarray(expected(flow))
    assert np.abs(np.asarray(served(flow)) - features).max() < 0.02 * features.max()
    assert done.bundle.flows == 2 and bundles.load(done.bundle.folder) == done.bundle
    assert "another their flow" in (done.bundle.folder / "README.md").read_text(encoding="utf-8")
    clip = tiny_data.clip(tmp_path / "clip.mp4", 20, chroma=tiny_data.CHROMA["red"])
    found = analyse(clip, Classifier(done.bundle, runtime.load(done.bundle)))
    assert found.rows.shape == (20, 3) and np.allclose(found.rows.sum(axis=1), 1, atol=1e-5)
