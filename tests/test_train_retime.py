"""Clips at other frame rates: what they show when, and whether their labels stay."""

from pathlib import Path

import numpy as np
import pytest

from tests import fakes, tiny_data
from tests.clips import levels_of, times_of
from train import retime
from train.data import Item
from vidclass import runtime, video
from vidclass.bundle import Window
from vidclass.classify import Classifier
from vidclass.errors import DataError


def level(time):
    return round(40 + 50 * time)


@pytest.fixture
def ramp(make_clip):
    """A clip that brightens by 50 levels a second."""
    return make_clip(frames=60, rate=30, picture=lambda n: np.full((48, 64), level(n / 30), np.uint8))


@pytest.mark.parametrize("rate", [15, 25, 30, 60])
def test_a_clip_at_another_rate_shows_the_same_at_the_same_time(ramp, tmp_path, rate):
    retime.write_at(ramp, tmp_path / "a.mp4", rate)
    times = times_of(tmp_path / "a.mp4")
    assert times == pytest.approx(np.arange(2 * rate) / rate, abs=1e-4)
    shown = [np.floor(30 * time + 1e-3) / 30 for time in times]  # the frame that has begun last
    assert levels_of(tmp_path / "a.mp4") == pytest.approx([level(time) for time in shown], abs=2)
    assert video.probe(tmp_path / "a.mp4").rate == rate


def test_the_same_rate_gives_the_same_frames(ramp, tmp_path):
    retime.write_at(ramp, tmp_path / "a.mp4", 30)
    assert len(times_of(tmp_path / "a.mp4")) == 60
    assert levels_of(tmp_path / "a.mp4") == pytest.approx(levels_of(ramp), abs=2)


def test_a_variable_rate_is_resampled_by_time(make_clip, tmp_path):
    times = [0.0, 0.1, 0.5, 0.52, 0.9]
    path = make_clip(frames=5, rate=10, times=times, picture=lambda n: np.full((48, 64), 40 + 40 * n, np.uint8))
    retime.write_at(path, tmp_path / "a.mp4", 10)
    assert levels_of(tmp_path / "a.mp4") == pytest.approx([40, 80, 80, 80, 80, 120, 160, 160, 160, 200], abs=2)


def test_a_single_frame_stays_a_frame(make_clip, tmp_path):
    retime.write_at(make_clip(frames=1, rate=60), tmp_path / "a.mp4", 15)
    assert len(times_of(tmp_path / "a.mp4")) == 1


def classifier(window):
    """A model that tells by the mean grey of the window's frames: one that counts frames errs at other rates."""

    def judge(frames):
        change = abs(float(frames[-1].mean()) - float(frames[0].mean()))
        return np.array([0.8, 0.1, 0.1] if change > 30 else [0.1, 0.8, 0.1], np.float32)

    loaded = runtime.LoadedNetworks(None, fakes.Network(judge), "fake")
    return Classifier(fakes.bundle("conv3d", window=window), loaded)


def test_windows_by_time_keep_the_label_at_every_rate(ramp):
    items = [Item(ramp, "dark", "a")]
    found = retime.study(classifier(Window(8, 5.0, 1)), items)
    assert found == {"count": 1, "15 fps": 1.0, "25 fps": 1.0, "30 fps": 1.0, "60 fps": 1.0, "all rates": 1.0}


def test_windows_by_frames_would_be_caught(ramp):
    # 24 frames are 0.8 s at 30 a second, and show a change of 40 levels; at 60 a second one of 20.
    found = retime.study(classifier(Window(24, None, 1)), [Item(ramp, "dark", "a")], [30, 60])
    assert found == {"count": 1, "30 fps": 1.0, "60 fps": 0.0, "all rates": 0.0}


def test_photos_and_unreadable_clips_are_left_out(ramp, tmp_path, capsys):
    items = [Item(path, "dark", "a") for path in (ramp, tmp_path / "missing.mp4", tiny_data.photo(tmp_path / "a.png"))]
    assert retime.study(classifier(Window(8, 5.0, 1)), items, [15])["count"] == 1
    assert "missing.mp4" in capsys.readouterr().out
    with pytest.raises(DataError, match="none is"):
        retime.study(classifier(Window(8, 5.0, 1)), items[1:], [15])


def test_no_written_clip_is_left_behind(ramp, monkeypatch):
    written = []
    write_at = retime.write_at

    def note(clip, path, rate):
        written.append(Path(path))
        write_at(clip, path, rate)

    monkeypatch.setattr(retime, "write_at", note)
    retime.study(classifier(Window(8, 5.0, 1)), [Item(ramp, "dark", "a")], [15])
    assert written
    assert not written[0].parent.exists()
