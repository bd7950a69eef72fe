"""The networks of the three model families, rebuilt from a bundle's configuration and from nothing else.

Every family is an optional `embed` network, run once a frame, and a `head`, run once a window. Input is raw RGB
pixels, 0–255: scaling is the first layer. Keras is imported inside the functions, because serving does not need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from vidclass.backbones import frame_embed, keep_statistics, two_stream_embed
from vidclass.errors import OptionError

if TYPE_CHECKING:
    import keras


class Networks(NamedTuple):
    """The two halves of a model."""

    embed: keras.Model | None
    """`(B, S, S, 3)` pixels, with `(B, s, s, 2L)` flow where it sees motion -> `(B, F)` features; None where the head
    takes the frames themselves."""
    head: keras.Model
    """`(B, F)` features, or windows of them with their mask, or windows of frames -> `(B, C)` probabilities."""


def frame_head(features: int, classes: int, units: int, dropout: float) -> keras.Model:
    """Feature -> probabilities: dense, dropout, softmax.

    Source: the head of the tutorial this family follows (PyImageSearch, "Video classification with Keras and Deep
    Learning", 2019), which puts a dense layer of 512 and a dropout of 0.5 on the pooled features.
    """
    import keras

    feature = keras.Input((features,), name="feature")  # (B, F)
    x = keras.layers.Dropout(dropout)(keras.layers.Dense(units, activation="relu")(feature))
    return keras.Model(feature, keras.layers.Dense(classes, activation="softmax")(x), name="head")


def gru_head(
    length: int, features: int, classes: int, units: Sequence[int], dropout: float, dense: int = 0, pooled: bool = False
) -> keras.Model:
    """A window of features and its mask -> probabilities: masked GRU layers, dropout, softmax.

    Steps whose mask is 0 are passed over, so the state at the end is that of the last frame there is. The layers are
    unrolled: OpenVINO takes no loops of Keras's. Source: keras.io, "Video classification with a CNN-RNN architecture"
    (Paul, 2021), which has GRUs of 16 and 8, a dropout of 0.4 and a dense layer of 8.

    Args:
        length: Steps in a window, T.
        features: Width of a feature, F.
        classes: Number of labels.
        units: Width of each GRU layer.
        dropout: Share dropped after the last GRU.
        dense: Width of a further layer before the softmax; 0 for none.
        pooled: Whether the mean feature is joined to the last state: what a clip shows, beside how it goes.
    """
    import keras

    window = keras.Input((length, features), name="features")  # (B, T, F)
    present = keras.Input((length,), name="mask")  # (B, T), 1 where there is a frame
    mask = keras.ops.greater(present, 0.5)
    x = window
    for number, width in enumerate(units):
        gru = keras.layers.GRU(width, return_sequences=number < len(units) - 1, unroll=True)
        x = gru(x, mask=mask)
    if pooled:
        mean = keras.layers.Dot(axes=1)([window, present]) / keras.ops.sum(present, axis=1, keepdims=True)  # (B, F)
        x = keras.layers.Concatenate()([x, mean])
    x = keras.layers.Dropout(dropout)(x)
    if dense:
        x = keras.layers.Dense(dense, activation="relu")(x)
    return keras.Model([window, present], keras.layers.Dense(classes, activation="softmax")(x), name="head")


TEMPORAL_BLOCKS = ("block_5_add", "block_9_add", "block_12_add", "block_15_add", "out_relu")
"""Layers of MobileNetV2 after which frames are mixed over time: the ends of its stages at 1/8, 1/16 and 1/32 of the
picture's size. Earlier ones would cost most and see motion of a pixel or two."""


def conv3d_head(length: int, size: int, classes: int, kernel: int, dropout: float) -> keras.Model:
    """A stack of frames -> probabilities: MobileNetV2 made three-dimensional, factorised as (2+1)D.

    Its 2D kernels act on each frame (3D kernels of one frame's depth); after each stage a dense 3D convolution over
    `kernel` frames of time mixes the frames and is added to what it got. Those start at zero, so that training
    departs from the 2D network. Source: the factorisation is R(2+1)D's (Tran et al., 2018); starting as the identity
    follows "Temporal Shift" and "Fixup" style residuals. Depthwise 3D kernels would train twenty times slower in
    TensorFlow on a CPU.

    Args:
        length: Frames in a stack, T.
        size: Side of the input, S.
        classes: Number of labels.
        kernel: Frames that a temporal kernel spans.
        dropout: Share dropped before the softmax.
    """
    import keras

    frames = keras.Input((length, size, size, 3), name="frames")  # (B, T, S, S, 3)
    x = keras.ops.reshape(frames, (-1, size, size, 3))  # (B * T, S, S, 3)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    trunk = keep_statistics(
        keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(size, size, 3))
    )
    start = trunk.input
    for name in TEMPORAL_BLOCKS:
        end = trunk.get_layer(name).output
        x = keras.Model(start, end, name=f"to_{name}")(x)
        side, channels = end.shape[1], end.shape[-1]
        stack = keras.ops.reshape(x, (-1, length, side, side, channels))  # (B, T, h, w, C)
        if name == "out_relu":
            break
        mixed = keras.layers.Conv3D(
            channels, (kernel, 1, 1), padding="same", kernel_initializer="zeros", name=f"time_after_{name}"
        )(stack)
        x = keras.ops.reshape(stack + mixed, (-1, side, side, channels))  # (B * T, h, w, C)
        start = end
    pooled = keras.layers.GlobalAveragePooling3D()(stack)  # (B, C)
    dropped = keras.layers.Dropout(dropout)(pooled)
    return keras.Model(frames, keras.layers.Dense(classes, activation="softmax")(dropped), name="head")


def small_conv3d_head(
    length: int, size: int, classes: int, filters: Sequence[int], dense: int, dropout: float, grey: bool
) -> keras.Model:
    """A stack of frames -> probabilities: a small 3D CNN from scratch, the baseline.

    Each stage is a 3×3×3 convolution, batch norm and pooling; then a dense layer, dropout and softmax, as the usual 3D
    CNN tutorials on UCF101 have it, with the axes in the field's standard order (time, height, width, colour).

    Args:
        length: Frames in a stack, T.
        size: Side of the input, S.
        classes: Number of labels.
        filters: Width of each stage.
        dense: Width of the dense layer.
        dropout: Share dropped before the softmax.
        grey: Whether the colours are averaged first.
    """
    import keras

    frames = keras.Input((length, size, size, 3), name="frames")  # (B, T, S, S, 3)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(frames)
    if grey:
        x = keras.ops.mean(x, axis=-1, keepdims=True)
    for width in filters:
        x = keras.layers.Conv3D(width, 3, padding="same", activation="relu")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.MaxPooling3D((1 if x.shape[1] < 4 else 2, 2, 2))(x)
    x = keras.layers.Dense(dense, activation="relu")(keras.layers.Flatten()(x))
    x = keras.layers.Dropout(dropout)(x)
    return keras.Model(frames, keras.layers.Dense(classes, activation="softmax")(x), name="head")


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
    if family == "cnn-gru":  # `flows` makes it two-stream
        name, flows = options.pop("backbone"), options.pop("flows", 0)
        embed = two_stream_embed(name, size, flows) if flows and size else frame_embed(name, size)
        return Networks(embed, gru_head(length, embed.output.shape[-1], classes, **options))
    if family == "conv3d" and size is not None:
        made = small_conv3d_head if "filters" in options else conv3d_head
        return Networks(None, made(length, size, classes, **options))
    raise OptionError(f"The family must be frame-cnn, conv3d or cnn-gru. Received: {family}.")
