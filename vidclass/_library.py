"""The clips of a library: found in a folder or a list, and split over processes or machines."""

import csv
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vidclass.errors import OptionError
from vidclass.video import SUFFIXES


class Entry(NamedTuple):
    """A clip of a library."""

    name: str
    """Its path as the library has it: relative to the folder, or as the list writes it. The same on every machine."""
    file: Path
    """Where it lies here."""


class Shard(NamedTuple):
    """A part of a library that one process or machine takes: the `number`-th of `shards`."""

    number: int
    shards: int

    def takes(self, name: str) -> bool:
        """Whether a clip is in this part. Every clip is in exactly one, whatever else the library holds: clips that
        are added later move no other one to another part."""
        place = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big")
        return place % self.shards == self.number % self.shards


def parse_shard(text: str) -> Shard:
    """`i/n` as a part of a library. Parts may be counted from 0 or from 1: 0/n is n/n.

    >>> parse_shard("2/4")
    Shard(number=2, shards=4)

    Raises:
        ValueError: It is not that.
    """
    number, shards = (int(part) for part in text.split("/"))
    if not (shards >= 1 and 0 <= number <= shards):
        raise ValueError(text)
    return Shard(number, shards)


def find(source: Path) -> list[Entry]:
    """The clips of a folder, searched to its depth, or of a list.

    A list is a text file with a path a line, or a CSV file (`.csv`) with the column `file`. Relative paths start at the
    list's own folder. Clips come in the list's order, a folder's by name; one that is listed twice counts once.

    Raises:
        OptionError: There is no such folder or list, or it holds no clip.
    """
    try:
        found = list(dict.fromkeys(_walk(source) if source.is_dir() else _read_list(source)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OptionError(
            f"The clips must be given as a folder, or as a list with a path a line. Received: {source} ({error}). "
            "Check the path."
        ) from error
    if not found:
        kinds = " ".join(sorted(SUFFIXES))
        raise OptionError(
            f"There must be at least one clip. Received: {source}, which has none. In a folder, files with these "
            f"endings are taken: {kinds}. Others can be named in a list."
        )
    return found


def _walk(folder: Path) -> Iterator[Entry]:
    for place, folders, files in os.walk(folder, onerror=_fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            path = Path(place, file)
            if path.suffix.lower() in SUFFIXES and not file.startswith("."):
                yield Entry(path.relative_to(folder).as_posix(), path)


def _fail(error: OSError) -> None:
    raise error


def _read_list(source: Path) -> Iterator[Entry]:
    with source.open(encoding="utf-8-sig", newline="") as stream:
        names: Iterable[str] = stream
        if source.suffix.lower() == ".csv":
            table = csv.DictReader(stream)
            if "file" not in (table.fieldnames or ()):
                raise OptionError(
                    f"A CSV list must have the column file. Received: {source}, with the columns "
                    f"{', '.join(table.fieldnames or ())}. Rename it, or give a text file with a path a line."
                )
            names = (row["file"] or "" for row in table)
        for line in names:
            name = line.strip("\r\n")
            if name.strip():
                yield Entry(name, source.parent / name)


def part(entries: Sequence[Entry], shard: Shard | None) -> list[Entry]:
    """The clips that a shard takes; without one, all of them."""
    return [entry for entry in entries if shard is None or shard.takes(entry.name)]
