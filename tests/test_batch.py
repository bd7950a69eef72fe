"""A library into one results file: each clip once, whatever happens to the process, the file or a clip."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import vidclass
from tests import fakes
from tests import tiny_bundle as tiny
from vidclass import __main__ as cli
from vidclass import batch, export
from vidclass.batch import Entry, Results, Shard
from vidclass.errors import OptionError

ROOT = Path(__file__).parent.parent
COLORS = ((200, 20, 20), (20, 200, 20), (20, 20, 200))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model's folder; it knows red, green and blue."""
    folder = tmp_path_factory.mktemp("models") / "colours"
    tiny.write(folder, "colours")
    return folder


@pytest.fixture
def library(make_clip):
    """A folder of six clips, the fourth of which is none."""
    folder = make_clip.folder / "library"
    (folder / "deep" / "er").mkdir(parents=True)
    for number in range(6):
        name = f"library/{'deep/er/' if number > 3 else ''}clip-{number}.mp4"
        color = COLORS[number % 3]
        make_clip(name, frames=20 + number, picture=lambda _, color=color: np.full((48, 64, 3), color, np.uint8))
    (folder / "clip-3.mp4").write_bytes(b"no video")
    return folder


@pytest.fixture
def load(model):
    """Loads the model, and counts how often."""

    def call(threads=None):
        call.times += 1
        return vidclass.load(model, threads=threads)

    call.times = 0
    return call


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def timeless(line):
    return {key: value for key, value in line.items() if key != "timing"}


# Finding


