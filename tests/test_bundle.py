"""A model as a folder: what is written is read back, and what is not whole is refused with its reason.

What a bundle could do on purpose is tested in `test_safety.py`.
"""

import json
from dataclasses import replace

import pytest

from tests import tiny_bundle as tiny
from vidclass import bundle, runtime
from vidclass.bundle import FAMILIES, Bundle, Window
from vidclass.errors import BundleError
from vidclass.preprocess import Preprocess


@pytest.fixture
def folder(tmp_path):
    return tiny.write(tmp_path / "tiny").folder


def test_what_is_written_is_read_back(tmp_path):
    made = tiny.write(
        tmp_path / "tiny",
        labels=("rouge", "grün", "青"),
        preprocess=Preprocess(16, "center_crop"),
        temperature=1.7,
        threshold=0.25,
        training={"seed": 3, "history": {"loss": [2.0, 1.0]}},
        metrics={"top1": 0.9},
    )
    assert bundle.load(made.folder) == made
    assert set(made.files) == {name for name in made.required_files() if (made.folder / name).is_file()}
    assert all(len(digest) == 64 for digest in made.files.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_needs_the_files_of_its_networks(tiny_bundle, family):
    made = tiny_bundle(family)
    assert bundle.load(made.folder) == made
    parts = {name.partition(".")[0] for name in made.required_files()}
    assert parts == ({"head"} if family == "conv3d" else {"embed", "head"})


def test_an_image_window_is_one_frame():
    assert Window() == Window(length=1, sample_fps=None, hop=1)


def test_a_folder_without_a_configuration_is_no_model(tmp_path):
    with pytest.raises(BundleError, match=r"must be a folder that holds vidclass\.json\. Received: .*Check the path"):
        bundle.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "null", '{"format": 99}'])
def test_what_is_no_configuration_is_refused(folder, text):
    (folder / bundle.CONFIG).write_text(text)
    with pytest.raises(BundleError, match=r"must be JSON|must have format 1"):
        bundle.load(folder)


@pytest.mark.parametrize("key", [field for field in Bundle.__dataclass_fields__ if field != "folder"])
def test_a_missing_field_is_named(folder, key):
    values = json.loads((folder / bundle.CONFIG).read_text())
    del values[key]
    (folder / bundle.CONFIG).write_text(json.dumps(values))
    with pytest.raises(BundleError, match=f"garbles a field: '{key}'"):
        bundle.load(folder)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"family": "transformer"}, "family must be one of frame-cnn, conv3d, cnn-gru"),
        ({"labels": ["one"]}, "labels must be 2 to"),
        ({"labels": ["one", "one", "two"]}, "labels must be 2 to"),
        ({"labels": ["one", ""]}, "labels must be 2 to"),
        ({"preprocess": {"size": 4, "geometry": "squash"}}, "input size must be"),
        ({"preprocess": {"size": 32, "geometry": "stretch"}}, "geometry must be one of squash, center_crop"),
        ({"window": {"length": 0, "sample_fps": None, "hop": 1}}, "window length must be"),
        ({"window": {"length": 1, "sample_fps": None, "hop": 0}}, "hop must be at least 1"),
        ({"window": {"length": 1, "sample_fps": 0, "hop": 1}}, "sample_fps must be a rate or null"),
        ({"architecture": {"flows": 1}}, "flows must be 0, or up to 16 beside frames of 64 pixels or more"),
        ({"architecture": {"flows": 17}, "preprocess": {"size": 64}}, "flows must be 0, or up to 16"),
        ({"architecture": {"flows": 1.5}, "preprocess": {"size": 64}}, "flows must be 0, or up to 16"),
        ({"temperature": 0}, "temperature must be positive"),
        ({"threshold": 1.5}, "threshold must be a probability"),
        ({"version": "1"}, r"version must read like 1\.0\.0"),
        ({"name": "Tiny Model"}, "name must be lower-case"),
        ({"files": {}}, "files must name the weight and network files"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(folder, values, reason):
    config = folder / bundle.CONFIG
    config.write_text(json.dumps({**json.loads(config.read_text()), **values}))
    with pytest.raises(BundleError, match=reason):
        bundle.load(folder)


@pytest.mark.parametrize(
    "name", ["embed.weights.h5", "head.weights.h5", "embed.xml", "embed.bin", "head.xml", "head.bin"]
)
def test_a_missing_or_changed_file_is_named(folder, name):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BundleError, match=rf"{name} of the model tiny must be the file that was published"):
        bundle.load(folder)
    (folder / name).unlink()
    with pytest.raises(BundleError, match=rf"must hold {name}\. It is missing"):
        bundle.load(folder)


@pytest.mark.parametrize("name", ["openvino", "tensorflow"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_label_too_many_is_refused_by_both_runtimes(tiny_bundle, family, name):
    made = tiny_bundle(family)
    with pytest.raises(BundleError, match=r"must fit its input size, window and 4 labels|must hold this network's"):
        runtime.load(replace(made, labels=(*made.labels, "another")), name)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("change", [{"preprocess": Preprocess(64)}, {"window": Window(5, 5.0, 2)}])
def test_networks_of_another_size_or_window_are_refused(tiny_bundle, family, change):
    if family == "frame-cnn" and "window" in change:
        return  # a frame CNN has no window that its network could contradict
    with pytest.raises(BundleError, match="must fit its input size, window and 3 labels"):
        runtime.load(replace(tiny_bundle(family), **change), "openvino")
