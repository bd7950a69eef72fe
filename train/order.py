"""Does time matter to a model? Its accuracy with the frames of each window in order, shuffled, and all the same.

A model that scores as well on shuffled frames looks at what a clip shows and not at how it moves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train import compare, evaluate
from train.data import Item
from vidclass import runtime
from vidclass.bundle import Bundle
from vidclass.classify import Classifier
from vidclass.errors import OptionError

SEEDS = (0, 1, 2)
"""Of the shufflings, whose mean is told."""

Order = Callable[[int], NDArray[np.int64]]
"""Number n of frames -> which of them, `(n,)`, are shown in their places."""


class Reordered:
    """A head that is shown the frames of each window in another order.

    Only frames that are there change places. Padding is made anew as serving makes it: for the CNN-GRU masked steps at
    the end, for the 3D CNN the first frame shown, repeated in front.
    """

    def __init__(self, head: runtime.Network, order: Order):
        """
        Args:
            head: The network.
            order: What it is shown.
        """
        self._head, self._order = head, order

    def map(self, items: Iterable[runtime.Arrays]) -> Iterator[NDArray[np.float32]]:
        """See `vidclass.runtime.Network.map`."""
        return self._head.map(map(self._reordered, items))

    def _reordered(self, item: runtime.Arrays) -> runtime.Arrays:
        window, *mask = item
        changed = window.copy()
        if mask:
            count = int(mask[0].sum())
            changed[:count] = window[:count][self._order(count)]
            return changed, *mask
        count = len(window) - padded(window)
        changed[len(window) - count :] = window[len(window) - count :][self._order(count)]
        changed[: len(window) - count] = changed[len(window) - count]
        return (changed,)


def padded(stack: NDArray[Any]) -> int:
    """Frames of a 3D CNN's stack `(T, S, S, 3)` that repeat the first one in front: its padding.

    A clip that starts with a still looks the same, to the model too.
    """
    same = (stack[1:] == stack[0]).all(axis=(1, 2, 3))
    return len(same) if same.all() else int(same.argmin())


def study(made: Bundle, loaded: runtime.LoadedNetworks, items: Sequence[Item]) -> dict[str, Any]:
    """Measures a model of windows on clips in each order, through `vidclass` itself.

    Args:
        made: The model.
        loaded: Its networks.
        items: The clips.

    Returns:
        `count` of clips; top-1 `in_order`, `shuffled` (mean over `SEEDS`, and `shuffled_range`) and `repeated` (the
        window's last frame in every place); and `gain`, in order less shuffled, with its 95 % `gain_interval`.

    Raises:
        OptionError: The model judges single frames.
    """
    if made.window.length == 1:
        raise OptionError(f"The order of frames matters to models of windows. {made.name} judges frame by frame.")

    def predicted(order: Order) -> evaluate.Predictions:
        changed = loaded._replace(head=Reordered(loaded.head, order))
        return evaluate.predict(Classifier(made, changed), items)

    def right(order: Order) -> NDArray[np.bool_]:
        return compare.right(predicted(order))

    first = predicted(np.arange)
    in_order = compare.right(first)
    shuffled = np.stack([right(np.random.default_rng(seed).permutation) for seed in SEEDS])
    gains = in_order - shuffled.mean(axis=0)
    return {
        "count": len(in_order),
        "in_order": float(in_order.mean()),
        "shuffled": float(shuffled.mean()),
        "shuffled_range": [float(shuffled.mean(axis=1).min()), float(shuffled.mean(axis=1).max())],
        "repeated": float(right(lambda count: np.full(count, count - 1)).mean()),
        "gain": float(gains.mean()),
        "gain_interval": list(compare.interval(gains, [each.item.group for each in first.found])),
    }
