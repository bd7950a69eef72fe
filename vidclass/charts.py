"""The class-probability timeline as SVG: what the model saw over time, raw and smoothed.

A chart is one self-contained string, drawn without a plotting library in a few milliseconds, because a moving
slider redraws it. The `svg` element says, in units of its `viewBox`, where time runs: `data-left` is 0 s and
`data-right` is `data-duration` seconds; the hidden path of class `vc-playhead` stands at x = 0 and can be moved.
"""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidclass import _svg, palette, smoothing
from vidclass._svg import Area
from vidclass.analysis import TOP, Analysis, Summary, percent
from vidclass.smoothing import Segment

NARROW = 560
"""Width, in pixels, below which a chart is laid out for a phone."""
POINTS = 600
"""Points of a line at most, and no more than its pixels: more than a screen's columns would only cost time."""
COLUMNS = 2000
"""Frames that a strip shows at most: a minute at 30 fps, and twice the columns of a common screen."""
COMPARED = 3
"""Classes that a comparison draws for each model."""
OTHER = "other"
"""The colour of labels beyond the palette."""

LINE, STRIP = 18, 16
"""Heights of a line of text and of a strip, in pixels."""
LABEL_LETTERS = 26
"""Letters of a label that are shown."""


def timeline(analysis: Analysis, queue_size: int, width: int = 960) -> str:
    """The probabilities of a clip's top classes over time, and its label's segments, raw and smoothed.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.
        width: For which the chart is laid out, in pixels; it scales to its container. Below `NARROW`, it is laid
            out for a phone.

    Raises:
        OptionError: The queue size is out of range.
    """
    area = Area(width, analysis.duration, 150 if width < NARROW else 190)
    summary = analysis.summary(queue_size)
    body, plot, height = _block(area, 0, analysis, summary, label_colors([analysis], TOP), TOP)
    return _document(area, plot, height, body, [(analysis, summary)])


def comparison(analyses: Sequence[Analysis], queue_size: int, width: int = 960) -> str:
    """The timelines of several models for one clip, beneath each other on one time axis.

    Args:
        analyses: Of the clip, one by each model; at least one.
        queue_size: K, in frames.
        width: As for `timeline`.

    Raises:
        OptionError: The queue size is out of range.
    """
    area = Area(width, max(each.duration for each in analyses), 100)
    shown = [(each, each.summary(queue_size)) for each in analyses]
    colors = label_colors(analyses, COMPARED)
    parts: list[str] = []
    plots: list[int] = []
    top = 0
    for each, summary in shown:
        lines = [each.model, summary.verdict] if width < NARROW else [f"{each.model}: {summary.verdict}"]
        for line in lines:
            words = _svg.clean(line, int(width / _svg.LETTER))
            parts.append(_svg.text(0, top + 14, words, "ink", 'font-weight="600"'))
            top += LINE
        body, plot, bottom = _block(area, top + 4, each, summary, colors, COMPARED)
        parts.append(body)
        plots.append(plot)
        top = bottom + 14
    return _document(area, plots[0], top - 14, "".join(parts), shown)


def hover_data(analysis: Analysis, queue_size: int, points: int = POINTS) -> str:
    """What a page shows where the pointer is, as JSON that may stand inside a `script` element.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.
        points: Frames at most; a longer clip is thinned out evenly.

    Returns:
        An object of `times` (seconds), `labels` (names), `raw` and `smoothed` (indices into `labels` of each
        frame's label), `classes` (names of the lines), `raw_percent` and `smoothed_percent` (of each of `classes`,
        a list over time).

    Raises:
        OptionError: The queue size is out of range.
    """
    pick = np.unique(np.linspace(0, len(analysis.times) - 1, points).astype(int))
    raw, smoothed = analysis.rows[pick], analysis.smoothed(queue_size)[pick]
    seen = np.stack([smoothing.top_classes(raw), smoothing.top_classes(smoothed)])
    used, numbers = np.unique(seen, return_inverse=True)
    drawn = list(analysis.ranking[:TOP])
    data = {
        "times": np.round(analysis.times[pick], 3).tolist(),
        "labels": [analysis.labels[index] for index in used],
        "raw": numbers.reshape(seen.shape)[0].tolist(),
        "smoothed": numbers.reshape(seen.shape)[1].tolist(),
        "classes": [analysis.labels[index] for index in drawn],
        "raw_percent": np.rint(100 * raw[:, drawn].T).astype(int).tolist(),
        "smoothed_percent": np.rint(100 * smoothed[:, drawn].T).astype(int).tolist(),
    }
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def label_colors(analyses: Sequence[Analysis], count: int) -> dict[str, str]:
    """Labels to ranks in the palette: every model's best label first, then the second ones, while colours last.

    Args:
        analyses: One or more; a label has the same colour in all of them.
        count: Classes to colour for each.
    """
    ranked = [each.labels[each.ranking[rank]] for rank in range(count) for each in analyses if rank < len(each.labels)]
    return {label: str(rank) for rank, label in enumerate(list(dict.fromkeys(ranked))[: len(palette.ON_LIGHT)])}


