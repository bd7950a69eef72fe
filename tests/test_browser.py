"""The real page in a real browser: what a visitor sees, hears and can do."""

import json
import re
import statistics
import zipfile

import av
import pytest

from tests.browser import Tab
from tests.conftest import FLICKER_FRAMES, FLICKERS

pytestmark = pytest.mark.browser

STEP = 0.1
"""Seconds by which players may be apart."""


@pytest.fixture(scope="module")
def result(site, browser, flicker):
    """A visitor with a result on the page; tests put it back as they found it."""
    made = Tab(browser, site.url)
    made.run(flicker)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def players(result):
    """Its two players, at rest at the start."""
    result.act(0, "pause()")
    result.page.select_option(".vc-speed", "1")
    result.act(0, "currentTime = 0")
    result.wait("a.paused && b.paused && !a.seeking && !b.seeking && a.currentTime < 0.05 && b.currentTime < 0.05")
    return result


def test_label_chart_and_videos_come_back(result):
    assert result.page.inner_text(".vc-verdict h2") == "dark 73 %"
    assert "24" in result.page.inner_text(".vc-figures tbody tr:first-child")
    assert result.page.locator(".vc-timeline svg").count() == 2
    for player in result.players():
        assert (player["ready"], player["width"], player["height"]) == (4, 320, 180)
        assert player["duration"] == pytest.approx(4, abs=0.05)
    assert len({player["source"] for player in result.players()}) == 2


def test_the_videos_really_play_and_keep_in_step(players):
    players.act(0, "play()")
    players.wait("a.currentTime > 0.5 && b.currentTime > 0.5")
    assert statistics.median(drift(players) for _ in range(20)) < STEP  # a busy machine may drop frames of one
    assert players.page.evaluate(
        "() => [...document.querySelectorAll('.vc-player video')].every((v) => v.getVideoPlaybackQuality()"
        ".totalVideoFrames > 5 && !v.error)"
    )
    assert [player["muted"] for player in players.players()].count(False) == 1


def drift(tab):
    """Seconds between the players, read at one moment."""
    return tab.page.evaluate(
        "() => { const [a, b] = document.querySelectorAll('.vc-player video');"
        " return Math.abs(a.currentTime - b.currentTime); }"
    )


@pytest.mark.parametrize(("acted", "other"), [("a", "b"), ("b", "a")])
def test_what_is_done_to_one_player_moves_the_other(players, acted, other):
    number = "ab".index(acted)
    players.act(number, "currentTime = 2")
    players.wait(f"Math.abs({other}.currentTime - 2) < 0.05")
    players.act(number, "play()")
    players.wait(f"!{other}.paused && {other}.currentTime > 2.2 && Math.abs(a.currentTime - b.currentTime) < {STEP}")
    players.act(number, "currentTime = 0.5")
    players.wait(f"{other}.currentTime < 1.5 && Math.abs(a.currentTime - b.currentTime) < {STEP}")
    players.act(number, "playbackRate = 2")
    players.wait(f"Math.abs({other}.playbackRate - 2) < 0.7 && Math.abs(a.currentTime - b.currentTime) < {STEP}")
    assert players.page.input_value(".vc-speed") == "2"
    players.act(number, "pause()")
    players.wait(f"{other}.paused && Math.abs(a.currentTime - b.currentTime) < 0.05")
    players.act(number, "currentTime = 3.9")
    players.act(number, "play()")
    players.wait("a.paused && b.paused && a.currentTime > 3.9 && b.currentTime > 3.9")


def test_one_button_plays_both_at_the_chosen_speed(players):
    players.page.select_option(".vc-speed", "0.5")
    players.page.click(".vc-play")
    players.wait("!a.paused && !b.paused && a.playbackRate < 0.9 && b.playbackRate < 0.9")
    assert players.page.inner_text(".vc-play") == "Pause both"
    players.page.click(".vc-play")
    players.wait("a.paused && b.paused")


def playhead(tab):
    """Seconds at which the playhead stands, from its place in the chart."""
    return tab.page.evaluate(
        "() => { const chart = [...document.querySelectorAll('.vc-timeline svg')].find((c) => c.clientWidth);"
        " const {left, right, duration} = chart.dataset; const x = chart.querySelector('.vc-playhead')"
        ".getAttribute('transform').match(/[\\d.]+/)[0]; return (x - left) / (right - left) * duration; }"
    )


def on_chart(tab, share):
    """A point of the chart at a share of the clip, in pixels."""
    tab.page.locator(".vc-timeline").scroll_into_view_if_needed()
    box = tab.page.locator(".vc-timeline .vc-wide svg").bounding_box()
    left, right, width = tab.page.evaluate(
        "() => { const chart = document.querySelector('.vc-timeline .vc-wide svg');"
        " return [+chart.dataset.left, +chart.dataset.right, chart.viewBox.baseVal.width]; }"
    )
    return box["x"] + box["width"] * (left + (right - left) * share) / width, box["y"] + 100


