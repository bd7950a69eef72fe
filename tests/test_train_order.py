"""What the order of frames is worth: windows shuffled, frozen, and as they are."""

import numpy as np
import pytest

from tests import fakes
from train import order
from train.data import Item
from vidclass import runtime
from vidclass.bundle import Window
from vidclass.classify import Classifier
from vidclass.errors import OptionError


def backwards(count):
    return np.arange(count)[::-1]


def shown(item, to):
    """What a head is shown in place of `item`."""
    head = fakes.Network(lambda *arrays: np.zeros(3, np.float32))
    list(order.Reordered(head, to).map([item]))
    return head.seen[0]


def stack(*levels):
    """A 3D CNN's window of plain frames."""
    return np.stack([np.full((4, 4, 3), value, np.uint8) for value in levels])


def levels(window):
    return window.reshape(len(window), -1)[:, 0].tolist()


def test_only_steps_that_are_there_change_places_in_a_masked_window():
    features = np.array([[1.0], [2], [3], [0], [0]], np.float32)
    mask = np.array([1, 1, 1, 0, 0], np.float32)
    window, seen = shown((features, mask), backwards)
    assert window.ravel().tolist() == [3, 2, 1, 0, 0]
    assert seen is mask
    assert features.ravel().tolist() == [1, 2, 3, 0, 0]  # the original is another one's too


def test_the_padding_of_a_stack_is_made_of_the_first_frame_shown():
    (window,) = shown((stack(1, 1, 1, 2, 3),), backwards)
    assert levels(window) == [3, 3, 3, 2, 1]


def test_a_full_stack_is_reordered_whole():
    (window,) = shown((stack(1, 2, 3, 4),), backwards)
    assert levels(window) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("frames", "expected"), [((1, 1, 1), 2), ((1, 2, 1), 0), ((1, 1, 2), 1), ((1,), 0), ((1, 2, 2), 0)]
)
def test_padding_is_the_first_frame_repeated(frames, expected):
    assert order.padded(stack(*frames)) == expected


def test_one_frame_repeated_fills_window_and_padding():
    (window,) = shown((stack(1, 1, 2, 3),), lambda count: np.full(count, count - 1))
    assert levels(window) == [3, 3, 3, 3]


def test_in_order_a_head_sees_what_it_always_sees():
    item = (stack(1, 1, 2, 3),)
    assert np.array_equal(shown(item, np.arange)[0], item[0])


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
    loaded = runtime.LoadedNetworks(embed, moving(family), "fake")
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
    loaded = runtime.LoadedNetworks(model._embed, model._head, "fake")
    found = order.study(model.bundle, loaded, clips)
    assert found["in_order"] == found["shuffled"] == found["repeated"] == 1.0
    assert found["gain_interval"] == [0.0, 0.0]


def test_the_rows_in_order_are_those_of_serving(clips):
    model = fakes.classifier("conv3d")
    changed = Classifier(model.bundle, runtime.LoadedNetworks(None, order.Reordered(model._head, np.arange), "fake"))
    from vidclass.pipeline import analyse

    assert np.array_equal(analyse(clips[0].path, model).rows, analyse(clips[0].path, changed).rows)


def test_a_model_of_single_frames_is_refused():
    with pytest.raises(OptionError, match="frame by frame"):
        order.study(fakes.bundle(), runtime.LoadedNetworks(None, fakes.Network(fakes.third), "fake"), [])
