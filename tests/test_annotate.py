"""Annotation: legible on every frame, inside every frame, and the same picture on RGB and on YUV."""

import time

import cv2
import numpy as np
import pytest

from vidclass import annotate
from vidclass.annotate import Annotator, to_planes
from vidclass.palette import class_colors

LABELS = ["HIGH", "IHHI", "HIIH", "a rather long name of a class that no frame can hold, whatever its width"]
ROW = np.array([0.6, 0.25, 0.1, 0.05], np.float32)
SIZES = [(160, 120), (120, 160), (320, 180), (640, 360), (360, 640), (1280, 720), (2160, 3840), (3840, 2160)]
GROUNDS = ["black", "white", "noise"]


def make(width, height, labels=LABELS, title="HIH", **options):
    return Annotator(width, height, labels, class_colors(range(len(labels))), title, **options)


def ground(name, width, height):
    if name == "noise":
        return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.full((height, width, 3), 255 if name == "white" else 0, np.uint8)


def to_rgb(planes, matrix, full_range):
    """The planes as RGB, by the textbook's inverse."""
    red, blue = annotate.LUMA_WEIGHTS[matrix]
    y, u, v = (np.repeat(np.repeat(p.astype(float), s, 0), s, 1) for p, s in zip(planes, (1, 2, 2), strict=True))
    y, u, v = (
        (y / 255, (u - 128) / 255, (v - 128) / 255)
        if full_range
        else ((y - 16) / 219, (u - 128) / 224, (v - 128) / 224)
    )
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.rint(np.stack([r, g, b], -1) * 255), 0, 255).astype(np.uint8)


def drawn(width, height, form, on="black", row=ROW, edge=False, **options):
    """RGB picture of an annotated frame, drawn on RGB or on planes."""
    image = ground(on, width, height)
    if form == "rgb":
        make(width, height, **options).draw((image,), row, edge)
        return image
    matrix, full_range = form
    planes = to_planes(image, matrix, full_range)
    make(width, height, matrix=matrix, full_range=full_range, **options).draw(planes, row, edge)
    return to_rgb(planes, matrix, full_range)


FORMS = ["rgb", ("bt601", False), ("bt709", False), ("bt709", True)]


def luminance(image):
    values = image.astype(float) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def panel_of(image, background):
    """The rectangle of the frame that was drawn on."""
    changed = (image != background).any(axis=-1)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def text_lines(panel):
    """Bands of rows with letters in them, and the letters' luminance: texts are neutral, bars are not."""
    neutral = np.ptp(panel.astype(int), axis=-1) < 26
    lit = neutral & (luminance(panel) > 0.12)
    rows = np.flatnonzero(lit.any(axis=1))
    bands = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [(len(band), luminance(panel[band])[lit[band]]) for band in bands]


