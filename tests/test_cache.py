"""The folder of compiled networks: where it is, that it never stands in the way, and that it stays small."""

import os
import sys

import pytest

from vidclass import _cache, runtime
from vidclass._cache import compiled_networks


def pictures(number):
    import numpy as np

    random = np.random.default_rng(0)
    return [(random.integers(0, 256, (32, 32, 3), np.uint8),) for _ in range(number)]


def test_the_variable_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDCLASS_CACHE", str(tmp_path / "mine"))
    assert compiled_networks() == tmp_path / "mine" / "openvino"
    assert (tmp_path / "mine" / "openvino").is_dir()


def test_set_to_nothing_it_is_off(monkeypatch):
    monkeypatch.setenv("VIDCLASS_CACHE", "")
    assert compiled_networks() is None


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is another one there")
def test_unset_it_lies_with_the_users_caches(tmp_path, monkeypatch):
    monkeypatch.delenv("VIDCLASS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled_networks() == tmp_path / "vidclass" / "openvino"


def test_a_folder_that_cannot_be_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VIDCLASS_CACHE", str(tmp_path / "file"))
    assert compiled_networks() is None


def test_the_oldest_go_when_it_is_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDCLASS_CACHE", str(tmp_path))
    monkeypatch.setattr(_cache, "MAX_BYTES", 25)
    folder = compiled_networks()
    for age, name in enumerate(("newest", "newer", "older", "oldest")):
        (folder / f"{name}.blob").write_bytes(b"0123456789")
        os.utime(folder / f"{name}.blob", (1e9 - age, 1e9 - age))
    compiled_networks()
    assert {path.stem for path in folder.iterdir()} == {"newest", "newer"}


def test_a_network_from_the_cache_gives_the_same(tiny_bundle, tmp_path, monkeypatch):
    items = pictures(5)
    monkeypatch.setenv("VIDCLASS_CACHE", "")
    without = runtime.run(runtime.load(tiny_bundle(), "openvino").embed, items)
    monkeypatch.setenv("VIDCLASS_CACHE", str(tmp_path))
    for _ in range(2):  # the first fills it, the second takes from it
        again = runtime.run(runtime.load(tiny_bundle(), "openvino").embed, items)
        assert (without == again).all()
    assert len(list((tmp_path / "openvino").glob("*.blob"))) == 2, "one for each half of the model"


def test_a_damaged_file_in_it_is_not_used(tiny_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDCLASS_CACHE", str(tmp_path))
    items = pictures(3)
    first = runtime.run(runtime.load(tiny_bundle(), "openvino").embed, items)
    for blob in (tmp_path / "openvino").glob("*.blob"):
        whole = blob.read_bytes()
        blob.unlink()
        blob.write_bytes(whole[: len(whole) // 2])  # as of a start that was cut off
    again = runtime.run(runtime.load(tiny_bundle(), "openvino").embed, items)
    assert (first == again).all()
