"""Analysis: one frozen result, one clip label for every queue size."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from vidclass.errors import OptionError


@pytest.fixture
def late_tennis(make_analysis):
    """Football for 40 frames, tennis for 45: smoothed rows favour what comes first, raw rows do not."""
    return make_analysis([[0.0, 0.9, 0.1]] * 40 + [[0.0, 0.1, 0.9]] * 45)


@pytest.mark.parametrize("queue_size", [1, 8, 128, 256])
def test_the_clip_has_one_label_for_every_queue_size(late_tennis, queue_size):
    summary = late_tennis.summary(queue_size)
    assert summary.label == "tennis"
    assert summary.confidence == pytest.approx((40 * 0.1 + 45 * 0.9) / 85)
    assert summary.queue_size == queue_size
    assert summary.raw.agreement == pytest.approx(45 / 85)
    assert summary.raw.switches == 1


def test_agreement_of_smoothed_rows_is_with_the_same_label(late_tennis):
    # At K = 256 the mean stays with football almost to the end, though the clip's label is tennis.
    assert np.argmax(late_tennis.smoothed(256).mean(axis=0)) == 1
    assert late_tennis.summary(256).smoothed.agreement == pytest.approx(5 / 85)


def test_top_is_sorted_and_at_most_five(make_analysis):
    rows = np.tile([0.05, 0.3, 0.25, 0.2, 0.15, 0.05], (10, 1))
    summary = make_analysis(rows, labels="abcdef").summary(4)
    assert [label for label, _ in summary.top] == ["b", "c", "d", "e", "a"]
    assert summary.top[0] == ("b", summary.confidence)
    assert len(make_analysis([[0.5, 0.4, 0.1]]).summary(1).top) == 3


@pytest.mark.parametrize(
    ("threshold", "verdict"),
    [(0.6, "football 61 %"), (0.62, "not sure; best guess football (61 %)")],
)
def test_verdict(make_analysis, threshold, verdict):
    summary = make_analysis([[0.2, 0.61, 0.19]], threshold=threshold).summary(1)
    assert summary.sure is (threshold == 0.6)
    assert summary.verdict == verdict
    assert summary.label == "football"


def test_arrays_are_read_only_copies(make_analysis):
    rows = np.full((4, 3), 1 / 3, np.float32)
    analysis = make_analysis(rows)
    rows[:] = 0
    assert analysis.rows[0, 0] > 0.3
    for array in (analysis.rows, analysis.times):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        analysis.clip = "b.mp4"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda analysis: pickle.loads(pickle.dumps(analysis))])
def test_an_analysis_can_be_copied_and_sent(late_tennis, again):
    late_tennis.summary(8)
    other = again(late_tennis)
    np.testing.assert_array_equal(other.rows, late_tennis.rows)
    assert other.summary(8) == late_tennis.summary(8)


def test_segments_of_raw_and_smoothed_labels(late_tennis):
    raw = late_tennis.segments(1)
    assert [(run.start, run.end, run.label) for run in raw] == [(0.0, 1.6, 1), (1.6, 3.4, 2)]
    assert late_tennis.segments(16)[1].start == pytest.approx(48 / 25)


def test_smallest_queue_is_as_steady_as_the_default(late_tennis):
    assert late_tennis.smallest_queue == 1


def test_frames_per_second_by_wall_time(make_analysis):
    stages = {"decode": 0.5, "infer": 1.0, "total": 1.2}
    assert make_analysis([[1, 0, 0]] * 6, timing=stages).frames_per_second == pytest.approx(5)
    assert make_analysis([[1, 0, 0]] * 6, timing={"decode": 1.0, "infer": 2.0}).frames_per_second == pytest.approx(2)
    assert make_analysis([[1, 0, 0]], timing={}).frames_per_second == 0


@pytest.mark.parametrize("queue_size", [0, 257])
def test_queue_size_is_checked(late_tennis, queue_size):
    with pytest.raises(OptionError):
        late_tennis.summary(queue_size)
    with pytest.raises(OptionError):
        late_tennis.smoothed(queue_size)


@pytest.mark.parametrize(
    "rows", [np.zeros((0, 3)), np.zeros((4, 2)), np.zeros(3)], ids=["no frame", "a class short", "one axis"]
)
def test_rows_must_fit_times_and_labels(make_analysis, rows):
    with pytest.raises(ValueError, match="one row of one probability a label"):
        make_analysis(rows)


def test_times_must_increase_and_end_before_the_duration(make_analysis):
    analysis = make_analysis([[1, 0, 0]] * 3)
    with pytest.raises(ValueError, match="strictly increase"):
        dataclasses.replace(analysis, times=np.array([0.0, 0.2, 0.2]))
    with pytest.raises(ValueError, match="duration be no less"):
        dataclasses.replace(analysis, duration=0.01)
