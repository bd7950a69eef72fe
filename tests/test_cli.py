"""The command line, as a person meets it: what it prints, what it writes, how it refuses."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import vidclass
from tests import tiny_bundle as tiny
from tests.clips import times_of
from vidclass import __main__ as cli
from vidclass import _outputs, runtime, zoo
from vidclass._bar import Bar
from vidclass.pipeline import Progress
from vidclass.verify import verify

ROOT = Path(__file__).parent.parent
COLORS = {"red": (200, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 200)}


def colored(*names):
    """A picture maker: frame i shows the i-th name's colour."""
    return lambda n: np.full((48, 64, 3), COLORS[names[n % len(names)]], np.uint8)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A models folder of its own with one model, which knows colours."""
    folder = tmp_path / "models"
    tiny.write(folder / "frame-cnn-colours", "frame-cnn-colours", metrics={"test": {"top1": 0.987}})
    monkeypatch.setattr(zoo, "MODELS", folder)
    return folder


@pytest.fixture
def clip(make_clip):
    return make_clip("clip.mp4", frames=30, picture=colored(*["green"] * 5, "red"))


@pytest.fixture
def run(capsys):
    """Runs a command: (exit code, standard output, standard error)."""

    def call(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return call


def refused(result, pattern):
    """Insists on exit code 2, nothing on standard output, and one line on standard error."""
    code, out, err = result
    assert (code, out) == (2, "")
    *others, last = err.splitlines()
    assert all(line.startswith("vidclass: ") for line in others)
    assert last.startswith("vidclass: error: ") and re.search(pattern, last), last
    assert sum("error" in line for line in err.splitlines()) == 1


# What it does


def test_a_clip_gets_one_line(models, clip, run):
    code, out, err = run("classify", clip)
    assert code == 0
    assert re.fullmatch(
        r"clip\.mp4: green \d\d % \[green \d\d %, red \d+ %, blue \d+ %\]; label switches 9 -> 0 at K = 128; "
        r"30 frames, \d+ a second\n",
        out,
    )
    assert re.fullmatch(r"vidclass: frame-cnn-colours \(bundled\) on OpenVINO \w+\n", err)


def test_an_unsure_model_says_so(models, clip, run):
    tiny.write(models / "unsure", "unsure", threshold=0.999)
    assert "clip.mp4: not sure; best guess green (" in run("classify", clip, "--model", "unsure")[1]


def test_a_folder_may_be_named(models, clip, run):
    model = tiny.write(models.parent / "elsewhere", "elsewhere").folder
    code, _, err = run("classify", clip, "--model", model)
    assert code == 0 and f"elsewhere ({model}) on OpenVINO" in err


def test_all_outputs_of_one_clip(models, clip, tmp_path, run):
    out = tmp_path / "out"
    out.mkdir()
    files = [out / name for name in ("smooth.mp4", "raw.mp4", "a.json", "a.csv", "a.vtt")]
    options = zip(("-o", "--unsmoothed", "--json", "--csv", "--vtt"), files, strict=True)
    assert run("classify", clip, "--queue-size", 16, *(part for pair in options for part in pair))[0] == 0
    assert sorted(out.iterdir()) == sorted(files)
    assert len(times_of(files[0])) == len(times_of(files[1])) == 30
    found = json.loads(files[2].read_text())
    assert found["clip"] == "clip.mp4" and found["model"] == "frame-cnn-colours" and found["family"] == "frame-cnn"
    assert found["source"] == "bundled" and found["labels"] == ["red", "green", "blue"]
    assert found["queue_size"] == 16 and found["label"] == "green" and found["sure"] is True
    assert 0.5 < found["confidence"] == found["top"][0]["probability"] <= 1
    assert [entry["label"] for entry in found["top"]] == ["green", "red", "blue"]
    assert found["frames"] == 30 and found["fps"] == 30 and found["duration"] == pytest.approx(1.0, abs=0.01)
    for kind, switches in (("raw", 9), ("smoothed", 0)):
        assert found["stability"][kind]["switches"] == switches
        assert {"switches_per_minute", "agreement"} <= found["stability"][kind].keys()
    assert {"classify", "render", "frames_per_second"} <= found["timing"].keys()
    with files[3].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 30 and rows[5]["label_raw"] == "red" and rows[5]["label_smoothed"] == "green"
    assert files[4].read_text().startswith("WEBVTT")


@pytest.mark.parametrize("option", ["-o", "--unsmoothed", "--json", "--csv", "--vtt"])
def test_each_output_can_be_had_alone(models, clip, tmp_path, run, option):
    out = tmp_path / "out.file"
    assert run("classify", clip, option, out)[0] == 0
    assert out.stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == {"models", "clip.mp4", "out.file"}


def test_several_clips_write_into_folders_that_are_made(models, make_clip, tmp_path, run):
    clips = [make_clip(name, frames=5, picture=colored("green")) for name in ("a.mp4", "b.mov", "c.d.mkv")]
    code, out, _ = run(
        "classify", *clips, "-o", tmp_path / "x/videos", "--json", tmp_path / "x", "--csv", tmp_path / "x"
    )
    assert code == 0 and [line.split(":")[0] for line in out.splitlines()] == ["a.mp4", "b.mov", "c.d.mkv"]
    assert sorted(path.name for path in (tmp_path / "x/videos").iterdir()) == ["a.mp4", "b.mp4", "c.d.mp4"]
    names = ["a.csv", "a.json", "b.csv", "b.json", "c.d.csv", "c.d.json", "videos"]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == names


def test_one_bad_clip_among_several_is_told_and_passed_over(models, clip, make_clip, tmp_path, run):
    (tmp_path / "bad.mp4").write_text("no video")
    code, out, err = run(
        "classify", clip, tmp_path / "bad.mp4", make_clip("z.mp4", frames=3), "--json", tmp_path / "out"
    )
    assert code == 2
    assert [line.split(":")[0] for line in out.splitlines()] == ["clip.mp4", "z.mp4"]
    assert re.search(r"^vidclass: error: .*bad\.mp4: The clip must be", err, re.MULTILINE)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip.json", "z.json"]


def test_every_nth_frame(models, clip, tmp_path, run):
    assert run("classify", clip, "--every", 6, "--json", tmp_path / "a.json")[0] == 0
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["frames"] == 30 and found["stability"]["raw"]["switches"] == 0


def test_a_video_can_be_scaled_down(models, clip, tmp_path, run):
    assert run("classify", clip, "-o", tmp_path / "o.mp4", "--max-width", 32)[0] == 0
    assert vidclass.probe(tmp_path / "o.mp4").width == 32


def test_notes_on_a_clip_are_told_and_kept(models, make_clip, tmp_path, run):
    clip = make_clip.damaged(make_clip("long.mp4", frames=120, size=(160, 120)))
    code, _, err = run("classify", clip, "--json", tmp_path / "a.json")
    assert code == 0 and "vidclass: damaged-long.mp4: The stream is damaged" in err
    assert any("damaged" in note for note in json.loads((tmp_path / "a.json").read_text())["notes"])


def test_the_models_are_listed(models, run):
    code, out, err = run("models")
    head, row = out.splitlines()
    assert (code, err) == (0, "")
    assert head.split() == ["name", "family", "labels", "top-1", "size", "source"]
    assert row.split() == ["frame-cnn-colours", "frame-cnn", "3", "0.987", "0.0", "MB", "bundled"]


def test_a_sound_model_is_verified(tiny_bundle, run):
    code, out, _ = run("verify", tiny_bundle().folder)
    assert code == 0
    assert re.search(r"all files are those that vidclass\.json names", out)
    assert re.search(r"features differ by at most 0\.\d\d% of the largest", out)
    assert re.search(r"probabilities differ by at most 0\.00\d+; allowed are 0\.005", out)


def test_a_model_whose_networks_disagree_is_refused(tiny_bundle, monkeypatch):
    head = runtime._KerasNetwork.map
    monkeypatch.setattr(runtime._KerasNetwork, "map", lambda self, items: (row + 0.1 for row in head(self, items)))
    with pytest.raises(vidclass.BundleError, match=r"must agree with its Keras weights within 0\.005"):
        verify(tiny_bundle())


def test_a_tampered_model_is_not_verified(models, run):
    (models / "frame-cnn-colours/head.bin").write_bytes(b"other")
    refused(run("verify", "frame-cnn-colours"), r"head\.bin .* must be the file that was published")


def test_without_tensorflow_it_says_what_to_install(models, run, monkeypatch):
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: None if name == "tensorflow" else name)
    code, _, err = run("verify", "frame-cnn-colours")
    assert code == 2 and "tensorflow must be installed. It is not. Install it: pip install tensorflow" in err


# What it refuses


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ([], r"arguments are required: COMMAND\. See: python -m vidclass --help"),
        (["sort"], r"invalid choice: 'sort'"),
        (["classify"], r"arguments are required: CLIP\. See: python -m vidclass classify --help"),
        (["classify", "{clip}", "--quick"], r"unrecognized arguments: --quick"),
        (["classify", "{clip}", "--queue", "3"], r"unrecognized arguments: --queue 3"),
        (["classify", "{clip}", "--queue-size", "0"], r"from 1 to 256 frames\. Received: 0"),
        (["classify", "{clip}", "--queue-size", "257"], r"from 1 to 256 frames\. Received: 257"),
        (["classify", "{clip}", "--queue-size", "2.5"], r"--queue-size: must be a whole number\. Received: 2\.5"),
        (["classify", "{clip}", "--every", "0"], r"must be at least 1\. Received: 0"),
        (["classify", "{clip}", "--max-width", "1"], r"at least 2 pixels\. Received: 1"),
        (["classify", "{clip}", "--runtime", "torch"], r"invalid choice: 'torch'"),
        (["classify", "{clip}", "--precision", "int4"], r"invalid choice: 'int4'"),
        (["classify", "{clip}", "--model", "nope"], r"must be one of frame-cnn-colours.*Received: nope"),
        (["classify", "{folder}/none.mp4"], r"must be an existing file\. Received: '.*none\.mp4'"),
        (["classify", "{folder}"], r"must be an existing file"),
        (["classify", "{folder}/text.mp4"], r"must be one self-contained video file"),
        (["classify", "{folder}/empty.mp4"], r"which is empty"),
        (["classify", "{clip}", "-o", "{folder}"], r"must be an ordinary file"),
        (["classify", "{clip}", "--json", "{folder}/none/a.json"], r"must lie in a folder.*Create the folder"),
        (["classify", "{clip}", "--csv", "{clip}/a.csv"], r"must lie in a folder"),
        (["classify", "{clip}", "-o", "{clip}"], r"must be a file of its own.*it is the clip .*clip\.mp4 already"),
        (["classify", "{clip}", "-o", "{folder}/../{name}/clip.mp4"], r"must be a file of its own"),
        (["classify", "{clip}", "--vtt", "{folder}/link.mp4"], r"must be a file of its own"),
        (["classify", "{clip}", "--vtt", "{folder}/hard.mp4"], r"must be a file of its own"),
        (["classify", "{clip}", "--json", "{folder}/a", "--csv", "{folder}/a"], r"it is the json output of .* already"),
        (["classify", "{clip}", "{clip}", "--json", "{folder}/out"], r"it is the json output of .* already"),
        (
            ["classify", "{clip}", "{other}", "-o", "{folder}/o", "--unsmoothed", "{folder}/o"],
            r"video output of .* already",
        ),
        (["classify", "{clip}", "{other}", "-o", "{folder}"], r"must be a file of its own.*it is the clip"),
        (
            ["classify", "{clip}", "{other}", "--json", "{folder}/text.mp4"],
            r"must name a folder\. Received: .*text\.mp4",
        ),
        (["verify"], r"arguments are required: NAME"),
        (["verify", "nope"], r"Received: nope"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(models, clip, make_clip, tmp_path, run, arguments, pattern):
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "link.mp4").symlink_to(clip)
    (tmp_path / "hard.mp4").hardlink_to(clip)
    names = {"clip": clip, "other": make_clip("other.mp4", frames=2), "folder": tmp_path, "name": tmp_path.name}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    refused(run(*(argument.format(**names) for argument in arguments)), pattern)
    left = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name not in ("out", "o")}
    assert left.keys() == before.keys()
    assert all(left[path] == stamp for path, stamp in before.items() if path.is_file())


def test_outputs_are_checked_before_the_model_is_loaded(models, clip, tmp_path, run, monkeypatch):
    monkeypatch.setattr(vidclass, "load", lambda *_, **__: pytest.fail("too late"))
    refused(run("classify", clip, "--json", tmp_path / "none/a.json"), "must lie in a folder")


def test_without_any_model_it_says_so(tmp_path, clip, run, monkeypatch):
    monkeypatch.setattr(zoo, "MODELS", tmp_path)
    refused(run("classify", clip), r"A model must be given, since none is bundled")


@pytest.mark.parametrize("command", [[], ["classify"], ["models"], ["verify"]])
def test_help_and_version(run, command):
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "") and "usage: python -m vidclass" in out
    assert run("--version") == (0, f"vidclass {vidclass.__version__}\n", "")


# How it stops


def test_ctrl_c_leaves_no_file(models, clip, tmp_path, run, monkeypatch):
    def interrupted(self, step):
        if step.stage == "render":
            raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "__call__", interrupted)
    files = {path.name for path in tmp_path.iterdir()}
    code, out, err = run("classify", clip, "-o", tmp_path / "o.mp4", "--json", tmp_path / "o.json")
    assert (code, out) == (130, "") and err.endswith("vidclass: stopped.\n")
    assert {path.name for path in tmp_path.iterdir()} == files


def test_a_full_disk_is_told_and_leaves_no_file(models, clip, tmp_path, run, monkeypatch):
    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(_outputs.json, "dumps", full)
    refused(run("classify", clip, "--json", tmp_path / "o.json"), "must have room")
    assert not (tmp_path / "o.json").exists()


@pytest.fixture
def heeded_interrupts():
    """Lets what a test starts heed Ctrl-C, which a shell's background jobs ignore, and all that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_interrupts")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_real_process_stops_cleanly(tmp_path, make_clip, sent, code):
    model = tiny.write(tmp_path / "tiny").folder
    clip = make_clip("long.mp4", frames=2000, size=(640, 360))
    out = tmp_path / "out"
    out.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "vidclass", "classify", clip, "--model", model, "-o", out / "o.mp4"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in out.iterdir()) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code and "Traceback" not in err
    assert list(out.iterdir()) == []


