"""The code is formatted, linted, typed and in small files: part of the one command that tests everything."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAX_LINES = 250
"""Of a file of the program: one that passes it has a second idea in it."""


@pytest.mark.parametrize("command", ["ruff format --check", "ruff check", "mypy"])
def test_the_tools_find_nothing(command):
    whole = [sys.executable, "-m", *command.split()]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_small():
    sources = [ROOT / "app.py", *(ROOT / "vidclass").rglob("*.py"), *(ROOT / "train").rglob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources if path.is_file()}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MAX_LINES} == {}
