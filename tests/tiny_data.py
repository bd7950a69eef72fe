"""Makes tiny training data: photos and clips whose class is their colour, a little different each."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from train.data import Item
from vidclass.video import ColorSpace, Planes, Writer

COLOURS = {"red": (180, 60, 60), "green": (60, 180, 60), "blue": (60, 60, 180)}
CHROMA = {"red": (110, 190), "green": (90, 90), "blue": (190, 110)}


def photo(path: Path, colour: Sequence[int] = (100, 100, 100), seed: int = 0, size: tuple[int, int] = (48, 40)) -> Path:
    """Writes an RGB colour with noise as PNG bytes, whatever the name's ending, `size` being (width, height)."""
    noise = np.random.default_rng(seed).integers(-20, 21, (size[1], size[0], 3))
    picture = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    _, blob = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(blob.tobytes())
    return path


def photo_folder(folder: Path, count: int, labels: Sequence[str] = tuple(COLOURS)) -> Path:
    """A folder with one sub-folder of `count` photos a class."""
    for label in labels:
        for number in range(count):
            photo(folder / label / f"{number:03}.jpg", COLOURS[label], number)
    return folder


def clip(
    path: Path, frames: int = 12, rate: int = 25, chroma: tuple[int, int] = (128, 128), size: int = 48, start: int = 0
) -> Path:
    """Writes a clip with a bar that moves over a plain ground, a pixel further in each frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Writer(path, size, size, rate, ColorSpace()) as writer:
        for number in range(frames):
            luma = np.full((size, size), 110, np.uint8)
            left = (start + number) % (size - 8)
            luma[:, left : left + 8] = 200
            halves = [np.full((size // 2, size // 2), value, np.uint8) for value in chroma]
            writer.write(Planes(luma, *halves), number / rate)
    return path


def clip_folder(folder: Path, count: int, labels: Sequence[str] = tuple(COLOURS), frames: int = 12) -> Path:
    """A folder with one sub-folder of `count` clips a class; the name tells each clip's source, as UCF101's do."""
    for label in labels:
        for number in range(count):
            clip(folder / label / f"v_{label}_g{number:02}_c01.mp4", frames, chroma=CHROMA[label], start=3 * number)
    return folder


def items(count: int, labels: Sequence[str] = ("a", "b"), per_group: int = 1) -> list[Item]:
    """Items of files that are not there, `per_group` from each source."""
    return [
        Item(Path(f"{label}{number:03}.jpg"), label, f"{label}/{number // per_group}")
        for label in labels
        for number in range(count)
    ]
