"""Models compared pairwise on the same clips, with an interval: a few hundred clips leave points of doubt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.evaluate import Predictions
from vidclass.errors import DataError

RESAMPLES = 10_000
"""Of the bootstrap: enough that the ends of an interval move by less than 0.001."""


@dataclass(frozen=True)
class Difference:
    """How much more often one model is right than another, on the same items."""

    first: str
    """Name of a model."""
    second: str
    """Name of the other."""
    count: int
    """Items."""
    difference: float
    """Top-1 of the first less that of the second."""
    interval: tuple[float, float]
    """95 % interval of the difference, by bootstrap over sources."""
    only_first: int
    """Items that only the first gets right."""
    only_second: int
    """Items that only the second gets right."""
    p_value: float
    """Of McNemar's exact test: how likely so uneven a share of these is if the models are equally good."""


def right(predictions: Predictions) -> NDArray[np.bool_]:
    """Whether the model's label of each item is the right one, `(N,)`."""
    found: NDArray[np.bool_] = predictions.means.argmax(axis=1) == predictions.truth
    return found


def interval(values: NDArray[np.float64], groups: Sequence[str]) -> tuple[float, float]:
    """95 % interval of the mean of the values, by bootstrap (Efron, 1979).

    Args:
        values: One an item, `(N,)`.
        groups: Source of each item. Whole sources are drawn, since items of one source err alike.
    """
    names, owner = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(owner, values), np.bincount(owner)
    draws = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def mcnemar(only_first: int, only_second: int) -> float:
    """P-value of McNemar's exact two-sided test.

    >>> mcnemar(0, 5), mcnemar(3, 3)
    (0.0625, 1.0)
    """
    total = only_first + only_second
    tail: float = sum(comb(total, n) for n in range(min(only_first, only_second) + 1)) / 2**total
    return min(1.0, 2 * tail)


def pairs(found: Mapping[str, Predictions]) -> list[Difference]:
    """Every pair of models, on the items that all of them could read.

    Args:
        found: Name of each model -> what it says of the items.

    Raises:
        DataError: The models do not know the same labels, or have no item in common.
    """
    if len({frozenset(each.labels) for each in found.values()}) > 1:
        raise DataError(f"Models can be compared if they know the same labels. {', '.join(found)} do not.")
    verdicts = {
        name: {each.item.path: bool(hit) for each, hit in zip(predictions.found, right(predictions), strict=True)}
        for name, predictions in found.items()
    }
    sources = {each.item.path: each.item.group for predictions in found.values() for each in predictions.found}
    common = [path for path in sources if all(path in verdict for verdict in verdicts.values())]
    if not common:
        raise DataError(f"Models are compared on items that all of them can read. {', '.join(found)} share none.")
    groups = [sources[path] for path in common]
    hits = {name: np.array([verdict[path] for path in common]) for name, verdict in verdicts.items()}
    return [_difference(one, other, hits[one], hits[other], groups) for one, other in combinations(hits, 2)]


def _difference(
    first: str, second: str, hits: NDArray[np.bool_], others: NDArray[np.bool_], groups: Sequence[str]
) -> Difference:
    gains = hits.astype(np.float64) - others
    only_first, only_second = int((hits & ~others).sum()), int((others & ~hits).sum())
    return Difference(
        first=first,
        second=second,
        count=len(hits),
        difference=float(gains.mean()),
        interval=interval(gains, groups),
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
    )


def markdown(found: Sequence[Difference]) -> str:
    """The pairs as a table, in points of top-1."""
    lines = [
        "| models | top-1, points apart | 95 % interval | only the first right | only the second right | p |",
        "|---|---|---|---|---|---|",
    ]
    for pair in found:
        low, high = (100 * end for end in pair.interval)
        lines.append(
            f"| {pair.first} − {pair.second} | {100 * pair.difference:+.1f} | {low:+.1f} to {high:+.1f} "
            f"| {pair.only_first} | {pair.only_second} | {pair.p_value:.2g} |"
        )
    return "\n".join(lines) + "\n"


def top1(found: Mapping[str, Predictions]) -> dict[str, Any]:
    """Each model's own top-1, by name."""
    return {name: float(right(predictions).mean()) for name, predictions in found.items()}
