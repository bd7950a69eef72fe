"""Windows of frames for training: drawn as serving meets them, at the start of a clip and in its midst."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train import augment
from train.batches import WORKERS, DrawnClips
from train.pictures import Pictures
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

WARM_UP_SHARE = 0.25
"""Share of the training windows that are cut short, as the first ones of a clip are."""


@dataclass(frozen=True)
class Draw:
    """Which pictures of an item make a window, oldest first; fewer than its length at a clip's start."""

    item: int
    pictures: tuple[int, ...]


def random_window(random: np.random.Generator, item: int, count: int, length: int, step: int) -> Draw:
    """A window anywhere in a clip of `count` pictures, `step` pictures from one frame to the next."""
    span = min(length, 1 + (count - 1) // step)
    if random.random() < WARM_UP_SHARE:
        span = int(random.integers(1, span + 1))
    start = int(random.integers(0, count - (span - 1) * step))
    return Draw(item, tuple(range(start, start + span * step, step)))


def served_windows(item: int, count: int, window: Window, step: int) -> list[Draw]:
    """The windows that serving judges: at the first sample and every `hop` samples after it.

    >>> [draw.pictures for draw in served_windows(0, 9, Window(length=3, sample_fps=5.0, hop=2), step=2)]
    [(0,), (0, 2, 4), (4, 6, 8)]
    """
    samples = range(0, count, step)
    return [
        Draw(item, tuple(samples[max(0, last - window.length + 1) : last + 1]))
        for last in range(0, len(samples), window.hop)
    ]


class FrameWindows(DrawnClips):
    """Stacks of frames `(B, T, S, S, 3)` for the 3D CNN, padded in front with their first frame."""

    def __init__(
        self,
        pictures: Pictures,
        items: Sequence[int],
        targets: NDArray[np.float32],
        preprocess: Preprocess,
        strength: augment.Strength,
        length: int,
        steps: tuple[int, ...],
        batch_size: int,
        seed: int,
        per_clip: int = 1,
        first_epoch: int = 0,
    ):
        """
        Args:
            pictures: The decoded clips.
            items: Which of them to train on.
            targets: `(items of pictures, C)` what the network should say of each, by item number.
            preprocess: Gives the input size; the geometry is the augmentation's.
            strength: How far pictures are changed.
            length: Frames in a window, T.
            steps: Pictures from one frame to the next, drawn anew for each window: a faster or slower clip.
            batch_size: Windows in a batch.
            seed: Of all draws, together with the epoch.
            per_clip: Windows of a clip in an epoch.
            first_epoch: Number of the epoch that comes first, for a run that goes on.
        """
        super().__init__(items, per_clip, batch_size, seed, first_epoch)
        self._pictures, self._targets, self._size = pictures, targets, preprocess.size
        self._strength, self._length, self._steps = strength, length, steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Batch `index`: frames `(B, T, S, S, 3)` and targets `(B, C)`."""
        chosen, random = self.draw(index)
        stacks = []
        for item in chosen:
            draw = random_window(
                random, item, self._pictures.count(item), self._length, int(random.choice(self._steps))
            )
            change = augment.draw(random, self._size, self._strength)  # one for all frames: motion stays motion
            frames = [change(self._pictures[item, picture]) for picture in draw.pictures]
            stacks.append([frames[0]] * (self._length - len(frames)) + frames)
        return np.array(stacks, np.float32), self._targets[chosen]


class ServedWindows(keras.utils.PyDataset):  # type: ignore[misc]
    """The stacks that serving would judge, to be predicted."""

    def __init__(
        self,
        pictures: Pictures,
        items: Sequence[int],
        preprocess: Preprocess,
        window: Window,
        step: int,
        batch_size: int,
    ):
        super().__init__(workers=WORKERS, max_queue_size=4)
        self._pictures, self._preprocess, self._length = pictures, preprocess, window.length
        self._draws = [draw for item in items for draw in served_windows(item, pictures.count(item), window, step)]
        self._batch = batch_size
        self.owners = np.array([draw.item for draw in self._draws])
        """Number of the item that each window belongs to, `(N,)`."""

    def __len__(self) -> int:
        """Batches."""
        return -(-len(self._draws) // self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[Any]]:
        """Batch `index`: frames `(B, T, S, S, 3)`."""
        stacks = []
        for draw in self._draws[index * self._batch : (index + 1) * self._batch]:
            frames = [self._preprocess(self._pictures[draw.item, picture]) for picture in draw.pictures]
            stacks.append([frames[0]] * (self._length - len(frames)) + frames)
        return (np.array(stacks, np.uint8),)
