"""The page's parts, without a browser: what they say and what they refuse."""

import re
import time
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from tests import fakes
from vidclass import public_clips
from vidclass.analysis import Analysis
from vidclass.errors import OptionError, VideoError
from vidclass.page import Settings, comparing, curves, examples, fragments, guard, jobs, models_tab, theme, work
from vidclass.page.shelf import stock

SETTINGS = Settings()
FRAMES = 60


@pytest.fixture
def clip(make_clip):
    """Two seconds, dark, with single bright frames."""
    return make_clip(
        "clip.mp4", frames=FRAMES, picture=lambda n: np.full((48, 64), 220 if n % 10 == 5 else 40, np.uint8)
    )


def analysis(seconds=60, classes=22, labels=None, **fields):
    rows = np.random.default_rng(0).dirichlet(np.full(classes, 0.3), 30 * seconds).astype(np.float32)
    labels = labels or tuple(f"label {n}" for n in range(classes))
    values = {"clip": "c.mp4", "model": "m", "family": "frame-cnn", "source": "bundled", "width": 64, "height": 48}
    times = np.arange(30 * seconds) / 30
    return Analysis(times=times, rows=rows, labels=labels, fps=30.0, duration=float(seconds), **{**values, **fields})


def test_fragments_escape_what_files_and_bundles_say():
    evil = "<img src=x onerror=alert(1)>"
    seen = analysis(2, 3, labels=(evil, "b", "c"), model=evil, source=evil, notes=(evil,))
    shown = stock([fakes.classifier(labels=(evil, "b", "c"))])
    pieces = [
        fragments.verdict(seen),
        fragments.timeline(seen, 8),
        fragments.comparison((seen,), 8),
        comparing.table((seen,), 8),
        fragments.facts(shown.classifiers[0]),
        models_tab.overview(shown.classifiers[0]),
        fragments.progress("Working", 0.5, 2.0, evil),
    ]
    assert not [piece for piece in pieces if "<img" in piece.lower()]


def test_a_label_may_break_where_its_words_meet():
    assert fragments.name("table_tennis <b>") == "table_<wbr>tennis &lt;b&gt;"


def test_a_doubtful_label_is_told_as_a_guess():
    assert "not sure; best guess" in fragments.verdict(analysis(2, threshold=0.9))
    assert "not sure" not in fragments.verdict(analysis(2, threshold=0.0))


def test_the_queue_size_is_explained_in_seconds():
    rows = np.full((100, 2), 0.5, np.float32)
    rows[:, 0] += np.where(np.arange(100) % 10 == 0, -0.2, 0.2)
    seen = Analysis("c", "m", "frame-cnn", "bundled", ("a", "b"), np.arange(100) / 29.97, rows, 29.97, 3.4, 64, 48)
    assert "<b>128 frames = 4.3 s</b> at 29.97 fps." in fragments.meaning(seen, 128)
    assert f"K = {seen.smallest_queue} is the smallest queue that is as steady as 128" in fragments.meaning(seen, 8)
    assert "<b>1 frame = 0.0 s</b>" in fragments.meaning(seen, 1)
    assert "<b>128 frames = 4.3 s</b> of a clip with 30 frames a second" in fragments.meaning(None, 128)


def test_a_newcomer_is_told_in_a_sentence_what_smoothing_does():
    rows = np.full((120, 2), 0.5, np.float32)
    rows[:, 0] += np.where(np.arange(120) % 40 == 39, -0.2, 0.2)
    seen = Analysis("c", "m", "frame-cnn", "bundled", ("a", "b"), np.arange(120) / 30, rows, 30.0, 4.0, 64, 48)
    told = fragments.figures(seen, 16)
    assert "the frames change the label <b>5 times</b>; their mean over the last 16, <b>never</b>." in told
    assert "the frames change the label <b>5 times</b>." in fragments.figures(seen, 1)


def test_a_new_queue_size_is_drawn_within_50_ms():
    kept = jobs.Visit(Path("clip.mp4"), analysis(60, 26), 128)
    jobs.redraw(kept, 128)
    times = []
    for size in range(1, 24):
        begun = time.thread_time()
        jobs.redraw(kept, size)
        times.append(time.thread_time() - begun)
    assert np.median(times) < 0.05


