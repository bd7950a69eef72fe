"""The commands that look deeper into finished models."""

import json
from dataclasses import replace

import pytest

from tests import fakes, tiny_bundle, tiny_data
from train import data, studies
from train.__main__ import main
from vidclass import bundle as bundles
from vidclass import runtime


@pytest.fixture
def model(tmp_path):
    return tiny_bundle.write(tmp_path / "colours").folder


@pytest.fixture
def split(tmp_path):
    items = data.read_items(tiny_data.clip_folder(tmp_path / "clips", 2, frames=8))
    data.write_split([_placed(item) for item in items], tmp_path / "split.csv")
    return tmp_path / "split.csv"


def _placed(item):
    return replace(item, split="test" if item.group.endswith("00") else "validation")


def run(*words):
    return main([str(word) for word in words])


def test_frame_rates_are_studied_on_the_test_part(model, split, tmp_path, capsys):
    file = tmp_path / "fps.json"
    words = ["study-fps", "--model", model, "--data", split, "--fps", 15, 60, "--json", file]
    assert run(*words) == 0
    found = json.loads(file.read_text())
    assert found == {"frame_rates": {"part": "test", "count": 3, "15 fps": 1.0, "60 fps": 1.0, "all rates": 1.0}}
    assert json.loads(capsys.readouterr().out.partition("\n")[2]) == found


def test_size_and_speed_are_studied_on_clips(model, split, tmp_path, capsys):
    file = tmp_path / "speed.json"
    assert run("study-speed", "--model", model, "--data", split, "--json", file) == 0
    found = json.loads(file.read_text())["speed"]
    weights = [path for path in model.iterdir() if path.suffix in {".h5", ".xml", ".bin"}]
    assert len(weights) >= 4
    assert found["size_mb"] == round(sum(path.stat().st_size for path in weights) / 1e6, 1)
    assert found["frames_a_second"] > 0 and found["runtime"].startswith("OpenVINO")


def test_the_order_is_studied_on_the_validation_part(split, tmp_path, monkeypatch):
    model = fakes.classifier("conv3d")
    monkeypatch.setattr(studies.zoo, "resolve", lambda _: studies.zoo.Found(tmp_path, "bundled"))
    monkeypatch.setattr(studies.bundles, "load", lambda _: model.bundle)
    loaded = runtime.LoadedNetworks(None, model._head, "fake")
    monkeypatch.setattr(studies.runtime, "load", lambda _: loaded)
    file = tmp_path / "order.json"
    words = ["study-order", "--model", "fake", "--data", split, "--rename", "red=middle", "--json", file]
    assert run(*words) == 0
    found = json.loads(file.read_text())["order"]
    assert (found["part"], found["count"]) == ("validation", 1)
    assert found["in_order"] == found["shuffled"] == found["repeated"] == 1.0


def test_a_frame_cnn_has_no_order_to_study(model, split, capsys):
    assert run("study-order", "--model", model, "--data", split) == 2
    assert "judges frame by frame" in capsys.readouterr().err


def test_models_are_compared_on_the_same_items(model, split, tmp_path, capsys):
    other = tiny_bundle.write(tmp_path / "other", "other").folder
    table, file = tmp_path / "pairs.md", tmp_path / "pairs.json"
    words = ["compare", "--models", model, other, "--data", split, "--markdown", table, "--json", file]
    assert run(*words) == 0
    found = json.loads(file.read_text())
    assert found["top1"] == {"tiny": 1.0, "other": 1.0}
    assert [(pair["first"], pair["second"], pair["count"]) for pair in found["pairs"]] == [("tiny", "other", 3)]
    assert table.read_text() in capsys.readouterr().out
    assert "| tiny − other | +0.0 |" in table.read_text()


def test_two_trainings_of_one_recipe_are_told_apart_by_their_folders(model, split, tmp_path):
    other = tiny_bundle.write(tmp_path / "again").folder
    file = tmp_path / "pairs.json"
    assert run("compare", "--models", model, other, "--data", split, "--json", file) == 0
    assert set(json.loads(file.read_text())["top1"]) == {str(model), str(other)}


def test_what_studies_wrote_is_added_to_the_bundle_and_its_card(model, tmp_path, capsys):
    one, two = tmp_path / "order.json", tmp_path / "fps.json"
    one.write_text(json.dumps({"order": {"in_order": 0.875, "shuffled": 0.5}}))
    two.write_text(json.dumps({"frame_rates": {"15 fps": 0.625}}))
    assert run("describe", "--model", model, "--metrics-json", one, two) == 0
    assert f"Wrote {model}" in capsys.readouterr().out
    found = bundles.load(model)
    assert found.metrics == {"order": {"in_order": 0.875, "shuffled": 0.5}, "frame_rates": {"15 fps": 0.625}}
    card = (model / "README.md").read_text()
    assert "0.875" in card
    assert "0.625" in card


def test_a_bundle_can_be_described_without_figures(model):
    assert run("describe", "--model", model) == 0
    assert (model / "README.md").is_file()


@pytest.mark.parametrize("content", ["no JSON", "[1, 2]", ""])
def test_figures_that_are_none_are_refused(model, tmp_path, capsys, content):
    (tmp_path / "figures.json").write_text(content)
    assert run("describe", "--model", model, "--metrics-json", tmp_path / "figures.json") == 2
    assert "figures.json must" in capsys.readouterr().err
    assert not (model / "README.md").exists()


@pytest.mark.parametrize("command", ["study-fps", "study-order", "compare"])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    model, split, tmp_path, monkeypatch, capsys, command
):
    monkeypatch.setattr(studies.sources, "to_measure", None)  # it would break if it were called
    words = ["--models" if command == "compare" else "--model", model, "--data", split]
    assert run(command, *words, "--json", tmp_path / "no" / "folder.json") == 2
    assert "folder that can be written to" in capsys.readouterr().err
