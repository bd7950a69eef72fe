"""The model card: what is measured is in it, what is not is left out, and the Hub's own tools take it."""

from dataclasses import replace

import pytest
from huggingface_hub import ModelCard, constants

from tests import fake_hub, tiny_bundle
from train import card, rights

MEASURED = {
    "test": {
        "data": "UCF101, 26 classes, split 1",
        "top1": 0.91234,
        "top3": 0.98,
        "count": 308,
        "per_class": {
            "red": {"precision": 0.9, "recall": 0.8, "f1-score": 0.85, "support": 10.0},
            "accuracy": 0.91,
        },
        "by_queue_size": {
            "1": {"frame_accuracy": 0.71, "switches_per_minute": 120.5},
            "128": {"frame_accuracy": 0.88, "switches_per_minute": 2.0},
        },
    },
    "three_classes": {"top1": 0.98, "count": 700},
    "clips": {
        "Real clips": [{"clip": "tennis_1.mp4", "truth": "tennis", "label": "tennis | doubles", "confidence": 0.93}],
        "UCF101 clips of these sports": {"top1": 0.82, "count": 80, "rows": []},
    },
    "order": {"in_order": 0.9, "shuffled": 0.86, "repeated": 0.8},
    "calibration": {
        "before": {"nll": 0.5, "error": 0.11, "error_interval": [0.09, 0.13]},
        "after": {"nll": 0.4, "error": 0.04, "error_interval": [0.03, 0.06]},
    },
    "speed": {"frames_a_second": 812.0, "machine": "2 cores"},
    "errors": "Of a hundred, 40 are noise in the labels.",
}
TRAINED = {
    "sources": ["ucf101", "mobilenet-v2", "My own clips, which anybody may use."],
    "recipe": {"name": "frame-cnn-ucf", "seed": 3, "weights": "imagenet"},
    "data": {"digest": "abc123", "parts": {"train": 1000, "validation": 100, "test": 308}},
    "versions": {"python": "3.11.7", "keras": "3.15.1"},
}


@pytest.fixture
def measured(tmp_path):
    made = tiny_bundle.write(tmp_path / "tiny", training=TRAINED, metrics=MEASURED, temperature=1.3, threshold=0.4)
    (made.folder / "confusion.png").touch()
    return made


def test_the_hub_reads_the_metadata(measured):
    data = ModelCard(card.text(measured)).data
    assert (data.library_name, data.pipeline_tag) == ("vidclass", "video-classification")
    assert (data.license, data.license_name, data.license_link) == ("other", "vidclass-weights", "LICENSE.md")
    assert {"keras", "video-classification"} <= set(data.tags)
    assert data.model_name == "tiny"
    first, second, third = data.eval_results
    assert (first.metric_type, first.metric_value, first.task_type) == ("accuracy", 0.9123, "video-classification")
    assert (first.dataset_name, first.dataset_type) == ("UCF101, 26 classes, split 1", "ucf101-26-classes-split-1")
    assert (second.metric_name, second.metric_value) == ("top-3 accuracy", 0.98)
    assert (third.metric_value, third.task_type) == (0.98, "image-classification")


@pytest.mark.parametrize("metrics", [MEASURED, {}])
def test_the_hub_accepts_it(measured, metrics, monkeypatch):
    with fake_hub.running() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        ModelCard(card.text(replace(measured, metrics=metrics))).validate()
        assert hub.requests == ["POST /api/validate-yaml"]
        with pytest.raises(ValueError, match="license_link"):
            ModelCard(card.text(measured).replace("LICENSE.md\n", "NOTICE\n")).validate()


@pytest.mark.parametrize(
    "line",
    [
        "The test part (UCF101, 26 classes, split 1): top-1 **0.912**, top-3 **0.980** of 308 items.",
        "The tutorial's three classes, by the same recipe: top-1 **0.980** of 700 items.",
        "| K | frame accuracy | switches per minute |",
        "| 128 | 0.880 | 2.000 |",
        "| tennis_1.mp4 | tennis | tennis \\| doubles | 0.930 |",
        "UCF101 clips of these sports: top-1 **0.820** of 80 items.",
        "| in order | shuffled | repeated |",
        "| after | 0.400 | 0.040 | 0.030 to 0.060 |",
        "| 812.0 | 2 cores |",
        "Of a hundred, 40 are noise in the labels.",
        "| red | 0.900 | 0.800 | 0.850 | 10.0 |",
        "![Confusion matrix of the test part](confusion.png)",
        "## Intended use",
        "Not for anything where a wrong label does harm",
        "- Learned from: UCF101; MobileNetV2 weights by Google.",
        "- Recipe `frame-cnn-ucf`, seed 3.",
        "- Items: 1,000 train, 100 validation, 308 test; all items of one source are on one side.",
        "- Temperature 1.3 and threshold 0.4, fitted on the validation part.",
        "Labels: red, green, blue.",
        "confidence of 0.40 the program says that it is not sure",
        "- My own clips, which anybody may use.",
        'classifier = vidclass.load("tiny")',
    ],
)
def test_what_was_measured_is_told(measured, line):
    assert line in card.text(measured)


def test_what_was_not_measured_is_left_out(tmp_path):
    text = card.text(tiny_bundle.write(tmp_path / "tiny"))
    assert "## Results" not in text and "## Training" not in text and "model-index" not in text
    assert ".png" not in text and "\n\n\n" not in text
    assert rights.UNKNOWN in text


@pytest.mark.parametrize("key", list(MEASURED))
def test_every_section_can_be_missing(measured, key):
    metrics = {name: value for name, value in MEASURED.items() if name != key}
    assert ModelCard(card.text(replace(measured, metrics=metrics))).data.library_name == "vidclass"


def test_licence_card_and_notice_say_the_same(measured):
    notice = " ".join((tiny_bundle.ROOT / "NOTICE").read_text(encoding="utf-8").split())
    made = replace(measured, training={"sources": list(rights.SOURCES)})
    for source in rights.SOURCES.values():
        for text in (card.text(made), rights.terms(made), notice):
            assert source.title in text and source.terms in text
    assert rights.GRANT in card.text(made) and rights.GRANT in rights.terms(made) and rights.GRANT in notice
    assert "x264" in notice and "GPL" in notice
