"""The commands that look deeper into finished models: `study-order`, `study-fps`, `study-speed`, `compare` and
`describe`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import vidclass
from train import retime, sources
from vidclass import bundle as bundles
from vidclass import runtime, zoo
from vidclass.errors import DataError
from vidclass.files import check_writable, replacing


def add_commands(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the commands and their arguments."""
    command = commands.add_parser("study-order", help="measure what the order of frames is worth to a model")
    _add_study(command, "validation")
    command.set_defaults(run=_order)
    command = commands.add_parser("study-fps", help="measure whether clips keep their label at other frame rates")
    _add_study(command, "test")
    command.add_argument(
        "--fps", type=sources.positive, nargs="+", default=retime.RATES, help="defaults to 15 25 30 60"
    )
    command.set_defaults(run=_retime)
    command = commands.add_parser("study-speed", help="measure a model's size and speed")
    _add_study(command, "test")
    command.set_defaults(run=_speed)
    command = commands.add_parser("compare", help="compare models pairwise on the same items")
    command.add_argument("--models", required=True, nargs="+", metavar="MODEL", help="bundled models, or folders")
    _add_items(command, "test")
    command.add_argument("--json", type=Path, help="file for the figures")
    command.add_argument("--markdown", type=Path, help="file for the table")
    command.set_defaults(run=_compare)
    command = commands.add_parser("describe", help="add figures to a bundle and write its card and plots anew")
    command.add_argument("--model", required=True, help="a bundled model, or a model's folder")
    command.add_argument("--metrics-json", type=Path, nargs="*", default=[], metavar="FILE", help="what studies wrote")
    command.set_defaults(run=_describe)


def _add_study(command: argparse.ArgumentParser, part: str) -> None:
    command.add_argument("--model", required=True, help="a bundled model, or a model's folder")
    _add_items(command, part)
    command.add_argument("--json", type=Path, help="file for the figures, which `describe` takes")


def _add_items(command: argparse.ArgumentParser, part: str) -> None:
    sources.add_arguments(command)
    command.add_argument("--split", default=part, help="only the items of this part; defaults to %(default)s")


def _order(arguments: argparse.Namespace) -> None:
    from train import order

    _check(arguments.json)
    made = bundles.load(zoo.resolve(arguments.model).folder)
    items = sources.to_measure(arguments, made.labels)
    _tell({"order": {"part": arguments.split, **order.study(made, runtime.load(made), items)}}, arguments.json)


def _retime(arguments: argparse.Namespace) -> None:
    _check(arguments.json)
    classifier = vidclass.load(arguments.model)
    items = sources.to_measure(arguments, classifier.bundle.labels)
    found = retime.study(classifier, items, arguments.fps)
    _tell({"frame_rates": {"part": arguments.split, **found}}, arguments.json)


def _speed(arguments: argparse.Namespace) -> None:
    from train import speed

    _check(arguments.json)
    classifier = vidclass.load(arguments.model)
    items = [item for item in sources.to_measure(arguments, classifier.bundle.labels) if item.is_clip]
    _tell({"speed": speed.study(classifier, items)}, arguments.json)


def _compare(arguments: argparse.Namespace) -> None:
    from train import compare, evaluate

    _check(arguments.json)
    _check(arguments.markdown)
    classifiers = [vidclass.load(model) for model in arguments.models]
    names = [each.bundle.name for each in classifiers]
    if len(set(names)) < len(names):  # two trainings of one recipe
        names = arguments.models
    found = {
        name: evaluate.predict(each, sources.to_measure(arguments, each.bundle.labels))
        for name, each in zip(names, classifiers, strict=True)
    }
    differences = compare.pairs(found)
    _tell(
        {"part": arguments.split, "top1": compare.top1(found), "pairs": [asdict(pair) for pair in differences]},
        arguments.json,
    )
    print(compare.markdown(differences))
    if arguments.markdown:
        with replacing(arguments.markdown) as partial:
            partial.write_text(compare.markdown(differences), encoding="utf-8")


def _describe(arguments: argparse.Namespace) -> None:
    from train import report

    sections: dict[str, Any] = {}
    for path in arguments.metrics_json:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} must be JSON. It is not ({error}). Write it with a study's --json.") from error
        if not isinstance(values, dict):
            raise DataError(f'{path} must hold sections, as in {{"order": {{...}}}}. It does not.')
        sections |= values
    folder = zoo.resolve(arguments.model).folder
    report.revise(folder, sections)
    print(f"Wrote {folder}")


def _check(path: Path | None) -> None:
    if path is not None:
        check_writable(path)


def _tell(values: dict[str, Any], path: Path | None) -> None:
    """Prints the figures, and writes them to the file if one is named."""
    text = json.dumps(values, indent=2)
    print(text)
    if path is not None:
        with replacing(path) as partial:
            partial.write_text(text + "\n", encoding="utf-8")
