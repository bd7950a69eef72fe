"""What weights are made from, and on what terms: for model cards, for LICENSE.md in a bundle, and for NOTICE.

A bundle names its sources in `training["sources"]`, by the keys of `SOURCES`. Whoever trains on data of their own
states its terms there, in a sentence of their own.
"""

from typing import NamedTuple

from vidclass.bundle import Bundle

LICENSE_NAME = "vidclass-weights"


class Source(NamedTuple):
    """Something that weights are made from."""

    title: str
    terms: str


SOURCES = {
    "sports-photos": Source(
        "Sports photos (Sports-Type-Classifier)",
        "about 13,000 photos of 22 sports, collected by image search for the tutorial that the frame CNN follows. They "
        "belong to their makers, and most of them carry no open licence.",
    ),
    "ucf101": Source(
        "UCF101",
        "clips of 26 of its 101 classes (K. Soomro, A. R. Zamir and M. Shah, UCF101: A Dataset of 101 Human Actions "
        "Classes From Videos in The Wild, 2012), which its makers took from YouTube and share for research. The videos "
        "belong to those who made them.",
    ),
    "mobilenet-v2": Source(
        "MobileNetV2 weights by Google",
        "trained on ImageNet, under the Apache License 2.0. The training here started from them.",
    ),
    "mobilenet": Source(
        "MobileNet 0.75 weights by Google",
        "trained on ImageNet, under the Apache License 2.0. The CNN that sees motion was trained from them.",
    ),
}

UNKNOWN = "The bundle does not name its sources. Ask whoever published it before you use it."

GRANT = (
    "The code of vidclass is under the Apache License 2.0. The weights are not: what training added to them is given "
    "under the Apache License 2.0 too, but those who trained them do not own what they were learned from and cannot "
    "grant rights to it. Use the weights for research and for trying things out; for anything else, first settle "
    "whether the terms of these sources allow it."
)


def titles(bundle: Bundle) -> list[str]:
    """The name of each source of a bundle that has one."""
    return [SOURCES[key].title for key in _named(bundle) if key in SOURCES]


def sources(bundle: Bundle) -> list[str]:
    """One Markdown item for each source of a bundle."""
    return [f"**{SOURCES[key].title}**: {SOURCES[key].terms}" if key in SOURCES else key for key in _named(bundle)]


def _named(bundle: Bundle) -> list[str]:
    return [str(each) for each in bundle.training.get("sources", [])]


def terms(bundle: Bundle) -> str:
    """The text of a bundle's LICENSE.md."""
    items = "\n".join(f"- {item}" for item in sources(bundle)) or f"- {UNKNOWN}"
    return f"# Terms of the weights of {bundle.name}\n\n{GRANT}\n\nThe weights were made from:\n\n{items}\n"
