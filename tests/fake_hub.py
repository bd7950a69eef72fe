"""A small Hugging Face Hub on 127.0.0.1: model and Space repos, commits, tags, large files, rights and faults.

It speaks as much of the Hub's protocol as the real client needs to pull and to push, keeps everything in memory, and
writes down every request.
"""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

TOKEN = "hf_owner"
"""Whoever sends it may read and write everything."""
LARGE = ("*.h5", "*.bin", "*.png")
"""Files that go the way of large ones, as the Hub's own .gitattributes says."""

Files = dict[str, bytes]


@dataclass
class Repo:
    """A repo: its commits, oldest first, and where its tags are."""

    commits: dict[str, Files] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    private: bool = False
    gated: bool = False

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    @property
    def files(self) -> Files:
        return self.commits[self.head]

    def commit(self, files: Files) -> str:
        sha = hashlib.sha1(repr((len(self.commits), sorted(files.items()))).encode()).hexdigest()
        self.commits[sha] = dict(files)
        return sha

    def resolve(self, revision: str) -> str | None:
        if revision == "main":
            return self.head
        return self.tags.get(revision, revision if revision in self.commits else None)


@dataclass
class Fault:
    """What goes wrong with requests whose `METHOD path` matches, as often as it says."""

    pattern: str
    status: int = 0
    """Answered instead; 0 for none."""
    cut_after: int | None = None
    """Bytes after which the connection breaks."""
    delay: float = 0.0
    """Seconds before the answer."""
    times: int = 1


@dataclass
class Hub:
    """What the server holds."""

    url: str = ""
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def add(self, name: str, files: Files, kind: str = "model", tag: str = "", **rights: bool) -> str:
        """A repo with one commit, or one more commit in it; returns the commit."""
        repo = self.repos.setdefault((kind, name), Repo(**rights))
        sha = repo.commit(files)
        if tag:
            repo.tags[tag] = sha
        return sha

    def fault(self, line: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.pattern, line):
                fault.times -= 1
                return fault
        return None


@contextmanager
def running() -> Iterator[Hub]:
    """A server, and what it holds, until the block ends."""
    from tests.fake_hub_handler import Handler

    hub = Hub()
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def point_client(monkeypatch: pytest.MonkeyPatch, url: str, home: Path) -> None:
    """Turns this process's own client to a server: an empty cache, no token, no pauses before it tries again."""
    from huggingface_hub import constants

    settings = {
        "ENDPOINT": url,
        "HUGGINGFACE_CO_URL_TEMPLATE": url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN_PATH": str(home / "token"),
        "AGENT_HARNESSES_PATH": str(home / "agents.json"),
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_DOWNLOAD_TIMEOUT": 5,
    }
    for name, value in settings.items():
        monkeypatch.setattr(constants, name, value)
    for name in ("HF_TOKEN", "VIDCLASS_HUB_NAMESPACE", "VIDCLASS_HUB_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "sleep", lambda _: None)
