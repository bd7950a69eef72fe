"""The Classify tab: a clip in; its label, its timeline and its two videos out; the queue size to play with."""

from functools import partial
from typing import Any

import gradio as gr

from vidclass.page import examples, fragments, jobs
from vidclass.page.fragments import html
from vidclass.page.guard import guarded, guarded_steps
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import CHECK, LIGHT, SILENT, Parts, heavy
from vidclass.smoothing import DEFAULT_QUEUE, MAX_QUEUE, MIN_QUEUE

WELCOME = """
<section class="vc-card vc-welcome"><p class="vc-kicker">What you will see</p>
<ol><li><b>A label</b> for the clip, with the runners-up.</li>
<li><b>A timeline</b> of what the model saw in each frame. Single frames mislead it: its label flickers.</li>
<li><b>Two videos</b>, side by side and in step: each frame judged alone, and the mean of the last K frames.</li></ol>
<p class="vc-small">Pick a clip and press Run. Then move the queue size K and watch the flicker go.</p></section>
"""

TRANSPORT = """
<div class="vc-transport" role="group" aria-label="Both players">
<button type="button" class="vc-play" aria-label="Play both videos">Play both</button>
<span class="vc-clock" aria-live="off">0.0 s</span>
<label>Speed <select class="vc-speed" aria-label="Speed of both videos"><option value="0.25">¼×</option>
<option value="0.5">½×</option><option value="1" selected>1×</option><option value="2">2×</option></select></label>
</div>
"""


def build(shelf: Shelf, settings: Settings) -> Any:
    """Lays the tab out and wires its events, inside a `gr.Tab`; returns its clip."""
    with gr.Row(elem_classes="vc-stage", equal_height=False):
        with gr.Column(scale=4, min_width=300, elem_classes="vc-side"):
            clip = gr.Video(label="Clip", sources=["upload", "webcam"], include_audio=True, elem_classes="vc-clip")
            html(f'<p class="vc-small">{settings.limits} Longer ones: the command line takes any.</p>')
            offered = gr.Column()
            model = gr.Radio(list(shelf.names), value=shelf.names[0], label="Model", elem_classes="vc-models")
            with offered:
                examples.build(clip, model, shelf, settings)
            run = gr.Button("Run", variant="primary", size="lg")
            stop = gr.Button("Stop", variant="stop", size="lg", visible=False)
            facts = html(fragments.facts(shelf.classifiers[0]))
        with gr.Column(scale=9, min_width=340):
            result = _lay_out_result()
    model.change(guarded(lambda name: fragments.facts(shelf.get(name))), model, facts, **LIGHT)
    parts = Parts({**result, "visit": gr.State(None), "run_button": run, "stop_button": stop})
    _wire(clip, model, parts, shelf, settings)
    return clip


def _lay_out_result() -> dict[str, Any]:
    """The column of the result: its parts by the names of `jobs.Step`, and what is acted upon."""
    parts: dict[str, Any] = {"status": html("", "vc-status")}
    with gr.Row(equal_height=True, elem_classes="vc-answer"):
        parts["verdict"] = html(WELCOME)
        parts["figures"] = html("")
    with gr.Column(elem_classes="vc-card vc-queue"):
        parts["queue_size"] = gr.Slider(
            MIN_QUEUE, MAX_QUEUE, DEFAULT_QUEUE, step=1, label="Queue size K: frames that are averaged"
        )
        parts["meaning"] = html(fragments.meaning(None, DEFAULT_QUEUE))
    parts["timeline"] = html("")
    with gr.Column(elem_classes="vc-results"):
        html(TRANSPORT)
        with gr.Row(elem_classes="vc-players"):
            with gr.Column(elem_classes="vc-player", min_width=260):
                html('<p class="vc-kicker">Unsmoothed: each frame judged alone</p>')
                parts["raw_video"] = gr.Video(show_label=False, interactive=False)
                html('<p class="vc-small">An orange edge: this frame’s label is not the clip’s.</p>')
            with gr.Column(elem_classes="vc-player", min_width=260):
                parts["caption"] = html("")
                parts["smoothed_video"] = gr.Video(show_label=False, interactive=False)
        parts["files"] = gr.File(label="Files", file_count="multiple", interactive=False, elem_classes="vc-files")
        parts["keep"] = gr.Button("Keep everything as one zip", size="sm", elem_classes="vc-keep")
        parts["archive"] = gr.DownloadButton(visible="hidden", elem_classes="vc-archive")
    return parts


def _wire(clip: Any, model: Any, parts: Parts, shelf: Shelf, settings: Settings) -> None:
    """What happens when a clip is run, stopped or kept, and when the queue size moves."""
    visit, queue_size, raw_video, smoothed_video = parts["visit", "queue_size", "raw_video", "smoothed_video"].all
    run_button, stop_button, keep, archive = parts["run_button", "stop_button", "keep", "archive"].all
    everything = parts[jobs.Step._fields]
    idle = parts["status", "run_button", "stop_button"]
    drawn = parts["figures", "meaning", "timeline"]
    found = parts["status", "verdict", "figures", "meaning", "timeline", "visit", "run_button", "stop_button"]
    videos = parts["status", "caption", "raw_video", "smoothed_video", "files", "run_button", "stop_button"]

    def start(visit: jobs.Visit | None, clip: str | None, queue_size: int) -> jobs.Step:
        return jobs.start(visit, clip, queue_size, settings)

    def classify_clip(clip: str, model: str, queue_size: int) -> Any:
        yield from jobs.classify(clip, shelf.get(model), queue_size, settings)

    def steps(function: Any, outputs: Parts) -> Any:
        return outputs.during(guarded_steps(function, jobs.idle("")))

    long: dict[str, Any] = {
        **heavy(settings),
        "api_visibility": "private",
        "show_progress": "minimal",
        "show_progress_on": parts["status",].all,
    }
    again: dict[str, Any] = {**heavy(settings), **SILENT}
    draw_again = steps(partial(jobs.rerender, settings=settings), videos)

    started = run_button.click(everything.after(guarded(start)), [visit, clip, queue_size], everything.all, **CHECK)
    classified = started.success(steps(classify_clip, found), [clip, model, queue_size], found.all, **long)
    render = steps(partial(jobs.render, settings=settings), videos)
    rendered = classified.success(render, [visit, queue_size], videos.all, **long)
    # The slider may have moved while the videos were drawn.
    after = rendered.success(draw_again, [visit, queue_size, raw_video], videos.all, **again)

    queue_size.change(
        drawn.after(guarded(jobs.redraw)), [visit, queue_size], drawn.all, **LIGHT, trigger_mode="always_last"
    )
    wanted = queue_size.release(jobs.want, [visit, queue_size], None, **LIGHT, trigger_mode="multiple")
    redrawn = wanted.then(draw_again, [visit, queue_size, raw_video], videos.all, **again, trigger_mode="multiple")

    stop_button.click(
        lambda: idle.of(jobs.idle(fragments.done("Stopped."))),
        None,
        idle.all,
        **LIGHT,
        cancels=[classified, rendered, after, redrawn],
    )
    packed = keep.click(
        guarded_steps(jobs.pack),
        [visit, raw_video, smoothed_video],
        archive,
        **heavy(settings),
        api_visibility="private",
    )
    packed.success(None, js="() => document.querySelector('.vc-archive').click()")
