"""Finished files, in a folder that Gradio serves, until they are old.

Gradio would copy them there itself. But it reads each file four times to do so, while nobody else is answered, and it
forgets the copies of a part of the page that it has built anew in the meantime, so that they would stay for ever.
"""

import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import time

from gradio.utils import get_upload_folder

FOLDER = "vidclass-results"
"""Of all results, inside Gradio's own."""
KEPT_FOR = 4 * 3600
"""Seconds that a result is kept: an afternoon in front of it."""
ROOM = 10e9
"""Bytes of all results together, beyond which the oldest ones go: a fifth of a free Space's disk."""


def keep(files: Iterable[Path]) -> list[str]:
    """Moves files of one result into a folder with a name that nobody guesses; removes results that are too many.

    Returns:
        Their new paths, in order.
    """
    root = Path(get_upload_folder(), FOLDER).resolve()
    root.mkdir(parents=True, exist_ok=True)
    folder = root / secrets.token_hex(16)
    folder.mkdir()
    kept = [str(shutil.move(file, folder / file.name)) for file in files]
    _tidy(root)
    return kept


def _tidy(root: Path) -> None:
    """Removes old results, and the oldest ones until the rest has room."""
    room = ROOM
    with suppress(FileNotFoundError):  # another job may be tidying too
        for age, folder in sorted((time() - folder.stat().st_mtime, folder) for folder in root.iterdir()):
            room -= sum(file.stat().st_size for file in folder.iterdir())
            if age > KEPT_FOR or room < 0:
                shutil.rmtree(folder, ignore_errors=True)