@pytest.mark.parametrize(
    ("width", "height", "form"),
    [(*size, form) for size in SIZES for form in FORMS if form == "rgb" or max(size) < 2000],
)
def test_every_text_is_tall_enough_and_has_contrast(width, height, form):
    image = drawn(width, height, form)
    panel = panel_of(image, np.zeros(3, np.uint8))
    lines = text_lines(panel)
    assert len(lines) >= 3, "a title, the label and a second class at least"
    dark = luminance(panel[1:2, 1:2])[0, 0]  # the panel's own ground, in its corner
    for tall, ink in lines:
        assert tall >= 0.04 * height
        assert (ink.max() + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("on", GROUNDS)
def test_the_panel_is_the_same_on_bright_dark_and_noisy_frames(on, form):
    panel = np.s_[8:100, 8:100]
    reference = drawn(640, 360, form, "black")[40:60, 20:60]
    np.testing.assert_array_equal(drawn(640, 360, form, on)[40:60, 20:60], reference)
    assert luminance(drawn(640, 360, form, on)[panel]).min() < 0.02


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_picture_lies_inside_the_frame_with_a_margin(width, height):
    image = drawn(width, height, "rgb", "white")
    panel = panel_of(image, np.full(3, 255, np.uint8))
    assert (image[0] == 255).all() and (image[-1] == 255).all()
    assert (image[:, 0] == 255).all() and (image[:, -1] == 255).all()
    for rim in (panel[0], panel[-1], panel[:, 0], panel[:, -1]):
        assert (rim == annotate.PANEL).all(), "letters and bars keep off the panel's rim"
    assert panel.shape[0] <= 0.62 * height


def test_a_wide_frame_stays_half_clear():
    panel = panel_of(drawn(1280, 720, "rgb", "white"), np.full(3, 255, np.uint8))
    assert panel.shape[1] <= 640 and panel.shape[0] <= 0.45 * 720


@pytest.mark.parametrize(("width", "height"), [(2, 2), (16, 16), (64, 64), (640, 16), (16, 640), (90, 640), (3840, 32)])
@pytest.mark.parametrize("form", ["rgb", ("bt601", False)], ids=str)
def test_a_frame_without_room_is_left_in_peace(width, height, form):
    drawn(width, height, form, edge=True)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", annotate.LUMA_WEIGHTS)
@pytest.mark.parametrize("edge", [False, True])
def test_planes_get_exactly_the_picture_that_rgb_gets(matrix, full_range, edge):
    image = ground("noise", 322, 182)
    planes = to_planes(image, matrix, full_range)
    make(322, 182, matrix=matrix, full_range=full_range).draw(planes, ROW, edge)
    make(322, 182).draw((image,), ROW, edge)
    for plane, wanted in zip(planes, to_planes(image, matrix, full_range), strict=True):
        np.testing.assert_array_equal(plane, wanted)


@pytest.mark.parametrize(
    ("color", "matrix", "full_range", "planes"),
    [
        ((255, 255, 255), "bt601", False, (235, 128, 128)),
        ((0, 0, 0), "bt709", False, (16, 128, 128)),
        ((255, 255, 255), "bt709", True, (255, 128, 128)),
        ((255, 0, 0), "bt601", False, (81, 90, 240)),
        ((255, 0, 0), "bt709", False, (63, 102, 240)),
        ((0, 0, 255), "bt601", True, (29, 255, 107)),
    ],
)
def test_to_planes_gives_the_standards_values(color, matrix, full_range, planes):
    got = to_planes(np.full((2, 2, 3), color, np.uint8), matrix, full_range)
    assert tuple(int(plane[0, 0]) for plane in got) == planes


def test_to_planes_agrees_with_opencv():
    image = cv2.GaussianBlur(ground("noise", 64, 48), (0, 0), 5)
    planar = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
    y, u, v = to_planes(image, "bt601", False)
    assert np.abs(y.astype(int) - planar[:48]).max() <= 1
    assert np.abs(u.astype(int).ravel() - planar[48:60].ravel()).max() <= 3  # OpenCV takes one pixel of four
    assert np.abs(v.astype(int).ravel() - planar[60:].ravel()).max() <= 3


def test_an_unknown_matrix_is_drawn_as_bt601():
    image = ground("noise", 8, 8)
    for one, other in zip(to_planes(image, "other", False), to_planes(image, "bt601", False), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("width", "height"), [(160, 120), (640, 360), (361, 641)])
def test_an_edge_touches_the_border_only(width, height):
    plain, edged = (drawn(width, height, "rgb", "noise", edge=edge) for edge in (False, True))
    thick = 2 * int(np.ceil(max(2, 0.012 * min(width, height)) / 2))
    inside = np.s_[thick : height - thick, thick : width - thick]
    np.testing.assert_array_equal(plain[inside], edged[inside])
    edged[inside] = annotate.EDGE
    assert (edged == annotate.EDGE).all()


def bar_lengths(row, labels=LABELS):
    panel = panel_of(drawn(640, 360, "rgb", row=np.array(row, np.float32), labels=labels), np.zeros(3, np.uint8))
    colors = class_colors(range(len(labels)))
    inner = (panel == annotate.TRACK).all(axis=-1).sum(axis=1).max()
    return [int((panel == color).all(axis=-1).sum(axis=1).max()) for color in colors], int(inner)


def test_bars_are_as_long_as_the_probabilities_are_high():
    lengths, _ = bar_lengths([0.5, 0.25, 0.125, 0.125])
    assert lengths[1] == pytest.approx(lengths[0] / 2, abs=2)
    assert lengths[2] == pytest.approx(lengths[0] / 4, abs=2)
    assert lengths[3] == 0, "three classes are listed; of a tie, the first"
    assert bar_lengths([1, 0, 0, 0])[0] == [bar_lengths([0, 0, 0, 1])[1], 0, 0, 0]


@pytest.mark.parametrize(
    "labels", [["only"], ["one", "two"], ["", "網球"], ["<b>&", "x" * 100_000], ["a\nb", "\u202ec"]]
)
def test_any_labels_can_be_drawn(labels):
    row = np.linspace(1, 0, len(labels) + 1, dtype=np.float32)[:-1]
    image = drawn(320, 240, "rgb", "white", row=row, labels=labels, title="")
    assert (image != 255).any()


def test_the_same_row_is_drawn_alike_after_others():
    annotator, fresh = make(320, 240), make(320, 240)
    one, other = ground("black", 320, 240), ground("black", 320, 240)
    for row in np.random.default_rng(0).dirichlet(np.ones(4), 50):
        annotator.draw((one,), row)
    annotator.draw((one,), ROW)
    fresh.draw((other,), ROW)
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "frame",
    [
        (np.zeros((240, 322, 3), np.uint8),),
        (np.zeros((240, 320), np.uint8), np.zeros((120, 160), np.uint8), np.zeros((120, 160), np.uint8)),
    ],
    ids=["other size", "planes"],
)
def test_a_frame_of_another_kind_is_refused(frame):
    with pytest.raises(ValueError, match=r"must have 1 planes of 320×240 pixels\. Received"):
        make(320, 240).draw(frame, ROW)


def test_drawing_costs_little():
    planes = to_planes(ground("black", 640, 360), "bt709", False)
    annotator = make(640, 360, matrix="bt709")
    rows = np.random.default_rng(0).dirichlet(np.ones(4), 200).astype(np.float32)
    for row in rows:
        annotator.draw(planes, row)
    started = time.thread_time()  # of this thread alone, however busy the machine is
    for row in rows:
        annotator.draw(planes, row, edge=True)
    assert (time.thread_time() - started) / len(rows) < 0.002, "generous; alone it takes 0.05 ms"
