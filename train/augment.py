"""Random changes to training pictures: drawn once, applied to one photo or to every frame of a clip alike.

Beside the tutorial's rotation, zoom, shift, shear and flip there is what separates video from photos: subjects that are
small in a wide picture, motion blur, and compression.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidclass.preprocess import Image, resize

SHRINK_FIRST = 1.5
"""Source pixels per output pixel above which the picture is averaged down before warping, lest it alias."""


@dataclass(frozen=True)
class Strength:
    """How far pictures are changed."""

    area: tuple[float, float] = (0.3, 1.0)
    """Share of the picture's area that a crop keeps."""
    aspect: float = 4 / 3
    """A crop's aspect is stretched by up to this factor either way."""
    zoom_out: float = 0.15
    """Probability that the picture is shown smaller than the frame, mirrored at its rim."""
    rotation: float = 12.0
    """Degrees, either way."""
    shear: float = 0.1
    """Horizontal pixels per vertical pixel, either way."""
    blur: float = 0.2
    """Probability of motion blur."""
    low_resolution: float = 0.2
    """Probability that detail is lost, as in a small or distant picture."""
    compression: float = 0.3
    """Probability of strong JPEG compression."""
    colour: float = 0.3
    """Brightness, contrast and colour balance change by up to this factor."""


GENTLE = Strength(
    area=(0.6, 1.0),
    zoom_out=0.0,
    rotation=4.0,
    shear=0.03,
    blur=0.05,
    low_resolution=0.05,
    compression=0.1,
    colour=0.15,
)
"""Little change, for the last epochs."""


@dataclass(frozen=True)
class Augmentation:
    """One drawn change."""

    size: int
    matrix: NDArray[np.float64]
    """`(2, 3)`: output pixel -> source position, both as fractions of their picture from its centre."""
    gain: NDArray[np.float32]
    """`(3,)`: factor of each colour."""
    contrast: float
    kernel: NDArray[np.float32] | None
    """Motion blur, `(k, k)`."""
    detail: float
    """Share of the resolution that is kept."""
    quality: int | None
    """JPEG quality."""

    def __call__(self, image: Image) -> Image:
        """An RGB picture of any size -> `(size, size, 3)` uint8."""
        warped = self._warp(image)
        if self.detail < 1:
            small = max(8, round(self.size * self.detail))
            warped = resize(resize(warped, (small, small)), (self.size, self.size))
        if self.kernel is not None:
            warped = cv2.filter2D(warped, -1, self.kernel).astype(np.uint8)
        changed = self._recolour(warped)
        if self.quality is None:
            return changed
        _, blob = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return np.asarray(cv2.imdecode(blob, cv2.IMREAD_COLOR), np.uint8)

    def _recolour(self, image: Image) -> Image:
        """Contrast about the picture's mean, then the gains, by table: arithmetic on every pixel took as long as
        everything else together."""
        mean = sum(cv2.mean(image)[:3]) / 3
        levels = (np.arange(256) - mean) * self.contrast + mean
        table = np.clip(levels[:, None] * self.gain, 0, 255).astype(np.uint8)  # (256, 3)
        recoloured: Image = cv2.LUT(image, table[None]).astype(np.uint8, copy=False)
        return recoloured

    def _warp(self, image: Image) -> Image:
        height, width = image.shape[:2]
        to_unit = np.array([[1 / self.size, 0, 0.5 / self.size - 0.5], [0, 1 / self.size, 0.5 / self.size - 0.5]])
        from_unit = np.array([[width, 0, width / 2 - 0.5], [0, height, height / 2 - 0.5], [0, 0, 1]])
        unit = np.vstack([self.matrix, [0, 0, 1]]) @ np.vstack([to_unit, [0, 0, 1]])
        step = float(np.sqrt(abs(np.linalg.det((from_unit @ unit)[:2, :2]))))  # source pixels per output pixel
        if step > SHRINK_FIRST:
            shrunk = resize(image, (max(1, round(width / step)), max(1, round(height / step))))
            height, width = shrunk.shape[:2]
            from_unit = np.array([[width, 0, width / 2 - 0.5], [0, height, height / 2 - 0.5], [0, 0, 1]])
            image = shrunk
        warped = cv2.warpAffine(
            image,
            (from_unit @ unit)[:2],
            (self.size, self.size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return warped.astype(np.uint8, copy=False)


def draw(random: np.random.Generator, size: int, strength: Strength) -> Augmentation:
    """Draws a change. Every frame of a clip gets the same one, so that motion stays motion."""
    area = random.uniform(*strength.area)
    stretch = np.exp(random.uniform(-1, 1) * np.log(strength.aspect) / 2)
    x_scale, y_scale = min(1.0, np.sqrt(area) * stretch), min(1.0, np.sqrt(area) / stretch)
    x_shift = random.uniform(-1, 1) * (1 - x_scale) / 2
    y_shift = random.uniform(-1, 1) * (1 - y_scale) / 2
    if random.random() < strength.zoom_out:
        x_scale = y_scale = random.uniform(1.0, 1.6)
        x_shift, y_shift = random.uniform(-0.2, 0.2, 2)
    angle = np.deg2rad(random.uniform(-1, 1) * strength.rotation)
    shear = random.uniform(-1, 1) * strength.shear
    flip = -1.0 if random.random() < 0.5 else 1.0
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([x_scale, y_scale]) @ rotate @ np.array([[1, shear], [0, 1]]) @ np.diag([flip, 1.0])
    gain = 1 + random.uniform(-1, 1) * strength.colour + random.uniform(-1, 1, 3) * strength.colour / 4
    return Augmentation(
        size=size,
        matrix=np.column_stack([linear, [x_shift, y_shift]]),
        gain=gain.astype(np.float32),
        contrast=float(1 + random.uniform(-1, 1) * strength.colour),
        kernel=_motion(random, size) if random.random() < strength.blur else None,
        detail=float(random.uniform(0.25, 0.7)) if random.random() < strength.low_resolution else 1.0,
        quality=int(random.integers(15, 60)) if random.random() < strength.compression else None,
    )


def _motion(random: np.random.Generator, size: int) -> NDArray[np.float32]:
    """A blur along a random direction, up to a twentieth of the picture long."""
    length = int(random.integers(3, max(4, size // 20)))
    kernel = np.zeros((length, length), np.uint8)
    angle = random.uniform(0, np.pi)
    reach = (length - 1) / 2
    ends = [(round(reach + s * reach * np.cos(angle)), round(reach + s * reach * np.sin(angle))) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1)
    spread: NDArray[np.float32] = (kernel / kernel.sum()).astype(np.float32)
    return spread
