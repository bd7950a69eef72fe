"""Charts: valid on their own, true to the numbers, alike in colour, quick."""

import json
import re
import time
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from vidclass import _svg, charts
from vidclass.errors import OptionError

SVG = "{http://www.w3.org/2000/svg}"
EVIL = ('<script>alert("1")</script>', "a&b'\"", "\x00\x1b[31m\ufffe", "x" * 300, "中文", "]]>")


def random_rows(frames, classes=26, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.2), frames).astype(np.float32)


def names(count):
    return [f"class {index}" for index in range(count)]


@pytest.fixture
def flicker(make_analysis):
    """A minute at 30 fps of 26 classes that follow each other without reason."""
    return make_analysis(random_rows(1800), labels=names(26), fps=30.0)


def lines_of(picture):
    """Every polyline's colour with its points in pixels."""
    return [
        (line.get("class"), np.array([point.split(",") for point in line.get("points").split()], float) / 10)
        for line in picture.iter(f"{SVG}polyline")
    ]


def strips_of(picture):
    """Every strip as dashes (start, length, colour) in pixels, sorted, by the strip's height on the page."""
    strips = {}
    for path in picture.iter(f"{SVG}path"):
        if "translate" in (path.get("transform") or ""):
            dashes = re.findall(r"M(\d+),0h(\d+)", path.get("d"))
            strips.setdefault(path.get("transform"), []).extend(
                (int(start) / 10, int(length) / 10, path.get("class")) for start, length in dashes
            )
    return [sorted(strip) for strip in strips.values()]


def texts_of(picture):
    return [text.text for text in picture.iter(f"{SVG}text")]


@pytest.mark.parametrize("width", [960, 370])
def test_a_chart_says_where_time_runs(flicker, width):
    picture = ElementTree.fromstring(charts.timeline(flicker, 64, width))
    assert picture.get("viewBox").startswith(f"0 0 {width} ")
    assert float(picture.get("data-duration")) == 60
    left, right = (float(picture.get(f"data-{side}")) for side in ("left", "right"))
    assert 0 < left < right < width
    for _, points in lines_of(picture):
        assert (points[0, 0], points[-1, 0]) == (left, right)
        assert (np.diff(points[:, 0]) >= 0).all()
    playhead = next(path for path in picture.iter(f"{SVG}path") if "vc-playhead" in path.get("class"))
    assert playhead.get("visibility") == "hidden"
    top, bottom = (float(place) for place in re.fullmatch(r"M0,(\d+)V(\d+)", playhead.get("d")).groups())
    grid = [path.get("d") for path in picture.iter(f"{SVG}path") if path.get("class") == "vc-grid"]
    assert grid[0].startswith(f"M{left:g},{top:g}H"), "it must stand beneath the legend"
    assert bottom > max(points[:, 1].max() for _, points in lines_of(picture))


@pytest.mark.parametrize("frames", [1, 2, 599, 600, 601, 900, 1799, 1800, 18_000])
def test_lines_are_short_and_keep_the_extremes(make_analysis, frames):
    analysis = make_analysis(random_rows(frames, classes=3))
    lines = lines_of(ElementTree.fromstring(charts.timeline(analysis, 1)))
    assert len(lines) == 6
    tops = {color: points[:, 1].min() for color, points in lines}
    spans = {color: np.ptp(points[:, 1]) for color, points in lines}
    for rank, index in enumerate(analysis.ranking):
        column = analysis.rows[:, index]
        assert spans[f"vc-{rank}"] == pytest.approx(190 * np.ptp(column), abs=0.2)
        assert tops[f"vc-{rank}"] - tops["vc-0"] == pytest.approx(
            190 * (analysis.rows[:, analysis.ranking[0]].max() - column.max()), abs=0.2
        )
    assert all(len(points) <= charts.POINTS + 3 for _, points in lines)


def test_raw_lines_are_thin_and_smoothed_ones_bold(flicker):
    picture = ElementTree.fromstring(charts.timeline(flicker, 64))
    widths = [float(line.get("stroke-width")) for line in picture.iter(f"{SVG}polyline")]
    assert widths == [10] * 5 + [26] * 5
    spans = [np.ptp(points[:, 1]) for _, points in lines_of(picture)]
    assert max(spans[5:]) < min(spans[:5])


