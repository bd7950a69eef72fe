"""The networks of the three model families, rebuilt from a bundle's configuration and from nothing else.

Every family is an optional `embed` network, run once a frame, and a `head`, run once a window. Input is raw RGB
pixels, 0–255: scaling is the first layer. Keras is imported inside the functions, because serving does not need it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from vidclass.errors import OptionError

if TYPE_CHECKING:
    import keras

CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Mean of the ImageNet pictures in blue, green, red order, which ResNet50's published weights expect subtracted."""

BACKBONES = ("MobileNetV2", "MobileNet", "MobileNet-0.75", "ResNet50", "InceptionV3")
"""Names of the 2D CNNs that a frame can be embedded with; all from `keras.applications`."""


class Networks(NamedTuple):
    """The two halves of a model."""

    embed: keras.Model | None
    """`(B, S, S, 3)` pixels -> `(B, F)` features; None where the head takes the frames themselves."""
    head: keras.Model
    """`(B, F)` features, or windows of them with their mask, or windows of frames -> `(B, C)` probabilities."""


def backbone(name: str, size: int | None, weights: str | None = None) -> keras.Model:
    """An image classifier without its top, from raw pixels `(B, S, S, 3)` to a feature map.

    Args:
        name: One of `BACKBONES`.
        size: Side of the input in pixels; None leaves it open, as training at several sizes needs.
        weights: A file of Keras weights, `"imagenet"` (Keras downloads them), or None for random ones.

    Raises:
        OptionError: The name is unknown.
    """
    import keras

    builders: dict[str, Callable[..., Any]] = {
        "MobileNetV2": keras.applications.MobileNetV2,
        "MobileNet": keras.applications.MobileNet,
        "MobileNet-0.75": lambda **options: keras.applications.MobileNet(alpha=0.75, **options),
        "ResNet50": keras.applications.ResNet50,
        "InceptionV3": keras.applications.InceptionV3,
    }
    if name not in builders:
        raise OptionError(f"The backbone must be one of {', '.join(BACKBONES)}. Received: {name}. Pick one of these.")
    base = builders[name](
        include_top=False, weights="imagenet" if weights == "imagenet" else None, input_shape=(size, size, 3)
    )
    if weights not in (None, "imagenet"):
        base.load_weights(weights)
    pixels = keras.Input((size, size, 3), name="pixels")  # (B, S, S, 3)
    if name == "ResNet50":
        scaled = keras.ops.flip(pixels, axis=-1) - keras.ops.convert_to_tensor(CAFFE_MEAN)
    else:
        scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    return keras.Model(pixels, keep_statistics(base)(scaled), name="backbone")


def keep_statistics(base: keras.Model) -> keras.Model:
    """A copy of a network whose batch norms always use the statistics they came with.

    Small batches of one subject have statistics unlike those of ImageNet. Scale and offset can still be trained.
    Passing `training=False` to the network does not do it: `fit` passes its own `training=True` over it.
    """
    import keras

    class FixedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            del training
            return super().call(inputs, training=False, mask=mask)

    def copy(layer: Any) -> Any:
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        made = FixedBatchNormalization if normalises else type(layer)
        return made.from_config(layer.get_config())

    copied = keras.models.clone_model(base, clone_function=copy)
    copied.set_weights(base.get_weights())
    return copied


def frame_embed(name: str, size: int | None, weights: str | None = None) -> keras.Model:
    """Frame -> feature: a backbone and global average pooling."""
    import keras

    trunk = backbone(name, size, weights)
    return keras.Model(trunk.input, keras.layers.GlobalAveragePooling2D()(trunk.output), name="embed")


def frame_head(features: int, classes: int, units: int, dropout: float) -> keras.Model:
    """Feature -> probabilities: dense, dropout, softmax.

    Source: the head of the tutorial this family follows (PyImageSearch, "Video classification with Keras and Deep
    Learning", 2019), which puts a dense layer of 512 and a dropout of 0.5 on the pooled features.
    """
    import keras

    feature = keras.Input((features,), name="feature")  # (B, F)
    x = keras.layers.Dropout(dropout)(keras.layers.Dense(units, activation="relu")(feature))
    return keras.Model(feature, keras.layers.Dense(classes, activation="softmax")(x), name="head")


def build(family: str, architecture: dict[str, Any], size: int | None, classes: int, length: int) -> Networks:
    """The networks of a bundle, with random weights.

    Args:
        family: `frame-cnn`, `conv3d` or `cnn-gru`.
        architecture: The arguments of the family's builders, as the bundle's configuration holds them.
        size: Side of the input in pixels; None leaves it open.
        classes: Number of labels.
        length: Frames in a window.

    Raises:
        OptionError: The family or the backbone is unknown.
    """
    options = dict(architecture)
    if family == "frame-cnn":
        embed = frame_embed(options.pop("backbone"), size)
        return Networks(embed, frame_head(embed.output.shape[-1], classes, **options))
    raise OptionError(f"The family must be frame-cnn, conv3d or cnn-gru. Received: {family}.")
