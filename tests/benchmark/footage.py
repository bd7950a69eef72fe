"""The benchmark's clips: a camera that pans over a rich scene, things that move in it, grain, and sound."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from numpy.typing import NDArray

SOUND_RATE = 44_100
"""Samples a second."""
DETAIL = {4: 10, 16: 14, 64: 22, 256: 30}
"""Levels of contrast of the scene's structures, by their size in pixels."""
GRAIN = 5
"""Largest change of a level by the sensor's noise, which is new in every frame."""
ENCODER = {"preset": "veryfast", "crf": "21"}
"""About what clips on the web have: 1 Mbit/s at 360p, 7 Mbit/s at 1080p."""


def make(path: Path, width: int, height: int, seconds: float, rate: int = 30) -> Path:
    """Writes a clip and returns its path."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=rate, options=ENCODER)
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuv420p"
        sound = container.add_stream("aac", rate=SOUND_RATE)
        for image in scene(width, height, round(seconds * rate), rate):
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(pictures.encode(None))
        samples = np.arange(round(seconds * SOUND_RATE))
        wave = (0.3 * np.sin(2 * np.pi * 440 * samples / SOUND_RATE)).astype(np.float32)
        for start in range(0, len(wave), 1024):
            piece = np.repeat(wave[None, start : start + 1024], 2, axis=0)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = SOUND_RATE, start
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def scene(width: int, height: int, frames: int, rate: int) -> Iterator[NDArray[np.uint8]]:
    """The frames, `(height, width, 3)`."""
    random = np.random.default_rng(0)
    ground = np.full((2 * height, 2 * width, 3), 128, np.float32)
    for size, contrast in DETAIL.items():
        coarse = random.normal(0, contrast, (2 * height // size + 1, 2 * width // size + 1, 3)).astype(np.float32)
        ground += cv2.resize(coarse, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    ground = np.clip(ground, 0, 255).astype(np.uint8)
    grains = random.integers(0, 2 * GRAIN + 1, (9, height, width, 3), np.uint8)
    for index in range(frames):
        time = index / rate
        left = round((0.5 + 0.45 * np.sin(0.9 * time)) * width)
        top = round((0.5 + 0.45 * np.cos(0.7 * time)) * height)
        image = ground[top : top + height, left : left + width].copy()
        for thing in range(4):
            x = round((0.5 + 0.4 * np.sin(time * (1 + thing) + thing)) * width)
            y = round((0.5 + 0.4 * np.cos(time * (1.3 + thing / 2) + thing)) * height)
            cv2.circle(image, (x, y), height // 10, (50 * thing, 200 - 40 * thing, 255 - 60 * thing), -1)
        yield cv2.subtract(cv2.add(image, grains[5 * index % 9]), np.full_like(image, GRAIN))


def looped(path: Path, source: Path, times: int) -> Path:
    """Writes a clip that shows another one several times over, without coding it again; returns its path."""
    with av.open(str(path), "w") as target:
        with av.open(str(source)) as container:
            streams = {stream.index: target.add_stream_from_template(stream) for stream in container.streams}
            span = max(_span([p for p in container.demux(stream) if p.size]) for stream in _rewound(container))
        for number in range(times):
            with av.open(str(source)) as container:
                for packet in container.demux():
                    if packet.size:  # the others mark a stream's end
                        shift = round(number * span / packet.time_base)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = streams[packet.stream_index]
                        target.mux(packet)
    return path


def _rewound(container: InputContainer) -> Iterator[Stream]:
    for stream in container.streams:
        container.seek(0)
        yield stream


def _span(packets: list[Packet]) -> Fraction:
    """Seconds from one stream's first packet to the end of its last one."""
    return (packets[-1].dts + packets[-1].duration - packets[0].dts) * packets[0].time_base
