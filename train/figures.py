"""Does a card that is kept say what was measured? Its words are its owner's, its figures are the bundle's."""

import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from train import card
from vidclass.bundle import Bundle
from vidclass.errors import BundleError

FRONT = re.compile(r"\A---\r?\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)
"""The Hub's metadata, in front of a card."""


def check(text: str, bundle: Bundle, where: str, remedy: str) -> None:
    """Checks a card's `model-index` against the bundle's metrics. What the card leaves out is not missed.

    Args:
        text: The card, which may be of an older version, or written by hand.
        bundle: What it is published with.
        where: What the card is called in an error.
        remedy: What puts it right, as the end of a sentence.

    Raises:
        BundleError: It gives another value for something that was measured, or its metadata cannot be read.
    """
    told, measured = _read(text, where), _figures(card.metadata(bundle))
    for (data, metric), value in measured.items():
        if (other := told.get((data, metric), value)) != value:
            raise BundleError(
                f"{where} must give the figures of {bundle.name} {bundle.version}. It says {metric} {other} on {data}; "
                f"measured was {value}. {remedy}."
            )


def _read(text: str, where: str) -> dict[tuple[str, str], Any]:
    front = FRONT.match(text)
    try:
        return _figures(yaml.safe_load(front[1]) or {}) if front else {}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{where} must begin with metadata as the Hub reads them. It does not ({error}).") from error


def _figures(front: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Of each result: (the dataset's type, the metric's name) -> value."""
    return {
        (result["dataset"]["type"], metric.get("name", metric["type"])): metric["value"]
        for model in front.get("model-index") or []
        for result in model["results"]
        for metric in result["metrics"]
    }
