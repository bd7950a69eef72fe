"""Pulling from the Hub, by the real client from a server of its protocol: what is right, and all that goes wrong."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import fake_hub, tiny_bundle
from tests.fake_hub import Fault, Hub
from vidclass import bundle, hub, zoo
from vidclass.__main__ import main
from vidclass.errors import BundleError, HubError, OptionError

ROOT = Path(__file__).parent.parent
REPO = "user/vidclass-tiny"
BUSY = 300
"""Seconds that another process may take on a machine with other work."""


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> dict[str, bytes]:
    """The files of a whole bundle."""
    folder = tiny_bundle.write(tmp_path_factory.mktemp("bundles") / "tiny").folder
    (folder / "README.md").write_text("---\nlicense: other\n---\n# tiny\n")
    return files_of(folder)


@pytest.fixture
def bundled(tmp_path, monkeypatch, tiny) -> Path:
    """The zoo, with one bundled model."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    for name, content in tiny.items():
        (folder / name).write_bytes(content)
    monkeypatch.setattr(zoo, "MODELS", tmp_path / "models")
    return folder


def test_a_tag_is_resolved_to_its_commit(hub_server: Hub, tiny):
    commit = hub_server.add(REPO, tiny, tag="v1.0.0")
    hub_server.add(REPO, {**tiny, "head.bin": b"newer"})
    pulled = hub.pull(REPO, "v1.0.0")
    assert (pulled.commit, pulled.notice) == (commit, "")
    assert bundle.load(pulled.folder).name == "tiny"
    assert files_of(pulled.folder) == tiny


def test_only_allowed_files_are_fetched(hub_server: Hub, tiny):
    hub_server.add(REPO, {**tiny, "lb.pickle": b"x", "run.py": b"x", "sub/head.bin": b"x", ".gitattributes": b"x"})
    pulled = hub.pull(REPO)
    assert files_of(pulled.folder) == tiny
    assert not [line for line in hub_server.requests if "pickle" in line or "run.py" in line]


@pytest.mark.parametrize("name", ["../../../evil.png", "/tmp/evil.png", "sub/../../evil.png", "sub/plot.png"])
def test_names_that_lead_elsewhere_are_refused(hub_server: Hub, tiny, name, tmp_path):
    hub_server.add(REPO, {**tiny, name: b"x"})
    with pytest.raises((HubError, BundleError), match=r"must suit http|must hold only .*Received: sub"):
        zoo.resolve(REPO)
    assert not list(tmp_path.rglob("evil.png")) and not Path("/tmp/evil.png").exists()


def test_nothing_of_an_oversized_repo_is_fetched(hub_server: Hub, tiny, monkeypatch, tmp_path):
    hub_server.add(REPO, {**tiny, "plot.png": bytes(10_000)})
    monkeypatch.setattr(hub, "MAX_BUNDLE_BYTES", 20_000)
    with pytest.raises(HubError, match=r"must have at most 64 files and 20000 bytes.*Nothing was fetched"):
        hub.pull(REPO)
    assert not [line for line in hub_server.requests if line.startswith("GET") and "/resolve/" in line]
    assert not list((tmp_path / "hf").rglob("blobs/*"))


def test_a_repo_of_too_many_files_is_not_fetched(hub_server: Hub, tiny):
    hub_server.add(REPO, {**tiny, **{f"{number}.png": b"x" for number in range(100)}})
    with pytest.raises(HubError, match="must have at most 64 files"):
        hub.pull(REPO)


@pytest.mark.parametrize(
    ("rights", "revision", "reason"),
    [
        ({"private": True}, "main", "must be a repo that you may use. The Hub says 401"),
        ({"gated": True}, "main", "It is gated. Ask for access at http"),
        ({}, "v9.9.9", "must have the revision v9.9.9. The Hub knows none"),
        ({}, "0" * 40, "must have the revision 0000"),
    ],
)
def test_what_the_hub_refuses(hub_server: Hub, tiny, rights, revision, reason):
    hub_server.add(REPO, tiny, **rights)
    with pytest.raises(HubError, match=reason):
        hub.pull(REPO, revision)


def test_a_missing_repo(hub_server: Hub):
    with pytest.raises(HubError, match=r"user/none@main must be a repo that you may use.*hf auth login"):
        hub.pull("user/none")


def test_a_private_repo_with_the_token(hub_server: Hub, tiny, monkeypatch):
    hub_server.add(REPO, tiny, private=True)
    monkeypatch.setenv("HF_TOKEN", fake_hub.TOKEN)
    assert files_of(hub.pull(REPO).folder) == tiny


