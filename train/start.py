"""The networks that a recipe names, with the weights that its training starts from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from train.recipe import Recipe
from vidclass import backbones, networks, runtime
from vidclass import bundle as bundles
from vidclass.errors import OptionError, VidclassError


def build(recipe: Recipe, classes: int) -> networks.Networks:
    """The recipe's networks, with the weights that it starts from.

    Raises:
        OptionError: The architecture cannot be built, or the weights are missing or another network's.
    """
    keras.utils.set_random_seed(recipe.seed)
    # The side is left open where training changes it.
    side = None if recipe.family == "frame-cnn" else recipe.preprocess.size
    try:
        nets = networks.build(recipe.family, recipe.architecture, side, classes, recipe.window.length)
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"The recipe must give a network of the family {recipe.family}. {recipe.name} does not, as it was changed: "
            f"{_first_line(error)}. Leave out --backbone or --size."
        ) from error
    given, option = recipe.weights, "--weights"
    try:
        _start_from(nets, recipe)
        given, option = recipe.flow_weights, "--flow-weights"
        _start_flow_from(nets, recipe)
    except VidclassError:
        raise
    except Exception as error:  # Keras raises bare exceptions where a download fails
        raise OptionError(
            f"{option} must be imagenet (Keras downloads them), a file of the backbone's weights, a bundle with that "
            f"backbone, or none. Received: {given} ({_first_line(error)})."
        ) from error
    return nets


def _start_from(nets: networks.Networks, recipe: Recipe) -> None:
    """Gives the CNN the weights that the recipe starts from."""
    if recipe.weights is None:
        return
    if Path(recipe.weights, bundles.CONFIG).is_file():
        other = runtime.build_keras(bundles.load(Path(recipe.weights))).embed
        if other is None:
            raise OptionError(f"--weights must be a bundle with a 2D CNN. Received: {recipe.weights}, a 3D CNN.")
        trained = backbones.streams(other)[0].get_weights()  # they do not depend on the size of the input
    else:
        backbone = recipe.architecture.get("backbone", "MobileNetV2")
        trained = backbones.backbone(backbone, None, recipe.weights).get_weights()
    if nets.embed is not None:
        backbones.streams(nets.embed)[0].set_weights(trained)
    else:
        set_trunk(nets.head, trained)


def _start_flow_from(nets: networks.Networks, recipe: Recipe) -> None:
    """Gives the CNN that sees motion the weights that it starts from, where there is one."""
    flow = backbones.streams(nets.embed)[1] if nets.embed is not None else None
    if flow is not None and recipe.flow_weights is not None:
        side, channels = flow.input_shape[1], flow.input_shape[-1]
        flow.set_weights(backbones.flow_embed(side, channels // 2, recipe.flow_weights).get_weights())


def set_trunk(head: keras.Model, weights: Sequence[Any]) -> None:
    """Gives a 3D CNN's 2D layers the weights of a MobileNetV2, layer by layer.

    Args:
        head: What `networks.conv3d_head` made.
        weights: `get_weights()` of a MobileNetV2 without its top, or of a bundle's `embed` made from one.
    """
    source = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(None, None, 3))
    source.set_weights(list(weights))
    for part in head.layers:
        for layer in getattr(part, "layers", []):
            if layer.weights:
                layer.set_weights(source.get_layer(layer.name).get_weights())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
