"""A library of clips judged by Ray Data, on this machine or on a cluster: one actor a worker, one model an actor."""

import json
import logging
import os
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from vidclass._library import Entry
from vidclass._lines import Line, judge
from vidclass.classify import Classifier
from vidclass.errors import OptionError


class Judge:
    """An actor: loads the model once and judges clips with the core that it was given."""

    def __init__(self, load: Callable[..., Classifier], queue_size: int) -> None:
        self._classifier, self._queue_size = load(threads=1), queue_size

    def __call__(self, row: dict[str, str]) -> dict[str, str]:
        """A clip's name and file to its line. The line travels as text, so that no column's type is guessed."""
        line = judge(Entry(row["name"], Path(row["file"])), self._classifier, self._queue_size)
        return {"line": json.dumps(line)}


def judged(
    entries: Sequence[Entry], load: Callable[..., Classifier], queue_size: int, workers: int | None
) -> Generator[Line, None, None]:
    """Lines in the clips' order.

    A running cluster is joined if `RAY_ADDRESS` names it; its machines must have the clips and the program under the
    same paths. Else one is started on this machine, and ended with the work.

    Args:
        entries: The clips, at least one.
        load: Makes the model ready.
        queue_size: K of the smoothed figures, in frames.
        workers: Actors. Defaults to one for each core of the cluster.

    Raises:
        OptionError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anyone unless the user wants it
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise OptionError(
            "The engine ray must find Ray Data. It is not installed. Install it: pip install -r requirements-ray.txt."
        ) from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(include_dashboard=False, logging_level=logging.WARNING)
    try:
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        rows = [{"name": entry.name, "file": str(entry.file.absolute())} for entry in entries]
        # A block is handed on when all of it is done, so each is one clip.
        clips = ray.data.from_items(rows, override_num_blocks=len(rows))
        count = min(workers or int(ray.cluster_resources().get("CPU", 1)), len(rows))
        pool = ray.data.ActorPoolStrategy(size=count)
        lines: Any = clips.map(Judge, fn_constructor_args=(load, queue_size), compute=pool, num_cpus=1)
        for row in lines.iter_rows():
            yield json.loads(row["line"])
    finally:
        if ours:
            ray.shutdown()