def test_a_folder_is_searched_to_its_depth_by_name(tmp_path):
    for name in ("b.mp4", "a.MOV", "sub/c.webm", "notes.txt", ".hidden.mp4", ".trash/d.mp4", "sub.mp4x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [entry.name for entry in batch.find(tmp_path)] == ["a.MOV", "b.mp4", "sub/c.webm"]
    assert all(entry.file == tmp_path / entry.name for entry in batch.find(tmp_path))


def test_a_list_keeps_its_order_and_starts_at_its_own_folder(tmp_path):
    (tmp_path / "list.txt").write_text("z.mp4\n\na b.bin\nz.mp4\n/far/away.mp4\r\n", encoding="utf-8")
    assert batch.find(tmp_path / "list.txt") == [
        Entry("z.mp4", tmp_path / "z.mp4"),
        Entry("a b.bin", tmp_path / "a b.bin"),
        Entry("/far/away.mp4", Path("/far/away.mp4")),
    ]


def test_a_csv_list_names_clips_in_its_column_file(tmp_path):
    (tmp_path / "index.csv").write_text('class,file\nPunch,"a,b.mp4"\nPunch,c.mp4\n', encoding="utf-8")
    assert [entry.name for entry in batch.find(tmp_path / "index.csv")] == ["a,b.mp4", "c.mp4"]
    (tmp_path / "other.csv").write_text("clip\na.mp4\n", encoding="utf-8")
    with pytest.raises(OptionError, match=r"column file.*with the columns clip"):
        batch.find(tmp_path / "other.csv")


def test_no_clips_is_an_error(tmp_path, make_clip):
    with pytest.raises(OptionError, match="at least one clip"):
        batch.find(tmp_path)
    with pytest.raises(OptionError, match="a folder, or as a list"):
        batch.find(tmp_path / "nowhere")
    with pytest.raises(OptionError, match="a folder, or as a list"):
        batch.find(make_clip("clip.mp4"))


# Shards


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("first", [0, 1])
def test_shards_have_no_overlap_and_no_gap(count, first):
    entries = [Entry(f"folder/clip {number}.mp4", Path()) for number in range(200)]
    parts = [batch.part(entries, Shard(number, count)) for number in range(first, first + count)]
    assert sorted(entry for part in parts for entry in part) == sorted(entries)
    assert max(map(len, parts)) < 2 * 200 / count + 10, "they are of about the same size"


def test_clips_that_are_added_move_no_other_one():
    entries = [Entry(f"{number}.mp4", Path()) for number in range(50)]
    few = batch.part(entries[::5], Shard(1, 3))
    assert few == [entry for entry in batch.part(entries, Shard(1, 3)) if entry in entries[::5]]


@pytest.mark.parametrize("text", ["3/2", "-1/2", "1/0", "1", "a/b", "1/2/3", ""])
def test_shards_that_cannot_be_are_refused(text):
    with pytest.raises(ValueError):
        batch.parse_shard(text)


# Running


def test_each_clip_gets_the_json_of_classify_in_order(library, load, model, tmp_path):
    path = tmp_path / "results.jsonl"
    entries = batch.find(library)
    with Results(path) as results:
        told = list(batch.run(entries, load, results, queue_size=7))
    assert lines(path) == told and load.times == 1
    assert [line["path"] for line in told] == [entry.name for entry in entries]
    classifier = vidclass.load(model)
    for entry, line in zip(entries, told, strict=True):
        if entry.name == "clip-3.mp4":
            assert line["error"].startswith("The clip must be one self-contained video file")
            assert "label" not in line
        else:
            wanted = export.to_json(vidclass.analyse(entry.file, classifier), 7)
            assert timeless(line) == {"path": entry.name, **timeless(wanted)}


def test_what_is_done_is_skipped(library, load, tmp_path):
    entries = batch.find(library)
    with Results(tmp_path / "r.jsonl") as results:
        first = list(batch.run(entries[:2], load, results))
    with Results(tmp_path / "r.jsonl") as results:
        rest = list(batch.run(entries, load, results))
    assert load.times == 2 and [*first, *rest] == lines(tmp_path / "r.jsonl") and len(rest) == 4
    with Results(tmp_path / "r.jsonl") as results:
        assert list(batch.run(entries, load, results)) == [] and results.failed == 1
    assert load.times == 2, "nothing is loaded for nothing"


def test_a_line_that_was_cut_off_is_done_again(library, load, tmp_path):
    path = tmp_path / "r.jsonl"
    entries = batch.find(library)
    with Results(path) as results:
        list(batch.run(entries, load, results))
    whole = path.read_bytes()
    for size in (len(whole) - 1, len(whole) - 100, 10, 0):
        path.write_bytes(whole[:size])
        with Results(path) as results:
            list(batch.run(entries, load, results))
        assert [timeless(line) for line in lines(path)] == [timeless(json.loads(each)) for each in whole.splitlines()]


def test_a_fault_in_one_clip_does_not_end_the_others(library, load, tmp_path, monkeypatch, caplog):
    analyse = vidclass.analyse

    def faulty(clip, *rest, **options):
        if clip.name == "clip-1.mp4":
            raise ZeroDivisionError("a bug")
        return analyse(clip, *rest, **options)

    monkeypatch.setattr("vidclass._lines.analyse", faulty)
    with Results(tmp_path / "r.jsonl") as results:
        told = list(batch.run(batch.find(library), load, results))
    assert [line["path"] for line in told if "error" in line] == ["clip-1.mp4", "clip-3.mp4"]
    assert told[1]["error"] == "Unexpected ZeroDivisionError: a bug" and "a bug" in caplog.text


def test_a_batch_that_is_stopped_ends_at_once_and_keeps_its_lines(make_clip, tmp_path):
    (make_clip.folder / "many").mkdir()
    for number in range(12):
        make_clip(f"many/{number:02}.mp4", frames=300 if number else 5, size=(32, 32))

    class Slow(fakes.Network):
        def map(self, items):
            for row in super().map(items):
                time.sleep(0.005)
                yield row

    slow = fakes.classifier()
    slow._head = Slow(lambda feature: fakes.third(feature[0]))
    with Results(tmp_path / "r.jsonl") as results:
        running = batch.run(batch.find(make_clip.folder / "many"), lambda: slow, results, workers=2)
        first = next(running)
        begun = time.perf_counter()
        running.close()
    assert time.perf_counter() - begun < 1, "one clip alone takes 1.5 s"
    assert lines(tmp_path / "r.jsonl") == [first]


def test_few_clips_are_begun_ahead_of_the_oldest(library, tmp_path, monkeypatch):
    begun, done, most = 0, 0, 0

    def judge(entry, *_):
        nonlocal begun, most
        begun += 1
        most = max(most, begun - done)
        return {"path": entry.name, "model": "fake-frame-cnn", "source": "bundled", "queue_size": 128}

    monkeypatch.setattr(batch, "judge", judge)
    entries = [Entry(str(number), Path()) for number in range(100)]
    with Results(tmp_path / "r.jsonl") as results:
        for line in batch.run(entries, fakes.classifier, results, workers=2):
            assert line["path"] == str(done)
            done += 1
    assert done == 100 and most <= 2 * batch.AHEAD + 1


# The file


@pytest.mark.parametrize("content", [b"hello\n", b'{"a": 1}\n', b"[1]\n", b"3\n", b"\xff\x00\n"])
def test_a_file_of_something_else_is_left_alone(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(OptionError, match="line 1 is none"):
        Results(path)
    assert path.read_bytes() == content


def test_another_model_or_queue_size_needs_another_file(library, load, tmp_path):
    entries = batch.find(library)
    with Results(tmp_path / "r.jsonl") as results:
        list(batch.run(entries[:1], load, results, queue_size=5))
        with pytest.raises(OptionError, match=r"colours \(.*\) with a queue of 5, and a run of .* of 6"):
            list(batch.run(entries, load, results, queue_size=6))
        with pytest.raises(OptionError, match="fake-frame-cnn"):
            list(batch.run(entries, fakes.classifier, results, queue_size=5))
    assert len(lines(tmp_path / "r.jsonl")) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_two_batches_do_not_write_one_file(tmp_path):
    with Results(tmp_path / "r.jsonl"), pytest.raises(OptionError, match="a file of its own"):
        Results(tmp_path / "r.jsonl")
    with Results(tmp_path / "r.jsonl"):
        pass


def test_a_file_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(OptionError, match="Create its folder"):
        Results(tmp_path / "nowhere" / "r.jsonl")
    with pytest.raises(OptionError, match="can be written"):
        Results(tmp_path)


# The command


def run(*arguments):
    return cli.main(["batch", *map(str, arguments)])


def test_the_command_says_what_it_did(library, model, tmp_path, capsys):
    path = tmp_path / "r.jsonl"
    assert run(library, "--model", model, "--results", path) == 2, "one clip is none"
    told = capsys.readouterr()
    assert told.out == f"{path}: 6 added, 6 in all, 1 failed\n"
    assert told.err.startswith("vidclass: error: clip-3.mp4: The clip must be")
    assert run(library, "--model", model, "--results", path) == 0
    assert capsys.readouterr().out == f"{path}: 0 added, 6 in all, 1 failed\n"


def test_shards_of_the_command_make_up_the_whole(library, model, tmp_path, capsys):
    for number in (1, 2):
        run(library, "--model", model, "--results", tmp_path / f"{number}.jsonl", "--shard", f"{number}/2")
    names = [line["path"] for number in (1, 2) for line in lines(tmp_path / f"{number}.jsonl")]
    assert sorted(names) == sorted(entry.name for entry in batch.find(library))
    capsys.readouterr()


@pytest.mark.parametrize(
    ("wrong", "told"), [(("--shard", "3/2"), "--shard"), (("--workers", "0"), "1 worker"), (("--engine", "x"), "x")]
)
def test_wrong_options_are_refused_before_any_work(library, model, tmp_path, capsys, wrong, told):
    assert run(library, "--model", model, "--results", tmp_path / "r.jsonl", *wrong) == 2
    assert told in capsys.readouterr().err and not (tmp_path / "r.jsonl").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="processes end another way there")
def test_a_process_that_is_killed_is_taken_up_again(make_clip, model, tmp_path):
    library = make_clip.folder / "library"
    library.mkdir()
    for number in range(8):
        make_clip(f"library/{number}.mp4", frames=400, size=(320, 240))
    path = tmp_path / "r.jsonl"
    command = [sys.executable, "-m", "vidclass", "batch", library, "--model", model, "--results", path]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (path.is_file() and path.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = [line["path"] for line in lines(path)]
    assert kept == [f"{number}.mp4" for number in range(len(kept))] and 0 < len(kept) < 8
    with path.open("ab") as stream:
        stream.write(b'{"path": "7.mp4", "la')
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, timeout=60)
    assert [line["path"] for line in lines(path)] == [f"{number}.mp4" for number in range(8)]


# Ray


def test_without_ray_the_engine_says_how_to_get_it(library, model, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(library, "--model", model, "--results", tmp_path / "r.jsonl", "--engine", "ray") == 2
    assert "pip install -r requirements-ray.txt" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (requirements-ray.txt)")
def test_two_workers_of_a_local_ray_write_the_same_lines(library, load, model, tmp_path):
    with Results(tmp_path / "threads.jsonl") as results:
        plain = list(batch.run(batch.find(library), load, results))
    path = tmp_path / "ray.jsonl"
    command = [sys.executable, "-m", "vidclass", "batch", library, "--model", model, "--results", path]
    done = subprocess.run(
        [*command, "--engine", "ray", "--workers", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout == f"{path}: 6 added, 6 in all, 1 failed\n", done.stderr
    assert [timeless(line) for line in lines(path)] == [timeless(line) for line in plain]
