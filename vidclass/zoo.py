"""The table of models: which there are, and where each one's folder is."""

from dataclasses import dataclass
from pathlib import Path

from vidclass import bundle
from vidclass.errors import OptionError

MODELS = Path(__file__).parent.parent / "models"
"""The bundles that come with the program."""


@dataclass(frozen=True)
class Found:
    """A model's folder and where it came from."""

    folder: Path
    source: str
    """`bundled`, a folder's path, or `user/repo@revision`."""


def names() -> list[str]:
    """The bundled models, by family and then by name."""
    found = [bundle.read_config(path.parent) for path in sorted(MODELS.glob(f"*/{bundle.CONFIG}"))]
    return [model.name for model in sorted(found, key=lambda model: bundle.FAMILIES.index(model.family))]


def resolve(name: str | Path) -> Found:
    """The folder of a model.

    Args:
        name: A bundled model's name, or the path of a folder.

    Raises:
        OptionError: There is no such model.
    """
    bundled = MODELS / name
    if (bundled / bundle.CONFIG).is_file() and bundled.parent == MODELS:
        return Found(bundled, "bundled")
    if Path(name).is_dir():
        return Found(Path(name), str(name))
    raise OptionError(f"The model must be one of {', '.join(names())}, or a model's folder. Received: {name}.")
