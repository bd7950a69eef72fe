"""Reading a clip: its frames in order, past damage, each with its time."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from types import TracebackType

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vidclass._clock import Clock
from vidclass._frame import ColorSpace, Frame, View, color_of, orientation_of
from vidclass._source import MAX_PIXELS, Packets, open_clip, pick_audio, pick_video
from vidclass.errors import VideoError

MAX_SKIPPED_IN_A_ROW = 2000
"""Undecodable packets in a row after which the rest of the clip is given up: over a minute at 30 frames a
second, far beyond the next key frame, so what follows is not video that this decoder can use."""

MAX_RATE = 1000
"""Frames a second that are believed of a header. Beyond, it states its clock's ticks and not the pictures'
rate."""

TAIL = 0.75
"""Frame periods that the last packet may be ahead of the last frame. A field of its own is half a period ahead, a lost
frame a whole one."""

DEFAULT_RATE = Fraction(25)
"""Frames a second of a clip that does not say: the rate that FFmpeg assumes for raw streams."""

MAX_PIXEL_ASPECT = 4
"""Stretch of a pixel that is believed; real ones are between 0.8 and 2. Beyond, the header is damaged."""


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a clip before it is read."""

    width: int
    """Pixels, as shown: upright, square pixels."""
    height: int
    """Pixels, as shown."""
    rate: Fraction
    """Frames a second; the mean of a clip with a variable rate."""
    duration: float | None
    """Seconds, as the file declares, or None."""
    frame_count: int | None
    """Frames, as the file declares, or None. Damage can make the real number smaller."""
    rotation: int
    """Degrees counter-clockwise, -180 to 180, by which the stored picture was turned to stand upright."""
    codec: str
    """FFmpeg's name of the codec, such as `h264`."""
    has_audio: bool
    """Whether there is sound that can be decoded."""
    color: ColorSpace
    """Colour space of the first frame."""


class Reader:
    """The frames of a clip, in order, each held only until the next is asked for. Use it in a `with`.

    Raises:
        VideoError: the clip cannot be opened, or not one frame of it can be decoded.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._damage = _Damage()
        self._container = open_clip(self.path)
        try:
            stream = pick_video(self._container, self.path.name)
            pictures = _decode_all(self.path, self._container, stream, self._damage)
            first = next(pictures, None)
            if first is None:
                raise VideoError(
                    f"At least one frame of the clip must be decodable. Received: {self.path.name!r}, of "
                    f"whose {stream.codec_context.name} video nothing is. Download or export it again."
                )
            self.info = _describe(self._container, stream, first)
            """What is known of the clip."""
            self.start = (first.pts or 0) * (stream.time_base or Fraction(0))
            """Time of the first frame on the file's own clock, in seconds."""
            tick = stream.time_base or 1 / self.info.rate
            self._clock = Clock(tick, 1 / self.info.rate)
            view = View(self.info.width, self.info.height, orientation_of(first))
            self._frames = self._timed(tick, view, chain([first], pictures))
        except BaseException:
            self._container.close()
            raise

    def _timed(self, tick: Fraction, view: View, pictures: Iterator[VideoFrame]) -> Generator[Frame, None, None]:
        seconds, period = float(tick), float(1 / self.info.rate)
        for index, picture in enumerate(pictures):
            duration = picture.duration * seconds or period
            yield Frame(self._clock.time(picture.pts), index, duration, view, picture)

    @property
    def notes(self) -> list[str]:
        """What was wrong with the clip so far, a sentence for each kind of problem. Complete after the last frame."""
        moved = self._clock.repaired
        irregular = [f"The clip's times are irregular: frames moved to keep their order: {moved}."] if moved else []
        return self._damage.notes() + irregular

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        return next(self._frames)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file and ends the decoder's threads. The frames that were handed out stay valid."""
        self._frames.close()  # which refers to this reader as well; else both would stay until they are searched for
        self._container.close()


@dataclass
class _Damage:
    """What a decoder stumbled over."""

    skipped: int = 0
    """Packets that could not be read or decoded."""
    incomplete: int = 0
    """Packets of which the container says that a part is missing."""
    flawed: int = 0
    """Frames in which the decoder had to guess a part."""
    gave_up: bool = False
    """Whether it stopped before the end, because nothing came any more."""

    def notes(self) -> list[str]:
        notes = []
        if self.skipped:
            end = "; the rest was given up" if self.gave_up else ""
            notes.append(f"packets that could not be decoded and were skipped: {self.skipped}{end}.")
        if self.incomplete:
            notes.append(f"packets of which a part is missing: {self.incomplete}.")
        if self.flawed:
            notes.append(f"frames that were decoded with visible flaws: {self.flawed}.")
        return [f"The stream is damaged: {note}" for note in notes]


def _decode_all(path: Path, container: InputContainer, stream: VideoStream, damage: _Damage) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, before, amid and after damaged places.

    Decoding several frames at once is quick, but a frame that fails while the decoder is drained takes those behind it
    along, without a word. So where the last packet's frame did not come out, the clip is decoded anew, one frame at a
    time, and what comes after the frames seen already is added.
    """
    packets = Packets(container, stream)
    seen = 0
    last = None
    for picture in _decode(packets, damage, ThreadType.AUTO):
        seen += 1
        last = picture.pts if last is None else max(last, picture.pts or last)
        yield picture
    behind = (packets.last or 0) - (last or 0)
    if behind * (stream.time_base or 0) * _rate(stream) > TAIL or not seen:
        with open_clip(path) as anew:
            again = Packets(anew, pick_video(anew, path.name))
            found = _Damage()
            yield from islice(_decode(again, found, ThreadType.SLICE), seen, None)
        damage.skipped = max(damage.skipped, found.skipped)
        damage.flawed = max(damage.flawed, found.flawed)


def _decode(packets: Packets, damage: _Damage, threads: ThreadType) -> Iterator[VideoFrame]:
    packets.stream.codec_context.thread_type = threads
    packets.stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    in_a_row = 0
    for packet in packets:
        damage.incomplete += packet.is_corrupt
        try:
            pictures = packet.decode()
        except av.FFmpegError:
            pictures = []
            in_a_row += 1
            damage.skipped += 1
            if in_a_row >= MAX_SKIPPED_IN_A_ROW:
                damage.gave_up = True
                break
        for picture in pictures:
            in_a_row = 0
            damage.flawed += picture.is_corrupt
            yield picture
    damage.skipped += packets.failed


def _describe(container: InputContainer, stream: VideoStream, first: VideoFrame) -> VideoInfo:
    orientation = orientation_of(first)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, MAX_PIXEL_ASPECT) <= aspect <= MAX_PIXEL_ASPECT:
        aspect = Fraction(1)
    width, height = orientation.coded(max(1, round(first.width * aspect)), first.height)
    duration = None
    if stream.duration is not None and stream.time_base is not None:
        duration = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration = container.duration / av.time_base
    return VideoInfo(
        width=width,
        height=height,
        rate=_rate(stream),
        duration=duration if duration and duration > 0 else None,
        frame_count=_frame_count(stream),
        rotation=first.rotation,
        codec=stream.codec_context.codec.canonical_name,
        has_audio=pick_audio(container) is not None,
        color=color_of(first),
    )


def _rate(stream: VideoStream) -> Fraction:
    rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return next((rate for rate in rates if rate and 0 < rate <= MAX_RATE), DEFAULT_RATE)


def _frame_count(stream: VideoStream) -> int | None:
    entries = stream.index_entries
    if stream.frames and len(entries) == stream.frames:
        return sum(not entry.is_discard for entry in entries)  # an edit list leaves frames out
    return stream.frames or None
