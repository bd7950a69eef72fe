"""The command line: `python -m vidclass {classify, batch, models, verify}`.

Results go to standard output, one line a clip; everything else goes to standard error. The exit code is 0 if all went
well, 2 if something was wrong with what was given (one line says what), 130 after Ctrl-C.
"""

import argparse
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NoReturn, get_args

import vidclass
from vidclass import batch, runtime, zoo
from vidclass import bundle as bundles
from vidclass._bar import Bar
from vidclass._outputs import Outputs, plan
from vidclass.analysis import Analysis, percent
from vidclass.errors import OptionError, VidclassError
from vidclass.pipeline import Progress, analyse, check_every
from vidclass.smoothing import DEFAULT_QUEUE, MAX_QUEUE, MIN_QUEUE, check_queue_size
from vidclass.verify import PROBABILITY_TOLERANCE, verify

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""
WRONG = 2
"""Exit code where something given was wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code.

    Args:
        arguments: Of the command line. Defaults to the process's own.
    """
    # TensorFlow tells about the processor and about missing GPUs otherwise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file may be named in letters that a terminal lacks
    try:
        chosen = _parser().parse_args(arguments)
        done: int = chosen.run(chosen)
        sys.stdout.flush()
        return done
    except VidclassError as error:
        _say(f"error: {error}")
        return WRONG
    except KeyboardInterrupt:
        _say("stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # as in `... | head -1`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are ours: one line, and no usage around it."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message}. See: {self.prog} --help")


def _checked(check: Callable[[int], int]) -> Callable[[str], int]:
    """An option's whole number, checked at once: before any long work, and in the library's own words."""

    def number(text: str) -> int:
        try:
            return check(int(text))
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number. Received: {text}") from None

    return number


def _check_width(width: int) -> int:
    if width < 2:
        raise OptionError(f"--max-width must be at least 2 pixels. Received: {width}. Try 1280.")
    return width


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m vidclass", description="Video classification with prediction averaging.")
    parser.add_argument("--version", action="version", version=f"vidclass {vidclass.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    classify = commands.add_parser("classify", help="classify clips and write annotated videos", allow_abbrev=False)
    classify.set_defaults(run=_classify)
    classify.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="video file")
    classify.add_argument(
        "--model",
        metavar="NAME",
        help="a name that `models` lists, a model's folder, or user/repo@revision on the Hugging Face Hub; default: "
        "the first that `models` lists",
    )
    classify.add_argument(
        "--queue-size",
        type=_checked(check_queue_size),
        default=DEFAULT_QUEUE,
        metavar="K",
        help=f"frames to average over, {MIN_QUEUE} (none) to {MAX_QUEUE}; default {DEFAULT_QUEUE}",
    )
    outputs = classify.add_argument_group("outputs", "Files of a single clip; folders, which are made, of several.")
    outputs.add_argument("-o", "--output", dest="video", type=Path, metavar="MP4", help="video with the smoothed label")
    outputs.add_argument("--unsmoothed", type=Path, metavar="MP4", help="video with the label of each frame by itself")
    outputs.add_argument("--json", type=Path, metavar="FILE", help="label, probabilities, stability, timing")
    outputs.add_argument("--csv", type=Path, metavar="FILE", help="probabilities of every frame")
    outputs.add_argument("--vtt", type=Path, metavar="FILE", help="label as WebVTT captions")
    outputs.add_argument("--max-width", type=_checked(_check_width), metavar="PIXELS", help="scale videos down to this")
    speed = classify.add_argument_group("speed")
    speed.add_argument("--every", type=_checked(check_every), default=1, metavar="N", help="look at every n-th frame")
    speed.add_argument("--runtime", choices=get_args(runtime.Runtime), help="default: openvino if it is installed")
    speed.add_argument(
        "--precision", choices=get_args(runtime.Precision), help="of OpenVINO; default: bf16 if the processor has it"
    )

    library = commands.add_parser("batch", help="classify a library of clips into one results file", allow_abbrev=False)
    library.set_defaults(run=_batch)
    library.add_argument("source", type=Path, metavar="FOLDER_OR_LIST", help="clips: a folder, or a list of paths")
    library.add_argument("--results", type=Path, required=True, metavar="FILE", help="a line of JSON a clip; resumed")
    library.add_argument("--model", metavar="NAME", help="as for classify")
    library.add_argument("--queue-size", type=_checked(check_queue_size), default=DEFAULT_QUEUE, metavar="K")
    library.add_argument("--shard", type=batch.parse_shard, metavar="I/N", help="take the i-th of n parts only")
    library.add_argument("--engine", choices=batch.ENGINES, default="threads", help="ray: Ray Data, on many machines")
    library.add_argument("--workers", type=_checked(batch.check_workers), metavar="W", help="clips at a time")
    library.add_argument("--runtime", choices=get_args(runtime.Runtime), help="as for classify")

    models = commands.add_parser("models", help="list the models", allow_abbrev=False)
    models.set_defaults(run=_models)

    check = commands.add_parser("verify", help="check a model's files and compare its networks", allow_abbrev=False)
    check.set_defaults(run=_verify)
    check.add_argument("model", metavar="NAME", help="as for classify --model")
    return parser


