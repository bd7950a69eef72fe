"""Pass 2: a clip is decoded again, and every annotated video asked for is drawn and written."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from vidclass import video
from vidclass.analysis import Analysis
from vidclass.annotate import Annotator
from vidclass.errors import VideoError
from vidclass.palette import class_colors
from vidclass.progress import PROGRESS_EVERY, Progress
from vidclass.smoothing import check_queue_size, top_classes


@dataclass(frozen=True)
class Output:
    """An annotated video to make."""

    path: Path
    queue_size: int
    """K; 1 shows the model's own judgements."""


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
            stack.enter_context(video.Writer(output.path, *size, info.rate, info.color, frames)) for output in outputs
        ]
        annotators = [
            Annotator(
                *size,
                analysis.labels,
                colors,
                _title(output.queue_size),
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


def _title(queue_size: int) -> str:
    """What an annotated video says its rows are."""
    return "unsmoothed" if queue_size == 1 else f"mean of last {queue_size}"


def _output_size(width: int, height: int, max_width: int | None) -> tuple[int, int]:
    scale = min(1.0, max_width / width) if max_width else 1.0
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)
