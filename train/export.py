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
    will build. Weights are rounded to f16 in both, so that the runtimes differ by a tenth of what they would otherwise.

    Returns:
        The bundle with the hashes of its files.
    """
    fixed = build(bundle.family, bundle.architecture, bundle.preprocess.size, len(bundle.labels), bundle.window.length)
    for part in ("embed", "head"):
        source, target = getattr(trained, part), getattr(fixed, part)
        if target is not None:
            target.set_weights(source.get_weights())
            target.save_weights(bundle.folder / f"{part}.weights.h5")
            _export(target, bundle.folder / f"{part}.xml")
    return bundles.write_config(bundle)


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
    import openvino

    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        full = Path(folder) / "network.xml"
        network.export(str(full), format="openvino", verbose=False)
        model = openvino.Core().read_model(full)
        # An unrolled GRU leaves dangling ends, which the conversion takes for further outputs: ours is the first.
        single = openvino.Model(model.get_results()[:1], model.get_parameters(), network.name)
        openvino.save_model(single, path, compress_to_fp16=True)
