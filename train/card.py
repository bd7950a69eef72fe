"""A bundle's model card: what the Hub shows of a model, and what its reader must know before using it.

All numbers come from `Bundle.metrics`; a section that was not measured is left out:

    test           as `train.evaluate.measure` gives it, and `data`, the name of what was measured on
    by_queue_size  K -> frame_accuracy, switches_per_minute; or within `test`
    three_classes  as `test`: the same recipe on the tutorial's own three classes
    clips          title -> rows of a table, each {column: value}; or as `test`, with the table under `rows`
    order          what is done to the frames -> top-1: does time matter?
    frame_rates    rate -> share of the clips that keep their label
    calibration    before, after -> nll, error, error_interval
    speed          what is measured -> value
    errors         Markdown: what the wrong ones are
    notes          Markdown: anything else
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml  # type: ignore[import-untyped]

from train import rights
from vidclass.bundle import FAMILY_TITLES, Bundle

FAMILY_WORKS = {
    "frame-cnn": "A 2D CNN judges every frame by itself; the mean over the last K frames steadies the label.",
    "conv3d": "A 3D CNN judges a stack of {length} frames at {fps} a second; its kernels span time as well as space.",
    "cnn-gru": "A 2D CNN embeds frames at {fps} a second; GRU layers read up to {length} of them, in order.",
    "two-stream": "A 2D CNN embeds {fps} frames a second, another their flow; GRU layers read up to {length} of both.",
}

USE = """## Use

```
python -m vidclass classify clip.mp4 --model {name} -o annotated.mp4
```

```python
import vidclass

classifier = vidclass.load("{name}")  # or "user/repo", with revision=, from the Hub
analysis = vidclass.analyse("clip.mp4", classifier)
print(analysis.summary(queue_size=128).verdict)
```

The folder is read by vidclass; Keras's own `hf://` loader does not know it. Nothing in it is executed.
"""

INTENDED = (
    "To name what a short clip shows, among the labels above, and to show what averaging predictions does to a "
    "flickering label: for teaching, for trying out, and as a start for training on clips of one's own. Not for "
    "anything where a wrong label does harm: see Limits. What the weights may be used for at all is under Licence."
)

LIMITS = (
    "It knows its {count} labels and nothing else: a clip that shows something else gets one of them too. Below a "
    "confidence of {threshold:.2f} the program says that it is not sure.",
    "A clip gets one label. Where several things happen in turn, look at the timeline.",
    "It has seen what its training data show: broadcast and amateur footage from the web. Other cameras, animation, "
    "games, or rare views of an activity may fool it.",
    "Not for decisions about people. It tells activities, not who does them, and was not tested for fairness.",
)


def text(bundle: Bundle) -> str:
    """The card of a measured bundle, as Markdown with the Hub's metadata in front."""
    front = yaml.safe_dump(metadata(bundle), sort_keys=False, allow_unicode=True, width=120)
    sections = [
        f"# {bundle.name}",
        _introduction(bundle),
        _section("Intended use", INTENDED),
        USE.format(name=bundle.name),
        _results(bundle),
        _training(bundle),
        _section(
            "Limits", _items(limit.format(count=len(bundle.labels), threshold=bundle.threshold) for limit in LIMITS)
        ),
        _section("Licence and origin", f"{rights.GRANT}\n\n{_items(rights.sources(bundle) or [rights.UNKNOWN])}"),
    ]
    return f"---\n{front}---\n\n" + "\n\n".join(section.strip() for section in sections if section) + "\n"


def texts(bundle: Bundle) -> dict[str, str]:
    """The files of a bundle that people read: the card, and the terms of the weights."""
    return {"README.md": text(bundle), "LICENSE.md": rights.terms(bundle)}


def metadata(bundle: Bundle) -> dict[str, Any]:
    """The card's front matter, in the Hub's terms."""
    results = [
        result
        for key, title in (("test", "test part"), ("three_classes", "the tutorial's three classes"))
        if (result := _result(bundle, key, title))
    ]
    values: dict[str, Any] = {
        "library_name": "vidclass",
        "pipeline_tag": "video-classification",
        "license": "other",
        "license_name": rights.LICENSE_NAME,
        "license_link": "LICENSE.md",
        "tags": ["keras", "openvino", "vidclass", "video-classification", bundle.family],
        "metrics": ["accuracy"],
    }
    return {**values, "model-index": [{"name": bundle.name, "results": results}]} if results else values


def _result(bundle: Bundle, key: str, title: str) -> dict[str, Any] | None:
    """One measured result, as `model-index` has it."""
    measured = bundle.metrics.get(key, {})
    values = [
        {"type": "accuracy", "name": name, "value": round(float(measured[metric]), 4)}
        for metric, name in (("top1", "top-1 accuracy"), ("top3", "top-3 accuracy"))
        if metric in measured
    ]
    if not values:
        return None
    data = str(measured.get("data") or f"{bundle.name}, {title}")
    of_clips = "by_queue_size" in measured
    task = "video-classification" if of_clips or bundle.family != "frame-cnn" else "image-classification"
    return {
        "task": {"type": task, "name": task.replace("-", " ").capitalize()},
        "dataset": {"type": _slug(data), "name": data, "split": "test"},
        "metrics": values,
    }


