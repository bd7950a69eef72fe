"""The CNN that sees motion: its stacks are serving's, and it learns what only motion tells."""

import keras
import numpy as np
import pytest

from tests import tiny_data
from tests.trained import untraced
from train import fit, flow_cnn, pictures
from train.augment import Strength
from train.data import Item
from train.pictures import PictureSpec
from vidclass import backbones
from vidclass.motion import STILL, Motion
from vidclass.preprocess import Preprocess

pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")  # see `untraced`

SIDE = 32
SCHEDULE = fit.Schedule(
    stages=(fit.Stage(SIDE, 1, 1e-3, batch_norm=True),), batch_size=4, warmup_steps=1, per_clip=4, strength=Strength()
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    items = [Item(tiny_data.clip(folder / f"{n}.mp4", 30), "ab"[n % 2], str(n)) for n in range(4)]
    return pictures.load(items, PictureSpec(40, 10.0), folder / "cache")


@pytest.mark.parametrize(("last", "shown"), [(0, [0]), (3, [1, 3]), (9, [3, 5, 7, 9])])
def test_the_moves_up_to_a_picture_are_those_of_serving(store, last, shown):
    preprocess = Preprocess(2 * SIDE)
    motion = Motion(SIDE, 3)
    expected = [motion(preprocess(store[0, n])) for n in shown][-1]
    assert np.array_equal(flow_cnn.moves(preprocess, store, 0, last, 2, SIDE, 3), expected)
    still = (expected == STILL).all(axis=(0, 1)).reshape(3, 2).all(axis=1)
    assert not still[3 - (len(shown) - 1) :].all() or last == 0


def stacks(store, **changed):
    settings = {"targets": np.eye(4, dtype=np.float32), "schedule": SCHEDULE, "side": SIDE, "flows": 2, "step": 2}
    return flow_cnn.TrainingFlow(store, range(4), **{**settings, "seed": 0, **changed})


def test_an_epoch_takes_the_same_number_of_moments_of_every_clip(store):
    found = stacks(store)
    assert len(found) == 4
    batches = [found[n] for n in range(4)]
    assert all(flow.shape == (4, SIDE, SIDE, 4) and flow.dtype == np.uint8 for flow, _ in batches)
    assert sum(targets for _, targets in batches).sum(axis=0).tolist() == [4, 4, 4, 4]


def test_seed_and_epoch_decide_the_batches(store):
    first = stacks(store)[0][0]
    assert np.array_equal(first, stacks(store)[0][0])
    assert not np.array_equal(first, stacks(store, seed=1)[0][0])
    later = stacks(store)
    later.on_epoch_end()
    assert not np.array_equal(first, later[0][0])
    assert np.array_equal(later[0][0], stacks(store, first_epoch=1)[0][0])


def test_every_weight_is_trained_and_the_run_can_go_on(store, tmp_path):
    keras.utils.set_random_seed(0)
    network = backbones.flow_embed(SIDE, 2)
    before = {weight.path: keras.ops.convert_to_numpy(weight).copy() for weight in network.weights}
    parts = {"train": [0, 1, 2, 3], "validation": [0, 1]}
    with untraced():
        history = flow_cnn.train(network, store, [0, 1, 0, 1], parts, 2, Preprocess(2 * SIDE), SCHEDULE, 2, 0, tmp_path)
    assert len(history["val_accuracy"]) == 1
    # Batch norm's statistics too: they came from pictures, or from nowhere. Nothing is left as it was delivered.
    assert [path for path, value in before.items() if np.array_equal(value, _named(network, path))] == []
    after = network.get_weights()
    again = backbones.flow_embed(SIDE, 2)
    with untraced():
        flow_cnn.train(again, store, [0, 1, 0, 1], parts, 2, Preprocess(2 * SIDE), SCHEDULE, 2, 0, tmp_path)
    assert all(np.array_equal(one, other) for one, other in zip(after, again.get_weights(), strict=True))


def _named(network, path):
    return next(keras.ops.convert_to_numpy(weight) for weight in network.weights if weight.path == path)
