"""The models that a page offers: loaded once, then only read, by all visitors at the same time."""

from collections.abc import Iterable
from dataclasses import dataclass

from vidclass.bundle import FAMILIES, Family
from vidclass.classify import Classifier
from vidclass.errors import OptionError


@dataclass(frozen=True)
class Shelf:
    """The models, and what the visitor must know of them."""

    classifiers: tuple[Classifier, ...]
    """By family, in the order of `bundle.FAMILIES`; at least one."""
    notices: tuple[str, ...] = ()
    """Sentences for every visitor, such as that a bundled copy serves because the Hub could not be reached."""

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names, in order."""
        return tuple(each.bundle.name for each in self.classifiers)

    def get(self, name: str) -> Classifier:
        """The model of that name.

        Raises:
            OptionError: There is none.
        """
        for each in self.classifiers:
            if each.bundle.name == name:
                return each
        raise OptionError(f"The model must be one of {', '.join(self.names)}. Received: {name!r}. Pick one of these.")

    def alike(self) -> tuple[str, ...]:
        """The largest set of models that share their labels, which a comparison is fair to; all, if no two do."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for each in self.classifiers:
            groups.setdefault(tuple(sorted(each.bundle.labels)), []).append(each.bundle.name)
        largest: list[str] = max(groups.values(), key=len)
        return tuple(largest) if len(largest) > 1 else self.names


def stock(classifiers: Iterable[Classifier], notices: Iterable[str] = ()) -> Shelf:
    """A shelf of models, sorted by family.

    Raises:
        OptionError: There is no model, or two have one name.
    """
    order: dict[Family, int] = {family: number for number, family in enumerate(FAMILIES)}
    models = sorted(classifiers, key=lambda each: order[each.bundle.family])
    names = [each.bundle.name for each in models]
    if not models:
        raise OptionError("The page must have at least one model. The folder models/ holds none. Train or pull one.")
    if len(set(names)) < len(names):
        raise OptionError(f"Every model must have a name of its own. Received: {', '.join(names)}. Leave one out.")
    return Shelf(tuple(models), tuple(notices))
