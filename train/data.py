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

from vidclass.bundle import MAX_LABEL_LETTERS
from vidclass.errors import DataError
from vidclass.video import SUFFIXES

UCF101_NAME = re.compile(r"v_\w+_g(\d+)_c\d+")
"""UCF101's file names: the number after `g` is the source video (Soomro, Zamir and Shah, 2012)."""

TEST_SHARE = 0.25
"""Share of the pictures held back for the test, as in the tutorial."""

VALIDATION_SHARE = 0.1
"""Share of the training pictures on which checkpoints and settings are chosen."""

MIN_TO_SHARE = 3
"""Sources of a class from which on the test and the validation part get at least one, however small their share."""

PARTS = ("train", "validation", "test")


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
        return self.path.suffix.lower() in SUFFIXES


def read_items(source: Path) -> list[Item]:
    """The items of a folder with one sub-folder a class, or of a CSV list.

    A folder's own `index.csv` is used where there is one, for its `group` and `split` columns. A list has the columns
    `file,class` (optional: `group`, `split`) or `video_name,tag`; files are relative to the list, or lie in a folder of
    its name, as those of `train.csv` in `train/`. A name of UCF101's form gives the group; otherwise each file is a
    group of its own.

    Raises:
        DataError: There is no such file or folder, it has the wrong columns, a line is wrong, or it holds nothing.
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
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = list(reader.fieldnames or ())
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} must be a CSV list in UTF-8. It is not ({error}). Save it as one.") from error
    pairs = (("file", "class"), ("video_name", "tag"))
    file, label = next((pair for pair in pairs if set(pair) <= set(columns)), ("", ""))
    if not file:
        raise DataError(
            f"{path} must have the columns file,class or video_name,tag. "
            f"Received: {','.join(columns) or 'none'}. Add a header line."
        )
    for number, row in enumerate(rows, start=2):
        if not row[file] or not row[label]:
            raise DataError(
                f"{path} must name a file and its class in every line. Line {number} does not. Complete it."
            )
        if row.get("split") and row["split"] not in PARTS:
            raise DataError(
                f"The split in {path} must be {', '.join(PARTS)} or empty. Received: {row['split']}, in line {number}."
            )
    return [
        Item(
            path=_beside(path, row[file]),
            label=row[label],
            group=_group(Path(row[file]), row[label], row.get("group")),
            split=row.get("split") or "",
        )
        for row in rows
    ]


def _beside(listing: Path, name: str) -> Path:
    in_folder = listing.with_suffix("") / name
    return in_folder if in_folder.is_file() and not (listing.parent / name).is_file() else listing.parent / name


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
        DataError: Fewer than two classes, a label of which there is no item, or one that cannot be shown.
    """
    if len(set(labels)) < 2:
        raise DataError(f"Training needs at least two classes. Received: {', '.join(labels) or 'none'}. Add some.")
    if unfit := [label for label in labels if len(label) > MAX_LABEL_LETTERS or not label.isprintable()]:
        raise DataError(
            f"Labels must have up to {MAX_LABEL_LETTERS} printable letters. Received: {unfit[0]!r}. Rename the class."
        )
    if len(set(labels)) < len(labels):
        raise DataError(f"Every label must be given once. Received: {', '.join(labels)}. Leave out the repeated ones.")
    counts = Counter(item.label for item in items)
    empty = [label for label in labels if not counts[label]]
    if empty:
        raise DataError(
            f"Every label must have files. None found for: {', '.join(empty)}. "
            f"The data has: {', '.join(sorted(counts)) or 'no class'}."
        )


def split(items: Sequence[Item], seed: int) -> list[Item]:
    """Assigns every undecided item to `train`, `validation` or `test`, class by class and group by group.

    A split that the data brings (`train`, `test`) is kept, even where it tears a source apart; only its validation
    part is then cut from `train`. Deterministic in the seed and independent of the order of the items.
    """
    items = sorted(items, key=lambda item: (item.label, str(item.path)))
    decided: dict[str, str] = {}
    for item in items:
        if item.split and decided.get(item.group) != "train":
            decided[item.group] = item.split
    random = np.random.default_rng(seed)
    for label in sorted({item.label for item in items}):
        members = [item for item in items if item.label == label]
        sizes = Counter(item.group for item in members)
        undecided = {group: size for group, size in sizes.items() if group not in decided}
        decided.update(_draw(undecided, TEST_SHARE, "test", "train", random))
        training = {group: size for group, size in sizes.items() if decided[group] == "train"}
        if not any(item.split == "validation" for item in members):
            decided.update(_draw(training, VALIDATION_SHARE, "validation", "train", random))
    return [
        item if item.split in ("validation", "test") else replace(item, split=decided[item.group]) for item in items
    ]


def _draw(
    sizes: Mapping[str, int], share: float, chosen: str, rest: str, random: np.random.Generator
) -> dict[str, str]:
    """Draws whole groups in random order until they hold `share` of the items; at least one, of a few."""
    wanted = share * sum(sizes.values())
    names: dict[str, str] = {}
    taken = 0
    for group in random.permutation(sorted(sizes)):
        # A group is taken when that brings the part nearer to its wanted size.
        take = taken + sizes[group] / 2 <= wanted
        names[str(group)] = chosen if take else rest
        taken += sizes[group] if take else 0
    if chosen not in names.values() and len(names) >= MIN_TO_SHARE:
        names[min(names, key=lambda name: sizes[name])] = chosen
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
