"""One file a recipe. A recipe's docstring gives its command, the machine, the time, and what it measured."""

from importlib import import_module

from train.recipe import Recipe
from vidclass.errors import OptionError

NAMES = (
    "frame-cnn-sports",
    "frame-cnn-ucf",
    "conv3d-ucf",
    "conv3d-tutorial",
    "cnn-gru-ucf",
    "cnn-gru-tutorial",
)


def load(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        OptionError: There is none.
    """
    if name not in NAMES:
        raise OptionError(f"The recipe must be one of {', '.join(NAMES)}. Received: {name}.")
    recipe: Recipe = import_module(f"train.recipes.{name.replace('-', '_')}").RECIPE
    return recipe
