"""A progress bar on a terminal, and nothing in a pipe or a file."""

import shutil
from time import monotonic
from typing import TextIO

from vidclass.progress import Progress

INTERVAL = 0.1
"""Seconds from one drawing to the next: a terminal over a slow line is not flooded."""
CELLS = 24
"""Width of the bar itself, in letters."""


class Bar:
    """Shows the progress of one clip on one line. Use it in a `with`: the line is gone at the end."""

    def __init__(self, stream: TextIO, name: str):
        """
        Args:
            stream: Where to draw; nothing is drawn if it is not a terminal.
            name: Of the clip.
        """
        self._stream, self._name = stream, name
        self._shown = stream.isatty()
        self._stage, self._begun, self._drawn = "", 0.0, 0.0

    def __call__(self, step: Progress) -> None:
        """Takes a report, and draws it if the last drawing is old enough."""
        now = monotonic()
        if step.stage != self._stage:
            self._stage, self._begun, self._drawn = step.stage, now, 0.0
        if self._shown and now - self._drawn >= INTERVAL:
            self._drawn = now
            self._write(line(self._name, step, now - self._begun))

    def _write(self, words: str) -> None:
        width = shutil.get_terminal_size().columns - 1  # a full last column would begin a new line
        self._stream.write(f"\r{words[:width]:<{width}}\r")
        self._stream.flush()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._write("")


def line(name: str, step: Progress, elapsed: float) -> str:
    """The bar in words.

    >>> line("a.mp4", Progress("classify", 30, 120), elapsed=2.0)
    'a.mp4: classify [######..................]  25 %, 0:06 to go'
    >>> line("a.mp4", Progress("classify", 30, None), elapsed=2.0)
    'a.mp4: classify, frame 30'

    Args:
        name: Of the clip.
        step: How far it is.
        elapsed: Seconds since the stage began.
    """
    if not step.total:
        return f"{name}: {step.stage}, frame {step.done}"
    share = min(1.0, step.done / step.total)  # a file may declare fewer frames than it holds
    bar = "#" * round(CELLS * share)
    left = round(elapsed * (1 - share) / share) if share else None
    to_go = "" if left is None else f", {left // 60}:{left % 60:02} to go"
    return f"{name}: {step.stage} [{bar:.<{CELLS}}] {share:4.0%}".replace("%", " %") + to_go
