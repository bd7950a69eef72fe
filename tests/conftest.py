"""Makers of synthetic clips with known pixels, for all test files. Nothing is downloaded, nothing stored."""

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests import fake_hub, fakes
from tests.browser import chromium
from tests.serve import Server
from vidclass.analysis import Analysis
from vidclass.bundle import Bundle

TICK = Fraction(1, 90_000)
FLICKER_FRAMES = 120
FLICKERS = range(7, FLICKER_FRAMES, 10)
"""Frames of the clip `flicker` that look like something else."""

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder otherwise tells its whole configuration
os.environ.setdefault("VIDCLASS_CACHE", "")  # nothing is left among the user's own caches


class ClipMaker:
    """Writes clips into one folder. By default frame i is plain grey with luma `level(i)`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def level(index: int) -> int:
        """Luma of frame `index`, 24 to 220: neighbours differ by 4, so no encoder blurs them together."""
        return 24 + 4 * (index % 50)

    def __call__(
        self,
        name: str = "clip.mp4",
        *,
        frames: int = 10,
        size: tuple[int, int] = (64, 48),
        rate: Fraction | int = 30,
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        picture: Callable[[int], np.ndarray] | None = None,
        times: Sequence[float] | None = None,
        rotation: float = 0,
        mirrored: bool = False,
        aspect: Fraction | None = None,
        color: dict[str, int] | None = None,
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        audio: str | None = None,
        audio_rate: int = 44_100,
        audio_span: tuple[float, float] | None = None,
        tone: tuple[float, float] | None = None,
    ) -> Path:
        """Writes a clip and returns its path.

        Args:
            name: File name; its ending chooses the container.
            frames: Number of frames.
            size: (width, height) as coded.
            rate: Frames a second.
            codec: Encoder, such as libx264, libx265, libsvtav1, libvpx-vp9, mpeg4, mjpeg, ffv1 (lossless).
            pixel_format: Pixel format to encode in.
            picture: Frame number to `(H, W, 3)` RGB or `(H, W)` luma. Defaults to plain `level(i)`.
            times: Seconds of each frame, written as they are, repeated and backward ones too (MP4 or MKV).
                Defaults to a constant rate.
            rotation: Degrees counter-clockwise that a player must turn the picture.
            mirrored: Whether a player must then mirror it, as of a front camera.
            aspect: Width of a pixel over its height.
            color: Codec attributes: color_range, colorspace, color_primaries, color_trc.
            options: Encoder options; replaces the default (high quality, quick).
            container_options: Options of the container, such as movflags.
            audio: Audio encoder, such as aac, libmp3lame, libopus, ac3, pcm_s16le.
            audio_rate: Samples a second.
            audio_span: (start, end) of the sound in seconds. Defaults to that of the pictures.
            tone: (start, end) of a loud tone in the sound, silence elsewhere. Defaults to a tone all along.
        """
        path = self.folder / name
        with av.open(str(path), "w", container_options=container_options) as container:
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height = size
            stream.pix_fmt = pixel_format
            if times is not None:
                stream.time_base = TICK
            stream.codec_context.options = _quality(codec) if options is None else options
            stream.codec_context.max_b_frames = 0 if times is not None else 2
            if codec in {"mjpeg", "mpeg1video", "mpeg2video", "mpeg4"}:
                stream.codec_context.max_b_frames = 0
                stream.codec_context.qscale, stream.codec_context.qmax = True, 2
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            for attribute, value in (color or {}).items():
                setattr(stream.codec_context, attribute, value)
            if rotation or mirrored:
                stream.set_display_rotation(rotation, hflip=mirrored)
            sound = container.add_stream(audio, rate=audio_rate) if audio else None
            container.start_encoding()
            stamps = _stamps(times, rate) if times is not None else None
            for index in range(frames):
                image = np.full(size[::-1], self.level(index), np.uint8) if picture is None else picture(index)
                frame = _frame(image, pixel_format, color or {})
                frame.pts, frame.time_base = index, 1 / Fraction(rate)
                _mux(container, stream.encode(frame), stamps)
            _mux(container, stream.encode(None), stamps)
            if sound is not None:
                span = audio_span or (0.0, (times[-1] if times is not None else 0) + float(frames / rate))
                _write_sound(container, sound, audio_rate, span, tone)
        return path

    def damaged(self, path: Path, start: float = 0.4, stop: float = 0.5, name: str | None = None) -> Path:
        """A copy of a file with every byte between two shares of its length replaced by noise."""
        data = np.frombuffer(path.read_bytes(), np.uint8).copy()
        span = slice(int(len(data) * start), int(len(data) * stop))
        data[span] = np.random.default_rng(0).integers(0, 256, len(data[span]), np.uint8)
        target = self.folder / (name or f"damaged-{path.name}")
        target.write_bytes(data.tobytes())
        return target

    def truncated(self, path: Path, share: float = 0.6, name: str | None = None) -> Path:
        """A copy of a file that ends after a share of its length."""
        target = self.folder / (name or f"truncated-{path.name}")
        target.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        return target


@pytest.fixture
def make_clip(tmp_path: Path) -> ClipMaker:
    """Writes clips into the test's own folder: `make_clip("clip.mp4", frames=5, audio="aac")`."""
    return ClipMaker(tmp_path)


