"""Windows for training and validation: what serving judges, and what might have been judged elsewhere in a clip."""

from collections import Counter

import numpy as np
import pytest

from tests import fakes, tiny_data
from train import pictures, windows
from train.augment import Strength
from train.data import Item
from train.pictures import PictureSpec
from train.windows import Draw, random_window, served_windows
from vidclass import runtime
from vidclass.bundle import Window
from vidclass.classify import Classifier
from vidclass.pipeline import analyse
from vidclass.preprocess import Preprocess

SPEC = PictureSpec(short_side=48, sample_fps=10.0)


def load(path, folder):
    return pictures.load([Item(path, "a", "a")], SPEC, folder / "cache")


def judged_by_serving(path, family, window, size=16):
    """The head's inputs as `vidclass` makes them of a clip."""
    embed = None if family == "conv3d" else fakes.Network(lambda picture: picture.mean(axis=(0, 1), dtype=np.float32))
    head = fakes.Network(lambda *_: np.array([0.5, 0.3, 0.2], np.float32))
    bundle = fakes.bundle(family, preprocess=Preprocess(size), window=window)
    analyse(path, Classifier(bundle, runtime.LoadedNetworks(embed, head, "fake")))
    return head.seen


@pytest.mark.parametrize(
    ("frames", "rate"), [(1, 25), (6, 25), (40, 25), (70, 30), (110, 60), (24, 10), (33, 15), (57, 24)]
)
@pytest.mark.parametrize("window", [Window(4, 5.0, 2), Window(10, 5.0, 3), Window(3, 10.0, 1)], ids=str)
def test_validation_sees_the_windows_that_serving_judges(tmp_path, frames, rate, window):
    path = tiny_data.clip(tmp_path / "a.mp4", frames, rate)
    store = load(path, tmp_path)
    step = round(10 / window.sample_fps)
    draws = served_windows(0, store.count(0), window, step)
    served = judged_by_serving(path, "conv3d", window)
    assert len(draws) == len(served)
    mine = windows.ServedWindows(store, [0], Preprocess(16), window, step, batch_size=4)
    stacks = np.concatenate([mine[n][0] for n in range(len(mine))])
    assert stacks.shape == (len(served), window.length, 16, 16, 3)
    for stack, (other,) in zip(stacks, served, strict=True):
        # Photos' scaler and the decoder's differ by a few levels; a frame further, the bar's edge differs by a hundred.
        assert np.abs(stack.astype(int) - other).mean() < 4
    assert mine.owners.tolist() == [0] * len(served)


@pytest.mark.parametrize(("frames", "rate"), [(6, 25), (110, 60), (24, 10)])
def test_masks_and_padding_are_those_of_serving(tmp_path, frames, rate):
    from train.cnn_gru import stack_masked

    window = Window(6, 5.0, 1)
    path = tiny_data.clip(tmp_path / "a.mp4", frames, rate)
    store = load(path, tmp_path)
    features = [Preprocess(16)(store[0, n]).mean(axis=(0, 1), dtype=np.float32) for n in range(0, store.count(0), 2)]
    draws = served_windows(0, len(features), window, 1)
    batch, mask = stack_masked([np.stack([features[n] for n in draw.pictures]) for draw in draws], 6)
    served = judged_by_serving(path, "cnn-gru", window)
    assert np.array_equal(mask, [present for _, present in served])
    assert np.allclose(batch, [given for given, _ in served], atol=3)
    assert not batch[mask == 0].any()


def test_a_paused_clip_is_windowed_as_serving_does(tmp_path, make_clip):
    times = [0.0, 0.2, 0.4, 1.2, 1.4]
    path = make_clip(frames=5, rate=5, times=times, picture=lambda n: np.full((48, 64), 40 + 40 * n, np.uint8))
    store = load(path, tmp_path)
    draw = served_windows(0, store.count(0), Window(4, 5.0, 1), 2)[-1]
    mine = [round(float(store[0, n].mean()), -1) for n in draw.pictures]
    (last,) = judged_by_serving(path, "conv3d", Window(4, 5.0, 1))[-1]
    assert mine == [round(float(frame.mean()), -1) for frame in last]


def test_served_windows_end_at_every_hop_and_grow_from_the_start():
    found = served_windows(7, 20, Window(length=3, sample_fps=5.0, hop=2), step=2)
    assert found[:3] == [Draw(7, (0,)), Draw(7, (0, 2, 4)), Draw(7, (4, 6, 8))]
    assert [draw.pictures[-1] for draw in found] == [0, 4, 8, 12, 16]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 30])
@pytest.mark.parametrize(("length", "step"), [(1, 1), (4, 1), (4, 2), (4, 3), (20, 2)])
def test_random_windows_lie_within_the_clip(count, length, step):
    random = np.random.default_rng(0)
    for _ in range(200):
        draw = random_window(random, 3, count, length, step)
        assert draw.item == 3
        assert 1 <= len(draw.pictures) <= length
        assert draw.pictures[0] >= 0
        assert draw.pictures[-1] < count
        assert set(np.diff(draw.pictures)) <= {step}


def test_random_windows_are_of_all_lengths_and_at_all_places():
    random = np.random.default_rng(0)
    draws = [random_window(random, 0, 40, 8, 2) for _ in range(3000)]
    lengths = Counter(len(draw.pictures) for draw in draws)
    assert set(lengths) == set(range(1, 9))
    assert lengths[8] / 3000 == pytest.approx(1 - windows.WARM_UP_SHARE * 7 / 8, abs=0.03)
    assert {draw.pictures[0] for draw in draws if len(draw.pictures) == 8} == set(range(40 - 14))


@pytest.fixture
def store(tmp_path):
    paths = [tiny_data.clip(tmp_path / f"{n}.mp4", frames, start=7 * n) for n, frames in enumerate((3, 30, 60))]
    return pictures.load([Item(path, "a", path.name) for path in paths], SPEC, tmp_path / "cache")


def batches(store, **changed):
    settings = {
        "pictures": store,
        "items": [0, 1, 2],
        "targets": np.eye(3, dtype=np.float32),
        "preprocess": Preprocess(16),
        "strength": Strength(),
        "length": 5,
        "steps": (1, 2),
        "batch_size": 2,
        "seed": 0,
        "per_clip": 2,
    }
    return windows.FrameWindows(**{**settings, **changed})


def test_a_training_batch_has_stacks_and_targets(store):
    found = batches(store)
    assert len(found) == 3
    for n in range(3):
        stacks, targets = found[n]
        assert stacks.shape == (2, 5, 16, 16, 3)
        assert stacks.dtype == np.float32
        assert 50 < stacks.max() <= 255  # raw pixels: the network scales them
        assert targets.shape == (2, 3)
    assert sum(found[n][1] for n in range(3)).sum(axis=0).tolist() == [2, 2, 2]


def test_a_short_clip_is_padded_in_front_with_its_first_frame(store):
    for seed in range(5):
        stacks, _ = batches(store, items=[0], batch_size=1, seed=seed)[0]  # 3 frames are 2 pictures
        assert all(np.array_equal(stacks[0, 0], stacks[0, n]) for n in range(4))


def test_batches_are_decided_by_seed_and_epoch(store):
    one, other = batches(store), batches(store)
    assert np.array_equal(one[1][0], other[1][0])
    assert not np.array_equal(one[1][0], batches(store, seed=1)[1][0])
    one.on_epoch_end()
    assert not np.array_equal(one[1][0], other[1][0])
    assert np.array_equal(one[1][0], batches(store, first_epoch=1)[1][0])
