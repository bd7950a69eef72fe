"""What is timed from outside: how long a process takes to start, to import, and to answer its first request."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter, sleep
from urllib.error import URLError
from urllib.request import urlopen

from tests.benchmark.worker import ROOT, peak_mb

PATIENCE = 120
"""Seconds that a page may take to answer before it is given up."""


def run(*arguments: str, **variables: str) -> float:
    """Seconds that a Python process takes from its start to its end, with further variables in its environment."""
    begun = perf_counter()
    environment = {**os.environ, **variables}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, check=True)
    return perf_counter() - begun


def import_seconds(names: str) -> float:
    """Seconds that importing takes in a new process, without the interpreter's own start."""
    code = f"from time import perf_counter as t; begun = t(); import {names}; print(t() - begun)"
    return float(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT))


class Page:
    """The page, as `python app.py` starts it. Use it in a `with`."""

    def __init__(self, model: Path) -> None:
        self._port = free_port()
        self._begun = perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(self._port), "--models", str(model)],
            cwd=ROOT,
            env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"},
            stdout=subprocess.DEVNULL,
        )
        self.url = f"http://127.0.0.1:{self._port}/"

    def answered(self) -> float:
        """Waits for the first answer to a request; seconds from the start."""
        while perf_counter() - self._begun < PATIENCE and self._process.poll() is None:
            with suppress(URLError, ConnectionError), urlopen(self.url) as answer:
                answer.read()
                return perf_counter() - self._begun
            sleep(0.01)
        raise RuntimeError(f"The page must answer within {PATIENCE} seconds. It did not.")

    def rendered(self, *clips: Path) -> float:
        """Has clips classified and both their videos made through the page's API; seconds from the start."""
        from gradio_client import Client, handle_file

        client = Client(self.url, verbose=False, analytics_enabled=False)
        for clip in clips:
            client.predict(handle_file(str(clip)), api_name="/render")
        return perf_counter() - self._begun

    def peak_mb(self) -> float:
        """The most memory that its process has held."""
        return peak_mb(self._process.pid)

    def close(self) -> None:
        """Ends the process."""
        self._process.terminate()
        self._process.wait()


@contextmanager
def page(model: Path):
    """A page that ends with the block."""
    served = Page(model)
    try:
        yield served
    finally:
        served.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
