"""Opening a clip safely: only a real container, only this one file, only a stream that is moving pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from vidclass.errors import VideoError

CONTAINERS = (
    "mov,matroska,avi,mpeg,mpegts,ogg,flv,live_flv,kux,asf,gif,mxf,gxf,lxf,nut,nuv,rm,wtv,dv,ivf,amv,nsv,pva,dhav,"
    "yuv4mpegpipe,mpegvideo,m4v,h261,h263,h264,hevc,vvc,vc1,av1,obu,mjpeg,dirac,dnxhd,cavsvideo"
)
"""FFmpeg demuxers that may open a clip. Each reads nothing but the file it is given; playlists (HLS, DASH),
scripts (concat), image patterns, network descriptions and devices are not among them."""

SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv"}
    | {".ts", ".webm", ".wmv", ".y4m"}
)
"""Endings of the files that are taken for clips where a folder is searched. A clip named outright may have any."""

OPTIONS = {
    "format_whitelist": CONTAINERS,
    "protocol_whitelist": "file",
    "enable_drefs": "0",  # a MOV may name other files as its tracks
}

MAX_READ_ERRORS = 100
"""Failed reads in a row after which the rest of the file is given up. A file that was cut off fails once for
each sample that its index still lists, so more than a hundred in a row mean that nothing follows."""

MAX_PIXELS = 8192 * 8192
"""Pixels of the largest frame that is decoded. Four times 8K; a header that claims more would only fill the
memory."""

NOT_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


def open_clip(path: Path) -> InputContainer:
    """Opens a clip for reading.

    Args:
        path: Path. An existing regular file.

    Returns:
        The open container. The caller closes it.

    Raises:
        VideoError: the file is missing, empty, unreadable, or not in one of `CONTAINERS`.
    """
    try:
        if not path.is_file():
            raise VideoError(
                f"The clip must be an existing file. Received: {str(path)!r}. Check the path; to classify a "
                "video from the web, download it first."
            )
        if path.stat().st_size == 0:
            raise VideoError(
                f"The clip must be a video file. Received: {path.name!r}, which is empty (0 bytes). "
                "Copy or upload it again."
            )
        name = f"file:{path.absolute()}"  # the prefix keeps a name like `concat:a` from being read as a protocol
        return av.open(name, options=OPTIONS, metadata_errors="replace")
    except PermissionError as error:
        raise VideoError(
            f"The clip must be readable. Received: {path.name!r}, which this user may not read. Change its permissions."
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            "The clip must be one self-contained video file, such as MP4, MOV, WebM, MKV, AVI or MPEG. "
            f"Received: {path.name!r}, which is none of them (a playlist, a picture, other data or a damaged "
            "header). Export it as MP4 and try again."
        ) from error


def pick_video(container: InputContainer, name: str) -> VideoStream:
    """The stream that players show: the first one marked as default, else the first; never a cover picture.

    Raises:
        VideoError: there is none, or no decoder for it.
    """
    streams = [s for s in container.streams.video if not s.disposition & NOT_PICTURES]
    if not streams:
        found = "only sound" if container.streams.audio else "no video stream"
        raise VideoError(
            f"The clip must hold a video stream. Received: {name!r}, which holds {found}. Try another file."
        )
    known = [s for s in streams if s.codec_context is not None]
    if not known:
        raise VideoError(
            f"The clip's video codec must be one that FFmpeg decodes. Received: {name!r}, whose codec is "
            "unknown. Export it as H.264 MP4 and try again."
        )
    stream = min(known, key=lambda s: not s.disposition & Disposition.default)
    if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
        size = f"{stream.codec_context.width}×{stream.codec_context.height}"
        raise VideoError(
            f"A frame must hold at most {MAX_PIXELS:,} pixels. Received: {name!r} with {size}. Scale it down."
        )
    return stream


def pick_audio(container: InputContainer) -> AudioStream | None:
    """The sound that players play: the first stream marked as default, else the first, or None."""
    known = [s for s in container.streams.audio if s.codec_context is not None]
    return min(known, key=lambda s: not s.disposition & Disposition.default, default=None)


@dataclass
class Packets:
    """Packets of one stream, past unreadable places; at the end one without data, which drains the
    decoder."""

    container: InputContainer
    stream: VideoStream | AudioStream
    failed: int = 0
    """Reads that failed so far."""
    last: int | None = None
    """The latest timestamp so far of a packet that is to be shown."""

    def __iter__(self) -> Iterator["Packet[Any]"]:
        for other in self.container.streams:
            if other is not self.stream:
                other.discard = Discard.all
        in_a_row = 0
        while in_a_row < MAX_READ_ERRORS:
            try:
                for packet in self.container.demux(self.stream):
                    in_a_row = 0
                    if packet.pts is not None and not packet.is_discard:
                        self.last = packet.pts if self.last is None else max(self.last, packet.pts)
                    yield packet
                return
            except av.FFmpegError:
                self.failed += 1
                in_a_row += 1
        drain: Packet[Any] = Packet()
        drain.stream = self.stream
        yield drain
