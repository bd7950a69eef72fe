"""Bundles trained through the command line on tiny clips, one a family, and what happened to their weights."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import numpy as np

from tests import tiny_data
from train.__main__ import main
from train.augment import GENTLE
from train.cnn_gru import Head
from train.conv3d import Clips
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from train.recipe import Recipe
from vidclass import bundle as bundles
from vidclass.bundle import Bundle, Window
from vidclass.preprocess import Preprocess

SCHEDULE = Schedule(stages=(Stage(32, 1, 1e-3),), batch_size=6, warmup_steps=1, head_epochs=2, per_clip=2)
SPEC = PictureSpec(short_side=40, sample_fps=10.0)

RECIPES = {
    "frame-cnn": Recipe(
        name="tiny-frame-cnn",
        family="frame-cnn",
        architecture={"backbone": "MobileNet-0.75", "units": 8, "dropout": 0.2},
        preprocess=Preprocess(32),
        schedule=replace(SCHEDULE, stages=(Stage(40, 1, 1e-3, gentle=True, batch_norm=True),)),
        pictures=SPEC,
    ),
    "cnn-gru": Recipe(
        name="tiny-cnn-gru",
        family="cnn-gru",
        architecture={"backbone": "MobileNet-0.75", "units": [8], "dropout": 0.2},
        preprocess=Preprocess(32, "center_crop"),
        window=Window(3, 5.0, 1),
        head=Head(spec=SPEC, views=2, strength=GENTLE, epochs=2, batch_size=8),
    ),
    "conv3d": Recipe(
        name="tiny-conv3d",
        family="conv3d",
        architecture={"kernel": 3, "dropout": 0.2},
        preprocess=Preprocess(32),
        window=Window(3, 5.0, 2),
        schedule=SCHEDULE,
        clips=Clips(spec=SPEC),
    ),
}


@dataclass
class Trained:
    """What a training left."""

    bundle: Bundle
    told: str
    """What it printed."""
    work: Path
    """Folder of its split, checkpoints and cache."""
    before: dict[str, np.ndarray] = field(default_factory=dict)
    """Every weight by its path, when training began."""
    after: dict[str, np.ndarray] = field(default_factory=dict)
    """And when it ended."""

    def changed(self, *endings: str) -> dict[str, bool]:
        """Of the weights with these endings: whether training changed them."""
        return {
            path: not np.array_equal(value, self.after[path])
            for path, value in self.before.items()
            if path.endswith(endings)
        }


def train(folder: Path, family: str, weights: Path | None = None, recipe: Recipe | None = None) -> Trained:
    """Trains on eight clips a class, to which two bad files and, for the frame CNN, some photos are added.

    Args:
        folder: For data, work and output.
        family: Of the model.
        weights: What to start from.
        recipe: In place of the family's.
    """
    from train import run

    clips = tiny_data.clip_folder(folder / "clips", 8)
    for label in tiny_data.COLOURS:
        (clips / label / "broken.mp4").write_bytes(b"no clip")
    if family == "frame-cnn":
        tiny_data.photo_folder(clips, 3)
    trained = Trained(bundle=None, told="", work=folder / "work")  # type: ignore[arg-type]
    trainer = run.TRAINERS[family]

    def watched(job, nets) -> dict[str, list[float]]:
        trained.before = _weights(nets)
        with untraced():
            history = trainer(job, nets)
        trained.after = _weights(nets)
        return history

    recipe = recipe or RECIPES[family]
    command = [family, "--recipe", recipe.name, "--data", str(clips), "--output", str(folder / "models")]
    command += ["--work", str(trained.work), "--name", f"tiny-{family}", "--weights", str(weights or "none")]
    with (
        patch("train.recipes.load", lambda _: recipe),
        patch.dict(run.TRAINERS, {family: watched}),
        redirect_stdout(StringIO()) as printed,
    ):
        assert main(command) == 0
    trained.told = printed.getvalue()
    trained.bundle = bundles.load(folder / "models" / f"tiny-{family}")
    return trained


@contextmanager
def untraced() -> Iterator[None]:
    """Lets TensorFlow run layer by layer: to trace and optimise a graph takes many times as long as a few steps do."""
    import tensorflow

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Even though the", UserWarning)  # batches come from a graph all the same
        tensorflow.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tensorflow.config.run_functions_eagerly(False)


def _weights(nets) -> dict[str, np.ndarray]:
    import keras

    return {
        f"{part}/{weight.path}": keras.ops.convert_to_numpy(weight).copy()
        for part in ("embed", "head")
        if getattr(nets, part) is not None
        for weight in getattr(nets, part).weights
    }
