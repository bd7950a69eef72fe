"""The bundled models: each is whole, small, described, and gives the same answer on both runtimes."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard

import vidclass
from tests import agreement
from vidclass import _precision, bundle, runtime, zoo
from vidclass._openvino import openvino
from vidclass.verify import verify

NAMES = zoo.names()
MAX_BYTES = 20 * 10**6
"""Of a model's weights in f32 and its exported networks in f16 together."""

DATA = Path(__file__).parents[2] / "shared/data"
FRAMES = 200
"""Real frames that are compared; `python -m tests.agreement` compares as many as one likes."""

real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the development data are not on this machine")
each_model = pytest.mark.parametrize("name", NAMES)
needs_bf16 = pytest.mark.skipif(
    _precision.choose(openvino.Core(), None) == "f32", reason="this processor does not compute in bf16"
)


SPORTS = {
    "Basketball": "basketball",
    "BasketballDunk": "basketball",
    "BaseballPitch": "baseball",
    "CricketBowling": "cricket",
    "Punch": "boxing",
    "BalanceBeam": "gymnastics",
}
"""UCF101's classes that a model of sports knows by another name."""


def listed(index, labels=None):
    """The files of a part of the data, on wish only of what has these labels, in an order that mixes the classes."""
    with (DATA / index / "index.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("split", "test") == "test"]
    if labels is not None:
        rows = [row for row in rows if row["class"] in labels or SPORTS.get(row["class"]) in labels]
    order = np.random.default_rng(0).permutation(len(rows))
    return [DATA / index / rows[n]["file"] for n in order]


def test_every_folder_is_a_model_on_offer():
    folders = {path.name for path in zoo.MODELS.glob("[!.]*") if path.is_dir()}
    assert folders == set(NAMES)


@each_model
def test_it_is_whole(name):
    folder = zoo.MODELS / name
    made = bundle.load(folder)
    assert made.name == name
    assert sum((folder / file).stat().st_size for file in made.required_files()) <= MAX_BYTES
    assert 0 < made.threshold < 1
    assert made.top1 is not None and 0.5 < made.top1 <= 1


@each_model
def test_its_card_says_what_a_reader_must_know(name):
    card = ModelCard.load(zoo.MODELS / name / "README.md")
    assert card.data.library_name == "vidclass" and card.data.pipeline_tag == "video-classification"
    assert card.data.license and "keras" in card.data.tags
    assert name in card.text
    pictures = {path.name for path in (zoo.MODELS / name).glob("*.png")}
    assert all(picture in card.text for picture in pictures) and pictures


@each_model
def test_its_networks_agree(name):
    found = verify(bundle.load(zoo.MODELS / name))
    assert found.head <= 0.005


@each_model
@pytest.mark.parametrize("runtime_name", ["openvino", "tensorflow"])
def test_it_classifies_a_clip(make_clip, name, runtime_name):
    noise = np.random.default_rng(0).integers(0, 256, (3, 120, 160, 3), np.uint8)
    clip = make_clip(frames=12, size=(160, 120), picture=lambda n: noise[n // 4])
    found = vidclass.analyse(clip, vidclass.load(name, runtime=runtime_name))
    assert found.rows.shape == (12, len(found.labels))
    assert np.allclose(found.rows.sum(axis=1), 1, atol=1e-3)
    assert found.summary(8).label in found.labels


@each_model
@pytest.mark.data
@real_data
def test_the_runtimes_agree_on_real_frames(name):
    clips = listed("ucf101")
    exact = vidclass.load(name, runtime="openvino", precision="f32")
    keras = vidclass.load(name, runtime="tensorflow")
    found = agreement.on_clips(exact, keras, clips, FRAMES)
    assert found.frames == FRAMES and found.flips <= 1 and found.largest <= 0.005


@each_model
@pytest.mark.data
@real_data
@needs_bf16
def test_bf16_agrees_on_real_frames(name):
    rough, exact = (vidclass.load(name, runtime="openvino", precision=each) for each in ("bf16", "f32"))
    found = agreement.on_clips(rough, exact, listed("ucf101", exact.bundle.labels), FRAMES)
    assert found.frames == FRAMES and found.share >= 0.99


@each_model
@pytest.mark.data
@real_data
def test_a_photo_and_the_same_picture_as_video_get_the_same_label(name):
    if "sports" not in name:
        pytest.skip("it was not trained on photos")
    found = agreement.photo_against_video(vidclass.load(name, precision="f32"), listed("sports"), FRAMES)
    assert found.frames == FRAMES and found.share >= 0.99


@each_model
@pytest.mark.data
@real_data
def test_every_kernel_was_trained(name):
    import keras

    from train import export

    def kernels(*networks):
        layers = [layer for network in networks if network is not None for layer in network._flatten_layers()]
        return {layer.name: np.asarray(layer.kernel) for layer in layers if hasattr(layer, "kernel")}

    def delivered(build, file):
        start = build(include_top=False, weights=None, input_shape=(224, 224, 3))
        start.load_weights(DATA / "weights" / file)
        export._settle(start)  # as the bundle's weights were before they were written
        return kernels(start)

    made = bundle.load(zoo.MODELS / name)
    trained = kernels(*runtime.build_keras(made))
    before = delivered(keras.applications.MobileNetV2, "mobilenet_v2_1.0_224_imagenet_notop.weights.h5")
    assert before.keys() <= trained.keys(), "the delivered backbone that these weights began with is another one"
    if made.flows:
        build = partial(keras.applications.MobileNet, alpha=0.75)
        flow = delivered(build, "mobilenet_0.75_224_imagenet_notop.weights.h5")
        known = flow.keys() & trained.keys()
        assert len(known) == 17, "the first convolution and eight blocks of two"
        before |= {layer: flow[layer] for layer in known}
    assert not [layer for layer, kernel in before.items() if np.array_equal(kernel, trained[layer])]
