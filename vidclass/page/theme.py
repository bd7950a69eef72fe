"""The page's looks: Gradio's theme, our style sheet and our script, all from this machine."""

from pathlib import Path

import gradio as gr

from vidclass import palette
from vidclass.bundle import FAMILY_TITLES
from vidclass.page.shelf import Shelf

HERE = Path(__file__).parent
MARK = HERE / "mark.svg"
"""A flickering strip above a calm one: what the page is about."""

FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
MONO = ["ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace"]
"""Fonts of the visitor's system: nothing is fetched from elsewhere."""

ACCENT = gr.themes.Color(
    name="accent",
    c50="#eef5fd",
    c100="#d9e8fa",
    c200="#b5d2f4",
    c300="#85b5ec",
    c400="#489feb",
    c500="#1f78d6",
    c600="#0055bb",
    c700="#00479d",
    c800="#063b7f",
    c900="#0b3264",
    c950="#082143",
)
"""Shades around the palette's blue."""


def theme() -> gr.themes.Base:
    """Calm greys and one blue, light and dark."""
    return gr.themes.Base(
        primary_hue=ACCENT, neutral_hue=gr.themes.colors.slate, radius_size="lg", font=FONT, font_mono=MONO
    ).set(
        body_background_fill="#f4f6f9",
        body_background_fill_dark="#0f131a",
        body_text_color="#1f2933",
        body_text_color_dark="#e8ebf0",
        body_text_color_subdued="#52606d",
        body_text_color_subdued_dark="#a9b3c1",
        block_background_fill="#ffffff",
        block_background_fill_dark="#171c25",
        block_border_color="#dfe4ec",
        block_border_color_dark="#2b323f",
        block_label_background_fill="#ffffff",
        block_label_background_fill_dark="#171c25",
        block_label_text_color="#52606d",
        block_label_text_color_dark="#a9b3c1",
        block_title_text_weight="600",
        border_color_primary="#dfe4ec",
        border_color_primary_dark="#2b323f",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#171c25",
        background_fill_secondary="#f4f6f9",
        background_fill_secondary_dark="#0f131a",
        input_background_fill="#f8fafc",
        input_background_fill_dark="#10151d",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        checkbox_background_color_selected="*primary_600",
        checkbox_background_color_selected_dark="*primary_500",
    )


def css(shelf: Shelf) -> str:
    """The style sheet, with the classes' colours and the headings of the model list."""
    light = "".join(f"--vc-{rank}:{color};" for rank, color in enumerate(palette.ON_LIGHT))
    dark = "".join(f"--vc-{rank}:{color};" for rank, color in enumerate(palette.ON_DARK))
    headings, before = "", None
    for number, each in enumerate(shelf.classifiers, 1):
        family = each.bundle.family
        if family != before:
            choice = f".vc-models label:nth-of-type({number})"
            headings += f'{choice}{{margin-top:1.6rem}}{choice}::before{{content:"{FAMILY_TITLES[family]}"}}'
        before = family
    return f":root{{{light}}}.dark{{{dark}}}{(HERE / 'style.css').read_text(encoding='utf-8')}{headings}"


def head() -> str:
    """What goes into the page's head: the script of the players."""
    return f"<script>{(HERE / 'player.js').read_text(encoding='utf-8')}</script>"
