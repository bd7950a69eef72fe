"""What a training run is refused for before any long work, and what is said of its data."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from train import data
from train.data import PARTS, Item
from train.pictures import is_readable
from vidclass.bundle import CONFIG, MAX_INPUT_SIZE, NAME
from vidclass.errors import DataError, OptionError
from vidclass.files import check_writable

MIN_SIDE = 32
"""Pixels a side that the backbones need at least: they halve the picture five times."""


def check_parts(items: Sequence[Item], labels: Sequence[str]) -> None:
    """Refuses a split that cannot be trained or measured.

    Raises:
        DataError: A label has nothing to train or to test on, or a part has no file that can be read.
    """
    parts = data.by_split(items)
    data.check_labels(parts["train"], labels)
    tested = {item.label for item in parts["test"]}
    if missing := [label for label in labels if label not in tested]:
        raise DataError(
            f"Every label must have test items. None found for: {', '.join(missing)}. "
            "Add some, or leave these labels out with --labels."
        )
    if not parts["validation"]:
        raise DataError(
            f"The validation part must have items. Received none. Add files: a class needs {data.MIN_TO_SHARE} sources "
            "or more in training for one of them to be held back."
        )
    for part in PARTS:
        if not any(map(is_readable, parts[part])):
            raise DataError(
                f"The {part} part must have a file that can be read. None of its {len(parts[part])} can, such as "
                f"{parts[part][0].path}. Check the paths and the files."
            )


def check_output(folder: Path, size: int) -> None:
    """Refuses a bundle that could not be written, or not be loaded again; makes the folder that it will lie in.

    Args:
        folder: Of the bundle.
        size: Side of its network's input, in pixels.

    Raises:
        OptionError: Its name or the size is out of range, or the place cannot be written to.
    """
    if not re.fullmatch(NAME, folder.name):
        raise OptionError(
            "The bundle's name must be up to 64 lower-case letters, digits and dashes. "
            f"Received: {folder.name}. Give another --name."
        )
    if not MIN_SIDE <= size <= MAX_INPUT_SIZE:
        raise OptionError(
            f"The input must have {MIN_SIDE} to {MAX_INPUT_SIZE} pixels a side. Received: {size}. Try 224."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"The bundle must lie in a folder that can be made. Received: {folder.parent} ({error.strerror}). "
            "Try another --output."
        ) from error
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"The bundle must be a folder. Received: {folder}, a file. Try another --output or --name.")
    check_writable(folder.parent / CONFIG)  # of no bundle: it only tries the place


def describe(items: Sequence[Item]) -> str:
    """The size of each part, and how well its sources are kept apart, in a line."""
    counts = Counter(item.split for item in items)
    sides: dict[str, set[bool]] = defaultdict(set)
    for item in items:
        sides[item.group].add(item.split == "test")
    parts = ", ".join(f"{counts[part]} {part}" for part in PARTS)
    alone = " (each file is its own source: no group is known)" if len(sides) == len(items) else ""
    torn = sum(len(side) > 1 for side in sides.values())
    warning = f"; {torn} sources are on both sides of the split that the data brings" if torn else ""
    return f"{len(items)} items of {len(sides)} sources{alone}: {parts}{warning}"
