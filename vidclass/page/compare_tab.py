"""The Compare tab: one clip through any choice of models, side by side on one time axis."""

from typing import Any

import gradio as gr

from vidclass.page import comparing, fragments
from vidclass.page.fragments import html
from vidclass.page.guard import guarded, guarded_steps
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import CHECK, LIGHT, Parts, heavy
from vidclass.smoothing import DEFAULT_QUEUE, MAX_QUEUE, MIN_QUEUE

WELCOME = """
<section class="vc-card vc-welcome"><p class="vc-kicker">One clip, several models</p>
<p>The clip is decoded once and shown to every model that you choose. Compare their labels, how much they flicker, and
how fast they are. The choice starts with models that know the same labels; a label that a model lacks is marked.</p>
</section>
"""


def build(shelf: Shelf, settings: Settings) -> Any:
    """Lays the tab out and wires its events, inside a `gr.Tab`; returns its clip."""
    analyses = gr.State(None)
    with gr.Row(equal_height=False, elem_classes="vc-split"):
        with gr.Column(scale=4, min_width=300, elem_classes="vc-side"):
            clip = gr.Video(
                label="Clip", sources=["upload", "webcam"], include_audio=True, elem_classes=["vc-clip", "vc-clip-2"]
            )
            html(f'<p class="vc-small">{settings.limits}</p>')
            models = gr.CheckboxGroup(
                list(shelf.names), value=list(shelf.alike()), label="Models", elem_classes="vc-models"
            )
            run = gr.Button("Compare", variant="primary", size="lg")
            stop = gr.Button("Stop", variant="stop", size="lg", visible=False)
        with gr.Column(scale=9, min_width=340):
            status = html("", "vc-status")
            table = html(WELCOME)
            with gr.Column(elem_classes="vc-card vc-queue"):
                queue_size = gr.Slider(
                    MIN_QUEUE, MAX_QUEUE, DEFAULT_QUEUE, step=1, label="Queue size K: frames that are averaged"
                )
            chart = html("")

    parts = Parts(
        {
            "status": status,
            "table": table,
            "chart": chart,
            "analyses": analyses,
            "run_button": run,
            "stop_button": stop,
        }
    )
    idle = parts["status", "run_button", "stop_button"]
    drawn = parts["table", "chart"]

    def start(clip: str | None, names: list[str]) -> comparing.Step:
        return comparing.start(clip, names, settings)

    def run_models(clip: str | None, names: list[str], queue_size: int) -> Any:
        chosen = [shelf.get(name) for name in shelf.names if name in names]  # in the order in which they are offered
        yield from comparing.run(clip, chosen, queue_size, settings)

    started = run.click(idle.after(guarded(start)), [clip, models], idle.all, **CHECK)
    running = started.success(
        parts.during(guarded_steps(run_models, comparing.idle(""))),
        [clip, models, queue_size],
        parts.all,
        **heavy(settings),
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=status,
    )
    queue_size.change(
        drawn.after(guarded(comparing.redraw)),
        [analyses, queue_size],
        drawn.all,
        **LIGHT,
        trigger_mode="always_last",
    )
    stop.click(lambda: idle.of(comparing.idle(fragments.done("Stopped."))), None, idle.all, **LIGHT, cancels=running)
    return clip
