"""An analysis as files that other programs read.

Each is written under a temporary name and renamed, so that it is whole or absent.
"""

import csv
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from vidclass import charts
from vidclass._png import to_png
from vidclass.analysis import Analysis, percent
from vidclass.files import replacing
from vidclass.smoothing import Stability, top_classes

__all__ = ["to_csv", "to_json", "to_png", "to_svg", "to_vtt"]

DIGITS = 6
"""Digits after the point of times and probabilities: finer than the networks' arithmetic."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First letters that make a spreadsheet run a cell. Source: OWASP, "CSV Injection"."""


def to_csv(analysis: Analysis, queue_size: int, path: str | Path) -> None:
    """Write one line a frame.

    The columns are `frame` (from 0), `time` (seconds), `label_raw`, `label_smoothed`, and for each class `p_<label>`,
    its raw probability, of which the smoothed one is the mean over the last K lines. A label that a spreadsheet
    would run as a formula stands behind an apostrophe.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.
        path: Where the file shall be.

    Raises:
        OptionError: The queue size is out of range, or the file cannot be written.
    """
    cells = [f"'{label}" if label.startswith(FORMULA_STARTS) else label for label in analysis.labels]
    raw = [cells[index] for index in top_classes(analysis.rows)]
    smoothed = [cells[index] for index in top_classes(analysis.smoothed(queue_size))]
    times = np.round(analysis.times, DIGITS).tolist()
    rows = np.round(analysis.rows.astype(np.float64), DIGITS).tolist()
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["frame", "time", "label_raw", "label_smoothed", *(f"p_{label}" for label in analysis.labels)])
        for frame, (time, one, other, row) in enumerate(zip(times, raw, smoothed, rows, strict=True)):
            writer.writerow([frame, time, one, other, *row])


def to_json(analysis: Analysis, queue_size: int) -> dict[str, Any]:
    """The result for a clip, in plain values that `json.dumps` takes.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.

    Raises:
        OptionError: The queue size is out of range.
    """
    summary = analysis.summary(queue_size)
    return {
        "clip": analysis.clip,
        "model": analysis.model,
        "family": analysis.family,
        "source": analysis.source,
        "labels": list(analysis.labels),
        "queue_size": summary.queue_size,
        "label": summary.label,
        "sure": summary.sure,
        "confidence": round(summary.confidence, DIGITS),
        "threshold": analysis.threshold,
        "top": [{"label": label, "probability": round(share, DIGITS)} for label, share in summary.top],
        "frames": len(analysis.times),
        "fps": round(analysis.fps, DIGITS),
        "duration": round(analysis.duration, DIGITS),
        "width": analysis.width,
        "height": analysis.height,
        "stability": {"raw": _figures(summary.raw), "smoothed": _figures(summary.smoothed)},
        "smallest_equal_queue_size": analysis.smallest_queue,
        "timing": {
            **{stage: round(seconds, 3) for stage, seconds in analysis.timing.items()},
            "frames_per_second": round(analysis.frames_per_second, 1),
        },
        "notes": list(analysis.notes),
    }


def to_vtt(analysis: Analysis, queue_size: int, path: str | Path) -> None:
    """Write the smoothed label's segments as WebVTT captions: the label, and its mean probability meanwhile.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.
        path: Where the file shall be.

    Raises:
        OptionError: The queue size is out of range, or the file cannot be written.
    """
    rows = analysis.smoothed(queue_size)
    blocks = ["WEBVTT"]
    for run in analysis.segments(queue_size):
        start, end = _timestamp(run.start), _timestamp(run.end)
        if start == end:
            continue  # a cue must last: one frame without a duration has none
        inside = (analysis.times >= run.start) & (analysis.times < run.end)
        label = escape(" ".join(analysis.labels[run.label].split()), quote=False)
        blocks.append(f"{start} --> {end}\n{label} {percent(rows[inside, run.label].mean())}")
    _write(path, "\n\n".join(blocks) + "\n")


def to_svg(analysis: Analysis, queue_size: int, path: str | Path) -> None:
    """Write the timeline of `charts.timeline` as a file of its own.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.
        path: Where the file shall be.

    Raises:
        OptionError: The queue size is out of range, or the file cannot be written.
    """
    _write(path, charts.timeline(analysis, queue_size))


def _figures(stability: Stability) -> dict[str, float]:
    return {
        "switches": stability.switches,
        "switches_per_minute": round(stability.switches_per_minute, 2),
        "longest_steady": round(stability.longest_steady, 3),
        "agreement": round(stability.agreement, DIGITS),
    }


def _timestamp(seconds: float) -> str:
    """Hours, minutes, seconds and thousandths, as WebVTT has them.

    >>> _timestamp(3723.0456)
    '01:02:03.046'
    """
    thousandths = round(1000 * seconds)
    minutes, thousandths = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"


def _write(path: str | Path, words: str) -> None:
    with replacing(path) as partial:
        partial.write_text(words, encoding="utf-8")
