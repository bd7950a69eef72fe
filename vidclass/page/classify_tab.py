"""The Classify tab: a clip in; its label, its timeline and its two videos out; the queue size to play with."""

from functools import partial
from typing import Any

import gradio as gr

from vidclass.page import examples, fragments, jobs
from vidclass.page.fragments import html
from vidclass.page.guard import guarded, guarded_steps
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import CHECK, LIGHT, SILENT, heavy
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
    visit = gr.State(None)
    with gr.Row(elem_classes="vc-stage", equal_height=False):
        with gr.Column(scale=4, min_width=300, elem_classes="vc-side"):
            clip = gr.Video(label="Clip", sources=["upload", "webcam"], include_audio=True, elem_classes="vc-clip")
            html(f'<p class="vc-small">{settings.limits} Longer ones: the command line takes any.</p>')
            offered = gr.Column()
            model = gr.Radio(list(shelf.names), value=shelf.names[0], label="Model", elem_classes="vc-models")
            with offered:
                examples.build(clip, model, shelf, settings)
            facts = html(fragments.facts(shelf.classifiers[0]))
            run = gr.Button("Run", variant="primary", size="lg")
            stop = gr.Button("Stop", variant="stop", size="lg", visible=False)
        with gr.Column(scale=9, min_width=340):
            status = html("", "vc-status")
            with gr.Row(equal_height=True, elem_classes="vc-answer"):
                verdict = html(WELCOME)
                figures = html("")
            with gr.Column(elem_classes="vc-card vc-queue"):
                queue_size = gr.Slider(
                    MIN_QUEUE, MAX_QUEUE, DEFAULT_QUEUE, step=1, label="Queue size K: frames that are averaged"
                )
                meaning = html(fragments.meaning(None, DEFAULT_QUEUE))
            timeline = html("")
            with gr.Column(elem_classes="vc-results"):
                html(TRANSPORT)
                with gr.Row(elem_classes="vc-players"):
                    with gr.Column(elem_classes="vc-player", min_width=260):
                        html('<p class="vc-kicker">Unsmoothed: each frame judged alone</p>')
                        raw_video = gr.Video(show_label=False, interactive=False)
                        html('<p class="vc-small">An orange edge: this frame’s label is not the clip’s.</p>')
                    with gr.Column(elem_classes="vc-player", min_width=260):
                        caption = html("")
                        smoothed_video = gr.Video(show_label=False, interactive=False)
                files = gr.File(label="Files", file_count="multiple", interactive=False, elem_classes="vc-files")
                keep = gr.Button("Keep everything as one zip", size="sm", elem_classes="vc-keep")
                archive = gr.DownloadButton(visible="hidden", elem_classes="vc-archive")

    # In the order of `jobs.Step`.
    parts = [status, verdict, figures, meaning, timeline, caption, raw_video, smoothed_video, files, visit, run, stop]

    def start(visit: jobs.Visit | None, clip: str | None, queue_size: int) -> jobs.Step:
        return jobs.start(visit, clip, queue_size, settings)

    def run_clip(clip: str, model: str, queue_size: int) -> Any:
        yield from jobs.run(clip, shelf.get(model), queue_size, settings)

    draw_again = guarded_steps(partial(jobs.rerender, settings=settings), jobs.idle(""))
    started = run.click(guarded(start), [visit, clip, queue_size], parts, **CHECK)
    running = started.success(
        guarded_steps(run_clip, jobs.idle("")),
        [clip, model, queue_size],
        parts,
        **heavy(settings),
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=status,
    )
    # The slider may have moved while the videos were drawn.
    after = running.success(draw_again, [visit, queue_size, raw_video], parts, **heavy(settings), **SILENT)
    queue_size.change(guarded(jobs.redraw), [visit, queue_size], parts, **LIGHT, trigger_mode="always_last")
    wanted = queue_size.release(jobs.want, [visit, queue_size], None, **LIGHT, trigger_mode="multiple")
    redrawn = wanted.then(
        draw_again, [visit, queue_size, raw_video], parts, **heavy(settings), **SILENT, trigger_mode="multiple"
    )
    stop.click(lambda: jobs.idle(fragments.done("Stopped.")), None, parts, **LIGHT, cancels=[running, after, redrawn])
    model.change(guarded(lambda name: fragments.facts(shelf.get(name))), model, facts, **LIGHT)
    packed = keep.click(
        guarded_steps(jobs.pack),
        [visit, raw_video, smoothed_video],
        archive,
        **heavy(settings),
        api_visibility="private",
    )
    packed.success(None, js="() => document.querySelector('.vc-archive').click()")
    return clip
