"""Pass 1: a clip is decoded once and judged once, by any number of models."""

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from itertools import tee
from pathlib import Path
from time import perf_counter

import numpy as np

from vidclass import video
from vidclass.analysis import Analysis
from vidclass.classify import Classifier, Sighting
from vidclass.errors import OptionError
from vidclass.preprocess import Image
from vidclass.progress import PROGRESS_EVERY, Progress


def analysing(
    clip: str | Path, classifiers: Sequence[Classifier], every: int = 1
) -> Generator[Progress, None, tuple[Analysis, ...]]:
    """`analyse` as a generator, for any number of models at once: the clip is decoded once for all of them.

    Returns:
        An analysis for each classifier, in order. Their `timing` is that of the whole, since they share the work.
    """
    check_every(every)
    begun = perf_counter()
    times: list[float] = []
    collected: list[list[np.ndarray]] = [[] for _ in classifiers]
    with video.read(clip) as frames:
        info = frames.info
        end = 0.0

        def looked_at() -> Iterator[video.Frame]:
            nonlocal end
            for frame in frames:
                times.append(frame.time)
                end = frame.time + frame.duration
                if frame.index % every == 0:
                    yield frame

        rows = zip(*_judge(looked_at(), classifiers), strict=True)
        for done, judged in enumerate(rows):
            for kept, row in zip(collected, judged, strict=True):
                kept.append(row)
            if done % PROGRESS_EVERY == 0:
                yield Progress("classify", done * every, info.frame_count)
        notes = tuple(frames.notes)
    timing = {"classify": perf_counter() - begun}
    return tuple(
        Analysis(
            clip=Path(clip).name,
            model=classifier.bundle.name,
            family=classifier.bundle.family,
            source=classifier.source,
            labels=classifier.bundle.labels,
            times=np.array(times),
            rows=np.repeat(np.stack(kept), every, axis=0)[: len(times)],
            fps=float(info.rate),
            duration=end,
            width=info.width,
            height=info.height,
            threshold=classifier.bundle.threshold,
            notes=notes,
            timing=timing,
        )
        for classifier, kept in zip(classifiers, collected, strict=True)
    )


def check_every(every: int) -> int:
    """The step itself, once it is known to be in range.

    Raises:
        OptionError: It is less than 1.
    """
    if every < 1:
        raise OptionError(f"Every n-th frame: n must be at least 1. Received: {every}. Use 1 to classify all frames.")
    return every


def _judge(frames: Iterator[video.Frame], classifiers: Sequence[Classifier]) -> list[Iterator[np.ndarray]]:
    """Each classifier's rows. Models run at their own pace, so pictures wait for the slowest of them: small ones,
    already scaled, where there are several; a frame as it was decoded, scaled only if it is sampled, where not."""
    if len(classifiers) == 1:
        one = classifiers[0]
        return [one.rows(Sighting(frame.time, partial(_scaled, frame, one)) for frame in frames)]
    seen = ((frame.time, [_scaled(frame, each) for each in classifiers]) for frame in frames)
    copies = tee(seen, len(classifiers))
    return [each.rows(_own(number, copy)) for number, (each, copy) in enumerate(zip(classifiers, copies, strict=True))]


def _own(number: int, seen: Iterator[tuple[float, list[Image]]]) -> Iterator[Sighting]:
    """The pictures that are scaled for the classifier of that number."""
    return (Sighting(time, partial(pictures.__getitem__, number)) for time, pictures in seen)


def _scaled(frame: video.Frame, classifier: Classifier) -> Image:
    preprocess = classifier.bundle.preprocess
    return preprocess.crop(frame.rgb(preprocess.scaled_size(frame.width, frame.height)))
