"""Smoothing: the rolling mean against the tutorial's literal deque, and the figures of stability."""

import itertools
import time
from collections import deque

import numpy as np
import pytest

from vidclass import smoothing
from vidclass.errors import OptionError
from vidclass.smoothing import Segment, rolling_mean, segments, smallest_equal_queue, stability


def random_rows(frames, classes=7, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.3), frames).astype(np.float32)


def literal_deque(rows, queue_size):
    """The tutorial's loop, word for word."""
    Q = deque(maxlen=queue_size)
    results = []
    for preds in rows:
        Q.append(preds)
        results.append(np.array(Q).mean(axis=0))
    return np.array(results)


@pytest.mark.parametrize("queue_size", [1, 2, 7, 128, 256])
@pytest.mark.parametrize("frames", [1, 5, 127, 128, 600])
def test_rolling_mean_is_the_tutorials_deque(queue_size, frames):
    rows = random_rows(frames)
    mean = rolling_mean(rows, queue_size)
    assert mean.dtype == np.float32 and mean.shape == rows.shape
    np.testing.assert_allclose(mean, literal_deque(rows.astype(np.float64), queue_size), atol=1e-6, rtol=0)
    np.testing.assert_allclose(mean, literal_deque(rows, queue_size), atol=1e-6, rtol=0)


@pytest.mark.parametrize("queue_size", [2, 128, 256])
def test_rolling_mean_stays_accurate_over_ten_minutes(queue_size):
    rows = random_rows(18_000, classes=4)
    wanted = np.stack([rows[max(0, t + 1 - queue_size) : t + 1].mean(axis=0, dtype=np.float64) for t in range(18_000)])
    np.testing.assert_allclose(rolling_mean(rows, queue_size), wanted, atol=1e-7, rtol=0)


def test_rolling_mean_of_one_is_the_rows_themselves_in_a_new_array():
    rows = random_rows(50)
    mean = rolling_mean(rows, 1)
    np.testing.assert_array_equal(mean, rows)
    assert not np.shares_memory(mean, rows)


def test_rounding_makes_no_probability_negative_and_no_tie_flicker():
    rows = np.zeros((5000, 3), np.float32)
    rows[:2500, 0], rows[2500:, 1:] = 1 / 3, 1 / 3
    mean = rolling_mean(rows, 7)
    assert mean.min() == 0
    assert set(smoothing.top_classes(mean)[2600:].tolist()) == {1}  # classes 1 and 2 tie for ever: the first wins


@pytest.mark.parametrize("queue_size", [0, -3, 257, 1000, 7.5, True, "12", None])
def test_queue_size_out_of_range_is_refused_in_three_parts(queue_size):
    with pytest.raises(OptionError, match=r"must be a whole number from 1 to 256.*Received: .*Try 128"):
        rolling_mean(random_rows(4), queue_size)


def test_numpy_queue_size_is_accepted():
    assert rolling_mean(random_rows(4), np.int64(2)).shape == (4, 7)


def one_hot(classes, count=3):
    return np.eye(count, dtype=np.float32)[list(classes)]


def test_stability_by_hand():
    rows = one_hot([0, 0, 1, 0, 0, 0, 2, 2])
    times = np.arange(8) / 4
    figures = stability(rows, times, 2.0, clip_class=0)
    assert figures.switches == 3
    assert figures.switches_per_minute == pytest.approx(90)
    assert figures.longest_steady == pytest.approx(0.75)
    assert figures.agreement == pytest.approx(5 / 8)


def test_last_frame_counts_for_what_it_lasts():
    assert stability(one_hot([0, 1, 1]), np.array([0.0, 0.1, 0.2]), 5.0, 1).longest_steady == pytest.approx(4.9)


def test_stability_uses_times_and_not_frame_numbers():
    rows, times = one_hot([0, 0, 0, 1, 1]), np.array([0.0, 0.01, 0.02, 0.03, 4.0])
    assert stability(rows, times, 4.1, 0).longest_steady == pytest.approx(4.07)


def test_one_frame_and_no_duration():
    figures = stability(one_hot([2]), np.zeros(1), 0.0, 2)
    assert (figures.switches, figures.switches_per_minute, figures.longest_steady, figures.agreement) == (
        0,
        0,
        0,
        1,
    )


def test_segments_cover_the_clip_without_gaps():
    classes = smoothing.top_classes(random_rows(300))
    times = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.1, 300))
    runs = segments(classes, times - times[0], 20.0)
    assert runs[0].start == 0 and runs[-1].end == 20.0
    for one, other in itertools.pairwise(runs):
        assert one.end == other.start and one.label != other.label
    assert len(runs) == smoothing.count_switches(classes) + 1


def test_segments_of_one_frame():
    assert segments(np.array([3]), np.zeros(1), 0.04) == [Segment(0.0, 0.04, 3)]


def flickering(frames, classes=26, seed=0):
    """A clip of one label whose rows flicker to others, as real ones do."""
    logits = np.random.default_rng(seed).normal(0, 1.2, (frames, classes))
    logits[:, 3] += 2.5
    odds = np.exp(logits)
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_smallest_equal_queue_is_the_first_that_is_as_steady(seed):
    rows = flickering(400, seed=seed)
    switches = {k: smoothing.count_switches(smoothing.top_classes(rolling_mean(rows, k))) for k in range(1, 129)}
    assert switches[1] > switches[128]
    assert smallest_equal_queue(rows) == next(k for k in switches if switches[k] <= switches[128])


def test_smallest_equal_queue_of_a_steady_clip_is_one():
    assert smallest_equal_queue(one_hot([1] * 40)) == 1
    assert smallest_equal_queue(one_hot([1])) == 1


def test_smallest_equal_queue_is_quick_enough_for_a_slider():
    # The worst case: rows so even that hardly any K below 128 is as steady.
    rows = random_rows(1800, classes=26)
    smallest_equal_queue(rows)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        smallest_equal_queue(rows)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.25, "generous, for a loaded machine; alone it takes well under 50 ms"
