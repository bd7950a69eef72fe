"""Features of clips: extracted once, kept on disk under a key that changes with all that decides them."""

from dataclasses import replace

import numpy as np
import pytest

from tests import fakes, tiny_data
from train import features, pictures
from train.augment import GENTLE, Strength
from train.data import Item
from train.pictures import PictureSpec
from vidclass.motion import STILL
from vidclass.preprocess import Preprocess

SETTINGS = {
    "weights_key": "weights",
    "preprocess": Preprocess(32),
    "strength": Strength(),
    "views": 2,
    "step": 2,
    "seed": 0,
}


def colour(picture):
    """Picture -> feature `(3,)`: its mean colour."""
    return picture.mean(axis=(0, 1)).astype(np.float32)


@pytest.fixture
def items(tmp_path):
    paths = [
        tiny_data.clip(tmp_path / "a.mp4", frames=20, chroma=(90, 90)),
        tmp_path / "missing.mp4",
        tiny_data.clip(tmp_path / "b.mp4", frames=3, chroma=(190, 110)),
    ]
    return [Item(path, "a", path.name) for path in paths]


@pytest.fixture
def extract(items, tmp_path):
    """Extracts; returns the features and how many pictures the network saw."""

    def run(spec=None, flows=0, **changed):
        store = pictures.load(items, spec or PictureSpec(sample_fps=10.0), tmp_path / "cache")
        network = fakes.Network(lambda picture, *_: colour(picture))
        found = features.extract(
            network, pictures=store, cache=tmp_path / "cache", flows=flows, **{**SETTINGS, **changed}
        )
        return found, len(network.seen)

    return run


def test_there_is_a_feature_for_every_step_of_every_view(extract):
    found, seen = extract()
    # 20 frames at 25 a second are 8 pictures at 10 a second, of which every second one is taken; 3 frames are 2.
    assert [each.shape for each in found] == [(2, 4, 3), (2, 0, 3), (2, 1, 3)]
    assert seen == 2 * (4 + 1)


def test_the_first_view_is_what_serving_sees(extract, items, tmp_path):
    found, _ = extract()
    store = pictures.load(items, PictureSpec(sample_fps=10.0), tmp_path / "cache")
    expected = [colour(Preprocess(32)(store[0, n])) for n in (0, 2, 4, 6)]
    assert np.allclose(found[0][0], expected, atol=0.1)  # kept as 16-bit numbers
    assert not np.allclose(found[0][1], expected, atol=1.0)


def test_all_frames_of_a_view_are_changed_alike(extract):
    whole = replace(GENTLE, blur=0, low_resolution=0, compression=0, area=(1.0, 1.0), aspect=1.0, rotation=0, shear=0)
    found, _ = extract(strength=whole, views=4)
    gains = found[0][1:].astype(float) / found[0][0]
    assert np.ptp(gains, axis=1).max() < 0.02  # over the frames of a view
    assert np.ptp(gains, axis=0).max() > 0.02  # over the views


def test_a_network_of_two_streams_sees_each_views_own_flow(items, tmp_path):
    store = pictures.load(items, PictureSpec(sample_fps=10.0), tmp_path / "cache")
    network = fakes.Network(lambda picture, flow: np.append(colour(picture), flow.mean()).astype(np.float32))
    settings = {**SETTINGS, "preprocess": Preprocess(64)}
    found = features.extract(network, pictures=store, cache=tmp_path / "cache", flows=2, **settings)
    assert [each.shape for each in found] == [(2, 4, 4), (2, 0, 4), (2, 1, 4)]
    assert {flow.shape for _, flow in network.seen} == {(32, 32, 4)}
    moving = {n for n, (_, flow) in enumerate(network.seen) if (flow != STILL).any()}
    assert moving and not moving & {0, 4, 8, 9}  # the first of each view of each clip


def test_a_second_run_infers_nothing(extract):
    first, _ = extract()
    second, seen = extract()
    assert seen == 0
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize(
    "changed",
    [
        {"weights_key": "other weights"},
        {"preprocess": Preprocess(20)},
        {"preprocess": Preprocess(32, "center_crop")},
        {"strength": GENTLE},
        {"views": 3},
        {"step": 1},
        {"seed": 1},
        {"flows": 1},
        {"spec": PictureSpec(sample_fps=5.0)},
        {"spec": PictureSpec(sample_fps=10.0, short_side=24)},
        {"spec": PictureSpec(sample_fps=10.0, seconds=0.3)},
    ],
    ids=lambda changed: "-".join(f"{name}-{value}" for name, value in changed.items())[:40],
)
def test_a_change_of_weights_sampling_or_preprocessing_extracts_anew(extract, changed):
    extract()
    _, seen = extract(**changed)
    assert seen > 0


def test_a_changed_clip_is_extracted_anew(extract, items):
    extract()
    tiny_data.clip(items[0].path, frames=21, chroma=(128, 128))
    assert extract()[1] > 0
