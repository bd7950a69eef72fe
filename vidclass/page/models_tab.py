"""The Models tab: of each model its card, its measured results and where its weights came from."""

import base64
import re
from html import escape
from typing import Any

import gradio as gr

from vidclass.analysis import percent
from vidclass.bundle import FAMILY_TITLES, Bundle
from vidclass.classify import Classifier
from vidclass.page import curves, fragments
from vidclass.page.fragments import html
from vidclass.page.guard import guarded
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import LIGHT

PLOTS = {
    "confusion.png": "Confusion matrix of the test part",
    "confusion-three.png": "Confusion matrix of the tutorial’s three classes",
    "history.png": "Training, by epoch",
}
"""Plots of a bundle that are shown, by file name."""
MAX_PLOT = 2_000_000
"""Bytes of a plot that are sent to a visitor at most."""
CURVES = "What the queue size changes, on whole test clips:"
"""Above the curves."""
FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""The Hub's metadata, in front of a card."""
PICTURES = re.compile(r"!\[[^\]]*\]\([^)]*\)|</?(?!details>|summary>)[A-Za-z][^>]*>")
"""Pictures and HTML in a card: the plots are shown by us, and a card from elsewhere shall not call on other servers."""


def build(shelf: Shelf) -> None:
    """Lays the tab out and wires its events, inside a `gr.Tab`."""
    first = shelf.classifiers[0]
    with gr.Row(equal_height=False, elem_classes="vc-split"):
        with gr.Column(scale=4, min_width=300, elem_classes="vc-side"):
            model = gr.Radio(list(shelf.names), value=shelf.names[0], label="Model", elem_classes="vc-models")
        with gr.Column(scale=9, min_width=340):
            facts = html(overview(first))
            measured = html(results(first.bundle))
            with gr.Column(elem_classes="vc-card vc-paper"):
                paper = gr.Markdown(card(first.bundle), elem_classes="vc-markdown")

    def show(name: str) -> Any:
        chosen = shelf.get(name)
        return overview(chosen), results(chosen.bundle), card(chosen.bundle)

    model.change(guarded(show), model, [facts, measured, paper], **LIGHT)


def overview(classifier: Classifier) -> str:
    """What a model is, and where its weights came from."""
    bundle = classifier.bundle
    size = sum((bundle.folder / name).stat().st_size for name in bundle.files if (bundle.folder / name).is_file())
    window = bundle.window
    sees = "one frame" if window.sample_fps is None else f"{window.length} frames at {window.sample_fps:g} a second"
    rows = {
        "Family": FAMILY_TITLES[bundle.family],
        "Version": bundle.version,
        "Weights from": classifier.source,
        "Runs on": classifier.runtime,
        "Judges at once": sees,
        "Input": f"{bundle.preprocess.size} × {bundle.preprocess.size} pixels",
        "Sure from": f"{percent(bundle.threshold)} on",
        "Size": f"{size / 1e6:.1f} MB" if size else "",
        "Labels": f"{len(bundle.labels)}: {', '.join(bundle.labels)}",
    }
    told = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items() if value)
    notice = f'<p class="vc-note">{escape(classifier.notice)}</p>' if classifier.notice else ""
    return f'<section class="vc-card vc-overview"><h2>{escape(bundle.name)}</h2>{notice}<dl>{told}</dl></section>'


def results(bundle: Bundle) -> str:
    """What was measured: how often it is right, the curves against the queue size and the bundle's plots; empty where
    nothing was."""
    told = _accuracy(bundle)
    drawn = "".join(curves.draw(curve) for curve in curves.of(bundle.metrics))
    charts = f'<p class="vc-small">{CURVES}</p><div class="vc-curves">{drawn}</div>' if drawn else ""
    plots = "".join(_plot(bundle, name, title) for name, title in PLOTS.items())
    if not told and not charts and not plots:
        return ""
    kicker = '<p class="vc-kicker">Measured</p>'
    return f'<section class="vc-card vc-measured">{kicker}{told}{charts}<div class="vc-plots">{plots}</div></section>'


def _accuracy(bundle: Bundle) -> str:
    test = bundle.metrics.get("test")
    if not isinstance(test, dict) or not isinstance(test.get("top1"), float):
        return ""
    first = test.get("top3")
    more = (
        f" The right label is among its first three on <b>{100 * first:.1f} %</b>." if isinstance(first, float) else ""
    )
    return f"<p>{fragments.accuracy(bundle)}{more}</p>"


def _plot(bundle: Bundle, name: str, title: str) -> str:
    path = bundle.folder / name
    if not path.is_file() or path.stat().st_size > MAX_PLOT:
        return ""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<figure><img src="data:image/png;base64,{data}" alt="{title}"><figcaption>{title}</figcaption></figure>'


def card(bundle: Bundle) -> str:
    """A bundle's card as Markdown, without the Hub's metadata and without pictures."""
    path = bundle.folder / "README.md"
    if not path.is_file():
        return "This model has no card."
    return PICTURES.sub("", FRONT.sub("", path.read_text(encoding="utf-8", errors="replace")))
