"""A decoded frame and the ways to look at it: RGB or YUV, upright, any size, in the frame's own colours."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

MATRIX_CODES = {"bt709": 1, "fcc": 4, "bt601": 6, "smpte240m": 7, "bt2020": 9}
"""Matrix names and their codes in a stream's header (ITU-T H.273, table 4)."""

MATRIX_NAMES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}

SCALER_MATRICES = {"bt709": 1, "fcc": 4, "bt601": 5, "smpte240m": 7, "bt2020": 9}
"""The same matrices as FFmpeg's scaler numbers them."""

HD_HEIGHT = 720
"""Lines from which an untagged clip is taken as BT.709 and below which as BT.601, as browsers do."""

UNSPECIFIED = 2
"""The code of H.273 that leaves primaries or transfer to the player."""


class Planes(NamedTuple):
    """An 8-bit 4:2:0 picture of even size, in arrays of its own that may be drawn on."""

    y: Pixels
    """Luma, `(H, W)`."""
    u: Pixels
    """Blue difference, `(H/2, W/2)`."""
    v: Pixels
    """Red difference, `(H/2, W/2)`."""


@dataclass(frozen=True)
class ColorSpace:
    """What the numbers of a YUV picture mean, so that what is drawn on it and what is written keep its
    colours."""

    matrix: str = "bt601"
    """`bt601`, `bt709`, `bt2020`, `smpte240m` or `fcc`; guessed from the height where the clip does not
    say."""
    full_range: bool = False
    """True: luma 0–255. False: luma 16–235, chroma 16–240."""
    primaries: int = UNSPECIFIED
    """Colour primaries, as coded in ITU-T H.273."""
    transfer: int = UNSPECIFIED
    """Transfer characteristics, as coded in ITU-T H.273."""


@dataclass(frozen=True)
class Orientation:
    """How the coded picture is turned to stand upright: transposed first, then mirrored."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def upright(self, image: Pixels) -> Pixels:
        """A view of the coded picture `(H, W)` or `(H, W, 3)` as it is shown."""
        if self.transpose:
            image = image.swapaxes(0, 1)
        if self.flip_x:
            image = image[:, ::-1]
        return image[::-1] if self.flip_y else image

    def coded(self, width: int, height: int) -> tuple[int, int]:
        """A shown (width, height) as the coded picture has it; also the other way round."""
        return (height, width) if self.transpose else (width, height)


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation that the clip's display matrix asks for, to the nearest quarter turn; mirrors too."""
    side_data: Any = frame.side_data  # av's type hints name motion vectors only
    matrix = side_data.get(SideDataType.DISPLAYMATRIX)
    if matrix is None:
        return Orientation()
    a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).tolist()  # (x, y) is shown at (a·x + c·y, b·x + d·y)
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(transpose=True, flip_x=c < 0, flip_y=b < 0)
    return Orientation(flip_x=a < 0, flip_y=d < 0)


def color_of(frame: VideoFrame) -> ColorSpace:
    """The colour space of a frame's YUV form, tagged or as players guess it."""
    guess = "bt709" if frame.height >= HD_HEIGHT else "bt601"
    if frame.format.is_rgb:  # `Frame.yuv` converts these, so it chooses
        return ColorSpace(guess, False, frame.color_primaries, frame.color_trc)
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    return ColorSpace(MATRIX_NAMES.get(frame.colorspace, guess), full, frame.color_primaries, frame.color_trc)


@dataclass(frozen=True)
class View:
    """How all frames of one clip are shown, and the scalers that they share."""

    width: int
    """Shown width in pixels: upright, square pixels."""
    height: int
    orientation: Orientation
    scalers: dict[str, VideoReformatter] = field(default_factory=dict)

    def scale(self, frame: VideoFrame, size: tuple[int, int], pixel_format: str, color: ColorSpace) -> VideoFrame:
        """The coded frame as `pixel_format`, so large that it is `size` (width, height) once upright."""
        width, height = self.orientation.coded(*size)
        scaler = self.scalers.setdefault(f"{pixel_format} {width}×{height}", VideoReformatter())
        to_rgb, from_rgb = pixel_format in {"rgb24", "gbrp"}, frame.format.is_rgb
        matrix = SCALER_MATRICES[color.matrix]
        own_range = ColorRange.JPEG if color.full_range else ColorRange.MPEG
        # Area averages all pixels that fall on one, so a shrunk picture does not alias. Without full chroma the
        # scaler takes a short cut to RGB that is 1.5 levels too dark.
        shrinks = width * height < frame.width * frame.height
        return scaler.reformat(
            frame,
            width,
            height,
            pixel_format,
            src_colorspace=None if from_rgb else matrix,
            dst_colorspace=None if to_rgb else matrix,
            interpolation=(Interpolation.AREA if shrinks else Interpolation.BILINEAR) | Interpolation.FULL_CHR_H_INT,
            src_color_range=ColorRange.JPEG if from_rgb else own_range,
            dst_color_range=ColorRange.JPEG if to_rgb else own_range,
            threads=1,  # a second thread costs more than it gains at these sizes
        )


