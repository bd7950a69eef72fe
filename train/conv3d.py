"""Training a 3D CNN on stacks of frames."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from train import fit, pictures, windows
from train.checkpoint import Validate
from train.data import Item
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess


@dataclass(frozen=True)
class Clips:
    """How windows are cut from clips."""

    spec: pictures.PictureSpec = field(default_factory=lambda: pictures.PictureSpec(200, 10.0, 12.0))
    steps: tuple[int, ...] = (2, 2, 1, 3)
    """Kept pictures from one frame of a window to the next, drawn for each window; the first is serving's."""
    per_clip: int = 1
    """Windows of a clip in each epoch."""


def train(
    items: Sequence[Item],
    labels: Sequence[str],
    network: keras.Model,
    preprocess: Preprocess,
    window: Window,
    schedule: fit.Schedule,
    clips: Clips,
    seed: int,
    folder: Path,
    cache: Path,
) -> dict[str, list[float]]:
    """Trains the network on the items of the parts `train` and `validation`, in place.

    Returns:
        The history, a value an epoch.
    """
    keras.utils.set_random_seed(seed)
    used = [item for item in items if item.split in ("train", "validation")]
    store = pictures.load(used, clips.spec, cache)
    pictures.tell_bad(store.bad, "training and validation")
    truth = [labels.index(item.label) for item in used]
    targets = fit.one_hot(truth, len(labels), schedule.label_smoothing)
    parts = {
        part: [n for n, item in enumerate(used) if item.split == part and store.count(n)]
        for part in ("train", "validation")
    }
    served = windows.ServedWindows(store, parts["validation"], preprocess, window, clips.steps[0], schedule.batch_size)

    def dataset(stage: fit.Stage, first_epoch: int) -> keras.utils.PyDataset:
        return windows.FrameWindows(
            store,
            parts["train"],
            targets,
            Preprocess(stage.side, preprocess.geometry),
            schedule.strength_in(stage),
            window.length,
            clips.steps,
            schedule.batch_size,
            seed,
            clips.per_clip,
            first_epoch,
        )

    def validate(_side: int) -> Validate:
        return lambda model: fit.clip_top1(np.asarray(model.predict(served, verbose=0)), served.owners, truth)

    if schedule.head_epochs and not (folder / "progress.json").is_file():
        _train_last(network, dataset(schedule.stages[0], 0), schedule)
    return fit.train_whole(network, schedule, dataset, validate, folder)


def _train_last(network: keras.Model, batches: keras.utils.PyDataset, schedule: fit.Schedule) -> None:
    """Fits the last layer on what the layers below it make of one epoch's windows, lest its first random steps spoil
    them."""
    last = network.layers[-1]
    below = keras.Model(network.input, last.input)
    print(f"Fitting the last layer on the features of {len(batches)} batches", flush=True)
    features, targets = [], []
    for number in range(len(batches)):
        frames, wanted = batches[number]
        features.append(below.predict_on_batch(frames))
        targets.append(wanted)
    feature = keras.Input(features[0].shape[1:])
    head = keras.Model(feature, last(keras.layers.Dropout(0.5)(feature)))
    head.compile(keras.optimizers.Adam(schedule.head_rate), "categorical_crossentropy")
    head.fit(np.concatenate(features), np.concatenate(targets), 64, schedule.head_epochs, verbose=0)
