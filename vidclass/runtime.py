"""A bundle's networks as functions on NumPy arrays, on OpenVINO or on TensorFlow, behind one interface.

OpenVINO runs the exported networks and is several times faster on a CPU. TensorFlow rebuilds the Keras networks from
the bundle's configuration, loads their weights, and is the way to a GPU. Both are imported only where they are used.
"""

import importlib.util
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vidclass import _precision, _safety, networks
from vidclass._cache import compiled_networks
from vidclass.bundle import Bundle
from vidclass.errors import BundleError, OptionError
from vidclass.motion import flow_side

Runtime = Literal["openvino", "tensorflow"]
Precision = Literal["f32", "bf16"]
Arrays = tuple[NDArray[Any], ...]
"""One item: an array for each input of a network, without the batch axis."""

BATCH_OF_VECTORS = 8
"""Features that a head judges at once: each is so little work that handing it over would cost as much. Pictures go one
by one, which is up to a fifth faster than in batches, because the layers' results then stay in a core's own cache."""
KERAS_BATCH = {"embed": 32, "head": 8}
"""Items in a batch for Keras, whose own share of the work is a few milliseconds a call."""
AHEAD = 4
"""Items that wait for a free core, so that it need not wait for the decoder: a tenth faster on two busy cores."""


class Network(Protocol):
    """A network as a function."""

    def map(self, items: Iterable[Arrays]) -> Iterator[NDArray[np.float32]]:
        """Runs the network over a stream of items and yields an output for each, in order.

        Items are taken in batches and a few batches ahead of the outputs; never is the whole stream held.
        """
        ...


class LoadedNetworks(NamedTuple):
    """A bundle's networks, ready to run."""

    embed: Network | None
    head: Network
    runtime: str
    """What runs them, in words: `OpenVINO bf16`."""


def load(
    bundle: Bundle, runtime: Runtime | None = None, precision: Precision | None = None, threads: int | None = None
) -> LoadedNetworks:
    """Loads a bundle's networks.

    Args:
        bundle: The checked bundle.
        runtime: `openvino`, `tensorflow`, or None for OpenVINO where it is installed and TensorFlow elsewhere.
        precision: Of OpenVINO's arithmetic: `f32`, `bf16` but for the first layers (see `vidclass._precision`), or None
            for bf16 where the processor computes in it and f32 elsewhere.
        threads: Cores that OpenVINO may use. Defaults to None, all of them.

    Raises:
        OptionError: The runtime is unknown or not installed, or the processor does not compute in bf16.
        BundleError: A network file is damaged or does not fit the configuration.
    """
    chosen = runtime or ("openvino" if importlib.util.find_spec("openvino") else "tensorflow")
    if chosen not in ("openvino", "tensorflow"):
        raise OptionError(f"The runtime must be openvino or tensorflow. Received: {chosen}.")
    if importlib.util.find_spec(chosen) is None:
        raise OptionError(f"The runtime {chosen} must be installed. It is not. Install it: pip install {chosen}.")
    if chosen == "openvino":
        return _load_openvino(bundle, precision, threads)
    return _load_tensorflow(bundle)


