"""Bundles are data: what is checked of their files before anything else opens them.

A bundle may come from anywhere. None of its files may lead to code being run, to a file outside the bundle being read,
or to more memory than a model has use for. Every refusal is a `BundleError` with its reason.
"""

import math
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from vidclass.errors import BundleError

if TYPE_CHECKING:
    import h5py
    import openvino

MAX_BUNDLE_BYTES = 200 * 2**20
"""A bound for bundles from elsewhere; ours have at most 20 MB."""
MAX_FILES = 64
"""Files in a bundle: its networks and weights, its card, and far more plots than a card shows."""
MAX_TEXT_BYTES = {"vidclass.json": 2**20, "README.md": 2**20, "LICENSE.md": 2**20, ".xml": 16 * 2**20}
"""Bounds for what is parsed whole, by name or ending. A MobileNet's network is 0.2 MB of XML, an unrolled GRU 1 MB."""
MAX_OBJECTS = 20_000
"""Groups and arrays in a weight file; a MobileNet has 600."""
MAX_ARGUMENTS, MAX_ARGUMENT = 12, 2**12
"""Values in an architecture, and of a number among them, such as a layer's width; ours have 4, of at most 1,024."""
UNREADABLE = (OSError, RuntimeError, KeyError, ValueError, TypeError, SystemError)
"""What h5py raises at damaged files."""
MAX_ELEMENTS = 2**28
"""Numbers in one array while a network runs, 1 GB of f32; our largest has a tenth of it."""


def check_files(folder: Path, allowed: Iterable[str]) -> list[str]:
    """Checks which files a bundle holds, where they really lie, and how large they are.

    Files whose names begin with a dot (a clone's `.git`) are never opened and so not looked at.

    Args:
        folder: The bundle.
        allowed: Names and patterns of names.

    Returns:
        The names.

    Raises:
        BundleError: There is another file, a link that leads out of the bundle, or too much of it.
    """
    patterns, total = tuple(allowed), 0
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    for entry in entries:
        if not any(fnmatch(entry.name, pattern) for pattern in patterns):
            raise BundleError(
                f"A model's folder must hold only {', '.join(patterns)}. Received: {entry.name}, in {folder}. It was "
                "not opened; if you trust the rest, remove it."
            )
        total += check_file(entry)
    if total > MAX_BUNDLE_BYTES or len(entries) > MAX_FILES:
        raise BundleError(
            f"A model must have at most {MAX_FILES} files and {MAX_BUNDLE_BYTES} bytes. Received: {len(entries)} files "
            f"and {total} bytes in {folder}."
        )
    return [entry.name for entry in entries]


def check_file(path: Path) -> int:
    """Checks that a bundle's file is an ordinary file that lies in the bundle and is not too large to parse.

    Returns:
        Its size in bytes.

    Raises:
        BundleError: It is none, lies elsewhere, or is too large.
    """
    folder, real = path.parent.resolve(), path.resolve()
    if not any(real.is_relative_to(root) for root in _roots(folder)):
        raise BundleError(
            f"{path} must lie in the model's own folder. It is a link to {real}, which was not opened. "
            "Put the file itself there, or get the model again."
        )
    if not real.is_file():
        raise BundleError(f"{path} must be an ordinary file. It is not. Get the model again.")
    size = real.stat().st_size
    bound = MAX_TEXT_BYTES.get(path.name) or MAX_TEXT_BYTES.get(path.suffix, MAX_BUNDLE_BYTES)
    if size > bound:
        raise BundleError(f"{path} must have at most {bound} bytes. Received: {size}. Get the model again.")
    return size


def _roots(folder: Path) -> list[Path]:
    """Where a bundle's files may lie: its folder; in the Hub's cache also the stores that the folder's links lead to.

    The cache keeps `models--user--repo/snapshots/COMMIT/NAME` as a link to `models--user--repo/blobs/HASH`, and that
    as a link to `blobs/` of the whole cache where several repos share a file.
    """
    repo = folder.parent.parent
    if folder.parent.name == "snapshots" and repo.name.startswith("models--"):
        return [folder, repo / "blobs", repo.parent / "blobs"]
    return [folder]


def is_architecture(architecture: dict[str, Any], pixels: int) -> bool:
    """Whether an architecture's arguments are of the kind that builders take, and ask for no layer beyond all bounds.

    Keras takes memory for the layers before it looks into the weight file.

    Args:
        architecture: Arguments of a family's builder in `vidclass.networks`.
        pixels: In what the head judges at once.
    """
    values = [item for value in architecture.values() for item in (value if isinstance(value, list) else [value])]
    if len(values) > MAX_ARGUMENTS or not all(map(_is_argument, values)):
        return False
    filters, dense = architecture.get("filters"), architecture.get("dense")
    if not isinstance(filters, list) or not isinstance(dense, int):
        return True
    # A small 3D CNN: each stage leaves at most a quarter of the pixels, and the dense layer takes all that are left.
    return bool(filters) and pixels / 4 ** len(filters) * filters[-1] * dense <= MAX_ELEMENTS


