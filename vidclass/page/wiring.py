"""How events run: heavy ones wait in one queue and share the machine, light ones are answered at once."""

from typing import Any

from vidclass.page.settings import Settings

SILENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""An event of the page alone, which shows no progress of Gradio's."""

LIGHT: dict[str, Any] = {**SILENT, "queue": False, "concurrency_limit": None}
"""An event that takes milliseconds and waits for nobody."""

CHECK: dict[str, Any] = {**SILENT, "concurrency_limit": None}
"""The same, but able to refuse: Gradio shows errors only of events that went through its queue."""


def heavy(settings: Settings) -> dict[str, Any]:
    """An event that decodes, infers or encodes; together they run as many at a time as the settings allow."""
    return {"concurrency_id": "heavy", "concurrency_limit": settings.jobs}
