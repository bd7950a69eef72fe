"""The page: `python app.py`. A Hugging Face Space starts it the same way."""

import argparse
import importlib.util
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import vidclass
from vidclass import page, public_clips, zoo
from vidclass.errors import OptionError, VidclassError
from vidclass.page import examples, theme
from vidclass.page.background import behind
from vidclass.page.shelf import Shelf, stock

DEFAULTS = page.Settings()
SESSIONS = 1000
"""Visitors whose results are kept at the same time; the oldest go first."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are ours: one line, and no usage around it."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message}. See: python app.py --help")


def between(least: int, most: float = float("inf"), number: Callable[[str], float] = int) -> Callable[[str], float]:
    """An argument's number, and the range that it must be in."""

    def check(text: str) -> float:
        try:
            value = number(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            limits = f"at least {least}" if most == float("inf") else f"{least} to {most:g}"
            kind = "a whole number" if number is int else "a number"
            raise argparse.ArgumentTypeError(f"must be {kind}, {limits}. Received: {text}")
        return value

    return check


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings: a flag, or else its variable (`VIDCLASS_MAX_SECONDS` for `--max-seconds`), or else the default.

    Raises:
        OptionError: One cannot be.
    """
    parser = _Parser(
        prog="app.py", description="Serves the vidclass page. Each flag can also be set as VIDCLASS_<FLAG>."
    )

    def add(flag: str, default: Any, text: str, **options: Any) -> None:
        variable = "VIDCLASS_" + flag.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(flag, default=os.environ.get(variable, default), help=text, **options)

    def switch(flag: str, text: str) -> None:
        add(flag, "no", text, nargs="?", const="yes", choices=("yes", "no"), metavar="yes|no")

    add("--host", None, "address to listen on; 0.0.0.0 for every one of this machine (default: 127.0.0.1)")
    add("--port", None, "port to listen on (default: the first free one from 7860 on)", type=between(1, 65_535))
    switch("--share", "make a public address of Gradio's, for 72 hours")
    add("--auth", None, "ask visitors for USER:PASSWORD; several are separated by commas")
    add("--models", None, "models to offer, separated by commas: names or folders (default: all in models/)")
    add("--runtime", None, "openvino or tensorflow (default: openvino where it is installed)")
    add("--max-seconds", DEFAULTS.max_seconds, "longest clip (default: %(default)s)", type=between(1, number=float))
    add("--max-mb", DEFAULTS.max_megabytes, "largest upload in megabytes (default: %(default)s)", type=between(1))
    add("--max-width", DEFAULTS.max_width, "widest annotated video in pixels (default: %(default)s)", type=between(2))
    add("--jobs", DEFAULTS.jobs, "clips worked on at the same time (default: %(default)s)", type=between(1))
    add("--waiting", DEFAULTS.waiting, "clips that may wait for their turn (default: %(default)s)", type=between(1))
    add("--public-clips", "", "examples on the Hub: [datasets/]user/repo@COMMIT/file|licence, separated by semicolons")
    switch("--mcp", "offer the API as MCP tools too")
    return parser.parse_args(arguments)


def load_models(options: argparse.Namespace) -> Shelf:
    """The models that the page offers.

    Raises:
        VidclassError: One cannot be loaded, or there is none.
    """
    names = [name.strip() for name in options.models.split(",")] if options.models else zoo.names()
    models = [behind(vidclass.load, name, runtime=options.runtime) for name in names]
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


def check_place(host: str | None, port: int | None) -> None:
    """Sees whether the page can listen where it shall, before models are loaded.

    Raises:
        OptionError: It cannot.
    """
    try:
        family, kind, *_, address = socket.getaddrinfo(host or "127.0.0.1", port or 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(address)
    except OSError as error:
        where = f"{host or '127.0.0.1'}, {f'port {port}' if port else 'any port'}"
        raise OptionError(
            f"--host and --port must name a place of this machine that is free. Received: {where} ({error.strerror}). "
            "Try another port, or leave both out."
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the page until it is interrupted; returns the exit code."""
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        options = parse(arguments)
        check_place(options.host, options.port)
        settings = settings_of(options)
        shelf = load_models(options)
        launching = launch_options(options, shelf)
        page.build(shelf, settings).launch(**launching)
    except VidclassError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