def _is_argument(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", value) is not None  # a backbone's name, never a path
    return value is None or (isinstance(value, int | float) and 0 <= value <= MAX_ARGUMENT)


def check_weights(path: Path) -> None:
    """Checks a Keras weight file before Keras opens it. Needs h5py, which comes with Keras.

    HDF5 can point at other files (external links, external and virtual arrays), name arrays of any size without
    holding them, and hold pickled objects; a weight file has plain arrays of numbers and nothing else.

    Raises:
        BundleError: It is no HDF5 file, or holds anything else.
    """
    import h5py

    found, claimed, size = 0, 0, path.stat().st_size

    def why_not(name: str, link: object) -> str | None:
        # Returned, not raised: an exception does not pass through HDF5's own code whole.
        nonlocal found, claimed
        found += 1
        if found > MAX_OBJECTS:
            return f"{name} is one of more than {MAX_OBJECTS} objects"
        if not isinstance(link, h5py.HardLink):
            return f"{name} is a link to elsewhere"
        try:
            stored = file[name]
            if isinstance(stored, h5py.Group):
                return None
            if not isinstance(stored, h5py.Dataset):
                return f"{name} is neither a group nor an array"
            claimed += stored.nbytes
            reason = _why_not_plain(stored)
        except UNREADABLE as error:
            reason = f"cannot be read ({error})"
        if not reason and claimed > size:
            reason = f"claims more than the file's {size} bytes"
        return f"{name} {reason}" if reason else None

    try:
        with h5py.File(path, "r") as file:
            reason = file.visititems_links(why_not)
    except UNREADABLE as error:
        raise BundleError(f"{path} must be an HDF5 file. It is not, or is damaged ({error}).") from error
    if reason:
        raise BundleError(f"{path} must hold plain arrays of numbers. Not so: {reason}. Get the model again.")


def _why_not_plain(dataset: "h5py.Dataset") -> str:
    if dataset.external:
        return "has its numbers in another file"
    if dataset.is_virtual:
        return "is put together from other files"
    if dataset.id.get_create_plist().get_nfilters():
        return "is compressed"  # Keras never does it; it could unpack to any size
    return "" if dataset.dtype.kind in "fiub" else f"has values of type {dataset.dtype}"


def check_network(path: Path) -> None:
    """Checks an exported network's XML before OpenVINO opens it, and that its constants lie in the `.bin` beside it.

    Raises:
        BundleError: It is no network in OpenVINO's format, declares entities, uses an operation that is not OpenVINO's
            own, holds a network within it (the body of a loop or a choice), or reaches outside its constants.
    """
    size = path.with_suffix(".bin").stat().st_size
    opened: list[str] = []
    parser = expat.ParserCreate()

    def refuse(reason: str) -> None:
        raise BundleError(f"{path} must be a network as OpenVINO writes it. {reason}. Get the model again.")

    def start(name: str, attributes: dict[str, str]) -> None:
        if not opened and name != "net":
            refuse(f"It begins with {name}")
        if name == "layer" and not attributes.get("version", "").startswith("opset"):
            refuse(f"Its operation {attributes.get('type')} is not one of OpenVINO's own")
        if name.endswith("body"):  # whose arrays `check_shapes` would not see
            refuse("It holds a network within it, such as a loop's")
        if name == "data" and "offset" in attributes:
            first, count = int(attributes["offset"]), int(attributes.get("size", "-1"))
            if first < 0 or count < 0 or first + count > size:
                refuse(f"A constant at {first} of {count} bytes lies outside the {size} bytes of its .bin")
        opened.append(name)

    parser.StartDoctypeDeclHandler = lambda *_: refuse("It declares a document type")
    parser.StartElementHandler = start
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except (expat.ExpatError, ValueError) as error:
        raise BundleError(f"{path} must be XML. It is not ({error}). Get the model again.") from error


def check_shapes(model: "openvino.Model", path: Path) -> None:
    """Checks a network that OpenVINO has read, and whose batch is set, before memory is taken for it.

    Raises:
        BundleError: One of its arrays would be larger than any model of ours needs, or as large as what it is given
            makes it.
    """
    for operation in model.get_ordered_ops():
        for port in operation.outputs():
            shape = port.get_partial_shape()
            if shape.is_dynamic or math.prod(shape.to_shape()) > MAX_ELEMENTS:
                raise BundleError(
                    f"Arrays in {path} must have a fixed size of at most {MAX_ELEMENTS} numbers. Received: {shape} at "
                    f"{operation.get_friendly_name()}. Get the model again."
                )
