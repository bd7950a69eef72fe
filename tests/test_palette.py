"""The palette: seen on its ground, and told apart by colour-blind people too."""

import itertools

import numpy as np
import pytest

from vidclass import palette

# Severity 1.0. Source: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
# Color Vision Deficiency", IEEE TVCG 15(6), 2009.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color):
    values = np.array(palette.rgb(color)) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    dark, light = sorted((linear(color) @ XYZ[1]) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def cielab(values):
    x = XYZ @ np.clip(values, 0, 1) / XYZ.sum(axis=1)
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(
    ("colors", "ground"),
    [
        ((*palette.ON_LIGHT, palette.OTHER_ON_LIGHT), "#ffffff"),
        ((*palette.ON_DARK, palette.OTHER_ON_DARK), "#14171f"),
    ],
)
def test_colors_are_seen_on_their_ground(colors, ground):
    assert min(contrast(color, ground) for color in colors) >= 3


@pytest.mark.parametrize("colors", [palette.ON_LIGHT, palette.ON_DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_any_two_colors_differ_for_every_eye(colors, vision):
    seen = [cielab(VISION[vision] @ linear(color)) for color in colors]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) >= 25


def test_classes_get_their_colour_by_rank_and_the_rest_is_grey():
    colors = palette.class_colors([6, 2, 0, 1, 3, 4, 5])
    assert colors[6] == palette.rgb(palette.ON_DARK[0]) and colors[2] == palette.rgb(palette.ON_DARK[1])
    assert colors[4] == colors[5] == palette.rgb(palette.OTHER_ON_DARK)
    assert len(set(colors)) == 6
    assert palette.class_colors([1, 0]) == [palette.rgb(palette.ON_DARK[1]), palette.rgb(palette.ON_DARK[0])]
