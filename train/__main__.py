"""The training command: `python -m train {frame-cnn, conv3d, cnn-gru, evaluate, publish}`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow otherwise tells the processor's features

from train import data, publish, recipes
from vidclass import zoo
from vidclass.bundle import FAMILIES
from vidclass.errors import OptionError, VidclassError
from vidclass.networks import BACKBONES
from vidclass.preprocess import GEOMETRIES, Preprocess

DEFAULT_RECIPES = {"frame-cnn": "frame-cnn-sports", "conv3d": "conv3d-ucf", "cnn-gru": "cnn-gru-ucf"}


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    main = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = main.add_subparsers(dest="command", required=True)
    for family in FAMILIES:
        command = commands.add_parser(family, help=f"train a {family} and write its bundle")
        _add_data(command)
        command.add_argument("--recipe", default=DEFAULT_RECIPES[family], help="defaults to %(default)s")
        command.add_argument("--name", help="of the bundle; defaults to the recipe's")
        command.add_argument("--output", type=Path, default=zoo.MODELS, help="folder of the bundle's folder")
        command.add_argument("--work", type=Path, default=Path("runs"), help="folder of checkpoints and caches")
        command.add_argument("--weights", help="imagenet, a Keras weights file, a bundle's folder, or none")
        command.add_argument("--backbone", choices=BACKBONES)
        command.add_argument("--geometry", choices=GEOMETRIES)
        command.add_argument("--size", type=int, help="side of the network's input, in pixels")
        command.add_argument("--epochs", type=int)
        command.add_argument("--batch-size", type=int)
        command.add_argument("--seed", type=int)
        command.add_argument(
            "--splitter",
            choices=("group", "random"),
            default="group",
            help="random ignores sources, as the tutorials do: for comparison only",
        )
        command.set_defaults(run=_train)
    command = commands.add_parser("evaluate", help="measure a bundle on a list of photos or clips")
    command.add_argument("--model", required=True, help="a bundled model, or a model's folder")
    _add_data(command)
    command.add_argument("--split", help="only the items of this part")
    command.add_argument("--queue-size", type=int, nargs="+", help="K at which smoothing is measured")
    command.add_argument("--json", type=Path, help="file for the metrics")
    command.set_defaults(run=_evaluate)
    command = commands.add_parser("publish", help="publish a bundle or the page to the Hugging Face Hub")
    publish.add_arguments(command)
    command.set_defaults(run=publish.run)
    return main


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER_OR_LIST",
        help="folders with one sub-folder a class, or CSV lists (file,class[,group,split])",
    )
    command.add_argument("--train-list", type=Path, help="a CSV list whose items are all trained on")
    command.add_argument("--test-list", type=Path, help="a CSV list whose items are all tested on")
    command.add_argument("--labels", nargs="+", help="classes to keep; defaults to those of the first source")
    command.add_argument("--rename", nargs="+", default=[], metavar="OLD=NEW", help="classes to rename")


def _items(arguments: argparse.Namespace, labels: Sequence[str] | None) -> tuple[list[data.Item], tuple[str, ...]]:
    sources = [data.read_items(path) for path in arguments.data]
    for path, part in ((arguments.train_list, "train"), (arguments.test_list, "test")):
        if path is not None:
            sources.append([replace(item, split=part) for item in data.read_items(path)])
    if not sources:
        raise OptionError("The data must be named. Received none. Add --data FOLDER, or --train-list and --test-list.")
    pairs = [pair.partition("=") for pair in arguments.rename]
    bad = [old for old, equals, new in pairs if not (old and equals and new)]
    if bad:
        raise OptionError(f"--rename takes OLD=NEW. Received: {', '.join(bad)}.")
    rename = {old: new for old, _, new in pairs}
    wanted = tuple(arguments.labels or labels or sorted({rename.get(i.label, i.label) for i in sources[0]}))
    # Further sources add to the first one's training; what they hold back for a test of their own stays out.
    items = sources[0] + [
        item for source in sources[1:] for item in source if arguments.test_list is not None or item.split != "test"
    ]
    kept = data.select(items, wanted, rename)
    print(f"{len(kept)} of {len(items)} files have one of the {len(wanted)} labels", flush=True)
    return kept, wanted


def _train(arguments: argparse.Namespace) -> None:
    recipe = recipes.load(arguments.recipe)
    if recipe.family != arguments.command:
        raise OptionError(f"The recipe must be of the family {arguments.command}. Received: {recipe.name}.")
    recipe = _override(recipe, arguments)
    items, labels = _items(arguments, None)
    data.check_labels(items, labels)
    if arguments.splitter == "random":
        items = data.without_groups(items)

    from train import run

    job = run.Job(
        recipe=recipe,
        items=data.split(items, recipe.seed),
        labels=labels,
        output=arguments.output / (arguments.name or recipe.name),
        work=arguments.work,
    )
    run.train(job)


def _override(recipe: Any, arguments: argparse.Namespace) -> Any:
    if arguments.weights:
        recipe = replace(recipe, weights=None if arguments.weights == "none" else arguments.weights)
    if arguments.backbone:
        recipe = replace(recipe, architecture={**recipe.architecture, "backbone": arguments.backbone})
    if arguments.geometry or arguments.size:
        preprocess = Preprocess(
            arguments.size or recipe.preprocess.size, arguments.geometry or recipe.preprocess.geometry
        )
        scale = preprocess.size / recipe.preprocess.size
        stages = tuple(replace(stage, side=round(stage.side * scale)) for stage in recipe.schedule.stages)
        recipe = replace(recipe, preprocess=preprocess, schedule=replace(recipe.schedule, stages=stages))
    if arguments.seed is not None:
        recipe = replace(recipe, seed=arguments.seed)
    if arguments.batch_size:
        recipe = replace(recipe, schedule=replace(recipe.schedule, batch_size=arguments.batch_size))
    return recipe.with_epochs(arguments.epochs) if arguments.epochs else recipe


def _evaluate(arguments: argparse.Namespace) -> None:
    import vidclass
    from train import evaluate

    classifier = vidclass.load(arguments.model)
    items, _ = _items(arguments, classifier.bundle.labels)
    chosen = [item for item in items if not arguments.split or item.split == arguments.split]
    predictions = evaluate.predict(classifier, chosen)
    metrics = evaluate.measure(predictions, arguments.queue_size or evaluate.QUEUE_SIZES)
    print(evaluate.report(predictions))
    print(f"top-1 {metrics['top1']:.4f}, top-3 {metrics['top3']:.4f}, {metrics['count']} items")
    if arguments.json:
        arguments.json.write_text(json.dumps(metrics, indent=2))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    arguments = parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except VidclassError as error:
        print(f"train: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
