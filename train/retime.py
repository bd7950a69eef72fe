"""Does a model judge by seconds or by frames? The same clips at several frame rates, and whether their labels stay.

Each clip is written anew at a constant rate, every frame of it the one that the original shows at that time.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from train.data import Item
from vidclass import video
from vidclass.classify import Classifier
from vidclass.errors import DataError, VideoError
from vidclass.pipeline import analyse

RATES = (15, 25, 30, 60)
"""Frames a second."""

TOLERANCE = 1e-4
"""Seconds by which a frame of the original may come late and still be the one on show: clocks round."""

TOLD_EVERY = 25
"""Clips from one word of progress to the next."""


def write_at(clip: Path, path: Path, rate: int) -> None:
    """Writes a clip at another frame rate, as an MP4 without sound, as long as it was to within a frame.

    Args:
        clip: The original.
        path: The file to write.
        rate: Frames a second.

    Raises:
        VideoError: The clip cannot be read, or the file not written.
    """
    with video.read(clip) as frames:
        info = frames.info
        with video.Writer(path, info.width, info.height, rate, info.color) as writer:
            shown: video.Planes | None = None
            end = 0.0
            for frame in frames:
                if shown is not None:
                    _hold(writer, shown, rate, frame.time)
                shown, end = frame.yuv(), frame.time + frame.duration
            if shown is not None:
                _hold(writer, shown, rate, max(end, 1 / rate))


def _hold(writer: video.Writer, planes: video.Planes, rate: int, until: float) -> None:
    """Writes the picture at every time before `until` that is still to come."""
    for number in range(writer.frames, math.ceil((until - TOLERANCE) * rate)):
        writer.write(planes, number / rate)


def study(classifier: Classifier, items: Sequence[Item], rates: Sequence[int] = RATES) -> dict[str, Any]:
    """Classifies clips as they are and at each rate.

    Args:
        classifier: The model.
        items: The clips; those that cannot be read are left out.
        rates: Frames a second.

    Returns:
        `count` of clips; for each rate, as `15 fps`, the share of them that keep their label; and `all rates`, the
        share that keep it at every one.

    Raises:
        DataError: No clip could be read.
    """
    kept: list[list[bool]] = []
    clips = [item for item in items if item.is_clip]
    with TemporaryDirectory() as folder:
        for number, item in enumerate(clips, start=1):
            try:
                kept.append(_kept(classifier, item.path, Path(folder) / "clip.mp4", rates))
            except VideoError as error:
                print(f"Left out {item.path}: {error}", flush=True)
            if number % TOLD_EVERY == 0:
                print(f"  {number} of {len(clips)} clips", flush=True)
    if not kept:
        raise DataError(
            f"The data must have clips that can be read. Received {len(items)} items, none is. Check --data."
        )
    return {
        "count": len(kept),
        **{f"{rate} fps": sum(each[n] for each in kept) / len(kept) for n, rate in enumerate(rates)},
        "all rates": sum(map(all, kept)) / len(kept),
    }


def _kept(classifier: Classifier, clip: Path, written: Path, rates: Sequence[int]) -> list[bool]:
    """Whether the clip keeps its label, at each rate."""
    original = analyse(clip, classifier).ranking[0]
    found = []
    for rate in rates:
        write_at(clip, written, rate)
        found.append(analyse(written, classifier).ranking[0] == original)
    return found
