"""Clips in and out: every codec, upright pictures in their own colours, the right stream, real clips."""

import csv
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import copy_clip, levels_of, times_of
from vidclass.errors import VideoError
from vidclass.video import ColorSpace, probe, read

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "clips"

CODECS = [
    pytest.param("h264.mp4", {}, "h264", id="h264"),
    pytest.param("h264.ts", {}, "h264", id="h264 in mpegts"),
    pytest.param("h264.flv", {}, "h264", id="h264 in flv"),
    pytest.param("ten.mp4", {"pixel_format": "yuv420p10le"}, "h264", id="h264 10 bit"),
    pytest.param("full.mp4", {"pixel_format": "yuv444p"}, "h264", id="h264 4:4:4"),
    pytest.param("hevc.mp4", {"codec": "libx265"}, "hevc", id="hevc"),
    pytest.param("hevc10.mkv", {"codec": "libx265", "pixel_format": "yuv420p10le"}, "hevc", id="hevc 10 bit"),
    pytest.param("av1.mkv", {"codec": "libsvtav1"}, "av1", id="av1"),
    pytest.param("av1.mp4", {"codec": "libsvtav1", "pixel_format": "yuv420p10le"}, "av1", id="av1 10 bit"),
    pytest.param("vp8.webm", {"codec": "libvpx"}, "vp8", id="vp8"),
    pytest.param("vp8a.webm", {"codec": "libvpx", "pixel_format": "yuva420p"}, "vp8", id="vp8 alpha"),
    pytest.param("vp9.webm", {"codec": "libvpx-vp9"}, "vp9", id="vp9"),
    pytest.param("vp9a.webm", {"codec": "libvpx-vp9", "pixel_format": "yuva420p"}, "vp9", id="vp9 alpha"),
    pytest.param("mpeg4.avi", {"codec": "mpeg4"}, "mpeg4", id="mpeg4"),
    pytest.param("mpeg1.mpg", {"codec": "mpeg1video"}, "mpeg1video", id="mpeg1"),
    pytest.param("mpeg2.ts", {"codec": "mpeg2video"}, "mpeg2video", id="mpeg2"),
    pytest.param("prores.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}, "prores", id="prores"),
    pytest.param(
        "motion.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p", "color": {"color_range": 2}}, "mjpeg", id="mjpeg"
    ),
    pytest.param("ffv1.mkv", {"codec": "ffv1"}, "ffv1", id="ffv1"),
    pytest.param("moving.gif", {"codec": "gif", "pixel_format": "gray"}, "gif", id="gif"),
]


class TestCodecs:
    @pytest.mark.parametrize(("name", "how", "codec"), CODECS)
    def test_every_frame_in_order(self, make_clip, name, how, codec):
        path = make_clip(name, frames=12, **how)
        with read(path) as reader:
            assert reader.info.codec == codec
            assert (reader.info.width, reader.info.height) == (64, 48)
            frames = list(reader)
            assert reader.notes == []
        assert [frame.index for frame in frames] == list(range(12))
        assert [frame.time for frame in frames] == pytest.approx(
            [i / 30 for i in range(12)], abs=0.04 if codec == "gif" else 0.001
        )
        for index, frame in enumerate(frames):
            assert frame.yuv().y.mean() == pytest.approx(make_clip.level(index), abs=3)

    @pytest.mark.parametrize(("name", "how", "codec"), CODECS)
    def test_written_again_with_all_frames(self, make_clip, tmp_path, name, how, codec):
        path, target = make_clip(name, frames=12, **how), tmp_path / "out.mp4"
        copy_clip(path, target)
        info = probe(target)
        assert (info.codec, info.frame_count, info.width, info.height) == ("h264", 12, 64, 48)
        assert levels_of(target) == pytest.approx(levels_of(path), abs=1.5)
        assert times_of(target) == pytest.approx(times_of(path), abs=2e-5)


