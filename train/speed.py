"""How large a model is, and how fast it classifies clips, decoding included."""

import os
import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from train.data import Item
from vidclass.classify import Classifier
from vidclass.pipeline import analyse

CLIPS = 30
"""Clips that are classified, enough for a steady median."""


def study(classifier: Classifier, items: Sequence[Item]) -> dict[str, Any]:
    """Measures a model on a few clips, after one that warms it up.

    Args:
        classifier: The model.
        items: Clips; no more than `CLIPS` are taken, at even distances.

    Returns:
        `size_mb` of its weights and exported networks, in 10^6 bytes; `frames_a_second`, the median over clips,
        decoding and every frame's row included; `runtime`, `cores` and `machine`.
    """
    chosen = [items[n] for n in np.unique(np.linspace(0, len(items) - 1, CLIPS).astype(int))]
    analyse(chosen[0].path, classifier)
    rates = []
    for item in chosen:
        begin = time.perf_counter()
        rows = analyse(item.path, classifier).rows
        rates.append(len(rows) / (time.perf_counter() - begin))
    files = [path for path in classifier.bundle.folder.iterdir() if path.suffix in (".h5", ".bin", ".xml")]
    return {
        "size_mb": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "frames_a_second": round(float(np.median(rates))),
        "runtime": classifier.runtime,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
    }
