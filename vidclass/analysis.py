"""The result of analysing a clip: one row of probabilities a frame, and what follows for a queue size.

It is small and frozen, and all that drawing, charts, exports and a change of the queue size need: nothing is
inferred again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vidclass import smoothing
from vidclass.smoothing import Rows, Segment, Stability

TOP = 5
"""Classes that a summary and a chart show: what a person takes in at a glance."""


def percent(share: float) -> str:
    """A share, 0–1, in words.

    >>> percent(0.868)
    '87 %'
    """
    return f"{100 * share:.0f} %"


@dataclass(frozen=True)
class Summary:
    """What a clip shows, and how steadily, raw and smoothed."""

    label: str
    """Top class of the mean raw row; the same for every queue size."""
    confidence: float
    """Mean probability of the label over the clip, 0–1."""
    sure: bool
    """Whether the confidence reaches the model's threshold; otherwise the label is only the best guess."""
    top: tuple[tuple[str, float], ...]
    """The most probable labels with their mean probability over the clip, best first; at most `TOP`."""
    queue_size: int
    """K of the smoothed figures, in frames."""
    raw: Stability
    """Figures of the frames as the model judged them."""
    smoothed: Stability
    """Figures after the rolling mean."""

    @property
    def verdict(self) -> str:
        """The answer in words: `football 87 %`, or `not sure; best guess football (31 %)`."""
        share = percent(self.confidence)
        return f"{self.label} {share}" if self.sure else f"not sure; best guess {self.label} ({share})"


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a model saw in a clip, frame by frame."""

    clip: str
    """File name of the clip."""
    model: str
    """Name of the model."""
    family: str
    """Family of the model: `frame-cnn`, `conv3d` or `cnn-gru`."""
    source: str
    """Where the weights came from: `bundled`, or `repo@revision`."""
    labels: tuple[str, ...]
    """The C classes, in the order of a row."""
    times: NDArray[np.float64]
    """Time of every frame from the first, `(T,)`, in seconds, strictly increasing, read-only."""
    rows: Rows
    """Raw, calibrated probabilities, one row a frame, `(T, C)`, read-only."""
    fps: float
    """Frames a second of the clip."""
    duration: float
    """End of the last frame, in seconds from the first frame."""
    width: int
    """Width of the clip as shown, in pixels."""
    height: int
    """Height of the clip as shown, in pixels."""
    threshold: float = 0.0
    """Mean probability from which the model is sure of its label, 0–1."""
    notes: tuple[str, ...] = ()
    """What the user should know about the clip or the run, one sentence each."""
    timing: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage; `total` is the wall time, which is less than the sum where stages overlap."""

    def __post_init__(self) -> None:
        times = np.array(self.times, dtype=np.float64)
        rows = np.array(self.rows, dtype=np.float32)
        if not len(times) or rows.shape != (len(times), len(self.labels)):
            raise ValueError(
                "An analysis must hold one row of one probability a label for each of its frames. Received: "
                f"{len(times)} times, rows of shape {rows.shape}, {len(self.labels)} labels."
            )
        if not self.duration >= times[-1] or not np.all(np.diff(times) > 0):
            raise ValueError(
                "Times must strictly increase and the duration be no less than the last of them. Received: "
                f"last time {times[-1]}, duration {self.duration}."
            )
        times.flags.writeable = rows.flags.writeable = False
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "timing", dict(self.timing))

    @cached_property
    def mean_row(self) -> NDArray[np.float64]:
        """Mean probability of every class over the clip, `(C,)`."""
        mean: NDArray[np.float64] = self.rows.mean(axis=0, dtype=np.float64)
        return mean

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """All class indices, the most probable over the clip first; the first is the clip's label."""
        return tuple(np.argsort(-self.mean_row, kind="stable").tolist())

    @cached_property
    def raw_stability(self) -> Stability:
        """How steady the label is as the model judged the frames."""
        return smoothing.stability(self.rows, self.times, self.duration, self.ranking[0])

    @cached_property
    def default_switches(self) -> int:
        """Label switches with the default K."""
        return smoothing.count_switches(smoothing.top_classes(self.smoothed(smoothing.DEFAULT_QUEUE)))

    @cached_property
    def smallest_queue(self) -> int:
        """The smallest K that brings the label switches to the number seen at the default K."""
        return smoothing.smallest_equal_queue(self.rows)

    @property
    def frames_per_second(self) -> float:
        """Frames of the clip analysed in a second of wall time; 0 where no time was taken."""
        total = self.timing.get("total", sum(self.timing.values()))
        return len(self.times) / total if total > 0 else 0.0

    def smoothed(self, queue_size: int) -> Rows:
        """The rolling mean of the rows, `(T, C)`.

        Raises:
            OptionError: The queue size is out of range.
        """
        return smoothing.rolling_mean(self.rows, queue_size)

    def segments(self, queue_size: int) -> list[Segment]:
        """The runs of frames under one label after smoothing; with a queue size of 1, of the raw labels."""
        classes = smoothing.top_classes(self.smoothed(queue_size))
        return smoothing.segments(classes, self.times, self.duration)

    def summary(self, queue_size: int) -> Summary:
        """The clip's label with its confidence, and its stability raw and smoothed.

        Args:
            queue_size: K, in frames.

        Raises:
            OptionError: The queue size is out of range.
        """
        best = self.ranking[0]
        return Summary(
            label=self.labels[best],
            confidence=float(self.mean_row[best]),
            sure=bool(self.mean_row[best] >= self.threshold),
            top=tuple((self.labels[k], float(self.mean_row[k])) for k in self.ranking[:TOP]),
            queue_size=queue_size,
            raw=self.raw_stability,
            smoothed=smoothing.stability(self.smoothed(queue_size), self.times, self.duration, best),
        )
