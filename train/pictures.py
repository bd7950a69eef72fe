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
from vidclass.sampling import tick, ticks_passed

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
    key: str
    """Changes with the files and with what is kept of them."""

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
    try:
        image = cv2.imdecode(blob, cv2.IMREAD_COLOR) if blob.size else None
    except cv2.error:  # a header that claims more pixels than OpenCV takes
        return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def decode_clip(path: Path, spec: PictureSpec) -> Iterator[tuple[int, Image]]:
    """The frames of a clip that open a tick of `sample_fps`, shrunk to the short side.

    Yields:
        How many ticks the frame opens, and its picture. More than one after a pause, during which, as in serving, the
        frame before was on show.
    """
    before: int | None = None
    with video.read(path) as frames:
        for frame in frames:
            if frame.time > spec.seconds:
                break
            now = tick(frame.time, spec.sample_fps, frame.index)
            if opened := ticks_passed(before, now):
                before = now
                yield opened, frame.rgb(_fit(frame.width, frame.height, spec.short_side))


def _fit(width: int, height: int, short_side: int) -> tuple[int, int]:
    scale = min(1.0, short_side / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _decode(item: Item, spec: PictureSpec, bad: list[str]) -> Iterator[tuple[int, Image]]:
    """An item's pictures, each with its ticks; if it cannot be read, that is noted in `bad`."""
    try:
        if item.is_clip:
            yield from decode_clip(item.path, spec)
            return
        image = decode_photo(item.path)
        if image is None:
            raise DataError("not an image that OpenCV decodes")
        yield 1, resize(image, _fit(image.shape[1], image.shape[0], spec.short_side))
    except (VideoError, DataError, OSError, cv2.error) as error:
        bad.append(f"{item.path}: {error}")


def is_readable(item: Item) -> bool:
    """Whether at least one picture can be had of an item."""
    try:
        return video.probe(item.path).width > 0 if item.is_clip else decode_photo(item.path) is not None
    except (VideoError, OSError):
        return False


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
        # The inner file gets its name first: the index, once it is there, says that the pixels are whole.
        with replacing(index) as partial_index, replacing(pixels) as partial:
            partial_index.write_text(json.dumps(_write(items, spec, partial)))
    found = json.loads(index.read_text())
    if pixels.stat().st_size == 0:
        raise DataError(f"The data must hold readable files. None of {len(items)} could be read: {found['bad'][0]}.")
    shapes = [[tuple(shape) for shape in item] for item in found["shapes"]]
    return Pictures(np.memmap(pixels, np.uint8, mode="r"), shapes, found["bad"], key)


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_size} {status.st_mtime_ns}"


def _write(items: Sequence[Item], spec: PictureSpec, path: Path) -> dict[str, object]:
    shapes: list[list[tuple[int, int, int]]] = []
    bad: list[str] = []
    offset = 0
    with path.open("wb") as stream:
        for item in items:
            kept: list[tuple[int, int, int]] = []
            for ticks, image in _decode(item, spec, bad):
                kept += kept[-1:] * (ticks - 1)  # stored once, however long it was on show
                stream.write(np.ascontiguousarray(image).data)
                kept.append((offset, image.shape[0], image.shape[1]))
                offset += image.size
            shapes.append(kept)
    return {"shapes": shapes, "bad": bad}


def tell_bad(bad: Sequence[str], part: str) -> None:
    """Prints, in a line, how many files could not be read and which; nothing where all was well.

    Args:
        bad: The files, each with the reason.
        part: What they are of, in words.
    """
    if bad:
        more = f"; and {len(bad) - BAD_NAMED} more" if len(bad) > BAD_NAMED else ""
        print(f"Skipped {len(bad)} unreadable files of {part}: {'; '.join(bad[:BAD_NAMED])}{more}", flush=True)
