"""Files that are whole or absent."""

import errno
import os

import pytest

from vidclass.errors import OptionError
from vidclass.files import replacing


def test_a_file_appears_whole_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "head.weights.h5"
    with replacing(target) as partial:
        assert partial.parent == tmp_path and partial.name.endswith("head.weights.h5")
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["head.weights.h5"]


def test_an_old_file_stays_when_the_block_fails(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="stop"), replacing(target) as partial:
        partial.write_text("half")
        raise RuntimeError("stop")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_writer_may_remove_its_own_partial_file(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.csv") as partial:
        partial.unlink()
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "a.csv"):
        pass
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real/a.csv")
    with replacing(tmp_path / "link.csv") as partial:
        partial.write_text("new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real/a.csv").read_text() == "new"


def test_a_long_name_is_fine(tmp_path):
    target = tmp_path / ("x" * 250 + ".csv")
    with replacing(target) as partial:
        assert partial.suffix == ".csv"
    assert target.exists()


def test_a_missing_folder_is_refused(tmp_path):
    with (
        pytest.raises(OptionError, match=r"must lie in a folder.*Received: .*nowhere.*Create the folder"),
        replacing(tmp_path / "nowhere/a.csv"),
    ):
        pytest.fail("the block must not run")


def test_a_file_as_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match="must lie in a folder"), replacing(tmp_path / "file/a.csv"):
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OptionError, match="must lie in a folder"), replacing(tmp_path / "a.csv"):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_not_an_ordinary_file_is_never_replaced(tmp_path, kind):
    target = tmp_path / "target"
    target.mkdir() if kind == "folder" else os.mkfifo(target)
    with pytest.raises(OptionError, match="must be an ordinary file"), replacing(target):
        pytest.fail("the block must not run")
    assert list(tmp_path.iterdir()) == [target] and not target.is_file()


def test_a_full_disk_is_said_in_words_and_another_failure_is_not_hidden(tmp_path):
    with pytest.raises(OptionError, match="must have room"), replacing(tmp_path / "a.csv"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.csv"):
        raise FileNotFoundError(errno.ENOENT, "the clip went away")
    assert not list(tmp_path.iterdir())
