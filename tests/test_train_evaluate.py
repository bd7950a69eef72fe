"""A bundle's numbers: computed by hand, and through vidclass itself."""

from pathlib import Path

import numpy as np
import pytest

from tests import fakes, tiny_data
from train import evaluate
from train.data import Item
from train.evaluate import Prediction, Predictions
from vidclass.errors import DataError

LABELS = ("a", "b", "c")


def prediction(label, *rows, duration=0.0):
    return Prediction(Item(Path(f"{label}.mp4"), label, label), np.array(rows, np.float32), duration)


@pytest.fixture
def predictions():
    """Four items: right, wrong but second, wrong but third, right only by the mean of its rows."""
    return Predictions(
        LABELS,
        [
            prediction("a", [0.7, 0.2, 0.1]),
            prediction("a", [0.3, 0.6, 0.1]),
            prediction("b", [0.5, 0.1, 0.4]),
            prediction("b", [0.4, 0.35, 0.25], [0.05, 0.9, 0.05]),
        ],
    )


def test_accuracy_is_of_the_mean_row(predictions):
    found = evaluate.measure(predictions)
    assert found["top1"] == 0.5
    assert found["top3"] == 1.0
    assert found["count"] == 4


def test_top3_counts_the_three_best_of_many():
    labels = ("a", "b", "c", "d", "e")
    rows = [[0.4, 0.3, 0.2, 0.06, 0.04], [0.4, 0.3, 0.2, 0.06, 0.04]]
    found = Predictions(labels, [prediction("c", rows[0]), prediction("d", rows[1])])
    assert evaluate.measure(found)["top3"] == 0.5


def test_the_confusion_matrix_has_the_truth_in_its_rows(predictions):
    found = evaluate.measure(predictions)
    assert found["confusion"] == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert found["labels"] == ["a", "b", "c"]


def test_per_class_figures_are_of_the_classes_that_occur(predictions):
    found = evaluate.measure(predictions)["per_class"]
    assert found["a"] == {"precision": 0.5, "recall": 0.5, "f1-score": 0.5, "support": 2}
    assert "c" not in found
    assert "recall" in evaluate.report(predictions)


def test_photos_have_no_figures_by_queue_size(predictions):
    assert "by_queue_size" not in evaluate.measure(predictions)


def test_queue_sizes_smooth_frames_and_count_switches():
    a, b = [0.6, 0.3, 0.1], [0.3, 0.6, 0.1]
    clips = [
        prediction("a", a, b, a, b, a, a, a, a, duration=30.0),
        prediction("b", b, b, b, b, duration=30.0),
    ]
    found = evaluate.measure(Predictions(LABELS, clips), [1, 2, 8])["by_queue_size"]
    assert list(found) == ["1", "2", "8"]
    assert found["1"] == {"frame_accuracy": 10 / 12, "switches_per_minute": 4.0}
    # With K = 2 a tie follows each switch, in which the first class counts as the label: all of the first clip is a.
    assert found["2"] == {"frame_accuracy": 1.0, "switches_per_minute": 0.0}


def test_clips_are_weighed_by_their_frames():
    clips = [prediction("a", *[[1, 0, 0]] * 9, duration=1.0), prediction("a", [0, 1, 0], duration=1.0)]
    assert evaluate.measure(Predictions(LABELS, clips), [1])["by_queue_size"]["1"]["frame_accuracy"] == 0.9


def test_another_temperature_gives_the_rows_that_serving_would(tmp_path):
    path = tiny_data.clip(tmp_path / "a.mp4", 4)
    items = [Item(path, "middle", "a")]
    cold, warm = (evaluate.predict(fakes.classifier(temperature=t), items) for t in (1.0, 2.0))
    changed = evaluate.calibrated(cold, 2.0)
    assert np.allclose(changed.found[0].rows, warm.found[0].rows)
    assert not np.allclose(cold.found[0].rows, warm.found[0].rows)


@pytest.mark.parametrize("family", fakes.WINDOWS)
def test_photos_and_clips_are_judged_and_bad_files_named(tmp_path, family):
    dark = tiny_data.photo(tmp_path / "dark.cms", (30, 30, 30))
    bright = tiny_data.photo(tmp_path / "bright.png", (220, 220, 220))
    clip = tiny_data.clip(tmp_path / "a.mp4", 10)
    bad = [tmp_path / "bad.jpg", tmp_path / "bad.mp4", tmp_path / "missing.mp4", tmp_path / "missing.jpg"]
    for path in bad[:2]:
        path.write_bytes(b"no")
    labels = {dark: "dark", bright: "bright", clip: "middle"}
    items = [Item(path, labels.get(path, "dark"), path.name) for path in [bad[0], dark, clip, *bad[1:], bright]]
    found = evaluate.predict(fakes.classifier(family), items)
    assert {each.item.path: label_of(each) for each in found.found} == labels
    assert [each.rows.shape for each in found.found if each.item.path == clip] == [(10, 3)]
    assert {line.partition(":")[0] for line in found.bad} == {str(path) for path in bad}
    assert evaluate.measure(found)["top1"] == 1.0
    assert set(evaluate.measure(found)["by_queue_size"]) == {"1", "8", "32", "64", "128"}


def label_of(prediction):
    return fakes.LABELS[int(prediction.mean.argmax())]


def test_the_clips_row_is_the_mean_that_vidclass_shows(tmp_path):
    from vidclass.pipeline import analyse

    path = tiny_data.clip(tmp_path / "a.mp4", 10)
    found = evaluate.predict(fakes.classifier("cnn-gru"), [Item(path, "middle", "a")]).found[0]
    analysis = analyse(path, fakes.classifier("cnn-gru"))
    assert np.array_equal(found.rows, analysis.rows)
    assert np.array_equal(found.mean, analysis.mean_row)
    assert found.duration == analysis.duration


def test_items_of_other_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match="Received: cats"):
        evaluate.predict(fakes.classifier(), [Item(tmp_path / "a.jpg", "cats", "a")])
    with pytest.raises(DataError, match="Received: no item"):
        evaluate.predict(fakes.classifier(), [])


def test_a_list_of_which_nothing_can_be_read_is_refused(tmp_path):
    with pytest.raises(DataError, match="None of 2 could be read"):
        evaluate.predict(fakes.classifier(), [Item(tmp_path / name, "dark", "a") for name in ("a.jpg", "b.mp4")])
