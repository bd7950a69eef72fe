"""The page's long work: what comes first, what a stop leaves behind, what a new queue size does not do again."""

import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests import fakes
from vidclass import pipeline, video
from vidclass.errors import OptionError, VideoError
from vidclass.page import Settings, comparing, fragments, jobs, results, work
from vidclass.preprocess import Preprocess

SETTINGS = Settings()
FRAMES = 60


@pytest.fixture
def clip(make_clip):
    """Two seconds, dark, with single bright frames."""
    return make_clip(
        "clip.mp4", frames=FRAMES, picture=lambda n: np.full((48, 64), 220 if n % 10 == 5 else 40, np.uint8)
    )


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder that temporary files go to, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    return folder


def run(clip, model, queue_size=8):
    """All steps from a clip to its videos, as the page goes through them."""
    found = None
    for step in jobs.classify(str(clip), model, queue_size, SETTINGS):
        yield step
        found = step.visit if isinstance(step.visit, jobs.Visit) else found
    yield from jobs.render(found, queue_size, SETTINGS)


def visit(model, clip, queue_size=8):
    """A visitor who has run a clip."""
    return next(step.visit for step in list(run(clip, model, queue_size)) if isinstance(step.visit, jobs.Visit))


def left(temporary):
    """What jobs have left among the temporary files, other than results."""
    return [path for path in temporary.rglob("*") if path.is_file() and results.FOLDER not in path.parts]


def test_label_and_chart_come_before_the_videos(clip, temporary):
    order, files = [], None
    for step in run(clip, fakes.classifier()):
        for name, value in step._asdict().items():
            if value and value is not jobs.SAME and name not in order:
                order.append(name)
        if step.raw_video not in (None, jobs.SAME):
            files = [Path(name) for name in step.files]
    assert order.index("timeline") < order.index("raw_video")
    assert order.index("verdict") < order.index("smoothed_video")
    names = ["clip-smoothed-8.mp4", "clip-unsmoothed.mp4", "clip-8.csv", "clip-8.json", "clip-8.vtt"]
    assert [file.name for file in files] == names
    assert all(file.is_file() for file in files), "a result outlives its job"
    assert left(temporary) == []


def test_progress_has_a_name_a_share_and_a_time_to_go(clip, monkeypatch):
    monkeypatch.setattr(work, "REPORT_EVERY", 0.0)
    monkeypatch.setattr(work, "SURE_AFTER", 0.0)
    told = list(work.analysing(clip, [fakes.classifier()], SETTINGS, "step 1 of 2"))
    assert (
        "Classifying" in told[-1] and "s to go" in told[-1] and "step 1 of 2" in told[-1] and 'value="0.8' in told[-1]
    )
    assert "value" not in fragments.progress("Classifying", None, None)


@pytest.mark.parametrize("reports", range(1, 11))
def test_a_stopped_run_leaves_nothing_behind(clip, temporary, monkeypatch, reports):
    monkeypatch.setattr(work, "REPORT_EVERY", 0.0)
    with closing(run(clip, fakes.classifier())) as steps:
        for _ in range(reports):
            next(steps)
    assert left(temporary) == []


def test_unsmoothed_twice_gives_two_videos(clip):
    last = list(run(clip, fakes.classifier(), 1))[-1]
    assert last.raw_video != last.smoothed_video


def test_another_queue_size_draws_one_video_and_never_infers(clip):
    model = fakes.classifier()
    kept = visit(model, clip)
    assert (kept.wanted, kept.shown, len(model._embed.seen)) == (8, 8, FRAMES)
    jobs.want(kept, 30)
    steps = list(jobs.rerender(kept, 30, "raw.mp4", SETTINGS))
    assert [Path(name).name for name in steps[-1].files][:2] == ["clip-smoothed-30.mp4", "raw.mp4"]
    assert steps[-1].raw_video is jobs.SAME and steps[-1].verdict is jobs.SAME
    assert kept.shown == 30 and len(model._embed.seen) == FRAMES


