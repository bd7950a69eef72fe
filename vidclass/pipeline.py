"""The two passes over a clip: analyse it once, render it as often as wanted.

Both are generators of `Progress`, so that a page can show how far they are and stop them at any frame; `analyse` and
`render` run them to their end. Every front end goes through here, so that a clip gets one answer.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import tee
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np

from vidclass import video
from vidclass.analysis import Analysis
from vidclass.annotate import Annotator
from vidclass.classify import Classifier, Sighting
from vidclass.errors import OptionError, VideoError
from vidclass.palette import class_colors
from vidclass.preprocess import Image
from vidclass.smoothing import DEFAULT_QUEUE, check_queue_size, top_classes

T = TypeVar("T")

PROGRESS_EVERY = 16
"""Frames from one report to the next: at 400 frames a second, 25 a second."""


@dataclass(frozen=True)
class Progress:
    """How far a pass is."""

    stage: str
    """`classify` or `render`."""
    done: int
    """Frames done."""
    total: int | None
    """Frames in the clip, as far as the file tells."""


@dataclass(frozen=True)
class Output:
    """An annotated video to make."""

    path: Path
    queue_size: int
    """K; 1 shows the model's own judgements."""


def analyse(
    clip: str | Path,
    classifier: Classifier,
    every: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Analysis:
    """Classifies a clip: decodes it once, infers once.

    Args:
        clip: The file.
        classifier: The model.
        every: Only every n-th frame is looked at, and its row held for the others. Defaults to 1, all of them.
        progress: Called now and then while it goes on.

    Raises:
        VideoError: The clip cannot be read.
        OptionError: `every` is less than 1.
    """
    return run(analysing(clip, [classifier], every), progress)[0]


def render(
    clip: str | Path,
    analysis: Analysis,
    path: str | Path,
    queue_size: int = DEFAULT_QUEUE,
    unsmoothed: str | Path | None = None,
    max_width: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[str, ...]:
    """Writes the annotated video, and on wish the unsmoothed one, in one pass.

    Args:
        clip: The file that was analysed.
        analysis: Its analysis.
        path: The MP4 to write, with the mean of the last `queue_size` rows burned in.
        queue_size: K, in frames.
        unsmoothed: Another MP4 to write, with the model's own rows.
        max_width: Videos wider than this are scaled down to it. Defaults to None, the clip's own size.
        progress: Called now and then while it goes on.

    Returns:
        What was wrong with the clip's sound, a sentence each.

    Raises:
        VideoError: The clip cannot be read or is not the one analysed, or a video cannot be written.
        OptionError: The queue size is out of range.
    """
    outputs = [Output(Path(path), queue_size)]
    if unsmoothed is not None:
        outputs.append(Output(Path(unsmoothed), 1))
    return run(rendering(clip, analysis, outputs, max_width), progress)


def run(job: Generator[Progress, None, T], progress: Callable[[Progress], None] | None = None) -> T:
    """Runs a pass to its end, and closes it (files, networks) even if `progress` raises.

    Args:
        job: `analysing(...)` or `rendering(...)`.
        progress: Called with each report.

    Returns:
        What the pass returns.
    """
    with closing(job):
        while True:
            try:
                step = next(job)
            except StopIteration as end:
                result: T = end.value
                return result
            if progress:
                progress(step)


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
    return [
        each.rows(Sighting(time, partial(pictures.__getitem__, number)) for time, pictures in copy)
        for number, (each, copy) in enumerate(zip(classifiers, tee(seen, len(classifiers)), strict=True))
    ]


def _scaled(frame: video.Frame, classifier: Classifier) -> Image:
    preprocess = classifier.bundle.preprocess
    return preprocess.crop(frame.rgb(preprocess.scaled_size(frame.width, frame.height)))


def rendering(
    clip: str | Path, analysis: Analysis, outputs: Sequence[Output], max_width: int | None = None
) -> Generator[Progress, None, tuple[str, ...]]:
    """`render` as a generator, for any number of outputs: the clip is decoded once for all of them."""
    smoothed = [analysis.smoothed(check_queue_size(output.queue_size)) for output in outputs]
    strays = [top_classes(rows) != analysis.ranking[0] for rows in smoothed]
    colors = class_colors(analysis.ranking)
    with ExitStack() as stack:
        frames = stack.enter_context(video.read(clip))
        info = frames.info
        size = _output_size(info.width, info.height, max_width)
        writers = [
            stack.enter_context(video.Writer(output.path, *size, info.rate, info.color, clip)) for output in outputs
        ]
        annotators = [
            Annotator(
                *size,
                analysis.labels,
                colors,
                title(output.queue_size),
                info.color.matrix,
                info.color.full_range,
            )
            for output in outputs
        ]
        for frame in frames:
            if frame.index >= len(analysis.times):
                break
            first = frame.yuv(size)
            for number, (writer, annotator) in enumerate(zip(writers, annotators, strict=True)):
                # The last one draws on the frame itself.
                planes = first if number == len(outputs) - 1 else video.Planes(*(plane.copy() for plane in first))
                annotator.draw(planes, smoothed[number][frame.index], edge=bool(strays[number][frame.index]))
                writer.write(planes, frame.time, frame.duration)
            if frame.index % PROGRESS_EVERY == 0:
                yield Progress("render", frame.index, len(analysis.times))
        if writers and writers[0].frames != len(analysis.times):
            raise VideoError(
                f"The clip must be the one that was analysed, with {len(analysis.times)} frames. "
                f"Received {writers[0].frames} frames from {Path(clip).name}. Classify it again."
            )
    return tuple(dict.fromkeys(note for writer in writers for note in writer.notes))


def title(queue_size: int) -> str:
    """What an annotated video says its rows are."""
    return "unsmoothed" if queue_size == 1 else f"mean of last {queue_size}"


def _output_size(width: int, height: int, max_width: int | None) -> tuple[int, int]:
    scale = min(1.0, max_width / width) if max_width else 1.0
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


def with_timing(analysis: Analysis, **seconds: float) -> Analysis:
    """The analysis with further stages' times."""
    return replace(analysis, timing={**analysis.timing, **seconds})
