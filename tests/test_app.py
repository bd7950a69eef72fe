"""The entry of the page: its settings, and how a start fails."""

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


def test_an_unknown_model_ends_the_start_with_one_line(capsys):
    assert app.main(["--models", "nobody"]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("app.py: The model must be one of") and "\n" not in told
