"""Batches of single pictures: who is in them, how they are blended, and that a run can go on where it stopped."""

from collections import Counter

import numpy as np
import pytest

from tests import tiny_data
from train import batches, pictures
from train.augment import Strength
from train.data import Item
from train.pictures import PictureSpec
from vidclass.preprocess import Preprocess


@pytest.fixture
def store(tmp_path):
    """Two photos, a file that is none, and a clip of 10 pictures."""
    paths = [tiny_data.photo(tmp_path / f"{n}.png", (60 * n + 40,) * 3) for n in range(2)]
    (tmp_path / "bad.png").write_bytes(b"no")
    paths += [tmp_path / "bad.png", tiny_data.clip(tmp_path / "a.mp4", 25)]
    items = [Item(path, "a", path.name) for path in paths]
    return pictures.load(items, PictureSpec(sample_fps=10.0), tmp_path / "cache")


def frames(store, **changed):
    settings = {
        "pictures": store,
        "items": [0, 1, 3],
        "targets": np.eye(4, dtype=np.float32),
        "preprocess": Preprocess(24),
        "strength": Strength(),
        "batch_size": 2,
        "seed": 0,
        "per_clip": 4,
    }
    return batches.TrainingFrames(**{**settings, **changed})


def targets_of(found):
    return Counter(int(row.argmax()) for n in range(len(found)) for row in found[n][1])


def test_an_epoch_takes_each_photo_once_and_some_frames_of_a_clip(store):
    found = frames(store)
    assert len(found) == 3
    assert targets_of(found) == {0: 1, 1: 1, 3: 4}
    pixels, targets = found[0]
    assert (pixels.shape, pixels.dtype) == ((2, 24, 24, 3), np.float32)
    assert 50 < pixels.max() <= 255
    assert targets.shape == (2, 4)


def test_no_more_frames_are_taken_of_a_clip_than_it_has(store):
    assert targets_of(frames(store, per_clip=50, batch_size=1)) == {0: 1, 1: 1, 3: 10}


def test_fewer_pictures_than_a_batch_are_one_batch(store):
    found = frames(store, batch_size=64)
    assert len(found) == 1
    assert len(found[0][0]) == 6


def test_every_epoch_draws_anew_and_an_interrupted_run_draws_the_same(store):
    first, second = frames(store), frames(store, first_epoch=1)
    before = first[0][0]
    first.on_epoch_end()
    assert not np.array_equal(before, first[0][0])
    for n in range(3):
        assert np.array_equal(first[n][0], second[n][0])
        assert np.array_equal(first[n][1], second[n][1])
    assert not np.array_equal(before, frames(store, seed=1)[0][0])


def test_blended_pictures_have_blended_targets(store):
    found = frames(store, mixup=1.0, per_clip=10, batch_size=6)
    plain = frames(store, mixup=0.0, per_clip=10, batch_size=6)
    shares = []
    for n in range(len(found)):
        pixels, targets = found[n]
        assert np.allclose(targets.sum(axis=1), 1)
        assert pixels.dtype == targets.dtype == np.float32
        assert pixels.min() >= 0
        assert pixels.max() <= 255
        shares += targets.max(axis=1).tolist()
        assert not np.array_equal(pixels, plain[n][0])
        assert plain[n][1].max(axis=1).tolist() == [1.0] * 6
    assert min(shares) < 0.99


def test_plain_pictures_are_as_serving_sees_them_and_in_order(store):
    found = batches.PlainFrames(store, [0, 2, 3], Preprocess(24, "center_crop"), per_clip=3, batch_size=2)
    assert found.owners.tolist() == [0, 3, 3, 3]  # nothing of the file that could not be read
    assert len(found) == 2
    pixels = np.concatenate([found[n][0] for n in range(2)])
    keys = [(0, 0), (3, 0), (3, 4), (3, 9)]
    assert np.array_equal(pixels, [Preprocess(24, "center_crop")(store[key]) for key in keys])


def test_plain_pictures_of_a_short_clip_are_not_repeated(store):
    assert batches.PlainFrames(store, [3], Preprocess(24), per_clip=50).owners.tolist() == [3] * 10
