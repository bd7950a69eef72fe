"""Does time matter to a model? Its accuracy with the frames of each clip in order, shuffled, and all the same.

A model that scores as well on shuffled frames looks at what a clip shows and not at how it moves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train import compare, evaluate
from train.data import Item
from vidclass import runtime
from vidclass.bundle import Bundle
from vidclass.classify import Classifier, Row, Sighting, Windower
from vidclass.errors import OptionError
from vidclass.preprocess import Image

SEEDS = (0, 1, 2)
"""Of the shufflings, whose mean is told."""

Order = Callable[[int], NDArray[np.int64]]
"""Number n of frames -> which of them, `(n,)`, are shown in their places."""


class Reordered(Classifier):
    """A model that is shown the sampled frames of each clip in another order.

    They change places before anything is made of them, so that flow, windows and padding are made as serving makes
    them, of the frames as shown.
    """

    def __init__(self, bundle: Bundle, loaded: runtime.LoadedNetworks, order: Order):
        """
        Args:
            bundle: The model.
            loaded: Its networks.
            order: What it is shown.
        """
        super().__init__(bundle, loaded)
        self._order = order

    def rows(self, frames: Iterable[Sighting]) -> Iterator[Row]:
        """See `Classifier.rows`. The sampled frames of a whole clip are held at once."""
        window = Windower(self.bundle)
        times: list[float] = []
        sampled: list[int] = []
        pictures: list[Image] = []
        for number, frame in enumerate(frames):
            times.append(frame.time)
            if window.advance(frame.time):
                sampled.append(number)
                pictures.append(frame.picture())
        shown: dict[int, int] = dict(zip(sampled, self._order(len(sampled)).tolist(), strict=True))

        def picture(number: int) -> Image:
            return pictures[shown[number]]

        return super().rows(Sighting(time, partial(picture, number)) for number, time in enumerate(times))


def study(made: Bundle, loaded: runtime.LoadedNetworks, items: Sequence[Item]) -> dict[str, Any]:
    """Measures a model of windows on clips in each order, through `vidclass` itself.

    Args:
        made: The model.
        loaded: Its networks.
        items: The clips.

    Returns:
        `count` of clips; top-1 `in_order`, `shuffled` (mean over `SEEDS`, and `shuffled_range`) and `repeated` (the
        clip's middle frame in every place); and `gain`, in order less shuffled, with its 95 % `gain_interval`.

    Raises:
        OptionError: The model judges single frames.
    """
    if made.window.length == 1:
        raise OptionError(f"The order of frames matters to models of windows. {made.name} judges frame by frame.")

    def predicted(order: Order) -> evaluate.Predictions:
        return evaluate.predict(Reordered(made, loaded, order), items)

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
        "repeated": float(right(lambda count: np.full(count, count // 2)).mean()),
        "gain": float(gains.mean()),
        "gain_interval": list(compare.interval(gains, [each.item.group for each in first.found])),
    }
