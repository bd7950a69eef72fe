"""The page: `python app.py`. A Hugging Face Space starts it the same way."""

import argparse
import importlib.util
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import vidclass
from vidclass import page, public_clips, zoo
from vidclass.errors import OptionError, VidclassError
from vidclass.page import examples, theme
from vidclass.page.shelf import Shelf, stock

DEFAULTS = page.Settings()
SESSIONS = 1000
"""Visitors whose results are kept at the same time; the oldest go first."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings: a flag, or else its variable (`VIDCLASS_MAX_SECONDS` for `--max-seconds`), or else the default."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="Serves the vidclass page. Each flag can also be set as VIDCLASS_<FLAG>."
    )

    def add(flag: str, default: Any, text: str, **options: Any) -> None:
        variable = "VIDCLASS_" + flag.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(flag, default=os.environ.get(variable, default), help=text, **options)

    def switch(flag: str, text: str) -> None:
        add(flag, "no", text, nargs="?", const="yes", choices=("yes", "no"), metavar="yes|no")

    add("--host", None, "address to listen on; 0.0.0.0 for every one of this machine (default: 127.0.0.1)")
    add("--port", None, "port to listen on (default: the first free one from 7860 on)", type=int)
    switch("--share", "make a public address of Gradio's, for 72 hours")
    add("--auth", None, "ask visitors for USER:PASSWORD; several are separated by commas")
    add("--models", None, "models to offer, separated by commas: names or folders (default: all in models/)")
    add("--runtime", None, "openvino or tensorflow (default: openvino where it is installed)")
    add("--max-seconds", DEFAULTS.max_seconds, "longest clip (default: %(default)s)", type=float)
    add("--max-mb", DEFAULTS.max_megabytes, "largest upload in megabytes (default: %(default)s)", type=int)
    add("--max-width", DEFAULTS.max_width, "widest annotated video in pixels (default: %(default)s)", type=int)
    add("--jobs", DEFAULTS.jobs, "clips worked on at the same time (default: %(default)s)", type=int)
    add("--waiting", DEFAULTS.waiting, "clips that may wait for their turn (default: %(default)s)", type=int)
    add("--public-clips", "", "examples on the Hub: [datasets/]user/repo@COMMIT/file|licence, separated by semicolons")
    switch("--mcp", "offer the API as MCP tools too")
    return parser.parse_args(arguments)


def load_models(options: argparse.Namespace) -> Shelf:
    """The models that the page offers.

    Raises:
        VidclassError: One cannot be loaded, or there is none.
    """
    names = [name.strip() for name in options.models.split(",")] if options.models else zoo.names()
    models = [vidclass.load(name, runtime=options.runtime) for name in names]
    return stock(models, (each.notice for each in models if each.notice))


def settings_of(options: argparse.Namespace) -> page.Settings:
    """The page's limits."""
    return page.Settings(
        max_seconds=options.max_seconds,
        max_megabytes=options.max_mb,
        max_width=options.max_width,
        jobs=options.jobs,
        waiting=options.waiting,
        public_clips=public_clips.parse(options.public_clips),
    )


def launch_options(options: argparse.Namespace, shelf: Shelf) -> dict[str, Any]:
    """What Gradio is launched with.

    Raises:
        OptionError: The accounts cannot be read, or MCP is not installed.
    """
    accounts = [tuple(each.split(":", 1)) for each in options.auth.split(",")] if options.auth else None
    if accounts and not all(len(account) == 2 and all(account) for account in accounts):
        raise OptionError("--auth must be USER:PASSWORD, or several of them with commas between. It is not.")
    if options.mcp == "yes" and importlib.util.find_spec("mcp") is None:
        raise OptionError(
            '--mcp must find the package mcp. It is not installed. Install it: pip install "gradio[mcp]".'
        )
    return {
        "server_name": options.host,
        "server_port": options.port,
        "share": options.share == "yes",
        "auth": accounts,
        "mcp_server": options.mcp == "yes",
        "max_file_size": f"{options.max_mb}mb",
        "favicon_path": str(theme.MARK),
        "theme": theme.theme(),
        "css": theme.css(shelf),
        "head": theme.head(),
        "footer_links": ["api", "settings"],
        "allowed_paths": [str(examples.CLIPS)],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "state_session_capacity": SESSIONS,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the page until it is interrupted; returns the exit code."""
    options = parse(arguments)
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        shelf = load_models(options)
        page.build(shelf, settings_of(options)).launch(**launch_options(options, shelf))
    except VidclassError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
