"""The 2D CNNs that frames and their flow are embedded with: ImageNet classifiers without their tops, from raw 0–255.

Keras is imported inside the functions, because serving does not need it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from vidclass.errors import OptionError
from vidclass.motion import STILL, flow_side

if TYPE_CHECKING:
    import keras

CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Mean of the ImageNet pictures in blue, green, red order, which ResNet50's published weights expect subtracted."""

BACKBONES = ("MobileNetV2", "MobileNet", "MobileNet-0.75", "ResNet50", "InceptionV3")
"""Names of the 2D CNNs that a frame can be embedded with; all from `keras.applications`."""

FLOW_BACKBONE_END, FLOW_WIDTH = "conv_pw_8_relu", 384
"""Where MobileNet 0.75 is cut for flow, at 1/16 of its side, and its channels there, which stand behind the frame's
feature. The rest has three quarters of its weights."""
FLOW_SPREAD = 50.0
"""Values of the flow's picture that the network takes for 1: some six pixels of motion."""


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
    return keras.Model(trunk.input, keras.layers.GlobalAveragePooling2D()(trunk.output), name="frame_embed")


def flow_embed(side: int, flows: int, weights: str | None = None) -> keras.Model:
    """Flow -> feature: the first eight blocks of MobileNet 0.75, and global average pooling.

    Args:
        side: Of the flow's picture, in pixels.
        flows: How many moves it shows, L.
        weights: See `backbone`; the first kernel's colours are averaged, and the mean stands for every channel.
    """
    import keras

    channels = 2 * flows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras usually expects 1 or 3 channels
        base = keras.applications.MobileNet(
            alpha=0.75, include_top=False, weights=None, input_shape=(side, side, channels)
        )
    if weights is not None:
        pictures = backbone("MobileNet-0.75", None, weights).get_weights()
        kernel = pictures[0].mean(axis=2, keepdims=True) * (3 / channels)
        base.set_weights([np.repeat(kernel, channels, axis=2), *pictures[1:]])
    flow = keras.Input((side, side, channels), name="flow")  # (B, s, s, 2L)
    x = keras.layers.Rescaling(1 / FLOW_SPREAD, offset=-STILL / FLOW_SPREAD)(flow)
    x = keras.Model(base.input, base.get_layer(FLOW_BACKBONE_END).output, name="flow_backbone")(x)
    return keras.Model(flow, keras.layers.GlobalAveragePooling2D()(x), name="flow_embed")


def two_stream_embed(name: str, size: int, flows: int) -> keras.Model:
    """Frame and flow -> feature: what one CNN sees in the frame, joined to what another sees in the flow.

    Args:
        name: Of the frame's CNN, one of `BACKBONES`.
        size: Side of the frame, in pixels.
        flows: How many moves the flow's picture shows.
    """
    import keras

    frame, moves = frame_embed(name, size), flow_embed(flow_side(size), flows)
    inputs = [keras.Input(frame.input_shape[1:], name="pixels"), keras.Input(moves.input_shape[1:], name="flow")]
    joined = keras.layers.Concatenate()([frame(inputs[0]), moves(inputs[1])])  # (B, F)
    return keras.Model(inputs, joined, name="embed")


def streams(embed: keras.Model) -> tuple[keras.Model, keras.Model | None]:
    """The CNN of an `embed` that looks at frames, and the one that looks at flow, where there is one."""
    if len(embed.inputs) == 1:
        return embed, None
    return embed.get_layer("frame_embed"), embed.get_layer("flow_embed")
