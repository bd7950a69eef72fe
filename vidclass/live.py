"""One picture at a time through a model, for a camera: each picture's row is there before the next one comes."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from vidclass.analysis import Analysis
from vidclass.classify import Classifier, Row, Windower
from vidclass.motion import inputs_of
from vidclass.preprocess import Image
from vidclass.smoothing import MAX_QUEUE

SHOWN = 30.0
"""Seconds of the past that are shown."""
FASTEST = 30
"""Pictures a second that are kept at most; more of them would only cost memory."""


@dataclass
class Live:
    """A camera's pictures, as one model sees them. Each visitor has their own.

    The rolling mean is that of a clip, over the last K pictures that came.
    """

    classifier: Classifier
    times: deque[float] = field(default_factory=lambda: deque(maxlen=round(SHOWN * FASTEST) + MAX_QUEUE))
    """When the pictures came, in seconds from the first one."""
    rows: deque[Row] = field(default_factory=lambda: deque(maxlen=round(SHOWN * FASTEST) + MAX_QUEUE))
    """What the model said of each, `(C,)`."""

    def __post_init__(self) -> None:
        bundle = self.classifier.bundle
        self._window, self._inputs = Windower(bundle), inputs_of(bundle.preprocess.size, bundle.flows)

    def push(self, time: float, picture: Image) -> Row:
        """Takes in a picture and judges it.

        Args:
            time: Seconds from the first picture, later than that of the last one.
            picture: RGB, `(H, W, 3)`.

        Returns:
            Its row; between two judgements, the earlier one.
        """
        opened = self._window.advance(time)
        if opened:
            seen = self._inputs(self.classifier.bundle.preprocess(picture))
            self._window.push(self.classifier.embed(seen), opened)
        row = self.classifier.judge(self._window.arrays()) if self._window.judges else self.rows[-1]
        self.times.append(time)
        self.rows.append(row)
        return row

    def mean(self, queue_size: int) -> Row:
        """The mean of the last K rows, `(C,)`; of fewer at the start.

        Raises:
            IndexError: No picture has come yet.
        """
        recent = list(self.rows)[-queue_size:]
        mean: Row = np.stack(recent).mean(axis=0, dtype=np.float64).astype(np.float32)
        return mean

    @property
    def rate(self) -> float:
        """Pictures a second, over those that are kept; 0 before the second one."""
        span = self.times[-1] - self.times[0] if self.times else 0.0
        return (len(self.times) - 1) / span if span > 0 else 0.0

    def analysis(self) -> Analysis:
        """What was seen in the last `SHOWN` seconds, as of a clip.

        Raises:
            IndexError: No picture has come yet.
        """
        first = next(n for n, time in enumerate(self.times) if time >= self.times[-1] - SHOWN)
        times = np.array(self.times)[first:]
        bundle = self.classifier.bundle
        return Analysis(
            clip="camera",
            model=bundle.name,
            family=bundle.family,
            source=self.classifier.source,
            labels=bundle.labels,
            times=times - times[0],
            rows=np.stack(self.rows)[first:],
            fps=self.rate,
            duration=float(times[-1] - times[0]),
            width=0,
            height=0,
            threshold=bundle.threshold,
        )
