"""Decoded pictures on disk: photos by content, clips by time, bad files counted."""

import errno
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import tiny_data
from train import pictures
from train.data import Item
from train.pictures import PictureSpec
from vidclass.errors import DataError, OptionError


def item(path):
    return Item(path, "a", f"a/{path.name}")


def load(paths, folder, spec=None):
    return pictures.load([item(path) for path in paths], spec or PictureSpec(), folder / "cache")


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".bmp"])
@pytest.mark.parametrize("name", ["photo.ashx", "photo.aspx", "photo.cms", "photo"])
def test_a_photo_is_told_by_its_content(tmp_path, name, ending):
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[..., 0] = 200  # red
    _, blob = cv2.imencode(ending, picture[..., ::-1])
    (tmp_path / name).write_bytes(blob.tobytes())
    found = pictures.decode_photo(tmp_path / name)
    assert found.shape == (30, 40, 3)
    assert np.abs(found.astype(int) - picture).max() <= 8


def test_bad_files_are_skipped_counted_and_named(tmp_path, capsys):
    good = tiny_data.photo(tmp_path / "good.cms")
    for name, content in (("text.jpg", b"<html>no picture</html>"), ("empty.png", b""), ("bad.mp4", b"nonsense")):
        (tmp_path / name).write_bytes(content)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(good.read_bytes()[:40])
    bad = [tmp_path / name for name in ("text.jpg", "empty.png", "bad.mp4", "missing.jpg")] + [cut]
    found = load([bad[0], good, *bad[1:]], tmp_path)
    assert [found.count(n) for n in range(6)] == [0, 1, 0, 0, 0, 0]
    pictures.tell_bad(found.bad, "training")
    told = capsys.readouterr().out
    assert told.startswith("Skipped 5 unreadable files of training: ")
    assert all(path.name in told for path in bad)
    assert told.count("\n") == 1


def test_of_many_bad_files_only_some_are_named(tmp_path, capsys):
    (tmp_path / "text.jpg").write_bytes(b"no")
    found = load([tiny_data.photo(tmp_path / "a.png")] + [tmp_path / "text.jpg"] * 14, tmp_path)
    pictures.tell_bad(found.bad, "training")
    assert capsys.readouterr().out.endswith("; and 4 more\n")


def test_nothing_is_said_where_all_is_well(tmp_path, capsys):
    pictures.tell_bad(load([tiny_data.photo(tmp_path / "a.png")], tmp_path).bad, "training")
    assert capsys.readouterr().out == ""


def test_data_without_a_readable_file_is_refused(tmp_path):
    (tmp_path / "text.jpg").write_bytes(b"no")
    with pytest.raises(DataError, match="None of 2 could be read"):
        load([tmp_path / "text.jpg", tmp_path / "missing.mp4"], tmp_path)


def test_photos_are_shrunk_to_the_short_side_and_never_grown(tmp_path):
    large = tiny_data.photo(tmp_path / "large.png", size=(200, 100))
    small = tiny_data.photo(tmp_path / "small.png", size=(20, 30))
    found = load([large, small], tmp_path, PictureSpec(short_side=50))
    assert found[0, 0].shape == (50, 100, 3)
    assert found[1, 0].shape == (30, 20, 3)
    assert np.array_equal(found[1, 0], pictures.decode_photo(small))


def test_a_clip_is_sampled_by_time_whatever_its_rate(tmp_path, make_clip):
    spec = PictureSpec(sample_fps=5.0)
    for rate in (15, 25, 60):
        path = make_clip(
            f"{rate}.mp4", frames=2 * rate, rate=rate, size=(32, 32), picture=lambda n, r=rate: _grey(n / r)
        )
        found = load([path], tmp_path, spec)
        seen = [float(found[0, n].mean()) for n in range(found.count(0))]
        assert seen == pytest.approx([_level(n / 5) for n in range(10)], abs=3)


def test_a_picture_stays_for_as_long_as_it_was_on_show(tmp_path, make_clip):
    times = [0.0, 0.2, 0.4, 1.2, 1.4]
    path = make_clip(frames=5, rate=5, times=times, picture=lambda n: _grey(times[n]))
    found = load([path], tmp_path, PictureSpec(sample_fps=5.0))
    seen = [float(found[0, n].mean()) for n in range(found.count(0))]
    assert seen == pytest.approx([_level(t) for t in (0, 0.2, 0.4, 0.4, 0.4, 0.4, 1.2, 1.4)], abs=3)
    assert len(found.data) == 5 * 64 * 48 * 3  # each of the frames is stored once


def test_of_a_long_clip_the_start_is_kept(tmp_path):
    path = tiny_data.clip(tmp_path / "a.mp4", frames=50, rate=25)
    found = load([path], tmp_path, PictureSpec(sample_fps=5.0, seconds=1.0))
    assert found.count(0) == 6


def test_a_second_load_decodes_nothing(tmp_path, monkeypatch):
    paths = [tiny_data.photo(tmp_path / "a.png"), tiny_data.clip(tmp_path / "a.mp4")]
    first = load(paths, tmp_path)

    def never(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr(pictures, "_decode", never)
    second = load(paths, tmp_path)
    assert first.shapes == second.shapes
    assert np.array_equal(first.data, second.data)
    assert first.key == second.key


def test_another_spec_or_a_changed_file_is_decoded_anew(tmp_path):
    path = tiny_data.photo(tmp_path / "a.png")
    keys = {load([path], tmp_path).key, load([path], tmp_path, PictureSpec(short_side=20)).key}
    tiny_data.photo(path, (10, 10, 10), seed=4)
    keys.add(load([path], tmp_path).key)
    assert len(keys) == 3


def test_a_full_disk_ends_the_decoding_and_leaves_nothing(tmp_path, monkeypatch):
    class Full:
        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.stream.close()

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    opened = Path.open

    def full(self, *args, **options):
        stream = opened(self, *args, **options)
        return Full(stream) if args == ("wb",) else stream

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OptionError, match="room"):
        load([tiny_data.photo(tmp_path / "a.png")], tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_index_appears_after_the_pixels(tmp_path, monkeypatch):
    replaced = []
    replace = Path.replace

    def note(self, target):
        replaced.append(Path(target).suffix)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", note)
    load([tiny_data.photo(tmp_path / "a.png")], tmp_path)
    assert replaced == [".bin", ".json"]


def test_whether_an_item_can_be_read(tmp_path):
    (tmp_path / "bad.mp4").write_bytes(b"no")
    (tmp_path / "bad.jpg").write_bytes(b"no")
    good = [tiny_data.photo(tmp_path / "a.ashx"), tiny_data.clip(tmp_path / "a.mp4", frames=1)]
    bad = [tmp_path / name for name in ("bad.mp4", "bad.jpg", "missing.mp4", "missing.jpg")]
    assert all(pictures.is_readable(item(path)) for path in good)
    assert not any(pictures.is_readable(item(path)) for path in bad)


def _level(time):
    return round(60 + 60 * time)


def _grey(time):
    return np.full((48, 64, 3), _level(time), np.uint8)