class TestPictures:
    @pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
    @pytest.mark.parametrize("full_range", [False, True])
    def test_colours_are_converted_as_tagged(self, make_clip, matrix, full_range):
        colors = [(200, 30, 40), (20, 180, 60), (30, 60, 210), (230, 220, 40), (128, 128, 128)]
        path = make_clip(
            "tagged.mkv",
            frames=5,
            codec="ffv1",
            pixel_format="yuv444p",
            picture=lambda i: np.full((48, 64, 3), colors[i], np.uint8),
            color={"colorspace": {"bt601": 5, "bt709": 1, "bt2020": 9}[matrix], "color_range": 1 + full_range},
        )
        with read(path) as reader:
            assert reader.info.color == ColorSpace(matrix, full_range)
            for frame, color in zip(reader, colors, strict=True):
                for size in (None, (32, 24), (96, 72)):
                    assert frame.rgb(size).mean((0, 1)) == pytest.approx(color, abs=3)

    @pytest.mark.parametrize(("height", "matrix"), [(718, "bt601"), (720, "bt709")])
    def test_untagged_colours_are_guessed_as_players_do(self, make_clip, height, matrix):
        path = make_clip(frames=1, size=(64, height))
        assert probe(path).color == ColorSpace(matrix, full_range=False)

    @pytest.mark.parametrize("mirrored", [False, True])
    @pytest.mark.parametrize("rotation", [0, 90, 180, -90])
    def test_a_turned_clip_stands_upright(self, make_clip, rotation, mirrored):
        corners = np.zeros((48, 64), np.uint8) + 30
        corners[:24, :32], corners[:24, 32:], corners[24:, :32] = 220, 160, 90
        path = make_clip(frames=2, picture=lambda _: corners, rotation=rotation, mirrored=mirrored)
        shown = np.rot90(corners, rotation // 90)
        shown = shown[:, ::-1] if mirrored else shown
        with read(path) as reader:
            frame = next(reader)
            assert (reader.info.width, reader.info.height) == shown.shape[::-1] == (frame.width, frame.height)
            got, small = frame.yuv(), frame.rgb((20, 20))
        assert np.abs(got.y.astype(int) - shown).mean() < 4
        assert got.u.shape == got.v.shape == (shown.shape[0] // 2, shown.shape[1] // 2)
        quarters = [small[y : y + 4, x : x + 4].mean() for y in (3, 13) for x in (3, 13)]
        h, w = shown.shape
        expected = [int(shown[y, x]) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]
        assert quarters == pytest.approx([(value - 16) * 255 / 219 for value in expected], abs=6)

    @pytest.mark.parametrize("rotation", [0, -90])
    @pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv420p"])
    def test_odd_sizes_lose_one_pixel_in_yuv_only(self, make_clip, tmp_path, pixel_format, rotation):
        codec = "libvpx-vp9" if pixel_format == "yuv420p" else "libx264"
        path = make_clip("odd.mkv", frames=3, size=(65, 49), codec=codec, pixel_format=pixel_format, rotation=rotation)
        shown = (65, 49) if rotation == 0 else (49, 65)
        with read(path) as reader:
            assert (reader.info.width, reader.info.height) == shown
            for index, frame in enumerate(reader):
                got = frame.yuv()
                assert got.y.shape == (shown[1] - 1, shown[0] - 1)
                assert got.u.shape == got.v.shape == ((shown[1] - 1) // 2, (shown[0] - 1) // 2)
                assert frame.rgb().shape == (shown[1], shown[0], 3)
                assert np.ptp(got.y) <= 4
                assert got.y.mean() == pytest.approx(make_clip.level(index), abs=2)
        copy_clip(path, tmp_path / "out.mp4")
        info = probe(tmp_path / "out.mp4")
        assert (info.width, info.height, info.frame_count) == (shown[0] - 1, shown[1] - 1, 3)

    @pytest.mark.parametrize(
        ("aspect", "rotation", "shown"),
        [
            (Fraction(4, 3), 0, (85, 48)),
            (Fraction(8, 9), 0, (57, 48)),
            (Fraction(2), -90, (48, 128)),
            (Fraction(1000), 0, (64, 48)),
        ],
    )
    def test_pixels_are_shown_square(self, make_clip, aspect, rotation, shown):
        path = make_clip(frames=2, aspect=aspect, rotation=rotation)
        with read(path) as reader:
            assert (reader.info.width, reader.info.height) == shown
            frame = next(reader)
            assert frame.rgb().shape == (*shown[::-1], 3)
            assert frame.yuv().y.shape == (shown[1] & ~1, shown[0] & ~1)

    @pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv422p10le"])
    @pytest.mark.parametrize("rotation", [0, 90])
    def test_rgb_is_that_of_the_scalers_plain_way_to_the_last_column(self, make_clip, pixel_format, rotation):
        noise = np.random.default_rng(0).integers(0, 256, (50, 66, 3), np.uint8)
        path = make_clip(
            "noise.mkv",
            frames=1,
            size=(66, 50),
            picture=lambda _: noise,
            codec="ffv1",
            pixel_format=pixel_format,
            rotation=rotation,
        )
        with read(path) as reader:
            frame = next(reader)
            for size in ((66, 50), (50, 66), (33, 20), (265, 224), (66, 40)):
                plain = frame._view.scale(frame._picture, size, "rgb24", frame.color).to_ndarray()
                wanted = frame._view.orientation.upright(plain).astype(int)
                assert np.abs(frame.rgb(size) - wanted).max() <= 1

    def test_yuv_of_a_plain_frame_is_its_own_copy(self, make_clip):
        noise = np.random.default_rng(0).integers(16, 235, (3, 48, 64), np.uint8)
        path = make_clip("exact.mkv", frames=3, codec="ffv1", picture=lambda i: noise[i])
        with read(path) as reader:
            for index, frame in enumerate(reader):
                got = frame.yuv()
                np.testing.assert_array_equal(got.y, noise[index])
                for plane in got:
                    assert plane.flags.writeable and plane.flags.c_contiguous
                    plane[:] = 0  # drawn on
                np.testing.assert_array_equal(frame.yuv().y, noise[index])

    @pytest.mark.parametrize("rotation", [0, 90])
    @pytest.mark.parametrize("full_range", [False, True])
    def test_yuv_of_another_size_keeps_its_levels(self, make_clip, full_range, rotation):
        path = make_clip(frames=3, size=(128, 96), rotation=rotation, color={"color_range": 1 + full_range})
        with read(path) as reader:
            for index, frame in enumerate(reader):
                for size in ((64, 48), (33, 21), (200, 150)):
                    got = frame.yuv(size)
                    assert got.y.shape == (size[1] & ~1, size[0] & ~1)
                    assert got.y.mean() == pytest.approx(make_clip.level(index), abs=1)
                    assert [got.u.mean(), got.v.mean()] == pytest.approx([128, 128], abs=1)

    def test_frames_stay_valid_after_the_next_and_after_closing(self, make_clip):
        with read(make_clip(frames=10)) as reader:
            frames = list(reader)
        assert [round(float(f.yuv().y.mean())) for f in frames] == [make_clip.level(i) for i in range(10)]

    def test_shrinking_averages_and_does_not_alias(self, make_clip):
        stripes = np.zeros((96, 128), np.uint8) + 16
        stripes[:, ::2] = 235
        with read(
            make_clip("stripes.mkv", frames=1, codec="ffv1", size=(128, 96), picture=lambda _: stripes)
        ) as reader:
            small = next(reader).rgb((32, 24))
        assert small.mean() == pytest.approx(127.5, abs=3)
        assert np.ptp(small) <= 6

    def test_a_picture_that_changes_its_size_half_way_is_brought_to_the_first(self, make_clip, tmp_path):
        parts = [make_clip(f"{width}.ts", frames=5, size=(width, 48), codec="mpeg2video") for width in (64, 96)]
        joined = tmp_path / "joined.ts"
        joined.write_bytes(b"".join(part.read_bytes() for part in parts))
        with read(joined) as reader:
            shapes = {frame.rgb().shape for frame in reader} | {frame.yuv().y.shape for frame in read(joined)}
        assert shapes == {(48, 64, 3), (48, 64)}


def add_streams(path, *streams):
    """A file with several video streams: (luma, codec, disposition, frames), each 64×48 or, with a cover, 32×32."""
    with av.open(str(path), "w") as container:
        made = []
        for _, codec, disposition, _ in streams:
            stream = container.add_stream(codec, rate=30)
            stream.width, stream.height = (32, 32) if codec == "png" else (64, 48)
            stream.pix_fmt = "rgb24" if codec == "png" else "yuv420p"
            stream.disposition = disposition
            made.append(stream)
        container.start_encoding()
        for stream, (luma, _, _, frames) in zip(made, streams, strict=True):
            for index in range(frames):
                frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
                for place, value in zip(frame.planes, (luma, 128, 128), strict=True):
                    np.frombuffer(place, np.uint8)[:] = value
                frame = frame.reformat(format=stream.pix_fmt)
                frame.pts, frame.time_base = index, Fraction(1, 30)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


class TestStreams:
    Disposition = av.stream.Disposition

    def test_a_cover_picture_is_not_the_video(self, tmp_path):
        cover = (200, "png", self.Disposition.attached_pic, 1)
        path = add_streams(tmp_path / "cover.mp4", cover, (60, "libx264", self.Disposition.default, 5))
        assert levels_of(path) == pytest.approx([60] * 5, abs=2)
        only = add_streams(tmp_path / "only.mp4", cover)
        with pytest.raises(VideoError, match="no video stream"):
            read(only)

    def test_the_first_default_stream_is_the_video(self, tmp_path):
        none, default = self.Disposition(0), self.Disposition.default
        path = add_streams(
            tmp_path / "two.mkv", (50, "libx264", none, 3), (90, "libx264", default, 4), (130, "libx264", default, 5)
        )
        assert levels_of(path) == pytest.approx([90] * 4, abs=2)
        path = add_streams(tmp_path / "plain.mp4", (50, "libx264", default, 3), (90, "libx264", default, 4))
        assert levels_of(path) == pytest.approx([50] * 3, abs=2)


def rows():
    if not CLIPS.is_dir():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"needs the clips of {CLIPS}"))]
    with (CLIPS / "index.csv").open(newline="") as table:
        return [pytest.param(row, id=row["file"]) for row in csv.DictReader(table)]


