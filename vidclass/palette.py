"""The colours of classes, the same in a clip's chart and in its annotated video.

A class gets its colour by its rank in the clip; classes beyond the palette share a grey. Each colour has a
shade for light and one for dark ground (the panel that is drawn on video is dark), with a contrast of at
least 3:1. Within a set, any two differ by at least 25 in CIELAB, also as seen with protanopia, deuteranopia
or tritanopia; they were found by a search near the colours of Okabe and Ito (2008), and a test measures them.
"""

from collections.abc import Sequence

RGB = tuple[int, int, int]

ON_LIGHT = ("#0055bb", "#d55e00", "#079e73", "#a9448e", "#514100")
"""Blue, orange, green, purple, brown, for white ground."""
ON_DARK = ("#489feb", "#ed7f39", "#61eeb8", "#cc79a7", "#f1e542")
"""Blue, orange, green, pink, yellow, for dark ground."""
OTHER_ON_LIGHT = "#6b7280"
"""Any further class, on white ground."""
OTHER_ON_DARK = "#9aa3b2"
"""Any further class, on dark ground."""


def rgb(color: str) -> RGB:
    """`#rrggbb` as three numbers, 0–255."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def class_colors(ranking: Sequence[int]) -> list[RGB]:
    """The colour, for dark ground, of every class by its index.

    Args:
        ranking: All class indices, the most probable over the clip first.
    """
    colors = [rgb(OTHER_ON_DARK)] * len(ranking)
    for index, color in zip(ranking, ON_DARK, strict=False):
        colors[index] = rgb(color)
    return colors
