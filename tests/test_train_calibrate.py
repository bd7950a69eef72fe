"""A temperature that makes probabilities mean what they say, and the confidence under which the model is not sure."""

import numpy as np
import pytest

from train import calibrate


def softmax(logits):
    scaled = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return scaled / scaled.sum(axis=-1, keepdims=True)


def sample(count=400, classes=5, temperature=1.0, seed=0):
    """Rows that are honest once their log-probabilities are divided by the temperature, and labels drawn from that."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, classes))
    honest = softmax(logits)
    truth = np.array([random.choice(classes, p=row) for row in honest])
    return [row[None].astype(np.float32) for row in softmax(logits * temperature)], truth


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature):
    rows, truth = sample(temperature=temperature)
    assert calibrate.fit_temperature(rows, truth) == pytest.approx(temperature, rel=0.25)


def test_the_temperature_is_that_of_the_mean_row_of_clips():
    random = np.random.default_rng(1)
    rows, truth = sample(300, temperature=2.5)
    clips = [np.repeat(row, random.integers(1, 30), axis=0) for row in rows]  # still pictures: the mean is the row
    assert calibrate.fit_temperature(clips, truth) == calibrate.fit_temperature(rows, truth)


def test_calibrating_brings_both_figures_down_and_keeps_the_order_of_classes():
    rows, truth = sample(temperature=3.0)
    before = calibrate.sharpened(rows, 1.0)
    after = calibrate.sharpened(rows, calibrate.fit_temperature(rows, truth))
    assert calibrate.negative_log_likelihood(after, truth) < calibrate.negative_log_likelihood(before, truth)
    assert calibrate.calibration_error(after, truth) < 0.5 * calibrate.calibration_error(before, truth)
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert np.allclose(after.sum(axis=1), 1)


def test_the_likelihood_is_the_mean_log_of_the_right_class():
    means = np.array([[0.5, 0.5], [0.1, 0.9]])
    assert calibrate.negative_log_likelihood(means, np.array([0, 1])) == pytest.approx(-np.log([0.5, 0.9]).mean())
    assert np.isfinite(calibrate.negative_log_likelihood(np.array([[0.0, 1.0]]), np.array([0])))


def rows_of(confidence):
    confidence = np.asarray(confidence)
    return np.stack([confidence, 1 - confidence], axis=1)


def test_confidence_that_equals_accuracy_has_no_calibration_error():
    means = rows_of([0.75] * 40)
    truth = np.array([0, 0, 0, 1] * 10)
    # Each of the ten bins has four of these items, in a stable order.
    assert calibrate.calibration_error(means, truth) == pytest.approx(0)


def test_certainty_that_is_always_wrong_has_an_error_of_one():
    assert calibrate.calibration_error(rows_of([1.0] * 30), np.ones(30, int)) == pytest.approx(1)


def test_bins_have_equal_mass_and_errors_in_them_add_up():
    # Five bins of low confidence, always right (error 0.4), and five of high confidence, always right (error 0.1).
    means = rows_of([0.6] * 50 + [0.9] * 50)
    assert calibrate.calibration_error(means, np.zeros(100, int)) == pytest.approx(0.25)


def test_too_sure_and_too_modest_do_not_cancel_across_bins():
    means = rows_of([0.9] * 50 + [0.6] * 50)
    truth = np.array([0, 0, 1, 0, 1] * 10 + [0] * 50)  # 0.6 right where it says 0.9; 1.0 right where it says 0.6
    assert calibrate.calibration_error(means, truth) > 0.3


def test_fewer_items_than_bins_have_a_bin_each():
    assert calibrate.calibration_error(rows_of([0.8, 0.6]), np.zeros(2, int)) == pytest.approx(0.3)


def test_the_interval_holds_the_error_and_narrows_with_more_items():
    widths = []
    for count in (60, 1200):
        rows, truth = sample(count)
        found = calibrate.calibration(calibrate.sharpened(rows, 1.0), truth)
        low, high = found.error_interval
        assert 0 <= low < high
        assert found.error <= high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 30, 99, 117, 400])
def test_the_threshold_passes_95_percent_and_hardly_more(count):
    confidence = np.random.default_rng(count).uniform(0.2, 1.0, count)
    threshold = calibrate.threshold(rows_of(np.maximum(confidence, 1 - confidence)))
    passed = (np.maximum(confidence, 1 - confidence) >= threshold).sum()
    assert passed >= 0.95 * count
    assert passed < 0.95 * count + 2
