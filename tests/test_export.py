"""Exports: what was computed, in files that other programs read, whole or absent."""

import csv
import json
import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from vidclass import export
from vidclass.errors import OptionError

WRITERS = {
    "csv": export.to_csv,
    "vtt": export.to_vtt,
    "svg": export.to_svg,
    "png": export.to_png,
}


@pytest.fixture
def analysis(make_analysis):
    """Two seconds at 29.97 fps: football that tennis interrupts for three frames, then tennis."""
    rows = np.array([[0.1, 0.7, 0.2]] * 20 + [[0.1, 0.2, 0.7]] * 3 + [[0.1, 0.8, 0.1]] * 20 + [[0, 0.1, 0.9]] * 17)
    return make_analysis(rows, fps=30000 / 1001, notes=("one note",), timing={"classify": 0.5, "render": 0.25})


def test_csv_has_a_line_a_frame(analysis, tmp_path):
    export.to_csv(analysis, 8, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["frame", "time", "label_raw", "label_smoothed", "p_baseball", "p_football", "p_tennis"]
    assert [int(line["frame"]) for line in lines] == list(range(60))
    np.testing.assert_allclose([float(line["time"]) for line in lines], analysis.times, atol=1e-6)
    rows = [[float(line[f"p_{label}"]) for label in analysis.labels] for line in lines]
    np.testing.assert_allclose(rows, analysis.rows, atol=1e-6)
    assert [line["label_raw"] for line in lines] == ["football"] * 20 + ["tennis"] * 3 + ["football"] * 20 + [
        "tennis"
    ] * 17
    smoothed = [analysis.labels[index] for index in analysis.smoothed(8).argmax(axis=1)]
    assert [line["label_smoothed"] for line in lines] == smoothed
    assert smoothed[:43] == ["football"] * 43


def test_csv_survives_any_label_and_runs_none(make_analysis, tmp_path):
    labels = ['=HYPERLINK("http://x")', "+1", "-1", "@a", 'a,b\n"c"', "é中"]
    export.to_csv(make_analysis(np.eye(6), labels=labels), 1, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header[4:] == [f"p_{label}" for label in labels]
    assert [line[2] for line in lines] == [f"'{label}" for label in labels[:4]] + labels[4:]
    cells = [cell for line in [header, *lines] for cell in line]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_json_says_everything_in_plain_values(analysis):
    data = export.to_json(analysis, 8)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    raw, smoothed = data["stability"].pop("raw"), data["stability"].pop("smoothed")
    assert data == {
        "clip": "a.mp4",
        "model": "frame-cnn-test",
        "family": "frame-cnn",
        "source": "bundled",
        "labels": ["baseball", "football", "tennis"],
        "queue_size": 8,
        "label": "football",
        "sure": True,
        "confidence": pytest.approx(0.538333),
        "threshold": 0.4,
        "top": [
            {"label": "football", "probability": pytest.approx(0.538333)},
            {"label": "tennis", "probability": pytest.approx(0.39)},
            {"label": "baseball", "probability": pytest.approx(0.071667)},
        ],
        "frames": 60,
        "fps": 29.97003,
        "duration": 2.002,
        "width": 64,
        "height": 48,
        "stability": {},
        "smallest_equal_queue_size": analysis.smallest_queue,
        "timing": {"classify": 0.5, "render": 0.25, "frames_per_second": 80.0},
        "notes": ["one note"],
    }
    assert raw == {
        "switches": 3,
        "switches_per_minute": pytest.approx(89.91),
        "longest_steady": pytest.approx(0.667),
        "agreement": pytest.approx(40 / 60, abs=1e-6),
    }
    assert smoothed["switches"] == 1 and smoothed["agreement"] > raw["agreement"]


def cues(path):
    """The cues of a WebVTT file, read by its rules: a signature, then blocks parted by blank lines."""
    head, *blocks = path.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    found = []
    for block in blocks:
        timing, *text = block.split("\n")
        numbers = re.fullmatch(r"(\d\d+):(\d\d):(\d\d\.\d{3}) --> (\d\d+):(\d\d):(\d\d\.\d{3})", timing).groups()
        start, end = (3600 * float(h) + 60 * float(m) + float(s) for h, m, s in (numbers[:3], numbers[3:]))
        assert text and all(line and "-->" not in line for line in text)
        found.append((start, end, "\n".join(text)))
    return found


def test_vtt_has_a_cue_for_every_smoothed_segment(analysis, tmp_path):
    export.to_vtt(analysis, 8, tmp_path / "a.vtt")
    (start, middle, one), (again, end, other) = cues(tmp_path / "a.vtt")
    runs = analysis.segments(8)
    assert start == 0 and end == pytest.approx(2.002)
    assert middle == again == pytest.approx(runs[1].start, abs=0.0005)
    first = analysis.smoothed(8)[analysis.times < runs[1].start, 1].mean()
    assert one == f"football {100 * first:.0f} %" and other.startswith("tennis ")


def test_vtt_escapes_labels_and_has_no_empty_cue(make_analysis, tmp_path):
    labels = ["<b>&--> x", "two\n\nlines"]
    analysis = make_analysis(np.eye(2)[[0, 1, 0]], labels=labels, times=[0, 0.0001, 0.0002], duration=1.0)
    export.to_vtt(analysis, 1, tmp_path / "a.vtt")
    found = cues(tmp_path / "a.vtt")
    assert [unescape(text) for *_, text in found] == ["<b>&--> x 100 %"], "the others last less than a thousandth"
    export.to_vtt(make_analysis(np.eye(2)[[1]], labels=labels), 1, tmp_path / "a.vtt")
    assert cues(tmp_path / "a.vtt")[0][2] == "two lines 100 %"


def test_vtt_counts_hours(make_analysis, tmp_path):
    export.to_vtt(make_analysis([[1, 0, 0]] * 3, fps=1 / 3600), 1, tmp_path / "a.vtt")
    assert cues(tmp_path / "a.vtt") == [(0, 10800, "baseball 100 %")]


def test_svg_is_a_file_of_its_own(analysis, tmp_path):
    export.to_svg(analysis, 8, tmp_path / "a.svg")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().get("data-queue-size") == "8"


def test_png_is_a_picture_with_the_classes_colours(analysis, tmp_path):
    export.to_png(analysis, 8, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.format == "PNG" and picture.size == (1440, 720)
        colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20)}
    assert {(0, 0x55, 0xBB), (0xD5, 0x5E, 0), (255, 255, 255)} <= colors


def test_png_survives_any_label(make_analysis, tmp_path):
    labels = ["$x^", "_private", "中文", "x" * 300, "\x00\n", "$$"]
    export.to_png(make_analysis(np.tile(np.eye(6), (3, 1)), labels=labels), 4, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


@pytest.mark.parametrize("kind", WRITERS)
def test_a_clip_of_one_frame_without_duration(make_analysis, tmp_path, kind):
    WRITERS[kind](make_analysis([[0.2, 0.5, 0.3]], duration=0.0), 128, tmp_path / f"a.{kind}")
    assert (tmp_path / f"a.{kind}").stat().st_size > 0


@pytest.mark.parametrize("kind", WRITERS)
def test_what_cannot_be_written_is_said_in_a_sentence(analysis, tmp_path, kind):
    with pytest.raises(OptionError, match=r"must lie in a folder.*Received"):
        WRITERS[kind](analysis, 8, tmp_path / "nowhere" / f"a.{kind}")


@pytest.mark.parametrize("kind", WRITERS)
def test_a_wrong_queue_size_leaves_no_file(analysis, tmp_path, kind):
    with pytest.raises(OptionError, match="queue size"):
        WRITERS[kind](analysis, 999, tmp_path / f"a.{kind}")
    assert not list(tmp_path.iterdir())