def test_a_reader_that_goes_away_is_no_error(tmp_path, make_clip):
    model = tiny.write(tmp_path / "tiny").folder
    command = f"'{sys.executable}' -m vidclass classify '{make_clip(frames=2)}' --model '{model}' | true"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_a_name_that_is_no_text_is_shown_and_written(tmp_path, make_clip):
    model = tiny.write(tmp_path / "tiny").folder
    clip = make_clip(frames=2).rename(tmp_path / os.fsdecode(b"caf\xe9-\xff.mp4"))
    command = [sys.executable, "-m", "vidclass", "classify", clip, "--model", model, "--json", tmp_path / "a.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and b"Traceback" not in done.stderr
    assert json.loads((tmp_path / "a.json").read_text())["clip"] == clip.name


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    with Bar(stream, "a.mp4") as bar:
        bar(Progress("classify", 0, 100))
        bar(Progress("classify", 1, 100))  # too soon to be drawn
        bar(Progress("render", 50, 100))
    drawn = [line for line in stream.getvalue().split("\r") if line]
    assert [line.rstrip() for line in drawn] == [
        "a.mp4: classify [........................]   0 %",
        "a.mp4: render [############............]  50 %, 0:00 to go",
        "",
    ]
    assert {len(line) for line in drawn} == {59} and stream.getvalue().endswith("\r")


def test_a_pipe_gets_none():
    stream = io.StringIO()
    with Bar(stream, "a.mp4") as bar:
        bar(Progress("classify", 0, 100))
    assert stream.getvalue() == ""


def test_a_clip_that_holds_more_than_it_says_ends_at_a_hundred():
    stream = Terminal()
    with Bar(stream, "a.mp4") as bar:
        bar(Progress("classify", 150, 100))
    assert "100 %" in stream.getvalue()
