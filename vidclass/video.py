"""Clips in and out: probe a file, read its frames, write an MP4 that every browser plays.

    with read("clip.mov") as reader:
        info = reader.info
        with Writer("out.mp4", info.width, info.height, info.rate, info.color, "clip.mov") as writer:
            for frame in reader:
                writer.write(frame.yuv(), frame.time, frame.duration)

Times are seconds from the first frame; frames stand upright and have square pixels, whatever the file holds.
Only this module and the private ones behind it import av.
"""

from pathlib import Path

from vidclass._frame import ColorSpace, Frame, Planes
from vidclass._reader import Reader, VideoInfo
from vidclass._source import SUFFIXES
from vidclass._writer import Writer


def probe(path: str | Path) -> VideoInfo:
    """What is known of a clip before it is read. Decodes one frame, so that what it says is true of the
    pictures.

    Raises:
        VideoError: the clip cannot be opened, or not one frame of it can be decoded.
    """
    with read(path) as reader:
        return reader.info


def read(path: str | Path) -> Reader:
    """Opens a clip to read its frames: `with read("clip.mp4") as frames: for frame in frames: ...`.

    Raises:
        VideoError: the clip cannot be opened, or not one frame of it can be decoded.
    """
    return Reader(path)


__all__ = ["SUFFIXES", "ColorSpace", "Frame", "Planes", "Reader", "VideoInfo", "Writer", "probe", "read"]
