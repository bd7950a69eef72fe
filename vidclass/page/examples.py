"""Clips for a visitor who has none at hand."""

from pathlib import Path
from typing import Any

import gradio as gr

CLIPS = Path(__file__).parent / "clips"
"""Clips that this project drew itself."""


def own_clips() -> list[Path]:
    """The clips that come with the program, by name."""
    return sorted(CLIPS.glob("*.mp4"))


def build(clip: Any) -> None:
    """A row of example clips that fill in the clip; nothing where there are none."""
    if clips := own_clips():
        gr.Examples([[str(path)] for path in clips], [clip], label="No clip at hand?", cache_examples=False)
