"""Public clips: pinned, bounded, fetched once."""

import re

import pytest

from tests.fake_hub import Fault, Hub
from vidclass import public_clips
from vidclass.errors import HubError, OptionError

ROOM = 1000
"""Bytes that a clip may have here."""


def only(text):
    (clip,) = public_clips.parse(text)
    return clip


def test_a_clip_is_fetched_once_and_then_without_a_request(hub_server: Hub):
    commit = hub_server.add("user/clips", {"sub/run.mp4": b"film"})
    clip = only(f"user/clips@{commit}/sub/run.mp4|CC BY 4.0")
    assert public_clips.fetch(clip, ROOM).read_bytes() == b"film"
    hub_server.requests.clear()
    assert public_clips.fetch(clip, ROOM).read_bytes() == b"film"
    assert hub_server.requests == []


def test_a_large_clip_is_not_fetched(hub_server: Hub):
    commit = hub_server.add("user/clips", {"run.mp4": bytes(ROOM + 1)})
    with pytest.raises(HubError, match="at most 1000 bytes"):
        public_clips.fetch(only(f"user/clips@{commit}/run.mp4|CC0"), ROOM)
    assert not [line for line in hub_server.requests if line.startswith("GET") and "run.mp4" in line]


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_clip_that_cannot_be_had_is_told_in_one_sentence(hub_server: Hub, status):
    commit = hub_server.add("user/clips", {"run.mp4": b"film"})
    hub_server.faults.append(Fault(re.escape("run.mp4"), status=status, times=99))
    with pytest.raises(HubError, match=r"run\.mp4 must be on the Hub") as told:
        public_clips.fetch(only(f"user/clips@{commit}/run.mp4|CC0"), ROOM)
    assert "\n" not in str(told.value)


def test_several_clips_of_all_kinds_of_repos_are_read():
    commit = 40 * "a"
    clips = public_clips.parse(f"datasets/me/a@{commit}/x/y.mp4|CC0; me/b@{commit}/z.webm|MIT ;")
    assert [(clip.kind, clip.repo, clip.file, clip.title) for clip in clips] == [
        ("dataset", "me/a", "x/y.mp4", "y (CC0)"),
        ("model", "me/b", "z.webm", "z (MIT)"),
    ]
    assert public_clips.parse("") == ()


@pytest.mark.parametrize(
    "text",
    ["me/a@main/x.mp4|CC0", f"me/a@{40 * 'a'}/x.mp4", f"me/a@{40 * 'a'}/../x.mp4|CC0", "https://far.away/x.mp4|CC0"],
)
def test_what_is_not_pinned_or_not_licensed_is_refused(text):
    with pytest.raises(OptionError, match="A public clip must be given as"):
        public_clips.parse(text)
