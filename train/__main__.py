"""The training command: `python -m train COMMAND`.

`frame-cnn`, `conv3d` and `cnn-gru` train and write a bundle; `evaluate`, `study-order`, `study-fps` and `compare`
measure finished ones; `describe` writes a bundle's card anew; `publish` puts it on the Hub.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow otherwise tells the processor's features

from train import data, publish, rights, sources, studies
from train.checks import MIN_SIDE
from vidclass import runtime, zoo
from vidclass.backbones import BACKBONES
from vidclass.bundle import FAMILIES
from vidclass.errors import OptionError, VidclassError
from vidclass.files import check_writable, replacing
from vidclass.preprocess import GEOMETRIES, Preprocess
from vidclass.smoothing import check_queue_size

if TYPE_CHECKING:
    from train.recipe import Recipe

DEFAULT_RECIPES = {"frame-cnn": "frame-cnn-sports", "conv3d": "conv3d-ucf", "cnn-gru": "cnn-gru-ucf"}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are ours: one line, and no usage around it."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message}. See: {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    main = _Parser(prog="python -m train", description=__doc__)
    commands = main.add_subparsers(dest="command", required=True)
    for family in FAMILIES:
        command = commands.add_parser(family, help=f"train a {family} and write its bundle")
        sources.add_arguments(command)
        command.add_argument("--recipe", default=DEFAULT_RECIPES[family], help="defaults to %(default)s")
        command.add_argument("--name", help="of the bundle; defaults to the recipe's")
        command.add_argument("--output", type=Path, default=zoo.MODELS, help="folder of the bundle's folder")
        command.add_argument("--work", type=Path, default=Path("runs"), help="folder of checkpoints and caches")
        command.add_argument("--weights", help="imagenet, a Keras weights file, a bundle's folder, or none")
        if family == "cnn-gru":
            command.add_argument(
                "--flow-weights", help="of the CNN that sees motion: imagenet, a Keras weights file, or none"
            )
        command.add_argument("--backbone", choices=BACKBONES)
        command.add_argument("--geometry", choices=GEOMETRIES)
        command.add_argument("--size", type=sources.positive, help="side of the network's input, in pixels")
        command.add_argument("--epochs", type=sources.positive)
        command.add_argument("--batch-size", type=sources.positive)
        command.add_argument("--seed", type=int)
        command.add_argument(
            "--splitter",
            choices=("group", "random"),
            default="group",
            help="random ignores sources, as the tutorials do: for comparison only",
        )
        command.add_argument(
            "--sources",
            nargs="+",
            default=[],
            metavar="SOURCE",
            help=f"what the weights are made from, for the card: {', '.join(rights.SOURCES)}, or a sentence",
        )
        command.set_defaults(run=_train)
    command = commands.add_parser("evaluate", help="measure a bundle on a list of photos or clips")
    command.add_argument("--model", required=True, help="a bundled model, or a model's folder")
    sources.add_arguments(command)
    command.add_argument("--split", help="only the items of this part")
    command.add_argument("--queue-size", type=int, nargs="+", help="K at which smoothing is measured")
    command.add_argument(
        "--precision", choices=get_args(runtime.Precision), help="of the arithmetic; defaults to what serves here"
    )
    command.add_argument("--json", type=Path, help="file for the metrics")
    command.set_defaults(run=_evaluate)
    studies.add_commands(commands)
    command = commands.add_parser("publish", help="publish a bundle or the page to the Hugging Face Hub")
    publish.add_arguments(command)
    command.set_defaults(run=publish.run)
    return main


def _train(arguments: argparse.Namespace) -> None:
    from train import recipes  # and with them Keras, which the other commands can do without

    recipe = recipes.load(arguments.recipe)
    if recipe.family != arguments.command:
        raise OptionError(f"The recipe must be of the family {arguments.command}. Received: {recipe.name}.")
    recipe = _override(recipe, arguments)
    items, labels = sources.to_train(arguments)
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
        sources=tuple(arguments.sources),
    )
    run.train(job)


def _override(recipe: "Recipe", arguments: argparse.Namespace) -> "Recipe":
    if arguments.weights:
        recipe = replace(recipe, weights=None if arguments.weights == "none" else arguments.weights)
    if getattr(arguments, "flow_weights", None):
        recipe = replace(recipe, flow_weights=None if arguments.flow_weights == "none" else arguments.flow_weights)
    if arguments.backbone:
        recipe = replace(recipe, architecture={**recipe.architecture, "backbone": arguments.backbone})
    if arguments.geometry or arguments.size:
        preprocess = Preprocess(
            arguments.size or recipe.preprocess.size, arguments.geometry or recipe.preprocess.geometry
        )
        scale = preprocess.size / recipe.preprocess.size
        stages = tuple(
            replace(stage, side=max(MIN_SIDE, round(stage.side * scale))) for stage in recipe.schedule.stages
        )
        recipe = replace(recipe, preprocess=preprocess, schedule=replace(recipe.schedule, stages=stages))
    if arguments.seed is not None:
        recipe = replace(recipe, seed=arguments.seed)
    if arguments.batch_size:
        recipe = recipe.with_batch_size(arguments.batch_size)
    return recipe.with_epochs(arguments.epochs) if arguments.epochs else recipe


def _evaluate(arguments: argparse.Namespace) -> None:
    import vidclass
    from train import evaluate

    queue_sizes = [check_queue_size(size) for size in arguments.queue_size or evaluate.QUEUE_SIZES]
    if arguments.json:
        check_writable(arguments.json)
    classifier = vidclass.load(arguments.model, precision=arguments.precision)
    predictions = evaluate.predict(classifier, sources.to_measure(arguments, classifier.bundle.labels))
    metrics = evaluate.measure(predictions, queue_sizes)
    print(evaluate.report(predictions))
    print(f"top-1 {metrics['top1']:.4f}, top-3 {metrics['top3']:.4f}, {metrics['count']} items")
    if arguments.json:
        with replacing(arguments.json) as partial:
            partial.write_text(json.dumps(metrics, indent=2), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0, 2 if something given was wrong, 130 after Ctrl-C."""
    try:
        arguments = parser().parse_args(argv)
        arguments.run(arguments)
    except VidclassError as error:
        return _say(str(error))
    except OSError as error:
        return _say(f"Files must be readable, and folders writable. Received: {error}. Check the path and the disk.")
    except KeyboardInterrupt:
        print("train: stopped; the same command goes on from the last epoch", file=sys.stderr)
        return 130
    return 0


def _say(words: str) -> int:
    print("train: error:", " ".join(words.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
