"""What the tests of clips share beside their maker: copying one, and looking at what came out."""

import numpy as np

from vidclass.video import Planes, Writer, read


def planes(width, height, level=100):
    """A plain grey picture."""
    return Planes(
        np.full((height, width), level, np.uint8),
        np.full((height // 2, width // 2), 128, np.uint8),
        np.full((height // 2, width // 2), 128, np.uint8),
    )


def copy_clip(source, target, audio=True, color=None):
    """Reads a clip and writes it again; the times of its frames, and all notes."""
    with read(source) as reader:
        info = reader.info
        with Writer(
            target, info.width, info.height, info.rate, color or info.color, source if audio else None
        ) as writer:
            times = []
            for frame in reader:
                writer.write(frame.yuv(), frame.time, frame.duration)
                times.append(frame.time)
    return times, reader.notes + writer.notes


def times_of(path):
    with read(path) as reader:
        return [frame.time for frame in reader]


def levels_of(path):
    """Mean luma of each frame."""
    with read(path) as reader:
        return [float(frame.yuv().y.mean()) for frame in reader]