def test_the_playhead_follows_and_the_chart_seeks(players):
    players.act(0, "play()")
    players.wait("a.currentTime > 0.6")
    assert abs(playhead(players) - players.players()[0]["time"]) < 0.3
    players.act(0, "pause()")
    players.page.mouse.click(*on_chart(players, 0.5))
    players.wait("Math.abs(a.currentTime - 2) < 0.05 && Math.abs(b.currentTime - 2) < 0.05")
    players.page.mouse.move(*on_chart(players, 0.5))
    players.page.mouse.down()
    players.page.mouse.move(*on_chart(players, 0.75), steps=4)
    players.page.mouse.up()
    players.wait("Math.abs(a.currentTime - 3) < 0.05 && Math.abs(b.currentTime - 3) < 0.05")
    players.page.wait_for_timeout(100)
    assert abs(playhead(players) - 3) < 0.05


def test_the_chart_is_a_slider_for_the_keyboard(players):
    chart = players.page.locator(".vc-timeline")
    assert chart.get_attribute("role") == "slider" and chart.get_attribute("tabindex") == "0"
    chart.focus()
    for key in ("PageUp", "PageUp", "ArrowRight"):
        players.page.keyboard.press(key)
    players.wait("Math.abs(a.currentTime - 2.04) < 0.02 && Math.abs(b.currentTime - 2.04) < 0.04")
    players.page.wait_for_function("() => document.querySelector('.vc-timeline').ariaValueNow === '2.04'")
    assert "dark" in chart.get_attribute("aria-valuetext")
    players.page.keyboard.press("Home")
    players.wait("a.currentTime === 0 && b.currentTime < 0.04")
    players.page.keyboard.press("Space")
    players.wait("!a.paused && !b.paused")


def test_the_chart_tells_what_is_under_the_pointer(players):
    players.page.mouse.move(*on_chart(players, (FLICKERS[3] + 0.5) / FLICKER_FRAMES))
    told = players.page.inner_text(".vc-tip")
    assert re.match(r"1\.2\d s\s+frame\s+mean\s+label\s+bright\s+dark", told)
    assert re.search(r"bright\s+80 %\s+1\d %", told)
    players.page.mouse.move(5, 5)
    players.page.wait_for_selector(".vc-tip", state="hidden")


def test_another_queue_size_is_drawn_at_once_and_never_infers(site, result):
    calls = site.calls
    result.slide(result.queue_size, 60, 3)
    smooth = result.queue_size
    assert smooth < 10
    result.page.wait_for_function(
        f"() => document.querySelector('.vc-meaning').innerText.startsWith('{smooth} frames')"
    )
    assert f"Mean of last {smooth}" in result.page.inner_text(".vc-figures")
    assert result.page.get_attribute(".vc-timeline svg", "data-queue-size") == str(smooth)
    result.page.wait_for_selector(f".vc-player:has-text('mean of last {smooth} frames')")
    result.wait_for_videos()
    assert site.calls == calls
    assert all(player["ready"] == 4 for player in result.players())


def test_the_queue_size_can_be_set_by_keyboard(result):
    before = result.queue_size
    result.page.locator(".vc-queue input[type=range]").focus()
    result.page.keyboard.press("ArrowRight")
    result.page.wait_for_selector(f".vc-player:has-text('mean of last {before + 1} frames')")
    result.wait_for_videos()


def test_the_queue_size_can_be_put_back(result):
    result.page.locator(".vc-queue button[aria-label='Reset to default value']").click()
    result.page.wait_for_selector(".vc-timeline svg[data-queue-size='128'] >> visible=true")
    result.page.wait_for_selector(".vc-player:has-text('mean of last 128 frames')")
    result.wait_for_videos()


def test_everything_can_be_kept_as_one_zip(result, tmp_path):
    with result.page.expect_download() as waiting:
        result.page.click(".vc-keep")
    waiting.value.save_as(tmp_path / "kept.zip")
    assert waiting.value.suggested_filename == "flicker-vidclass.zip"
    size = result.queue_size
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        assert archive.testzip() is None
        names = {f"flicker-{size}.{ending}" for ending in ("png", "svg", "csv", "json", "vtt")}
        assert set(archive.namelist()) == {"flicker-unsmoothed.mp4", f"flicker-smoothed-{size}.mp4", *names}
        archive.extractall(tmp_path)
    for name in ("flicker-unsmoothed.mp4", f"flicker-smoothed-{size}.mp4"):
        with av.open(str(tmp_path / name)) as video:
            assert sum(1 for _ in video.decode(video=0)) == FLICKER_FRAMES
    told = json.loads((tmp_path / f"flicker-{size}.json").read_text(encoding="utf-8"))
    assert (told["label"], told["queue_size"], told["frames"]) == ("dark", size, FLICKER_FRAMES)
    assert len((tmp_path / f"flicker-{size}.csv").read_text(encoding="utf-8").splitlines()) == FLICKER_FRAMES + 1
    assert (tmp_path / f"flicker-{size}.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert (tmp_path / f"flicker-{size}.svg").read_text(encoding="utf-8").startswith("<svg")
    assert (tmp_path / f"flicker-{size}.png").read_bytes().startswith(b"\x89PNG")
