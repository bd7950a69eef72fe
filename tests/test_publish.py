"""Publishing models and the page, by the real client to a server of the Hub's protocol, and pulling them back."""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, SpaceCard

import vidclass
from tests import fake_hub, tiny_bundle
from tests.fake_hub import Fault
from train import card, publish, space
from vidclass import bundle, hub, zoo
from vidclass.errors import BundleError, HubError, OptionError

ROOT = tiny_bundle.ROOT
REPO = "user/vidclass-tiny"
BUSY = 300
"""Seconds that another process may take on a machine with other work."""

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the Hub's own client


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The only bundle of the zoo; its networks are taken to agree, which `test_verify.py` tests."""
    monkeypatch.setattr(zoo, "MODELS", tmp_path / "models")
    monkeypatch.setattr(publish, "_verify", lambda _: None)
    monkeypatch.setenv("HF_TOKEN", fake_hub.TOKEN)
    metrics = {"test": {"top1": 0.9, "top3": 0.99, "count": 100}}
    return tiny_bundle.write(tmp_path / "models" / "tiny", metrics=metrics, training={"sources": ["ucf101"]})


def run(*flags: str) -> None:
    parser = argparse.ArgumentParser()
    publish.add_arguments(parser)
    publish.run(parser.parse_args(flags))


def test_a_model_is_one_commit_with_a_tag_and_comes_back_as_it_was(hub_server, tiny, capsys):
    run("--model", "tiny", "--repo", REPO)
    repo = hub_server.repos["model", REPO]
    assert len(repo.commits) == 2  # the Hub's own first one, and ours
    assert repo.tags == {"v1.0.0": repo.head}
    assert capsys.readouterr().out == f"{hub_server.url}/{REPO} v1.0.0\n{REPO}@{repo.head}\n"
    assert set(repo.files) == {*bundle.files(tiny.folder), "README.md", "LICENSE.md", ".gitattributes"}
    assert ModelCard(repo.files["README.md"].decode()).data.eval_results[0].metric_value == 0.9
    assert "UCF101" in repo.files["LICENSE.md"].decode()
    pulled = bundle.load(hub.pull(REPO, "v1.0.0").folder)
    assert (pulled.files, pulled.metrics, pulled.labels) == (tiny.files, tiny.metrics, tiny.labels)
    assert vidclass.load(REPO, revision="v1.0.0").source == f"{REPO}@{repo.head}"


@pytest.mark.parametrize("name", zoo.names())
def test_the_bundled_models_can_be_published_as_they_are(hub_server, name, capsys):
    run("--model", name, "--repo", f"user/vidclass-{name}", "--dry-run")
    told = capsys.readouterr().out
    assert all(f"  {file}\n" in told for file in ("README.md", "LICENSE.md", "head.weights.h5", "head.xml"))
    text = (zoo.MODELS / name / "README.md").read_text(encoding="utf-8")
    made = bundle.read_config(zoo.MODELS / name)
    told_top1 = ModelCard(text).data.eval_results[0].metric_value
    assert told_top1 == round(made.metrics["test"]["top1"], 4)
    assert f"version {made.version}." in text


def test_nothing_but_a_bundles_files_is_sent(hub_server, tiny):
    (tiny.folder / ".secret").write_text("hidden")
    (tiny.folder / ".git").mkdir()
    (tiny.folder / ".git" / "config").write_text("hidden")
    run("--model", "tiny", "--repo", REPO)
    assert not [name for name in hub_server.repos["model", REPO].files if "secret" in name or "config" in name]
    (tiny.folder / "notes.txt").write_text("hidden")
    with pytest.raises(BundleError, match=r"must hold only .*notes\.txt"):
        run("--model", "tiny", "--repo", "user/other")
    assert ("model", "user/other") not in hub_server.repos


def test_a_link_out_of_the_bundle_is_not_sent(hub_server, tiny, tmp_path):
    (tmp_path / "secret.txt").write_text("hidden")
    (tiny.folder / "README.md").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(BundleError, match="must lie in the model's own folder"):
        run("--model", "tiny", "--repo", REPO)
    assert hub_server.requests == []


def test_a_dry_run_asks_nothing(hub_server, tiny, capsys):
    run("--model", "tiny", "--repo", REPO, "--dry-run")
    told = capsys.readouterr().out
    assert told.startswith(f"Would send to {REPO}, tag v1.0.0:\n")
    for name in (*bundle.files(tiny.folder), "README.md", "LICENSE.md"):
        assert re.search(rf"^ +[\d,]+  {re.escape(name)}$", told, re.MULTILINE)
    assert f"{(tiny.folder / 'head.bin').stat().st_size:>12,}  head.bin" in told
    run("--space", "user/page", "--dry-run")
    told = capsys.readouterr().out
    assert "app.py" in told and "models/tiny/head.bin" in told and "models/hub.json" in told
    assert hub_server.requests == []
    assert {path.name for path in tiny.folder.iterdir()} == set(bundle.files(tiny.folder))


HEAVY = ("keras", "tensorflow", "sklearn", "matplotlib", "gradio", "openvino", "huggingface_hub")
LOOK = f"""
import sys
from contextlib import suppress
from pathlib import Path
from vidclass import zoo
from train.__main__ import main
zoo.MODELS = Path(sys.argv[1])
for words in (["--help"], [], ["--model", "tiny"], ["--model", "no", "--repo", "user/a"], ["--space", "page"]):
    with suppress(SystemExit):
        assert main(["publish", *words]) == 2
