"""Which files a command works on: the data arguments that training, evaluation and the studies share."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from train import data
from train.data import Item
from vidclass.errors import DataError, OptionError


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the arguments that name files and classes."""
    command.add_argument(
        "--data",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER_OR_LIST",
        help="folders with one sub-folder a class, or CSV lists (file,class[,group,split] or video_name,tag)",
    )
    command.add_argument("--train-list", type=Path, help="a CSV list whose items are all trained on")
    command.add_argument("--test-list", type=Path, help="a CSV list whose items are all tested on")
    command.add_argument("--labels", nargs="+", help="classes to keep; defaults to those of the first source")
    command.add_argument("--rename", nargs="+", default=[], metavar="OLD=NEW", help="classes to rename")


def positive(text: str) -> int:
    """An argument's whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1. Received: {text}")
    return number


def to_train(arguments: argparse.Namespace) -> tuple[list[Item], tuple[str, ...]]:
    """The items to train and test on, with the parts that their lists give them, and the labels.

    Further sources add to the training of the first one; what they hold back for a test of their own stays out.

    Raises:
        OptionError: No data is named, or a renaming is not understood.
        DataError: A source cannot be read, or the test list has a class that is not trained.
    """
    rename = _renaming(arguments)
    first, *others = _sources(arguments)
    wanted = tuple(arguments.labels or sorted({rename.get(item.label, item.label) for item in first}))
    if arguments.test_list is not None:
        tested = {rename.get(item.label, item.label) for item in others[-1]} if others else set()
        if not arguments.labels and (unknown := sorted(tested - set(wanted))):
            raise DataError(
                f"Every class of the test list must be trained. Not trained: {', '.join(unknown)}. "
                "Add them to the training list, rename them with --rename, or pick classes with --labels."
            )
    elif others:
        others = [[item for item in source if item.split != "test"] for source in others]
    return _select([first, *others], wanted, rename), wanted


def to_measure(arguments: argparse.Namespace, labels: Sequence[str]) -> list[Item]:
    """The items of a model's labels on which it is to be measured: of one part, if `--split` names it.

    Raises:
        OptionError: No data is named, or a renaming is not understood.
        DataError: A source cannot be read, or has no such item.
    """
    found = _select(_sources(arguments), arguments.labels or labels, _renaming(arguments))
    chosen = [item for item in found if not arguments.split or item.split == arguments.split]
    if not chosen:
        part = f" in the part {arguments.split}" if arguments.split else ""
        raise DataError(
            f"The data must have files of the model's labels{part}. Found none. "
            "Check --split, pick classes with --labels or rename them with --rename."
        )
    return chosen


def _sources(arguments: argparse.Namespace) -> list[list[Item]]:
    sources = [data.read_items(path) for path in arguments.data]
    for path, part in ((arguments.train_list, "train"), (arguments.test_list, "test")):
        if path is not None:
            sources.append([replace(item, split=part) for item in data.read_items(path)])
    if not sources:
        raise OptionError("The data must be named. Received none. Add --data FOLDER, or --train-list and --test-list.")
    return sources


def _renaming(arguments: argparse.Namespace) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in arguments.rename]
    bad = [old for old, equals, new in pairs if not (old and equals and new)]
    if bad:
        raise OptionError(f"--rename takes OLD=NEW. Received: {', '.join(bad)}. Write one pair for each class.")
    return {old: new for old, _, new in pairs}


def _select(sources: Sequence[Sequence[Item]], labels: Sequence[str], rename: dict[str, str]) -> list[Item]:
    items = [item for source in sources for item in source]
    kept = data.select(items, labels, rename)
    print(f"{len(kept)} of {len(items)} files have one of the {len(labels)} labels", flush=True)
    return kept
