"""A measured bundle's plots, configuration and card, in a folder that is whole or absent."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from train import card, plots
from vidclass import bundle as bundles
from vidclass.bundle import Bundle


def write_report(made: Bundle) -> Bundle:
    """Writes plots, configuration, card and terms of a measured bundle into its folder."""
    test = made.metrics.get("test", {})
    if "confusion" in test:
        plots.confusion(test["confusion"], made.labels, made.folder / "confusion.png")
    if "by_queue_size" in test:
        plots.queue(test["by_queue_size"], made.folder / "queue.png")
    written = bundles.write_config(made)
    for name, text in card.texts(written).items():
        (written.folder / name).write_text(text, encoding="utf-8")
    return written


def revise(folder: Path, sections: Mapping[str, Any]) -> Bundle:
    """Adds sections to a bundle's metrics, or puts new ones in their place, and writes plots and card anew.

    The networks are left as they are. The folder is replaced when all is written.

    Args:
        folder: The bundle.
        sections: Name -> JSON-ready values, such as `{"order": {"in_order": 0.9}}`.

    Raises:
        BundleError: The folder is no whole bundle.
    """
    target = folder.resolve()
    made = bundles.load(target)
    with replacing_folder(target) as partial:
        shutil.copytree(target, partial, dirs_exist_ok=True)
        write_report(replace(made, folder=partial, metrics={**made.metrics, **sections}))
    return bundles.load(folder)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """A new, empty folder beside `target`: it replaces `target` when the block ends well, and goes away when not."""
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    partial.mkdir(parents=True)
    try:
        yield partial
        _swap(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap(whole: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    try:
        whole.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
