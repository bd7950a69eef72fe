"""What the Classify tab does, as generators: each step is what changes on the page, and closing one stops the work.

Files are made in a temporary folder that lives as long as the job; finished ones are moved to `results`.
"""

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import gradio as gr

from vidclass import export
from vidclass.analysis import Analysis
from vidclass.classify import Classifier
from vidclass.errors import OptionError, VideoError
from vidclass.page import fragments, results
from vidclass.page.settings import Settings
from vidclass.page.work import analysing, check_clip, mapped, rendering, video_name
from vidclass.smoothing import check_queue_size

SAME: Any = gr.skip()
"""Leaves a part of the page as it is."""


@dataclass
class Visit:
    """A visitor's last clip and its result. Each visitor has one, in their own session; nobody else sees it."""

    clip: Path
    """The uploaded file."""
    analysis: Analysis
    wanted: int | None
    """Queue size of the newest wish for a smoothed video: the making of an older one gives up when it sees this.
    None once another clip is run."""
    shown: int | None = None
    """Queue size of the smoothed video on the page."""


class Step(NamedTuple):
    """What one step changes on the page."""

    status: str = SAME
    verdict: str = SAME
    figures: str = SAME
    meaning: str = SAME
    timeline: str = SAME
    caption: str = SAME
    raw_video: str | None = SAME
    smoothed_video: str | None = SAME
    files: list[str] | None = SAME
    visit: Visit | None = SAME
    run_button: Any = SAME
    stop_button: Any = SAME


def idle(status: str) -> Step:
    """No run is going on."""
    return Step(status, run_button=gr.update(visible=True), stop_button=gr.update(visible=False))


def start(visit: Visit | None, clip: str | None, queue_size: int, settings: Settings) -> Step:
    """Refuses a clip before it waits for its turn, or makes room for its result.

    Raises:
        VideoError: There is none, it is beyond the limits, or it cannot be read.
    """
    check_clip(clip, settings)
    if visit:
        visit.wanted = None
    return Step(
        fragments.progress("Waiting for a free place", None, None),
        verdict=fragments.waiting(),
        figures="",
        meaning=fragments.meaning(None, check_queue_size(queue_size)),
        timeline="",
        raw_video=None,
        smoothed_video=None,
        files=None,
        visit=None,
        run_button=gr.update(visible=False),
        stop_button=gr.update(visible=True),
    )


def classify(clip: str, classifier: Classifier, queue_size: int, settings: Settings) -> Generator[Step, None, None]:
    """Classifies a clip, and shows its label and its chart."""
    path = Path(clip)
    yield Step(fragments.progress("Reading the clip", None, None))
    (analysis,) = yield from mapped(analysing(path, [classifier], settings, "step 1 of 2"), Step)
    visit = Visit(path, analysis, wanted=queue_size)
    yield redraw(visit, queue_size)._replace(
        status=fragments.progress("Waiting for a free place", None, None, "step 2 of 2"),
        verdict=fragments.verdict(analysis),
        visit=visit,
    )


def render(visit: Visit | None, queue_size: int, settings: Settings) -> Generator[Step, None, None]:
    """Makes the two videos of a clip that was classified."""
    yield Step(fragments.progress("Drawing the videos", None, None, "step 2 of 2"))
    if visit is None:
        return
    with TemporaryDirectory(prefix="vidclass-") as name:
        folder = Path(name)
        videos = rendering(visit.clip, visit.analysis, (1, queue_size), folder, settings, "step 2 of 2")
        raw, smoothed = yield from mapped(videos, Step)
        raw_video, smoothed_video, *data = results.keep(
            [raw, smoothed, *data_files(visit.analysis, queue_size, folder)]
        )
        visit.shown = queue_size
        told = "Done. Move the queue size to see what it changes: nothing is classified again."
        yield idle(fragments.done(told))._replace(
            caption=fragments.caption(queue_size),
            raw_video=raw_video,
            smoothed_video=smoothed_video,
            files=[smoothed_video, raw_video, *data],
        )