def test_a_newer_wish_ends_the_making_of_an_older_video(clip, temporary, monkeypatch):
    monkeypatch.setattr(work, "REPORT_EVERY", 0.0)
    kept = visit(fakes.classifier(), clip)
    jobs.want(kept, 30)
    older = jobs.rerender(kept, 30, "raw.mp4", SETTINGS)
    next(older), next(older)
    jobs.want(kept, 40)
    assert all(step.smoothed_video is jobs.SAME for step in older)
    assert kept.shown == 8 and left(temporary) == []
    assert list(jobs.rerender(kept, 40, "raw.mp4", SETTINGS))[-1].smoothed_video.endswith("smoothed-40.mp4")


def test_another_clip_ends_the_making_of_an_older_video(clip):
    kept = visit(fakes.classifier(), clip)
    jobs.want(kept, 30)
    jobs.start(kept, str(clip), 8, SETTINGS)
    jobs.want(kept, 30)
    assert list(jobs.rerender(kept, 30, "raw.mp4", SETTINGS)) == [jobs.Step()]


def test_nothing_is_drawn_where_there_is_nothing_to_draw(clip):
    kept = visit(fakes.classifier(), clip)
    for job in (jobs.rerender(None, 8, None, SETTINGS), jobs.rerender(kept, 8, "raw.mp4", SETTINGS)):
        assert list(job) == [jobs.Step()]  # one step: Gradio empties all outputs of a generator that has none
    jobs.want(kept, 9)
    clip.unlink()
    with pytest.raises(VideoError, match="Upload it again"):
        list(jobs.rerender(kept, 9, "raw.mp4", SETTINGS))


def test_everything_is_packed_into_one_zip(clip, tmp_path):
    kept = visit(fakes.classifier(), clip)
    videos = [tmp_path / "clip-unsmoothed.mp4", tmp_path / "clip-smoothed-8.mp4"]
    for path in videos:
        path.write_bytes(b"video")
    with zipfile.ZipFile(next(jobs.pack(kept, *map(str, videos)))) as archive:
        names = set(archive.namelist())
    assert names == {path.name for path in videos} | {f"clip-8.{end}" for end in ("png", "svg", "csv", "json", "vtt")}
    with pytest.raises(OptionError, match="There is none yet"):
        next(jobs.pack(None, None, None))
    videos[0].unlink()
    with pytest.raises(VideoError, match="cleaned away by its age"):
        next(jobs.pack(kept, *map(str, videos)))


def test_models_are_compared_on_one_decoding(clip, monkeypatch):
    read, read_clip = [], video.read
    monkeypatch.setattr(video, "read", lambda path: read.append(path) or read_clip(path))
    models = [fakes.classifier(), fakes.classifier("cnn-gru"), fakes.classifier(name="two", labels=("dark", "x", "y"))]
    steps = list(comparing.run(str(clip), models, 8, SETTINGS))
    last = steps[-1]
    assert [each.model for each in last.analyses] == ["fake-frame-cnn", "fake-cnn-gru", "two"]
    assert all(each.frames_per_second > 0 for each in last.analyses)
    assert len(read) == 3  # two look at the header; one decodes
    assert "does not know bright, middle" in last.table and "does not know x, y" in last.table
    assert last.chart.count("<svg") == 2
    redrawn = comparing.redraw(last.analyses, 1)
    assert "Switches, no smoothing" in redrawn.table and redrawn.analyses is jobs.SAME
    with pytest.raises(OptionError, match="at least one model"):
        list(comparing.run(str(clip), [], 8, SETTINGS))


def test_a_comparison_gives_the_answers_of_each_model_alone(clip):
    families = ("frame-cnn", "cnn-gru", "conv3d")
    together = list(comparing.run(str(clip), [fakes.classifier(family) for family in families], 8, SETTINGS))[-1]
    for family, compared in zip(families, together.analyses, strict=True):
        alone = pipeline.analyse(clip, fakes.classifier(family))
        np.testing.assert_array_equal(alone.rows, compared.rows)


def test_each_compared_model_gets_pictures_of_its_own_size(clip):
    models = [fakes.classifier(name=f"sees-{size}", preprocess=Preprocess(size)) for size in (8, 12, 16)]
    list(comparing.run(str(clip), models, 8, SETTINGS))
    assert [{item[0].shape for item in each._embed.seen} for each in models] == [
        {(size, size, 3)} for size in (8, 12, 16)
    ]
