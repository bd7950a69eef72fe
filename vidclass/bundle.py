"""A model as a folder: `vidclass.json`, the weights, the exported networks, the model card and its plots.

The configuration says all that serving needs; the architecture is rebuilt from it by `vidclass.networks`. Nothing in a
bundle is executed. The layout is the same in `models/`, on the Hub, and in the Hub's cache.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from vidclass import _safety
from vidclass.errors import BundleError
from vidclass.preprocess import GEOMETRIES, Preprocess

FORMAT = 1
"""Version of the folder's layout; raised when an older program could no longer read it rightly."""

CONFIG = "vidclass.json"
"""Not `config.json`, which Keras's own Hub loader takes for its own."""

Family = Literal["frame-cnn", "conv3d", "cnn-gru"]
FAMILIES: tuple[Family, ...] = get_args(Family)
FAMILY_TITLES: dict[Family, str] = {
    "frame-cnn": "Frame CNN + rolling average",
    "conv3d": "3D CNN",
    "cnn-gru": "CNN-GRU",
}

WEIGHT_FILES = ("embed.weights.h5", "head.weights.h5")
NETWORK_FILES = ("embed.xml", "embed.bin", "head.xml", "head.bin")
ALLOWED_FILES = (CONFIG, "README.md", "LICENSE.md", *WEIGHT_FILES, *NETWORK_FILES, "*.png")
"""What a bundle may hold; nothing else is read, pulled or pushed. `README.md` is the model card."""

NAME = r"[a-z0-9][a-z0-9-]{0,63}"
"""Pattern of a model's name, which is also its folder's."""
MAX_LABELS = 10_000
MAX_INPUT_SIZE = 1024
MAX_WINDOW = 256
MAX_STACK = 2**23
"""Bounds on what a configuration may ask this machine to build, far above any sensible model: names, pixels a side,
frames in a window, and pixels in the stack of frames that a 3D CNN judges."""
MAX_FLOWS, MIN_FLOW_INPUT = 16, 64
"""Moves that are embedded beside a frame (ours has 3), and the side of a frame whose flow a CNN can take."""
MAX_LABEL_LETTERS = 100
"""A label is drawn on frames and written into files."""


@dataclass(frozen=True)
class Window:
    """What the head judges at once; see `vidclass.sampling`."""

    length: int = 1
    """Sampled frames in a window."""
    sample_fps: float | None = None
    """Samples a second; None samples every frame."""
    hop: int = 1
    """Samples from one judgement to the next."""


@dataclass(frozen=True)
class Bundle:
    """A model folder's configuration."""

    folder: Path
    name: str
    version: str
    family: Family
    architecture: dict[str, Any]
    """Arguments of the family's builder in `vidclass.networks`."""
    preprocess: Preprocess
    window: Window
    labels: tuple[str, ...]
    temperature: float = 1.0
    """Divides the log-probabilities before they are served, so that they mean what they say (Guo et al., 2017)."""
    threshold: float = 0.0
    """Confidence of a clip's label under which a front end says that it is not sure."""
    training: dict[str, Any] = field(default_factory=dict)
    """How the weights came about: recipe, seed, data digest, versions, history."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """What was measured, on which part of which data."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of every weight and network file."""

    @property
    def embeds(self) -> bool:
        """Whether frames are embedded one by one before the head sees them."""
        return self.family != "conv3d"

    @property
    def flows(self) -> int:
        """How many of the last moves are embedded beside each frame, see `vidclass.motion`; 0 for frames alone."""
        return int(self.architecture.get("flows", 0)) if self.family == "cnn-gru" else 0

    @property
    def top1(self) -> float | None:
        """Share of the test items whose label is right; None where it was not measured."""
        test = self.metrics.get("test")
        value = test.get("top1") if isinstance(test, dict) else None
        return value if isinstance(value, float) else None

    def required_files(self) -> list[str]:
        """The weight and network files that this family needs."""
        return [name for name in (*WEIGHT_FILES, *NETWORK_FILES) if self.embeds or not name.startswith("embed")]


def load(folder: Path) -> Bundle:
    """Reads a bundle and checks that it is whole.

    Raises:
        BundleError: It is no bundle, has another format, asks for what cannot be, or a file is missing, foreign,
            changed, elsewhere or not what its name says.
    """
    bundle = read_config(folder)
    files(folder)
    _check_hashes(bundle)
    for name in bundle.required_files():
        if name.endswith(".xml"):
            _safety.check_network(folder / name)
    return bundle