def test_strips_show_the_labels_for_as_long_as_they_last(make_analysis):
    rows = np.eye(3, dtype=np.float32)[[2] * 50 + [0] * 20 + [2] * 30]
    picture = ElementTree.fromstring(charts.timeline(make_analysis(rows, fps=10), 128))
    left, right = (float(picture.get(f"data-{side}")) for side in ("left", "right"))
    second = (right - left) / 10
    raw, smoothed = strips_of(picture)
    assert [color for *_, color in raw] == ["vc-0", "vc-1", "vc-0"]
    assert [length for _, length, _ in raw] == pytest.approx([5 * second, 2 * second, 3 * second], abs=0.2)
    assert smoothed == [(left, pytest.approx(right - left), "vc-0")]


def test_a_strip_has_no_gaps_and_a_barcode_keeps_single_frames(flicker):
    raw, _ = strips_of(ElementTree.fromstring(charts.timeline(flicker, 64)))
    assert len(raw) == flicker.summary(1).raw.switches + 1
    for (start, length, _), (following, *_) in pairwise(raw):
        assert start + length == pytest.approx(following)


def test_the_strip_of_a_long_clip_is_thinned_out(make_analysis):
    analysis = make_analysis(random_rows(18_000, classes=3))
    raw, smoothed = strips_of(ElementTree.fromstring(charts.timeline(analysis, 256)))
    assert len(smoothed) < len(raw) <= charts.COLUMNS
    assert raw[-1][0] + raw[-1][1] == pytest.approx(946)


def test_legend_and_captions_tell_the_figures(make_analysis):
    rows = np.array([[0.6, 0.3, 0.1]] * 6 + [[0.2, 0.7, 0.1]] * 2, np.float32)
    texts = texts_of(ElementTree.fromstring(charts.timeline(make_analysis(rows), 8)))
    assert "baseball 50 %" in texts and "football 40 %" in texts and "tennis 10 %" in texts
    assert "Unsmoothed: 1 label switch" in texts and "Mean of last 8: 0 label switches" in texts
    assert "other labels" not in texts


def test_labels_beyond_the_palette_are_one_grey(flicker):
    picture = ElementTree.fromstring(charts.timeline(flicker, 64))
    assert "other labels" in texts_of(picture)
    assert {color for *_, color in strips_of(picture)[0]} == {"vc-other", *(f"vc-{rank}" for rank in range(5))}


@pytest.mark.parametrize("draw", [charts.timeline, lambda analysis, *rest: charts.comparison([analysis], *rest)])
def test_any_label_makes_a_valid_file(make_analysis, draw):
    analysis = make_analysis(random_rows(30, len(EVIL)), labels=EVIL, model="<&\x00>")
    chart = draw(analysis, 8, 370)
    assert "<script" not in chart
    assert all(len(text) < 60 for text in texts_of(ElementTree.fromstring(chart)))


@pytest.mark.parametrize("width", [360, 390, 640, 960, 1280])
def test_legend_wraps_before_the_rim(make_analysis, width):
    labels = [f"a label of some length {index}" for index in range(6)]
    chart = charts.timeline(make_analysis(random_rows(30, 6), labels=labels), 8, width)
    for text in ElementTree.fromstring(chart).iter(f"{SVG}text"):
        if text.get("text-anchor") is None:
            assert float(text.get("x")) + _svg.LETTER * len(text.text) <= width


@pytest.mark.parametrize("width", [370, 960])
@pytest.mark.parametrize(
    ("duration", "first", "last"),
    [(0.4, "0 s", "0.4 s"), (6, "0 s", "6 s"), (60, "0:00", "1:00"), (600, "0:00", "10:00"), (3600, "0:00", "60:00")],
)
def test_time_axis_has_a_few_marks_that_people_count_in(make_analysis, duration, first, last, width):
    analysis = make_analysis(random_rows(8, 3), fps=8 / duration)
    picture = ElementTree.fromstring(charts.timeline(analysis, 8, width))
    marks = [text for text in texts_of(picture) if re.fullmatch(r"[\d.]+ s|\d+:\d\d", text)]
    assert marks[0] == first and marks[-1] == last
    assert 3 <= len(marks) <= width / 60


def test_a_clip_of_one_frame_without_duration(make_analysis):
    picture = ElementTree.fromstring(charts.timeline(make_analysis([[0.2, 0.8]], labels="ab", duration=0.0), 128))
    assert len(lines_of(picture)) == 4


