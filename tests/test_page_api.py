"""The page's endpoints, called as a program calls them: gradio_client, plain HTTP, MCP."""

import asyncio
import base64
import csv
import importlib.util
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import av
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.conftest import FLICKER_FRAMES
from tests.serve import Server

NAMES = ["fake-frame-cnn", "fake-slow", "fake-conv3d", "fake-cnn-gru"]


@pytest.fixture(scope="module")
def client(site):
    made = Client(site.url, verbose=False)
    yield made
    made.close()


def frames(path):
    with av.open(path) as video:
        return sum(1 for _ in video.decode(video=0))


def test_only_the_four_endpoints_show_and_they_are_typed(client):
    shown = client.view_api(return_format="dict")["named_endpoints"]
    assert set(shown) == {"/classify", "/render", "/compare", "/models"}
    for name, endpoint in shown.items():
        assert endpoint["description"], f"{name} must be documented"
        for value in [*endpoint["parameters"], *endpoint["returns"]]:
            assert value["python_type"]["type"] != "Any"
    clip, model, size = shown["/classify"]["parameters"]
    assert clip["python_type"]["type"] == "filepath" and not clip["parameter_has_default"]
    assert model["type"] == {"enum": NAMES} and model["parameter_default"] == NAMES[0]
    assert size["python_type"]["type"] == "int" and size["parameter_default"] == 128


def test_classify_returns_the_result_and_its_files(client, flicker):
    told, table, captions, chart = client.predict(handle_file(flicker), "fake-frame-cnn", 8, api_name="/classify")
    assert (told["label"], told["sure"], told["queue_size"], told["clip"]) == ("dark", True, 8, "flicker.mp4")
    assert told["stability"]["raw"]["switches"] == 24
    with Path(table).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == FLICKER_FRAMES
    assert Path(captions).read_text(encoding="utf-8").startswith("WEBVTT")
    assert ET.parse(chart).getroot().get("data-queue-size") == "8"


def test_render_returns_both_videos(client, flicker):
    told, smoothed, raw = client.predict(handle_file(flicker), queue_size=5, api_name="/render")
    assert told["model"] == "fake-frame-cnn"
    assert smoothed.endswith("flicker-smoothed-5.mp4") and raw.endswith("flicker-unsmoothed.mp4")
    assert frames(smoothed) == frames(raw) == FLICKER_FRAMES


def test_compare_returns_a_result_for_each_model(client, flicker):
    told, chart = client.predict(handle_file(flicker), ["fake-conv3d", "fake-cnn-gru"], api_name="/compare")
    assert [each["family"] for each in told] == ["conv3d", "cnn-gru"]
    assert ET.parse(chart).getroot().tag.endswith("svg")


def test_models_are_listed(client):
    listed = client.predict(api_name="/models")
    assert [each["name"] for each in listed] == NAMES
    assert listed[0]["labels"] == ["dark", "middle", "bright"] and listed[0]["source"] == "bundled"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"model": "nobody"}, "The model must be one of"),
        ({"queue_size": 999}, "from 1 to 256"),
        ({"queue_size": "many"}, "from 1 to 256"),
    ],
)
def test_a_wrong_request_gets_one_sentence(client, flicker, asked, answer):
    with pytest.raises(AppError, match=answer) as told:
        client.predict(handle_file(flicker), **asked, api_name="/classify")
    assert "Traceback" not in str(told.value)


def ask(site, endpoint, *data):
    """What curl does: post the data, then read the answer's events."""
    url = f"{site.url}gradio_api/call/{endpoint}"
    event = httpx.post(url, json={"data": list(data)}).json()["event_id"]
    lines = httpx.get(f"{url}/{event}", timeout=60).text.strip().split("\n\n")[-1].splitlines()
    return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))


def test_curl_uploads_and_classifies(site, flicker):
    with flicker.open("rb") as file:
        (path,) = httpx.post(f"{site.url}gradio_api/upload", files={"files": ("flicker.mp4", file)}).json()
    event, data = ask(site, "classify", {"path": path, "meta": {"_type": "gradio.FileData"}}, "fake-frame-cnn", 8)
    assert event == "complete" and data[0]["label"] == "dark"
    assert httpx.get(data[1]["url"]).text.startswith("frame,time,")


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_no_file_of_the_server_can_be_classified(site, flicker, meta):
    for path in (str(flicker), "/etc/passwd"):
        event, data = ask(site, "classify", {"path": path, **meta}, "fake-frame-cnn", 8)
        assert event == "error" and "label" not in str(data)


def test_an_upload_beyond_the_limit_is_refused(site, tmp_path):
    (tmp_path / "large.mp4").write_bytes(bytes(6_000_000))
    with (tmp_path / "large.mp4").open("rb") as file:
        assert httpx.post(f"{site.url}gradio_api/upload", files={"files": ("large.mp4", file)}).status_code == 413


def test_monitoring_is_closed(site):
    assert httpx.get(f"{site.url}monitoring").status_code in (403, 404)


@pytest.mark.skipif(importlib.util.find_spec("mcp") is None, reason="the optional package mcp is not installed")
def test_the_same_four_are_offered_as_mcp_tools(flicker):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    site = Server("--mcp")

    async def talk():
        async with (
            streamable_http_client(f"{site.url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            names = {tool.name for tool in (await session.list_tools()).tools}
            data = base64.b64encode(flicker.read_bytes()).decode("ascii")
            answer = await session.call_tool("classify", {"clip": f"data:video/mp4;base64,{data}", "queue_size": 8})
            return names, answer

    try:
        names, answer = asyncio.run(talk())
    finally:
        site.close()
    assert names == {"classify", "render", "compare", "models"}
    assert not answer.isError and "'label': 'dark'" in answer.content[0].text
