"""Prediction averaging: the rolling mean of the last K rows, and figures that say how steady labels become.

The rolling mean is the tutorial's `collections.deque(maxlen=K)` and `np.array(queue).mean(axis=0)`, for all
frames at once. While fewer than K frames have been seen, the mean is over those.

Source: PyImageSearch, "Video classification with Keras and Deep Learning", 2019.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidclass.errors import OptionError

MIN_QUEUE = 1
"""Smallest queue, in frames: no smoothing."""
MAX_QUEUE = 256
"""Largest queue, in frames: 8.5 s at 30 fps, after which a clip of common length no longer changes."""
DEFAULT_QUEUE = 128
"""The tutorial's queue, in frames."""

Rows = NDArray[np.float32]
"""One row of C probabilities a frame, `(T, C)`."""


@dataclass(frozen=True)
class Stability:
    """How steady the label of a clip is from frame to frame."""

    switches: int
    """Frames whose label differs from the frame before."""
    switches_per_minute: float
    """Switches by the clip's duration."""
    longest_steady: float
    """Longest stretch under one label, in seconds; a stretch lasts until the next label's first frame."""
    agreement: float
    """Share of frames, 0–1, whose label is the clip's label."""


@dataclass(frozen=True)
class Segment:
    """A run of frames under one label."""

    start: float
    """Time of the run's first frame, in seconds."""
    end: float
    """Time of the next run's first frame, in seconds; for the last run the end of the clip."""
    label: int
    """Index of the class."""


def check_queue_size(queue_size: int) -> int:
    """The queue size itself, once it is known to be in range.

    Raises:
        OptionError: It is not a whole number from `MIN_QUEUE` to `MAX_QUEUE`.
    """
    whole = isinstance(queue_size, (int, np.integer)) and not isinstance(queue_size, bool)
    if not whole or not MIN_QUEUE <= queue_size <= MAX_QUEUE:
        raise OptionError(
            f"The queue size must be a whole number from {MIN_QUEUE} to {MAX_QUEUE} frames. "
            f"Received: {queue_size}. Try {DEFAULT_QUEUE}, or {MIN_QUEUE} for no smoothing."
        )
    return int(queue_size)


def rolling_mean(rows: NDArray[Any], queue_size: int) -> Rows:
    """The mean of the last `queue_size` rows at every frame, fewer at the start.

    >>> rolling_mean(np.array([[1.0], [0.0], [0.5]]), 2).ravel().tolist()
    [1.0, 0.5, 0.25]

    Args:
        rows: Probabilities, `(T, C)`.
        queue_size: K, in frames; 1 returns the rows as they are.

    Returns:
        The means, `(T, C)`.

    Raises:
        OptionError: The queue size is out of range.
    """
    if check_queue_size(queue_size) == 1:
        return np.array(rows, dtype=np.float32)
    return _window_means(np.cumsum(rows, axis=0, dtype=np.float64), queue_size)


def _window_means(totals: NDArray[np.float64], queue_size: int) -> Rows:
    # The difference of two running totals is the sum of a window; float64 keeps it good to 1e-11 over hours.
    sums = totals.copy()
    sums[queue_size:] -= totals[:-queue_size]
    np.maximum(sums, 0, out=sums)  # rounding must not make a probability of zero negative
    sums /= np.minimum(np.arange(1, len(totals) + 1), queue_size)[:, None]
    return sums.astype(np.float32)


def top_classes(rows: NDArray[Any]) -> NDArray[np.intp]:
    """Index of the most probable class of every frame, `(T, C)` -> `(T,)`."""
    classes: NDArray[np.intp] = np.argmax(rows, axis=1)
    return classes


def count_switches(classes: NDArray[np.intp]) -> int:
    """Frames, of `(T,)` class indices, whose class differs from the frame before."""
    return int(np.count_nonzero(classes[1:] != classes[:-1]))


def segments(classes: NDArray[np.intp], times: NDArray[np.float64], duration: float) -> list[Segment]:
    """The runs of equal classes, in order and without gaps.

    >>> segments(np.array([4, 4, 7]), np.array([0.0, 0.1, 0.2]), 0.3)
    [Segment(start=0.0, end=0.2, label=4), Segment(start=0.2, end=0.3, label=7)]

    Args:
        classes: Class index of every frame, `(T,)`.
        times: Time of every frame, `(T,)`, in seconds.
        duration: End of the last frame, in seconds.
    """
    first = np.flatnonzero(np.concatenate(([True], classes[1:] != classes[:-1])))
    starts = times[first].tolist()
    ends = [*starts[1:], float(duration)]
    return [Segment(*run) for run in zip(starts, ends, classes[first].tolist(), strict=True)]


def stability(rows: NDArray[Any], times: NDArray[np.float64], duration: float, clip_class: int) -> Stability:
    """How steady the top class of the rows is.

    Args:
        rows: Probabilities, raw or smoothed, `(T, C)`.
        times: Time of every frame, `(T,)`, in seconds.
        duration: End of the last frame, in seconds, so that the last frame counts for what it lasts.
        clip_class: Index of the clip's label. It is given, since the mean of smoothed rows weighs the clip's
            start more than the mean of raw rows does, and a clip has one label.
    """
    classes = top_classes(rows)
    switches = count_switches(classes)
    return Stability(
        switches=switches,
        switches_per_minute=60 * switches / duration if duration > 0 else 0.0,
        longest_steady=max(run.end - run.start for run in segments(classes, times, duration)),
        agreement=float(np.mean(classes == clip_class)),
    )


def smallest_equal_queue(rows: NDArray[Any], queue_size: int = DEFAULT_QUEUE) -> int:
    """The smallest K with no more label switches than `queue_size` gives.

    Every K is tried from 1 on, because switches need not fall steadily with K.
    """
    totals = np.cumsum(rows, axis=0, dtype=np.float64)
    goal = count_switches(top_classes(rolling_mean(rows, queue_size)))
    if count_switches(top_classes(rows)) <= goal:
        return MIN_QUEUE
    return next(
        (k for k in range(2, queue_size) if count_switches(top_classes(_window_means(totals, k))) <= goal),
        queue_size,
    )
