"""Which frames are judged: arithmetic on times alone."""

import numpy as np
import pytest

from vidclass.sampling import TICK_TOLERANCE, head_runs, judged, tick, ticks_passed


def at(fps, seconds=4.0):
    return [n / fps for n in range(round(fps * seconds))]


def test_without_a_rate_every_frame_is_a_tick_of_its_own():
    assert judged(at(25, 0.2), None, 1) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert judged(at(25, 0.2), None, 2) == ([0, 1, 2, 3, 4], [0, 2, 4])


@pytest.mark.parametrize("fps", [10, 15, 24, 25, 30000 / 1001, 30, 50, 60, 120])
def test_a_clip_of_any_rate_is_judged_at_the_same_times(fps):
    times = at(fps)
    embedded, heads = judged(times, 5.0, 2)
    # A tick is opened by the first frame in it, so at most one frame after the tick begins.
    assert np.allclose([times[n] for n in embedded], np.arange(20) / 5, atol=1 / fps + TICK_TOLERANCE)
    assert all(times[n] >= k / 5 - TICK_TOLERANCE for k, n in enumerate(embedded))
    assert heads == embedded[::2]


@pytest.mark.parametrize("fps", [1, 2, 5])
def test_a_clip_no_faster_than_the_sampling_is_sampled_at_every_frame(fps):
    assert judged(at(fps), 5.0, 1)[0] == list(range(4 * fps))


@pytest.mark.parametrize("clock", [90_000, 1000])
def test_times_that_a_clock_rounds_are_judged_alike(clock):
    exact = at(25)
    rounded = [round(time * clock) / clock for time in exact]
    assert judged(rounded, 5.0, 2) == judged(exact, 5.0, 2)


def test_a_pause_opens_all_its_ticks_at_once():
    assert ticks_passed(3, tick(2.0, 5.0, 99)) == 7
    assert ticks_passed(3, 3) == 0
    assert ticks_passed(None, 0) == 1


def test_the_head_runs_once_after_a_pause_that_skips_several_of_its_turns():
    assert [head_runs(before, now, 4) for before, now in [(None, 0), (0, 3), (3, 13), (13, 15), (15, 16)]] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_no_frames_are_no_judgements():
    assert judged([], 5.0, 2) == ([], [])
