"""What the order of frames is worth: clips shuffled, frozen, and as they are."""

import cv2
import numpy as np
import pytest

from tests import fakes
from train import order
from train.data import Item
from vidclass.bundle import Window
from vidclass.classify import Sighting
from vidclass.errors import OptionError
from vidclass.motion import STILL
from vidclass.pipeline import analyse
from vidclass.preprocess import Preprocess
from vidclass.runtime import LoadedNetworks


def backwards(count):
    return np.arange(count)[::-1]


def shown(levels, to, family="cnn-gru"):
    """The levels of the pictures that a model is given, of a clip of plain greys whose every frame is sampled."""
    model = fakes.classifier(family, window=Window(3, 10.0, 1))
    frames = [Sighting(n / 10, lambda v=v: np.full((8, 8, 3), v, np.uint8)) for n, v in enumerate(levels)]
    rows = list(order.Reordered(model.bundle, LoadedNetworks(model._embed, model._head, "fake"), to).rows(frames))
    assert len(rows) == len(levels)
    return [int(item[0].mean()) for item in model._embed.seen]


def test_the_sampled_frames_of_a_clip_change_places():
    assert shown([10, 20, 30, 40, 50], backwards) == [50, 40, 30, 20, 10]


def test_one_frame_repeated_stands_in_every_place():
    assert shown([10, 20, 30], lambda count: np.full(count, count // 2)) == [20, 20, 20]


def test_frames_that_are_not_sampled_stay_out_of_it():
    model = fakes.classifier("cnn-gru", window=Window(3, 5.0, 1))
    frames = [Sighting(n / 10, lambda v=n: np.full((8, 8, 3), v, np.uint8)) for n in range(6)]
    changed = order.Reordered(model.bundle, LoadedNetworks(model._embed, model._head, "fake"), backwards)
    assert len(list(changed.rows(frames))) == 6
    assert [int(item[0].mean()) for item in model._embed.seen] == [4, 2, 0]


def test_flow_is_that_of_the_frames_as_shown():
    """A model of motion sees none where one frame stands in every place."""
    architecture = {**fakes.ARCHITECTURES["cnn-gru"], "flows": 1}
    model = fakes.classifier("cnn-gru", window=Window(3, 10.0, 1), architecture=architecture, preprocess=Preprocess(64))
    embed = fakes.Network(lambda picture, flow: np.array([picture.mean()], np.float32))
    random = np.random.default_rng(0).integers(0, 256, (80, 80), np.uint8)
    smooth = cv2.GaussianBlur(random, (0, 0), 3)
    half = [np.dstack([np.vstack([smooth[8 : 8 + 32, n * 2 : n * 2 + 64], smooth[:32, :64]])] * 3) for n in range(5)]
    for to, moves in ((np.arange, True), (lambda count: np.full(count, 2), False)):
        embed.seen.clear()
        loaded = LoadedNetworks(embed, model._head, "fake")
        frames = [Sighting(n / 10, lambda n=n: half[n]) for n in range(5)]
        list(order.Reordered(model.bundle, loaded, to).rows(frames))
        assert any((flow != STILL).any() for _, flow in embed.seen) == moves


def moving(family):
    """A head that knows a clip that brightens from one that darkens and one that stays, by its windows' ends."""

    def judge(first, last):
        row = np.full(3, 0.1, np.float32)
        row[0 if last < first - 2 else 2 if last > first + 2 else 1] = 0.8
        return row

    if family == "conv3d":
        return fakes.Network(lambda frames: judge(float(frames[0].mean()), float(frames[-1].mean())))
    return fakes.Network(lambda features, mask: judge(features[0, 0], features[int(mask.sum()) - 1, 0]))


@pytest.fixture
def clips(make_clip):
    """Clips that darken, stay and brighten: with the frames out of order nobody could tell."""
    slopes = {"dark": -3, "middle": 0, "bright": 3}
    return [
        Item(
            make_clip(
                f"{label}{n}.mp4",
                frames=25,
                rate=25,
                picture=lambda i, s=slope: np.full((48, 64), 128 + s * (i - 12), np.uint8),
            ),
            label,
            f"{label}/{n}",
        )
        for label, slope in slopes.items()
        for n in range(2)
    ]


@pytest.mark.parametrize("family", ["cnn-gru", "conv3d"])
def test_a_model_of_motion_loses_when_frames_are_shuffled(clips, family):
    bundle = fakes.bundle(family, window=Window(5, 5.0, 1))
    embed = None if family == "conv3d" else fakes.Network(fakes.grey)
    loaded = LoadedNetworks(embed, moving(family), "fake")
    found = order.study(bundle, loaded, clips)
    assert found["count"] == 6
    assert found["in_order"] == 1.0
    assert found["repeated"] == pytest.approx(1 / 3)  # all seem to stand still
    assert found["shuffled"] < 1.0
    lowest, highest = found["shuffled_range"]
    assert lowest <= found["shuffled"] <= highest
    assert found["gain"] == pytest.approx(1.0 - found["shuffled"])
    low, high = found["gain_interval"]
    assert low <= found["gain"] <= high
    assert order.study(bundle, loaded, clips) == found


def test_a_model_of_colours_loses_nothing(make_clip):
    clips = [
        Item(
            make_clip(f"{n}.mp4", frames=10, rate=25, picture=lambda _, v=v: np.full((48, 64), v, np.uint8)), name, name
        )
        for n, (name, v) in enumerate([("dark", 30), ("bright", 220)])
    ]
    model = fakes.classifier("cnn-gru")
    loaded = LoadedNetworks(model._embed, model._head, "fake")
    found = order.study(model.bundle, loaded, clips)
    assert found["in_order"] == found["shuffled"] == found["repeated"] == 1.0
    assert found["gain_interval"] == [0.0, 0.0]


def test_the_rows_in_order_are_those_of_serving(clips):
    model = fakes.classifier("conv3d")
    changed = order.Reordered(model.bundle, LoadedNetworks(None, model._head, "fake"), np.arange)
    assert np.array_equal(analyse(clips[0].path, model).rows, analyse(clips[0].path, changed).rows)


def test_a_model_of_single_frames_is_refused():
    with pytest.raises(OptionError, match="frame by frame"):
        order.study(fakes.bundle(), LoadedNetworks(None, fakes.Network(fakes.third), "fake"), [])
