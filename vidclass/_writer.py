"""Writing a clip: H.264 in MP4, under a temporary name until it is whole."""

from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
from av.codec.context import ThreadType
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from vidclass._audio import Sound
from vidclass._frame import MATRIX_CODES, ColorSpace, Planes, even, plane
from vidclass._reader import Reader
from vidclass.errors import OptionError, VideoError
from vidclass.files import replacing

TICKS = 90_000
"""Ticks a second of the written pictures' clock: a multiple of the usual frame rates, and within 6 µs of any time."""

TIME_BASE = Fraction(1, TICKS)

ENCODER = {
    # A constant quantiser bounds the error whatever the picture shows: luma PSNR of 39 dB on noise, 42 to 48 on real
    # clips. A rate factor (crf) of 20 falls to 34 dB on noise.
    "qp": "21",
    # Beside ultrafast, veryfast takes three to six times as long and writes half the bytes. One round of sub-pixel
    # search, which ultrafast leaves out, saves up to a third of the bytes for a tenth of the time.
    "preset": "ultrafast",
    "x264-params": "subme=1",
    # Frames that a player must decode, at most, to show any other one: a click in the chart seeks at once.
    "g": "60",
}
"""x264's settings, with what was measured on them."""

MAX_RATE_TERM = 100_000
"""Largest denominator of a rate, so that it fits an MP4's fields."""


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
        audio_from: str, Path, Reader or None. A clip, or the open reader of one, whose sound is carried over, in
            step with its first frame at time zero. Defaults to None, no sound.

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
        audio_from: str | Path | Reader | None = None,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        """Frames written so far."""
        self._rate = Fraction(rate).limit_denominator(MAX_RATE_TERM)
        self._period = float(1 / self._rate)
        self._frame = VideoFrame(*even(width, height), "yuv420p")
        self._last = -1
        self._duration = 0
        self._sound: Sound | None = None
        with ExitStack() as stack:
            try:
                part = stack.enter_context(replacing(path))
                self._container = av.open(
                    f"file:{part}", "w", format="mp4", container_options={"movflags": "+faststart"}
                )
                stack.callback(_close, self._container)
                self._add_pictures(color)
                if audio_from is not None:
                    source = audio_from if isinstance(audio_from, Reader) else _probe(audio_from)
                    self._sound = Sound(source.path, source.start, self._container)
                    stack.callback(self._sound.close)
                self._container.start_encoding()
            except (av.FFmpegError, OSError, ValueError, OptionError) as error:
                raise self._unwritable(error) from error
            self._stack = stack.pop_all()

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
        pts = max(round(time * TICKS), self._last + 1)
        self._last, self._duration = pts, max(1, round((duration or self._period) * TICKS))
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

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        try:
            with self._stack:
                self._finish()
        except (av.FFmpegError, OSError, OptionError) as failure:
            raise self._unwritable(failure) from failure

    def _add_pictures(self, color: ColorSpace) -> None:
        self._stream = self._container.add_stream("libx264", rate=self._rate, options=ENCODER)
        context = self._stream.codec_context
        context.width, context.height = self._frame.width, self._frame.height
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.thread_type = ThreadType.FRAME  # av's default, slices, keeps one core idle and costs bytes
        context.color_range = ColorRange.JPEG if color.full_range else ColorRange.MPEG
        context.colorspace = MATRIX_CODES[color.matrix]
        context.color_primaries = color.primaries
        context.color_trc = color.transfer

    def _mux(self, packets: list["Packet[Any]"]) -> None:
        for packet in packets:
            packet.duration = self._duration  # only the last frame's is kept: others last until the next one
            self._container.mux(packet)

    def _finish(self) -> None:
        if not self.frames:
            raise VideoError("A video must hold at least one frame. Received: none. Check the clip it is made from.")
        self._mux(self._stream.encode(None))
        if self._sound is not None:
            self._sound.advance()
        self._container.close()

    def _unwritable(self, error: Exception) -> VideoError:
        if isinstance(error, OptionError):
            return VideoError(str(error))
        return VideoError(
            f"The output must be a file that can be written. Received: {str(self.path)!r} "
            f"({getattr(error, 'strerror', None) or error}). Choose another folder, or free some space."
        )


def _probe(path: str | Path) -> Reader:
    """A clip's reader, closed again: where its first frame lies is known from the opening."""
    with Reader(path) as source:
        return source


def _close(container: OutputContainer) -> None:
    """Closes a file that may be broken already; a whole one was closed before, and its errors were seen."""
    with suppress(av.FFmpegError, OSError):
        container.close()