def _batched(items: Iterable[Arrays], size: int) -> Iterator[tuple[list[NDArray[Any]], int]]:
    """Stacks items into batches; the last one, if partial, is filled up with its last item. Yields (inputs, count)."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        count = len(batch)
        batch += [batch[-1]] * (size - count)
        yield [np.stack(column) for column in zip(*batch, strict=True)], count


# OpenVINO


class _OpenVinoNetwork:
    """A compiled network, fed by a ring of asynchronous requests that keeps every core busy."""

    def __init__(self, compiled: Any, batch: int):
        self._compiled, self._batch = compiled, batch
        self._requests = 2 * compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + AHEAD
        self.takes = [tuple(port.shape)[1:] for port in compiled.inputs]
        """Shape of each input, without the batch axis."""
        self.gives = tuple(compiled.outputs[0].shape)[1:]
        """Shape of the output, without the batch axis."""

    def map(self, items: Iterable[Arrays]) -> Iterator[NDArray[np.float32]]:
        """See `Network.map`. Each call has requests of its own, so several callers can run at once."""
        free: list[Any] = []
        running: deque[tuple[Any, list[NDArray[Any]], int]] = deque()

        def finish() -> NDArray[np.float32]:
            request, _, count = running.popleft()
            request.wait()
            output: NDArray[np.float32] = request.get_output_tensor().data[:count].copy()
            free.append(request)
            return output

        try:
            for inputs, count in _batched(items, self._batch):
                if len(running) == self._requests:
                    yield from finish()
                request = free.pop() if free else self._compiled.create_infer_request()
                request.start_async(inputs, share_inputs=True)
                running.append((request, inputs, count))  # the request reads the inputs where they are
            while running:
                yield from finish()
        finally:
            for request, *_ in running:
                request.wait()


def load_exported(
    path: Path, precision: Precision | None = "f32", threads: int | None = None
) -> tuple[_OpenVinoNetwork, str]:
    """An exported network by itself, and what runs it, in words.

    Args:
        path: Its `.xml` file, beside its `.bin`.
        precision: See `load`. A network that takes features and no pictures always computes in f32.
        threads: See `load`.

    Raises:
        BundleError: OpenVINO cannot read it.
        OptionError: The processor does not compute in bf16.
    """
    from vidclass._openvino import openvino, read_exported, set_batch

    core = openvino.Core()
    chosen = _precision.choose(core, precision)
    core.set_property("CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
    if threads is not None:
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
    cache = compiled_networks()
    if cache is not None:
        core.set_property({"CACHE_DIR": str(cache)})
    try:
        model, takes_pictures, hints = read_exported(core, path, chosen)
        batch = 1 if takes_pictures else BATCH_OF_VECTORS
        set_batch(model, batch)
        _safety.check_shapes(model, path)
        return _OpenVinoNetwork(
            core.compile_model(model, "CPU", hints), batch
        ), f"OpenVINO {hints['INFERENCE_PRECISION_HINT']}"
    except RuntimeError as error:
        raise BundleError(f"{path} must be a network that OpenVINO reads. It is not ({error}).") from error


def _load_openvino(bundle: Bundle, precision: Precision | None, threads: int | None) -> LoadedNetworks:
    head, words = load_exported(bundle.folder / "head.xml", precision, threads)
    embed = None
    if bundle.embeds:  # nearly all of the work, so its precision is what is told
        embed, words = load_exported(bundle.folder / "embed.xml", precision, threads)
    size, length, features = bundle.preprocess.size, bundle.window.length, embed.gives if embed else ()
    picture, side = (size, size, 3), flow_side(size)
    looked_at = [picture, (side, side, 2 * bundle.flows)] if bundle.flows else [picture]
    wanted = {
        "frame-cnn": [features],
        "cnn-gru": [(length, *features), (length,)],
        "conv3d": [(length, *picture)],
    }[bundle.family]
    if head.takes != wanted or head.gives != (len(bundle.labels),) or (embed and embed.takes != looked_at):
        raise BundleError(
            f"The networks of {bundle.name} must fit its input size, window and {len(bundle.labels)} labels. Received: "
            f"a head from {head.takes} to {head.gives}. Export them again, or get the model again."
        )
    return LoadedNetworks(embed, head, words)


# TensorFlow


class _KerasNetwork:
    """A Keras network, run batch by batch."""

    def __init__(self, model: Any, batch: int):
        self._model, self._batch = model, batch

    def map(self, items: Iterable[Arrays]) -> Iterator[NDArray[np.float32]]:
        """See `Network.map`."""
        for inputs, count in _batched(items, self._batch):
            yield from np.asarray(self._model.predict_on_batch(inputs if len(inputs) > 1 else inputs[0]))[:count]


def build_keras(bundle: Bundle) -> networks.Networks:
    """The bundle's Keras networks with their weights.

    Raises:
        BundleError: The architecture cannot be built, or a weight file is no such file or does not fit it.
    """
    for name in bundle.required_files():
        if name.endswith(".h5"):
            _safety.check_weights(bundle.folder / name)
    try:
        built = networks.build(
            bundle.family, bundle.architecture, bundle.preprocess.size, len(bundle.labels), bundle.window.length
        )
    except (TypeError, ValueError, KeyError) as error:
        raise BundleError(
            f"The architecture of {bundle.name} must fit its family, {bundle.family}. It does not: {error}. "
            "Get the model again."
        ) from error
    for part, network in zip(("embed", "head"), built, strict=True):
        if network is not None:
            path = bundle.folder / f"{part}.weights.h5"
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", UserWarning)  # Keras only warns of some layers that it leaves as is
                    network.load_weights(path)
            except (ValueError, OSError, KeyError, UserWarning) as error:
                raise BundleError(f"{path} must hold this network's weights. It does not: {error}") from error
    return built


def _load_tensorflow(bundle: Bundle) -> LoadedNetworks:
    built = build_keras(bundle)
    embed = _KerasNetwork(built.embed, KERAS_BATCH["embed"]) if built.embed is not None else None
    return LoadedNetworks(embed, _KerasNetwork(built.head, KERAS_BATCH["head"]), "TensorFlow")


def run(network: Network, items: Sequence[Arrays]) -> NDArray[np.float32]:
    """The outputs of a few items at once, `(N, ...)`."""
    return np.stack(list(network.map(items)))
