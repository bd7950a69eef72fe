"""Writing a clip: H.264 in MP4, under a temporary name until it is whole."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from vidclass._audio import Sound
from vidclass._frame import MATRIX_CODES, ColorSpace, Planes, even, plane
from vidclass._reader import Reader
from vidclass.errors import VideoError

TIME_BASE = Fraction(1, 90_000)
"""Clock of the written pictures: a multiple of the usual frame rates, and within 6 µs of any time."""

QUALITY = {"crf": "20", "preset": "veryfast"}
"""x264's settings."""

MAX_RATE_TERM = 100_000
"""Largest numerator or denominator of a rate, so that it fits an MP4's fields."""


class Writer:
    """Writes frames as an H.264 MP4 that plays while it loads. Use it in a `with`.

    The file appears under its name when the `with` block ends well. When it ends with an error, nothing is
    left and a file that was there before is untouched.

    Args:
        path: str or Path. The file to write; replaced if it exists.
        width: int. Pixels. An odd size loses its last column, as `Frame.yuv` does.
        height: int. Pixels. Likewise.
        rate: Fraction or float. Nominal frames a second; the frames keep their own times.
        color: ColorSpace. What the numbers in the planes mean; written into the stream.
        audio_from: str, Path or None. A clip whose sound is carried over, in step with its first frame at
            time zero. Defaults to None, no sound.

    Raises:
        VideoError: the file cannot be written, or `audio_from` cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        rate: Fraction | float,
        color: ColorSpace,
        audio_from: str | Path | None = None,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        """Frames written so far."""
        self._sound: Sound | None = None
        self._part = self.path.absolute().with_name(f".{uuid4().hex}.part")
        self._last = -1
        self._period = float(1 / rate)
        self._durations: dict[int, int] = {}
        start = Fraction(0)
        if audio_from is not None:
            with Reader(audio_from) as source:
                start = source.start
        self._reserve()
        try:
            self._container = av.open(
                f"file:{self._part}", "w", format="mp4", container_options={"movflags": "+faststart"}
            )
            self._stream = self._container.add_stream("libx264", rate=_nominal(rate), options=dict(QUALITY))
            context = self._stream.codec_context
            context.width, context.height = even(width, height)
            context.pix_fmt = "yuv420p"
            context.time_base = TIME_BASE
            context.color_range = ColorRange.JPEG if color.full_range else ColorRange.MPEG
            context.colorspace = MATRIX_CODES[color.matrix]
            context.color_primaries = color.primaries
            context.color_trc = color.transfer
            self._frame = VideoFrame(context.width, context.height, "yuv420p")
            if audio_from is not None:
                self._sound = Sound(Path(audio_from), start, self._container)
            self._container.start_encoding()
        except BaseException as error:
            self._discard()
            if isinstance(error, av.FFmpegError | OSError | ValueError):
                raise self._unwritable(error) from error
            raise

    @property
    def notes(self) -> list[str]:
        """What was wrong with the sound so far. Complete after the `with`."""
        return list(self._sound.notes) if self._sound is not None else []

    def write(self, planes: Planes, time: float, duration: float | None = None) -> None:
        """Adds a frame.

        Args:
            planes: Planes. The picture, of the writer's size.
            time: float. Seconds from the first frame. A time that does not lie after the one before is put
                one tick of the clock (11 µs) after it.
            duration: float or None. Seconds that it is shown; counts for the last frame. Defaults to None,
                one period of the nominal rate.

        Raises:
            VideoError: the disk is full, or the encoder fails.
        """
        pts = max(round(time / TIME_BASE), self._last + 1)
        if self.frames:
            self._durations[self._last] = pts - self._last
        self._durations[pts] = max(1, round((duration or self._period) / TIME_BASE))
        self._last = pts
        self._frame.make_writable()  # another one only if the encoder still holds this one
        for target, source in zip(self._frame.planes, planes, strict=True):
            plane(target, target.width)[:] = source
        self._frame.pts, self._frame.time_base = pts, TIME_BASE
        try:
            self._mux(self._stream.encode(self._frame))
            if self._sound is not None:
                self._sound.advance(time)
        except av.FFmpegError as error:
            raise self._unwritable(error) from error
        self.frames += 1

    def _mux(self, packets: list["Packet[Any]"]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts or 0)
            self._container.mux(packet)

    def _finish(self) -> None:
        if not self.frames:
            raise VideoError(
                "A video must hold at least one frame. Received: none. Check the clip that was read."
            )
        try:
            self._mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.advance()
            self._container.close()
            self._part.replace(self.path)
        except (av.FFmpegError, OSError) as error:
            raise self._unwritable(error) from error

    def _reserve(self) -> None:
        try:
            if self.path.is_dir():
                raise IsADirectoryError("it is a folder")
            self._part.touch(exist_ok=False)
        except OSError as error:
            raise self._unwritable(error) from error

    def _discard(self) -> None:
        if self._sound is not None:
            self._sound.close()
        with suppress(av.FFmpegError, OSError, AttributeError):
            self._container.close()
        self._part.unlink(missing_ok=True)

    def _unwritable(self, error: Exception) -> VideoError:
        return VideoError(
            f"The output must be a file that can be written. Received: {str(self.path)!r} "
            f"({getattr(error, 'strerror', None) or error}). Choose another folder, or free some space."
        )

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._discard()


def _nominal(rate: Fraction | float) -> Fraction:
    return Fraction(rate).limit_denominator(MAX_RATE_TERM)
