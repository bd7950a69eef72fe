"""A recipe and data in, a measured bundle out: split, train, export, calibrate, measure, describe."""

import contextlib
import hashlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras

from train import (
    calibrate,
    checks,
    cnn_gru,
    conv3d,
    data,
    evaluate,
    export,
    features,
    flow_cnn,
    frame_cnn,
    pictures,
    plots,
    start,
)
from train.data import Item
from train.recipe import Recipe
from train.report import replacing_folder, write_report
from vidclass import backbones, networks, runtime
from vidclass import bundle as bundles
from vidclass.bundle import Bundle
from vidclass.classify import Classifier

PACKAGES = ("keras", "tensorflow", "openvino", "numpy", "opencv-python-headless", "av")
"""Whose versions a bundle names."""


@dataclass(frozen=True)
class Job:
    """A training run."""

    recipe: Recipe
    items: Sequence[Item]
    """Every item with its part."""
    labels: tuple[str, ...]
    output: Path
    """Folder of the bundle."""
    work: Path
    """Folder of the runs: their splits and checkpoints, and the cache that they share."""
    sources: tuple[str, ...] = ()
    """What the weights are made from: keys of `rights.SOURCES`, or sentences."""

    @property
    def split(self) -> Path:
        """The list that says which part each item was in, so that the card's numbers can be measured again."""
        return self.work / self.output.name / "split.csv"

    @property
    def checkpoints(self) -> Path:
        """Where this recipe's checkpoints are, so that an interrupted run goes on and a changed one does not."""
        digest = hashlib.sha256(f"{self.recipe} {self.labels} {digest_of(self.items)}".encode()).hexdigest()
        return self.work / f"{self.recipe.name}-{digest[:8]}"


