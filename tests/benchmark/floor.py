"""The floor: each of the three stages that cannot be left out, alone, as fast as its library goes.

Plain PyAV and OpenVINO, with all input at hand, nothing copied, nothing drawn and no sound: whatever is built on these
libraries takes at least the longest of the three, and their sum if it does one after the other.
"""

from pathlib import Path
from time import perf_counter
from typing import Any

import av
import numpy as np
from av.codec.context import ThreadType
from av.video.reformatter import Interpolation, VideoReformatter

from vidclass import _precision, bundle, video
from vidclass._writer import ENCODER

BATCHES = (1, 2, 4, 8)
"""Batch sizes that are tried for the runtime's best throughput."""
TRIAL = 64
"""Frames of a trial."""


def prepare_decode(clip: Path, model: Path, target: Path):
    """Decode with scaling to the network's input."""
    del target
    preprocess = bundle.load(model).preprocess

    def decode() -> int:
        scaler, frames = VideoReformatter(), 0
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.thread_type = ThreadType.AUTO
            size = preprocess.scaled_size(stream.codec_context.width, stream.codec_context.height)
            for frame in container.decode(stream):
                how = Interpolation.AREA | Interpolation.FULL_CHR_H_INT
                scaler.reformat(frame, *size, "gbrp", interpolation=how, threads=1)  # the quickest kind of RGB
                frames += 1
        return frames

    return decode


def prepare_infer(clip: Path, model: Path, target: Path):
    """Inference, at the best of several batch sizes and ways to spread them over the cores."""
    del target
    described = bundle.load(model)
    with video.read(clip) as frames:
        number = sum(1 for _ in frames)
    parts = [
        _best(described.folder / f"{part}.xml") for part in ("embed", "head") if part == "head" or described.embeds
    ]

    def infer() -> int:
        for part in parts:
            _run(*part, number)
        return number

    return infer


def _best(path: Path) -> tuple[Any, list[np.ndarray], int]:
    """The network compiled so that it gives most, in the precision that the program computes in; its input, and its
    batch size."""
    from vidclass._openvino import openvino, read_exported, set_batch

    core = openvino.Core()
    precision = _precision.choose(core, None)
    random = np.random.default_rng(0)
    tried = []
    for batch in BATCHES:
        for spread in ({"PERFORMANCE_HINT": "THROUGHPUT"}, {"PERFORMANCE_HINT": "LATENCY"}):
            model, _, hints = read_exported(core, path, precision)
            set_batch(model, batch)
            compiled = core.compile_model(model, "CPU", {**spread, **hints})
            inputs = [
                random.integers(0, 256, list(port.shape)).astype(port.element_type.to_dtype())
                for port in compiled.inputs
            ]
            _run(compiled, inputs, batch, TRIAL // 4)
            begun = perf_counter()
            _run(compiled, inputs, batch, TRIAL)
            tried.append((perf_counter() - begun, len(tried), compiled, inputs, batch))
    return min(tried)[2:]


def _run(compiled: Any, inputs: list[np.ndarray], batch: int, number: int) -> None:
    from vidclass._openvino import openvino

    queue = openvino.AsyncInferQueue(compiled)
    for _ in range(-(-number // batch)):
        queue.start_async(inputs, share_inputs=True)
    queue.wait_all()


def prepare_encode(clip: Path, model: Path, target: Path):
    """Encode, with the program's own settings, of frames that lie ready in memory."""
    del model
    with av.open(str(clip)) as container:
        frames = list(container.decode(video=0))

    def encode() -> int:
        with av.open(str(target), "w", format="mp4", container_options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=30, options=ENCODER)
            context = stream.codec_context
            context.width, context.height, context.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
            context.thread_type = ThreadType.FRAME
            for frame in frames:
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return len(frames)

    return encode
