"""How events run: heavy ones wait in one queue and share the machine, light ones are answered at once."""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from functools import wraps
from typing import Any, ParamSpec

from vidclass.page.settings import Settings

P = ParamSpec("P")

SILENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""An event of the page alone, which shows no progress of Gradio's."""

LIGHT: dict[str, Any] = {**SILENT, "queue": False, "concurrency_limit": None}
"""An event that takes milliseconds and waits for nobody."""

CHECK: dict[str, Any] = {**SILENT, "concurrency_limit": None}
"""The same, but able to refuse: Gradio shows errors only of events that went through its queue."""


def heavy(settings: Settings) -> dict[str, Any]:
    """An event that decodes, infers or encodes; together they run as many at a time as the settings allow."""
    return {"concurrency_id": "heavy", "concurrency_limit": settings.jobs}


class Parts:
    """The parts of a tab, by the names of the fields of its steps.

    An event names only those that it may change. At each step Gradio builds every part anew that its event names, also
    one that stays as it is, and answers nobody during the millisecond that this takes.
    """

    def __init__(self, parts: Mapping[str, Any], *names: str):
        """
        Args:
            parts: Names to parts.
            names: Of those that count. Defaults to all.
        """
        self._parts = parts
        self._names = names or tuple(parts)
        self.all = [parts[name] for name in self._names]
        """The parts themselves: an event's outputs."""

    def __getitem__(self, names: tuple[str, ...]) -> "Parts":
        """Some of them: `parts["status", "chart"]`."""
        return Parts(self._parts, *names)

    def of(self, step: Any) -> tuple[Any, ...]:
        """What a step has for them."""
        return tuple(getattr(step, name) for name in self._names)

    def after(self, function: Callable[P, Any]) -> Callable[P, tuple[Any, ...]]:
        """A function that gives a step, as an event's function."""

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> tuple[Any, ...]:
            return self.of(function(*args, **kwargs))

        return call

    def during(self, function: Callable[P, Generator[Any, None, None]]) -> Callable[P, Generator[Any, None, None]]:
        """A function that gives steps, as an event's function."""

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, None, None]:
            with closing(function(*args, **kwargs)) as steps:
                for step in steps:
                    yield self.of(step)

        return call
