"""Folders and lists of labelled files, and splits that keep a source on one side."""

import csv
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny_data
from train import data
from train.data import Item
from vidclass.errors import DataError


def write_list(path, columns, *rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns.split(","), *rows])
    return path


def parts_of(items):
    return {part: [item for item in items if item.split == part] for part in ("train", "validation", "test")}


def sources_of(items):
    return {item.group for item in items}


def test_a_folder_gives_each_file_the_name_of_its_sub_folder(tmp_path):
    for name in ("cats/1.jpg", "cats/2.ashx", "dogs/1.png", "loose.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = data.read_items(tmp_path)
    assert [(item.path.name, item.label, item.split) for item in found] == [
        ("1.jpg", "cats", ""),
        ("2.ashx", "cats", ""),
        ("1.png", "dogs", ""),
    ]
    assert len(sources_of(found)) == 3


def test_a_folder_with_an_index_is_read_from_it(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "not-listed.jpg").touch()
    write_list(tmp_path / "index.csv", "file,class,group", ["cats/1.jpg", "cats", "7"], ["x/2.jpg", "dogs", "7"])
    found = data.read_items(tmp_path)
    assert [(item.path, item.label, item.group) for item in found] == [
        (tmp_path / "cats/1.jpg", "cats", "cats/7"),
        (tmp_path / "x/2.jpg", "dogs", "dogs/7"),
    ]


def test_a_list_may_have_either_pair_of_columns_in_any_place(tmp_path):
    ours = write_list(tmp_path / "a.csv", "class,split,file", ["cats", "test", "sub/1.mp4"])
    theirs = write_list(tmp_path / "b.csv", ",video_name,tag", ["0", "v_Punch_g08_c03.avi", "Punch"])
    assert data.read_items(ours) == [Item(tmp_path / "sub/1.mp4", "cats", "cats/1.mp4", "test")]
    assert data.read_items(theirs) == [Item(tmp_path / "v_Punch_g08_c03.avi", "Punch", "Punch/08", "")]


def test_a_list_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("file,class\n1.jpg,cats\n", encoding="utf-8-sig")
    assert data.read_items(path)[0].label == "cats"


def test_files_may_lie_in_a_folder_of_the_lists_name(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.avi").touch()
    path = write_list(tmp_path / "train.csv", "video_name,tag", ["a.avi", "Punch"])
    assert data.read_items(path)[0].path == tmp_path / "train" / "a.avi"


def test_names_of_ucf101_tell_the_source_of_a_clip(tmp_path):
    tiny_data.clip_folder(tmp_path, 1, ("red",), frames=1)
    (tmp_path / "red" / "v_red_g00_c02.mp4").touch()
    (tmp_path / "red" / "other.mp4").touch()
    assert [item.group for item in data.read_items(tmp_path)] == ["red/other.mp4", "red/00", "red/00"]


@pytest.mark.parametrize(("name", "clip"), [("a.MP4", True), ("a.webm", True), ("a.ashx", False), ("a", False)])
def test_an_ending_says_what_is_a_clip(name, clip):
    assert Item(Path(name), "a", "a").is_clip == clip


def test_a_split_is_three_quarters_to_one_with_a_tenth_of_the_training_for_validation():
    found = data.split(tiny_data.items(200, ("a", "b", "c")), seed=0)
    for label in ("a", "b", "c"):
        counts = Counter(item.split for item in found if item.label == label)
        assert counts["test"] == 50
        assert counts["validation"] == 15
        assert counts["train"] == 135


def test_a_source_stays_on_one_side():
    found = data.split(tiny_data.items(120, per_group=4), seed=3)
    parts = parts_of(found)
    assert not sources_of(parts["test"]) & sources_of(parts["train"] + parts["validation"])
    assert not sources_of(parts["validation"]) & sources_of(parts["train"])
    assert len(parts["test"]) / 240 == pytest.approx(0.25, abs=0.02)


def test_sources_of_very_different_size_still_give_about_a_quarter():
    items = [
        Item(Path(f"{group}-{n}"), "a", f"a/{group}")
        for group, size in enumerate([60, 1, 2, 30, 5, 8, 1, 40, 3])
        for n in range(size)
    ]
    shares = [len(parts_of(data.split(items, seed))["test"]) / len(items) for seed in range(20)]
    assert min(shares) > 0
    assert max(shares) < 0.5


def test_a_split_depends_on_the_seed_and_not_on_the_order():
    items = tiny_data.items(40, per_group=2)
    shuffled = random.Random(1).sample(items, len(items))
    assert data.split(shuffled, 5) == data.split(items, 5)
    assert data.split(items, 6) != data.split(items, 5)


def test_given_splits_are_kept_and_validation_is_cut_from_training_by_source():
    items = [replace(item, split="test" if item.group.endswith("1") else "train") for item in tiny_data.items(60)]
    found = data.split(items, 0)
    assert {item.path for item in parts_of(found)["test"]} == {item.path for item in items if item.split == "test"}
    assert len(parts_of(found)["validation"]) == pytest.approx(0.1 * 108, abs=1.5)


def test_a_given_split_is_kept_even_where_it_tears_a_source_apart():
    items = [
        replace(item, split="test" if n % 2 else "train") for n, item in enumerate(tiny_data.items(80, per_group=4))
    ]
    found = {item.path: item.split for item in data.split(items, 0)}
    for item in items:
        assert (found[item.path] == "test") == (item.split == "test")


def test_a_given_validation_part_is_kept():
    items = [replace(item, split=("train", "validation", "test")[n % 3]) for n, item in enumerate(tiny_data.items(30))]
    assert sorted(data.split(items, 0), key=str) == sorted(items, key=str)


def test_every_part_has_a_source_of_a_class_with_a_handful():
    counts = Counter(item.split for item in data.split(tiny_data.items(4, ("a",)), 0))
    assert counts == {"train": 2, "validation": 1, "test": 1}


def test_a_written_split_reads_back(tmp_path):
    items = data.split([replace(item, path=tmp_path / item.path) for item in tiny_data.items(20, per_group=2)], 0)
    data.write_split(items, tmp_path / "split.csv")
    assert data.read_items(tmp_path / "split.csv") == items
    assert data.split(data.read_items(tmp_path / "split.csv"), 9) == items


def test_a_written_split_of_renamed_classes_keeps_its_sources_together(tmp_path):
    items = [Item(tmp_path / f"{n}.mp4", "Punch", f"Punch/{n // 2}", "train") for n in range(6)]
    renamed = data.select(items, ["boxing"], {"Punch": "boxing"})
    data.write_split(renamed, tmp_path / "split.csv")
    found = data.read_items(tmp_path / "split.csv")
    assert [item.label for item in found] == ["boxing"] * 6
    assert len(sources_of(found)) == 3
    assert all(one.group == other.group for one, other in zip(found[::2], found[1::2], strict=True))


def test_selecting_keeps_the_labels_asked_for_after_renaming():
    items = tiny_data.items(2, ("a", "b", "c"))
    found = data.select(items, ["a", "d"], {"c": "d"})
    assert Counter(item.label for item in found) == {"a": 2, "d": 2}


def test_without_groups_every_file_is_its_own_source_and_undecided():
    items = [replace(item, split="train") for item in tiny_data.items(6, per_group=3)]
    found = data.without_groups(items)
    assert len(sources_of(found)) == 12
    assert {item.split for item in found} == {""}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"path,label\n1.jpg,cats\n", "columns file,class or video_name,tag"),
        (b"", "Received: none"),
        (b"file,class\n", "Found none"),
        (b"file,class\n1.jpg,cats\n2.jpg\n", "Line 3"),
        (b"file,class\n,cats\n", "Line 2"),
        (b"file,class,split\n1.jpg,cats,holdout\n", "Received: holdout, in line 2"),
        (b"file,class\n\xff\xfe.jpg,cats\n", "UTF-8"),
    ],
)
def test_a_wrong_list_is_refused_in_a_sentence(tmp_path, content, words):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        data.read_items(path)


def test_an_empty_or_missing_source_is_refused(tmp_path):
    with pytest.raises(DataError, match="must hold labelled files"):
        data.read_items(tmp_path)
    with pytest.raises(DataError, match="must be a folder"):
        data.read_items(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a"], "at least two classes. Received: a"),
        ([], "Received: none"),
        (["a", "c"], "None found for: c. The data has: a, b"),
        (["a", "b", "a"], "given once"),
        (["a", "b\n"], "printable"),
        (["a", "b" * 101], "printable"),
    ],
)
def test_labels_that_cannot_be_trained_are_refused(labels, words):
    with pytest.raises(DataError, match=words):
        data.check_labels(tiny_data.items(2), labels)
