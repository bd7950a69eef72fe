"""The two passes as the page runs them: within its limits, reporting how far they are, ready to be stopped."""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from vidclass import pipeline, video
from vidclass.analysis import Analysis
from vidclass.classify import Classifier
from vidclass.errors import VideoError
from vidclass.page import fragments
from vidclass.page.background import behind
from vidclass.page.settings import Settings, span

S = TypeVar("S")
T = TypeVar("T")

REPORT_EVERY = 0.2
"""Seconds from one report to the next, at least: quick enough to look alive, and to stop soon."""
SURE_AFTER = 0.5
"""Seconds of a pass before a time to go is told."""
GRACE = 1.0
"""Seconds by which a clip may be longer than the limit: players round."""


def check_clip(clip: str | Path | None, settings: Settings) -> Path:
    """The clip's path, once it is known to be within the limits, as far as the file tells.

    Raises:
        VideoError: There is none, it is too large or too long, or it cannot be read.
    """
    if not clip:
        raise VideoError("There must be a clip to classify. None was given. Upload or record one first.")
    path = Path(clip)
    megabytes = path.stat().st_size / 1e6
    if megabytes > settings.max_megabytes:
        raise VideoError(
            f"A clip must have at most {settings.max_megabytes} MB. Received: {megabytes:.0f} MB. "
            "Cut or compress it, or use the command line, which has no limit."
        )
    check_length(video.probe(path).duration or 0.0, settings)
    return path


def check_length(seconds: float, settings: Settings) -> None:
    """Refuses a clip that is too long.

    Raises:
        VideoError: It is.
    """
    if seconds > settings.max_seconds + GRACE:
        raise VideoError(
            f"A clip must last at most {span(settings.max_seconds)}. Received: {seconds:.0f} seconds or more. "
            "Cut it, or use the command line, which has no limit."
        )


def analysing(
    clip: Path, classifiers: Sequence[Classifier], settings: Settings, detail: str = ""
) -> Generator[str, None, tuple[Analysis, ...]]:
    """The first pass.

    Args:
        clip: The file.
        classifiers: The models.
        settings: Of the page; a clip that turns out longer than its file told is refused as soon as it is seen.
        detail: What else the progress shall tell.

    Yields:
        Progress bars, as HTML.

    Returns:
        The analysis of each model.
    """
    info = video.probe(clip)

    def check(progress: pipeline.Progress) -> None:
        check_length(progress.done / float(info.rate), settings)

    work = pipeline.analysing(clip, classifiers)
    return (yield from _reported(work, "Classifying", info.frame_count, detail, check))


def rendering(
    clip: Path, analysis: Analysis, queue_sizes: Sequence[int], folder: Path, settings: Settings, detail: str = ""
) -> Generator[str, None, list[Path]]:
    """The second pass.

    Args:
        clip: The file.
        analysis: Of it.
        queue_sizes: K of each video to make.
        folder: Where they shall lie.
        settings: Of the page.
        detail: What else the progress shall tell.

    Yields:
        Progress bars, as HTML.

    Returns:
        The videos, in order.
    """
    paths = [folder / video_name(analysis, size) for size in queue_sizes]
    if len(set(paths)) < len(paths):  # K = 1 smooths nothing, yet there are two players
        paths = [path.with_stem(f"{path.stem}-{number}") for number, path in enumerate(paths, 1)]
    outputs = [pipeline.Output(path, size) for path, size in zip(paths, queue_sizes, strict=True)]
    work = pipeline.rendering(clip, analysis, outputs, settings.max_width)
    name = "Drawing the video" if len(outputs) == 1 else "Drawing the videos"
    yield from _reported(work, name, len(analysis.times), detail)
    return paths


def video_name(analysis: Analysis, queue_size: int) -> str:
    """The file name of an annotated video."""
    return f"{Path(analysis.clip).stem}-{'unsmoothed' if queue_size == 1 else f'smoothed-{queue_size}'}.mp4"


def _reported(
    work: Generator[pipeline.Progress, None, T],
    stage: str,
    total: int | None,
    detail: str,
    check: Callable[[pipeline.Progress], None] = lambda progress: None,
) -> Generator[str, None, T]:
    begun = told = perf_counter()
    try:
        progress = behind(work.__next__)  # the first step opens the files
        while True:
            check(progress)
            now = perf_counter()
            if now - told >= REPORT_EVERY or progress.done == 0:
                told = now
                share = min(1.0, progress.done / total) if total else None
                left = (now - begun) * (1 / share - 1) if share and now - begun > SURE_AFTER else None
                yield fragments.progress(stage, share, left, detail)
            progress = next(work)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        work.close()


def mapped(statuses: Generator[str, None, T], step: Callable[[str], S]) -> Generator[S, None, T]:
    """A pass whose progress bars are made into steps of a page's part."""
    try:
        while True:
            yield step(next(statuses))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        statuses.close()
