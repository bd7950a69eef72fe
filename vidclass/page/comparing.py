"""One clip through several models: what the Compare tab does, as a generator of steps."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from html import escape
from time import perf_counter
from typing import Any, NamedTuple

import gradio as gr

from vidclass.analysis import Analysis, percent
from vidclass.classify import Classifier, Row, Sighting
from vidclass.errors import OptionError
from vidclass.page import fragments
from vidclass.page.jobs import SAME
from vidclass.page.settings import Settings
from vidclass.page.work import analysing, check_clip, mapped
from vidclass.pipeline import with_timing
from vidclass.smoothing import check_queue_size

TOP = 3
"""Labels that are told of each model."""

NONE_CHOSEN = "There must be at least one model to compare. None is chosen. Choose two or more."

Analyses = tuple[Analysis, ...]


class Timed(Classifier):
    """A model that takes its own time: the clip's decoding, which all models share, does not count."""

    def __init__(self, classifier: Classifier):
        self.__dict__.update(classifier.__dict__)
        self.seconds = 0.0
        """Spent in this model's networks so far."""

    def rows(self, frames: Iterable[Sighting]) -> Iterator[Row]:
        """See `Classifier.rows`."""
        outside = 0.0

        def fed() -> Iterator[Sighting]:
            nonlocal outside
            stream = iter(frames)
            while True:
                begun = perf_counter()
                frame = next(stream, None)
                outside += perf_counter() - begun
                if frame is None:
                    return
                yield frame

        rows = super().rows(fed())
        while True:
            begun, before = perf_counter(), outside
            row = next(rows, None)
            self.seconds += perf_counter() - begun - (outside - before)
            if row is None:
                return
            yield row


def compare(clip: str | None, classifiers: Sequence[Classifier], settings: Settings) -> Generator[str, None, Analyses]:
    """Classifies a clip with each of the models; it is decoded once.

    Yields:
        Progress bars, as HTML.

    Returns:
        The models' analyses, in order; their `timing` holds each model's own seconds.

    Raises:
        OptionError: No model is chosen.
        VideoError: The clip cannot be read, or is beyond the limits.
    """
    if not classifiers:
        raise OptionError(NONE_CHOSEN)
    path = check_clip(clip, settings)
    timed = [Timed(each) for each in classifiers]
    yield fragments.progress("Reading the clip", None, None)
    analyses = yield from analysing(path, timed, settings)
    return tuple(with_timing(each, total=model.seconds) for each, model in zip(analyses, timed, strict=True))


class Step(NamedTuple):
    """What one step changes on the tab."""

    status: str = SAME
    table: str = SAME
    chart: str = SAME
    analyses: Analyses | None = SAME
    run_button: Any = SAME
    stop_button: Any = SAME


def idle(status: str) -> Step:
    """No comparison is going on."""
    return Step(status, run_button=gr.update(visible=True), stop_button=gr.update(visible=False))


def start(clip: str | None, names: Sequence[str], settings: Settings) -> Step:
    """Refuses a clip before it waits for its turn.

    Raises:
        OptionError: No model is chosen.
        VideoError: There is no clip, it is beyond the limits, or it cannot be read.
    """
    if not names:
        raise OptionError(NONE_CHOSEN)
    check_clip(clip, settings)
    waiting = fragments.progress("Waiting for a free place", None, None)
    return Step(waiting, run_button=gr.update(visible=False), stop_button=gr.update(visible=True))


def run(
    clip: str | None, classifiers: Sequence[Classifier], queue_size: int, settings: Settings
) -> Generator[Step, None, None]:
    """Compares the models, and shows the table and the charts."""
    queue_size = check_queue_size(queue_size)
    analyses = yield from mapped(compare(clip, classifiers, settings), Step)
    drawn = redraw(analyses, queue_size)
    yield idle(fragments.done("Done. The clip was decoded once for all of them."))._replace(
        table=drawn.table, chart=drawn.chart, analyses=analyses
    )


def redraw(analyses: Analyses | None, queue_size: int) -> Step:
    """What another queue size changes, from the kept analyses."""
    if not analyses:
        return Step()
    return Step(table=table(analyses, queue_size), chart=fragments.comparison(analyses, queue_size))


def table(analyses: Analyses, queue_size: int) -> str:
    """A row for each model."""
    told = {label for each in analyses for label, _ in each.summary(queue_size).top[:TOP]}
    rows = [_cells(each, queue_size, sorted(told - set(each.labels))) for each in analyses]
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Model", *rows[0]))
    body = "".join(
        f'<tr><th scope="row">{escape(each.model)}</th>'
        + "".join(f'<td data-head="{head}">{cell}</td>' for head, cell in cells.items())
        + "</tr>"
        for each, cells in zip(analyses, rows, strict=True)
    )
    return (
        f'<section class="vc-card vc-compared"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
        '<p class="vc-small">Frames a second: by the model’s own time, while all of them share the machine; '
        "the decoding, which they share too, does not count.</p></section>"
    )


def _cells(analysis: Analysis, queue_size: int, lacking: Sequence[str]) -> dict[str, str]:
    """What a row says, by its columns' heads."""
    summary = analysis.summary(queue_size)
    lacks = f'<p class="vc-note">does not know {escape(", ".join(lacking))}</p>' if lacking else ""
    return {
        "Label": f"<b>{escape(summary.verdict)}</b>{lacks}",
        f"Top {TOP}": "<br>".join(f"{escape(label)} {percent(share)}" for label, share in summary.top[:TOP]),
        "Switches, unsmoothed": f"{summary.raw.switches:,}",
        f"Switches, {fragments.mean_of(queue_size).lower()}": f"{summary.smoothed.switches:,}",
        "Frames a second": f"{analysis.frames_per_second:,.0f}",
    }