@pytest.fixture
def make_analysis() -> Callable[..., Analysis]:
    """Makes analyses of rows given by hand: `make_analysis([[0.1, 0.2, 0.7]] * 30, fps=10)`."""

    def make(rows, labels=("baseball", "football", "tennis"), fps=25.0, **fields) -> Analysis:
        settings = {
            "clip": "a.mp4",
            "model": "frame-cnn-test",
            "family": "frame-cnn",
            "source": "bundled",
            "width": 64,
            "height": 48,
            "times": np.arange(len(rows)) / fps,
            "duration": len(rows) / fps,
            "threshold": 0.4,
            **fields,
        }
        return Analysis(labels=tuple(labels), rows=np.asarray(rows, np.float32), fps=fps, **settings)

    return make


def _quality(codec: str) -> dict[str, str]:
    return {
        "libx264": {"preset": "ultrafast", "crf": "8"},
        "libx265": {"preset": "ultrafast", "crf": "8", "x265-params": "log-level=none"},
        "libsvtav1": {"preset": "12", "crf": "12", "svtav1-params": "lp=1"},
        "libvpx": {"deadline": "realtime", "auto-alt-ref": "0", "cpu-used": "8", "crf": "6", "b": "4M"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "6", "b": "0"},
    }.get(codec, {})


def _frame(image: np.ndarray, pixel_format: str, color: dict[str, int]) -> av.VideoFrame:
    if image.ndim == 3:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        return frame.reformat(
            format=pixel_format,
            dst_colorspace=color.get("colorspace", 5),
            dst_color_range=color.get("color_range", 1),
            interpolation="AREA",
        )
    frame = av.VideoFrame(image.shape[1], image.shape[0], "yuv420p")
    for place, source in zip(frame.planes, (image, 128, 128), strict=True):
        rows = np.frombuffer(place, np.uint8).reshape(-1, place.line_size)
        rows[:, : place.width] = source
    range_ = color.get("color_range", 1)
    return frame.reformat(format=pixel_format, src_color_range=range_, dst_color_range=range_)


def _stamps(times: Sequence[float], rate: Fraction | int) -> list[tuple[int, int, int]]:
    """(pts, dts, duration) in ticks. Where the times do not increase, decoding times before them all do."""
    pts = [round(time / TICK) for time in times]
    increasing = all(later > earlier for earlier, later in pairwise(pts))
    dts = pts if increasing else [min(pts) - len(pts) + index for index in range(len(pts))]
    spans = [max(1, later - earlier) for earlier, later in pairwise(pts)]
    return list(zip(pts, dts, [*spans, round(1 / (rate * TICK))], strict=True))


def _mux(container, packets, stamps) -> None:
    for packet in packets:
        if stamps is not None:
            packet.pts, packet.dts, packet.duration = stamps[packet.pts]
            packet.time_base = TICK
        container.mux(packet)


def _write_sound(container, stream, rate: int, span: tuple[float, float], tone) -> None:
    first, last = (round(second * rate) for second in span)
    place = np.arange(first, last) / rate
    wave = 0.5 * np.sin(2 * np.pi * 440 * place)
    if tone is not None:
        wave *= (place >= tone[0]) & (place < tone[1])
    for start in range(0, len(wave), 1000):
        piece = np.repeat(wave[None, start : start + 1000], 2, axis=0).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, first + start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bundle]:
    """A real bundle with random weights, made once a family: `tiny_bundle("cnn-gru")`. Do not change its files."""

    @cache
    def make(family: str = "frame-cnn") -> Bundle:
        return fakes.write_tiny_bundle(tmp_path_factory.mktemp(f"tiny-{family}"), family)

    return make


@pytest.fixture
def hub_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fake_hub.Hub]:
    """A small Hugging Face Hub that the real client of this process talks to."""
    from huggingface_hub import close_session

    from vidclass import zoo

    close_session()  # it may have been opened with other settings
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with fake_hub.running() as hub:
        fake_hub.point_client(monkeypatch, hub.url, tmp_path / "hf")
        zoo._pull.cache_clear()
        yield hub
    zoo._pull.cache_clear()
    close_session()


@pytest.fixture(scope="session")
def site() -> Iterator[Server]:
    """The page with fake models, served by another process to all tests that visit it."""
    made = Server()
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; tests that need it are skipped where there is none."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def flicker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with sound, dark, with single bright frames at `FLICKERS`, and something that moves."""

    def picture(index: int) -> np.ndarray:
        image = np.full((180, 320), 220 if index in FLICKERS else 40, np.uint8)
        image[60:120, index : index + 80] = 128
        return image

    maker = ClipMaker(tmp_path_factory.mktemp("clips"))
    return maker("flicker.mp4", frames=FLICKER_FRAMES, size=(320, 180), picture=picture, audio="aac")