def test_both_themes_are_in_the_chart(flicker):
    chart = charts.timeline(flicker, 8)
    for name in _svg.LIGHT:
        assert f".vc-chart .vc-{name}{{color:{_svg.LIGHT[name]}}}" in chart
        assert f".dark .vc-chart .vc-{name}{{color:{_svg.DARK[name]}}}" in chart
    used = set(re.findall(r'class="vc-(\w+)"', chart)) - {"chart"}
    assert used <= set(_svg.LIGHT)


def test_a_chart_is_told_to_those_who_do_not_see_it(make_analysis):
    picture = ElementTree.fromstring(charts.timeline(make_analysis([[0.1, 0.8, 0.1]] * 50), 16))
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == (
        "Class probabilities over 2.0 seconds. frame-cnn-test: football 80 %, 0 label switches unsmoothed, "
        "0 with the mean of the last 16 frames."
    )


def test_a_comparison_gives_a_label_one_colour_and_all_models_one_time_axis(make_analysis):
    one = make_analysis([[0.7, 0.2, 0.1]] * 20, labels=["run", "swim", "jump"], model="one")
    other = make_analysis([[0.7, 0.2, 0.1]] * 10, labels=["swim", "dive", "run"], model="other")
    picture = ElementTree.fromstring(charts.comparison([one, other], 8))
    texts = texts_of(picture)
    assert "one: run 70 %" in texts and "other: swim 70 %" in texts
    assert charts.label_colors([one, other], 3) == {"run": "0", "swim": "1", "dive": "2", "jump": "3"}
    colors = [color for color, _ in lines_of(picture)]
    assert colors[0:3] == ["vc-3", "vc-1", "vc-0"], "of the first model: jump, swim, run"
    assert colors[6:9] == ["vc-0", "vc-2", "vc-1"], "of the second: run, dive, swim"
    ends = [points[-1, 0] for _, points in lines_of(picture)]
    assert ends[0] - 44 == pytest.approx(2 * (ends[-1] - 44), abs=0.2)
    assert sum(text == "0 s" for text in texts) == 1


def test_a_comparison_heading_has_two_lines_on_a_phone(make_analysis):
    analysis = make_analysis([[0.3, 0.35, 0.35]] * 20)
    texts = texts_of(ElementTree.fromstring(charts.comparison([analysis], 8, 370)))
    assert texts[:2] == ["frame-cnn-test", "not sure; best guess football (35 %)"]


def test_hover_data_says_what_the_rows_say(flicker):
    data = json.loads(charts.hover_data(flicker, 32, points=100))
    assert (
        len(data["times"]) == 100 and data["times"][0] == 0 and data["times"][-1] == pytest.approx(1799 / 30, abs=1e-3)
    )
    smoothed = flicker.smoothed(32)
    for number in (0, 57, 99):
        frame = round(data["times"][number] * 30)
        assert data["labels"][data["raw"][number]] == flicker.labels[flicker.rows[frame].argmax()]
        assert data["labels"][data["smoothed"][number]] == flicker.labels[smoothed[frame].argmax()]
        for rank, label in enumerate(data["classes"]):
            index = flicker.labels.index(label)
            assert data["raw_percent"][rank][number] == round(100 * float(flicker.rows[frame, index]))
            assert data["smoothed_percent"][rank][number] == round(100 * float(smoothed[frame, index]))
    assert data["classes"] == [label for label, _ in flicker.summary(32).top]


def test_hover_data_may_stand_in_a_script(make_analysis):
    analysis = make_analysis(random_rows(3, len(EVIL)), labels=EVIL)
    text = charts.hover_data(analysis, 8)
    assert "<" not in text
    assert set(json.loads(text)["classes"]) <= set(EVIL)
    assert len(json.loads(text)["times"]) == 3


@pytest.mark.parametrize("draw", [charts.timeline, charts.hover_data])
def test_queue_size_is_checked(flicker, draw):
    with pytest.raises(OptionError):
        draw(flicker, 0)


def test_a_slider_can_redraw_it(flicker):
    flicker.summary(64)
    started = time.thread_time()
    for queue_size in (10, 20, 30):
        charts.timeline(flicker, queue_size)
        charts.hover_data(flicker, queue_size)
        flicker.summary(queue_size)
    assert (time.thread_time() - started) / 3 < 0.1, "generous; alone it takes 6 ms"
