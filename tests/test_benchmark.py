"""The benchmark runs and tells what it shall tell. Its figures are looked at where the machine is quiet, not here."""

import json
from itertools import pairwise

import cv2
import numpy as np
import pytest

from tests.benchmark import __main__ as benchmark
from tests.benchmark import footage, report, tutorial
from vidclass import video

KEYS = {
    "tutorial_ratio",
    "floor_ratio_one",
    "floor_ratio_two",
    "family_fps",
    "family_fps_two",
    "seconds",
    "cpu_share",
    "fps_1080p_two",
    "peak_mb",
    "page_start_s",
    "page_first_videos_s",
    "gradio_import_s",
    "cold_clip_s",
    "first_clip_s",
    "import_s",
    "import_floor_s",
    "luma_psnr_db",
    "batch_cpu_share",
    "growth",
    "machine",
    "spread",
    "runtime",
}


def test_it_measures_all_on_tiny_clips(tiny_bundle, tmp_path, capsys):
    path = tmp_path / "result.json"
    benchmark.main(["--quick", "--rounds", "1", "--model", str(tiny_bundle().folder), "--json", str(path)])
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result.keys() >= KEYS
    numbers = [value for value in result.values() if isinstance(value, float)]
    assert len(numbers) > 10 and min(numbers) > 0
    assert [each["seconds"] for each in result["growth"]] == [0.5, 1.0]
    for name, spread in result["spread"].items():
        for part, (low, high) in (spread if isinstance(spread, dict) else {None: spread}).items():
            assert low <= (result[name] if part is None else result[name][part]) <= high
    told = capsys.readouterr().out
    assert "tutorial's loop" in told and "floor_ratio_two" in told
    assert f"| {result['seconds']['tutorial']:.1f} s |" in report.markdown(result)


@pytest.mark.skipif(not report.MEASURED.is_file(), reason="nothing was measured yet")
def test_the_readme_shows_the_last_result():
    shown = report.PLACE.search(report.README.read_text(encoding="utf-8"))
    assert shown and shown[0] == report.markdown(json.loads(report.MEASURED.read_text(encoding="utf-8")))


def test_the_clips_move_and_have_sound(tmp_path):
    path = footage.make(tmp_path / "clip.mp4", 64, 48, 1.0)
    with video.read(path) as frames:
        assert frames.info.has_audio and frames.info.rate == 30
        lumas = [frame.yuv().y.astype(int) for frame in frames]
    assert len(lumas) == 30
    assert np.mean([np.abs(later - earlier).mean() for earlier, later in pairwise(lumas)]) > 1


def test_a_looped_clip_is_the_clip_again_and_again(tmp_path):
    once = footage.make(tmp_path / "once.mp4", 64, 48, 1.0)
    with video.read(footage.looped(tmp_path / "thrice.mp4", once, 3)) as frames:
        found = [(frame.time, frame.yuv().y.mean()) for frame in frames]
    times, levels = zip(*found, strict=True)
    assert len(times) == 90 and frames.notes == []
    assert np.diff(times) == pytest.approx(1 / 30, abs=0.06)
    assert np.allclose(levels[:30], levels[30:60])


def test_the_tutorials_loop_writes_every_frame(tmp_path):
    clip = footage.make(tmp_path / "clip.mp4", 64, 48, 0.5)

    class Model:
        def predict(self, pictures, verbose):
            assert pictures.shape == (1, 32, 32, 3) and pictures.dtype == np.float32 and verbose == 0
            return np.array([[0.25, 0.75]])

    assert tutorial.loop(clip, Model(), ("a", "b"), 32, tmp_path / "out.avi") == 15
    assert cv2.VideoCapture(str(tmp_path / "out.avi")).get(cv2.CAP_PROP_FRAME_COUNT) == 15
