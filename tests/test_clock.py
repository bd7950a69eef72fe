"""True times: whatever a file's timestamps are, frames come in order, where the file says."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from tests.clips import copy_clip, levels_of, times_of
from vidclass._clock import BREAK, MIN_STEP, RESTART, Clock
from vidclass.video import probe, read

NTSC = Fraction(30000, 1001)


class TestClock:
    def test_missing_times_follow_at_the_rate(self):
        clock = Clock(Fraction(1, 1000), Fraction(1, 25))
        assert [clock.time(pts) for pts in (None, None, 500, 540, None)] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])

    def test_a_clock_that_was_started_anew(self):
        clock = Clock(Fraction(1, 1000), Fraction(1, 25))
        back = 9000 - int(RESTART * 1000)
        stamps = (5000, 9000, back, back - 1, back + 40, 40, 80)
        assert [clock.time(pts) for pts in stamps] == pytest.approx(
            [0, 4, 4 + MIN_STEP, 4.04, 4.081, 4.121, 4.161], abs=2e-3
        )

    def test_a_leap_ahead_that_no_clip_makes(self):
        clock = Clock(Fraction(1, 1000), Fraction(1, 25))
        far = int(BREAK * 1000)
        assert [clock.time(pts) for pts in (0, far, 3 * far, 3 * far + 40)] == pytest.approx(
            [0, BREAK, BREAK + 0.04, BREAK + 0.08]
        )

    def test_times_always_increase(self):
        rng = np.random.default_rng(0)
        for _ in range(20):
            clock = Clock(Fraction(1, 90000), Fraction(1001, 30000))
            stamps = [None if rng.random() < 0.1 else int(rng.integers(-(2**33), 2**33)) for _ in range(200)]
            times = [clock.time(stamp) for stamp in stamps]
            assert times[0] == 0
            assert all(later > earlier for earlier, later in pairwise(times))


class TestTimes:
    def test_ntsc_rate_is_exact(self, make_clip, tmp_path):
        path = make_clip(frames=30, rate=NTSC)
        assert probe(path).rate == NTSC
        copy_clip(path, tmp_path / "out.mp4")
        for clip in (path, tmp_path / "out.mp4"):
            assert times_of(clip) == pytest.approx([index / float(NTSC) for index in range(30)], abs=2e-5)
        info = probe(tmp_path / "out.mp4")
        assert info.rate == NTSC
        assert info.duration == pytest.approx(30 / NTSC, abs=1e-4)

    @pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv"])
    def test_variable_rate_keeps_its_times(self, make_clip, tmp_path, name):
        times = [0, 0.033, 0.1, 0.3, 0.31, 0.32, 1.5, 1.6, 1.633, 2.5]
        path = make_clip(name, frames=10, times=times)
        copy_clip(path, tmp_path / "out.mp4")
        for clip in (path, tmp_path / "out.mp4"):
            assert times_of(clip) == pytest.approx(times, abs=1e-3)
        assert times_of(tmp_path / "out.mp4") == pytest.approx(times_of(path), abs=2e-5)
        with read(path) as reader:
            *_, last = reader
        assert probe(tmp_path / "out.mp4").duration == pytest.approx(last.time + last.duration, abs=1e-3)

    def test_repeated_and_backward_times_increase_strictly(self, make_clip, tmp_path):
        times = [0, 0.1, 0.1, 0.1, 0.05, 0.3, 0.25, 0.5, 0.6, 0.7]
        path = make_clip(frames=10, times=times)
        expected = [0, 0.1, 0.1 + MIN_STEP, 0.1 + 2 * MIN_STEP, 0.1 + 3 * MIN_STEP, 0.3, 0.3 + MIN_STEP, 0.5, 0.6, 0.7]
        assert times_of(path) == pytest.approx(expected, abs=1e-5)
        _, notes = copy_clip(path, tmp_path / "out.mp4")
        assert notes == ["The clip's times are irregular: frames moved to keep their order: 4."]
        assert times_of(tmp_path / "out.mp4") == pytest.approx(expected, abs=2e-5)
        assert [round(level) for level in levels_of(tmp_path / "out.mp4")] == [make_clip.level(i) for i in range(10)]

    @pytest.mark.parametrize("name", ["late.mp4", "late.mkv", "late.ts"])
    def test_time_counts_from_the_first_frame(self, make_clip, name):
        path = make_clip(name, frames=5, times=[3 + index / 10 for index in range(5)])
        assert times_of(path) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=1e-3)

    def test_joined_recordings_go_on_where_the_first_ended(self, make_clip, tmp_path):
        part = make_clip("part.ts", frames=60)
        joined = tmp_path / "joined.ts"
        joined.write_bytes(part.read_bytes() * 3)
        times = times_of(joined)
        assert len(times) == 180
        assert all(0 < later - earlier < 0.2 for earlier, later in pairwise(times))
        assert times[-1] == pytest.approx(179 / 30, abs=0.3)

    def test_a_raw_stream_without_any_times_has_its_rate(self, make_clip):
        path = make_clip("raw.h264", frames=20, rate=25)
        info = probe(path)
        assert (info.duration, info.frame_count) == (None, None)
        assert times_of(path) == pytest.approx([index / 25 for index in range(20)], abs=1e-3)

    def test_one_frame(self, make_clip, tmp_path):
        path = make_clip(frames=1, rate=10)
        times, notes = copy_clip(path, tmp_path / "out.mp4")
        assert (times, notes) == ([0.0], [])
        info = probe(tmp_path / "out.mp4")
        assert info.frame_count == 1
        assert info.duration == pytest.approx(0.1, abs=1e-3)

    def test_a_live_recording_declares_nothing(self, make_clip, tmp_path):
        source, path = make_clip(frames=20), tmp_path / "live.mkv"
        with av.open(str(source)) as old, av.open(str(path), "w", container_options={"live": "1"}) as new:
            stream = new.add_stream_from_template(old.streams.video[0])
            for packet in old.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    new.mux(packet)
        info = probe(path)
        assert (info.duration, info.frame_count) == (None, None)
        assert len(times_of(path)) == 20

    def test_the_frames_that_an_edit_list_hides_do_not_count(self, make_clip, tmp_path):
        """The written file has the last 20 of 30 frames: those before its cut are there, but not shown."""
        source, path = make_clip(frames=30, options={"preset": "ultrafast", "g": "30"}), tmp_path / "cut.mp4"
        with av.open(str(source)) as old, av.open(str(path), "w") as new:
            stream = new.add_stream_from_template(old.streams.video[0])
            for packet in old.demux(video=0):
                if packet.size:
                    shift = round(10 / 30 / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                    new.mux(packet)
        with read(path) as reader:
            assert reader.info.frame_count == 20
            got = [(round(frame.time * 30), round(float(frame.yuv().y.mean()))) for frame in reader]
        assert got == [(index, make_clip.level(index + 10)) for index in range(20)]
