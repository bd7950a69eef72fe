"""The entry of the page: its settings, and how a start fails."""

import socket

import pytest

import app
from tests import fakes
from vidclass.errors import OptionError
from vidclass.page import Settings
from vidclass.page.shelf import stock


def test_settings_come_from_flags_and_else_from_the_environment(monkeypatch):
    monkeypatch.setenv("VIDCLASS_MAX_SECONDS", "30")
    monkeypatch.setenv("VIDCLASS_SHARE", "yes")
    monkeypatch.setenv("VIDCLASS_PORT", "7000")
    options = app.parse(["--port", "7001", "--auth", "me:secret,you:other"])
    assert (options.max_seconds, options.port) == (30.0, 7001)
    chosen = app.launch_options(options, stock([fakes.classifier()]))
    assert chosen["share"] and chosen["auth"] == [("me", "secret"), ("you", "other")]
    assert not chosen["mcp_server"] and not chosen["enable_monitoring"] and not chosen["ssr_mode"]
    assert chosen["max_file_size"] == "200mb"
    assert app.settings_of(options) == Settings(max_seconds=30.0)


@pytest.mark.parametrize("flags", [["--auth", "nobody"], ["--auth", "a:b,c"], ["--mcp"]])
def test_settings_that_cannot_be_are_refused(monkeypatch, flags):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"USER:PASSWORD|pip install \"gradio\[mcp\]\""):
        app.launch_options(app.parse(flags), stock([fakes.classifier()]))


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--port", "http"], "argument --port: must be a whole number, 1 to 65535. Received: http"),
        (["--port", "70000"], "argument --port: must be a whole number, 1 to 65535. Received: 70000"),
        (["--jobs", "0"], "argument --jobs: must be a whole number, at least 1. Received: 0"),
        (["--max-mb", "-3"], "argument --max-mb: must be a whole number, at least 1. Received: -3"),
        (["--max-seconds", "nan"], "argument --max-seconds: must be a number, at least 1. Received: nan"),
        (["--share", "maybe"], "argument --share: invalid choice: 'maybe'"),
        (["--runtime"], "argument --runtime: expected one argument"),
        (
            ["--host", "192.0.2.1"],
            "--host and --port must name a place of this machine that is free. Received: 192.0.2.1",
        ),
        (["--host", "not a host"], "--host and --port must name a place of this machine that is free. Received: not a"),
        (["--auth", "nobody"], "--auth must be USER:PASSWORD"),
        (["--public-clips", "user/clips"], "A public clip must be given as"),
    ],
)
def test_a_start_that_cannot_be_ends_with_one_line(monkeypatch, capsys, flags, told):
    monkeypatch.setattr(app, "load_models", lambda _: stock([fakes.classifier()]))
    assert app.main(flags) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"app.py: {told}") and said.err.count("\n") == 1 and not said.out


def test_a_port_that_is_taken_is_told_before_models_are_loaded(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port)]) == 2
    assert f"127.0.0.1, port {port} (Address already in use). Try another port" in capsys.readouterr().err


def test_an_unknown_model_ends_the_start_with_one_line(capsys):
    assert app.main(["--models", "nobody"]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("app.py: The model must be one of") and "\n" not in told
