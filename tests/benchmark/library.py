"""A batch over a folder, with the model loaded."""

from pathlib import Path

import vidclass
from vidclass import batch


def prepare(folder: Path, model: Path, target: Path):
    """The batch, ready to run."""
    classifier = vidclass.load(model)
    entries = batch.find(folder)

    def work() -> int:
        target.unlink(missing_ok=True)
        with batch.Results(target) as results:
            return sum(line["frames"] for line in batch.run(entries, lambda: classifier, results))

    return work
