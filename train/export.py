"""Trained networks -> the files that a bundle serves: Keras weights and OpenVINO networks."""

import contextlib
import hashlib
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from vidclass import bundle as bundles
from vidclass import runtime
from vidclass.bundle import Bundle
from vidclass.networks import Networks, build
from vidclass.preprocess import Preprocess


def write_networks(bundle: Bundle, trained: Networks) -> Bundle:
    """Writes weights (f32) and exported networks (f16) into the bundle's folder, and its configuration.

    The networks are rebuilt from the configuration first, at its fixed input size: what is written is what a reader
    will build. Both hold the same numbers, so that both runtimes give the same rows: see `_settle`.

    Returns:
        The bundle with the hashes of its files.
    """
    fixed = build(bundle.family, bundle.architecture, bundle.preprocess.size, len(bundle.labels), bundle.window.length)
    for part in ("embed", "head"):
        source, target = getattr(trained, part), getattr(fixed, part)
        if target is not None:
            target.set_weights(source.get_weights())
            _settle(target)
            target.save_weights(bundle.folder / f"{part}.weights.h5")
            _export(target, bundle.folder / f"{part}.xml")
    return bundles.write_config(bundle)


def _settle(network: keras.Model) -> None:
    """Folds batch norm into the layer before it and rounds all weights to f16; the network computes what it did.

    The export does both, in this order. Rounded only there, the exported network would differ from the Keras one by up
    to 0.01 in probability; settled before, the two hold the same numbers.
    """
    for norm in network._flatten_layers():
        if isinstance(norm, keras.layers.BatchNormalization):
            before = norm.input._keras_history.operation
            convolves = isinstance(before, keras.layers.Conv2D | keras.layers.DepthwiseConv2D | keras.layers.Conv3D)
            if convolves and before.activation is keras.activations.linear:
                _fold(before, norm)
    network.set_weights([weight.astype(np.float16).astype(weight.dtype) for weight in network.get_weights()])


def _fold(layer: keras.layers.Layer, norm: keras.layers.BatchNormalization) -> None:
    """Moves a batch norm's scale into the kernel before it, and all else of it into its own offset."""
    mean, variance = (np.asarray(value, np.float64) for value in (norm.moving_mean, norm.moving_variance))
    scale = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        scale *= np.asarray(norm.gamma)
        norm.gamma.assign(np.ones_like(mean))
    kernel = np.asarray(layer.kernel)
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)  # its kernel is (H, W, C, 1), others' (..., C)
    layer.kernel.assign(kernel * (scale[:, None] if depthwise else scale))
    bias = np.zeros_like(mean)
    if layer.use_bias:
        bias = np.asarray(layer.bias)
        layer.bias.assign(np.zeros_like(mean))
    norm.beta.assign(np.asarray(norm.beta) + (bias - mean) * scale)
    norm.moving_mean.assign(np.zeros_like(mean))
    norm.moving_variance.assign(np.full_like(mean, 1 - norm.epsilon))


def embedding(network: keras.Model, preprocess: Preprocess, folder: Path) -> tuple[runtime.Network, str]:
    """A Keras CNN as the runtime that serves would run it, and a key that changes with its weights.

    Args:
        network: Frame -> feature.
        preprocess: Gives its input size.
        folder: Where the exported network is put.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "embed.xml"
    _export(network, path)
    digest = hashlib.sha256(str(preprocess).encode())
    for weight in network.get_weights():
        digest.update(np.ascontiguousarray(weight).data)
    return runtime.load_exported(path)[0], digest.hexdigest()


def _export(network: keras.Model, path: Path) -> None:
    from vidclass._openvino import openvino

    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        full = Path(folder) / "network.xml"
        network.export(str(full), format="openvino", verbose=False)
        model = openvino.Core().read_model(full)
        # An unrolled GRU leaves dangling ends, which the conversion takes for further outputs: ours is the first.
        single = openvino.Model(model.get_results()[:1], model.get_parameters(), network.name)
        openvino.save_model(single, path, compress_to_fp16=True)
