"""From pictures to trained weights: the head first, then the whole network, with checkpoints to go on from.

The validation part alone decides which epoch is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train.augment import GENTLE, Strength
from train.checkpoint import Checkpoint, Validate, average_with_best, load_best, load_blend, save_start


@dataclass(frozen=True)
class Stage:
    """A stretch of training of the whole network, with a warm-up and a cosine decay of its own."""

    side: int
    """Input side in pixels: small pictures first train faster for the same accuracy (progressive resizing, as in
    Tan and Le, "EfficientNetV2", 2021)."""
    epochs: int
    rate: float
    """Peak learning rate; 3e-4 wrecks a MobileNet whose batch-norm statistics are kept."""
    gentle: bool = False
    """Whether pictures are changed little and not blended: a last stretch on pictures as serving sees them
    (Touvron et al., "Fixing the train-test resolution discrepancy", 2019, found the gap that this closes)."""
    batch_norm: bool = False
    """Whether batch norm's scale and offset are trained too, which halves the speed on a CPU. Its statistics are only
    where nothing was learned from pictures: see `vidclass.backbones.keep_statistics`."""
    steps: int | None = None
    """Batches in an epoch; None for all there are."""
    averaged: bool = False
    """Whether the stage starts from the mean of the best and the last weights so far, which often beats both
    (Wortsman et al., "Model soups", 2022)."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train."""

    stages: tuple[Stage, ...] = (
        Stage(160, 6, 1.2e-4),
        Stage(224, 3, 6e-5),
        Stage(224, 1, 2e-5, batch_norm=True),
    )
    batch_size: int = 32
    warmup_steps: int = 200
    weight_decay: float = 1e-4
    label_smoothing: float = 0.1
    mixup: float = 0.0
    """Share of the batches that are blended pairwise."""
    head_epochs: int = 12
    """Epochs of the head on the features of the frozen backbone, before the whole network is trained; 0 for a network
    from scratch."""
    head_rate: float = 1e-3
    per_clip: int = 12
    """Frames taken of a clip in each epoch."""
    strength: Strength = field(default_factory=Strength)
    """How far pictures are changed, but in gentle stages."""
    blends: tuple[float, ...] = ()
    """Shares of the trained weights, between 0 and 1, that are tried when all is trained; the rest of a blend is what
    the training started from. None tried: the trained weights stay."""

    def strength_in(self, stage: Stage) -> Strength:
        """How far pictures are changed in a stage."""
        return GENTLE if stage.gentle else self.strength

    @property
    def epochs(self) -> int:
        """Epochs of the whole network."""
        return sum(stage.epochs for stage in self.stages)


def one_hot(labels: Sequence[int], classes: int, smoothing: float) -> NDArray[np.float32]:
    """Targets `(N, C)`, smoothed towards the uniform distribution (Szegedy et al., 2016)."""
    return (np.eye(classes)[list(labels)] * (1 - smoothing) + smoothing / classes).astype(np.float32)


def optimizer(schedule: Schedule, rate: float, steps: int) -> keras.optimizers.Optimizer:
    """AdamW with a linear warm-up and a cosine decay to zero over `steps` steps."""
    warmup = min(schedule.warmup_steps, steps // 5)
    decay = keras.optimizers.schedules.CosineDecay(0.0, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup)
    made = keras.optimizers.AdamW(decay, weight_decay=schedule.weight_decay, global_clipnorm=1.0)
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def train_batch_norm(model: keras.Model, trained: bool) -> None:
    """Frees or freezes the scale and offset of every batch-norm layer, nested models included."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = trained


def clip_top1(rows: NDArray[np.float32], owners: NDArray[np.int64], labels: Sequence[int]) -> tuple[float, float]:
    """(loss, top-1) of items whose rows are averaged, as serving does.

    Args:
        rows: `(N, C)` probabilities of pictures.
        owners: `(N,)` number of the item that each picture belongs to.
        labels: Right class of every item, by item number.
    """
    items = np.unique(owners)
    means = np.stack([rows[owners == item].mean(axis=0) for item in items])
    right = np.array([labels[item] for item in items])
    loss = -np.log(np.maximum(means[np.arange(len(items)), right], 1e-7)).mean()
    return float(loss), float((means.argmax(axis=1) == right).mean())


class _FirstBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """The first few batches of each epoch of a data set."""

    def __init__(self, batches: keras.utils.PyDataset, count: int):
        super().__init__(workers=batches.workers, max_queue_size=batches.max_queue_size)
        self._batches, self._count = batches, count

    def __len__(self) -> int:
        return min(self._count, len(self._batches))

    def __getitem__(self, index: int) -> Any:
        return self._batches[index]

    def on_epoch_end(self) -> None:
        self._batches.on_epoch_end()


def _some(batches: keras.utils.PyDataset, count: int | None) -> keras.utils.PyDataset:
    return batches if count is None else _FirstBatches(batches, count)


def train_whole(
    model: keras.Model,
    schedule: Schedule,
    dataset: Callable[[Stage, int], keras.utils.PyDataset],
    validate: Callable[[int], Validate],
    folder: Path,
) -> dict[str, list[float]]:
    """Trains the whole network stage by stage and leaves it with the best epoch's weights.

    Args:
        model: The network, pixels to probabilities.
        schedule: How long and how fast.
        dataset: (stage, first epoch) -> batches.
        validate: Side -> the validation to run after each epoch.
        folder: Where checkpoints are kept, and found again.

    Returns:
        The history: `loss`, `accuracy`, `val_loss` and `val_accuracy`, a value an epoch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_start(model, folder)
    first, history = 0, {}
    for stage in schedule.stages:
        last = first + stage.epochs
        checkpoint = Checkpoint(folder, validate(stage.side), since=first if stage.batch_norm else 0)
        checkpoint.set_model(model)
        history = checkpoint.progress
        if checkpoint.epochs_done < last:
            begin = max(first, checkpoint.epochs_done)
            batches = _some(dataset(stage, begin), stage.steps)
            train_batch_norm(model, stage.batch_norm)
            if begin == first:
                checkpoint.restore()  # before there is an optimizer: each stage starts with a fresh one
                if stage.averaged:
                    average_with_best(model, folder)
            model.compile(
                optimizer(schedule, stage.rate, len(batches) * stage.epochs),
                "categorical_crossentropy",
                metrics=["accuracy"],
            )
            if begin > first:
                model.optimizer.build(model.trainable_variables)
                checkpoint.restore()
            print(f"Training at {stage.side} px, epochs {begin + 1} to {last} of {schedule.epochs}", flush=True)
            model.fit(
                batches,
                shuffle=False,  # the batches are drawn at random, the same ones by a run that goes on
                initial_epoch=begin,
                epochs=last,
                callbacks=[checkpoint],
                verbose=2,
            )
        first = last
    load_best(model, folder)
    if schedule.blends:
        load_blend(model, folder, schedule.blends, validate(schedule.stages[-1].side))
    return history
