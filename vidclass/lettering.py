"""Short texts as small RGB pictures, in a font that is there wherever the program runs."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]

CAPITAL = 0.729
"""Height of a capital letter of DejaVu Sans, in em."""
LONGEST = 200
"""Letters of a text that are looked at; none wider fits on a frame."""


class Lettering:
    """One weight and size of DejaVu Sans, which Matplotlib's package brings along.

    It has Latin, Greek, Cyrillic and Arabic letters. A character that it lacks, such as a Chinese one, is
    drawn as a question mark. (OpenCV's own fonts know ASCII only, as does the one inside Pillow.)
    """

    def __init__(self, size: int, bold: bool = False) -> None:
        """Open the font.

        Args:
            size: Of the font, in pixels an em.
            bold: Whether its weight is bold.
        """
        from PIL import ImageFont  # here, since it would be a third of what importing vidclass takes

        package = importlib.util.find_spec("matplotlib")  # finds it without importing it
        if package is None or package.origin is None:
            raise ModuleNotFoundError("Matplotlib must be installed for its font. It was not found. Try pip install.")
        fonts = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
        self._font = ImageFont.truetype(fonts / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"), size)
        unknown = bytes(self._font.getmask("\uffff"))
        self._drawn = cache(lambda c: c if c == " " or bytes(self._font.getmask(c)) != unknown else "?")
        self.size = size

    @property
    def capital(self) -> int:
        """Height of a drawn capital letter, in pixels."""
        _, top, _, bottom = self._font.getbbox("H", anchor="ls")
        return int(bottom - top)

    def width(self, text: str) -> float:
        """Width of a text, in pixels."""
        return float(self._font.getlength(self._known(text)))

    def fit(self, text: str, width: float) -> str:
        """The text on one line, shortened with an ellipsis until it is no wider than `width` pixels."""
        text = self._known(text)
        if self._font.getlength(text) <= width:
            return text
        while text and self._font.getlength(text + "…") > width:
            text = text[:-1].rstrip()
        return text + "…" if text else ""

    def picture(
        self, text: str, size: tuple[int, int], ink: RGB, ground: RGB, right: bool = False
    ) -> NDArray[np.uint8]:
        """The text on a ground, `(H, W, 3)`.

        Args:
            text: What to write; it is clipped where it does not fit.
            size: Width and height of the picture, in pixels.
            ink: Colour of the letters.
            ground: Colour behind them.
            right: Whether the text ends at the right rim, and does not start at the left one.
        """
        from PIL import Image, ImageDraw

        image = Image.new("RGB", size, ground)
        where = (size[0] if right else 0, round(0.98 * self.size))
        ImageDraw.Draw(image).text(where, text, fill=ink, font=self._font, anchor="rs" if right else "ls")
        return np.array(image)

    def _known(self, text: str) -> str:
        return "".join(map(self._drawn, " ".join(text[:LONGEST].split())))
