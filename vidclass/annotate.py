"""Draw the label, its confidence and the bars of the top classes on a frame.

What is drawn is made of small opaque pieces (the panel, a name, a percentage, a bar), each converted once to
the frame's own colours and then pasted. So RGB frames and YUV planes get the same picture, only the panel's
pixels are touched, and a frame costs a few small copies. Pieces lie at even positions with even sizes, as
4:2:0 chroma needs.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidclass.lettering import CAPITAL, RGB, Lettering

Plane = NDArray[np.uint8]

TEXT_SHARE = 0.04
"""Height of a capital letter, as a share of the frame's height: legible in a small player."""
MIN_FONT = 10
"""Smallest font, in pixels: below it the letters run together."""
BARS = 3
"""Classes that are listed, the top one included."""
PANEL_SHARE = 0.6
"""Share of the frame's height that the panel may take; small frames list fewer classes."""
PIECES_KEPT = 256
"""Rendered texts that are kept: all percentages and the names of a common model; at 4K some 60 MB at most."""

PANEL: RGB = (20, 23, 31)
TRACK: RGB = (52, 58, 72)
INK: RGB = (245, 247, 250)
MUTED: RGB = (176, 184, 198)
EDGE: RGB = (255, 107, 0)

LUMA_WEIGHTS = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
    "fcc": (0.3, 0.11),
    "smpte240m": (0.212, 0.087),
}
"""Weights of red and blue in luma, by the matrix' name. Source: ITU-T H.273, table 4."""


