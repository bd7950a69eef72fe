"""The Live tab: the visitor's camera, judged as it streams, raw beside smoothed."""

from time import perf_counter
from typing import Any

import gradio as gr
import numpy as np

from vidclass import charts
from vidclass.analysis import percent
from vidclass.classify import Row
from vidclass.live import SHOWN, Live
from vidclass.page import fragments
from vidclass.page.fragments import html
from vidclass.page.guard import guarded
from vidclass.page.jobs import SAME
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import LIGHT, SILENT
from vidclass.preprocess import Image
from vidclass.smoothing import DEFAULT_QUEUE, MAX_QUEUE, MIN_QUEUE

PICTURE_EVERY = 0.1
"""Seconds from one picture to the next: a webcam sends one as an image of 30 KB, and ten a second show a flicker."""
CHART_EVERY = 0.4
"""Seconds from one drawing of the chart to the next."""
WIDE, NARROW = 540, fragments.NARROW
"""Widths for which the chart is laid out, in pixels."""
LONGEST = 900
"""Seconds after which a stream is ended, so that a forgotten camera does not hold its place for ever."""

WELCOME = f"""
<section class="vc-card vc-welcome"><p class="vc-kicker">Your camera, judged as it streams</p>
<p>Start the camera. Each picture’s own label appears beside the mean of the last K, above a chart of the last
{SHOWN:.0f} seconds. Pictures are judged and forgotten: nothing is stored.</p></section>
"""


class Camera(Live):
    """A visitor's stream, and when it began and was last drawn."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.begun = perf_counter()
        self.drawn = -CHART_EVERY


def build(shelf: Shelf, settings: Settings) -> None:
    """Lays the tab out and wires its events, inside a `gr.Tab`."""
    camera = gr.State(None)
    with gr.Row(equal_height=False, elem_classes="vc-split"):
        with gr.Column(scale=5, min_width=300):
            picture = gr.Image(
                label="Camera",
                sources=["webcam"],
                streaming=True,
                type="numpy",
                buttons=[],
                webcam_options=gr.WebcamOptions(constraints={"video": {"width": 640, "height": 480}}),
                elem_classes="vc-camera",
            )
        with gr.Column(scale=6, min_width=340):
            labels = html(WELCOME)
            with gr.Column(elem_classes="vc-card vc-queue"):
                queue_size = gr.Slider(
                    MIN_QUEUE, MAX_QUEUE, DEFAULT_QUEUE, step=1, label="Queue size K: pictures that are averaged"
                )
                meaning = html("")
            chart = html("")
            model = gr.Radio(list(shelf.names), value=shelf.names[0], label="Model", elem_classes="vc-models")

    def watch(picture: Image | None, camera: Camera | None, name: str, queue_size: int) -> Any:
        if picture is None:
            return SAME, SAME, SAME, camera
        if camera is None or camera.classifier.bundle.name != name:
            camera = Camera(shelf.get(name))
        now = perf_counter() - camera.begun
        row = camera.push(now, np.ascontiguousarray(picture))
        drawn = SAME
        if now - camera.drawn >= CHART_EVERY and len(camera.times) > 1:
            camera.drawn = now
            drawn = _chart(camera, queue_size)
        return _labels(camera, row, queue_size), _meaning(camera, queue_size), drawn, camera

    picture.stream(
        guarded(watch),
        [picture, camera, model, queue_size],
        [labels, meaning, chart, camera],
        stream_every=PICTURE_EVERY,
        time_limit=LONGEST,
        concurrency_id="live",
        concurrency_limit=settings.cameras,
        **SILENT,
    )
    picture.clear(lambda: (WELCOME, "", "", None), None, [labels, meaning, chart, camera], **LIGHT)


def _labels(camera: Camera, row: Row, queue_size: int) -> str:
    names = camera.classifier.bundle.labels
    return (
        '<div class="vc-now">'
        + "".join(
            f'<section class="vc-card"><p class="vc-kicker">{head}</p><h2>{fragments.name(names[best])}</h2>'
            f'<p class="vc-small">{percent(seen[best])}</p></section>'
            for head, seen in (("This picture", row), (fragments.mean_of(queue_size), camera.mean(queue_size)))
            if (best := int(seen.argmax())) >= 0
        )
        + "</div>"
    )


def _meaning(camera: Camera, queue_size: int) -> str:
    seconds = f" = {queue_size / camera.rate:.1f} s at {camera.rate:.1f} pictures a second" if camera.rate else ""
    return f'<p class="vc-meaning"><b>{fragments.count(queue_size, "picture")}</b>{seconds}.</p>'


def _chart(camera: Camera, queue_size: int) -> str:
    analysis = camera.analysis()
    wide, narrow = (charts.timeline(analysis, queue_size, width) for width in (WIDE, NARROW))
    return f'<section class="vc-card"><div class="vc-wide">{wide}</div><div class="vc-narrow">{narrow}</div></section>'
