"""What moves between sampled frames, as a picture: the second input of a CNN that sees motion.

A frame shows who and where; optical flow shows what they do, whatever they look like. Source: Simonyan and Zisserman,
"Two-Stream Convolutional Networks for Action Recognition in Videos", 2014: the last few flows as the channels of one
picture, each with the camera's own motion taken away.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidclass.preprocess import Image

STILL = 128
"""The value of no motion."""
LEVELS_PER_PIXEL = 8
"""Values a pixel of motion: 16 pixels either way can be told, in steps of an eighth."""
EVERY = 4
"""Of each row and column, every so many pixels make the median: it changes little from pixel to pixel."""


def flow_side(size: int) -> int:
    """Side of the flow's picture, for frames of `size` pixels: half of it, since flow is smooth."""
    return size // 2


class Motion:
    """The last moves of one stream of pictures. Each clip, and each visitor's camera, needs its own."""

    def __init__(self, side: int, flows: int):
        """
        Args:
            side: Of the flow's picture, in pixels.
            flows: How many of the last moves are shown, L.
        """
        self._side = side
        self._before: NDArray[np.uint8] | None = None
        self._moves = deque([np.full((side, side, 2), STILL, np.uint8)] * flows, maxlen=flows)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def __call__(self, picture: Image) -> NDArray[np.uint8]:
        """Takes in the next picture `(S, S, 3)`; gives the moves up to it, `(side, side, 2 * L)`, oldest first.

        Each is the way right and down that a point has come from the picture before, in eighths of a pixel from
        `STILL`. Moves from before the first picture are still.
        """
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        if grey.shape[0] != self._side:
            grey = cv2.resize(grey, (self._side, self._side), interpolation=cv2.INTER_AREA)
        if self._before is not None:
            flow = self._flow.calc(self._before, grey, None)  # type: ignore[call-overload]  # (side, side, 2) pixels
            flow -= np.median(flow[::EVERY, ::EVERY], axis=(0, 1))  # the camera's
            levels = np.rint(flow * LEVELS_PER_PIXEL) + STILL
            self._moves.append(np.clip(levels, 0, 255).astype(np.uint8))
        self._before = grey.astype(np.uint8, copy=False)
        return np.concatenate(self._moves, axis=-1)


def inputs_of(size: int, flows: int) -> Callable[[Image], tuple[NDArray[Any], ...]]:
    """What makes of one stream's pictures, in order, what `embed` takes: each alone, or with its flow.

    Each stream needs its own, since flow leads from the picture before.

    Args:
        size: Side of the pictures, in pixels.
        flows: How many moves are shown beside each; 0 for pictures alone.
    """
    if not flows:
        return lambda picture: (picture,)
    motion = Motion(flow_side(size), flows)
    return lambda picture: (picture, motion(picture))