class Annotator:
    """Draws on the frames of one video.

    >>> annotator = Annotator(640, 360, ["run", "swim"], [(72, 159, 235), (237, 127, 57)], "unsmoothed")
    >>> image = np.zeros((360, 640, 3), np.uint8)
    >>> annotator.draw((image,), np.array([0.2, 0.8]))
    """

    def __init__(
        self,
        width: int,
        height: int,
        labels: Sequence[str],
        colors: Sequence[RGB],
        title: str = "",
        matrix: str = "rgb",
        full_range: bool = False,
    ) -> None:
        """Lay out the panel.

        Args:
            width: Of the frames, in pixels; even for planes.
            height: Of the frames, in pixels; even for planes.
            labels: The C classes; shortened with an ellipsis where they do not fit.
            colors: Of the C classes' bars.
            title: A line above the label, such as what the rows are; empty for none.
            matrix: `rgb` to draw on RGB frames; else the frames are planes of this matrix (see `to_planes`).
            full_range: Whether the planes' luma fills 0–255, and not 16–235.
        """
        self.width, self.height = width, height
        self._labels = tuple(labels)
        self._matrix, self._full_range = matrix, full_range
        self._scales = (1,) if matrix == "rgb" else (1, 2, 2)
        self._colors = [self._color(color) for color in colors]
        self._edge = self._color(EDGE)
        self._letters = _letters(height, bold=False)
        self._headline = _letters(height, bold=True)
        self._piece: Callable[[str, Lettering, int, bool], tuple[Plane, ...] | None]
        self._piece = lru_cache(PIECES_KEPT)(self._render)
        self._lay_out(title)

    def _lay_out(self, title: str) -> None:
        size = self._letters.size
        self._thick = _even(max(2, 0.012 * min(self.width, self.height)))
        self._line = _even(1.25 * size)
        self._bar = _even(max(2, 0.14 * size))
        step = self._line + self._bar + _even(0.2 * size)
        margin, pad, heading = self._thick + _even(0.3 * size), _even(0.4 * size), self._line if title else 0
        room = PANEL_SHARE * self.height - heading - 2 * pad
        rows = max(1, min(BARS, len(self._labels), int(room // step)))
        height = heading + rows * step + 2 * pad

        percent = _even(self._headline.width("100 %"))
        longest = max(self._headline.width(label) for label in self._labels)
        wanted = max(longest + 0.6 * size + percent, self._letters.width(title)) + 2 * pad
        free = self.width - 2 * margin
        # A wide frame stays half clear; a narrow one gives the names what there is.
        width = int(min(wanted, free, max(free / 2, 14 * size))) // 2 * 2
        self._inner = width - 2 * pad
        self._origin = (margin, margin)
        self._left = margin + pad
        self._lines = [margin + pad + heading + rank * step for rank in range(rows)]
        self._panel: tuple[Plane, ...] | None = None
        if self._inner < 3 * size or margin + height > self.height:
            return  # no room for a word: only the edge is drawn

        panel = np.full((height, width, 3), PANEL, np.uint8)
        for line in self._lines:
            top = line + self._line - margin
            panel[top : top + self._bar, pad : width - pad] = TRACK
        self._panel = self._convert(panel)
        self._paste(self._panel, self._render(title, self._letters, self._inner, False, MUTED), pad, pad)

    def draw(self, frame: Sequence[Plane], row: NDArray[Any], edge: bool = False) -> None:
        """Draw one frame's result on it, in place.

        Args:
            frame: `(image,)` with the RGB image `(H, W, 3)`, or the planes Y `(H, W)`, U and V `(H/2, W/2)`.
            row: Probabilities of the frame, `(C,)`.
            edge: Whether to mark the frame with a coloured border.

        Raises:
            ValueError: The frame is not of the kind and size that the annotator was made for.
        """
        if len(frame) != len(self._scales) or frame[0].shape[:2] != (self.height, self.width):
            raise ValueError(
                f"The frame must have {len(self._scales)} planes of {self.width}×{self.height} pixels. "
                f"Received: {len(frame)}, the first of shape {frame[0].shape}."
            )
        if edge:
            self._draw_edge(frame)
        if self._panel is None:
            return
        self._paste(frame, self._panel, *self._origin)
        ranking = np.argsort(-row, kind="stable")[: len(self._lines)].tolist()
        for rank, (line, index) in enumerate(zip(self._lines, ranking, strict=True)):
            share = min(1.0, max(0.0, float(row[index])))
            letters = self._letters if rank else self._headline
            percent = self._piece(f"{100 * share:.0f} %", letters, self._inner, True)
            taken = percent[0].shape[1] if percent else 0
            name = self._piece(self._labels[index], letters, self._inner - taken - self._bar, False)
            self._paste(frame, percent, self._left + self._inner - taken, line)
            self._paste(frame, name, self._left, line)
            self._fill(
                frame,
                self._colors[index],
                self._left,
                line + self._line,
                _even(share * self._inner),
                self._bar,
            )

    def _draw_edge(self, frame: Sequence[Plane]) -> None:
        wide, high, thick = self.width, self.height, self._thick
        self._fill(frame, self._edge, 0, 0, wide, thick)
        self._fill(frame, self._edge, 0, high - thick, wide, thick)
        self._fill(frame, self._edge, 0, thick, thick, high - 2 * thick)
        self._fill(frame, self._edge, wide - thick, thick, thick, high - 2 * thick)

    def _render(
        self, text: str, letters: Lettering, width: int, right: bool, ink: RGB = INK
    ) -> tuple[Plane, ...] | None:
        """The text on the panel's ground, no wider than `width` pixels; None where not a letter fits."""
        text = letters.fit(text, width)
        if not text:
            return None
        size = min(width, _even(letters.width(text))), self._line
        return self._convert(letters.picture(text, size, ink, PANEL, right))

    def _convert(self, image: Plane) -> tuple[Plane, ...]:
        return (image,) if self._matrix == "rgb" else to_planes(image, self._matrix, self._full_range)

    def _color(self, color: RGB) -> tuple[Plane, ...]:
        return tuple(plane[0, 0] for plane in self._convert(np.full((2, 2, 3), color, np.uint8)))

    def _paste(self, frame: Sequence[Plane], piece: Sequence[Plane] | None, x: int, y: int) -> None:
        for target, source, scale in zip(frame, piece or (), self._scales, strict=False):
            top, left = y // scale, x // scale
            target[top : top + source.shape[0], left : left + source.shape[1]] = source

    def _fill(self, frame: Sequence[Plane], color: Sequence[Plane], x: int, y: int, width: int, height: int) -> None:
        for target, value, scale in zip(frame, color, self._scales, strict=True):
            target[y // scale : (y + height) // scale, x // scale : (x + width) // scale] = value


def to_planes(image: Plane, matrix: str, full_range: bool) -> tuple[Plane, Plane, Plane]:
    """An RGB picture of even size as 8-bit 4:2:0 planes.

    Args:
        image: `(H, W, 3)`, 0–255.
        matrix: A key of `LUMA_WEIGHTS`; any other is taken as `bt601`, from which it differs by a shade.
        full_range: Whether luma fills 0–255, and not 16–235.

    Returns:
        Y `(H, W)`, U and V `(H/2, W/2)`.
    """
    red, blue = LUMA_WEIGHTS.get(matrix, LUMA_WEIGHTS["bt601"])
    pixels = image.astype(np.float32) / 255  # (H, W, 3)
    luma = pixels @ np.array([red, 1 - red - blue, blue], np.float32)  # (H, W)
    height, width = luma.shape
    quads = pixels.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))  # (H/2, W/2, 3)
    gray = luma.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))  # (H/2, W/2)
    scale, offset, swing = (255, 0, 255) if full_range else (219, 16, 224)
    values = (
        luma * scale + offset,
        (quads[..., 2] - gray) / (2 * (1 - blue)) * swing + 128,
        (quads[..., 0] - gray) / (2 * (1 - red)) * swing + 128,
    )
    y, u, v = (np.clip(np.rint(value), 0, 255).astype(np.uint8) for value in values)
    return y, u, v


def _letters(height: int, bold: bool) -> Lettering:
    """Letters whose drawn capitals are at least `TEXT_SHARE` of a frame's height."""
    size = max(MIN_FONT, math.ceil(TEXT_SHARE * height / CAPITAL))
    while (letters := Lettering(size, bold)).capital < TEXT_SHARE * height:
        size += 1  # the drawn height is rounded to whole pixels
    return letters


def _even(length: float) -> int:
    return 2 * math.ceil(length / 2)
