"""The table of models, as far as it is on this machine; what the Hub adds is tested in `test_hub.py`."""

import json
from pathlib import Path

import pytest

import vidclass
from tests import tiny_bundle as tiny
from vidclass import bundle, zoo
from vidclass.errors import BundleError, OptionError


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A models folder of its own."""
    for name in ("VIDCLASS_HUB_NAMESPACE", "VIDCLASS_HUB_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(zoo, "MODELS", tmp_path / "models")
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_models_are_listed_by_family_and_then_by_name(models):
    for name, family in (("d", "frame-cnn"), ("a", "cnn-gru"), ("b", "conv3d"), ("c", "frame-cnn")):
        config = tiny.write(models / name, name).folder / bundle.CONFIG
        values = {**json.loads(config.read_text()), "family": family}
        if family == "conv3d":
            values["files"] = {file: digest for file, digest in values["files"].items() if file.startswith("head")}
        config.write_text(json.dumps(values))
    (models / "notes.txt").touch()
    (models / "empty").mkdir()
    assert zoo.names() == ["c", "d", "b", "a"]


def test_a_bundled_model_is_found_by_its_name(models):
    folder = tiny.write(models / "first", "first").folder
    assert zoo.resolve("first") == zoo.Found(folder, "bundled")


def test_a_folder_is_found_by_its_path(models):
    folder = tiny.write(models.parent / "mine", "mine").folder
    assert zoo.resolve(folder) == zoo.resolve(str(folder)) == zoo.Found(folder, str(folder))


@pytest.mark.parametrize("name", ["third", "", "../models/first", "/nowhere", "."])
def test_what_is_no_model_is_refused(models, name, monkeypatch):
    tiny.write(models / "first", "first")
    with pytest.raises(vidclass.VidclassError, match=r"must be one of first|must be a folder that holds"):
        vidclass.load(name)


def test_an_empty_zoo_says_where_models_belong(models):
    assert zoo.names() == []
    with pytest.raises(OptionError, match=r"must be one of .*model's folder.*Received: frame-cnn-sports"):
        zoo.resolve("frame-cnn-sports")


def test_a_model_is_loaded_with_its_source(models):
    tiny.write(models / "first", "first")
    loaded = vidclass.load("first")
    assert loaded.bundle.name == "first" and loaded.source == "bundled" and loaded.runtime.startswith("OpenVINO")
    assert vidclass.load(models / "first", runtime="openvino", precision="f32").runtime == "OpenVINO f32"


def test_a_damaged_model_is_refused_when_it_is_loaded(models):
    folder = tiny.write(models / "first", "first").folder
    (folder / "head.xml").write_text("<net/>")
    with pytest.raises(BundleError, match=r"head\.xml"):
        vidclass.load("first")


def test_the_bundled_models_lie_beside_the_library():
    assert Path(vidclass.__file__).parent.parent / "models" == zoo.MODELS
