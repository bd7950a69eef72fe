"""What to train on: folders and lists of labelled photos and clips, and splits that keep one source on one side.

A source is a group: near-duplicate photos, or clips cut from one video. Pictures of one group on both sides of a split
would let a network score by memory, which is how many a published accuracy came about.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vidclass.errors import DataError

CLIP_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".m4v", ".ogv", ".wmv", ".flv"}
"""Endings that mean a clip. Everything else is tried as a photo, whatever it is called."""

UCF101_NAME = re.compile(r"v_\w+_g(\d+)_c\d+")
"""UCF101's file names: the number after `g` is the source video (Soomro, Zamir and Shah, 2012)."""

TEST_SHARE = 0.25
"""Share of the pictures held back for the test, as in the tutorial."""

VALIDATION_SHARE = 0.1
"""Share of the training pictures on which checkpoints and settings are chosen."""


@dataclass(frozen=True)
class Item:
    """One labelled photo or clip."""

    path: Path
    label: str
    group: str
    """Items of one group come from one source and stay on one side of every split."""
    split: str = ""
    """`train`, `validation`, `test`, or empty while it is undecided."""

    @property
    def is_clip(self) -> bool:
        """Whether the file is a clip, by its ending."""
        return self.path.suffix.lower() in CLIP_SUFFIXES


def read_items(source: Path) -> list[Item]:
    """The items of a folder with one sub-folder a class, or of a CSV list.

    A folder's own `index.csv` is used where there is one, for its `group` and `split` columns. A list has the columns
    `file,class` (optional: `group`, `split`) or `video_name,tag`; files are relative to the list. A name of UCF101's
    form gives the group; otherwise each file is a group of its own.

    Raises:
        DataError: There is no such file or folder, it has the wrong columns, or it holds nothing.
    """
    if source.is_dir():
        index = source / "index.csv"
        items = _read_list(index) if index.is_file() else list(_walk(source))
    elif source.is_file():
        items = _read_list(source)
    else:
        raise DataError(f"--data must be a folder with one sub-folder a class, or a CSV list. Received: {source}.")
    if not items:
        raise DataError(f"{source} must hold labelled files. Found none: make one sub-folder a class, or a CSV list.")
    return items


def _walk(folder: Path) -> Iterable[Item]:
    for directory in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(directory.iterdir()):
            if path.is_file():
                yield Item(path, directory.name, _group(path, directory.name, None))


def _read_list(path: Path) -> list[Item]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        columns = set(reader.fieldnames or ())
        if {"file", "class"} <= columns:
            file, label = "file", "class"
        elif {"video_name", "tag"} <= columns:
            file, label = "video_name", "tag"
        else:
            raise DataError(
                f"{path} must have the columns file,class or video_name,tag. "
                f"Received: {','.join(reader.fieldnames or ()) or 'none'}. Add a header line."
            )
        return [
            Item(
                path=path.parent / row[file],
                label=row[label],
                group=_group(Path(row[file]), row[label], row.get("group")),
                split=row.get("split") or "",
            )
            for row in reader
        ]


def _group(path: Path, label: str, given: str | None) -> str:
    """A group's name; it starts with the class, since lists number their groups anew in each class."""
    if given:
        return f"{label}/{given}"
    ucf = UCF101_NAME.search(path.stem)
    return f"{label}/{ucf.group(1)}" if ucf else f"{label}/{path.name}"


def select(items: Sequence[Item], labels: Sequence[str], rename: Mapping[str, str] | None = None) -> list[Item]:
    """The items of the labels asked for, after renaming classes (`{"Punch": "boxing"}`)."""
    renamed = [replace(item, label=(rename or {}).get(item.label, item.label)) for item in items]
    wanted = set(labels)
    return [item for item in renamed if item.label in wanted]


def check_labels(items: Sequence[Item], labels: Sequence[str]) -> None:
    """Refuses a data set that cannot train a classifier of these labels, before any long work.

    Raises:
        DataError: Fewer than two classes, or a label of which there is no item.
    """
    if len(labels) < 2:
        raise DataError(f"Training needs at least two classes. Received: {', '.join(labels) or 'none'}.")
    counts = Counter(item.label for item in items)
    empty = [label for label in labels if not counts[label]]
    if empty:
        raise DataError(
            f"Every label must have files. None found for: {', '.join(empty)}. "
            f"The data has: {', '.join(sorted(counts)) or 'no class'}."
        )


def split(items: Sequence[Item], seed: int) -> list[Item]:
    """Assigns every undecided item to `train`, `validation` or `test`, class by class and group by group.

    A split that the data brings (`train`, `test`) is kept; only its validation part is then cut from `train`.
    Deterministic in the seed and independent of the order of the items.
    """
    items = sorted(items, key=lambda item: (item.label, str(item.path)))
    decided: dict[str, str] = {item.group: item.split for item in items if item.split}
    random = np.random.default_rng(seed)
    for label in sorted({item.label for item in items}):
        sizes = Counter(item.group for item in items if item.label == label)
        undecided = {group: size for group, size in sizes.items() if group not in decided}
        decided.update(_draw(undecided, TEST_SHARE, "test", "train", random))
        training = {group: size for group, size in sizes.items() if decided[group] == "train"}
        if not any(decided[group] == "validation" for group in sizes):
            decided.update(_draw(training, VALIDATION_SHARE, "validation", "train", random))
    return [replace(item, split=decided[item.group]) for item in items]


def _draw(
    sizes: Mapping[str, int], share: float, chosen: str, rest: str, random: np.random.Generator
) -> dict[str, str]:
    """Draws whole groups in random order until they hold `share` of the items."""
    wanted = share * sum(sizes.values())
    names: dict[str, str] = {}
    taken = 0
    for group in random.permutation(sorted(sizes)):
        # A group is taken when that brings the part nearer to its wanted size.
        take = taken + sizes[group] / 2 <= wanted
        names[str(group)] = chosen if take else rest
        taken += sizes[group] if take else 0
    return names


def write_split(items: Sequence[Item], path: Path) -> None:
    """Writes the items as a CSV list that `read_items` reads back, files as absolute paths."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "class", "group", "split"])
        for item in items:
            group = item.group.removeprefix(f"{item.label}/")
            writer.writerow([item.path.resolve(), item.label, group, item.split])


def by_split(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The items of each part, in order."""
    parts: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        parts[item.split].append(item)
    return parts


def without_groups(items: Sequence[Item]) -> list[Item]:
    """The items as if each were its own source and no split were given: the tutorials' kind of split."""
    return [replace(item, group=f"{item.label}/{item.path.name}", split="") for item in items]
