"""Pieces of the page as HTML, made from an analysis. Everything that comes from a file or a bundle is escaped."""

from html import escape

import gradio as gr

from vidclass import charts
from vidclass.analysis import Analysis, Summary, percent
from vidclass.bundle import Bundle
from vidclass.classify import Classifier
from vidclass.smoothing import DEFAULT_QUEUE, Stability

WIDE, NARROW = 880, 358
"""Widths for which charts are laid out, in pixels: the page's main column, and a phone of 390 with its margins."""
FRESH_FPS = 30
"""Frames a second that the queue size is explained with before there is a clip."""


def html(value: str, classes: str = "") -> gr.HTML:
    """A part of the page that holds a fragment, without Gradio's own looks for prose."""
    return gr.HTML(value, elem_classes=classes, apply_default_css=False, js_on_load=None)


def name(label: str) -> str:
    """A label, which may break where its words meet."""
    return escape(label).replace("_", "_<wbr>")


def verdict(analysis: Analysis) -> str:
    """The clip's label, the runners-up, who says so and how fast."""
    summary = analysis.summary(1)
    kicker = "This clip shows" if summary.sure else "The model has doubts"
    rate = f"{analysis.frames_per_second:,.0f} a second" if analysis.frames_per_second else ""
    told = f"{analysis.model} ({analysis.source}) · {count(len(analysis.times), 'frame')}"
    notes = "".join(f'<p class="vc-note">{escape(note)}</p>' for note in analysis.notes)
    return (
        f'<section class="vc-card vc-verdict"><p class="vc-kicker">{kicker}</p>'
        f"<h2>{name(summary.verdict)}</h2>{_bars(summary)}"
        f'<p class="vc-small">{escape(told)}{f", {rate}" if rate else ""}</p>{notes}</section>'
    )


def _bars(summary: Summary) -> str:
    rows = "".join(
        f'<li><span class="vc-bar-label">{escape(label)}</span>'
        f'<span class="vc-bar"><i style="width:{100 * share:.1f}%;background:var(--vc-{rank})"></i></span>'
        f'<span class="vc-bar-share">{percent(share)}</span></li>'
        for rank, (label, share) in enumerate(summary.top)
    )
    return f'<ol class="vc-bars" aria-label="Most probable labels, mean over the clip">{rows}</ol>'


def figures(analysis: Analysis, queue_size: int) -> str:
    """How steady the label is, raw against smoothed, as a table."""
    summary = analysis.summary(queue_size)
    raw, smoothed = _cells(summary.raw), _cells(summary.smoothed)
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td>{raw[name]}</td><td class="vc-strong">{smoothed[name]}</td></tr>'
        for name in raw
    )
    return (
        '<section class="vc-card vc-figures"><p class="vc-kicker">How steady is the label?</p>'
        f"<p>{_steadiness(summary)}</p><table><thead><tr>"
        '<td></td><th scope="col">Unsmoothed</th>'
        f'<th scope="col">{mean_of(queue_size)}</th></tr></thead><tbody>{rows}</tbody></table></section>'
    )


def _steadiness(summary: Summary) -> str:
    """What smoothing does to the clip, in a sentence for somebody who never heard of it."""
    raw = f"Judged one by one, the frames change the label <b>{_times(summary.raw.switches)}</b>"
    if summary.queue_size == 1:
        return f"{raw}."
    return f"{raw}; their mean over the last {summary.queue_size}, <b>{_times(summary.smoothed.switches)}</b>."


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _cells(stability: Stability) -> dict[str, str]:
    return {
        "Label switches": f"{stability.switches:,}",
        "Switches a minute": f"{stability.switches_per_minute:,.0f}",
        "Longest steady stretch": f"{stability.longest_steady:.1f} s",
        "Frames with the clip’s label": percent(stability.agreement),
    }