@dataclass(frozen=True)
class Frame:
    """One frame of a clip. It costs nothing until a picture is asked of it, and may outlive the next one.

    Frames of one clip share their scalers: ask them from one thread at a time.
    """

    time: float
    """Seconds from the clip's first frame; strictly increasing."""
    index: int
    """Place in the clip, from 0."""
    duration: float
    """Seconds that the clip shows it."""
    _view: View = field(repr=False)
    _picture: VideoFrame = field(repr=False)

    @property
    def width(self) -> int:
        """Width in pixels as shown: upright, square pixels."""
        return self._view.width

    @property
    def height(self) -> int:
        """Height in pixels as shown."""
        return self._view.height

    @property
    def color(self) -> ColorSpace:
        """Colour space of what `yuv` returns."""
        return color_of(self._picture)

    def rgb(self, size: tuple[int, int] | None = None) -> Pixels:
        """The frame as RGB.

        Args:
            size: (width, height) in pixels, as shown. Defaults to the frame's own.

        Returns:
            `(H, W, 3)` uint8, upright.
        """
        size = size or (self.width, self.height)
        orientation, picture = self._view.orientation, self._picture
        if orientation.coded(*size) == (picture.width, picture.height):
            # Not as planes: of those, the scaler leaves the last columns unwritten where it does not scale.
            converted = self._view.scale(picture, size, "rgb24", self.color)
            image = plane(converted.planes[0], converted.width, 3)
            # A frame that was RGB of this size already is the decoder's own memory.
            image = image.copy() if converted is picture else image
        else:
            # Planes take the scaler half the time of whole pixels, for which it has no vector code.
            scaled = self._view.scale(picture, size, "gbrp", self.color)
            green, blue, red = (plane(each, scaled.width) for each in scaled.planes)
            image = np.stack((red, green, blue), axis=-1)
        return np.ascontiguousarray(orientation.upright(image))

    def yuv(self, size: tuple[int, int] | None = None) -> Planes:
        """The frame as 8-bit 4:2:0 planes, in arrays of its own.

        Args:
            size: (width, height) in pixels, as shown. Defaults to the frame's own. An odd size loses its last
                column or row, because 4:2:0 halves both.

        Returns:
            The planes, upright.
        """
        size = even(*(size or (self.width, self.height)))
        orientation, picture = self._view.orientation, self._picture
        width, height = orientation.coded(*size)
        kept = (picture.width - width, picture.height - height)
        if picture.format.name not in {"yuv420p", "yuvj420p"} or not set(kept) <= {0, 1}:
            picture = self._view.scale(picture, size, "yuv420p", self.color)
        halves = (width // 2, height // 2)
        shapes = ((width, height), halves, halves)
        planes = zip(picture.planes, shapes, strict=True)
        return Planes(*(np.array(orientation.upright(plane(p, w)[:h]), order="C") for p, (w, h) in planes))


def even(width: int, height: int) -> tuple[int, int]:
    """The largest even size within (width, height), at least 2×2."""
    return max(2, width & ~1), max(2, height & ~1)


def plane(source: VideoPlane, width: int, channels: int = 1) -> Pixels:
    """A plane of a frame as a view on its memory, `(H, width)` or `(H, width, channels)`, without the
    padding."""
    rows: Pixels = np.frombuffer(memoryview(source), np.uint8).reshape(-1, abs(source.line_size))
    if source.line_size < 0:  # stored from the bottom up
        rows = rows[::-1]
    rows = rows[:, : width * channels]
    return rows if channels == 1 else rows.reshape(len(rows), width, channels)
