"""The pictures of a model card."""

import cv2
import pytest

from train import plots


def drawn(path):
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.std() > 5  # not blank
    return picture


def test_the_history_is_drawn_with_or_without_validation(tmp_path):
    plots.history({"loss": [2.0, 1.0], "accuracy": [0.3, 0.6], "val_loss": [2.1, 1.2]}, tmp_path / "a.png")
    plots.history({"loss": [2.0], "accuracy": [0.3]}, tmp_path / "b.png")
    drawn(tmp_path / "a.png")
    drawn(tmp_path / "b.png")


@pytest.mark.parametrize("classes", [2, 26])
def test_the_confusion_matrix_grows_with_the_classes(tmp_path, classes):
    matrix = [[9 if n == m else 1 for m in range(classes)] for n in range(classes)]
    plots.confusion(matrix, [f"class {n}" for n in range(classes)], tmp_path / "a.png")
    height, width = drawn(tmp_path / "a.png").shape[:2]
    assert min(height, width) > 30 * classes


def test_classes_that_do_not_occur_are_left_out_of_the_matrix(tmp_path):
    matrix = [[0] * 40 for _ in range(40)]
    matrix[3][3], matrix[3][7] = 5, 1
    plots.confusion(matrix, [f"class {n}" for n in range(40)], tmp_path / "a.png")
    assert drawn(tmp_path / "a.png").shape[0] < 600


def test_figures_by_queue_size_are_drawn(tmp_path):
    figures = {"frame_accuracy": 0.9, "switches_per_minute": 12.0}
    plots.queue({"1": figures, "8": figures, "128": figures}, tmp_path / "a.png")
    drawn(tmp_path / "a.png")
