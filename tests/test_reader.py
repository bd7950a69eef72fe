"""Damage: a clip is read before and after it, and nothing but VideoError comes out."""

import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import copy_clip
from vidclass.errors import VideoError
from vidclass.video import probe, read


class TestDamage:
    def noisy(self, make_clip, name, codec="libx264", frames=90, **how):
        """Enough bytes in each frame that damage hits many."""
        rng = np.random.default_rng(0)
        still = rng.integers(-12, 13, (48, 64))
        options = {"preset": "ultrafast", "crf": "8", "g": "10"} if codec == "libx264" else None
        picture = lambda i: np.clip(make_clip.level(i) + np.roll(still, i, 1), 16, 235).astype(np.uint8)  # noqa: E731
        return make_clip(name, frames=frames, codec=codec, picture=picture, options=options, **how)

    @pytest.mark.parametrize(
        ("name", "codec"),
        [("hurt.mkv", "libx264"), ("hurt.ts", "libx264"), ("hurt.avi", "mpeg4"), ("hurt.mp4", "libx264")],
    )
    def test_a_clip_is_read_up_to_and_after_its_damage(self, make_clip, tmp_path, name, codec):
        path = make_clip.damaged(self.noisy(make_clip, name, codec), 0.45, 0.5)
        with read(path) as reader:
            got = [(frame.time, float(frame.yuv().y.mean())) for frame in reader]
            notes = reader.notes
        assert 60 <= len(got) <= 90
        assert notes and notes[0].startswith("The stream is damaged: ")
        # An AVI has no times of its own: after a loss its frames come earlier, by as many as were lost.
        late = 90 - len(got) if name.endswith("avi") else 0
        good = [
            time
            for time, level in got
            if min(abs(level - make_clip.level(round(time * 30) + lost)) for lost in (0, late)) < 4
        ]
        assert sum(time < 1.2 for time in good) >= 30
        assert sum(time > 1.8 for time in good) >= 25
        again, _ = copy_clip(path, tmp_path / "out.mp4")
        assert probe(tmp_path / "out.mp4").frame_count == len(again) == len(got)

    @pytest.mark.parametrize("name", ["cut.mkv", "cut.ts", "cut.avi", "cut.mp4"])
    def test_a_clip_that_was_cut_off_is_read_to_its_end(self, make_clip, name):
        flags = {"movflags": "+faststart"} if name.endswith("mp4") else {}
        path = self.noisy(make_clip, name, "mpeg4" if name.endswith("avi") else "libx264", container_options=flags)
        path = make_clip.truncated(path, 0.6)
        with read(path) as reader:
            got = [float(frame.yuv().y.mean()) for frame in reader]
        assert 40 <= len(got) <= 70
        assert got[:40] == pytest.approx([make_clip.level(i) for i in range(40)], abs=4)

    @pytest.mark.parametrize(("name", "codec"), [("end.mkv", "libx264"), ("end.mkv", "libx265"), ("end.avi", "mpeg4")])
    def test_damage_at_the_very_end_takes_no_good_frame_along(self, make_clip, name, codec):
        path = self.noisy(make_clip, name, codec, frames=30)
        with av.open(str(path)) as container:
            packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        for last in range(1, 5):
            data = path.read_bytes().replace(packets[-last], b"\xff" * len(packets[-last]))
            hurt = make_clip.folder / f"{last}-{name}"
            hurt.write_bytes(data)
            with av.open(str(hurt)) as container:
                stream = container.streams.video[0]
                stream.thread_type = "NONE"
                expected = 0
                for packet in container.demux(stream):
                    with suppress(av.FFmpegError):
                        expected += len(packet.decode())
            with read(hurt) as reader:
                assert len(list(reader)) == expected
                assert reader.notes or codec == "mpeg4"  # it passes over what is no frame without an error

    def test_nothing_decodable_is_an_error(self, make_clip):
        path = make_clip("all.mkv", frames=30)
        data = bytearray(path.read_bytes())
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    place = data.find(bytes(packet))
                    data[place : place + packet.size] = b"\xff" * packet.size
        path.write_bytes(data)
        with pytest.raises(VideoError, match=r"^At least one frame .* Received: 'all\.mkv'"):
            read(path)

    def test_noise_anywhere_gives_frames_or_a_video_error(self, make_clip):
        """Whatever bytes come in, nothing but VideoError comes out."""
        rng = np.random.default_rng(1)
        for name, codec in (
            ("a.mp4", "libx264"),
            ("b.mkv", "libvpx-vp9"),
            ("c.avi", "mpeg4"),
            ("d.ts", "libx264"),
            ("e.mpg", "mpeg1video"),
        ):
            good = np.frombuffer(make_clip(name, frames=15, codec=codec).read_bytes(), np.uint8)
            for trial in range(12):
                data = good.copy()
                hits = rng.integers(0, len(data), 1 + trial * 4)
                data[hits] = rng.integers(0, 256, len(hits), np.uint8)
                path = make_clip.folder / f"hit-{trial}-{name}"
                path.write_bytes(data.tobytes())
                try:
                    with read(path) as reader:
                        times = [frame.time for frame in reader if frame.yuv((32, 24)) and frame.rgb((32, 24)).size]
                    assert all(later > earlier for earlier, later in pairwise(times))
                except VideoError:
                    pass


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_a_closed_clip_leaves_no_threads(make_clip):
    def threads():
        return {path.name for path in Path("/proc/self/task").iterdir()}

    path = make_clip(frames=30, size=(320, 240))
    before = threads()
    probe(path)
    with read(path) as reader:
        next(reader)
    assert threads() <= before