@pytest.mark.data
@pytest.mark.parametrize("row", rows())
def test_real_clips(row, tmp_path):
    """Each is read as its row in the index says, or refused with a sentence; and written again with all frames."""
    path = CLIPS / row["file"]
    if not row["codec"]:
        with pytest.raises(VideoError, match="Received: "):
            read(path)
        return
    size = (int(row["width"]), int(row["height"]))
    times, _ = copy_clip(path, tmp_path / "out.mp4")
    assert times == times_of(path)
    assert all(later > earlier for earlier, later in pairwise(times))
    info, written = probe(path), probe(tmp_path / "out.mp4")
    assert (info.width, info.height) == (size[::-1] if row["rotation"] in {"90", "-90"} else size)
    assert info.rotation == int(row["rotation"])
    assert info.has_audio == written.has_audio == (row["audio"] == "yes")
    assert info.frame_count is None or 0 <= info.frame_count - len(times) <= 1
    assert written.frame_count == len(times)
    assert (written.width, written.height) == (info.width & ~1, info.height & ~1)
    assert times_of(tmp_path / "out.mp4") == pytest.approx(times, abs=2e-5)
    if row["seconds"]:
        assert written.duration == pytest.approx(float(row["seconds"]), abs=1.5 / float(row["fps"]) + 0.05)
