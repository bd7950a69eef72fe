"""The pictures of a model card: training curves, confusion matrix, and what the queue size does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

DPI = 110


def history(values: Mapping[str, Sequence[float]], path: Path) -> None:
    """Loss and accuracy, training and validation, by epoch."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if values.get(key):
                axes.plot(range(1, len(values[key]) + 1), values[key], marker="o", markersize=3, label=label)
        axes.set(xlabel="epoch", title=name)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=DPI)


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str], path: Path) -> None:
    """Confusion matrix, each row as shares of its class; numbers are items."""
    counts = np.asarray(matrix)
    kept = [n for n in range(len(labels)) if counts[n].any() or counts[:, n].any()]
    counts, names = counts[np.ix_(kept, kept)], [labels[n] for n in kept]
    side = max(3.5, 0.34 * len(names) + 1.6)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel="model", ylabel="truth")
    for row, column in zip(*np.nonzero(counts), strict=True):
        dark = shares[row, column] > 0.5
        axes.text(
            column, row, str(counts[row, column]), ha="center", va="center", fontsize=6, color="w" if dark else "k"
        )
    figure.savefig(path, dpi=DPI)


def queue(by_queue_size: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Frame accuracy and label switches a minute against the queue size."""
    sizes = [int(size) for size in by_queue_size]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    titles = {"frame_accuracy": "frames labelled rightly", "switches_per_minute": "label switches a minute"}
    for axes, (key, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        axes.plot(sizes, [values[key] for values in by_queue_size.values()], marker="o")
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.set(xlabel="queue size K, frames", title=title)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=DPI)