def read_config(folder: Path) -> Bundle:
    """Reads and checks `vidclass.json` alone.

    Raises:
        BundleError: It is missing, is no configuration of this format, or asks for what cannot be.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise BundleError(f"A model must be a folder that holds {CONFIG}. Received: {folder}. Check the path.")
    _safety.check_file(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} must be JSON. It is not ({error}). Get the model again.") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = values.get("format") if isinstance(values, dict) else None
        raise BundleError(f"{path} must have format {FORMAT}. Received: {found}. Get a vidclass that knows it.")
    known = {"format", *(field.name for field in fields(Bundle))} - {"folder"}
    if unknown := sorted(values.keys() - known):
        raise BundleError(f"{path} must have only the keys {', '.join(sorted(known))}. Received: {', '.join(unknown)}.")
    try:
        bundle = Bundle(
            folder=folder,
            name=str(values["name"]),
            version=str(values["version"]),
            family=values["family"],
            architecture=dict(values["architecture"]),
            preprocess=Preprocess(**values["preprocess"]),
            window=Window(**values["window"]),
            labels=tuple(values["labels"]),
            temperature=float(values["temperature"]),
            threshold=float(values["threshold"]),
            training=dict(values["training"]),
            metrics=dict(values["metrics"]),
            files=dict(values["files"]),
        )
        _check_values(bundle)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BundleError(f"{path} lacks or garbles a field: {error}. Get the model again.") from error
    return bundle


def _check_values(bundle: Bundle) -> None:
    labels, window, preprocess = bundle.labels, bundle.window, bundle.preprocess
    sizes = _between(window.length, 1, MAX_WINDOW), _between(preprocess.size, 8, MAX_INPUT_SIZE)
    pixels = window.length * preprocess.size**2 if all(sizes) else 0  # in what the head judges at once
    demands = {
        "name must be lower-case letters, digits and dashes": re.fullmatch(NAME, bundle.name),
        "version must read like 1.0.0": re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){2}", bundle.version),
        f"family must be one of {', '.join(FAMILIES)}": bundle.family in FAMILIES,
        "architecture must hold a few numbers, short names and lists of numbers, of layers that a model may have": (
            _safety.is_architecture(bundle.architecture, pixels)
        ),
        f"labels must be 2 to {MAX_LABELS} different texts of up to {MAX_LABEL_LETTERS} printable letters": (
            2 <= len(labels) <= MAX_LABELS and len(set(labels)) == len(labels) and all(map(_is_label, labels))
        ),
        f"input size must be 8 to {MAX_INPUT_SIZE}": sizes[1],
        f"geometry must be one of {', '.join(GEOMETRIES)}": preprocess.geometry in GEOMETRIES,
        f"window length must be 1 to {MAX_WINDOW}": sizes[0],
        f"flows must be 0, or up to {MAX_FLOWS} beside frames of {MIN_FLOW_INPUT} pixels or more": (
            _between(
                bundle.architecture.get("flows", 0), 0, MAX_FLOWS * (sizes[1] and preprocess.size >= MIN_FLOW_INPUT)
            )
        ),
        f"a stack of frames must have at most {MAX_STACK} pixels": bundle.embeds or pixels <= MAX_STACK,
        "hop must be at least 1": _between(window.hop, 1, 10**6),
        "sample_fps must be a rate or null": window.sample_fps is None or 0 < window.sample_fps <= 1000,
        "temperature must be positive": 0.01 <= bundle.temperature <= 100,
        "threshold must be a probability": 0 <= bundle.threshold <= 1,
        "files must name the weight and network files and no others": set(bundle.files) == set(bundle.required_files()),
    }
    for demand, holds in demands.items():
        if not holds:
            raise BundleError(f"{bundle.folder / CONFIG}: {demand}. It does not. Get the model again.")


def _between(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and low <= value <= high


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_LABEL_LETTERS and value.isprintable()


def _check_hashes(bundle: Bundle) -> None:
    for name in bundle.required_files():
        path = bundle.folder / name
        if not path.is_file():
            raise BundleError(f"The model {bundle.name} must hold {name}. It is missing. Get the model again.")
        if bundle.files[name] != sha256(path):
            raise BundleError(
                f"{name} of the model {bundle.name} must be the file that was published. Its hash differs from "
                f"{CONFIG}'s. Get the model again."
            )


def files(folder: Path) -> list[str]:
    """Names of the files of a bundle that are in its folder, each checked to lie there.

    Raises:
        BundleError: The folder holds anything else, or a link that leads out of it.
    """
    return _safety.check_files(folder, ALLOWED_FILES)


def sha256(path: Path) -> str:
    """The file's hash, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_config(bundle: Bundle) -> Bundle:
    """Writes `vidclass.json` with the hashes of the files that lie beside it; returns the bundle with them."""
    hashes = {name: sha256(bundle.folder / name) for name in bundle.required_files()}
    whole = replace(bundle, files=hashes)
    values = {"format": FORMAT, **asdict(whole)}
    del values["folder"]
    (bundle.folder / CONFIG).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return whole