def redraw(visit: Visit | None, queue_size: int) -> Step:
    """What another queue size shows at once, from the kept analysis."""
    queue_size = check_queue_size(queue_size)
    if visit is None:
        return Step(meaning=fragments.meaning(None, queue_size))
    return Step(
        figures=fragments.figures(visit.analysis, queue_size),
        meaning=fragments.meaning(visit.analysis, queue_size),
        timeline=fragments.timeline(visit.analysis, queue_size),
    )


def want(visit: Visit | None, queue_size: int) -> None:
    """Notes the newest wish, so that the making of an older one ends."""
    if visit is not None and visit.wanted is not None:
        visit.wanted = queue_size


def rerender(
    visit: Visit | None, queue_size: int, raw_video: str | None, settings: Settings
) -> Generator[Step, None, None]:
    """Makes the smoothed video anew for another queue size, unless it is the one on show or no longer wanted."""
    yield Step()  # Gradio empties all parts at the end of a generator that has no step
    if visit is None or raw_video is None or visit.shown == queue_size or visit.wanted != queue_size:
        return
    check_kept(visit.clip)
    with TemporaryDirectory(prefix="vidclass-") as name:
        folder = Path(name)
        drawn = rendering(visit.clip, visit.analysis, (queue_size,), folder, settings)
        with closing(_while_wanted(visit, queue_size, drawn)) as statuses:
            for status in statuses:
                yield Step(status)
        if visit.wanted != queue_size:
            return
        drawn_anew = folder / video_name(visit.analysis, queue_size)
        smoothed_video, *data = results.keep([drawn_anew, *data_files(visit.analysis, queue_size, folder)])
        visit.shown = queue_size
        yield Step(
            fragments.done(f"Done: drawn anew with a queue of {queue_size}. Nothing was classified again."),
            caption=fragments.caption(queue_size),
            smoothed_video=smoothed_video,
            files=[smoothed_video, raw_video, *data],
        )


def _while_wanted(visit: Visit, queue_size: int, drawn: Generator[str, None, list[Path]]) -> Generator[str, None, None]:
    with closing(drawn):
        for status in drawn:
            if visit.wanted != queue_size:
                return
            yield status


def data_files(analysis: Analysis, queue_size: int, folder: Path) -> list[Path]:
    """The result as CSV, JSON and WebVTT."""
    stem = f"{Path(analysis.clip).stem}-{queue_size}"
    csv, json_, vtt = (folder / f"{stem}.{ending}" for ending in ("csv", "json", "vtt"))
    export.to_csv(analysis, queue_size, csv)
    values = export.to_json(analysis, queue_size)
    json_.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    export.to_vtt(analysis, queue_size, vtt)
    return [csv, json_, vtt]


def check_kept(*files: Path) -> None:
    """Makes sure that files are still there.

    Raises:
        VideoError: One is not.
    """
    if not all(file.is_file() for file in files):
        raise VideoError("The clip must still be on the server. It was cleaned away by its age. Upload it again.")


def pack(visit: Visit | None, raw_video: str | None, smoothed_video: str | None) -> Generator[str, None, None]:
    """One zip of all that a result has: both videos, the chart as PNG and SVG, CSV, JSON and WebVTT."""
    if visit is None or visit.shown is None or raw_video is None or smoothed_video is None:
        raise OptionError("There must be a result to pack. There is none yet. Run a clip, and wait for its videos.")
    videos = [Path(raw_video), Path(smoothed_video)]
    check_kept(*videos)
    with TemporaryDirectory(prefix="vidclass-") as name:
        folder = Path(name)
        stem = Path(visit.analysis.clip).stem
        png, svg = (folder / f"{stem}-{visit.shown}.{ending}" for ending in ("png", "svg"))
        export.to_png(visit.analysis, visit.shown, png)
        export.to_svg(visit.analysis, visit.shown, svg)
        target = folder / f"{stem}-vidclass.zip"
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            for path in videos:
                archive.write(path, path.name, ZIP_STORED)  # video does not shrink
            for path in (png, svg, *data_files(visit.analysis, visit.shown, folder)):
                archive.write(path, path.name)
        (kept,) = results.keep([target])
    yield kept