@pytest.mark.parametrize("revision", ["main", None])
@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_hub_in_disorder_is_given_up_soon(hub_server: Hub, tiny, status, revision):
    commit = hub_server.add(REPO, tiny)
    hub_server.faults.append(Fault("", status=status, times=99))
    with pytest.raises(HubError, match=f"says {status}"):
        hub.pull(REPO, revision or commit)
    assert len(hub_server.requests) == 1


def test_a_hub_that_does_not_answer_is_given_up_soon(hub_server: Hub, tiny, monkeypatch):
    hub_server.add(REPO, tiny)
    hub_server.faults.append(Fault("GET /api", delay=5.0))
    monkeypatch.setattr(hub, "ANSWER_SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(HubError, match="must be within reach"):
        hub.pull(REPO)
    assert time.monotonic() - start < 4


def test_a_slow_hub_is_waited_for(hub_server: Hub, tiny):
    hub_server.add(REPO, tiny)
    hub_server.faults.append(Fault("GET .*/resolve/", delay=0.3, times=3))
    assert files_of(hub.pull(REPO).folder) == tiny


def test_a_hub_that_is_not_there(hub_server: Hub, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match=r"must be within reach\. http://127.0.0.1:9 is not"):
        hub.pull(REPO)


def test_a_transfer_cut_once_goes_on_where_it_was(hub_server: Hub, tiny):
    hub_server.add(REPO, tiny)
    hub_server.faults.append(Fault("GET .*/head.weights.h5", cut_after=1000))
    assert files_of(hub.pull(REPO).folder) == tiny


def test_a_transfer_cut_for_good_leaves_a_cache_that_can_be_used(hub_server: Hub, tiny):
    commit = hub_server.add(REPO, tiny)
    hub_server.faults.append(Fault("GET .*/head.weights.h5", cut_after=0, times=99))
    with pytest.raises(HubError, match="must be within reach"):
        hub.pull(REPO, commit)
    hub_server.faults.clear()
    hub_server.requests.clear()
    pulled = hub.pull(REPO, commit)
    assert files_of(pulled.folder) == tiny
    assert bundle.load(pulled.folder).name == "tiny"
    fetched = {
        line.rpartition("/")[2] for line in hub_server.requests if line.startswith("GET") and "/resolve/" in line
    }
    assert fetched == {"head.weights.h5"}


def test_a_tag_of_a_hub_that_went_away_serves_from_the_cache_and_says_so(hub_server: Hub, tiny):
    commit = hub_server.add(REPO, tiny, tag="v1.0.0")
    first = hub.pull(REPO, "v1.0.0")
    hub_server.faults.append(Fault("", status=503, times=99))
    pulled = hub.pull(REPO, "v1.0.0")
    assert (pulled.folder, pulled.commit) == (first.folder, commit)
    assert f"commit {commit}, which v1.0.0 last stood for, serves from the cache" in pulled.notice
    assert "says 503" in pulled.notice


def test_a_tag_that_the_hub_denies_is_not_served_from_the_cache(hub_server: Hub, tiny):
    hub_server.add(REPO, tiny, tag="v1.0.0")
    hub.pull(REPO, "v1.0.0")
    hub_server.repos["model", REPO].private = True
    with pytest.raises(HubError, match="must be a repo that you may use"):
        hub.pull(REPO, "v1.0.0")


# The client's own settings, in a process of their own: it reads them when it is imported


def in_a_process(code: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "VIDCLASS_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**kept, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", **settings},
        capture_output=True,
        text=True,
        timeout=BUSY,
        check=False,
    )


PULL = "import sys; from vidclass import zoo; print(zoo.resolve(sys.argv[1] if sys.argv[1:] else '{}').source)"


def test_a_pinned_and_cached_commit_makes_no_request_and_the_variables_hold(tiny, tmp_path):
    home = tmp_path / "home"
    with fake_hub.running() as hub_server:
        commit = hub_server.add(REPO, tiny, tag="v1.0.0", private=True)
        pinned = PULL.format(f"{REPO}@{commit}")
        endpoint = {"HF_ENDPOINT": hub_server.url}
        refused = in_a_process(pinned, home, **endpoint)
        assert "The Hub says 401" in refused.stderr
        first = in_a_process(pinned, home, HF_TOKEN=fake_hub.TOKEN, **endpoint)
        assert first.stdout.strip() == f"{REPO}@{commit}", first.stderr
        assert (home / "hub" / "models--user--vidclass-tiny" / "snapshots" / commit / bundle.CONFIG).exists()
        (home / ".agent_harnesses.json").unlink(missing_ok=True)  # what the client asks once a day
        hub_server.requests.clear()
        second = in_a_process(pinned, home, **endpoint)
        assert second.stdout.strip() == f"{REPO}@{commit}", second.stderr
        assert hub_server.requests == []
    offline = in_a_process(pinned, home, HF_HUB_OFFLINE="1")
    assert offline.stdout.strip() == f"{REPO}@{commit}", offline.stderr
    lacking = in_a_process(PULL.format(f"{REPO}@{'0' * 40}"), home, HF_HUB_OFFLINE="1")
    assert "must be in the cache while HF_HUB_OFFLINE is set" in lacking.stderr


