"""Training that can be interrupted, keeps the best epoch, and leaves batch norm's statistics alone."""

import json

import keras
import numpy as np
import pytest

from tests.trained import untraced
from train import fit
from train.augment import GENTLE
from train.fit import Schedule, Stage
from vidclass import backbones

STAGES = (Stage(8, 2, 3e-2), Stage(8, 2, 1e-2, gentle=True, batch_norm=True))
SCHEDULE = Schedule(stages=STAGES, batch_size=4, warmup_steps=3, weight_decay=1e-3)


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Tracing a graph for each stage of each run would take longer than all the rest."""
    with untraced():
        yield


pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")  # see `untraced`


class Interrupted(Exception):
    """The power is gone."""


class Noise(keras.utils.PyDataset):
    """Batches of noise, tinted by class; each epoch's are others. Can break at a batch."""

    def __init__(self, first_epoch=0, breaks_at=None):
        super().__init__(workers=2)
        self.epoch, self.breaks_at = first_epoch, breaks_at

    def __len__(self):
        return 4

    def on_epoch_end(self):
        self.epoch += 1

    def __getitem__(self, index):
        if (self.epoch, index) == self.breaks_at:
            raise Interrupted
        random = np.random.default_rng((self.epoch, index))
        classes = random.integers(0, 3, 4)
        pixels = random.uniform(0, 150, (4, 8, 8, 3)).astype(np.float32)
        pixels[np.arange(4), :, :, classes] += 100
        return pixels, np.eye(3, dtype=np.float32)[classes]


def small_network(seed=0):
    """A convolution, a batch norm that keeps its statistics, dropout, classes."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = keras.layers.Conv2D(6, 3, padding="same", name="convolution")(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(name="norm")(x))
    x = keras.layers.Dropout(0.3)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(pixels, keras.layers.Dense(3, activation="softmax", name="classes")(x))
    return backbones.keep_statistics(model)


def scores(*values):
    """A validation that tells these accuracies, one an epoch, and breaks at a text."""
    left = list(values)

    def validate(_):
        value = left.pop(0)
        if isinstance(value, str):
            raise Interrupted
        return 1.0 - value, value

    return validate


def train(folder, *values, schedule=SCHEDULE, seed=0, breaks_at=None):
    """Trains; returns the network and its history."""
    model, validate = small_network(seed), scores(*values)
    history = fit.train_whole(
        model, schedule, lambda stage, first: Noise(first, breaks_at), lambda side: validate, folder
    )
    return model, history


def weights(model):
    return [weight.copy() for weight in model.get_weights()]


def equal(one, other):
    return all(
        np.allclose(mine, its, rtol=0, atol=1e-6) for mine, its in zip(weights(one), weights(other), strict=True)
    )


def named(model):
    """`layer/weight` -> its values."""
    return {
        "/".join(weight.path.split("/")[-2:]): keras.ops.convert_to_numpy(weight).copy() for weight in model.weights
    }


RISING = (0.1, 0.2, 0.3, 0.4)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run."""
    return train(tmp_path_factory.mktemp("whole"), *RISING)


@pytest.mark.parametrize("epoch", [2, 3])
def test_a_run_interrupted_after_any_epoch_ends_with_the_same_weights(tmp_path, whole, epoch):
    with pytest.raises(Interrupted):
        train(tmp_path, *RISING[:epoch], "interrupted")
    # Another process has other initial weights, which must not matter.
    model, history = train(tmp_path, *RISING[epoch:], seed=7)
    assert equal(model, whole[0])
    assert history["val_accuracy"] == pytest.approx(RISING)
    assert history["loss"] == pytest.approx(whole[1]["loss"], rel=1e-5)


