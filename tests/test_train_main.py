"""The training command from data to bundle, once for each family, and what it refuses."""

import json
from functools import cache

import keras
import numpy as np
import pytest

import vidclass
from tests import tiny_data, trained
from train import data, run
from train.__main__ import main

FAMILIES = ("frame-cnn", "cnn-gru", "conv3d")


@pytest.fixture(scope="module")
def training(tmp_path_factory, tiny_bundle):
    """A training of a family, run once. Those with a 2D CNN start from that of another bundle."""

    @cache
    def run(family):
        weights = None if family == "conv3d" else tiny_bundle("frame-cnn").folder
        return trained.train(tmp_path_factory.mktemp(family), family, weights)

    return run


@pytest.mark.parametrize("family", FAMILIES)
def test_a_training_ends_with_a_bundle_that_classifies(training, family, tmp_path):
    made = training(family).bundle
    assert (made.name, made.family) == (f"tiny-{family}", family)
    assert made.labels == ("blue", "green", "red")
    recipe = trained.RECIPES[family]
    assert (made.preprocess, made.window) == (recipe.preprocess, recipe.window)
    assert {path.name for path in made.folder.parent.iterdir()} == {made.name}
    analysis = vidclass.analyse(tiny_data.clip(tmp_path / "a.mp4", 12), vidclass.load(made.folder))
    assert analysis.rows.shape == (12, 3)
    assert np.allclose(analysis.rows.sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kernel_is_trained_and_no_statistic(training, family):
    found = training(family)
    kernels = found.changed("kernel")
    if family == "cnn-gru":  # its CNN was trained before; only the head is trained here
        assert all(changed == path.startswith("head/") for path, changed in kernels.items())
    else:
        assert len(kernels) > 25
        assert all(kernels.values())
    assert not any(found.changed("moving_mean", "moving_variance").values())
    assert all(np.isfinite(value).all() for value in found.after.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_scale_and_offset_are_trained_where_the_recipe_says_so(training, family):
    changed = training(family).changed("gamma", "beta").values()
    assert all(changed) if family == "frame-cnn" else not any(changed)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_card_can_be_measured_again(training, family, tmp_path):
    found = training(family)
    file = tmp_path / "metrics.json"
    split = found.work / found.bundle.name / "split.csv"
    words = ["evaluate", "--model", found.bundle.folder, "--data", split, "--split", "test", "--json", file]
    assert main([str(word) for word in words]) == 0
    test, again = found.bundle.metrics["test"], json.loads(file.read_text())
    assert (again["top1"], again["confusion"]) == (test["top1"], test["confusion"])
    assert again["by_queue_size"] == test["by_queue_size"]
    assert test["top1"] == found.bundle.metrics["test"]["top1"]


def test_the_arithmetic_that_is_measured_can_be_chosen(training, monkeypatch):
    found, load, asked = training("frame-cnn"), vidclass.load, []
    monkeypatch.setattr(vidclass, "load", lambda *given, **options: asked.append(options) or load(*given, **options))
    split = found.work / found.bundle.name / "split.csv"
    words = ["evaluate", "--model", found.bundle.folder, "--data", split, "--split", "test", "--precision", "f32"]
    assert main([str(word) for word in words]) == 0
    assert asked == [{"precision": "f32"}]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_split_keeps_sources_apart_and_bad_files_are_counted(training, family):
    found = training(family)
    items = data.read_items(found.work / found.bundle.name / "split.csv")
    parts = data.by_split(items)
    assert set(parts) == {"train", "validation", "test"}
    groups = [{item.group for item in parts[part]} for part in parts]
    assert not groups[0] & groups[1]
    broken = sum(item.path.name == "broken.mp4" for item in parts["test"])
    test = found.bundle.metrics["test"]
    assert (test["count"], test["bad"]) == (len(parts["test"]) - broken, broken)


@pytest.mark.parametrize("family", FAMILIES)
def test_bad_files_are_named_at_the_end(training, family):
    lines = training(family).told.splitlines()
    (wrote,) = [number for number, line in enumerate(lines) if line.startswith("Wrote ")]
    last = lines[wrote + 1]
    assert last.startswith("Skipped ")
    assert "unreadable files of training and validation" in last
    assert "broken.mp4" in last


@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_leaves_its_history_in_the_bundle(training, family):
    history = training(family).bundle.training["history"]
    epochs = 2 if family == "cnn-gru" else 1
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history)
    assert all(len(values) == epochs for values in history.values())


def test_going_on_with_a_finished_run_trains_nothing_and_has_the_same_weights(training, monkeypatch):
    found = training("conv3d")
    monkeypatch.setattr(keras.Model, "fit", None)
    monkeypatch.setattr(run, "finish", lambda *_: None)
    again = trained.train(found.work.parent, "conv3d")
    # Keras numbers the layers on, so their names differ.
    for value, other in zip(found.after.values(), again.after.values(), strict=True):
        assert np.array_equal(value, other)


@pytest.fixture
def photos(tmp_path):
    return tiny_data.photo_folder(tmp_path / "photos", 5, ("red", "blue"))


def refuse(capsys, tmp_path, *words):
    """What the command says on its one line; it must have left nothing."""
    before = sorted(tmp_path.rglob("*"))
    places = ["--output", tmp_path / "models", "--work", tmp_path / "runs"] if words[0] in FAMILIES else []
    assert main([str(word) for word in (*words, *places)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("train: error: ")
    assert told.count("\n") == 1
    assert "Traceback" not in told
    left = {path for path in tmp_path.rglob("*") if path not in before}
    assert left <= {tmp_path / "models"}
    return told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--labels", "red"), "at least two classes"),
        (("--labels", "red", "purple"), "None found for: purple"),
        (("--rename", "red=blue"), "at least two classes"),
        (("--recipe", "none"), "The recipe must be one of"),
        (("--recipe", "conv3d-ucf"), "of the family frame-cnn"),
        (("--name", "My Model"), "lower-case letters"),
        (("--size", "16"), "32 to 1024"),
        (("--epochs", "0"), "at least 1"),
        (("--batch-size", "many"), "at least 1"),
        (("--backbone", "VGG"), "invalid choice: 'VGG'"),
        (("--weights", "missing.h5", "--size", "32"), "Received: missing.h5"),
        (("--unknown",), "unrecognized arguments"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_option_is_one_line(photos, tmp_path, capsys, words, told):
    assert told in refuse(capsys, tmp_path, "frame-cnn", "--data", photos, "--weights", "none", *words)


def test_data_that_cannot_be_trained_is_one_line(photos, tmp_path, capsys):
    def told(*words):
        return refuse(capsys, tmp_path, "frame-cnn", *words)

    assert "The data must be named" in told()
    assert "must be a folder" in told("--data", tmp_path / "nothing")
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("video_name,tag\na.avi,red\nb.avi,blue\n")
    test.write_text("video_name,tag\nc.avi,red\n")
    assert "None found for: blue" in told("--train-list", train, "--test-list", test)
    test.write_text("video_name,tag\nc.avi,red\nd.avi,green\n")
    assert "Not trained: green" in told("--train-list", train, "--test-list", test)
    train.write_text("name,label\na.avi,red\n")
    assert "must have the columns" in told("--train-list", train, "--test-list", test)
    for path in photos.rglob("*.jpg"):
        path.write_bytes(b"no picture")
    assert "must have a file that can be read" in told("--data", photos)


def test_measuring_is_refused_in_one_line(photos, tmp_path, capsys):
    def told(*words):
        return refuse(capsys, tmp_path, "evaluate", *words)

    assert "The model must be one of" in told("--model", "none", "--data", photos)
    assert "queue size" in told("--model", "none", "--data", photos, "--queue-size", "0")
    assert "folder that can be written to" in told("--model", "none", "--json", tmp_path / "no" / "a.json")


def test_a_full_disk_is_one_line(photos, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(data, "write_split", full)
    monkeypatch.setattr("train.start.build", lambda *_: None)
    words = ["frame-cnn", "--data", photos, "--weights", "none", "--output", tmp_path / "m", "--work", tmp_path / "w"]
    assert main([str(word) for word in words]) == 2
    assert "No space left on device" in capsys.readouterr().err


def test_ctrl_c_ends_without_a_traceback(photos, tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "read_items", stop)
    assert main(["frame-cnn", "--data", str(photos)]) == 130
    assert capsys.readouterr().err == "train: stopped; the same command goes on from the last epoch\n"


@pytest.fixture
def jobs(monkeypatch):
    """What would be trained."""
    seen = []
    monkeypatch.setattr(run, "train", seen.append)
    return seen


def test_options_change_the_recipe(photos, tmp_path, jobs):
    words = [
        "--data",
        photos,
        "--weights",
        "none",
        "--backbone",
        "MobileNet",
        "--size",
        "64",
        "--geometry",
        "center_crop",
    ]
    words += ["--seed", "5", "--batch-size", "7", "--epochs", "3", "--output", tmp_path, "--name", "mine"]
    assert main(["frame-cnn", *map(str, words)]) == 0
    (job,) = jobs
    recipe = job.recipe
    assert recipe.weights is None
    assert recipe.architecture["backbone"] == "MobileNet"
    assert (recipe.preprocess.size, recipe.preprocess.geometry) == (64, "center_crop")
    assert all(32 <= stage.side <= 64 for stage in recipe.schedule.stages)
    assert (recipe.seed, recipe.schedule.batch_size, recipe.schedule.epochs) == (5, 7, 3)
    assert job.output == tmp_path / "mine"
    assert job.labels == ("blue", "red")
    assert {item.split for item in job.items} == {"train", "validation", "test"}


def test_a_random_split_ignores_sources(tmp_path, jobs):
    folder = tmp_path / "clips"
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        for group in range(4):
            for number in range(10):
                (folder / label / f"v_{label}_g{group:02}_c{number:02}.mp4").touch()
    for splitter in ("group", "random"):
        assert main(["conv3d", "--data", str(folder), "--splitter", splitter, "--output", str(tmp_path)]) == 0
    sources = [{item.path.name.rpartition("_")[0] for item in job.items if item.split == "test"} for job in jobs]
    assert len(sources[0]) == 2  # one source of four a class
    assert len(sources[1]) > 5