def meaning(analysis: Analysis | None, queue_size: int) -> str:
    """What a queue size means for the clip, and the smallest one that is as steady as the default."""
    if analysis is None:
        seconds = queue_size / FRESH_FPS
        told = f"<b>{count(queue_size, 'frame')} = {seconds:.1f} s</b> of a clip with {FRESH_FPS} frames a second."
        hint = "1 shows each frame’s own label; a longer queue is steadier, and later to notice a change."
        return f'<p class="vc-meaning">{told} {hint}</p>'
    told = f"<b>{count(queue_size, 'frame')} = {queue_size / analysis.fps:.1f} s</b> at {analysis.fps:.4g} fps."
    if queue_size >= len(analysis.times):
        told += f" The clip has {count(len(analysis.times), 'frame')}: each shows the mean of all before it."
    goal = count(analysis.default_switches, "switch", "switches")
    if analysis.raw_stability.switches == analysis.default_switches:
        told += f" This clip needs no smoothing: {goal} without, {goal} with a queue of {DEFAULT_QUEUE}."
    else:
        told += f" K = {analysis.smallest_queue} is the smallest queue that is as steady as {DEFAULT_QUEUE} ({goal})."
    return f'<p class="vc-meaning">{told}</p>'


def timeline(analysis: Analysis, queue_size: int) -> str:
    """The chart, for a wide and for a narrow page, in the frame that `player.js` makes a seek bar of."""
    return (
        '<section class="vc-card"><div class="vc-timeline" role="slider" tabindex="0" aria-label="Position in the clip"'
        f' aria-valuemin="0" aria-valuemax="{analysis.duration:.3f}" aria-valuenow="0" aria-valuetext="0.0 seconds"'
        f' data-hover="{escape(charts.hover_data(analysis, queue_size))}">'
        f'<div class="vc-wide">{charts.timeline(analysis, queue_size, WIDE)}</div>'
        f'<div class="vc-narrow">{charts.timeline(analysis, queue_size, NARROW)}</div>'
        '<div class="vc-tip" hidden></div></div></section>'
    )


def caption(queue_size: int) -> str:
    """What stands above the smoothed video."""
    return f'<p class="vc-kicker">Smoothed: {mean_of(queue_size).lower()}{" frames" if queue_size > 1 else ""}</p>'


def waiting() -> str:
    """What stands in the place of a result to come."""
    return (
        '<section class="vc-card"><p class="vc-kicker">Looking at every frame</p>'
        '<p class="vc-small">The label and the timeline come first, then the two videos.</p></section>'
    )


def comparison(analyses: tuple[Analysis, ...], queue_size: int) -> str:
    """The charts of several models on one time axis."""
    return (
        '<section class="vc-card">'
        f'<div class="vc-wide">{charts.comparison(analyses, queue_size, WIDE)}</div>'
        f'<div class="vc-narrow">{charts.comparison(analyses, queue_size, NARROW)}</div></section>'
    )


def progress(stage: str, share: float | None, seconds_left: float | None, detail: str = "") -> str:
    """A progress bar with the stage's name and the time to go.

    Args:
        stage: What is being done, as a verb.
        share: Part that is done, 0–1; None where it is unknown.
        seconds_left: Time to go; None where it is unknown.
        detail: What else there is to say.
    """
    left = "" if seconds_left is None else f", about {max(1, round(seconds_left))} s to go"
    value = "" if share is None else f' value="{share:.3f}"'
    return (
        f'<div class="vc-progress" role="status"><p><b>{stage}</b>{left}<span>{escape(detail)}</span></p>'
        f'<progress max="1"{value} aria-label="{stage}"></progress></div>'
    )


def done(told: str) -> str:
    """A finished job, in one line."""
    return f'<p class="vc-done" role="status">{escape(told)}</p>'


def facts(classifier: Classifier) -> str:
    """What a model knows, and how well: shown when it is chosen."""
    bundle = classifier.bundle
    labels = ", ".join(escape(label) for label in bundle.labels)
    return (
        f'<div class="vc-facts"><p>{accuracy(bundle)}</p>'
        f"<details><summary>Knows {len(bundle.labels)} labels</summary><p>{labels}</p></details></div>"
    )


def accuracy(bundle: Bundle) -> str:
    """How often a model is right, as its bundle says."""
    test = bundle.metrics.get("test")
    top1 = test.get("top1") if isinstance(test, dict) else None
    if not isinstance(test, dict) or not isinstance(top1, float):
        return "Not measured yet."
    of = "clips" if "by_queue_size" in test or bundle.family != "frame-cnn" else "photos"
    number = f"{test['count']:,} " if isinstance(test.get("count"), int) else ""
    return f"Right on <b>{100 * top1:.1f} %</b> of {number}test {of}."


def mean_of(queue_size: int) -> str:
    """What smoothing with a queue size is called."""
    return "No smoothing" if queue_size == 1 else f"Mean of last {queue_size}"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "frame"), count(1200, "frame")
    ('1 frame', '1,200 frames')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
