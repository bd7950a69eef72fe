"""Training a CNN-GRU: a masked GRU on the features of sampled frames, which are extracted once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train import features as extracted
from train import fit, pictures, windows
from train.augment import Strength
from train.batches import DrawnClips
from train.checkpoint import Checkpoint, load_best
from train.data import Item
from vidclass.backbones import FLOW_WIDTH
from vidclass.bundle import Window


@dataclass(frozen=True)
class Head:
    """How the head is trained."""

    spec: pictures.PictureSpec = field(default_factory=lambda: pictures.PictureSpec(200, 10.0, 12.0))
    step: int = 2
    """Kept pictures from one sample to the next; `spec.sample_fps / step` is serving's `sample_fps`."""
    views: int = 6
    """Views of each clip, the plain one and augmented ones."""
    strength: Strength = field(default_factory=Strength)
    epochs: int = 60
    batch_size: int = 64
    rate: float = 1e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    per_clip: int = 4
    """Windows of a clip in each epoch."""
    noise: float = 0.0
    """Share of a feature's entries that are dropped in training, the same ones in every step of a window."""
    blind: float = 0.0
    """Share of the training windows that show the flow alone. The frames' CNN knows the training clips by heart, so
    that a head would look at nothing else. Source: "ModDrop" (Neverova et al., 2015)."""


class FeatureWindows(DrawnClips):
    """Windows of features with their masks, anywhere in a clip and of any length up to T, from any view."""

    def __init__(
        self,
        features: extracted.Features,
        items: Sequence[int],
        targets: NDArray[np.float32],
        length: int,
        head: Head,
        seed: int,
    ):
        super().__init__(items, head.per_clip, head.batch_size, seed)
        self._features, self._targets, self._length, self._head = features, targets, length, head

    def __getitem__(self, index: int) -> tuple[tuple[NDArray[Any], NDArray[Any]], NDArray[np.float32]]:
        """Batch `index`: (features `(B, T, F)`, mask `(B, T)`) and targets `(B, C)`."""
        chosen, random = self.draw(index)
        stacks = []
        for item in chosen:
            views, count, width = self._features[item].shape
            draw = windows.random_window(random, item, count, self._length, 1)
            stack = self._features[item][random.integers(views)][list(draw.pictures)].astype(np.float32)
            if self._head.noise:
                stack = stack * (random.random(width) >= self._head.noise) / (1 - self._head.noise)
            if self._head.blind and random.random() < self._head.blind:
                stack[:, :-FLOW_WIDTH] = 0
            stacks.append(stack)
        return stack_masked(stacks, self._length), self._targets[chosen]


def stack_masked(stacks: Sequence[NDArray[np.float32]], length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Windows of up to `length` features as the head takes them: `(B, T, F)`, zeros at the end, and mask `(B, T)`."""
    batch = np.zeros((len(stacks), length, stacks[0].shape[1]), np.float32)
    mask = np.zeros((len(stacks), length), np.float32)
    for row, stack in enumerate(stacks):
        batch[row, : len(stack)] = stack
        mask[row, : len(stack)] = 1
    return batch, mask


def train_head(
    network: keras.Model,
    features: extracted.Features,
    truth: Sequence[int],
    parts: dict[str, list[int]],
    classes: int,
    window: Window,
    head: Head,
    seed: int,
    folder: Path,
) -> dict[str, list[float]]:
    """Trains the head alone, which takes minutes; the best epoch on the validation part is kept.

    Returns:
        The history, a value an epoch.
    """
    keras.utils.set_random_seed(seed)
    targets = fit.one_hot(truth, classes, head.label_smoothing)
    batches = FeatureWindows(features, parts["train"], targets, window.length, head, seed)
    draws = [
        draw
        for item in parts["validation"]
        for draw in windows.served_windows(item, features[item].shape[1], window, 1)
    ]
    served = stack_masked(
        [features[draw.item][0][list(draw.pictures)].astype(np.float32) for draw in draws], window.length
    )
    owners = np.array([draw.item for draw in draws])
    checkpoint = Checkpoint(
        folder,
        lambda model: fit.clip_top1(np.asarray(model.predict(served, 256, verbose=0)), owners, truth),
        keep_last=False,
    )
    steps = len(batches) * head.epochs
    network.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(head.rate, steps), weight_decay=head.weight_decay, clipnorm=1.0
        ),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    network.fit(batches, epochs=head.epochs, callbacks=[checkpoint], verbose=0)
    load_best(network, folder)
    return checkpoint.progress


def decode(items: Sequence[Item], head: Head, cache: Path) -> tuple[pictures.Pictures, list[Item]]:
    """The pictures of the training and validation items, and those items, bad clips left out."""
    used = [item for item in items if item.split in ("train", "validation")]
    store = pictures.load(used, head.spec, cache)
    pictures.tell_bad(store.bad, "training and validation")
    readable = [number for number in range(len(used)) if store.count(number)]
    return replace(store, shapes=[store.shapes[number] for number in readable]), [used[number] for number in readable]
