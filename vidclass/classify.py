"""Frames in, one row of class probabilities out for each: embed, window, judge, hold.

The three families differ in two networks and three numbers (`Window`), not in code.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vidclass import runtime, sampling
from vidclass.bundle import Bundle
from vidclass.motion import inputs_of
from vidclass.preprocess import Image

Row = NDArray[np.float32]
"""Probabilities of the classes, `(C,)`; they sum to 1."""


class Sighting(NamedTuple):
    """A frame as a classifier takes it."""

    time: float
    """Seconds from the first frame."""
    picture: Callable[[], Image]
    """Makes the picture, as the bundle's `Preprocess` wants it; called only if the frame is sampled."""


class Classifier:
    """A model ready to judge: a checked bundle and its running networks."""

    def __init__(self, bundle: Bundle, loaded: runtime.LoadedNetworks, source: str = "bundled", notice: str = ""):
        """
        Args:
            bundle: The model's configuration.
            loaded: Its networks.
            source: Where the weights came from: `bundled`, a folder, or `user/repo@commit`.
            notice: Why these weights serve and not those that were asked for; empty where they are those.
        """
        self.bundle = bundle
        self.source, self.notice = source, notice
        self.runtime = loaded.runtime
        self._embed, self._head = loaded.embed, loaded.head

    def rows(self, frames: Iterable[Sighting]) -> Iterator[Row]:
        """One row for each frame, in order.

        Args:
            frames: The frames, in order of time.

        Yields:
            Calibrated probabilities, `(C,)`. Frames between two judgements carry the earlier one.
        """
        window, inputs = Windower(self.bundle), inputs_of(self.bundle.preprocess.size, self.bundle.flows)
        judged: deque[bool] = deque()  # of each frame taken in and not yet answered: does the head run at it?
        row: Row | None = None

        def sampled() -> Iterator[runtime.Arrays]:
            for frame in frames:
                opened = window.advance(frame.time)
                judged.append(window.judges)
                if opened:
                    steps.append((opened, window.judges))
                    yield inputs(frame.picture())

        steps: deque[tuple[int, bool]] = deque()  # of each sampled frame
        pictures = sampled()
        features = self._embed.map(pictures) if self._embed else (image for (image,) in pictures)

        def windows() -> Iterator[runtime.Arrays]:
            for feature in features:
                opened, judges = steps.popleft()
                window.push(feature, opened)
                if judges:
                    yield window.arrays()

        for probabilities in self._head.map(windows()):
            while not judged[0]:  # frames that came before this judgement still carry the last one
                judged.popleft()
                yield row  # type: ignore[misc]  # the first frame is always judged
            judged.popleft()
            row = calibrated(probabilities, self.bundle.temperature)
            yield row
        for _ in judged:
            yield row  # type: ignore[misc]

    def embed(self, inputs: runtime.Arrays) -> NDArray[np.generic]:
        """The feature `(F,)` of one picture, given as `inputs_of` has it; the picture where the head takes pictures."""
        return runtime.run(self._embed, [inputs])[0] if self._embed else inputs[0]

    def judge(self, window: runtime.Arrays) -> Row:
        """The calibrated row `(C,)` of one window."""
        return calibrated(runtime.run(self._head, [window])[0], self.bundle.temperature)


def calibrated(rows: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float32]:
    """Rows `(..., C)` whose log-probabilities are divided by the temperature, so that they sum to 1 again."""
    logits = np.log(np.maximum(rows, 1e-12)) / temperature
    scaled = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normalised: NDArray[np.float32] = (scaled / scaled.sum(axis=-1, keepdims=True)).astype(np.float32)
    return normalised


class Windower:
    """The last samples of a clip, as the head takes them."""

    def __init__(self, bundle: Bundle):
        self._family, self._window = bundle.family, bundle.window
        self._samples: deque[NDArray[np.generic]] = deque(maxlen=self._window.length)
        self._tick: int | None = None
        self._frames = 0
        self.judges = False
        """Whether the head runs at the frame last given to `advance`."""

    def advance(self, time: float) -> int:
        """Moves on to the next frame; returns how many ticks it opens, 0 if it is not sampled."""
        now = sampling.tick(time, self._window.sample_fps, self._frames)
        opened = sampling.ticks_passed(self._tick, now)
        self.judges = opened > 0 and sampling.head_runs(self._tick, now, self._window.hop)
        self._tick = now
        self._frames += 1
        return opened

    def push(self, sample: NDArray[np.generic], ticks: int) -> None:
        """Adds a sampled frame's feature (or picture) that opened `ticks` ticks."""
        if self._samples:
            # What was on show during the ticks between stays in the window; more than a window of it is moot.
            self._samples.extend([self._samples[-1]] * min(ticks - 1, self._window.length))
        self._samples.append(sample)

    def arrays(self) -> runtime.Arrays:
        """The window as the head's inputs, padded as in training.

        Frame CNN: the feature `(F,)`. CNN-GRU: features `(T, F)`, zeros after the last, and a mask `(T,)` that is 1
        where there is one. 3D CNN: frames `(T, S, S, 3)`, the first one repeated in front.
        """
        samples = list(self._samples)
        missing = self._window.length - len(samples)
        if self._family == "frame-cnn":
            return (samples[-1],)
        if self._family == "conv3d":
            return (np.stack([samples[0]] * missing + samples),)
        mask = np.array([1.0] * len(samples) + [0.0] * missing, np.float32)
        return np.stack(samples + [np.zeros_like(samples[0])] * missing), mask
