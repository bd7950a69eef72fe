"""Features of clips' frames, extracted once through the runtime that serves, and kept on disk."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train import augment
from train.pictures import Pictures
from vidclass import runtime
from vidclass.files import replacing
from vidclass.motion import inputs_of
from vidclass.preprocess import Preprocess

Features = list[NDArray[np.float16]]
"""Of each item `(V, N, F)`: V views of its N pictures; view 0 is the plain one, the others are augmented."""


def extract(
    network: runtime.Network,
    weights_key: str,
    pictures: Pictures,
    preprocess: Preprocess,
    strength: augment.Strength,
    views: int,
    step: int,
    seed: int,
    cache: Path,
    flows: int = 0,
) -> Features:
    """The features of every `step`-th picture of each item; none of an item that could not be read.

    Args:
        network: Frame, or frame and flow -> feature.
        weights_key: Hash of its weights; with the files, the sampling and the preprocessing it makes the name on disk,
            so that a change of any of them extracts anew.
        pictures: The items' decoded pictures.
        preprocess: How serving will show them.
        strength: Of the augmentation of all views but the first.
        views: Views of each item.
        step: Pictures from one to the next.
        seed: Of the augmentation.
        cache: Folder on disk.
        flows: How many moves the network sees beside each frame.
    """
    settings = f"{weights_key} {pictures.key} {preprocess} {strength} {views} {step} {seed}"
    if flows:
        settings += f" {flows} flows"
    path = cache / f"features-{hashlib.sha256(settings.encode()).hexdigest()[:16]}.npz"
    counts = [len(range(0, pictures.count(item), step)) for item in range(len(pictures.shapes))]
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        flat = np.stack(list(network.map(_views(pictures, counts, preprocess, strength, views, step, seed, flows))))
        with replacing(path) as partial, partial.open("wb") as stream:
            np.savez(stream, flat=flat.astype(np.float16))
    with np.load(path, allow_pickle=False) as stored:
        flat = stored["flat"]
    ends = np.cumsum([views * count for count in counts])
    width = flat.shape[1]
    return [part.reshape(views, count, width) for part, count in zip(np.split(flat, ends[:-1]), counts, strict=True)]


def _views(
    pictures: Pictures,
    counts: Sequence[int],
    preprocess: Preprocess,
    strength: augment.Strength,
    views: int,
    step: int,
    seed: int,
    flows: int,
) -> Iterator[runtime.Arrays]:
    for item, count in enumerate(counts):
        for view in range(views):
            random = np.random.default_rng((seed, item, view))
            change = augment.draw(random, preprocess.size, strength) if view else preprocess
            inputs = inputs_of(preprocess.size, flows)
            for n in range(count):
                yield inputs(change(pictures[item, n * step]))
