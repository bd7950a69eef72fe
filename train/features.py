"""Features of clips' frames, extracted once through the runtime that serves, and kept on disk."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train import augment
from train.data import Item
from train.pictures import Pictures
from vidclass import runtime
from vidclass.files import replacing
from vidclass.preprocess import Preprocess

Features = list[NDArray[np.float16]]
"""Of each item `(V, N, F)`: V views of its N pictures; view 0 is the plain one, the others are augmented."""


def extract(
    network: runtime.Network,
    weights_key: str,
    items: Sequence[Item],
    pictures: Pictures,
    preprocess: Preprocess,
    strength: augment.Strength,
    views: int,
    step: int,
    seed: int,
    cache: Path,
) -> Features:
    """The features of every `step`-th picture of the items.

    Args:
        network: Frame -> feature.
        weights_key: Hash of its weights; with the sampling and the preprocessing it makes the name on disk, so that
            a change of any of them extracts anew.
        items: The items of `pictures`.
        pictures: Their decoded pictures.
        preprocess: How serving will show them.
        strength: Of the augmentation of all views but the first.
        views: Views of each item.
        step: Pictures from one to the next.
        seed: Of the augmentation.
        cache: Folder on disk.
    """
    names = "\n".join(f"{item.path.resolve()} {item.path.stat().st_mtime_ns}" for item in items)
    settings = f"{weights_key} {preprocess} {strength} {views} {step} {seed} {len(pictures.data)}"
    path = cache / f"features-{hashlib.sha256(f'{settings} {names}'.encode()).hexdigest()[:16]}.npz"
    counts = [len(range(0, pictures.count(number), step)) for number in range(len(items))]
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        flat = np.stack(list(network.map(_views(pictures, counts, preprocess, strength, views, step, seed))))
        with replacing(path) as partial, partial.open("wb") as stream:
            np.savez(stream, flat=flat.astype(np.float16))
    with np.load(path, allow_pickle=False) as stored:
        flat = stored["flat"]
    ends = np.cumsum([views * count for count in counts])
    return [part.reshape(views, count, -1) for part, count in zip(np.split(flat, ends[:-1]), counts, strict=True)]


def _views(
    pictures: Pictures,
    counts: Sequence[int],
    preprocess: Preprocess,
    strength: augment.Strength,
    views: int,
    step: int,
    seed: int,
) -> Iterator[tuple[NDArray[np.uint8]]]:
    for item, count in enumerate(counts):
        for view in range(views):
            random = np.random.default_rng((seed, item, view))
            change = augment.draw(random, preprocess.size, strength) if view else preprocess
            for n in range(count):
                yield (change(pictures[item, n * step]),)
