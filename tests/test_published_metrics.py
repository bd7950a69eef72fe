"""What a card on the Hub says, `python -m train evaluate` says of the bundle that is pulled from there."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

import vidclass
from tests import fake_hub, tiny_bundle, tiny_data
from tests.fake_hub import Hub
from train import data, evaluate
from train.__main__ import main
from train.report import write_report
from vidclass import bundle

REPO = "user/vidclass-colours"
PHOTOS, CLIPS = 10, 4
WRONG = {"red-0.png": "blue", "green-3.png": "blue", "green-clip-0.mp4": "red"}
"""Files that the list gives another label than they show: so many the model must get wrong."""
TOP1 = 1 - len(WRONG) / (3 * PHOTOS + 3 * CLIPS)

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the Hub's own client


@pytest.fixture
def split(tmp_path) -> Path:
    """A list of photos and clips of one colour each, all of the test part but one that must not count."""
    rows = []
    for label in tiny_bundle.LABELS:
        for number in range(PHOTOS):
            rows.append(tiny_data.photo(tmp_path / f"{label}-{number}.png", tiny_data.COLOURS[label], number))
        for number in range(CLIPS):
            clip = tmp_path / f"{label}-clip-{number}.mp4"
            rows.append(tiny_data.clip(clip, frames=6, chroma=tiny_data.CHROMA[label], start=number))
    unseen = tiny_data.photo(tmp_path / "red-unseen.png", tiny_data.COLOURS["blue"])
    path = tmp_path / "split.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "class", "split"])
        for file in [*rows, unseen]:
            label = WRONG.get(file.name, file.name.partition("-")[0])
            table.writerow([file.name, label, "train" if file == unseen else "test"])
    return path


@pytest.fixture
def measured(tmp_path, split) -> Path:
    """A bundle as a training leaves it: measured on its test part, with its report."""
    made = tiny_bundle.write(tmp_path / "colours", "colours", temperature=0.8, training={"sources": ["My drawings."]})
    items = [item for item in data.read_items(split) if item.split == "test"]
    metrics = evaluate.measure(evaluate.predict(vidclass.load(made.folder), items))
    return write_report(bundle.Bundle(**{**vars(made), "metrics": {"test": metrics}})).folder


def command(hub: Hub, home: Path, *words: object) -> str:
    """Runs `python -m train` in a process of its own, with an empty cache of the Hub; returns what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "VIDCLASS_HUB"))}
    done = subprocess.run(
        [sys.executable, "-m", "train", *map(str, words)],
        cwd=tiny_bundle.ROOT,
        env={**kept, "HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_the_hub_says_is_measured_again_on_the_pulled_bundle(hub_server, measured, split, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", fake_hub.TOKEN)
    monkeypatch.setattr("train.publish._verify", lambda _: None)  # its networks are drawn by hand, not by Keras
    assert main(["publish", "--model", str(measured), "--repo", REPO]) == 0
    published = hub_server.repos["model", REPO]

    file = tmp_path / "metrics.json"
    words = ["evaluate", "--model", f"{REPO}@{published.head}", "--data", split, "--split", "test", "--json", file]
    told = command(hub_server, tmp_path / "home", *words)
    again = json.loads(file.read_text(encoding="utf-8"))
    assert [line for line in hub_server.requests if line == f"GET /{REPO}/resolve/{published.head}/head.bin"]

    assert again["count"] == 3 * (PHOTOS + CLIPS)
    assert again["top1"] == pytest.approx(TOP1)
    assert f"top-1 {TOP1:.4f}, top-3 1.0000, {again['count']} items" in told
    assert json.loads(published.files[bundle.CONFIG])["metrics"]["test"] == again
    card = ModelCard(published.files["README.md"].decode())
    index = {result.metric_name: result.metric_value for result in card.data.eval_results}
    assert index == {
        name: round(again[key], 4) for name, key in (("top-1 accuracy", "top1"), ("top-3 accuracy", "top3"))
    }
    assert f"top-1 **{again['top1']:.3f}**, top-3 **{again['top3']:.3f}** of {again['count']} items." in card.text
    for size, row in again["by_queue_size"].items():
        assert f"| {size} | {row['frame_accuracy']:.3f} | {row['switches_per_minute']:.3f} |" in card.text
    assert again["by_queue_size"]["128"]["frame_accuracy"] == pytest.approx(1 - 1 / (3 * CLIPS))
