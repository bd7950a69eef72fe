"""The table of models: which there are, and where each one's folder is.

A model's weights come from the first of these that names it:

    VIDCLASS_HUB_MODELS     `name=user/repo@revision`, several separated by commas
    VIDCLASS_HUB_NAMESPACE  `user`: every bundled model comes from `user/vidclass-NAME` at the tag `vVERSION`
    models/hub.json         {"name": "user/repo@revision"}, which a published Space holds
    models/NAME/            the bundled copy

If what the Hub gives cannot be used, the bundled copy serves, and `Found.notice` says why.
"""

import json
import logging
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vidclass import bundle, hub
from vidclass.errors import BundleError, HubError, OptionError

MODELS = Path(__file__).parent.parent / "models"
"""The bundles that come with the program."""
PINS = "hub.json"
"""Name of the file in `MODELS` that says which commits a Space pulls."""

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A model's folder and where it came from."""

    folder: Path
    source: str
    """`bundled`, a folder's path, or `user/repo@commit`."""
    notice: str = ""
    """Why this copy serves and not the one that was asked for; empty where it is that one."""


def names() -> list[str]:
    """The models on offer: the bundled ones by family and then by name, then those that only the Hub has."""
    configs = sorted(path for path in MODELS.glob(f"*/{bundle.CONFIG}") if not path.parent.name.startswith("."))
    found = [bundle.read_config(path.parent) for path in configs]
    bundled = [model.name for model in sorted(found, key=lambda model: bundle.FAMILIES.index(model.family))]
    return bundled + [name for name in {**_pinned(), **_listed()} if name not in bundled]


def repo_of(name: str) -> str | None:
    """The `user/repo@revision` that a model of the zoo is pulled from, or None if it is bundled only.

    Raises:
        OptionError: A setting cannot be read.
    """
    namespace = os.environ.get("VIDCLASS_HUB_NAMESPACE", "").strip()
    listed = _listed()
    if name in listed:
        return listed[name]
    if namespace and (copy := _bundled(name)):
        return f"{published_as(namespace, name)}@{tag_of(bundle.read_config(copy).version)}"
    return _pinned().get(name)


def published_as(namespace: str, name: str) -> str:
    """The repo under which a namespace holds a model of the zoo."""
    return f"{namespace}/vidclass-{name}"


def tag_of(version: str) -> str:
    """The tag of a version of a bundle."""
    return f"v{version}"


def resolve(name: str | Path, revision: str | None = None) -> Found:
    """The folder of a model.

    Args:
        name: A model of the zoo, the path of a folder, or `user/repo` or `user/repo@revision` on the Hub. A folder
            that exists is meant before a repo of that name.
        revision: Branch, tag or commit of `user/repo`.

    Raises:
        OptionError: There is no such model.
        HubError: The repo that was named cannot be pulled.
        BundleError: What was pulled is no sound bundle.
    """
    text = str(name)
    if revision is not None:
        if not hub.is_repo(text) or "@" in text:
            raise OptionError(f"A revision must go with a repo on the Hub, as in user/repo. Received: {text}.")
        text = f"{text}@{revision}"
    elif isinstance(name, str) and (_bundled(name) or repo_of(name)):
        return _of_the_zoo(name)
    elif Path(name).is_dir():
        return Found(Path(name), text)
    if hub.is_repo(text):
        return _from_hub(text)
    choices = [*names(), "a model's folder", "or user/repo on the Hugging Face Hub"]
    raise OptionError(f"The model must be one of {', '.join(choices)}. Received: {name}.")


def _of_the_zoo(name: str) -> Found:
    wanted, copy = repo_of(name), _bundled(name)
    if wanted is None and copy:
        return Found(copy, "bundled")
    try:
        found = _from_hub(wanted or "")
        if (pulled := bundle.read_config(found.folder).name) != name:
            raise BundleError(f"The model in {wanted} must be {name}. Received: {pulled}. Name another repo.")
    except (HubError, BundleError) as error:
        if copy is None:
            raise
        notice = f"{name}: the bundled copy serves, since {wanted} cannot. {error}"
        LOG.warning(notice)
        return Found(copy, "bundled", notice)
    return found


def _from_hub(text: str) -> Found:
    repo, _, revision = text.partition("@")
    pulled = _pull(repo, revision or hub.DEFAULT_REVISION)
    if pulled.notice:
        LOG.warning(pulled.notice)
    return Found(pulled.folder, f"{repo}@{pulled.commit}", pulled.notice)


@lru_cache(maxsize=64)
def _pull(repo: str, revision: str) -> hub.Pulled:
    """Pulls and checks once in the life of the process, so that what a name means does not change under a visitor."""
    pulled = hub.pull(repo, revision)
    bundle.load(pulled.folder)
    return pulled


def _bundled(name: str) -> Path | None:
    folder = MODELS / name
    return folder if (folder / bundle.CONFIG).is_file() and folder.parent == MODELS else None


def _listed() -> dict[str, str]:
    return _checked(
        "VIDCLASS_HUB_MODELS",
        [part.strip().partition("=")[::2] for part in os.environ.get("VIDCLASS_HUB_MODELS", "").split(",") if part],
    )


def _pinned() -> dict[str, str]:
    path = MODELS / PINS
    if not path.is_file():
        return {}
    try:
        return _checked(str(path), list(json.loads(path.read_text(encoding="utf-8")).items()))
    except (ValueError, AttributeError) as error:
        raise OptionError(f"{path} must be a JSON object of names and repos. It is not ({error}).") from error


def _checked(where: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    for name, repo in pairs:
        if not re.fullmatch(bundle.NAME, name) or not hub.is_repo(str(repo)) or "@" not in repo:
            raise OptionError(
                f"{where} must name models as name=user/repo@revision. Received: {name}={repo}. "
                "Give a tag or, to pin it for good, a commit of 40 digits."
            )
    return dict(pairs)