def strip_segments(analysis: Analysis, rows: NDArray[Any]) -> list[Segment]:
    """The runs of the rows' label, of every n-th frame where a clip has more than `COLUMNS`."""
    step = -(-len(rows) // COLUMNS)
    return smoothing.segments(smoothing.top_classes(rows[::step]), analysis.times[::step], analysis.duration)


def _block(
    area: Area, top: int, analysis: Analysis, summary: Summary, colors: dict[str, str], count: int
) -> tuple[str, int, int]:
    """Legend, lines and strips of one analysis, from `top` on; where the lines begin; and where all of it ends."""
    smoothed = analysis.smoothed(summary.queue_size)
    drawn = analysis.ranking[:count]
    legend, plot = _legend(area, top, analysis, drawn, colors)
    parts = [legend, area.grid(plot)]
    for rows, style in ((analysis.rows, 'stroke-width="10" opacity=".55"'), (smoothed, 'stroke-width="26"')):
        for index in reversed(drawn):  # the clip's label is drawn last, on top
            parts.append(
                f'<polyline class="vc-{colors.get(analysis.labels[index], OTHER)}" fill="none" '
                f'stroke="currentColor" stroke-linejoin="round" transform="scale(.1)" {style} '
                f'points="{_points(area, analysis, rows[:, index], plot)}"/>'
            )
    top = plot + area.plot_height + 6
    for name, rows, figures in (
        ("Unsmoothed", analysis.rows, summary.raw),
        (f"Mean of last {summary.queue_size}", smoothed, summary.smoothed),
    ):
        words = f"{name}: {figures.switches} label switch{'' if figures.switches == 1 else 'es'}"
        parts.append(_svg.text(area.left, top + 14, words, "muted"))
        parts.append(_strip(area, top + LINE, analysis, strip_segments(analysis, rows), colors))
        top += LINE + STRIP + 4
    return "".join(parts), plot, top


def _legend(area: Area, top: int, analysis: Analysis, drawn: Sequence[int], colors: dict[str, str]) -> tuple[str, int]:
    entries = []
    for index in drawn:
        label = analysis.labels[index]
        words = f"{_svg.clean(label, LABEL_LETTERS)} {percent(analysis.mean_row[index])}"
        entries.append((colors.get(label, OTHER), words))
    if any(analysis.labels[index] not in colors for index in np.unique(smoothing.top_classes(analysis.rows))):
        entries.append((OTHER, "other labels"))
    parts, x = [], 0.0
    for color, words in [*entries, ("", "thin: each frame, bold: mean")]:
        swatch = 20 if color else 0
        room = swatch + _svg.LETTER * len(words) + 12
        if x and x + room > area.width:
            x, top = 0.0, top + LINE
        if color:
            shape = f'x="{x:g}" y="{top + 5}" width="14" height="8" rx="2"'
            parts.append(f'<rect class="vc-{color}" fill="currentColor" {shape}/>')
        parts.append(_svg.text(x + swatch, top + 13, words, "ink" if color else "muted"))
        x += room
    return "".join(parts), top + LINE + 6


def _points(area: Area, analysis: Analysis, values: NDArray[Any], top: int) -> str:
    """A line's points in tenths of a pixel; a long line keeps the lowest and the highest of every stretch, a level one
    its ends."""
    times = analysis.times
    most = min(POINTS, area.right - area.left)
    if len(values) > most:
        stretch = -(-2 * len(values) // most)
        padded = np.pad(values, (0, -len(values) % stretch), mode="edge").reshape(-1, stretch)
        extremes = np.sort(np.stack([padded.argmin(1), padded.argmax(1)], axis=1), axis=1)
        pick = (extremes + stretch * np.arange(len(padded))[:, None]).ravel()
        pick = np.minimum(np.append(0, pick), len(values) - 1)
        times, values = times[pick], values[pick]
    x = area.tenths(np.append(times, analysis.duration))  # the last frame is held to the end of the clip
    y = np.rint(10 * (top + area.plot_height * (1 - np.append(values, values[-1])))).astype(int)
    moves = np.concatenate(([True], y[1:] != y[:-1], [True]))
    bends = np.flatnonzero(moves[:-1] | moves[1:]).tolist()
    places = y.tolist()
    return " ".join([f"{x[n]},{places[n]}" for n in bends])


def _strip(area: Area, top: int, analysis: Analysis, runs: Sequence[Segment], colors: dict[str, str]) -> str:
    """The label's segments as a coloured band: one path a colour, its dashes as thick as the band."""
    edges = area.tenths(np.array([run.start for run in runs] + [runs[-1].end]))
    paths: dict[str, list[str]] = {}
    for run, (start, end) in zip(runs, itertools.pairwise(edges), strict=True):
        paths.setdefault(colors.get(analysis.labels[run.label], OTHER), []).append(f"M{start},0h{end - start}")
    return "".join(
        f'<path class="vc-{color}" stroke="currentColor" stroke-width="{10 * STRIP}" shape-rendering="crispEdges" '
        f'transform="translate(0 {top + STRIP // 2}) scale(.1)" d="{"".join(dashes)}"/>'
        for color, dashes in paths.items()
    )


def _document(area: Area, plot: int, height: int, body: str, shown: Sequence[tuple[Analysis, Summary]]) -> str:
    told = "; ".join(
        f"{each.model}: {summary.verdict}, {summary.raw.switches} label switches unsmoothed, "
        f"{summary.smoothed.switches} with the mean of the last {summary.queue_size} frames"
        for each, summary in shown
    )
    playhead = (
        f'<path class="vc-playhead vc-ink" stroke="currentColor" stroke-width="1.5" visibility="hidden" '
        f'd="M0,{plot}V{height}"/>'
    )
    return _svg.document(
        area.width,
        height + _svg.AXIS,
        _svg.clean(f"Class probabilities over {area.duration:.1f} seconds. {told}.", 2000),
        f'data-duration="{area.duration:.6g}" data-left="{area.left}" data-right="{area.right}" '
        f'data-queue-size="{shown[0][1].queue_size}"',
        f"{body}{area.axis(height)}{playhead}",
    )