# The zoo


def test_the_namespace_gives_the_bundled_version(hub_server: Hub, tiny, bundled, monkeypatch):
    commit = hub_server.add(REPO, tiny, tag="v1.0.0")
    hub_server.add(REPO, {**tiny, "head.bin": b"newer"}, tag="v2.0.0")
    monkeypatch.setenv("VIDCLASS_HUB_NAMESPACE", "user")
    found = zoo.resolve("tiny")
    assert (found.source, found.notice) == (f"{REPO}@{commit}", "")
    assert found.folder != bundled


def test_without_a_setting_nothing_is_asked(hub_server: Hub, bundled):
    assert zoo.resolve("tiny") == zoo.Found(bundled, "bundled")
    assert hub_server.requests == []


def test_a_model_is_pulled_once_in_a_process(hub_server: Hub, tiny, bundled, monkeypatch):
    hub_server.add(REPO, tiny, tag="v1.0.0")
    monkeypatch.setenv("VIDCLASS_HUB_NAMESPACE", "user")
    first = zoo.resolve("tiny")
    hub_server.requests.clear()
    assert zoo.resolve("tiny") == first
    assert hub_server.requests == []


def tampered(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, "head.bin": b"\1" * len(files["head.bin"])}


def configured(files: dict[str, bytes], **values: object) -> dict[str, bytes]:
    return {**files, bundle.CONFIG: json.dumps({**json.loads(files[bundle.CONFIG]), **values}).encode()}


BAD = {
    "tampered": (tampered, "hash differs"),
    "another format": (lambda files: configured(files, format=9), "must have format 1. Received: 9"),
    "another model": (lambda files: configured(files, name="other"), "must be tiny. Received: other"),
    "a file missing": (lambda files: {name: files[name] for name in files if name != "head.xml"}, "is missing"),
    "no bundle": (lambda files: {"README.md": b"# Nothing"}, "must be a folder that holds vidclass.json"),
    "oversized": (lambda files: {**files, "plot.png": bytes(200_000)}, "Nothing was fetched"),
}


@pytest.mark.parametrize("change", BAD)
def test_what_cannot_serve_is_told_and_the_bundled_copy_serves(hub_server, tiny, bundled, monkeypatch, caplog, change):
    make, reason = BAD[change]
    monkeypatch.setattr(hub, "MAX_BUNDLE_BYTES", 100_000)
    hub_server.add(REPO, make(tiny), tag="v1.0.0")
    monkeypatch.setenv("VIDCLASS_HUB_NAMESPACE", "user")
    found = zoo.resolve("tiny")
    assert (found.folder, found.source) == (bundled, "bundled")
    assert found.notice.startswith(f"tiny: the bundled copy serves, since {REPO}@v1.0.0 cannot.")
    assert reason in found.notice
    assert caplog.messages[-1] == found.notice


@pytest.mark.parametrize("change", [name for name in BAD if name != "another model"])
def test_a_repo_that_was_named_fails_with_the_reason(hub_server, tiny, bundled, monkeypatch, change):
    make, reason = BAD[change]
    monkeypatch.setattr(hub, "MAX_BUNDLE_BYTES", 100_000)
    hub_server.add(REPO, make(tiny), tag="v1.0.0")
    with pytest.raises((HubError, BundleError), match=reason):
        zoo.resolve(f"{REPO}@v1.0.0")


