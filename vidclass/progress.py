"""How far a pass over a clip is, and running it to its end."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

PROGRESS_EVERY = 16
"""Frames from one report to the next: at 400 frames a second, 25 a second."""


@dataclass(frozen=True)
class Progress:
    """How far a pass is."""

    stage: str
    """`classify` or `render`."""
    done: int
    """Frames done."""
    total: int | None
    """Frames in the clip, as far as the file tells."""


def run(job: Generator[Progress, None, T], progress: Callable[[Progress], None] | None = None) -> T:
    """Runs a pass to its end, and closes it (files, networks) even if `progress` raises.

    Args:
        job: `analysing(...)` or `rendering(...)`.
        progress: Called with each report.

    Returns:
        What the pass returns.
    """
    with closing(job):
        while True:
            try:
                step = next(job)
            except StopIteration as end:
                result: T = end.value
                return result
            if progress:
                progress(step)
