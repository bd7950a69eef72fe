"""Files that are whole or absent: written under a temporary name and renamed at the end."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidclass.errors import OptionError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the system's errors that say that no more can be written."""
NAME_KEPT = 80
"""Letters of a file's name that end its temporary name: writers know a format by its ending."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A new, empty file beside `path`: it replaces `path` when the block ends well, and goes away when not.

    Args:
        path: Where the file shall be; a link is followed, and its target replaced.

    Yields:
        The temporary path, in the same folder and with the same ending.

    Raises:
        OptionError: The folder is not there or cannot be written to, `path` is something other than a file,
            or the disk is full.
    """
    target = Path(path).resolve()
    partial = _reserve(target, path)
    try:
        yield partial
        partial.replace(target)
    except OSError as exc:
        if exc.errno not in FULL_DISK:
            raise
        raise OptionError(
            f"The disk must have room for the output. Received: {path} ({exc.strerror}). "
            "Free some space, or try another disk."
        ) from exc
    finally:
        partial.unlink(missing_ok=True)


def check_writable(path: str | Path) -> None:
    """Refuses an output that could not be written, before the work for it begins; leaves nothing behind.

    Raises:
        OptionError: As `replacing`.
    """
    _reserve(Path(path).resolve(), path).unlink()


def _reserve(target: Path, named: str | Path) -> Path:
    """A new, empty file beside the target."""
    try:
        if target.exists() and not target.is_file():
            # A rename would put an ordinary file in the place of /dev/null or a pipe.
            raise OptionError(
                f"The output must be an ordinary file. Received: {named}, which is not. Try another path."
            )
        partial = target.with_name(f".{secrets.token_hex(4)}-{target.name[-NAME_KEPT:]}")
        partial.touch(exist_ok=False)
    except OSError as exc:
        raise OptionError(
            f"The output must lie in a folder that can be written to. Received: {named} ({exc.strerror}). "
            "Create the folder, or try another one."
        ) from exc
    return partial