for words in (["--model", "tiny", "--repo", "user/a"], ["--space", "user/page"]):
    assert main(["publish", *words, "--dry-run"]) == 0
print([name for name in {HEAVY} if name in sys.modules])
"""


def test_help_refusals_and_dry_runs_load_no_library_that_they_do_not_need(tiny):
    command = [sys.executable, "-c", LOOK, str(zoo.MODELS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BUSY, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["train"] * 4


def test_a_tag_is_never_moved(hub_server, tiny):
    run("--model", "tiny", "--repo", REPO)
    before = dict(hub_server.repos["model", REPO].tags), hub_server.repos["model", REPO].head
    with pytest.raises(HubError, match=r"Received: v1\.0\.0, which user/vidclass-tiny has already. Raise the version"):
        run("--model", "tiny", "--repo", REPO)
    assert (hub_server.repos["model", REPO].tags, hub_server.repos["model", REPO].head) == before


def test_a_card_on_the_hub_is_kept_unless_told_otherwise(hub_server, tiny):
    own = b"---\nlicense: other\nlicense_link: LICENSE.md\n---\n# My own words\n"
    hub_server.add(REPO, {"README.md": own, "old.png": b"x", "mine.txt": b"x", ".gitattributes": b""})
    run("--model", "tiny", "--repo", REPO)
    repo = hub_server.repos["model", REPO]
    assert repo.files["README.md"] == own
    assert "old.png" not in repo.files and repo.files["mine.txt"] == b"x"
    tiny_bundle.write(tiny.folder, version="1.0.1")
    run("--model", "tiny", "--repo", REPO, "--replace-card")
    assert repo.files["README.md"].startswith(b"---\nlibrary_name: vidclass")
    assert set(repo.tags) == {"v1.0.0", "v1.0.1"}


def test_a_card_on_the_hub_with_other_figures_is_not_kept(hub_server, tiny):
    run("--model", "tiny", "--repo", REPO)
    repo = hub_server.repos["model", REPO]
    before = repo.head
    (tiny.folder / "README.md").unlink(missing_ok=True)
    newer = tiny_bundle.write(tiny.folder, version="1.0.1", metrics={"test": {"top1": 0.95}})
    with pytest.raises(BundleError, match=r"The card of user/vidclass-tiny .*says top-1 accuracy 0\.9 on .*was 0\.95"):
        run("--model", "tiny", "--repo", REPO)
    assert repo.head == before and "v1.0.1" not in repo.tags
    run("--model", "tiny", "--repo", REPO, "--replace-card")
    assert ModelCard(repo.files["README.md"].decode()).data.eval_results[0].metric_value == newer.top1


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        (card.metadata, "must give the figures of tiny 1.0.0. It says top-1 accuracy 0.9 on .*train describe"),
        (lambda _: {"model-index": [{"results": [{"metrics": 3}]}]}, "must begin with metadata"),
        (lambda _: {"model-index": "0.9"}, "must begin with metadata"),
    ],
)
def test_a_bundles_own_card_with_other_figures_is_not_sent(hub_server, tiny, front, reason):
    (tiny.folder / "README.md").write_text(f"---\n{json.dumps(front(tiny))}\n---\n# tiny\n")
    tiny_bundle.write(tiny.folder, metrics={"test": {"top1": 0.8, "top3": 0.99, "count": 100}})
    with pytest.raises(BundleError, match=reason):
        run("--model", "tiny", "--repo", REPO)
    assert hub_server.requests == []


def test_a_private_repo(hub_server, tiny):
    run("--model", str(tiny.folder), "--repo", REPO, "--private")
    assert hub_server.repos["model", REPO].private


def test_a_changed_bundle_is_not_sent(hub_server, tiny):
    (tiny.folder / "head.bin").write_bytes(b"changed")
    with pytest.raises(BundleError, match="hash differs"):
        run("--model", "tiny", "--repo", REPO)
    assert hub_server.requests == []


def test_networks_that_do_not_agree_are_not_sent(hub_server, tiny, monkeypatch):
    def disagree(_):
        raise BundleError("The exported networks must agree.")

    monkeypatch.setattr(publish, "_verify", disagree)
    with pytest.raises(BundleError, match="must agree"):
        run("--model", "tiny", "--repo", REPO)
    assert hub_server.requests == []


def test_without_a_token(hub_server, tiny, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match=r"The Hub says 401.*hf auth login"):
        run("--model", "tiny", "--repo", REPO)


@pytest.mark.parametrize("step", ["POST /api/repos/create", "POST .*/commit/", "PUT /lfs/", "POST .*/tag/"])
def test_a_hub_that_fails_half_way_is_told(hub_server, tiny, step):
    hub_server.faults.append(Fault(step, status=500, times=99))
    with pytest.raises(HubError, match="says 500"):
        run("--model", "tiny", "--repo", REPO)
    hub_server.faults.clear()
    run("--model", "tiny", "--repo", REPO)
    repo = hub_server.repos["model", REPO]
    assert repo.tags == {"v1.0.0": repo.head} and len(repo.commits) == 2


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--model", "tiny"), "--model must come with --repo user/repo"),
        (("--model", "tiny", "--repo", "user"), "--model must come with --repo user/repo"),
        (("--model", "none", "--repo", REPO), "--model must be a name in"),
        (("--space", "page"), "--space must be user/space"),
    ],
)
def test_arguments_that_cannot_be(hub_server, tiny, flags, reason):
    with pytest.raises(OptionError, match=reason):
        run(*flags)


# The Space


def test_a_space_is_published_with_its_models_pinned(hub_server, tiny, capsys):
    run("--space", "user/page")
    page, model = hub_server.repos["space", "user/page"], hub_server.repos["model", REPO]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"{hub_server.url}/spaces/user/page",
        f"user/page@{page.head}",
    ]
    assert model.tags == {"v1.0.0": model.head}
    pin = f"{REPO}@{model.head}"
    assert json.loads(page.files["models/hub.json"]) == {"tiny": pin}
    text = page.files["README.md"].decode()
    assert f"`{pin}`" in text
    data = SpaceCard(text).data
    assert (data.sdk, data.app_file, data.license) == ("gradio", "app.py", "apache-2.0")
    assert (data.models, data.python_version) == ([REPO], "3.12")
    assert len(data.short_description) <= 60
    assert re.fullmatch(r"6\.\d+\.\d+", data.sdk_version)
    assert {"models/tiny/head.bin", "vidclass/__init__.py", "app.py", "NOTICE", "LICENSE"} <= set(page.files)


def test_a_space_of_several_models_pulls_each_from_its_own_commit(hub_server, tiny, capsys):
    names = ["second", "third", "tiny", "zeroth"]
    for name in names:
        tiny_bundle.write(zoo.MODELS / name, name)
    run("--model", "third", "--repo", "user/vidclass-third")
    run("--space", "user/page")
    repos = {name: hub_server.repos["model", f"user/vidclass-{name}"] for name in names}
    assert [len(repo.commits) for repo in repos.values()] == [2] * 4  # none was sent twice
    page = hub_server.repos["space", "user/page"]
    pins = {name: f"user/vidclass-{name}@{repo.head}" for name, repo in repos.items()}
    assert json.loads(page.files["models/hub.json"]) == pins
    text = page.files["README.md"].decode()
    assert SpaceCard(text).data.models == [f"user/vidclass-{name}" for name in names]
    assert all(f"- {name}: `{pin}`" in text for name, pin in pins.items())
    assert {f"models/{name}/head.bin" for name in names} <= set(page.files)
    capsys.readouterr()
    run("--space", "user/page", "--dry-run")
    sizes = [int(line.split()[0].replace(",", "")) for line in capsys.readouterr().out.splitlines()[1:]]
    assert sum(sizes[:-1]) == sizes[-1]


def test_publishing_a_space_again_keeps_the_models_and_drops_what_is_gone(hub_server, tiny):
    run("--space", "user/page")
    page, model = hub_server.repos["space", "user/page"], hub_server.repos["model", REPO]
    hub_server.add("user/page", {**page.files, "vidclass/gone.py": b"x", "packages.txt": b"x"}, "space")
    run("--space", "user/page", "--no-weights")
    assert "vidclass/gone.py" not in page.files and "models/tiny/head.bin" not in page.files
    assert page.files["packages.txt"] == b"x"
    assert json.loads(page.files["models/hub.json"]) == {"tiny": f"{REPO}@{model.head}"}
    assert len(model.commits) == 2


def test_a_space_is_not_pinned_to_other_weights_of_the_same_version(hub_server, tiny):
    run("--model", "tiny", "--repo", REPO)
    with (tiny.folder / "head.weights.h5").open("ab") as file:
        file.write(b"\0")
    bundle.write_config(bundle.read_config(tiny.folder))
    with pytest.raises(HubError, match=r"It holds others\. Raise the version"):
        run("--space", "user/page")
    assert ("space", "user/page") not in hub_server.repos


def test_a_spaces_requirements_are_those_of_serving(tmp_path):
    lines = space.requirements(ROOT / "requirements.txt").splitlines()
    names = [re.split(r"[^\w-]", line)[0] for line in lines]
    assert names == list(space.SERVING)
    assert all(line in (ROOT / "requirements.txt").read_text() for line in lines)
    (tmp_path / "requirements.txt").write_text("gradio>=6\n")
    with pytest.raises(vidclass.DataError, match="It lacks av, huggingface_hub"):
        space.requirements(tmp_path / "requirements.txt")


BLOCKED = ("tensorflow", "keras", "sklearn", "h5py", "train", "tests", "ray", "pytest")
START = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED}:
            raise ModuleNotFoundError(f"No module named {{name!r}}: a Space does not have it", name=name)
sys.meta_path.insert(0, Blocker())
sys.path.insert(0, "")
import app
from vidclass import page
options = app.parse([])
shelf = app.load_models(options)
page.build(shelf, page.Settings())
print([(each.source, each.notice) for each in shelf.classifiers])
import vidclass
assert vidclass.__file__.startswith(sys.argv[1]), vidclass.__file__
"""


