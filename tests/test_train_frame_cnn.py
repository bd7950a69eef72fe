"""The frame CNN's training on photos and frames of clips."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests import tiny_data
from tests.trained import untraced
from train import data, fit, frame_cnn
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from vidclass.networks import Networks
from vidclass.preprocess import Preprocess

pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")  # see `untraced`

LABELS = ("blue", "green", "red")
SCHEDULE = Schedule(
    stages=(Stage(16, 2, 1e-2), Stage(24, 1, 1e-3, gentle=True)),
    batch_size=6,
    warmup_steps=1,
    mixup=0.5,
    head_epochs=15,
    head_rate=1e-1,
    per_clip=4,
)


@pytest.fixture
def items(tmp_path):
    folder = tiny_data.photo_folder(tmp_path / "data", 6)
    tiny_data.clip_folder(folder, 4)
    return data.split(data.read_items(folder), 0)


@pytest.fixture
def nets():
    """A tiny CNN of open size, and a head."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    embed = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x))
    feature = keras.Input((8,))
    x = keras.layers.Dropout(0.1)(feature)
    return Networks(embed, keras.Model(feature, keras.layers.Dense(3, activation="softmax")(x)))


def train(items, nets, folder, **changed):
    settings = {
        "labels": LABELS,
        "preprocess": Preprocess(24),
        "schedule": SCHEDULE,
        "spec": PictureSpec(32, 10.0),
        "seed": 0,
        "folder": folder / "run",
        "cache": folder / "cache",
    }
    with untraced():
        return frame_cnn.train(items, nets=nets, **{**settings, **changed})


def test_photos_and_frames_are_learnt_through_stages_of_other_sizes(items, nets, tmp_path):
    kernel = nets.embed.get_weights()[0]
    history = train(items, nets, tmp_path)
    assert len(history["loss"]) == 3
    assert max(history["val_accuracy"]) >= 0.75  # three colours are easy
    assert not np.array_equal(nets.embed.get_weights()[0], kernel)


@pytest.fixture
def watched(monkeypatch):
    """Trains the head only, and keeps what would train the rest."""
    seen = {}

    def train_whole(model, schedule, dataset, validate, folder):
        seen.update(model=model, dataset=dataset, validate=validate)
        return {}

    monkeypatch.setattr(fit, "train_whole", train_whole)
    return seen


def test_the_head_is_fitted_first_and_the_backbone_left_alone(items, nets, tmp_path, watched):
    before = [weight.copy() for weight in nets.embed.get_weights()]
    train(items, nets, tmp_path)
    assert all(np.array_equal(one, other) for one, other in zip(nets.embed.get_weights(), before, strict=True))
    _, top1 = watched["validate"](24)(watched["model"])
    assert top1 >= 0.75


def test_a_run_that_goes_on_does_not_fit_the_head_again(items, nets, tmp_path, watched):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "progress.json").write_text("{}")
    before = nets.head.get_weights()[0].copy()
    train(items, nets, tmp_path)
    assert np.array_equal(nets.head.get_weights()[0], before)


def test_a_teachers_rows_stand_in_for_labels(items, nets, tmp_path, watched):
    taught = next(item for item in items if item.split == "train")
    row = np.array([0.2, 0.5, 0.3], np.float32)
    train(items, nets, tmp_path, soft_targets={str(taught.path): row}, schedule=replace(SCHEDULE, mixup=0.0))
    batches = watched["dataset"](SCHEDULE.stages[0], 0)
    targets = np.concatenate([batches[n][1] for n in range(len(batches))])
    alike = np.isclose(targets, row).all(axis=1)
    assert 1 <= alike.sum() <= SCHEDULE.per_clip
    smooth = fit.one_hot([0], 3, SCHEDULE.label_smoothing).max()
    assert np.allclose(targets[~alike].max(axis=1), smooth)


def test_each_stage_has_its_size_and_the_last_is_not_blended(items, nets, tmp_path, watched):
    train(items, nets, tmp_path, schedule=replace(SCHEDULE, mixup=1.0))
    first, last = (watched["dataset"](stage, 0) for stage in SCHEDULE.stages)
    assert first[0][0].shape[1:] == (16, 16, 3)
    assert last[0][0].shape[1:] == (24, 24, 3)
    smooth = fit.one_hot([0], 3, SCHEDULE.label_smoothing).max()
    blended = [not np.allclose(batch[n][1].max(axis=1), smooth) for batch in (first, last) for n in range(3)]
    assert any(blended[:3])
    assert not any(blended[3:])


def test_networks_that_do_not_embed_are_no_frame_cnn(items, nets, tmp_path):
    with pytest.raises(ValueError, match="must embed"):
        train(items, Networks(None, nets.head), tmp_path)
