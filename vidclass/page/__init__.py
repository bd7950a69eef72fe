"""The page: one file a tab, with layout and event wiring; the work is done by the rest of vidclass."""

from html import escape

import gradio as gr

from vidclass.page import api, classify_tab, compare_tab, live_tab, models_tab, theme
from vidclass.page.fragments import html
from vidclass.page.results import KEPT_FOR
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf

CLEAN_EVERY = 600
"""Seconds from one look through the uploads to the next; those that are older than results may be go."""

HEADER = """
<header class="vc-header"><h1>{mark}vidclass</h1><p>What does this clip show, and how sure is the model from frame to
frame? Classify a video, and see what averaging the last K predictions does to a flickering label.</p></header>
"""


def build(shelf: Shelf, settings: Settings) -> gr.Blocks:
    """The page, ready to launch.

    Args:
        shelf: The models that it offers.
        settings: Its limits.
    """
    with gr.Blocks(
        title="vidclass: video classification with prediction averaging",
        analytics_enabled=False,
        delete_cache=(CLEAN_EVERY, KEPT_FOR),
        fill_width=True,
    ) as page:
        html(HEADER.format(mark=theme.MARK.read_text(encoding="utf-8")))
        for notice in shelf.notices:
            html(f'<p class="vc-notice" role="status">{escape(notice)}</p>')
        with gr.Tab("Classify", id="classify"):
            classified = classify_tab.build(shelf, settings)
        with gr.Tab("Compare models", id="compare"):
            compared = compare_tab.build(shelf, settings)
        with gr.Tab("Live", id="live"):
            live_tab.build(shelf, settings)
        with gr.Tab("Models", id="models"):
            models_tab.build(shelf)
        api.build(shelf, settings)
        classified.change(None, classified, compared, js="(clip) => clip", api_visibility="private")
    page.queue(max_size=settings.waiting)
    built: gr.Blocks = page
    return built


__all__ = ["Settings", "Shelf", "build"]
