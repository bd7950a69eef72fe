"""The source's sound beside new pictures: copied where browsers play it in an MP4, else encoded as AAC."""

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from vidclass._clock import RESTART
from vidclass._source import Packets, open_clip, pick_audio

COPIED = {"aac", "mp3", "opus", "flac"}
"""Codecs that are copied as they are: those that an MP4 may hold and that Chromium, Firefox and Safari play
in it. AC-3 is allowed in MP4 too, but only Safari would be heard."""

MIN_COPIED_RATE = 16000
"""Samples a second below which the MP4 writer refuses MP3."""

AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
"""Samples a second that are kept when sound is encoded anew; others become `AAC_DEFAULT_RATE`."""

AAC_DEFAULT_RATE = 48000

AAC_BIT_RATE = 128_000
"""Bits a second for stereo: transparent for most ears, and small beside the pictures."""

SLIP = 0.05
"""Seconds that sound may be off its timestamps before silence is put in or samples are cut. Less is a
container's rounding (a millisecond in WebM) or the codec's own delay, and cutting there would click."""

SILENCE = 1.0
"""Seconds of the longest piece of silence that is made at once, so that a long gap takes no memory."""

Samples = NDArray[np.float32]


class Sound:
    """Writes the sound of a clip into an MP4, in step with its pictures.

    A place that cannot be decoded ends the sound, and a note says so; the pictures go on.

    Args:
        source: Path. The clip.
        start: Fraction. Time of its first frame on its own clock, in seconds: zero of the new file.
        output: OutputContainer. The new file, before its header is written.

    Raises:
        VideoError: the clip cannot be opened.
    """

    def __init__(self, source: Path, start: Fraction, output: OutputContainer) -> None:
        self.notes: list[str] = []
        """What was wrong with the sound so far."""
        self._output = output
        self._input = open_clip(source)
        self._packets: Iterator[Packet[Any]] = iter(())
        stream = pick_audio(self._input)
        if stream is not None:
            packets = Packets(self._input, stream)
            if _can_copy(stream):
                self._packets = _copied(packets, start, output.add_stream_from_template(stream))
            elif stream.sample_rate > 0 and stream.channels > 0:
                rate = stream.sample_rate if stream.sample_rate in AAC_RATES else AAC_DEFAULT_RATE
                layout = "mono" if stream.channels == 1 else "stereo"
                track = output.add_stream("aac", rate=rate, layout=layout, bit_rate=AAC_BIT_RATE)
                self._packets = _encoded(packets, start, track)
        self._next: Packet[Any] | None = None
        """The packet that was read already and is written next."""
        self._due = 0.0
        """Its time, in seconds."""

    def advance(self, until: float = inf) -> None:
        """Writes all sound that starts before `until` seconds, by default the rest."""
        try:
            while True:
                if self._next is None:
                    self._next = next(self._packets, None)
                    if self._next is None:
                        return
                    self._due = float((self._next.pts or 0) * self._next.time_base)
                if self._due >= until:
                    return
                self._output.mux(self._next)
                self._next = None
        except (av.FFmpegError, ValueError):
            self._packets, self._next = iter(()), None
            self.notes.append("The sound is damaged: it ends where it could not be decoded any more.")

    def close(self) -> None:
        """Closes the source."""
        self._input.close()


def _can_copy(stream: AudioStream) -> bool:
    codec = stream.codec_context.codec.canonical_name
    return codec in COPIED and (codec != "mp3" or stream.sample_rate >= MIN_COPIED_RATE)


def _copied(packets: Packets, start: Fraction, track: AudioStream) -> Iterator["Packet[Any]"]:
    """The packets as they are, on the new file's clock.

    Raises:
        FFmpegError: a packet after the first good one cannot be decoded.
    """
    shift: int | None = None
    last: int | None = None
    for packet, _ in _decoded(packets):
        if packet.size == 0:  # the one that drains the decoder
            return
        if shift is None:
            shift = -round(start / packet.time_base)
        span = packet.duration or 0
        stamp = packet.pts if packet.pts is not None else packet.dts
        time = stamp + shift if stamp is not None else (last or 0) + span
        if last is not None and (last - time) * packet.time_base > RESTART:  # the clock was started anew
            shift += last + span - time
            time = last + span
        # Sound before the first frame is left out, but for one packet, which the decoding of the next one leans on;
        # the MP4's edit list hides it. A packet that repeats a time cannot be placed.
        if (time < 0 and time + 2 * span <= 0) or (last is not None and time <= last):
            continue
        last = time
        packet.pts = packet.dts = time
        packet.stream = track
        yield packet


def _encoded(packets: Packets, start: Fraction, track: AudioStream) -> Iterator["Packet[Any]"]:
    """The sound as AAC, on the new file's clock, with silence where the source has a gap.

    Raises:
        FFmpegError: a packet after the first good one cannot be decoded.
    """
    rate, layout = track.sample_rate, track.layout.name
    resamplers: dict[tuple[str, str, int], AudioResampler] = {}  # a broadcast may change its sound half-way
    position = 0  # samples given to the encoder so far

    def encode(samples: Samples) -> list["Packet[Any]"]:
        nonlocal position
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), position
        position += samples.shape[1]
        return track.encode(frame)

    for _, frames in _decoded(packets):
        for frame in frames:
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = resamplers.setdefault(kind, AudioResampler(format="fltp", layout=layout, rate=rate))
            for piece in resampler.resample(frame):
                samples = piece.to_ndarray().astype(np.float32, copy=False)  # (channels, samples)
                gap = 0
                if piece.pts is not None and piece.time_base is not None:
                    gap = round((piece.pts * piece.time_base - start) * rate) - position
                if position > 0 and abs(gap) <= SLIP * rate:
                    gap = 0
                while gap > 0:
                    silence = np.zeros((samples.shape[0], min(gap, int(SILENCE * rate))), np.float32)
                    yield from encode(silence)
                    gap -= silence.shape[1]
                samples = samples[:, -gap:] if gap < 0 else samples
                if samples.shape[1] > 0:
                    yield from encode(samples)
    yield from track.encode(None)


def _decoded(packets: Packets) -> Iterator[tuple["Packet[Any]", list[Any]]]:
    """Each packet with the sound in it; those before the first good one are left out."""
    heard = False
    for packet in packets:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            if heard:
                raise
            continue
        heard = True
        yield packet, frames
