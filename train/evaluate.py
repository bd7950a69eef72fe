"""A bundle measured on a list of photos or clips, through `vidclass` itself: the number that users get."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report, confusion_matrix

from train.data import Item
from train.pictures import decode_photo
from vidclass import classify
from vidclass.classify import Classifier, Sighting
from vidclass.errors import DataError, VideoError
from vidclass.pipeline import analyse
from vidclass.preprocess import Image
from vidclass.smoothing import count_switches, rolling_mean, top_classes

QUEUE_SIZES = (1, 8, 32, 64, 128)
"""The K at which smoothing is measured."""

TOP = 3


@dataclass(frozen=True)
class Prediction:
    """What a bundle says of one item."""

    item: Item
    rows: NDArray[np.float32]
    """A row a frame, `(T, C)`; one row for a photo."""
    duration: float
    """Seconds; 0 for a photo."""

    @property
    def mean(self) -> NDArray[np.float64]:
        """The clip's row, `(C,)`."""
        mean: NDArray[np.float64] = self.rows.mean(axis=0, dtype=np.float64)
        return mean


@dataclass
class Predictions:
    """What a bundle says of a list."""

    labels: tuple[str, ...]
    found: list[Prediction] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    """Items that could not be read, with the reason."""

    @property
    def truth(self) -> NDArray[np.int64]:
        """Right class of every item, `(N,)`."""
        return np.array([self.labels.index(prediction.item.label) for prediction in self.found])

    @property
    def means(self) -> NDArray[np.float64]:
        """Row of every item, `(N, C)`."""
        return np.stack([prediction.mean for prediction in self.found])


def predict(classifier: Classifier, items: Sequence[Item]) -> Predictions:
    """Classifies the items; those that cannot be read are listed in `bad`.

    Raises:
        DataError: An item has a label that the model lacks, or none could be read.
    """
    labels = classifier.bundle.labels
    foreign = sorted({item.label for item in items} - set(labels))
    if foreign or not items:
        raise DataError(
            f"Every item must have one of the model's labels. Received: {', '.join(foreign) or 'no item'}. "
            "Select with --labels or rename with --rename."
        )
    result = Predictions(labels)
    result.found += _photos(classifier, [item for item in items if not item.is_clip], result.bad)
    for item in items:
        if item.is_clip:
            try:
                analysis = analyse(item.path, classifier)
            except VideoError as error:
                result.bad.append(f"{item.path}: {error}")
                continue
            result.found.append(Prediction(item, analysis.rows, analysis.duration))
    if not result.found:
        raise DataError(f"The list must hold readable files. None of {len(items)} could be read: {result.bad[0]}.")
    return result


def _photos(classifier: Classifier, items: Sequence[Item], bad: list[str]) -> Iterator[Prediction]:
    """Photos as one-frame clips. The frame CNN, to which each frame is a clip of its own, takes them as one stream."""
    readable: list[Item] = []

    def decoded() -> Iterator[tuple[Item, Image]]:
        for item in items:
            image = decode_photo(item.path) if item.path.is_file() else None
            if image is None:
                bad.append(f"{item.path}: not an image that OpenCV decodes")
                continue
            yield item, classifier.bundle.preprocess(image)

    def sightings() -> Iterator[Sighting]:
        for number, (item, image) in enumerate(decoded()):
            readable.append(item)
            yield Sighting(float(number), partial(np.asarray, image))

    if classifier.bundle.family == "frame-cnn":
        for number, row in enumerate(classifier.rows(sightings())):
            yield Prediction(readable[number], row[None], 0.0)
        return
    for item, image in decoded():
        rows = list(classifier.rows([Sighting(0.0, partial(np.asarray, image))]))
        yield Prediction(item, np.stack(rows), 0.0)


def calibrated(predictions: Predictions, temperature: float) -> Predictions:
    """What the same bundle with another temperature would say: its rows as serving would calibrate them."""
    changed = [replace(each, rows=classify.calibrated(each.rows, temperature)) for each in predictions.found]
    return replace(predictions, found=changed)


def measure(predictions: Predictions, queue_sizes: Iterable[int] = QUEUE_SIZES) -> dict[str, Any]:
    """The metrics of a list, as JSON-ready values.

    Returns:
        `top1`, `top3` of the items; `per_class` with precision, recall, f1-score and support; `confusion`, rows the
        right class and columns the model's; `labels`; `count`; `bad`; and for clips `by_queue_size`: K to
        `frame_accuracy` (share of frames whose smoothed label is right) and `switches_per_minute`.
    """
    truth, means, labels = predictions.truth, predictions.means, predictions.labels
    ranks = np.argsort(-means, axis=1)
    present = sorted(set(truth.tolist()))
    result: dict[str, Any] = {
        "top1": float((ranks[:, 0] == truth).mean()),
        "top3": float((ranks[:, :TOP] == truth[:, None]).any(axis=1).mean()),
        "count": len(truth),
        "bad": predictions.bad,
        "labels": list(labels),
        "per_class": classification_report(
            truth,
            ranks[:, 0],
            labels=present,
            target_names=[labels[n] for n in present],
            output_dict=True,
            zero_division=0.0,
        ),
        "confusion": confusion_matrix(truth, ranks[:, 0], labels=range(len(labels))).tolist(),
    }
    clips = [prediction for prediction in predictions.found if prediction.duration]
    if clips:
        result["by_queue_size"] = {str(size): _smoothed(clips, labels, size) for size in queue_sizes}
    return result


def _smoothed(clips: Sequence[Prediction], labels: Sequence[str], queue_size: int) -> dict[str, float]:
    right = frames = switches = 0
    minutes = 0.0
    for clip in clips:
        classes = top_classes(rolling_mean(clip.rows, queue_size))
        right += int((classes == labels.index(clip.item.label)).sum())
        frames += len(classes)
        switches += count_switches(classes)
        minutes += clip.duration / 60
    return {"frame_accuracy": right / frames, "switches_per_minute": switches / minutes}


def report(predictions: Predictions) -> str:
    """scikit-learn's classification report, as text."""
    truth, labels = predictions.truth, predictions.labels
    present = sorted(set(truth.tolist()))
    text: str = classification_report(
        truth,
        predictions.means.argmax(axis=1),
        labels=present,
        target_names=[labels[n] for n in present],
        zero_division=0.0,
        digits=3,
    )
    return text