@pytest.mark.parametrize(
    ("rights", "fault", "reason"),
    [
        ({"private": True}, None, "The Hub says 401"),
        ({"gated": True}, None, "It is gated"),
        ({}, Fault("/tree/", status=404), "says 404"),
        ({}, Fault("", status=503, times=99), "says 503"),
        ({}, Fault("GET .*/head.xml", cut_after=9, times=99), "must be within reach"),
        ({}, Fault("", delay=2.0, times=99), "must be within reach"),
    ],
)
def test_a_repo_that_cannot_be_pulled(hub_server, tiny, bundled, monkeypatch, capsys, rights, fault, reason):
    hub_server.add(REPO, tiny, tag="v1.0.0", **rights)
    if fault:
        hub_server.faults.append(fault)
        monkeypatch.setattr(hub, "ANSWER_SECONDS", 0.2 if fault.delay else hub.ANSWER_SECONDS)
    monkeypatch.setenv("VIDCLASS_HUB_NAMESPACE", "user")
    found = zoo.resolve("tiny")
    assert (found.folder, found.source) == (bundled, "bundled")
    assert reason in found.notice
    if fault:
        fault.times = 99
    assert main(["verify", f"{REPO}@v1.0.0"]) == 2  # named by the user: no other copy takes its place
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"vidclass: error: {REPO}@v1.0.0") and reason in last


def test_a_repo_that_is_not_there(hub_server, bundled, monkeypatch):
    monkeypatch.setenv("VIDCLASS_HUB_NAMESPACE", "user")
    found = zoo.resolve("tiny")
    assert found.source == "bundled" and "The Hub says 401" in found.notice


def test_explicit_repos_come_before_the_namespace_and_may_add_models(hub_server, tiny, bundled, monkeypatch):
    commit = hub_server.add("other/mine", tiny)
    extra = hub_server.add("other/extra", configured(tiny, name="extra"))
    monkeypatch.setenv("VIDCLASS_HUB_NAMESPACE", "user")
    monkeypatch.setenv("VIDCLASS_HUB_MODELS", f"tiny=other/mine@{commit}, extra=other/extra@{extra}")
    assert zoo.names() == ["tiny", "extra"]
    assert zoo.resolve("tiny").source == f"other/mine@{commit}"
    assert zoo.resolve("extra").source == f"other/extra@{extra}"


def test_a_model_that_only_the_hub_has_fails_with_the_reason(hub_server, bundled, monkeypatch):
    monkeypatch.setenv("VIDCLASS_HUB_MODELS", f"extra=other/extra@{'0' * 40}")
    with pytest.raises(HubError, match="must be a repo that you may use"):
        zoo.resolve("extra")


def test_the_pins_of_a_space_are_pulled(hub_server, tiny, bundled):
    commit = hub_server.add(REPO, tiny)
    (bundled.parent / zoo.PINS).write_text(json.dumps({"tiny": f"{REPO}@{commit}"}))
    assert zoo.resolve("tiny").source == f"{REPO}@{commit}"
    (bundled.parent / zoo.PINS).write_text("[]")
    with pytest.raises(OptionError, match="must be a JSON object"):
        zoo.resolve("tiny")


@pytest.mark.parametrize("text", ["tiny", "tiny=user/repo", "tiny=user/repo@../x", "a/b=user/repo@v1", "=user/repo@v1"])
def test_settings_that_cannot_be_read(bundled, monkeypatch, text):
    monkeypatch.setenv("VIDCLASS_HUB_MODELS", text)
    with pytest.raises(OptionError, match="VIDCLASS_HUB_MODELS must name models as name=user/repo@revision"):
        zoo.names()


def test_a_revision_needs_a_repo(hub_server, tiny, bundled):
    commit = hub_server.add(REPO, tiny, tag="v1.0.0")
    assert zoo.resolve(REPO, "v1.0.0").source == f"{REPO}@{commit}"
    for name in ("tiny", f"{REPO}@v1.0.0", str(bundled)):
        with pytest.raises(OptionError, match="A revision must go with a repo"):
            zoo.resolve(name, "v1.0.0")


def test_a_folder_that_exists_is_meant_before_a_repo(hub_server, tiny, bundled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert zoo.resolve("models/tiny") == zoo.Found(Path("models/tiny"), "models/tiny")
    assert hub_server.requests == []


@pytest.mark.parametrize("name", ["nothing", "../tiny", "user/repo@", "user/repo@a..b", "user//repo", "http://x/y/z"])
def test_what_is_no_model(bundled, name):
    with pytest.raises(OptionError, match="The model must be one of tiny, a model's folder, or user/repo"):
        zoo.resolve(name)


def test_a_half_written_model_is_not_offered(bundled):
    bundled.with_name(".tiny.partial").mkdir()
    (bundled.with_name(".tiny.partial") / bundle.CONFIG).write_bytes((bundled / bundle.CONFIG).read_bytes())
    assert zoo.names() == ["tiny"]
