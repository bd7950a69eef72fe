"""The two passes over a clip: analyse it once, render it as often as wanted.

Both are generators of `Progress`, so that a page can show how far they are and stop them at any frame; `analyse` and
`render` run them to their end. Every front end goes through here, so that a clip gets one answer.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vidclass._analysing import analysing, check_every
from vidclass._rendering import Output, rendering
from vidclass.analysis import Analysis
from vidclass.classify import Classifier
from vidclass.progress import Progress, run
from vidclass.smoothing import DEFAULT_QUEUE

__all__ = [
    "Output",
    "Progress",
    "analyse",
    "analysing",
    "check_every",
    "render",
    "rendering",
    "run",
    "with_timing",
]


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


def with_timing(analysis: Analysis, **seconds: float) -> Analysis:
    """The analysis with further stages' times."""
    return replace(analysis, timing={**analysis.timing, **seconds})
