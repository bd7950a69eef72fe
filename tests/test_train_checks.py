"""What a training run is refused for before any long work."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny_data
from train import checks, data
from train.data import Item
from vidclass.errors import DataError, OptionError


@pytest.fixture
def items(tmp_path):
    return data.split(data.read_items(tiny_data.photo_folder(tmp_path / "photos", 5, ("red", "blue"))), 0)


def test_a_sound_split_passes(items):
    checks.check_parts(items, ["red", "blue"])


def test_a_class_without_training_or_test_items_is_refused(items):
    no_test = [replace(item, split="train") if item.label == "red" else item for item in items]
    with pytest.raises(DataError, match=r"must have test items\. None found for: red"):
        checks.check_parts(no_test, ["red", "blue"])
    no_training = [replace(item, split="test") if item.label == "red" else item for item in items]
    with pytest.raises(DataError, match="None found for: red"):
        checks.check_parts(no_training, ["red", "blue"])
    with pytest.raises(DataError, match="at least two classes"):
        checks.check_parts(items, ["red"])


def test_a_split_without_validation_is_refused():
    items = [
        Item(Path(f"{label}{part}"), label, f"{label}{part}", part) for label in "ab" for part in ("train", "test")
    ]
    with pytest.raises(DataError, match=r"validation part must have items.*3 sources"):
        checks.check_parts(items, ["a", "b"])


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_part_without_a_readable_file_is_refused(items, part):
    broken = [item for item in items if item.split == part]
    for item in broken:
        item.path.write_bytes(b"no picture")
    with pytest.raises(
        DataError, match=f"The {part} part must have a file that can be read. None of its {len(broken)}"
    ):
        checks.check_parts(items, ["red", "blue"])


def test_one_readable_file_in_a_part_is_enough(items):
    tests = [item for item in items if item.split == "test"]
    tests[0].path.write_bytes(b"no picture")
    checks.check_parts(items, ["red", "blue"])


def test_a_place_for_the_bundle_is_made(tmp_path):
    checks.check_output(tmp_path / "a" / "b" / "my-model", 224)
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("My Model", 224, "lower-case letters"),
        ("a" * 65, 224, "lower-case letters"),
        ("model", 31, "32 to 1024"),
        ("model", 1025, "32 to 1024"),
        ("a-file", 224, "must be a folder"),
        ("a-file/model", 224, "can be made"),
    ],
)
def test_a_bundle_that_could_not_be_written_or_loaded_is_refused(tmp_path, name, size, words):
    (tmp_path / "a-file").touch()
    with pytest.raises(OptionError, match=words):
        checks.check_output(tmp_path / name, size)


def test_the_parts_are_described_with_their_sources():
    items = data.split(tiny_data.items(40, per_group=2), 0)
    told = checks.describe(items)
    assert told.startswith("80 items of 40 sources: ")
    assert f"{sum(item.split == 'test' for item in items)} test" in told
    assert "both sides" not in told


def test_it_is_said_where_no_sources_are_known_and_where_a_given_split_tears_them():
    assert "no group is known" in checks.describe(data.split(tiny_data.items(40), 0))
    torn = [
        replace(item, split="test" if n % 2 else "train") for n, item in enumerate(tiny_data.items(40, per_group=4))
    ]
    assert "20 sources are on both sides" in checks.describe(data.split(torn, 0))