@pytest.fixture
def checkout(hub_server, tiny, tmp_path):
    """Publishes the Space with some flags and checks its repo out; returns the folder."""

    def publish_and_check_out(*flags: str) -> Path:
        run("--space", "user/page", *flags)
        folder = tmp_path / "space"
        for name, content in hub_server.repos["space", "user/page"].files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder

    return publish_and_check_out


@pytest.mark.parametrize("flags", [(), ("--no-weights",)])
def test_a_published_space_starts_from_its_own_files_and_pulls_its_weights(hub_server, checkout, tmp_path, flags):
    folder = checkout(*flags)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    done = start(folder, tmp_path, HF_ENDPOINT=hub_server.url)
    pin = f"{REPO}@{hub_server.repos['model', REPO].head}"
    assert done.stdout.strip() == str([(pin, "")]), done.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before, "it writes into its own folder"


def test_a_published_space_serves_its_own_copies_where_the_hub_is_away(checkout, tmp_path):
    done = start(checkout(), tmp_path / "empty", HF_ENDPOINT="http://127.0.0.1:9")
    assert "[('bundled', 'tiny: the bundled copy serves, since" in done.stdout, done.stderr


def start(checkout: Path, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "VIDCLASS_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-c", START, str(checkout)],
        cwd=checkout,
        env={
            **kept,
            "HF_HOME": str(home / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=BUSY,
        check=False,
    )