def _classify(chosen: argparse.Namespace) -> int:
    clips: list[Path] = chosen.clips
    wanted = Outputs(chosen.video, chosen.unsmoothed, chosen.json, chosen.csv, chosen.vtt)
    if len(clips) == 1:
        vidclass.probe(clips[0])  # says what is wrong before the model is loaded
    plans = plan(clips, wanted)
    classifier = vidclass.load(chosen.model or _first_model(), runtime=chosen.runtime, precision=chosen.precision)
    _say(f"{classifier.bundle.name} ({classifier.source}) on {classifier.runtime}")
    failed = False
    for clip, outputs in zip(clips, plans, strict=True):
        try:
            with Bar(sys.stderr, clip.name) as bar:
                analysis = analyse(clip, classifier, chosen.every, bar)
                analysis = outputs.write(clip, analysis, chosen.queue_size, chosen.max_width, bar)
        except VidclassError as error:
            if len(clips) == 1:
                raise
            failed = True
            _say(f"error: {clip}: {error}")
            continue
        for note in analysis.notes:
            _say(f"{clip.name}: {note}")
        print(_told(analysis, chosen.queue_size), flush=True)
    return WRONG if failed else 0


def _batch(chosen: argparse.Namespace) -> int:
    entries = batch.part(batch.find(chosen.source), chosen.shard)
    load = partial(vidclass.load, chosen.model or _first_model(), runtime=chosen.runtime)
    with batch.Results(chosen.results) as results, Bar(sys.stderr, chosen.results.name) as bar:
        had, failed = len(results.done), results.failed
        before = sum(entry.name in results.done for entry in entries)
        lines = batch.run(entries, load, results, chosen.queue_size, chosen.engine, chosen.workers)
        with closing(lines):
            for done, line in enumerate(lines, before + 1):
                bar(Progress("clips", done, len(entries)))
                if "error" in line:
                    _say(f"error: {line['path']}: {line['error']}")
    print(f"{chosen.results}: {len(results.done) - had} added, {len(results.done)} in all, {results.failed} failed")
    return WRONG if results.failed > failed else 0


def _told(analysis: Analysis, queue_size: int) -> str:
    summary = analysis.summary(queue_size)
    best = ", ".join(f"{label} {percent(share)}" for label, share in summary.top[:3])
    frames = "1 frame" if len(analysis.times) == 1 else f"{len(analysis.times)} frames"
    return (
        f"{analysis.clip}: {summary.verdict} [{best}]; label switches {summary.raw.switches} -> "
        f"{summary.smoothed.switches} at K = {queue_size}; {frames}, {analysis.frames_per_second:.0f} a second"
    )


def _first_model() -> str:
    names = zoo.names()
    if not names:
        raise OptionError(f"A model must be given, since none is bundled in {zoo.MODELS}. Name a folder with --model.")
    return names[0]


def _models(chosen: argparse.Namespace) -> int:
    del chosen
    rows = [("name", "family", "labels", "top-1", "size", "source")]
    for name in zoo.names():
        found = zoo.resolve(name)
        model = bundles.read_config(found.folder)
        size = sum((found.folder / file).stat().st_size for file in model.required_files())
        rows.append(
            (
                model.name,
                model.family,
                str(len(model.labels)),
                "-" if model.top1 is None else f"{model.top1:.3f}",
                f"{size / 2**20:.1f} MB",
                found.source,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _verify(chosen: argparse.Namespace) -> int:
    model = bundles.load(zoo.resolve(chosen.model).folder)
    print(f"{model.name} {model.version}: all files are those that {bundles.CONFIG} names", flush=True)
    found = verify(model)
    if found.embed is not None:
        print(f"  features differ by at most {found.embed:.2%} of the largest")
    print(f"  probabilities differ by at most {found.head:.5f}; allowed are {PROBABILITY_TOLERANCE}")
    print("  exported networks (OpenVINO, f32) and Keras weights (TensorFlow) agree")
    return 0


def _say(words: str) -> None:
    """One line on standard error."""
    print("vidclass:", " ".join(words.split()), file=sys.stderr, flush=True)


def _terminate(*_: object) -> NoReturn:
    """Ends the process as Ctrl-C does, so that no half-written file stays behind."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    logging.basicConfig(format="vidclass: %(message)s")  # such as why the bundled copy of a model serves
    sys.exit(main())