def digest_of(items: Sequence[Item]) -> str:
    """A digest of the list: labels, parts, and files by name and size."""
    lines = sorted(
        f"{item.label} {item.split} {item.path.name} {item.path.stat().st_size if item.path.is_file() else 0}"
        for item in items
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def train(job: Job) -> Bundle:
    """Runs a job from its split to its bundle; goes on where an interrupted run stopped.

    Raises:
        DataError: The data cannot train or test these labels.
        OptionError: The networks or the bundle cannot be made as asked.
    """
    checks.check_output(job.output, job.recipe.preprocess.size)
    checks.check_parts(job.items, job.labels)
    nets = start.build(job.recipe, len(job.labels))
    job.split.parent.mkdir(parents=True, exist_ok=True)
    data.write_split(job.items, job.split)
    print(checks.describe(job.items), flush=True)
    history = TRAINERS[job.recipe.family](job, nets)
    made = finish(job, nets, history)
    # Decoded already: this only reads what was noted then, hours ago.
    used = [item for item in job.items if item.split in ("train", "validation")]
    pictures.tell_bad(pictures.load(used, job.recipe.kept, job.work / "cache").bad, "training and validation")
    return made


def _train_frame_cnn(job: Job, nets: networks.Networks) -> dict[str, list[float]]:
    recipe = job.recipe
    return frame_cnn.train(
        job.items,
        job.labels,
        nets,
        recipe.preprocess,
        recipe.schedule,
        recipe.pictures,
        recipe.seed,
        job.checkpoints,
        job.work / "cache",
    )


def _train_conv3d(job: Job, nets: networks.Networks) -> dict[str, list[float]]:
    recipe = job.recipe
    return conv3d.train(
        job.items,
        job.labels,
        nets.head,
        recipe.preprocess,
        recipe.window,
        recipe.schedule,
        recipe.clips,
        recipe.seed,
        job.checkpoints,
        job.work / "cache",
    )


def _train_cnn_gru(job: Job, nets: networks.Networks) -> dict[str, list[float]]:
    recipe = job.recipe
    head, preprocess, seed, cache = recipe.head, recipe.preprocess, recipe.seed, job.work / "cache"
    store, used = cnn_gru.decode(job.items, head, cache)
    truth = [job.labels.index(item.label) for item in used]
    parts = {part: [n for n, item in enumerate(used) if item.split == part] for part in ("train", "validation")}
    flow, flows = backbones.streams(nets.embed)[1], recipe.architecture.get("flows", 0)
    if flow is not None:
        folder = job.checkpoints / "flow"
        flow_cnn.train(flow, store, truth, parts, len(job.labels), preprocess, recipe.schedule, head.step, seed, folder)
    embed, key = export.embedding(nets.embed, preprocess, job.checkpoints)
    found = features.extract(embed, key, store, preprocess, head.strength, head.views, head.step, seed, cache, flows)
    return cnn_gru.train_head(
        nets.head, found, truth, parts, len(job.labels), recipe.window, head, seed, job.checkpoints
    )


TRAINERS: dict[str, Callable[[Job, networks.Networks], dict[str, list[float]]]] = {
    "frame-cnn": _train_frame_cnn,
    "conv3d": _train_conv3d,
    "cnn-gru": _train_cnn_gru,
}


def finish(job: Job, nets: networks.Networks, history: dict[str, list[float]]) -> Bundle:
    """Trained networks -> a calibrated, measured, described bundle, which appears under its name only when whole."""
    recipe = job.recipe
    with replacing_folder(job.output) as partial:
        made = export.write_networks(
            Bundle(
                folder=partial,
                name=job.output.name,
                version=recipe.version,
                family=recipe.family,
                architecture=recipe.architecture,
                preprocess=recipe.preprocess,
                window=recipe.window,
                labels=job.labels,
                training=provenance(job, history),
            ),
            nets,
        )
        made, metrics = measure(made, job.items)
        plots.history(history, partial / "history.png")
        write_report(replace(made, metrics=metrics))
    print(f"Wrote {job.output}", flush=True)
    return bundles.load(job.output)


def provenance(job: Job, history: dict[str, list[float]]) -> dict[str, Any]:
    """How the weights came about, as JSON-ready values."""
    recipe = json.loads(json.dumps(asdict(job.recipe), default=str))
    for given in ("weights", "flow_weights"):
        if recipe[given] not in (None, "imagenet"):
            recipe[given] = Path(recipe[given]).name
    return {
        "sources": list(job.sources),
        "recipe": recipe,
        "data": {
            "digest": digest_of(job.items),
            "parts": dict(Counter(item.split for item in job.items)),
            "photos": sum(not item.is_clip for item in job.items),
            "clips": sum(item.is_clip for item in job.items),
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "backend": keras.backend.backend(),
        "history": {name: [round(value, 5) for value in values] for name, values in history.items()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):  # the same library can come in a package of another name
            found[name] = version(name)
    return found


def measure(made: Bundle, items: Sequence[Item]) -> tuple[Bundle, dict[str, Any]]:
    """Calibrates the bundle on the validation part and measures it on the test part, which is classified once.

    Returns:
        The bundle with temperature and threshold, and the metrics.
    """
    parts = data.by_split(items)
    made = bundles.write_config(replace(made, temperature=1.0))
    classifier = Classifier(made, runtime.load(made))
    validation = evaluate.predict(classifier, parts["validation"])
    rows = [prediction.rows for prediction in validation.found]
    temperature = calibrate.fit_temperature(rows, validation.truth)
    threshold = calibrate.threshold(calibrate.sharpened(rows, temperature))
    before = evaluate.predict(classifier, parts["test"])
    after = evaluate.calibrated(before, temperature)
    print(evaluate.report(after), flush=True)
    pictures.tell_bad(after.bad, "the test")
    calibrated = bundles.write_config(replace(made, temperature=temperature, threshold=threshold))
    metrics = {
        "validation": {
            "top1": float((validation.means.argmax(axis=1) == validation.truth).mean()),
            "count": len(validation.found),
        },
        "test": evaluate.measure(after),
        "calibration": {
            "before": asdict(calibrate.calibration(before.means, before.truth)),
            "after": asdict(calibrate.calibration(after.means, after.truth)),
        },
    }
    metrics["test"]["bad"] = len(metrics["test"]["bad"])
    return calibrated, metrics
