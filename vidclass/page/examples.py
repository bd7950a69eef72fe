"""Clips for a visitor who has none at hand: those that come with the program, and public ones that its owner chose."""

import json
import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from vidclass import public_clips
from vidclass.page.guard import guarded_steps
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import CHECK

CLIPS = Path(__file__).parent / "clips"
"""Clips that this project drew itself."""
TABLE = "clips.json"
"""Says of each file its title, the model that knows what it shows, and the label that this model gives it:
`{"chess.mp4": {"title": "Chess", "model": "frame-cnn-sports", "label": "chess"}}`."""


@dataclass(frozen=True)
class Example:
    """A clip that comes with the program."""

    path: Path
    title: str
    model: str | None = None
    """The model that knows what it shows; None leaves the visitor's choice."""
    label: str | None = None
    """The label that this model gives it, steadily once it is smoothed; None where nothing is promised."""


def own() -> list[Example]:
    """The clips that come with the program, by file name."""
    table = json.loads((CLIPS / TABLE).read_text(encoding="utf-8")) if (CLIPS / TABLE).is_file() else {}
    return [Example(path, **{"title": path.stem, **table.get(path.name, {})}) for path in sorted(CLIPS.glob("*.mp4"))]


def build(clip: Any, model: Any, shelf: Shelf, settings: Settings) -> None:
    """A row of clips that fill in the clip and choose the model; nothing where there are none."""
    drawn = own()
    titles = [each.title for each in drawn] + [each.title for each in settings.public_clips]
    if not titles:
        return
    choice = gr.Dataset(
        components=["textbox"],
        samples=[[title] for title in titles],
        sample_labels=titles,
        type="index",
        label="No clip at hand?",
        elem_classes="vc-examples",
    )

    def pick(number: int) -> Generator[Any, None, None]:
        yield from chosen(number, drawn, shelf, settings)

    choice.click(guarded_steps(pick), choice, [clip, model], **{**CHECK, "show_progress": "minimal"})


def chosen(
    number: int, drawn: Sequence[Example], shelf: Shelf, settings: Settings
) -> Generator[tuple[str, Any], None, None]:
    """The clip of that number, our own ones first, and the model to choose with it.

    Raises:
        HubError: It is a public one, and the Hub does not give it.
    """
    if number < len(drawn):
        example = drawn[number]
        yield str(example.path), example.model if example.model in shelf.names else gr.skip()
        return
    found = public_clips.fetch(settings.public_clips[number - len(drawn)], settings.max_megabytes * 1e6)
    with TemporaryDirectory(prefix="vidclass-") as folder:  # Gradio serves nothing out of the Hub's cache
        yield str(shutil.copy(found.resolve(), Path(folder, found.name))), gr.skip()
