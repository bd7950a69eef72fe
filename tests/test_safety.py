"""Bundles are data: whatever a bundle's files hold, none leads to code being run or to another file being read."""

import contextlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests import tiny_bundle
from vidclass import _safety, bundle, runtime
from vidclass.errors import BundleError

SECRET = "the owner's secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole bundle, beside a file that is none of its business."""
    (tmp_path / "secret.txt").write_text(SECRET)
    return tiny_bundle.write(tmp_path / "tiny").folder


class Bomb:
    """A pickle that leaves a mark if it is ever loaded."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def rehash(folder: Path) -> None:
    """Makes the configuration vouch for the files as they are now, as an attacker would."""
    config = folder / bundle.CONFIG
    values = json.loads(config.read_text())
    values["files"] = {name: bundle.sha256(folder / name) for name in values["files"]}
    config.write_text(json.dumps(values))


def refused(folder: Path, reason: str) -> None:
    """Insists that the bundle is refused for that reason, by both runtimes, whatever its hashes say."""
    rehash(folder)
    with pytest.raises(BundleError, match=reason):
        runtime.build_keras(bundle.load(folder))


def change(folder: Path, **values: object) -> None:
    config = folder / bundle.CONFIG
    config.write_text(json.dumps({**json.loads(config.read_text()), **values}))


def test_a_whole_bundle_passes(folder):
    loaded = bundle.load(folder)
    for part in ("embed", "head"):
        _safety.check_weights(folder / f"{part}.weights.h5")
    networks = runtime.load(loaded, "openvino", "f32")
    green = np.zeros((tiny_bundle.SIZE, tiny_bundle.SIZE, 3), np.uint8)
    green[..., 1] = 200
    (feature,) = runtime.run(networks.embed, [(green,)])
    (row,) = runtime.run(networks.head, [(feature,)])
    assert loaded.labels[row.argmax()] == "green"


# Which files, and where they lie


def test_a_pickle_in_the_folder_is_refused_and_not_opened(folder, tmp_path):
    (folder / "lb.pickle").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    refused(folder, r"must hold only .*lb\.pickle")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["head.weights.h5", "head.xml", "README.md", "vidclass.json"])
def test_a_pickle_under_an_allowed_name_is_never_loaded(folder, tmp_path, name):
    bomb = pickle.dumps(Bomb(tmp_path / "mark"))
    (folder / name).write_bytes(bomb)
    if name.endswith((".h5", ".xml")):
        refused(folder, "must be (an HDF5 file|XML)")
    elif name.endswith(".json"):
        with pytest.raises(BundleError, match="must be JSON"):
            bundle.load(folder)
    else:
        bundle.load(folder)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["README.md", "head.bin", "head.weights.h5", "confusion.png", "vidclass.json"])
def test_a_link_that_leads_out_of_the_folder_is_refused(folder, tmp_path, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to("../secret.txt")
    with pytest.raises(BundleError, match="must lie in the model's own folder"):
        bundle.load(folder)


def test_a_link_within_the_hubs_cache_is_followed_and_one_out_of_it_refused(folder, tmp_path):
    repo = tmp_path / "hub" / "models--user--tiny"
    snapshot = repo / "snapshots" / ("a" * 40)
    snapshot.parent.mkdir(parents=True)
    (repo / "blobs").mkdir()
    (tmp_path / "hub" / "blobs" / "ab").mkdir(parents=True)
    folder.rename(snapshot)
    for name, store in (("head.bin", repo / "blobs"), ("README.md", tmp_path / "hub" / "blobs" / "ab")):
        (snapshot / name).touch()
        (snapshot / name).rename(store / "0123")
        (snapshot / name).symlink_to(os.path.relpath(store / "0123", snapshot))
    assert bundle.load(snapshot).name == "tiny"
    (snapshot / "README.md").unlink()
    (snapshot / "README.md").symlink_to("../../../../secret.txt")
    with pytest.raises(BundleError, match="must lie in the model's own folder"):
        bundle.load(snapshot)


def test_a_folder_or_a_pipe_in_the_place_of_a_file_is_refused(folder):
    (folder / "head.png").mkdir()
    refused(folder, "must be an ordinary file")
    (folder / "head.png").rmdir()
    os.mkfifo(folder / "README.md")
    refused(folder, "must be an ordinary file")


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "sub/head.bin", "lb.pickle"])
def test_names_in_the_configuration_lead_nowhere(folder, name):
    values = json.loads((folder / bundle.CONFIG).read_text())
    change(folder, files={**values["files"], name: "0" * 64})
    with pytest.raises(BundleError, match="files must name"):
        bundle.load(folder)


def test_oversized_files_are_refused_before_they_are_read(folder):
    with (folder / "plot.png").open("wb") as stream:
        stream.truncate(_safety.MAX_BUNDLE_BYTES)  # sparse: takes no disk
    refused(folder, "must have at most .* bytes")
    (folder / "plot.png").unlink()
    for name in ("vidclass.json", "README.md"):
        (folder / name).touch()
        before = (folder / name).read_bytes()
        with (folder / name).open("ab") as stream:
            stream.truncate(2**21)
        with pytest.raises(BundleError, match=f"{name} must have at most 1048576 bytes"):
            bundle.load(folder)
        (folder / name).write_bytes(before)


def test_a_changed_file_is_refused(folder):
    (folder / "head.bin").write_bytes(b"\0" * 18)
    with pytest.raises(BundleError, match="hash differs"):
        bundle.load(folder)


def test_a_clones_own_files_are_left_alone(folder):
    (folder / ".git").mkdir()
    (folder / ".gitattributes").write_text("*.h5 filter=lfs")
    assert bundle.load(folder).name == "tiny"


# What the configuration asks for


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"class_name": "Lambda", "config": {"function": "4wEAAAAA"}}, "must have only the keys"),
        ({"format": 2}, "must have format 1. Received: 2"),
        ({"architecture": {"layer": {"class_name": "Lambda"}}}, "architecture must hold"),
        ({"architecture": {"backbone": "../../evil.keras"}}, "architecture must hold"),
        ({"architecture": {"backbone": "MobileNetV2", "units": 10**9, "dropout": 0.5}}, "architecture must hold"),
        ({"architecture": {"backbone": "MobileNetV2", "units": [4096] * 20, "dropout": 0.5}}, "architecture must hold"),
        ({"architecture": {"filters": [4096], "dense": 4096, "dropout": 0.5, "grey": False}}, "architecture must hold"),
        ({"architecture": {"filters": ["a"], "dense": 8, "dropout": 0.5, "grey": False}}, "garbles a field"),
        ({"window": {"length": [0], "sample_fps": None, "hop": 1}}, "window length must be"),
        ({"preprocess": {"size": 224, "module": "os"}}, "garbles a field"),
        ({"preprocess": {"size": 10**6, "geometry": "squash"}}, "input size must be"),
        ({"window": {"length": 10**6, "sample_fps": None, "hop": 1}}, "window length must be"),
        ({"window": {"length": 1, "sample_fps": "os", "hop": 1}}, "garbles a field"),
        (
            {
                "family": "conv3d",
                "preprocess": {"size": 1024, "geometry": "squash"},
                "window": {"length": 256, "sample_fps": 5, "hop": 1},
            },
            "a stack of frames must have",
        ),
        ({"labels": ["a", "b\x1b[31m"]}, "labels must be"),
        ({"labels": ["a", ["b"]]}, "garbles a field"),
        ({"labels": ["a", "b" * 1000]}, "labels must be"),
        ({"temperature": 10**400}, "garbles a field"),
        ({"temperature": float("nan")}, "temperature must be"),
        ({"version": "../../1"}, "version must read"),
        ({"name": "../tiny"}, "name must be"),
        ({"metrics": ["top1"]}, "garbles a field"),
    ],
)
def test_what_a_configuration_may_not_ask_for(folder, values, reason):
    change(folder, **values)
    with pytest.raises(BundleError, match=reason):
        bundle.load(folder)


def test_a_configuration_nested_too_deep_is_refused(folder):
    (folder / bundle.CONFIG).write_text("[" * 500_000)
    with pytest.raises(BundleError, match="must be JSON"):
        bundle.load(folder)


@pytest.mark.parametrize("extra", [{"class_name": "Lambda"}, {"weights": "imagenet"}])
def test_an_unknown_argument_never_reaches_keras(folder, extra, monkeypatch):
    from vidclass import networks

    monkeypatch.setattr(networks, "frame_embed", lambda *_: type("Embed", (), {"output": np.zeros((1, 3))}))
    change(folder, architecture={"backbone": "MobileNetV2", "units": 8, "dropout": 0.5, **extra})
    with pytest.raises(BundleError, match=r"The architecture of tiny must fit its family.*unexpected keyword"):
        runtime.build_keras(bundle.load(folder))


# Weight files: HDF5


def external(file: h5py.File, path: Path) -> None:
    file.create_dataset("stolen", (18,), np.uint8, external=[(str(path), 0, h5py.h5f.UNLIMITED)])


def virtual(file: h5py.File, path: Path) -> None:
    layout = h5py.VirtualLayout((3,), np.float32)
    layout[:] = h5py.VirtualSource(str(path), "data", (3,))
    file.create_virtual_dataset("stolen", layout)


def external_link(file: h5py.File, path: Path) -> None:
    file["stolen"] = h5py.ExternalLink(str(path), "/data")


def soft_link(file: h5py.File, path: Path) -> None:
    file["stolen"] = h5py.SoftLink("/layers")


def huge(file: h5py.File, path: Path) -> None:
    file.create_dataset("huge", (2**40,), np.float32)  # never written, so the file stays small


def packed(file: h5py.File, path: Path) -> None:
    file.create_dataset("packed", data=np.zeros(10**6, np.float32), compression="gzip")


def pickled(file: h5py.File, path: Path) -> None:
    file["pickled"] = np.void(pickle.dumps(Bomb(path.parent / "mark")))


def text(file: h5py.File, path: Path) -> None:
    file["text"] = "import os"


def named_type(file: h5py.File, path: Path) -> None:
    file["type"] = np.dtype("f4")


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        (external, "has its numbers in another file"),
        (virtual, "is put together from other files"),
        (external_link, "is a link to elsewhere"),
        (soft_link, "is a link to elsewhere"),
        (huge, "claims more than the file's"),
        (packed, "is compressed"),
        (pickled, "has values of type"),
        (text, "has values of type"),
        (named_type, "is neither a group nor an array"),
    ],
)
@pytest.mark.parametrize("place", ["/", "/layers/dense/vars"])
def test_what_a_weight_file_may_not_hold(folder, tmp_path, fill, reason, place):
    with h5py.File(folder / "head.weights.h5", "a") as file:
        fill(file[place], tmp_path / "secret.txt")
    refused(folder, reason)
    assert not (tmp_path / "mark").exists()


def test_a_weight_file_with_too_many_objects_is_refused(folder, monkeypatch):
    monkeypatch.setattr(_safety, "MAX_OBJECTS", 3)
    with pytest.raises(BundleError, match="one of more than 3 objects"):
        _safety.check_weights(folder / "head.weights.h5")


@pytest.mark.parametrize(
    ("name", "check"), [("head.weights.h5", _safety.check_weights), ("head.xml", _safety.check_network)]
)
def test_a_damaged_file_is_refused_or_sound_and_nothing_else(folder, name, check):
    random, whole = np.random.default_rng(0), (folder / name).read_bytes()
    for _ in range(200):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[random.integers(0, len(damaged), 4)] = random.integers(0, 256, 4)
        (folder / name).write_bytes(damaged.tobytes())
        with contextlib.suppress(BundleError):
            check(folder / name)


def test_a_weight_file_that_loops_ends(folder):
    with h5py.File(folder / "head.weights.h5", "a") as file:
        file["layers/dense/again"] = file["layers"]
    _safety.check_weights(folder / "head.weights.h5")


# Exported networks: XML


def edited(folder: Path, edit: Callable[[str], str]) -> None:
    path = folder / "head.xml"
    path.write_text(edit(path.read_text()))


BOMB = '<!DOCTYPE net [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE net [<!ENTITY stolen SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda xml: xml.replace("<net", FILE + "<net"), "declares a document type"),
        (lambda xml: xml.replace("<net", BOMB + "<net"), "declares a document type"),
        (lambda xml: xml.replace("<net", FILE + "<net").replace('"1.0"?>', '"1.0" encoding="UTF-8"?>'), "declares a"),
        (lambda xml: xml.replace('type="MatMul" version="opset1"', 'type="Run" version="extension"'), "Run is not one"),
        (lambda xml: xml.replace('offset="0"', 'offset="-8"'), "lies outside"),
        (lambda xml: xml.replace('size="18"', 'size="999999999999"'), "lies outside"),
        (lambda xml: xml.replace('size="18"', 'size="all"'), "must be XML"),
        (lambda xml: xml.replace("<net", "<graph").replace("</net", "</graph"), "begins with graph"),
        (lambda xml: xml.replace("<layers>", "<layers><layer version='opset5' type='Loop'><body>"), "a network within"),
        (lambda xml: xml[:300], "must be XML"),
        (lambda xml: "\x08\x07\x12\x04onnx", "must be XML"),
    ],
)
def test_what_an_exported_network_may_not_hold(folder, edit, reason):
    edited(folder, edit)
    refused(folder, reason)


def test_a_document_type_in_another_encoding_is_seen_too(folder):
    xml = (
        (folder / "head.xml").read_text().replace("<net", FILE + "<net").replace('"1.0"?>', '"1.0" encoding="UTF-16"?>')
    )
    (folder / "head.xml").write_bytes(xml.encode("utf-16"))
    refused(folder, "declares a document type")


def fixed(ops, feature):
    """An array of 2^28 times what it is given."""
    return ops.tile(feature, np.array([1, 2**28], np.int64))


def grown(ops, feature):
    """An array that is as large as a feature says."""
    times = ops.convert(ops.reduce_max(feature, np.array([0, 1], np.int64), keep_dims=False), "i64")
    return ops.tile(feature, ops.concat([np.array([1], np.int64), ops.unsqueeze(times, np.array(0, np.int64))], 0))


@pytest.mark.parametrize("widen", [fixed, grown])
def test_an_exported_network_that_would_take_the_memory_is_refused(folder, widen):
    import openvino as ov
    from openvino import opset13 as ops

    feature = ops.parameter([-1, 3], np.float32, name="feature")
    top = ops.reduce_max(widen(ops, feature), np.array([1], np.int64), keep_dims=True)
    three = ops.reshape(ops.concat([top] * 3, 1), np.array([-1, 3], np.int64), special_zero=False)
    ov.save_model(ov.Model([three], [feature], "head"), folder / "head.xml")
    rehash(folder)
    with pytest.raises(BundleError, match="must have a fixed size of at most 268435456 numbers"):
        runtime.load(bundle.load(folder), "openvino", "f32")
