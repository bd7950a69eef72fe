"""The page as a Hugging Face Space: exactly the files that serving needs, in a folder that is published whole."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from vidclass import bundle, zoo
from vidclass.errors import DataError

ROOT = Path(__file__).parent.parent

TOP_FILES = ("app.py", "LICENSE", "NOTICE")
SUFFIXES = (".py", ".css", ".js", ".json", ".svg", ".png", ".mp4")
"""Endings of the files of `vidclass/` that are published."""
OWNED = (*TOP_FILES, "README.md", "requirements.txt", "vidclass/*", "models/*")
"""What the Space's repo holds of ours; whatever else its owner put there stays."""

SERVING = (
    "av",
    "gradio",
    "huggingface_hub",
    "matplotlib",
    "numpy",
    "opencv-python-headless",
    "openvino",
    "pillow",
)
"""Packages that serving imports. A Space installs no TensorFlow."""

PYTHON = "3.12"
"""The one version that every kind of Space has and vidclass (3.11 or newer) runs on; the default, 3.10, is too old."""

ABOUT = """# vidclass

What does a video clip show? Upload one, pick a model and a queue size, and see what prediction averaging does to the
label: the annotated video, unsmoothed and smoothed side by side, with the probabilities over time.

Hardware: 2 CPUs and 16 GB of memory (`cpu-basic`) are enough. Nothing is stored; nothing needs ffmpeg.

## Weights

{weights}

The code is under the Apache License 2.0, the weights are under other terms: see NOTICE and the models' cards.
"""


def stage(target: Path, pins: Mapping[str, str], *, bundles: Sequence[Path]) -> None:
    """Writes the Space's files into a folder.

    Args:
        target: An empty folder.
        pins: Name of a model -> `user/repo@commit` that the Space pulls it from.
        bundles: Folders of the models that come along, to serve where the Hub cannot be reached.

    Raises:
        DataError: The repository's requirements lack a package that serving needs.
    """
    for name in TOP_FILES:
        shutil.copyfile(ROOT / name, target / name)
    for path in sorted((ROOT / "vidclass").rglob("*")):
        if path.suffix in SUFFIXES and path.is_file() and not any(part.startswith(".") for part in path.parts):
            _copy(path, target / path.relative_to(ROOT))
    for folder in bundles:
        for name in bundle.files(folder):
            _copy(folder / name, target / "models" / folder.name / name)
    (target / "models").mkdir(exist_ok=True)
    (target / "models" / zoo.PINS).write_text(json.dumps(dict(pins), indent=2) + "\n", encoding="utf-8")
    (target / "requirements.txt").write_text(requirements(ROOT / "requirements.txt"), encoding="utf-8")
    (target / "README.md").write_text(readme(pins, bool(bundles)), encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def requirements(path: Path) -> str:
    """The lines of a requirements file that serving needs.

    Raises:
        DataError: One is missing.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    named = {re.split(r"[^\w-]", line, maxsplit=1)[0].lower().replace("-", "_"): line for line in lines}
    missing = [name for name in SERVING if name.replace("-", "_") not in named]
    if missing:
        raise DataError(f"{path} must name all that serving needs. It lacks {', '.join(missing)}. Add a line for each.")
    return "".join(f"{named[name.replace('-', '_')].split('#')[0].strip()}\n" for name in SERVING)


def readme(pins: Mapping[str, str], bundled: bool) -> str:
    """The Space's README, with its settings in front."""
    front = yaml.safe_dump(metadata(pins), sort_keys=False, allow_unicode=True)
    weights = "Pulled when the Space starts, each at one commit:\n\n"
    weights += "\n".join(f"- {name}: `{pin}`" for name, pin in pins.items())
    if bundled:
        weights += "\n\nThe copies in `models/` serve where the Hub cannot be reached; the page says so."
    return f"---\n{front}---\n\n{ABOUT.format(weights=weights)}"


def metadata(pins: Mapping[str, str]) -> dict[str, Any]:
    """The settings of the Space, in the Hub's terms."""
    return {
        "title": "vidclass",
        "emoji": "🎬",
        "colorFrom": "indigo",
        "colorTo": "green",
        "sdk": "gradio",
        "sdk_version": version("gradio"),
        "python_version": PYTHON,
        "app_file": "app.py",
        "short_description": "What a video shows, and what averaging does to it",
        "license": "apache-2.0",
        "models": [pin.partition("@")[0] for pin in pins.values()],
        "tags": ["video-classification", "prediction-averaging", "keras", "openvino"],
    }
