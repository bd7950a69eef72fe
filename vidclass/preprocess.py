"""Pictures to network input: the one place that says how a picture becomes `size` × `size` pixels.

Training, photos and clips go through it alike; only the scaler may differ (OpenCV for photos, the decoder's own for
clips). Values stay raw 0–255: the scaling to [-1, 1] is the network's first layer, so that it cannot be forgotten.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Geometry = Literal["squash", "center_crop"]
GEOMETRIES: tuple[Geometry, ...] = ("squash", "center_crop")

SQUASH_LIMIT = 1.5
"""The longest aspect that is squashed whole: that of photos. A film's 16:9 or a phone's 9:16 is first cut to it, since
squashed further nothing looks as it does in any photo."""

Image = NDArray[np.uint8]
"""RGB picture, `(H, W, 3)`, 0–255, upright."""


@dataclass(frozen=True)
class Preprocess:
    """How pictures are brought to the network's input size."""

    size: int
    """Side of the square that the network takes, in pixels."""
    geometry: Geometry = "squash"
    """`squash` keeps the whole picture and gives up its aspect, but cuts what is longer than `SQUASH_LIMIT`;
    `center_crop` keeps the aspect and gives up the rim."""

    def scaled_size(self, width: int, height: int) -> tuple[int, int]:
        """Size to scale a `width` × `height` picture to before `crop`, as (width, height).

        >>> Preprocess(224, "squash").scaled_size(320, 240)
        (224, 224)
        >>> Preprocess(224, "squash").scaled_size(1920, 1080)
        (265, 224)
        >>> Preprocess(224, "center_crop").scaled_size(1920, 1080)
        (398, 224)
        """
        limit = SQUASH_LIMIT if self.geometry == "squash" else 1.0
        longer = max(self.size, round(self.size * max(width, height) / min(width, height) / limit))
        return (longer, self.size) if width >= height else (self.size, longer)

    def crop(self, scaled: Image) -> Image:
        """The central `(size, size, 3)` of a picture that was scaled to `scaled_size`."""
        top = (scaled.shape[0] - self.size) // 2
        left = (scaled.shape[1] - self.size) // 2
        return scaled[top : top + self.size, left : left + self.size]

    def __call__(self, image: Image) -> Image:
        """An RGB uint8 picture `(H, W, 3)` of any size as network input `(size, size, 3)`."""
        height, width = image.shape[:2]
        return self.crop(resize(image, self.scaled_size(width, height)))


def resize(image: Image, size: tuple[int, int]) -> Image:
    """The picture at (width, height): averaged along a side that shrinks, so that it does not alias; linear along one
    that grows. FFmpeg's scaler does the same, OpenCV only where both sides shrink."""
    height, width = image.shape[:2]
    shrunk = cv2.resize(image, (min(width, size[0]), min(height, size[1])), interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
