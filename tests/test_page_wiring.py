"""How the page stays quick for others: which thread gives way, what a step changes, how long files stay."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests import fakes
from vidclass import pipeline
from vidclass.page import Settings, results, work
from vidclass.page.background import LOWEST, STEPS, behind
from vidclass.page.wiring import Parts

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows the priority of a single thread")


def niceness(thread):
    return os.getpriority(os.PRIO_PROCESS, int(thread))


def threads():
    return {path.name for path in Path("/proc/self/task").iterdir()}


@linux
def test_what_is_started_behind_gives_way_and_its_caller_does_not():
    mine = niceness(threading.get_native_id())
    lower = min(LOWEST, mine + STEPS)
    go, seen = threading.Event(), []

    def start():
        child = threading.Thread(target=lambda: (go.wait(), seen.append(niceness(threading.get_native_id()))))
        child.start()
        return child, niceness(threading.get_native_id())

    child, parent = behind(start)
    go.set()
    child.join()
    assert (parent, seen) == (lower, [lower])
    assert niceness(threading.get_native_id()) == mine


def test_errors_come_back_from_behind():
    with pytest.raises(ZeroDivisionError):
        behind(lambda: 1 / 0)
    with pytest.raises(StopIteration):
        behind(iter(()).__next__)


@pytest.fixture
def clip(make_clip):
    return make_clip("clip.mp4", frames=60, picture=lambda n: np.full((48, 64), 40, np.uint8))


@linux
def test_the_threads_of_decoders_and_encoders_give_way_to_the_page(clip, tmp_path):
    """The page's own thread, which holds Python's lock while it works, does not."""
    mine = niceness(threading.get_native_id())
    model = fakes.classifier()
    analysis = pipeline.analyse(clip, model)
    passes = [
        work.analysing(clip, [model], Settings()),
        work.rendering(clip, analysis, (1, 8), tmp_path, Settings()),
    ]
    for steps in passes:
        before = threads()
        next(steps)
        started = threads() - before
        assert started or os.cpu_count() == 1, "decoders have threads of their own where there are cores for them"
        assert {niceness(thread) for thread in started} <= {min(LOWEST, mine + STEPS)}
        assert niceness(threading.get_native_id()) == mine
        steps.close()


class Step(NamedTuple):
    status: str
    table: str = "same"
    chart: str = "same"


def test_an_event_names_only_what_it_may_change():
    parts = Parts({"chart": "C", "status": "S", "table": "T"})
    assert parts.all == ["C", "S", "T"] and parts[Step._fields].all == ["S", "T", "C"]
    some = parts["chart", "status"]
    assert some.all == ["C", "S"]
    assert some.after(lambda words: Step(words, chart="drawn"))("done") == ("drawn", "done")


def test_closing_an_events_steps_closes_the_job():
    closed = []

    def job():
        try:
            yield Step("one")
            yield Step("two")
        finally:
            closed.append(True)

    steps = Parts({"status": "S", "table": "T"}).during(job)()
    assert next(steps) == ("one", "same")
    steps.close()
    assert closed


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """Makes a finished file of some bytes."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))

    def make(size=1):
        file = tmp_path / "film.mp4"
        file.write_bytes(bytes(size))
        return file

    return make


def folders(tmp_path):
    return sorted((tmp_path / "gradio" / results.FOLDER).iterdir())


def test_results_are_moved_to_where_nobody_guesses_them(finished, tmp_path):
    one, other = results.keep([finished()])[0], results.keep([finished()])[0]
    assert one != other and one.endswith("/film.mp4") and not (tmp_path / "film.mp4").exists()
    assert all(len(folder.name) == 32 for folder in folders(tmp_path))


def test_old_results_go_and_others_stay(finished, tmp_path):
    results.keep([finished()])
    (old,) = folders(tmp_path)
    results.keep([finished()])
    assert len(folders(tmp_path)) == 2
    os.utime(old, (0, time.time() - results.KEPT_FOR - 60))
    results.keep([finished()])
    assert len(folders(tmp_path)) == 2 and not old.exists()


def test_the_oldest_results_go_where_there_is_no_room(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "ROOM", 250)
    results.keep([finished(100)])
    (oldest,) = folders(tmp_path)
    os.utime(oldest, (0, time.time() - 60))
    for _ in range(2):
        results.keep([finished(100)])
    assert len(folders(tmp_path)) == 2 and not oldest.exists()
