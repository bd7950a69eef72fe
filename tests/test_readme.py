"""The README is true: its commands run, its tables agree with the models, its links lead somewhere."""

import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from vidclass import bundle, zoo

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line
    for language, block in BLOCKS
    if language == "bash"
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]
SERVES = 90
"""Seconds until the page must answer, on a busy machine."""

with_models = pytest.mark.skipif(not zoo.names(), reason="no model is bundled yet")


def starting(prefix):
    """The README's commands that begin so."""
    return [command for command in COMMANDS if command.startswith(prefix)]


@pytest.fixture
def clips(make_clip, tmp_path):
    """A folder with the clips and the library that the README names."""
    (tmp_path / "library").mkdir()
    for name in ("clip.mp4", "other.mp4", "library/clip.mp4"):
        make_clip(
            name, frames=8, size=(160, 120), picture=lambda n: np.full((120, 160, 3), (40, 120, 20 * n), np.uint8)
        )
    return tmp_path


def execute(arguments, folder):
    """Runs Python in a folder as if it were the checkout."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = '-'; "
    if arguments[0] == "-m":
        code += (
            f"import runpy; sys.argv[1:] = {arguments[2:]!r}; runpy.run_module({arguments[1]!r}, run_name='__main__')"
        )
    else:
        code += arguments[0]
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_there_is_no_command_that_is_not_tested():
    tested = ("pip install -r", 'pip install "gradio[mcp]"', "python app.py", "python -m vidclass ", "python -m train ")
    measured = ("python -m tests.benchmark --json docs/benchmark.json", "python -m tests.benchmark.report")
    assert [command for command in COMMANDS if not command.startswith(tested) and command not in measured] == []
    assert {language for language, _ in BLOCKS} <= {"bash", "python", "sh", "json"}


def test_the_two_commands_are_those_that_ci_calls():
    first, second = starting("pip install -r")
    assert first == "pip install -r requirements.txt && python app.py"
    assert second == "pip install -r tests/requirements.txt && python -m pytest"
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").replace("install -q", "install")
    assert all(part in script for command in (first, second) for part in command.split(" && "))


@with_models
@pytest.mark.parametrize("command", starting("python -m vidclass "))
def test_the_library_s_commands_run(clips, command):
    done = execute(shlex.split(command)[1:], clips)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    named = [part for option, part in re.findall(r"(-o|--unsmoothed|--json|--csv|--vtt|--results) (\S+)", command)]
    assert all((clips / name).exists() for name in named)


@pytest.mark.parametrize("command", starting("python -m train "))
def test_the_training_commands_are_understood(command):
    from train.__main__ import parser

    assert callable(parser().parse_args(shlex.split(command)[3:]).run)


@pytest.mark.parametrize("command", starting("python app.py"))
def test_the_page_s_flags_are_understood(command):
    import app

    options = app.parse(shlex.split(command)[2:])
    assert {options.share, options.mcp} <= {"yes", "no"}


@with_models
@pytest.mark.parametrize(
    "block", [block for language, block in BLOCKS if language == "python" and "import vidclass" in block]
)
def test_the_python_runs(clips, block):
    done = execute([block], clips)
    assert done.returncode == 0, done.stderr
    assert (clips / "annotated.mp4").stat().st_size > 0
    assert re.search(r"\d %", done.stdout)


@with_models
def test_the_page_opens_without_a_network():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + SERVES
        while True:
            assert page.poll() is None, page.stdout.read()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    assert answer.status == 200 and b"gradio" in answer.read()
                break
            except URLError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
    finally:
        page.terminate()
        page.wait(30)
        page.stdout.close()


def test_links_to_files_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README) + re.findall(r'src="(?!https?:)([^"]+)"', README)
    assert [target for target in targets if not (ROOT / target).exists()] == []


@with_models
def test_the_table_of_models_has_them_all_with_their_measured_numbers():
    rows = {cells[0].strip("`"): cells for cells in _table("model")}
    assert sorted(rows) == sorted(zoo.names())
    for name, (_, _, knows, top1, size) in rows.items():
        made = bundle.read_config(zoo.MODELS / name)
        bytes_ = sum((made.folder / file).stat().st_size for file in made.required_files())
        assert knows.startswith(f"{len(made.labels)} ")
        assert top1 == f"{made.top1:.3f}"
        assert size == f"{bytes_ / 1e6:.1f} MB"


def _table(first):
    """The cells of the table whose first heading is so named."""
    lines = README[README.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
