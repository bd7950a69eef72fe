"""Training the CNN that sees motion, on the flow of clips; the CNN-GRU's second stream."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train import augment, fit
from train.batches import DrawnClips
from train.checkpoint import Validate
from train.pictures import Pictures
from vidclass.motion import Motion, flow_side
from vidclass.preprocess import Preprocess

DROPOUT = 0.3
VALIDATION_STACKS = 10
"""Moments of a clip that the validation looks at after each epoch."""


def moves(change: Any, pictures: Pictures, item: int, last: int, step: int, side: int, flows: int) -> NDArray[np.uint8]:
    """The moves up to one of a clip's pictures, `(side, side, 2 * flows)`, as serving would make them.

    Args:
        change: The augmentation or preprocessing of every picture.
        pictures: The decoded clips.
        item: Number of the clip.
        last: Number of its picture.
        step: Pictures from one sample to the next.
        side: Of the flow's picture.
        flows: How many moves are shown.
    """
    motion = Motion(side, flows)
    shown = [motion(change(pictures[item, n])) for n in range(last - min(flows, last // step) * step, last + 1, step)]
    return shown[-1]


class TrainingFlow(DrawnClips):
    """Moves at random moments of clips, of pictures that were augmented alike, so that what moves stays what moved."""

    def __init__(
        self,
        pictures: Pictures,
        items: Sequence[int],
        targets: NDArray[np.float32],
        schedule: fit.Schedule,
        side: int,
        flows: int,
        step: int,
        seed: int,
        first_epoch: int = 0,
    ):
        """
        Args:
            pictures: The decoded clips.
            items: Which of them to train on.
            targets: `(items of pictures, C)` what the network should say of each, by item number.
            schedule: Gives the size of a batch, the moments of a clip in an epoch, and the strength of the changes.
            side: Of the flow's picture.
            flows: How many moves it shows.
            step: Pictures from one sample to the next.
            seed: Of all draws, together with the epoch.
            first_epoch: Number of the epoch that comes first, for a run that goes on.
        """
        super().__init__(items, schedule.per_clip, schedule.batch_size, seed, first_epoch)
        self._pictures, self._targets, self._strength = pictures, targets, schedule.strength
        self._side, self._flows, self._step = side, flows, step

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Batch `index`: flow `(B, s, s, 2L)` and targets `(B, C)`."""
        chosen, random = self.draw(index)
        stacks = []
        for item in chosen:
            change = augment.draw(random, self._side, self._strength)
            last = int(random.integers(self._pictures.count(item)))
            stacks.append(moves(change, self._pictures, item, last, self._step, self._side, self._flows))
        return np.stack(stacks), self._targets[chosen]


def train(
    network: keras.Model,
    store: Pictures,
    truth: Sequence[int],
    parts: dict[str, list[int]],
    classes: int,
    preprocess: Preprocess,
    schedule: fit.Schedule,
    step: int,
    seed: int,
    folder: Path,
) -> dict[str, list[float]]:
    """Trains the network with a head of its own, which is then thrown away.

    Args:
        network: Flow -> feature; trained in place, batch norm and its statistics too, since no ImageNet picture looks
            like flow.
        store: The decoded clips.
        truth: Right class of every item.
        parts: Numbers of the items of `train` and `validation`.
        classes: Number of labels.
        preprocess: How serving shows frames.
        schedule: How long and how fast.
        step: Pictures from one sample to the next.
        seed: Of all random draws.
        folder: Where checkpoints are kept, and found again.

    Returns:
        The history, a value an epoch.
    """
    keras.utils.set_random_seed(seed)
    side, flows = flow_side(preprocess.size), network.input_shape[-1] // 2
    targets = fit.one_hot(truth, classes, schedule.label_smoothing)
    head = keras.layers.Dense(classes, activation="softmax")
    model = keras.Model(network.input, head(keras.layers.Dropout(DROPOUT)(network.output)))
    moments = [
        (item, int(last))
        for item in parts["validation"]
        for last in np.unique(np.linspace(0, store.count(item) - 1, VALIDATION_STACKS + 1).round()[1:])
    ]
    served = np.stack([moves(preprocess, store, item, last, step, side, flows) for item, last in moments])
    owners = np.array([item for item, _ in moments])

    def dataset(_: fit.Stage, first_epoch: int) -> keras.utils.PyDataset:
        return TrainingFlow(store, parts["train"], targets, schedule, side, flows, step, seed, first_epoch)

    def validate(_: int) -> Validate:
        return lambda trained: fit.clip_top1(trained.predict(served, 64, verbose=0), owners, truth)

    return fit.train_whole(model, schedule, dataset, validate, folder)
