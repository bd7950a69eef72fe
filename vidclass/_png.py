"""The class-probability timeline as a picture, for those who put it in a document."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from vidclass import _svg
from vidclass.analysis import TOP, Analysis, percent
from vidclass.charts import OTHER, label_colors, strip_segments
from vidclass.files import replacing
from vidclass.lettering import Lettering

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (9.6, 4.8)
"""Width and height, in inches."""
DPI = 150
"""Dots an inch: sharp on paper and on dense screens."""
LABEL_WIDTH = 200
"""Room for a label in the legend, in pixels of a 12 pixel font."""


def to_png(analysis: Analysis, queue_size: int, path: str | Path) -> None:
    """Write the timeline of `charts.timeline` as PNG, on white.

    Args:
        analysis: Of the clip.
        queue_size: K, in frames.
        path: Where the file shall be.

    Raises:
        OptionError: The queue size is out of range, or the file cannot be written.
    """
    from matplotlib.figure import Figure  # the object interface: pyplot keeps figures in a global, for ever

    smoothed, summary = analysis.smoothed(queue_size), analysis.summary(queue_size)
    figure = Figure(SIZE, dpi=DPI, layout="constrained")
    plot, raw_strip, smoothed_strip = figure.subplots(3, sharex=True, height_ratios=(10, 1, 1))
    colors = {label: _svg.LIGHT[rank] for label, rank in label_colors([analysis], TOP).items()}
    letters = Lettering(12)  # says which letters the font lacks, about which Matplotlib would warn
    handles, names = [], []
    for index in reversed(analysis.ranking[:TOP]):
        label = analysis.labels[index]
        plot.plot(analysis.times, analysis.rows[:, index], color=colors[label], linewidth=0.5, alpha=0.5, zorder=1)
        handles += plot.plot(analysis.times, smoothed[:, index], color=colors[label], linewidth=2, zorder=2)
        # A legend leaves out names that begin with an underscore, and reads formulas between dollar signs.
        name = f"{percent(analysis.mean_row[index])} {letters.fit(label, LABEL_WIDTH)}"
        names.append(name.replace("$", r"\$"))
    plot.spines[["top", "right"]].set_visible(False)
    plot.set(ylim=(0, 1), xlim=(0, max(analysis.duration, 1e-9)), ylabel="probability")
    figure.legend(handles[::-1], names[::-1], loc="outside upper left", ncols=TOP, frameon=False, fontsize=8)
    for axes, name, rows, switches in (
        (raw_strip, "unsmoothed", analysis.rows, summary.raw.switches),
        (smoothed_strip, f"mean of last {queue_size}", smoothed, summary.smoothed.switches),
    ):
        _draw_strip(axes, analysis, rows, colors)
        axes.set_title(f"{name}: {switches} label switches", fontsize=8, loc="left", pad=2)
    smoothed_strip.set_xlabel("seconds")
    with replacing(path) as partial:
        figure.savefig(partial, format="png")


def _draw_strip(axes: "Axes", analysis: Analysis, rows: NDArray[Any], colors: dict[str, str]) -> None:
    spans: dict[str, list[tuple[float, float]]] = {}
    for run in strip_segments(analysis, rows):
        color = colors.get(analysis.labels[run.label], _svg.LIGHT[OTHER])
        spans.setdefault(color, []).append((run.start, run.end - run.start))
    for color, bars in spans.items():
        axes.broken_barh(bars, (0, 1), color=color, linewidth=0)
    axes.set(yticks=[], ylim=(0, 1))
