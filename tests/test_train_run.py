"""From trained networks to a bundle: calibrated, measured, described, whole or absent."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests import tiny_bundle, tiny_data, trained
from train import calibrate, data, evaluate, export, plots, report, run
from train.__main__ import main
from vidclass import bundle as bundles
from vidclass import runtime
from vidclass.classify import Classifier
from vidclass.errors import OptionError

HISTORY = {"loss": [1.234567, 0.9], "accuracy": [0.4, 0.6], "val_loss": [1.0, 1.1], "val_accuracy": [0.5, 0.7]}

OTHER = {**HISTORY, "loss": [0.3, 0.2]}


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A run whose networks name the colour of a picture; they are given, not trained."""
    folder = tiny_data.photo_folder(tmp_path / "data", 16)
    tiny_data.clip_folder(folder, 4, frames=5)
    (folder / "red" / "broken.jpg").write_bytes(b"no picture")
    items = data.split(data.read_items(folder), 0)

    def write(made, _):
        fields = {name: getattr(made, name) for name in ("name", "version", "labels", "training", "metrics")}
        return tiny_bundle.write(made.folder, **fields)

    monkeypatch.setattr(export, "write_networks", write)
    return run.Job(
        recipe=trained.RECIPES["frame-cnn"],
        items=items,
        labels=tiny_bundle.LABELS,
        output=tmp_path / "models" / "colours",
        work=tmp_path / "work",
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_bundle_is_measured_on_its_test_part(job):
    made = run.finish(job, None, HISTORY)
    assert made.folder == job.output
    parts = data.by_split(job.items)
    test = made.metrics["test"]
    broken = sum(item.path.name == "broken.jpg" for item in parts["test"])
    assert (test["count"], test["bad"]) == (len(parts["test"]) - broken, broken)
    assert test["top1"] == 1.0  # it was made to tell these colours
    assert np.sum(test["confusion"]) == test["count"]
    assert made.metrics["validation"]["count"] == len(parts["validation"])
    assert set(test["by_queue_size"]) == {"1", "8", "32", "64", "128"}
    assert {"README.md", "history.png", "confusion.png", "queue.png"} <= set(names(job.output))
    assert names(job.output.parent) == ["colours"]


def test_probabilities_are_calibrated_and_the_threshold_passes_the_validation_part(job):
    made = run.finish(job, None, HISTORY)
    found = evaluate.predict(Classifier(made, runtime.load(made)), data.by_split(job.items)["validation"])
    passed = found.means.max(axis=1) >= made.threshold
    assert passed.mean() >= 0.95
    before, after = (made.metrics["calibration"][when] for when in ("before", "after"))
    assert after["nll"] <= before["nll"]
    assert made.temperature < 1  # always right, never sure: it must become surer
    assert set(after) == {"nll", "error", "error_interval"}
    rows = [each.rows for each in evaluate.predict(_uncalibrated(made), data.by_split(job.items)["validation"]).found]
    assert made.temperature == calibrate.fit_temperature(rows, found.truth)


def _uncalibrated(made):
    return Classifier(replace(made, temperature=1.0), runtime.load(made))


def test_the_command_line_measures_what_the_card_says(job, tmp_path, capsys):
    made = run.finish(job, None, HISTORY)
    job.split.parent.mkdir(parents=True)
    data.write_split(job.items, job.split)
    file = tmp_path / "metrics.json"
    words = ["evaluate", "--model", str(job.output), "--data", str(job.split), "--split", "test", "--json", str(file)]
    assert main([*words, "--queue-size", "1", "8", "32", "64", "128"]) == 0
    found = json.loads(file.read_text())
    assert {"top1", "top3", "per_class", "confusion", "labels", "by_queue_size"} <= set(found)
    found["bad"] = len(found["bad"])
    assert found == made.metrics["test"]
    assert "top-1 1.0000" in capsys.readouterr().out


def test_how_it_came_about_is_written_down_without_this_machines_paths(job, tmp_path):
    weights = tmp_path / "secret" / "start.h5"
    made = run.finish(replace(job, recipe=replace(job.recipe, weights=str(weights), seed=7)), None, HISTORY)
    training = made.training
    assert training["recipe"]["seed"] == 7
    assert training["recipe"]["weights"] == "start.h5"
    assert training["recipe"]["schedule"]["stages"][0]["side"] == 40
    assert training["history"]["loss"] == [1.23457, 0.9]
    assert training["data"]["digest"] == run.digest_of(job.items)
    assert training["data"]["clips"] == 12
    assert {"python", "keras", "numpy"} <= set(training["versions"])
    assert str(tmp_path) not in (job.output / bundles.CONFIG).read_text()
    assert str(tmp_path) not in (job.output / "README.md").read_text()


def test_a_missing_package_only_leaves_out_its_version(job, monkeypatch):
    monkeypatch.setattr(run, "PACKAGES", ("keras", "no-such-package"))
    assert set(run.provenance(job, HISTORY)["versions"]) == {"python", "keras"}


STEPS = [
    (export, "write_networks"),
    (bundles, "write_config"),
    (runtime, "load"),
    (evaluate, "predict"),
    (calibrate, "fit_temperature"),
    (evaluate, "measure"),
    (plots, "history"),
    (plots, "confusion"),
    (plots, "queue"),
    (run, "write_report"),
    (report, "_swap"),
]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stop"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
def test_whatever_step_fails_no_half_written_bundle_appears(job, monkeypatch, step, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(*step, fail)
    with pytest.raises(type(error)):
        run.finish(job, None, HISTORY)
    assert names(job.output.parent) == []


def test_an_older_bundle_stays_until_the_new_one_is_whole(job, monkeypatch):
    run.finish(job, None, HISTORY)
    before = {path.name: path.read_bytes() for path in job.output.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr(plots, "confusion", _full)
        with pytest.raises(OSError, match="No space"):
            run.finish(job, None, OTHER)
    assert {path.name: path.read_bytes() for path in job.output.iterdir()} == before
    assert run.finish(job, None, OTHER).training["history"] == OTHER
    assert names(job.output.parent) == ["colours"]


def _full(*_):
    raise OSError(28, "No space left on device")


def test_checkpoints_belong_to_a_recipe_its_labels_and_its_data(job):
    others = [
        replace(job, recipe=replace(job.recipe, seed=1)),
        replace(job, labels=job.labels[::-1]),
        replace(job, items=[replace(item, split="train") for item in job.items]),
    ]
    assert len({each.checkpoints for each in [job, *others]}) == 4
    assert replace(job, output=job.output.with_name("other")).checkpoints == job.checkpoints
    assert replace(job, items=job.items[::-1]).checkpoints == job.checkpoints


def test_a_run_is_refused_before_anything_is_written(job):
    with pytest.raises(OptionError, match="lower-case"):
        run.train(replace(job, output=job.output.with_name("My Model")))
    assert not job.work.exists()
    assert not job.output.parent.exists()
