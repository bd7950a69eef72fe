"""A clip of a library to the line that the results have of it."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidclass import export
from vidclass._library import Entry
from vidclass.classify import Classifier
from vidclass.errors import VidclassError
from vidclass.pipeline import Progress, analyse

Line = dict[str, Any]
"""What the results say of a clip: its `path`, and what `export.to_json` tells, or the `error`."""


def judge(
    entry: Entry, classifier: Classifier, queue_size: int, progress: Callable[[Progress], None] | None = None
) -> Line:
    """A clip's line. A clip that cannot be classified gets one too, which says why.

    Args:
        entry: The clip.
        classifier: The model.
        queue_size: K of the smoothed figures, in frames.
        progress: Called now and then while it goes on.
    """
    try:
        return {"path": entry.name, **export.to_json(analyse(entry.file, classifier, progress=progress), queue_size)}
    except VidclassError as error:
        told = str(error)
    except Exception as error:  # a fault that one clip in a million brings out must not end the night
        logging.getLogger(__name__).exception("%s: unexpected", entry.name)
        told = f"Unexpected {type(error).__name__}: {error}"
    return {
        "path": entry.name,
        "clip": Path(entry.name).name,
        "model": classifier.bundle.name,
        "source": classifier.source,
        "queue_size": queue_size,
        "error": told,
    }
