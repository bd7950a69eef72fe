"""Text, axes and colours of an SVG that takes the theme of the page around it, or the system's where it is a file."""

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from vidclass import palette

LETTER = 6.9
"""Mean width of a letter at 12 px, in pixels, on the safe side: SVG cannot measure text."""

AXIS = 26
"""Height of the time axis, in pixels."""
TICK_STEPS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
"""Distances of the time axis' marks that people count in, in seconds."""
TICK_ROOM = 64
"""Room for a mark's text, in pixels."""

LIGHT = {
    "ink": "#1f2933",
    "muted": "#52606d",
    "grid": "#d5dbe3",
    "other": palette.OTHER_ON_LIGHT,
    **{str(rank): color for rank, color in enumerate(palette.ON_LIGHT)},
}
"""Colours by name, on a light page; the digits are ranks in the palette."""
DARK = {
    "ink": "#e8ebf0",
    "muted": "#a9b3c1",
    "grid": "#3a4250",
    "other": palette.OTHER_ON_DARK,
    **{str(rank): color for rank, color in enumerate(palette.ON_DARK)},
}
"""The same on a dark page: one with a class `dark` on an element around the chart."""


@dataclass(frozen=True)
class Area:
    """Where time and probability run, in pixels."""

    width: int
    """Of the picture."""
    duration: float
    """Of the time axis, in seconds."""
    plot_height: int
    """Between 0 and 100 %."""
    left: int = 44
    """Where 0 s is."""

    @property
    def right(self) -> int:
        """Where the duration ends."""
        return self.width - 14

    def tenths(self, times: NDArray[np.float64]) -> list[int]:
        """Where times lie, in tenths of a pixel: whole numbers are quick to write."""
        scale = (self.right - self.left) / max(self.duration, 1e-9)
        places: list[int] = np.rint(10 * (self.left + times * scale)).astype(int).tolist()
        return places

    def grid(self, top: int) -> str:
        """Lines of probability, of which the first lies at `top`."""
        parts = []
        for share in (100, 75, 50, 25, 0):
            y = top + round(self.plot_height * (1 - share / 100))
            parts.append(f'<path class="vc-grid" stroke="currentColor" d="M{self.left},{y}H{self.right}"/>')
            if share % 50 == 0:
                parts.append(text(self.left - 6, y + 4, f"{share} %", "muted", 'text-anchor="end"'))
        return "".join(parts)

    def axis(self, top: int) -> str:
        """Marks of time, beneath `top`."""
        marks = (self.right - self.left) // TICK_ROOM
        step = next((each for each in TICK_STEPS if self.duration <= each * marks), TICK_STEPS[-1])
        times = np.arange(0, self.duration + step / 1000, step)
        parts = []
        for time, x in zip(times.tolist(), self.tenths(times), strict=True):
            words = f"{round(time, 2):g} s" if self.duration < 60 else f"{time // 60:.0f}:{time % 60:02.0f}"
            anchor = "end" if x / 10 > self.right - 12 else "middle"
            parts.append(f'<path class="vc-muted" stroke="currentColor" d="M{x / 10:g},{top}v5"/>')
            parts.append(text(x / 10, top + 18, words, "muted", f'text-anchor="{anchor}"'))
        return "".join(parts)


def text(x: float, y: float, words: str, color: str, more: str = "") -> str:
    """A line of text whose baseline starts at (x, y)."""
    return f'<text class="vc-{color}" fill="currentColor" x="{x:g}" y="{y:g}" {more}>{escape(words)}</text>'


def clean(words: str, longest: int) -> str:
    """One line of printable characters, since XML forbids some of the others, shortened with an ellipsis."""
    line = "".join(c if c.isprintable() else " " for c in words)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def document(width: int, height: int, label: str, attributes: str, body: str) -> str:
    """The `svg` element of class `vc-chart`, which scales to its container.

    Args:
        width: Of the `viewBox`, in pixels.
        height: Of the `viewBox`, in pixels.
        label: What the picture shows, for those who do not see it.
        attributes: More of the element's attributes.
        body: What is in it.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="vc-chart" viewBox="0 0 {width} {height}" width="100%" '
        f'role="img" aria-label="{escape(label)}" {attributes}><style>{_style()}</style>{body}</svg>'
    )


def _style() -> str:
    # Colours are set as `color` and used as `currentColor`, which viewers without CSS variables know too.
    def rules(root: str, colors: dict[str, str]) -> str:
        return "".join(f"{root} .vc-{name}{{color:{color}}}" for name, color in colors.items())

    return (
        ".vc-chart{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;display:block}"
        + rules(".vc-chart", LIGHT)
        + rules(".dark .vc-chart", DARK)
        + ".vc-chart:root{background:#fff}"
        + "@media (prefers-color-scheme:dark){.vc-chart:root{background:#14171f}"
        + rules(".vc-chart:root", DARK)
        + "}"
    )
