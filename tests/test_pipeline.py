"""The two passes over real little clips, with a model that knows three greys."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vidclass
from tests import fakes
from tests import tiny_bundle as tiny
from tests.clips import levels_of, times_of
from vidclass import pipeline, video
from vidclass.bundle import FAMILIES
from vidclass.errors import OptionError, VideoError
from vidclass.pipeline import Output

ROOT = Path(__file__).parent.parent


@pytest.fixture
def flicker(make_clip):
    """60 frames at 30 a second, dark, with a bright one at every tenth frame from the sixth on."""
    return make_clip(
        "flicker.mp4", frames=60, picture=lambda n: np.full((48, 64), 210 if n % 10 == 5 else 30, np.uint8)
    )


@pytest.fixture
def flickered(flicker):
    return pipeline.analyse(flicker, fakes.classifier())


def test_every_frame_has_its_row_and_its_time(flicker, flickered):
    assert flickered.rows.shape == (60, 3)
    assert np.allclose(flickered.times, np.arange(60) / 30, atol=1e-4)
    assert [n for n in range(60) if flickered.rows[n].argmax() == 2] == list(range(5, 60, 10))
    assert (flickered.clip, flickered.model, flickered.family) == ("flicker.mp4", "fake-frame-cnn", "frame-cnn")
    assert (flickered.width, flickered.height, flickered.fps) == (64, 48, 30.0)
    assert flickered.duration == pytest.approx(2.0, abs=0.01)
    assert flickered.labels == fakes.LABELS and flickered.threshold == 0.5
    assert set(flickered.timing) == {"classify"}


def test_smoothing_cures_the_flicker(flickered):
    summary = flickered.summary(16)
    assert summary.label == "dark" and summary.raw.switches == 12 and summary.smoothed.switches == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_every_frame_a_row(flicker, family):
    found = pipeline.analyse(flicker, fakes.classifier(family))
    assert found.rows.shape == (60, 3)
    assert np.allclose(found.rows.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("every", [2, 5, 7, 1000])
def test_every_nth_frame_is_looked_at_and_held(flicker, flickered, every):
    model = fakes.classifier()
    found = pipeline.analyse(flicker, model, every)
    assert len(found.times) == 60
    assert np.array_equal(found.rows, flickered.rows[np.arange(60) // every * every])
    assert len(model._embed.seen) == -(-60 // every)


@pytest.mark.parametrize("every", [0, -1])
def test_a_step_below_one_is_refused(flicker, every):
    with pytest.raises(OptionError, match=rf"must be at least 1\. Received: {every}"):
        pipeline.analyse(flicker, fakes.classifier(), every)


def test_a_bad_clip_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(VideoError, match="must be an existing file"):
        pipeline.analyse(tmp_path / "none.mp4", fakes.classifier())


def test_several_models_share_one_decoding(flicker, monkeypatch):
    opened = []
    read = video.read
    monkeypatch.setattr(video, "read", lambda clip: opened.append(clip) or read(clip))
    models = [fakes.classifier(family) for family in FAMILIES]
    together = pipeline.run(pipeline.analysing(flicker, models))
    assert len(opened) == 1
    assert [each.model for each in together] == [f"fake-{family}" for family in FAMILIES]
    for family, each in zip(FAMILIES, together, strict=True):
        alone = pipeline.analyse(flicker, fakes.classifier(family))
        assert np.allclose(each.rows, alone.rows) and np.array_equal(each.times, alone.times)


def test_no_frame_is_embedded_twice(make_clip):
    clip = make_clip(frames=50, rate=25)
    for family, expected in (("frame-cnn", 50), ("cnn-gru", 10)):
        model = fakes.classifier(family)
        pipeline.analyse(clip, model)
        assert len(model._embed.seen) == expected


def test_a_damaged_clip_is_analysed_around_the_damage_and_noted(make_clip):
    clip = make_clip.damaged(make_clip("long.mp4", frames=120, size=(160, 120)))
    found = pipeline.analyse(clip, fakes.classifier())
    assert 0 < len(found.times) <= 120
    assert any("damaged" in note for note in found.notes)


def test_progress_tells_the_stage_and_never_goes_back(flicker, tmp_path):
    steps = []
    analysis = pipeline.analyse(flicker, fakes.classifier(), progress=steps.append)
    pipeline.render(flicker, analysis, tmp_path / "out.mp4", progress=steps.append)
    assert [step.stage for step in steps] == sorted(step.stage for step in steps)
    for stage in ("classify", "render"):
        done = [step.done for step in steps if step.stage == stage]
        assert done == sorted(done) and done[0] == 0 and done[-1] < 60
    assert {step.total for step in steps} == {60}


def test_a_pass_whose_progress_raises_is_closed(flicker, flickered, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.render(flicker, flickered, tmp_path / "out.mp4", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["flicker.mp4"]


def test_a_render_that_is_stopped_leaves_nothing(flicker, flickered, tmp_path):
    job = pipeline.rendering(flicker, flickered, [Output(tmp_path / "a.mp4", 8), Output(tmp_path / "b.mp4", 1)])
    next(job)
    next(job)
    job.close()
    assert [path.name for path in tmp_path.iterdir()] == ["flicker.mp4"]


def test_both_videos_have_all_frames_at_their_times(make_clip, tmp_path):
    times = [0.0, 0.1, 0.15, 0.4, 0.5, 1.2, 1.25, 1.3]
    clip = make_clip("vfr.mp4", frames=8, times=times)
    analysis = pipeline.analyse(clip, fakes.classifier())
    pipeline.render(clip, analysis, tmp_path / "smooth.mp4", 4, unsmoothed=tmp_path / "raw.mp4")
    for name in ("smooth.mp4", "raw.mp4"):
        assert np.allclose(times_of(tmp_path / name), times, atol=1e-3)
        info = vidclass.probe(tmp_path / name)
        assert (info.width, info.height, info.codec, info.frame_count) == (64, 48, "h264", 8)


def test_the_picture_is_kept_beside_what_is_drawn(make_clip, tmp_path):
    clip = make_clip(
        "plain.mp4", frames=12, size=(320, 240), picture=lambda n: np.full((240, 320), 40 + 10 * n, np.uint8)
    )
    analysis = pipeline.analyse(clip, fakes.classifier())
    pipeline.render(clip, analysis, tmp_path / "out.mp4")
    with video.read(tmp_path / "out.mp4") as frames:
        corners = [float(frame.yuv().y[-60:-20, -60:-20].mean()) for frame in frames]
    assert np.allclose(corners, 40 + 10 * np.arange(12), atol=2)
    assert max(np.abs(np.diff(levels_of(tmp_path / "out.mp4")) - 10)) < 5


def test_a_switch_is_seen_in_the_unsmoothed_video_only(make_clip, tmp_path):
    dark = {"picture": lambda n: np.full((240, 320), 210 if n == 6 else 30, np.uint8), "size": (320, 240)}
    clip = make_clip("one.mp4", frames=12, **dark)
    analysis = pipeline.analyse(clip, fakes.classifier())
    pipeline.render(clip, analysis, tmp_path / "smooth.mp4", 8, unsmoothed=tmp_path / "raw.mp4")

    def marked(path):
        """Frames whose rim differs from their middle: the coloured edge."""
        with video.read(path) as frames:
            pictures = [frame.rgb().astype(int) for frame in frames]
        return [n for n, p in enumerate(pictures) if np.abs(p[-2:, 40:-40].mean((0, 1)) - p[120, 160]).max() > 20]

    assert marked(tmp_path / "raw.mp4") == [6] and marked(tmp_path / "smooth.mp4") == []


@pytest.mark.parametrize(("width", "expected"), [(None, (322, 182)), (1000, (322, 182)), (161, (160, 90)), (2, (2, 2))])
def test_a_wide_video_is_scaled_down_on_wish(make_clip, tmp_path, width, expected):
    clip = make_clip(frames=3, size=(322, 182))
    analysis = pipeline.analyse(clip, fakes.classifier())
    pipeline.render(clip, analysis, tmp_path / "out.mp4", max_width=width)
    info = vidclass.probe(tmp_path / "out.mp4")
    assert (info.width, info.height) == expected


def test_sound_is_carried_over(make_clip, tmp_path):
    clip = make_clip("loud.mp4", frames=30, audio="aac")
    analysis = pipeline.analyse(clip, fakes.classifier())
    notes = pipeline.render(clip, analysis, tmp_path / "out.mp4")
    assert notes == () and vidclass.probe(tmp_path / "out.mp4").has_audio


def test_another_clip_than_the_analysed_one_is_refused(make_clip, flickered, tmp_path):
    other = make_clip("other.mp4", frames=10)
    with pytest.raises(VideoError, match=r"must be the one that was analysed, with 60 frames\. Received 10 frames"):
        pipeline.render(other, flickered, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_a_queue_out_of_range_is_refused_before_anything_is_written(flicker, flickered, tmp_path):
    with pytest.raises(OptionError, match="from 1 to 256 frames"):
        pipeline.render(flicker, flickered, tmp_path / "out.mp4", queue_size=257)
    assert [path.name for path in tmp_path.iterdir()] == ["flicker.mp4"]


def test_rendering_again_needs_no_model(flicker, flickered, tmp_path):
    changed = replace(flickered, rows=flickered.rows[::-1])
    pipeline.render(flicker, changed, tmp_path / "out.mp4", 1)
    assert len(times_of(tmp_path / "out.mp4")) == 60


def test_stages_take_their_times(flickered):
    timed = pipeline.with_timing(flickered, render=2.0)
    assert timed.timing == {**flickered.timing, "render": 2.0}


def test_memory_does_not_grow_with_the_clip(make_clip, tmp_path):
    code = """
import resource, sys, vidclass
clip, model, smooth, raw = sys.argv[1:]
analysis = vidclass.analyse(clip, vidclass.load(model))
vidclass.render(clip, analysis, smooth, 32, unsmoothed=raw)
print(len(analysis.times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    model = tiny.write(tmp_path / "tiny").folder
    peaks = []
    for frames in (100, 1000):
        clip = make_clip(f"{frames}.mp4", frames=frames, size=(320, 240))
        outputs = [tmp_path / f"{frames}-{name}.mp4" for name in ("smooth", "raw")]
        command = [sys.executable, "-c", code, *map(str, (clip, model, *outputs))]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
        counted, peak = map(int, done.stdout.split())
        assert counted == frames
        peaks.append(peak)
    assert peaks[1] <= 1.1 * peaks[0], f"{peaks[0]} KB for 100 frames, {peaks[1]} KB for 1000"