def test_models_are_grouped_by_family_and_the_fair_ones_are_found():
    other = fakes.classifier(name="other", labels=("dark", "light"))
    shelf = stock([fakes.classifier("cnn-gru"), other, fakes.classifier("conv3d"), fakes.classifier()], ["A notice."])
    assert [each.bundle.family for each in shelf.classifiers] == ["frame-cnn", "frame-cnn", "conv3d", "cnn-gru"]
    assert set(shelf.alike()) == {"fake-frame-cnn", "fake-conv3d", "fake-cnn-gru"}
    assert shelf.get("other") is other
    assert stock([fakes.classifier(), other]).alike() == ("fake-frame-cnn", "other")
    sheet = theme.css(shelf)
    assert [f"label:nth-of-type({n})::before" in sheet for n in (1, 2, 3, 4)] == [True, False, True, True]
    with pytest.raises(OptionError, match="must be one of other, fake-frame-cnn"):
        shelf.get("nobody")
    with pytest.raises(OptionError, match="name of its own"):
        stock([other, other])
    with pytest.raises(OptionError, match="at least one model"):
        stock([])


@pytest.fixture
def bundled_names():
    """Models with the names of the bundled ones, of which three know the same labels, in other orders."""
    families = ("frame-cnn", "conv3d", "cnn-gru")
    orders = (fakes.LABELS, fakes.LABELS[::-1], fakes.LABELS)
    alike = [
        fakes.classifier(each, name=f"{each}-ucf", labels=order) for each, order in zip(families, orders, strict=True)
    ]
    return [fakes.classifier(name="frame-cnn-sports", labels=("chess", "tennis", "golf")), *alike]


def test_a_comparison_starts_with_the_three_models_that_share_their_labels(bundled_names):
    shelf = stock(bundled_names)
    assert shelf.names == ("frame-cnn-sports", "frame-cnn-ucf", "conv3d-ucf", "cnn-gru-ucf")
    assert shelf.alike() == ("frame-cnn-ucf", "conv3d-ucf", "cnn-gru-ucf")


def test_a_comparison_marks_the_labels_that_a_model_lacks(bundled_names, clip):
    last = list(comparing.run(str(clip), bundled_names, 8, SETTINGS))[-1]
    rows = {re.search('row">([^<]+)', row).group(1): row for row in last.table.split("<tr>")[2:]}
    assert "does not know bright, dark, middle" in rows["frame-cnn-sports"]
    assert all(
        "does not know chess, golf, tennis" in rows[f"{each}-ucf"] for each in ("frame-cnn", "conv3d", "cnn-gru")
    )


def test_nothing_is_fetched_from_elsewhere():
    shelf = stock([fakes.classifier()])
    looks = theme.theme()
    assert looks._stylesheets == []
    for text in (theme.css(shelf), theme.head().replace("http://www.w3.org/2000/svg", "")):
        assert "http" not in text and "@import" not in text


def test_no_clip_is_refused():
    with pytest.raises(VideoError, match="There must be a clip"):
        jobs.start(None, None, 8, SETTINGS)


def test_no_model_is_refused(clip):
    with pytest.raises(OptionError, match="at least one model"):
        comparing.start(str(clip), [], SETTINGS)


def test_a_large_or_long_clip_is_refused_before_any_work(clip):
    with pytest.raises(VideoError, match="at most 0 MB"):
        work.check_clip(clip, Settings(max_megabytes=0))
    with pytest.raises(VideoError, match=r"at most 0\.5 seconds. Received: 2 seconds"):
        work.check_clip(clip, Settings(max_seconds=0.5))
    assert work.check_clip(clip, SETTINGS) == clip


def test_a_clip_longer_than_its_file_tells_is_refused_while_it_is_read(clip):
    model = fakes.classifier()
    with pytest.raises(VideoError, match=r"at most 0\.1 seconds"):
        list(work.analysing(clip, [model], Settings(max_seconds=0.1)))
    assert len(model._embed.seen) < FRAMES


def test_a_queue_size_out_of_range_is_refused(clip):
    with pytest.raises(OptionError, match="from 1 to 256"):
        jobs.start(None, str(clip), 0, SETTINGS)


def test_errors_for_the_visitor_are_told_and_others_are_noted(caplog):
    @guard.guarded
    def refuse():
        raise VideoError("One sentence.")

    @guard.guarded
    def fail():
        raise ZeroDivisionError("secret")

    with pytest.raises(gr.Error) as told:
        refuse()
    assert told.value.message == "One sentence." and not told.value.print_exception
    with pytest.raises(gr.Error) as told:
        fail()
    assert "secret" not in told.value.message
    assert "secret" in caplog.text


def test_a_job_tidies_up_before_it_tells_an_error():
    def failing():
        yield 1
        raise VideoError("One sentence.")

    steps = guard.guarded_steps(failing, at_error=2)()
    assert [next(steps), next(steps)] == [1, 2]
    with pytest.raises(gr.Error, match="One sentence"):
        next(steps)


