"""Batches for `fit`: drawn, augmented and stacked; the same for a given seed and epoch wherever they are made."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train import augment
from train.pictures import Pictures
from vidclass.preprocess import Preprocess

WORKERS = 2
"""Threads that prepare batches while the network trains; OpenCV leaves Python's lock while it works."""


class TrainingFrames(keras.utils.PyDataset):  # type: ignore[misc]
    """Augmented single pictures. Each epoch takes every photo once and `per_clip` random frames of every clip."""

    def __init__(
        self,
        pictures: Pictures,
        items: Sequence[int],
        targets: NDArray[np.float32],
        preprocess: Preprocess,
        strength: augment.Strength,
        batch_size: int,
        seed: int,
        per_clip: int,
        mixup: float = 0.0,
        first_epoch: int = 0,
    ):
        """
        Args:
            pictures: The decoded pictures.
            items: Which of them to train on.
            targets: `(items of pictures, C)` what the network should say of each item, by item number.
            preprocess: Gives the input size; the geometry is the augmentation's.
            strength: How far pictures are changed.
            batch_size: Pictures in a batch.
            seed: Of all draws, together with the epoch.
            per_clip: Frames of a clip in an epoch.
            mixup: Share of the batches in which pictures are blended pairwise (Zhang et al., 2018).
            first_epoch: Number of the epoch that comes first, for a run that goes on.
        """
        super().__init__(workers=WORKERS, max_queue_size=6)
        self._pictures, self._items, self._targets = pictures, list(items), targets
        self._preprocess, self._strength, self._mixup = preprocess, strength, mixup
        self._batch, self._seed, self._per_clip = batch_size, seed, per_clip
        self._epoch = first_epoch
        self._draw_epoch()

    def _draw_epoch(self) -> None:
        random = np.random.default_rng((self._seed, self._epoch))
        order = []
        for item in self._items:
            count = self._pictures.count(item)
            order += [(item, int(n)) for n in random.permutation(count)[: self._per_clip]]
        self._order = [order[n] for n in random.permutation(len(order))]

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch's draw."""
        self._epoch += 1
        self._draw_epoch()

    def __len__(self) -> int:
        """Batches in an epoch; a last partial batch is left to the next epoch's draw."""
        return max(1, len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Batch `index`: pixels `(B, S, S, 3)` and targets `(B, C)`."""
        random = np.random.default_rng((self._seed, self._epoch, index))
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        size = self._preprocess.size
        pixels = np.stack([augment.draw(random, size, self._strength)(self._pictures[key]) for key in chosen])
        targets = self._targets[[item for item, _ in chosen]]
        if random.random() < self._mixup:
            share, other = np.float32(random.beta(0.3, 0.3)), random.permutation(len(chosen))
            mixed = share * pixels.astype(np.float32) + (1 - share) * pixels[other]
            return mixed, share * targets + (1 - share) * targets[other]
        return pixels.astype(np.float32), targets


class DrawnClips(keras.utils.PyDataset):  # type: ignore[misc]
    """Which clips make each batch: every clip as often in an epoch, in an order that seed and epoch decide."""

    def __init__(self, items: Sequence[int], per_clip: int, batch_size: int, seed: int, first_epoch: int = 0):
        """
        Args:
            items: Numbers of the clips.
            per_clip: How often each comes in an epoch.
            batch_size: Clips in a batch.
            seed: Of all draws, together with the epoch.
            first_epoch: Number of the epoch that comes first, for a run that goes on.
        """
        super().__init__(workers=WORKERS, max_queue_size=6)
        self._items = [item for item in items for _ in range(per_clip)]
        self._batch, self._seed, self._epoch = batch_size, seed, first_epoch

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch's draw."""
        self._epoch += 1

    def __len__(self) -> int:
        """Batches in an epoch; a last partial batch is left to the next epoch's draw."""
        return max(1, len(self._items) // self._batch)

    def draw(self, index: int) -> tuple[NDArray[np.int64], np.random.Generator]:
        """The clips of batch `index`, `(B,)`, and what draws all else in it."""
        order = np.random.default_rng((self._seed, self._epoch)).permutation(self._items)
        random = np.random.default_rng((self._seed, self._epoch, index))
        return order[index * self._batch : (index + 1) * self._batch], random


class PlainFrames(keras.utils.PyDataset):  # type: ignore[misc]
    """Pictures as serving sees them, in order, to be predicted. Of a clip, some frames at even distances."""

    def __init__(
        self,
        pictures: Pictures,
        items: Sequence[int],
        preprocess: Preprocess,
        per_clip: int,
        batch_size: int = 64,
    ):
        super().__init__(workers=WORKERS, max_queue_size=6)
        self._pictures, self._preprocess, self._batch = pictures, preprocess, batch_size
        self._keys = [
            (item, int(n))
            for item in items
            if pictures.count(item)
            for n in np.unique(np.linspace(0, pictures.count(item) - 1, per_clip).round().astype(int))
        ]
        self.owners = np.array([item for item, _ in self._keys])
        """Number of the item that each picture belongs to, `(N,)`."""

    def __len__(self) -> int:
        """Batches."""
        return -(-len(self._keys) // self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8]]:
        """Batch `index`: pixels `(B, S, S, 3)`."""
        chosen = self._keys[index * self._batch : (index + 1) * self._batch]
        return (np.stack([self._preprocess(self._pictures[key]) for key in chosen]),)
