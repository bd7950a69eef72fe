"""Opening clips: only the one file that was given, only a real container, and one sentence for anything else."""

import os

import av
import numpy as np
import pytest

from tests.clips import times_of
from vidclass.errors import VideoError
from vidclass.video import probe, read

SCRIPTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:0.3,\npart.ts\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile part.mp4\n",
    "dash": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT0.3S" minBufferTime="PT1S" profiles="urn:mpeg:dash:profile:isoff-main:2011">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1000" width="64" '
        'height="48"><BaseURL>part.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>'
    ),
    "sdp": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n"
    ),
}


class TestOnlyOneFile:
    """Whatever a file says, and whatever it is called, none of its neighbours is read."""

    @pytest.fixture
    def neighbours(self, make_clip):
        """A folder with a clip and pictures that the scripts below name."""
        make_clip("part.ts", frames=10)
        make_clip("part.mp4", frames=10)
        for index in range(3):
            make_clip(f"img{index:03}.png", frames=1, codec="png", pixel_format="rgb24")
        return make_clip.folder

    @pytest.mark.parametrize(
        "name", ["list.m3u8", "list.ffconcat", "list.mpd", "list.sdp", "clip.mp4", "clip.mkv", "clip.ts"]
    )
    @pytest.mark.parametrize("kind", SCRIPTS)
    def test_scripts_and_playlists_are_refused(self, neighbours, kind, name):
        path = neighbours / name
        path.write_text(SCRIPTS[kind])
        with pytest.raises(VideoError, match=r"self-contained video file.* Received: "):
            probe(path)

    @pytest.mark.parametrize(("kind", "name"), [("hls", "list.m3u8"), ("concat", "list.ffconcat"), ("hls", "list.mp4")])
    def test_the_scripts_above_are_real(self, neighbours, kind, name):
        """They do open where nobody refuses them, so the test above tests something."""
        path = neighbours / name
        path.write_text(SCRIPTS[kind])
        try:
            with av.open(str(path), options={"extension_picky": "0", "allowed_segment_extensions": "ALL"}) as container:
                assert len(list(container.decode(video=0))) == 10
        except av.FFmpegError:
            assert name == "list.mp4"  # newer FFmpeg wants a playlist's own ending

    def test_image_patterns_are_refused(self, neighbours):
        with av.open(str(neighbours / "img%03d.png")) as container:
            assert len(list(container.decode(video=0))) == 3  # that is what must not happen
        with pytest.raises(VideoError, match="existing file"):
            probe(neighbours / "img%03d.png")
        (neighbours / "img%03d.png").write_bytes((neighbours / "img000.png").read_bytes())
        with pytest.raises(VideoError, match="self-contained video file"):
            probe(neighbours / "img%03d.png")

    @pytest.mark.parametrize("prefix", ["concat:", "subfile:", "file:", "crypto:", "cache:", "async:"])
    def test_protocols_are_refused(self, neighbours, prefix):
        with pytest.raises(VideoError, match="existing file"):
            probe(f"{prefix}{neighbours / 'part.ts'}")

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1:9/a.mp4", "data:video/mp4;base64,AAAA", "pipe:0", "-", "lavfi:testsrc", "/dev/zero", "\0"],
    )
    def test_what_is_not_a_file_is_refused(self, url):
        with pytest.raises(VideoError, match="existing file"):
            probe(url)

    def test_a_real_clip_may_have_an_odd_name(self, neighbours, make_clip):
        for name in ("concat:part.mp4", "100%d.mp4", "list.m3u8", "no ending", "-x.mp4", "ünï.mp4"):
            path = neighbours / name
            path.write_bytes((neighbours / "part.mp4").read_bytes())
            assert len(times_of(path)) == 10


class TestErrors:
    def test_one_sentence_each(self, make_clip, tmp_path):
        cases = {
            "missing.mp4": "existing file",
            "empty.mp4": "empty",
            "text.mp4": "self-contained video file",
            "photo.png": "self-contained video file",
            "photo.jpg": "self-contained video file",
            "sound.m4a": "only sound",
            "nothing.mp4": "no video stream",
            "folder.mp4": "existing file",
        }
        (tmp_path / "empty.mp4").touch()
        (tmp_path / "text.mp4").write_text("This is a story about a clip. " * 50)
        make_clip("photo.png", frames=1, codec="png", pixel_format="rgb24")
        make_clip("photo.jpg", frames=1, codec="mjpeg", pixel_format="yuvj420p")
        with av.open(str(tmp_path / "sound.m4a"), "w") as container:
            stream = container.add_stream("aac", rate=44100)
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 4096), np.float32), format="fltp", layout="stereo")
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        box = lambda kind, body: (len(body) + 8).to_bytes(4, "big") + kind + body  # noqa: E731
        header = bytes(12) + (1000).to_bytes(4, "big") + bytes(84)
        (tmp_path / "nothing.mp4").write_bytes(box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", box(b"mvhd", header)))
        (tmp_path / "folder.mp4").mkdir()
        for name, says in cases.items():
            for ask in (probe, read):
                with pytest.raises(VideoError, match=says) as caught:
                    ask(tmp_path / name)
                assert f"Received: {name!r}" in str(caught.value).replace(f"{tmp_path}/", "")
                assert "\n" not in str(caught.value)

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
    def test_an_unreadable_file(self, make_clip):
        path = make_clip()
        path.chmod(0)
        with pytest.raises(VideoError, match="must be readable"):
            probe(path)

    def test_a_frame_too_large_for_memory(self, make_clip, monkeypatch):
        path = make_clip(size=(64, 48))
        monkeypatch.setattr("vidclass._source.MAX_PIXELS", 64 * 48 - 1)
        with pytest.raises(VideoError, match=r"at most 3,071 pixels.* 64×48"):
            probe(path)