def test_curves_are_drawn_from_what_was_measured():
    sizes = {"1": (0.71, 96.0), "8": (0.8, 20.0), "128": (0.9, 0.5)}
    measured = {size: {"frame_accuracy": a, "switches_per_minute": s} for size, (a, s) in sizes.items()}
    for metrics in ({"by_queue_size": measured}, {"test": {"by_queue_size": measured}}):
        accuracy, switches = curves.of(metrics)
        assert accuracy.points == ((1, 71.0), (8, 80.0), (128, 90.0)) and switches.points[0] == (1, 96.0)
        for curve in (accuracy, switches):
            assert len(ET.fromstring(curves.draw(curve)).findall(".//{http://www.w3.org/2000/svg}circle")) == 3


@pytest.mark.parametrize("metrics", [{}, {"test": 3}, {"by_queue_size": {"x": 1, "8": {"frame_accuracy": "high"}}}])
def test_metrics_of_another_shape_draw_nothing(metrics):
    assert curves.of(metrics) == []


def test_a_flat_curve_can_be_drawn():
    ET.fromstring(curves.draw(curves.Curve("Flat", ((1, 0.0), (8, 0.0)))))


def test_a_card_is_shown_without_metadata_pictures_and_html(tmp_path):
    text = '---\nlicense: other\n---\n# Title\n\n![plot](https://far.away/x.png)\n<script src="x"></script>\na < b'
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    (tmp_path / "confusion.png").write_bytes(b"png")
    bundle = fakes.bundle(folder=tmp_path)
    assert models_tab.card(bundle).split() == ["#", "Title", "a", "<", "b"]
    assert "data:image/png;base64," in models_tab.results(bundle)
    assert models_tab.results(fakes.bundle()) == ""
    measured = fakes.bundle(metrics={"test": {"top1": 0.9045, "top3": 0.9721, "count": 3266}})
    assert "<b>90.5 %</b> of 3,266 test photos" in models_tab.results(measured)
    assert "first three on <b>97.2 %</b>" in models_tab.results(measured)
    assert "no card" in models_tab.card(fakes.bundle())


def test_a_model_tells_how_often_it_is_right():
    of_photos = fakes.classifier(metrics={"test": {"top1": 0.9045, "count": 3266}})
    assert "<b>90.5 %</b> of 3,266 test photos" in fragments.facts(of_photos)
    of_clips = fakes.classifier("conv3d", metrics={"test": {"top1": 0.9, "count": 308}})
    assert "<b>90.0 %</b> of 308 test clips" in fragments.facts(of_clips)
    for metrics in ({}, {"test": 3}, {"test": {"top1": "<b>"}}, {"test": {"top1": 0.5, "count": "<b>"}}):
        assert fragments.facts(fakes.classifier(metrics=metrics)).count("<b>") <= 1


def test_examples_are_the_clips_that_there_are(tmp_path, monkeypatch, make_clip):
    monkeypatch.setattr(examples, "CLIPS", make_clip("two.mp4", frames=1).parent)
    make_clip("one.mp4", frames=1)
    (examples.CLIPS / examples.TABLE).write_text('{"one.mp4": {"title": "One", "model": "fake-frame-cnn"}}')
    found = [(each.path.name, each.title, each.model) for each in examples.own()]
    assert found == [("one.mp4", "One", "fake-frame-cnn"), ("two.mp4", "two", None)]
    monkeypatch.setattr(examples, "CLIPS", tmp_path / "none")
    assert examples.own() == []


def test_an_example_comes_with_its_model_and_a_public_clip_from_the_hub(tmp_path, monkeypatch):
    (tmp_path / "film.mp4").write_bytes(b"film")
    monkeypatch.setattr(public_clips, "fetch", lambda clip, room: tmp_path / "film.mp4")
    shelf = stock([fakes.classifier()])
    drawn = [examples.Example(Path("a.mp4"), "A", "fake-frame-cnn"), examples.Example(Path("b.mp4"), "B", "nobody")]
    chosen_by_owner = Settings(public_clips=public_clips.parse(f"me/a@{40 * 'a'}/film.mp4|CC0"))

    def pick(number):
        return next(examples.chosen(number, drawn, shelf, chosen_by_owner))

    assert pick(0) == ("a.mp4", "fake-frame-cnn")
    assert pick(1) == ("b.mp4", gr.skip())
    with closing(examples.chosen(2, drawn, shelf, chosen_by_owner)) as steps:
        path, model = next(steps)
        assert Path(path).read_bytes() == b"film" and Path(path).name == "film.mp4" and model == gr.skip()
    assert not Path(path).exists()
