"""A bundle's folder is whole or absent, whatever goes wrong while it is written."""

import json

import pytest

from tests import tiny_bundle
from train import card, plots, report
from vidclass import bundle as bundles

METRICS = {
    "test": {
        "top1": 0.75,
        "top3": 1.0,
        "count": 4,
        "confusion": [[2, 0, 0], [1, 1, 0], [0, 0, 0]],
        "by_queue_size": {"1": {"frame_accuracy": 0.8, "switches_per_minute": 9.0}},
    }
}


@pytest.fixture
def folder(tmp_path):
    report.write_report(tiny_bundle.write(tmp_path / "models" / "tiny", metrics=METRICS))
    return tmp_path / "models" / "tiny"


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_report_has_a_card_and_plots(folder):
    assert {"README.md", "confusion.png", "queue.png"} <= set(content(folder))
    assert "0.750" in (folder / "README.md").read_text()
    assert bundles.load(folder).metrics == METRICS


def test_a_bundle_that_was_not_measured_has_a_card_too(tmp_path):
    report.write_report(tiny_bundle.write(tmp_path / "tiny"))
    assert "confusion.png" not in content(tmp_path / "tiny")
    assert bundles.load(tmp_path / "tiny").metrics == {}


def test_further_figures_are_added_and_old_ones_replaced(folder):
    before = content(folder)
    found = report.revise(folder, {"order": {"in_order": 0.9, "shuffled": 0.7}})
    assert found.metrics == {**METRICS, "order": {"in_order": 0.9, "shuffled": 0.7}}
    again = report.revise(folder, {"order": {"in_order": 0.8}, "speed": {"frames a second": 410.0}})
    assert again.metrics["order"] == {"in_order": 0.8}
    card_text = (folder / "README.md").read_text()
    assert "0.800" in card_text
    assert "410.0" in card_text
    assert "0.700" not in card_text
    for name in ("embed.weights.h5", "head.weights.h5", "embed.bin", "head.xml"):
        assert content(folder)[name] == before[name]
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_describing_without_figures_writes_the_card_anew(folder):
    (folder / "README.md").write_text("An old card.")
    report.revise(folder, {})
    assert "0.750" in (folder / "README.md").read_text()


@pytest.mark.parametrize("place", [(plots, "confusion"), (plots, "queue"), (bundles, "write_config"), (card, "texts")])
def test_a_failure_while_describing_leaves_the_bundle_as_it_was(folder, monkeypatch, place):
    before = content(folder)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*place, fail)
    with pytest.raises(OSError, match="No space"):
        report.revise(folder, {"order": {"in_order": 0.9}})
    assert content(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_damaged_bundle_is_not_described(folder):
    (folder / "head.weights.h5").write_bytes(b"other")
    with pytest.raises(bundles.BundleError, match="hash"):
        report.revise(folder, {})


def test_a_new_folder_appears_when_whole(tmp_path):
    target = tmp_path / "new" / "model"
    with report.replacing_folder(target) as partial:
        (partial / "a").write_text("1")
        assert not target.exists()
        assert partial.parent == target.parent
    assert content(target) == {"a": b"1"}
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_an_old_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "model"
    for name in ("old", "new"):
        with report.replacing_folder(target) as partial:
            (partial / name).write_text(name)
    assert content(target) == {"new": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt(), RuntimeError("bug")])
def test_an_interrupted_write_leaves_what_was_there(tmp_path, error):
    target = tmp_path / "model"
    with report.replacing_folder(target) as partial:
        (partial / "a").write_text("1")
    with pytest.raises(type(error)), report.replacing_folder(target) as partial:
        (partial / "a").write_text("half")
        raise error
    assert content(target) == {"a": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_if_the_new_folder_cannot_take_the_name_the_old_one_keeps_it(tmp_path, monkeypatch):
    target = tmp_path / "model"
    with report.replacing_folder(target) as partial:
        (partial / "a").write_text("1")
    rename = type(target).rename

    def refuse(self, other):
        if self.name.endswith(".partial"):
            raise OSError("refused")
        return rename(self, other)

    monkeypatch.setattr(type(target), "rename", refuse)
    with pytest.raises(OSError, match="refused"), report.replacing_folder(target) as partial:
        (partial / "a").write_text("2")
    assert content(target) == {"a": b"1"}


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    target = tmp_path / "model"
    for name in (".model.partial", ".model.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "junk").touch()
    target.mkdir()
    with report.replacing_folder(target) as partial:
        assert content(partial) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_half_written_folder_is_no_model_of_the_zoo(folder, monkeypatch):
    from vidclass import zoo

    monkeypatch.setattr(zoo, "MODELS", folder.parent)
    with report.replacing_folder(folder) as partial:
        (partial / bundles.CONFIG).write_text(json.dumps({"half": "written"}))
        assert zoo.names() == ["tiny"]
        (partial / "done").touch()
