"""Written clips: what browsers need, as many frames as were given, a picture that holds, whole or absent."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import copy_clip, levels_of, planes, times_of
from vidclass.errors import VideoError
from vidclass.video import ColorSpace, Planes, Writer, probe, read


def boxes(path):
    """Names of an MP4's outermost boxes, in order."""
    data, place, names = path.read_bytes(), 0, []
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        names.append(data[place + 4 : place + 8].decode())
        place += size
    return names


class TestWriter:
    def test_what_browsers_need(self, make_clip, tmp_path):
        copy_clip(make_clip("clip.mkv", codec="libvpx-vp9", audio="libopus", audio_rate=48000), tmp_path / "out.mp4")
        assert boxes(tmp_path / "out.mp4")[:2] == ["ftyp", "moov"]  # plays while it loads
        with av.open(str(tmp_path / "out.mp4")) as container:
            context = container.streams.video[0].codec_context
            assert (context.codec.canonical_name, context.pix_fmt) == ("h264", "yuv420p")
            assert "Baseline" in context.profile

    @pytest.mark.parametrize("noise", [0, 8, 30])
    @pytest.mark.parametrize("full_range", [False, True])
    def test_the_picture_holds(self, tmp_path, noise, full_range):
        """Luma within 38 dB of what was given: on a moving scene, and with noise that no encoder can foresee."""
        rng = np.random.default_rng(0)
        y, x = np.mgrid[:240, :320]
        given = []
        with Writer(tmp_path / "out.mp4", 320, 240, 30, ColorSpace("bt601", full_range)) as writer:
            for index in range(30):
                scene = (
                    128 + 60 * np.sin((x + 3 * index) / 9) * np.cos(y / 7) + 40 * ((x // 16 + y // 16 + index // 4) % 2)
                )
                luma = np.clip(scene + rng.normal(0, noise, scene.shape), 16, 235).astype(np.uint8)
                given.append(luma)
                writer.write(Planes(luma, *planes(320, 240)[1:]), index / 30)
        with read(tmp_path / "out.mp4") as reader:
            errors = [
                np.mean((frame.yuv().y.astype(float) - luma) ** 2) for frame, luma in zip(reader, given, strict=True)
            ]
        assert 10 * np.log10(255**2 / np.mean(errors)) >= 38
        assert 10 * np.log10(255**2 / np.max(errors)) >= 37

    @pytest.mark.parametrize(
        "color",
        [
            ColorSpace("bt601", False),
            ColorSpace("bt709", False, 1, 1),
            ColorSpace("bt709", True, 1, 13),
            ColorSpace("bt601", True, 6, 6),
            ColorSpace("bt2020", False, 9, 16),
            ColorSpace("smpte240m", False, 7, 7),
        ],
    )
    def test_colours_are_tagged_as_given(self, tmp_path, color):
        with Writer(tmp_path / "out.mp4", 64, 48, 30, color) as writer:
            writer.write(planes(64, 48, level=250), 0)
        with read(tmp_path / "out.mp4") as reader:
            assert reader.info.color == color
            assert next(reader).yuv().y.mean() == pytest.approx(250, abs=1)

    def test_a_full_range_clip_stays_full_range(self, make_clip, tmp_path):
        path = make_clip(
            picture=lambda i: np.full((48, 64), (0, 5, 250, 255)[i % 4], np.uint8), color={"color_range": 2}
        )
        copy_clip(path, tmp_path / "out.mp4")
        assert probe(tmp_path / "out.mp4").color.full_range
        assert levels_of(tmp_path / "out.mp4") == pytest.approx([0, 5, 250, 255, 0, 5, 250, 255, 0, 5], abs=2)

    @pytest.mark.parametrize("size", [(2, 2), (34, 18), (66, 50), (160, 120), (426, 240), (854, 480)])
    def test_sizes_that_are_not_multiples_of_a_block(self, tmp_path, size):
        ramp = np.tile(np.linspace(30, 220, size[0]).astype(np.uint8), (size[1], 1))
        with Writer(tmp_path / "out.mp4", *size, 30, ColorSpace()) as writer:
            for index in range(3):
                writer.write(Planes(ramp, *planes(*size)[1:]), index / 30)
        with read(tmp_path / "out.mp4") as reader:
            assert (reader.info.width, reader.info.height) == size
            assert all(np.abs(frame.yuv().y.astype(int) - ramp).mean() < 3 for frame in reader)

    @pytest.mark.parametrize("rate", [25, 29.97, Fraction(24000, 1001), 12.5, 240])
    def test_any_rate(self, tmp_path, rate):
        with Writer(tmp_path / "out.mp4", 64, 48, rate, ColorSpace()) as writer:
            for index in range(20):
                writer.write(planes(64, 48), index / rate)
        info = probe(tmp_path / "out.mp4")
        assert float(info.rate) == pytest.approx(float(rate), rel=1e-3)
        assert info.duration == pytest.approx(20 / rate, abs=1e-3)

    def test_times_that_do_not_increase_are_put_in_order(self, tmp_path):
        with Writer(tmp_path / "out.mp4", 64, 48, 30, ColorSpace()) as writer:
            for time in (0, 0.5, 0.5, 0.2, 0.6):
                writer.write(planes(64, 48), time)
        assert times_of(tmp_path / "out.mp4") == pytest.approx([0, 0.5, 0.5, 0.5, 0.6], abs=1e-4)

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
    def test_a_failure_leaves_nothing_and_touches_nothing(self, tmp_path, error):
        def fail(target):
            with Writer(target, 64, 48, 30, ColorSpace()) as writer:
                writer.write(planes(64, 48), 0)
                raise error

        with pytest.raises(error):
            fail(tmp_path / "new.mp4")
        assert list(tmp_path.iterdir()) == []
        (tmp_path / "old.mp4").write_text("mine")
        with pytest.raises(error):
            fail(tmp_path / "old.mp4")
        assert [path.name for path in tmp_path.iterdir()] == ["old.mp4"]
        assert (tmp_path / "old.mp4").read_text() == "mine"

    def test_an_old_file_is_replaced_at_the_end_only(self, tmp_path):
        target = tmp_path / "out.mp4"
        target.write_text("mine")
        with Writer(target, 64, 48, 30, ColorSpace()) as writer:
            writer.write(planes(64, 48), 0)
            assert target.read_text() == "mine"
        assert probe(target).frame_count == 1
        assert list(tmp_path.iterdir()) == [target]

    def test_no_frame_is_an_error(self, tmp_path):
        with (
            pytest.raises(VideoError, match="at least one frame"),
            Writer(tmp_path / "out.mp4", 64, 48, 30, ColorSpace()),
        ):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_unwritable_outputs(self, make_clip, tmp_path):
        (tmp_path / "folder.mp4").mkdir()
        for target in (
            tmp_path / "folder.mp4",
            tmp_path / "missing" / "out.mp4",
            Path("/dev/null"),
            Path("/proc/out.mp4"),
        ):
            with pytest.raises(VideoError, match=r"^The output must .* Received: "):
                Writer(target, 64, 48, 30, ColorSpace())
        with pytest.raises(VideoError, match="existing file"):
            Writer(tmp_path / "out.mp4", 64, 48, 30, ColorSpace(), audio_from=tmp_path / "missing.mp4")
        assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_one_sentence(self, tmp_path, monkeypatch):
        with (
            pytest.raises(VideoError, match="No space left"),
            Writer(tmp_path / "out.mp4", 64, 48, 30, ColorSpace()) as writer,
        ):
            (part,) = tmp_path.iterdir()
            writer.write(planes(64, 48), 0)

            def full(packet):
                raise av.error.OSError(28, "No space left on device", str(part))

            monkeypatch.setattr(writer, "_mux", full)
            writer.write(planes(64, 48), 1)
        assert list(tmp_path.iterdir()) == []
