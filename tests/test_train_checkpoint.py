"""What a training run keeps after each epoch."""

import json

import keras
import numpy as np
import pytest

from train.checkpoint import Checkpoint, average_with_best, load_best, load_blend, save_start
from vidclass.errors import OptionError


@pytest.fixture
def model():
    inputs = keras.Input((2,))
    made = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(inputs))
    made.compile("sgd", "categorical_crossentropy")
    return made


def fill(model, value):
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])


def value_of(model):
    (value,) = {float(number) for weight in model.get_weights() for number in np.ravel(weight)}
    return value


def model_of(model, value):
    fill(model, value)
    return model


def run(folder, model, *scores, **settings):
    """Epochs whose weights are all 1, all 2, and so on, with these accuracies on the validation part."""
    left = list(scores)
    checkpoint = Checkpoint(folder, lambda _: (0.5, left.pop(0)), **settings)
    checkpoint.set_model(model)
    first = checkpoint.epochs_done
    for epoch in range(first, first + len(scores)):
        fill(model, epoch + 1)
        checkpoint.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.1})
    return checkpoint


@pytest.mark.parametrize(("scores", "best"), [((0.2, 0.9, 0.5), 2), ((0.9, 0.9, 0.8), 2), ((0.1, 0.2, 0.3), 3)])
def test_the_best_epoch_is_kept_the_last_of_equals(tmp_path, model, scores, best):
    run(tmp_path, model, *scores)
    load_best(model, tmp_path)
    assert value_of(model) == best


def test_the_best_epoch_is_remembered_by_a_run_that_goes_on(tmp_path, model):
    run(tmp_path, model, 0.2, 0.9)
    found = run(tmp_path, model, 0.5)
    assert found.progress["val_accuracy"] == [0.2, 0.9, 0.5]
    load_best(model, tmp_path)
    assert value_of(model) == 2


def test_a_stage_can_leave_earlier_epochs_out_of_the_choice(tmp_path, model):
    run(tmp_path, model, 0.9)
    run(tmp_path, model, 0.5, 0.4, since=1)
    load_best(model, tmp_path)
    assert value_of(model) == 2


def test_going_on_starts_from_the_last_epoch(tmp_path, model):
    run(tmp_path, model, 0.9, 0.5)
    fill(model, 0)
    found = Checkpoint(tmp_path, lambda _: (0, 0))
    found.set_model(model)
    assert found.epochs_done == 2
    found.restore()
    assert value_of(model) == 2


def test_a_new_run_has_nothing_to_restore(tmp_path, model):
    fill(model, 7)
    found = Checkpoint(tmp_path / "new", lambda _: (0, 0))
    found.set_model(model)
    found.restore()
    assert found.epochs_done == 0
    assert value_of(model) == 7


def test_the_mean_of_best_and_last(tmp_path, model):
    run(tmp_path, model, 0.1, 0.9, 0.5, 0.4)
    average_with_best(model, tmp_path)
    assert value_of(model) == 3  # of 2 and 4


@pytest.mark.parametrize(("best_at", "expected"), [(2.5, 2.5), (4.0, 4.0), (0.0, 1.0)])
def test_the_blend_of_start_and_best_that_validates_best(tmp_path, model, best_at, expected):
    save_start(model_of(model, 1), tmp_path)
    run(tmp_path, model, 0.1, 0.2, 0.3, 0.9, 0.5)  # best weights are all 4
    save_start(model_of(model, 9), tmp_path)  # a run that goes on does not take what it has for the start
    fill(model, 0)
    load_blend(model, tmp_path, (0.0, 0.5, 1.0), lambda network: (0.5, -abs(value_of(network) - best_at)))
    assert value_of(model) == expected


def test_of_blends_that_are_right_as_often_the_surer_is_taken(tmp_path, model):
    save_start(model_of(model, 1), tmp_path)
    run(tmp_path, model, 0.1, 0.2, 0.9)
    load_blend(model, tmp_path, (0.5, 1.0), lambda network: (value_of(network), 0.9))
    assert value_of(model) == 2


def test_a_quick_training_keeps_no_more_than_the_best(tmp_path, model):
    run(tmp_path, model, 0.9, keep_last=False)
    assert [path.name for path in tmp_path.iterdir()] == ["best.weights.h5"]


@pytest.mark.parametrize("failing", ["best.weights.h5", "last.weights.h5", "progress.json"])
def test_a_full_disk_leaves_no_half_written_file(tmp_path, model, monkeypatch, failing):
    run(tmp_path, model, 0.1)
    save, dumps = keras.Model.save_weights, json.dumps
    kept = (tmp_path / failing).read_bytes()

    def full(self, path, *args):
        save(self, path, *args)
        if failing.partition(".")[0] in path.name:
            path.write_bytes(path.read_bytes()[:100])
            raise OSError(28, "No space left on device")

    def no_room(value):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save_weights", full)
    monkeypatch.setattr("train.checkpoint.json.dumps", no_room if failing == "progress.json" else dumps)
    with pytest.raises(OptionError, match="The disk must have room"):
        run(tmp_path, model, 0.9)
    assert (tmp_path / failing).read_bytes() == kept
    assert {path.name for path in tmp_path.iterdir()} == {"best.weights.h5", "last.weights.h5", "progress.json"}
