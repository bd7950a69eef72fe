"""Probabilities that mean what they say: a temperature, and the confidence below which the model is not sure.

Both are fitted on the validation part. A clip's confidence is the top of its mean row, so that is what is calibrated.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidclass.classify import calibrated

BINS = 10
"""Bins of equal mass for the calibration error."""

PASS_SHARE = 0.95
"""Share of the validation items of whose label the model is sure."""

RESAMPLES = 1000
"""Of the bootstrap."""

TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5.0), 161))

Rows = Sequence[NDArray[np.float32]]
"""Of each item its rows, `(T, C)`."""


def sharpened(rows: Rows, temperature: float) -> NDArray[np.float64]:
    """The mean row of every item, `(N, C)`, after its rows' log-probabilities are divided by the temperature."""
    return np.stack([calibrated(item, temperature).mean(axis=0, dtype=np.float64) for item in rows])


def fit_temperature(rows: Rows, truth: NDArray[np.int64]) -> float:
    """The temperature with the smallest negative log-likelihood (Guo et al., 2017), by search over a grid."""
    losses = [negative_log_likelihood(sharpened(rows, float(t)), truth) for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 4)


def threshold(means: NDArray[np.float64]) -> float:
    """The confidence that at least `PASS_SHARE` of the items reach, rounded down to four digits."""
    lowest = np.quantile(means.max(axis=1), 1 - PASS_SHARE, method="lower")
    return math.floor(float(lowest) * 1e4) / 1e4


def negative_log_likelihood(means: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean of minus the log of the right class's probability."""
    return float(-np.log(np.maximum(means[np.arange(len(truth)), truth], 1e-12)).mean())


def calibration_error(means: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Expected calibration error: |accuracy - confidence|, averaged over bins of equal mass."""
    confidence, right = means.max(axis=1), means.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    return float(
        sum(
            len(part) * abs(right[part].mean() - confidence[part].mean())
            for part in np.array_split(order, min(BINS, len(order)))
        )
        / len(truth)
    )


@dataclass(frozen=True)
class Calibration:
    """How well confidence matches accuracy on one part."""

    nll: float
    error: float
    error_interval: tuple[float, float]
    """95 % interval by bootstrap over items."""


def calibration(means: NDArray[np.float64], truth: NDArray[np.int64]) -> Calibration:
    """Measures the calibration of the items' rows."""
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES)]
    low, high = np.quantile([calibration_error(means[draw], truth[draw]) for draw in draws], [0.025, 0.975])
    return Calibration(
        negative_log_likelihood(means, truth), calibration_error(means, truth), (float(low), float(high))
    )
