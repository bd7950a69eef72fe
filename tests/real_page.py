"""The page as its users start it, with the bundled models, in a process of its own: `with real_page() as url`."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import URLError

ROOT = Path(__file__).parent.parent
SERVES = 300
"""Seconds until the page must answer, on a busy machine."""


@contextmanager
def real_page(*flags: str) -> Iterator[str]:
    """Serves `app.py` on a free port; gives its address, without a slash at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with TemporaryFile() as said:
        page = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), *flags], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + SERVES
            while not _answers(url):
                said.seek(0)
                assert page.poll() is None, f"app.py ended: {said.read().decode()}"
                assert time.monotonic() < deadline, f"app.py must answer within {SERVES} s"
                time.sleep(0.2)
            yield url
        finally:
            page.terminate()
            page.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/", timeout=10) as answer:
            return answer.status == 200 and b"gradio" in answer.read()
    except (URLError, TimeoutError):
        return False