def test_a_run_interrupted_amid_an_epoch_repeats_it_and_a_finished_run_trains_no_further(tmp_path, whole):
    with pytest.raises(Exception, match="Interrupted"):
        train(tmp_path, *RISING, breaks_at=(2, 2))  # Keras draws an epoch before the first: this is the second
    assert len(json.loads((tmp_path / "progress.json").read_text())["loss"]) == 1
    model, _ = train(tmp_path, *RISING[1:], seed=7)
    assert equal(model, whole[0])
    again, history = train(tmp_path, "no more epochs", seed=8)
    assert equal(again, whole[0])
    assert history["val_accuracy"] == pytest.approx(RISING)


def test_a_stage_can_have_fewer_batches_than_there_are(tmp_path):
    for name, steps in (("some", 2), ("more than there are", 9)):
        schedule = Schedule(stages=(Stage(8, 2, 3e-2, steps=steps),), batch_size=4, warmup_steps=1)
        model, _ = train(tmp_path / name, 0.1, 0.2, schedule=schedule)
        assert int(model.optimizer.iterations) == 2 * min(steps, 4)


def test_every_kernel_is_trained_and_no_statistic(tmp_path):
    schedule = Schedule(stages=(Stage(8, 1, 3e-2),), batch_size=4, warmup_steps=1)
    before = named(small_network())
    after = named(train(tmp_path, *RISING[:1], schedule=schedule)[0])
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert {name for name in before if name.endswith(("kernel", "classes/bias"))} <= changed
    assert not {name for name in changed if "norm" in name}


def test_scale_and_offset_are_trained_where_a_stage_says_so(tmp_path):
    schedule = Schedule(stages=(Stage(8, 1, 3e-2, batch_norm=True),), batch_size=4, warmup_steps=1)
    before = named(small_network())
    after = named(train(tmp_path, 0.5, schedule=schedule)[0])
    changed = {name.split("/")[-1] for name in before if not np.array_equal(before[name], after[name])}
    assert {"gamma", "beta", "kernel"} <= changed
    assert not {"moving_mean", "moving_variance"} & changed


def test_batch_norm_is_frozen_again_after_its_stage():
    model = small_network()
    fit.train_batch_norm(model, True)
    free = len(model.trainable_weights)
    fit.train_batch_norm(model, False)
    assert len(model.trainable_weights) == free - 2


def test_the_rate_warms_up_and_falls_to_nothing():
    rate = fit.optimizer(SCHEDULE, 0.1, 40)._learning_rate
    values = [float(rate(step)) for step in range(41)]
    assert values[0] == pytest.approx(0)
    assert max(values) == pytest.approx(0.1)
    assert values.index(max(values)) == 3
    assert values[-1] == pytest.approx(0, abs=1e-6)


def test_weights_decay_and_offsets_do_not():
    model = small_network()
    made = fit.optimizer(SCHEDULE, 0.1, 40)
    made.build(model.trainable_variables)
    decays = {name: made._use_weight_decay(weight) for name, weight in zip(named(model), model.weights, strict=True)}
    assert decays["convolution/kernel"]
    assert not any(decay for name, decay in decays.items() if name.endswith(("bias", "gamma", "beta")))


def test_targets_are_smoothed_towards_the_uniform():
    assert fit.one_hot([1, 0], 4, 0.0).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]
    assert fit.one_hot([1], 4, 0.2)[0].tolist() == pytest.approx([0.05, 0.85, 0.05, 0.05])


def test_an_item_is_judged_by_the_mean_of_its_rows():
    rows = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]], np.float32)
    owners = np.array([0, 0, 2, 2])
    loss, top1 = fit.clip_top1(rows, owners, [0, 9, 0])
    assert top1 == 0.5
    assert loss == pytest.approx(-np.log([0.6, 0.4]).mean())


def test_the_last_stages_change_pictures_little():
    assert SCHEDULE.strength_in(STAGES[0]) == SCHEDULE.strength
    assert SCHEDULE.strength_in(STAGES[1]) == GENTLE
    assert SCHEDULE.epochs == 4
