"""A library of clips classified into one file of results: several clips at a time, taken up again where it ended.

Every engine takes the same clips, makes of each the same line, and hands the lines on in the clips' order.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Literal

from vidclass import _ray
from vidclass._library import Entry, Shard, find, parse_shard, part
from vidclass._lines import Line, judge
from vidclass._results import Results
from vidclass.classify import Classifier
from vidclass.errors import OptionError
from vidclass.pipeline import Progress
from vidclass.smoothing import DEFAULT_QUEUE, check_queue_size

__all__ = ["ENGINES", "Engine", "Entry", "Results", "Shard", "check_workers", "find", "parse_shard", "part", "run"]

Engine = Literal["threads", "ray"]
ENGINES: tuple[Engine, ...] = ("threads", "ray")

AHEAD = 4
"""Clips for each worker that may be begun before the oldest of them is done: as many lines are lost at most when the
process is killed, and so long does a short clip wait for a long one before it."""


def run(
    entries: Sequence[Entry],
    load: Callable[..., Classifier],
    results: Results,
    queue_size: int = DEFAULT_QUEUE,
    engine: Engine = "threads",
    workers: int | None = None,
) -> Generator[Line, None, None]:
    """Classifies the clips that have no line yet, and adds one for each.

    Args:
        entries: The clips.
        load: Makes the model ready: `vidclass.load` with its arguments, less `threads`. Called once in a process.
        results: Where the lines go.
        queue_size: K of the smoothed figures, in frames.
        engine: `threads` of this process, or `ray`: processes of a Ray cluster or of this machine.
        workers: Clips that are worked on at the same time. Defaults to one for each core.

    Yields:
        Each line, once it is written.

    Raises:
        OptionError: The queue size is out of range, the results are of another run, or cannot be written, or Ray is
            not installed.
    """
    check_queue_size(queue_size)
    waiting = [entry for entry in entries if entry.name not in results.done]
    if not waiting:
        return
    if engine == "ray":
        lines = _ray.judged(waiting, load, queue_size, workers)
    else:
        classifier = load()
        results.check(classifier.bundle.name, classifier.source, queue_size)
        lines = _judged_by_threads(waiting, classifier, queue_size, workers or os.cpu_count() or 1)
    with closing(lines):
        for line in lines:
            results.check(line["model"], line["source"], line["queue_size"])
            results.add(line)
            yield line


class _StoppedError(BaseException):
    """Ends a clip's work when the batch ends before it; no fault of the clip."""


def check_workers(workers: int) -> int:
    """The number of workers itself, once it is known to be in range.

    Raises:
        OptionError: It is less than 1.
    """
    if workers < 1:
        raise OptionError(f"There must be at least 1 worker. Received: {workers}. Leave it out for one a core.")
    return workers


def _judged_by_threads(
    entries: Iterable[Entry], classifier: Classifier, queue_size: int, workers: int
) -> Generator[Line, None, None]:
    """Lines in the clips' order. The threads share the model; decoder and network run outside Python, side by side, so
    that the end of a clip and the opening of the next leave no core idle."""
    stopped = threading.Event()

    def check(progress: Progress) -> None:
        del progress
        if stopped.is_set():
            raise _StoppedError

    begun: deque[Future[Line]] = deque()
    with ThreadPoolExecutor(workers, "clip") as pool:
        try:
            for entry in entries:
                begun.append(pool.submit(judge, entry, classifier, queue_size, check))
                if len(begun) >= AHEAD * workers:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            stopped.set()
            for future in begun:
                future.cancel()