def _introduction(bundle: Bundle) -> str:
    window, size, kind = bundle.window, bundle.preprocess.size, "two-stream" if bundle.flows else bundle.family
    works = FAMILY_WORKS[kind].format(length=window.length, fps=window.sample_fps)
    labels = ", ".join(label.replace("_", " ") for label in bundle.labels)
    cut = "squashed to a square" if bundle.preprocess.geometry == "squash" else "its central square"
    return (
        f"{FAMILY_TITLES[bundle.family]}, version {bundle.version}. It names what a video clip shows, one of "
        f"{len(bundle.labels)} labels. {works}\n\nLabels: {labels}.\n\n"
        f"Input: each frame {cut}, {size} × {size} pixels, RGB. The networks come as Keras weights (f32, the source of "
        "truth) and exported for OpenVINO (f16, what serves on a CPU)."
    )


def _results(bundle: Bundle) -> str:
    metrics, test = bundle.metrics, bundle.metrics.get("test", {})
    queue = metrics.get("by_queue_size") or test.get("by_queue_size")
    three = metrics.get("three_classes", {})
    parts = [
        _headline(test, "The test part"),
        _plot(bundle, "confusion.png", "Confusion matrix of the test part"),
        _headline(three, "The tutorial's three classes, by the same recipe"),
        _plot(bundle, "confusion-three.png", "Confusion matrix of the three classes"),
        _table("Smoothing: every frame's label against the clip's right one", _rows("K", queue)),
        _plot(bundle, "queue.png", "Frame accuracy and label switches against the queue size"),
        *(_clips(title, value) for title, value in metrics.get("clips", {}).items()),
        _table("Does time matter? Top-1 on the validation part", [metrics["order"]] if "order" in metrics else []),
        _table(
            "Does the frame rate matter? Share of the clips that keep their label when written anew",
            [metrics["frame_rates"]] if "frame_rates" in metrics else [],
        ),
        _table("Do the probabilities mean what they say?", _rows("", metrics.get("calibration"))),
        _table("Speed", [metrics["speed"]] if "speed" in metrics else []),
        f"### What goes wrong\n\n{metrics['errors']}" if "errors" in metrics else "",
        str(metrics.get("notes", "")),
        _per_class(test),
    ]
    return _section("Results", "\n\n".join(part for part in parts if part)) if any(parts) else ""


def _headline(measured: Mapping[str, Any], title: str) -> str:
    if "top1" not in measured:
        return ""
    of = f" of {measured['count']:,} items" if "count" in measured else ""
    data = f" ({measured['data']})" if "data" in measured else ""
    top3 = f", top-3 **{_value(measured['top3'])}**" if "top3" in measured else ""
    return f"{title}{data}: top-1 **{_value(measured['top1'])}**{top3}{of}."


def _clips(title: str, value: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    rows, measured = (value.get("rows", []), value) if isinstance(value, Mapping) else (value, {})
    return "\n\n".join(part for part in (_headline(measured, title), _table(title, rows)) if part)


def _per_class(test: Mapping[str, Any]) -> str:
    rows = [
        {"class": name, **{key: value for key, value in scores.items() if isinstance(value, int | float)}}
        for name, scores in test.get("per_class", {}).items()
        if isinstance(scores, Mapping)
    ]
    return f"<details><summary>Every class</summary>\n\n{_table('', rows)}\n\n</details>" if rows else ""


def _training(bundle: Bundle) -> str:
    training = bundle.training
    data, recipe = training.get("data", {}), training.get("recipe", {})
    versions = ", ".join(f"{name} {version}" for name, version in training.get("versions", {}).items())
    parts = ", ".join(f"{count:,} {part}" for part, count in data.get("parts", {}).items())
    facts = [
        f"Learned from: {'; '.join(sources)}" if (sources := rights.titles(bundle)) else "",
        f"Recipe `{recipe['name']}`, seed {recipe.get('seed', 0)}" if "name" in recipe else "",
        f"Started from {recipe['weights']} weights" if recipe.get("weights") else "",
        f"Items: {parts}; all items of one source are on one side" if parts else "",
        f"Digest of the list of items: `{data['digest']}`" if "digest" in data else "",
        f"Versions: {versions}" if versions else "",
        f"Temperature {bundle.temperature:g} and threshold {bundle.threshold:g}, fitted on the validation part"
        if "calibration" in bundle.metrics
        else "",
    ]
    plot = _plot(bundle, "history.png", "Loss and accuracy by epoch")
    told = _items(f"{fact}." for fact in facts if fact)
    return _section("Training", f"{told}\n\n{plot}") if told or plot else ""


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body.strip()}"


def _items(items: Any) -> str:
    return "\n".join(f"- {item}" for item in items)


def _plot(bundle: Bundle, name: str, title: str) -> str:
    return f"![{title}]({name})" if (bundle.folder / name).is_file() else ""


def _rows(key: str, values: Mapping[str, Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    return [{key: name, **row} for name, row in (values or {}).items()]


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table with a column for each key, in the order in which the keys come."""
    if not rows:
        return ""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    titles = [str(column).replace("_", " ") for column in columns]
    lines = [titles, ["---"] * len(columns), *([_value(row.get(column, "")) for column in columns] for row in rows)]
    table = "\n".join(f"| {' | '.join(_escape(str(cell)) for cell in line)} |" for line in lines)
    return f"### {title}\n\n{table}" if title else table


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, list | tuple):
        return " to ".join(_value(each) for each in value)
    return str(value)


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _slug(text: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())
