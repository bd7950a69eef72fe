"""The folder that keeps compiled networks between starts, so that the next one is quicker."""

import os
import sys
from contextlib import suppress
from pathlib import Path

MAX_BYTES = 2**29
"""Most that the folder may hold: the networks of some fifty models. The oldest go first."""


def compiled_networks() -> Path | None:
    """The folder, made if it is missing and cleared of what is too much.

    It is `$VIDCLASS_CACHE/openvino`, or lies where the platform keeps caches. What is compiled is found again by a
    hash of the network, the settings and the versions, so nothing in the folder is ever out of date.

    Returns:
        The folder, or None where `VIDCLASS_CACHE` is set to nothing or no folder can be written to.
    """
    chosen = os.environ.get("VIDCLASS_CACHE")
    if chosen == "":
        return None
    try:
        folder = (Path(chosen) if chosen else _platform_caches() / "vidclass") / "openvino"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return None
        _clear(folder)
    except (OSError, RuntimeError):  # a read-only disk; a user without a home
        return None
    return folder


def _platform_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _clear(folder: Path) -> None:
    """Deletes the oldest files until the rest are within the bound."""
    held = 0
    for path in sorted(folder.glob("*.blob"), key=lambda file: file.stat().st_mtime, reverse=True):
        held += path.stat().st_size
        if held > MAX_BYTES:
            with suppress(OSError):  # in use, or gone already
                path.unlink()
