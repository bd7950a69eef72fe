"""Decoded training pictures in one flat file on disk: photos and clip frames alike, decoded once, read many times.

Raw pixels cost disk but no memory of ours (the system's page cache holds what fits) and no time per epoch.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from train.data import Item
from vidclass import video
from vidclass.errors import DataError, VideoError
from vidclass.files import replacing
from vidclass.preprocess import Image, resize
from vidclass.sampling import tick

BAD_NAMED = 10
"""Unreadable files that are named at the end; the others are only counted."""


@dataclass(frozen=True)
class PictureSpec:
    """What is kept of each item."""

    short_side: int = 256
    """Pictures are shrunk to this short side, in pixels; smaller ones stay as they are."""
    sample_fps: float = 8.0
    """Frames a second kept of a clip."""
    seconds: float = 12.0
    """Of a longer clip, only so many seconds from the start are kept."""


@dataclass(frozen=True)
class Pictures:
    """The decoded pictures of a list of items."""

    data: NDArray[np.uint8]
    """All pixels, flat (a memory map)."""
    shapes: list[list[tuple[int, int, int]]]
    """Of each item, each picture's (offset, height, width); empty where the item could not be read."""
    bad: list[str]
    """Items that could not be read, with the reason."""

    def __getitem__(self, key: tuple[int, int]) -> Image:
        """Picture `key[1]` of item `key[0]`, `(H, W, 3)`."""
        offset, height, width = self.shapes[key[0]][key[1]]
        return self.data[offset : offset + height * width * 3].reshape(height, width, 3)

    def count(self, item: int) -> int:
        """Number of pictures of an item: 1 for a photo."""
        return len(self.shapes[item])


def decode_photo(path: Path) -> Image | None:
    """An image file as RGB, told by its content and not by its name; None where it is no image."""
    blob = np.fromfile(path, np.uint8)
    image = cv2.imdecode(blob, cv2.IMREAD_COLOR) if blob.size else None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def decode_clip(path: Path, spec: PictureSpec) -> Iterator[Image]:
    """The frames of a clip that open a tick of `sample_fps`, shrunk to the short side."""
    before = -1
    with video.read(path) as frames:
        for frame in frames:
            if frame.time > spec.seconds:
                break
            now = tick(frame.time, spec.sample_fps, frame.index)
            if now != before:
                before = now
                yield frame.rgb(_fit(frame.width, frame.height, spec.short_side))


def _fit(width: int, height: int, short_side: int) -> tuple[int, int]:
    scale = min(1.0, short_side / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _decode(item: Item, spec: PictureSpec) -> Iterator[Image]:
    if item.is_clip:
        yield from decode_clip(item.path, spec)
        return
    image = decode_photo(item.path)
    if image is None:
        raise DataError("not an image that OpenCV decodes")
    yield resize(image, _fit(image.shape[1], image.shape[0], spec.short_side))


def load(items: Sequence[Item], spec: PictureSpec, cache: Path) -> Pictures:
    """Decodes the items, or finds them decoded by an earlier run with the same list and spec.

    Args:
        items: What to decode; an unreadable item is skipped and listed in `bad`.
        spec: What to keep.
        cache: Folder for the decoded files.

    Raises:
        DataError: Not one item could be read.
    """
    cache.mkdir(parents=True, exist_ok=True)
    listing = "\n".join(f"{item.path.resolve()} {_stamp(item.path)}" for item in items)
    key = hashlib.sha256(f"{spec}\n{listing}".encode()).hexdigest()[:16]
    index, pixels = cache / f"{key}.json", cache / f"{key}.bin"
    if not index.is_file():
        # The index is written last, so its presence says that the pixels are whole.
        with replacing(pixels) as partial, replacing(index) as partial_index:
            partial_index.write_text(json.dumps(_write(items, spec, partial)))
    found = json.loads(index.read_text())
    if pixels.stat().st_size == 0:
        raise DataError(f"The data must hold readable files. None of {len(items)} could be read: {found['bad'][0]}.")
    shapes = [[tuple(shape) for shape in item] for item in found["shapes"]]
    return Pictures(np.memmap(pixels, np.uint8, mode="r"), shapes, found["bad"])


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_size} {status.st_mtime_ns}"


def _write(items: Sequence[Item], spec: PictureSpec, path: Path) -> dict[str, list[object]]:
    shapes: list[object] = []
    bad: list[object] = []
    offset = 0
    with path.open("wb") as stream:
        for item in items:
            kept = []
            try:
                for image in _decode(item, spec):
                    stream.write(np.ascontiguousarray(image).data)
                    kept.append((offset, *image.shape[:2]))
                    offset += image.size
            except (VideoError, DataError, OSError, cv2.error) as error:
                bad.append(f"{item.path}: {error}")
            shapes.append(kept)
    return {"shapes": shapes, "bad": bad}


def report_bad(pictures: Pictures) -> str:
    """One line on what could not be read; empty where all was well."""
    if not pictures.bad:
        return ""
    named = "; ".join(pictures.bad[:BAD_NAMED])
    more = f"; and {len(pictures.bad) - BAD_NAMED} more" if len(pictures.bad) > BAD_NAMED else ""
    return f"Skipped {len(pictures.bad)} unreadable files: {named}{more}"
