"""Training the frame CNN: an ImageNet CNN with a new head, on photos, on frames of clips, or on both."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from train import batches, fit, pictures
from train.checkpoint import Validate
from train.data import Item
from vidclass import networks
from vidclass.preprocess import Preprocess

VALIDATION_FRAMES = 8
"""Frames of a clip that the validation looks at after each epoch."""


def train(
    items: Sequence[Item],
    labels: Sequence[str],
    nets: networks.Networks,
    preprocess: Preprocess,
    schedule: fit.Schedule,
    spec: pictures.PictureSpec,
    seed: int,
    folder: Path,
    cache: Path,
    soft_targets: dict[str, np.ndarray] | None = None,
) -> dict[str, list[float]]:
    """Trains head and whole network on the items of the parts `train` and `validation`.

    Args:
        items: Labelled photos and clips, with their parts.
        labels: Names of the classes, in the order of the network's outputs.
        nets: Embedding and head, input side left open; trained in place.
        preprocess: The geometry in which serving will show pictures.
        schedule: How long and how fast.
        spec: What is kept of the pictures.
        seed: Of all random draws.
        folder: Where checkpoints are kept, and found again.
        cache: Where decoded pictures are kept.
        soft_targets: File -> what a teacher says of it, `(C,)`; the other files get their label.

    Returns:
        The history of the whole network's training, a value an epoch.
    """
    embed, head = nets
    if embed is None:
        raise ValueError("A frame CNN must embed frames. Received networks without an embedding.")
    keras.utils.set_random_seed(seed)
    used = [item for item in items if item.split in ("train", "validation")]
    store = pictures.load(used, spec, cache)
    pictures.tell_bad(store.bad, "training and validation")
    truth = [labels.index(item.label) for item in used]
    targets = fit.one_hot(truth, len(labels), schedule.label_smoothing)
    for number, item in enumerate(used):
        if soft_targets and str(item.path) in soft_targets:
            targets[number] = soft_targets[str(item.path)]
    parts = {
        part: [n for n, item in enumerate(used) if item.split == part and store.count(n)]
        for part in ("train", "validation")
    }
    model = keras.Model(embed.input, head(embed.output))

    def dataset(stage: fit.Stage, first_epoch: int) -> keras.utils.PyDataset:
        return batches.TrainingFrames(
            store,
            parts["train"],
            targets,
            Preprocess(stage.side, preprocess.geometry),
            schedule.strength_in(stage),
            schedule.batch_size,
            seed,
            schedule.per_clip,
            0.0 if stage.gentle else schedule.mixup,
            first_epoch,
        )

    def validate(side: int) -> Validate:
        frames = batches.PlainFrames(
            store, parts["validation"], Preprocess(side, preprocess.geometry), VALIDATION_FRAMES
        )
        return lambda network: fit.clip_top1(network.predict(frames, verbose=0), frames.owners, truth)

    if not (folder / "progress.json").is_file():
        _train_head(embed, head, store, parts["train"], targets, preprocess, schedule)
    return fit.train_whole(model, schedule, dataset, validate, folder)


def _train_head(
    embed: keras.Model,
    head: keras.Model,
    store: pictures.Pictures,
    chosen: Sequence[int],
    targets: np.ndarray,
    preprocess: Preprocess,
    schedule: fit.Schedule,
) -> None:
    """Fits the head on the frozen backbone's features, lest its first random steps spoil the backbone."""
    frames = batches.PlainFrames(
        store,
        chosen,
        Preprocess(schedule.stages[0].side, preprocess.geometry),
        max(1, schedule.per_clip // 4),
    )
    print(f"Fitting the head on the features of {len(frames.owners)} pictures", flush=True)
    features = embed.predict(frames, verbose=0)
    head.compile(keras.optimizers.Adam(schedule.head_rate), "categorical_crossentropy", metrics=["accuracy"])
    head.fit(features, targets[frames.owners], 64, schedule.head_epochs, verbose=2)
