"""One row for every frame: which frames are embedded, what a window holds, when the head judges."""

from functools import partial

import numpy as np
import pytest

from tests import fakes
from vidclass.bundle import FAMILIES, Window
from vidclass.classify import Classifier, Sighting
from vidclass.runtime import LoadedNetworks

SAMPLED = ("cnn-gru", "conv3d")


def picture(value):
    return np.full((8, 8, 3), value, np.uint8)


def sightings(values, fps=10.0):
    """Frames of plain greys at a constant rate."""
    return [Sighting(n / fps, partial(picture, value)) for n, value in enumerate(values)]


def rows(model, frames):
    return np.array(list(model.rows(iter(frames)))).reshape(-1, 3)


def watched(family, **fields):
    """A fake model, and its networks, which keep what they were given."""
    model = fakes.classifier(family, **fields)
    return model, model._embed, model._head


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("frames", [1, 2, 3, 7, 25])
def test_every_frame_has_a_row_that_sums_to_one(family, frames):
    found = rows(fakes.classifier(family), sightings(range(0, 10 * frames, 10)))
    assert found.shape == (frames, 3) and found.dtype == np.float32
    assert np.allclose(found.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_frames_give_no_rows(family):
    assert list(fakes.classifier(family).rows(iter([]))) == []


def test_the_frame_cnn_judges_each_frame_by_itself():
    found = rows(fakes.classifier(), sightings([0, 250, 0, 100]))
    assert found.argmax(axis=1).tolist() == [0, 2, 0, 1]


@pytest.mark.parametrize("family", SAMPLED)
def test_a_row_is_held_until_the_next_judgement(family):
    # 10 frames a second, 5 samples a second, every second one judged: frames 0, 4 and 8.
    found = rows(fakes.classifier(family), sightings([0] * 4 + [250, 0, 0, 0] + [100, 250]))
    assert found.argmax(axis=1).tolist() == [0] * 4 + [2] * 4 + [1] * 2


@pytest.mark.parametrize("family", SAMPLED)
def test_only_sampled_frames_are_made_into_pictures_and_none_twice(family):
    made = []
    frames = [Sighting(n / 25, lambda n=n: (made.append(n), picture(n))[1]) for n in range(50)]
    model, embed, _ = watched(family)
    rows(model, frames)
    assert made == list(range(0, 50, 5))
    if embed:
        assert [item.mean() for (item,) in embed.seen] == made


def test_the_frame_cnn_embeds_every_frame_once():
    model, embed, head = watched("frame-cnn")
    rows(model, sightings(range(30)))
    assert [item.mean() for (item,) in embed.seen] == list(range(30))
    assert len(head.seen) == 30


def test_a_gru_window_warms_up_with_a_mask():
    model, _, head = watched("cnn-gru", window=Window(3, 10.0, 1))
    rows(model, sightings([10, 20, 30, 40]))
    features = [window[0].ravel().tolist() for window in head.seen]
    assert features == [[10, 0, 0], [10, 20, 0], [10, 20, 30], [20, 30, 40]]
    assert [window[1].tolist() for window in head.seen] == [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]


def test_a_3d_window_warms_up_with_the_first_frame_repeated():
    model, _, head = watched("conv3d", window=Window(3, 10.0, 1))
    rows(model, sightings([10, 20, 30, 40]))
    assert all(stack.shape == (3, 8, 8, 3) and stack.dtype == np.uint8 for (stack,) in head.seen)
    means = [stack.mean(axis=(1, 2, 3)).tolist() for (stack,) in head.seen]
    assert means == [[10, 10, 10], [10, 10, 20], [10, 20, 30], [20, 30, 40]]


def test_what_was_on_show_during_a_pause_is_repeated():
    model, embed, head = watched("cnn-gru", window=Window(4, 10.0, 1))
    frames = [Sighting(time, partial(picture, value)) for time, value in [(0, 10), (0.1, 20), (0.4, 30), (9.0, 40)]]
    rows(model, frames)
    features = [window[0].ravel().tolist() for window in head.seen]
    assert features == [[10, 0, 0, 0], [10, 20, 0, 0], [20, 20, 20, 30], [30, 30, 30, 40]]
    assert len(embed.seen) == 4


@pytest.mark.parametrize("family", SAMPLED)
@pytest.mark.parametrize("fps", [15, 25, 30, 60])
def test_a_clip_at_another_rate_is_judged_at_the_same_times(family, fps):
    # What is on show changes every 0.2 s; the judgements, every 0.4 s, see the same windows at any frame rate.
    model, _, head = watched(family)
    times = np.arange(4 * fps) / fps
    values = 10 * np.floor(times * 5 + 1e-6)
    found = rows(model, [Sighting(*each) for each in zip(times, [partial(picture, v) for v in values], strict=True)])
    seen = [window[0].reshape(4, -1).mean(axis=1).tolist() for window in head.seen]
    assert len(seen) == 10
    assert seen[5] == [70, 80, 90, 100]
    judged = np.flatnonzero(np.diff(found.argmax(axis=1)))
    assert np.allclose(times[judged + 1], [2.0, 3.6], atol=1 / fps + 1e-6)


def test_temperature_softens_and_keeps_the_order():
    cold, warm = (rows(fakes.classifier(temperature=value), sightings([0]))[0] for value in (1.0, 2.0))
    assert np.allclose(cold, [0.8, 0.1, 0.1], atol=1e-6)
    root = np.sqrt(cold)
    assert np.allclose(warm, root / root.sum(), atol=1e-6)


def test_a_probability_of_zero_stays_a_number():
    head = fakes.Network(lambda feature: np.array([1, 0, 0], np.float32))
    model = Classifier(fakes.bundle(temperature=3.0), LoadedNetworks(fakes.Network(fakes.grey), head, "fake"))
    found = rows(model, sightings([0]))[0]
    assert np.isfinite(found).all() and found.argmax() == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_frames_are_taken_in_as_rows_are_asked_for(family):
    taken = []
    frames = (taken.append(n) or Sighting(n / 25, partial(picture, n % 200)) for n in range(100_000))
    stream = fakes.classifier(family).rows(frames)
    for _ in range(20):
        next(stream)
    assert len(taken) <= 40


def test_one_model_serves_several_streams_at_once():
    model = fakes.classifier("cnn-gru")
    one, other = (model.rows(iter(sightings(values))) for values in ([0] * 20, [250] * 20))
    for row, another in zip(one, other, strict=True):
        assert row.argmax() == 0 and another.argmax() == 2


def test_a_real_tiny_model_gives_the_same_rows_for_the_same_frames(tiny_bundle):
    from vidclass import runtime

    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (20, 32, 32, 3), np.uint8)
    for family in FAMILIES:
        made = tiny_bundle(family)
        found = [
            rows(
                Classifier(made, runtime.load(made, name, "f32")),
                [Sighting(n / 10, partial(pictures.__getitem__, n)) for n in range(20)],
            )
            for name in ("openvino", "tensorflow")
        ]
        assert np.allclose(*found, atol=0.005)
        assert len(np.unique(found[0].round(4), axis=0)) > 3
