"""What the README says to programs and agents runs against the real page, with the bundled model."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import av
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from tests.real_page import ROOT, real_page
from vidclass import zoo

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## API and agents")[1].split("\n## ")[0]
ADDRESS = "http://127.0.0.1:7860"
FRAMES = 8

needs_mcp = pytest.mark.skipif(
    importlib.util.find_spec("mcp") is None, reason="the optional package mcp is not installed"
)
with_models = pytest.mark.skipif(not zoo.names(), reason="no model is bundled yet")


@pytest.fixture(scope="module")
def address():
    """A running page, with MCP tools where they can be."""
    with real_page(*(["--mcp"] if importlib.util.find_spec("mcp") else [])) as url:
        yield url


@pytest.fixture
def folder(make_clip, tmp_path):
    """A folder with the clip that the README names."""
    make_clip("clip.mp4", frames=FRAMES, size=(160, 120), picture=lambda n: np.full((120, 160, 3), 20 * n, np.uint8))
    return tmp_path


def block(language, word):
    """The section's one block of that language that has the word in it, as it is written."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    (text,) = (text for text in found if word in text)
    return text


def run(program, text, address, folder):
    """Runs a block of the README, with the running page's address in the place of the usual one."""
    assert ADDRESS in text
    environment = {**os.environ, "TMPDIR": str(folder)}  # what is fetched goes with the test's folder
    done = subprocess.run(
        [*program, text.replace(ADDRESS, address)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@with_models
def test_the_client_s_example_runs(address, folder):
    told = run([sys.executable, "-c"], block("python", "gradio_client"), address, folder)
    smoothed = Path(told.splitlines()[-1].split(" ", 2)[2])
    with av.open(smoothed) as video:
        assert sum(1 for _ in video.decode(video=0)) == FRAMES


@with_models
@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="curl or bash is missing")
def test_the_curl_example_runs(address, folder):
    text = block("sh", "curl")
    told = run(["bash", "-euo", "pipefail", "-c"], text, address, folder)
    answers = [
        json.loads(data) for event, data in re.findall(r"^event: (\w+)\ndata: (.*)$", told, re.M) if event == "complete"
    ]
    models, classified, rendered, compared = answers
    assert [each["name"] for each in models[0]] == list(zoo.names())
    assert classified[0]["model"] == rendered[0]["model"] == compared[0][0]["model"] == "frame-cnn-sports"
    files = [*classified[1:], *rendered[1:], compared[1]]
    assert [Path(file["orig_name"]).suffix for file in files] == [".csv", ".vtt", ".svg", ".mp4", ".mp4", ".svg"]
    assert all(file["url"].startswith(address) for file in files)


@with_models
@needs_mcp
def test_the_mcp_example_runs(address, folder):
    text = block("python", "mcp.client")
    names, *told = run([sys.executable, "-c"], text, address, folder).splitlines()
    assert all(f"'{name}'" in names for name in ("classify", "render", "compare", "models"))
    assert "'label':" in told[0]
    (server,) = json.loads(block("json", "mcpServers"))["mcpServers"].values()
    assert f'"{server["url"]}"' in text


@with_models
def test_a_shared_page_with_accounts_answers_nobody_else():
    with real_page("--host", "0.0.0.0", "--auth", "visitor:secret") as url:
        for path in ("/config", "/gradio_api/info", "/gradio_api/call/models"):
            with pytest.raises(HTTPError) as refused:
                urllib.request.urlopen(url + path, b"{}" if "call" in path else None, timeout=30)
            with refused.value as answer:
                assert answer.status == 401
        with pytest.raises(ValueError, match="Could not login"):
            Client(url, auth=("visitor", "guess"), verbose=False)
        page = Client(url, auth=("visitor", "secret"), verbose=False)
        assert [model["name"] for model in page.predict(api_name="/models")] == list(zoo.names())
        page.close()


def test_the_picture_and_the_clip_are_shown_and_are_of_the_page():
    head = README.split("\n## ")[0]
    for name, most in (("docs/page.png", 1e6), ("docs/page.webp", 2e6)):
        assert f"]({name})" in head
        assert (ROOT / name).stat().st_size < most
    with Image.open(ROOT / "docs/page.png") as picture, Image.open(ROOT / "docs/page.webp") as movie:
        assert picture.width == 1280
        assert movie.n_frames > 10
