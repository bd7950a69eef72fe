"""Sound beside new pictures: copied or encoded, in step, and never in the way of the pictures."""

import threading

import av
import numpy as np
import pytest

from tests.clips import copy_clip, levels_of, times_of
from vidclass.video import Writer, probe, read


def loud(path, rate=1000):
    """(start, end) in seconds of what is audible, on the clock of the file's first shown frame, and its length."""
    with read(path) as reader:
        start = reader.start
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=48000)
        pieces = [piece for frame in container.decode(stream) for piece in resampler.resample(frame)]
        pieces += resampler.resample(None)
    wave = np.zeros(48000 * 20, np.float32)
    end = 0
    for piece in pieces:
        place = round(float(piece.pts * piece.time_base - start) * 48000)
        samples = piece.to_ndarray()[0][max(0, -place) :]
        wave[max(0, place) : max(0, place) + len(samples)] = samples
        end = max(end, place + len(samples))
    audible = np.flatnonzero(np.abs(wave) > 0.1)
    return (audible[0] / 48000, audible[-1] / 48000) if len(audible) else (), end / 48000


class TestSound:
    @pytest.mark.parametrize(
        ("name", "codec", "rate", "written"),
        [
            ("a.mp4", "aac", 44100, "aac"),
            ("a.ts", "aac", 48000, "aac"),
            ("a.mkv", "aac", 16000, "aac"),
            ("a.flv", "aac", 44100, "aac"),
            ("a.avi", "libmp3lame", 44100, "mp3"),
            ("a.webm", "libopus", 48000, "opus"),
            ("a.mkv", "flac", 44100, "flac"),
            ("a.mkv", "ac3", 48000, "aac"),
            ("a.mov", "pcm_s16le", 44100, "aac"),
            ("a.mkv", "pcm_s16le", 5512, "aac"),
            ("a.mpg", "mp2", 48000, "aac"),
        ],
    )
    def test_it_is_copied_or_encoded_and_stays_in_step(self, make_clip, tmp_path, name, codec, rate, written):
        video = {"webm": "libvpx-vp9", "avi": "mpeg4", "mpg": "mpeg1video"}.get(name.rpartition(".")[2], "libx264")
        path = make_clip(name, frames=45, codec=video, audio=codec, audio_rate=rate, tone=(0.5, 0.8))
        _, notes = copy_clip(path, tmp_path / "out.mp4")
        assert notes == []
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert container.streams.audio[0].codec_context.codec.canonical_name == written
        assert probe(tmp_path / "out.mp4").has_audio
        (first, last), end = loud(tmp_path / "out.mp4")
        (given_first, given_last), given_end = loud(path)
        assert (first, last) == pytest.approx((given_first, given_last), abs=0.012)
        assert (first, last) == pytest.approx((0.5, 0.8), abs=0.05)
        assert end == pytest.approx(given_end, abs=0.08)

    def packets(self, path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    def test_copied_means_the_same_bytes(self, make_clip, tmp_path):
        path = make_clip(frames=45, audio="aac")
        copy_clip(path, tmp_path / "out.mp4")
        assert self.packets(tmp_path / "out.mp4") == self.packets(path)

    @pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
    @pytest.mark.parametrize(
        ("start", "span"), [(0, (0.6, 2.5)), (1.2, (0, 2.5)), (0.3, (0.3, 4)), (1, (1.4, 2)), (0.5, (0.2, 1.65))]
    )
    def test_sound_and_pictures_that_do_not_start_together(self, make_clip, tmp_path, codec, start, span):
        path = make_clip(
            "apart.mkv",
            frames=45,
            times=[start + i / 30 for i in range(45)],
            audio=codec,
            audio_span=span,
            tone=(1.5, 1.8),
        )
        copy_clip(path, tmp_path / "out.mp4")
        (first, last), end = loud(tmp_path / "out.mp4")
        assert (first, last) == pytest.approx((1.5 - start, min(1.8, span[1]) - start), abs=0.03)
        assert end == pytest.approx(span[1] - start, abs=0.06)
        assert times_of(tmp_path / "out.mp4") == pytest.approx(times_of(path), abs=2e-5)

    @pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
    def test_silence_where_the_source_has_none(self, make_clip, tmp_path, codec):
        """Packets from 1.0 to 2.0 s are missing: what comes after still comes in time."""
        source, path = make_clip("whole.mkv", frames=90, audio=codec, tone=(2.5, 2.7)), tmp_path / "gap.mkv"
        with av.open(str(source)) as old, av.open(str(path), "w") as new:
            streams = [new.add_stream_from_template(stream) for stream in old.streams]
            for packet in old.demux():
                if packet.size and (packet.stream_index == 0 or not 1 <= packet.pts * packet.time_base < 2):
                    packet.stream = streams[packet.stream_index]
                    new.mux(packet)
        copy_clip(path, tmp_path / "out.mp4")
        assert loud(tmp_path / "out.mp4")[0] == pytest.approx((2.5, 2.7), abs=0.04)

    def test_sound_that_changes_half_way(self, make_clip, tmp_path):
        """As broadcasts do; the packets of the second half come from a recording at another rate."""
        make_clip("a.mkv", frames=60, audio="ac3", audio_rate=48000, tone=(0.5, 0.7))
        make_clip("b.mkv", frames=60, audio="ac3", audio_rate=32000, tone=(1.5, 1.7))
        path = tmp_path / "both.mkv"
        with (
            av.open(str(tmp_path / "a.mkv")) as a,
            av.open(str(tmp_path / "b.mkv")) as b,
            av.open(str(path), "w") as new,
        ):
            streams = [new.add_stream_from_template(stream) for stream in a.streams]
            first = [packet for packet in a.demux() if packet.size and (packet.stream_index == 0 or packet.pts < 1000)]
            for packet in [*first, *(packet for packet in b.demux(audio=0) if packet.size and packet.pts >= 1000)]:
                packet.stream = streams[packet.stream_index]
                new.mux(packet)
        _, notes = copy_clip(path, tmp_path / "out.mp4")
        assert notes == []
        assert loud(tmp_path / "out.mp4")[0] == pytest.approx((0.5, 1.7), abs=0.03)

    @pytest.mark.parametrize("codec", ["aac", "ac3", "libmp3lame"])
    def test_broken_sound_does_not_spoil_the_pictures(self, make_clip, tmp_path, codec):
        source, path = make_clip("whole.mkv", frames=90, audio=codec), tmp_path / "broken.mkv"
        rng = np.random.default_rng(0)
        with av.open(str(source)) as old, av.open(str(path), "w") as new:
            streams = [new.add_stream_from_template(stream) for stream in old.streams]
            for packet in old.demux():
                if not packet.size:
                    continue
                if packet.stream_index == 1 and packet.pts * packet.time_base > 1.5:
                    packet.update(rng.integers(0, 256, packet.size, np.uint8).tobytes())
                packet.stream = streams[packet.stream_index]
                new.mux(packet)
        times, notes = copy_clip(path, tmp_path / "out.mp4")
        assert len(times) == 90
        assert notes == ["The sound is damaged: it ends where it could not be decoded any more."]
        (first, last), _ = loud(tmp_path / "out.mp4")
        assert first == pytest.approx(0, abs=0.05)
        assert last == pytest.approx(1.5, abs=0.1)
        assert levels_of(tmp_path / "out.mp4") == pytest.approx(levels_of(path), abs=2)

    def test_no_sound_unless_asked_for_or_there(self, make_clip, tmp_path):
        copy_clip(make_clip("silent.mp4"), tmp_path / "a.mp4")
        copy_clip(make_clip("loud.mp4", audio="aac"), tmp_path / "b.mp4", audio=False)
        assert not probe(tmp_path / "a.mp4").has_audio
        assert not probe(tmp_path / "b.mp4").has_audio

    @pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
    def test_several_writers_share_one_source(self, make_clip, tmp_path, codec):
        path = make_clip("clip.mkv", frames=60, audio=codec, tone=(0.5, 0.8))
        names = ("one.mp4", "two.mp4")
        with read(path) as reader:
            info = reader.info
            how = (info.width, info.height, info.rate, info.color, path)
            with Writer(tmp_path / names[0], *how) as one, Writer(tmp_path / names[1], *how) as two:
                for frame in reader:
                    for writer in (one, two):
                        writer.write(frame.yuv(), frame.time)
        for name in names:
            assert len(times_of(tmp_path / name)) == 60
            assert loud(tmp_path / name)[0] == pytest.approx((0.5, 0.8), abs=0.03)

    def test_writers_in_several_threads(self, make_clip, tmp_path):
        path = make_clip(frames=60, audio="aac")
        threads = [threading.Thread(target=copy_clip, args=(path, tmp_path / f"{i}.mp4")) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(times_of(tmp_path / f"{i}.mp4")) for i in range(4)] == [60] * 4
