"""Chromium for the tests of the page, and what they all do in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SCREENSHOTS = Path(__file__).parent / "screenshots"
"""Pictures of every state, made anew by each run of the tests; not kept in the repository."""
WIDE, NARROW = 1280, 390
"""Widths of the page that are looked at, in pixels."""
PATIENCE = 60_000
"""Milliseconds that a step in the browser may take on a busy machine."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",  # a webcam that shows a moving test picture
    "--use-fake-ui-for-media-stream",
)
NOISE = ("Method not implemented",)
"""What Gradio's own scripts say on the console in any app."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


class Tab:
    """One visitor's page. What its console says, and what it asks of other machines, is kept."""

    def __init__(self, browser: Any, url: str, width: int = WIDE, dark: bool = False):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900 if width >= WIDE else 844},
            color_scheme="dark" if dark else "light",
            permissions=["camera"],
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._watch(request.url, url))
        self.page.goto(url)
        self.page.get_by_role("button", name="Run", exact=True).wait_for()

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(noise in message.text for noise in NOISE):
            self.complaints.append(f"{message.type}: {message.text}")

    def _watch(self, asked: str, url: str) -> None:
        if not asked.startswith((url, "data:", "blob:")):
            self.complaints.append(f"asked elsewhere: {asked}")

    def open(self, name: str) -> None:
        """Goes to a tab, which on a phone may be in the menu of those that had no room."""
        shown = self.page.locator(".tab-container:not(.visually-hidden) button").get_by_text(name, exact=True)
        if not shown.count():
            self.page.click(".overflow-menu > button")
            shown = self.page.locator(".overflow-dropdown button").get_by_text(name, exact=True)
        shown.first.click()

    def upload(self, clip: Path, part: str = ".vc-clip") -> None:
        """Gives the page a clip, and waits until it has it."""
        self.page.set_input_files(f"{part} input[type=file]", clip)
        self.page.wait_for_selector(f"{part} video")

    def run(self, clip: Path) -> None:
        """Classifies a clip, up to the videos."""
        self.upload(clip)
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.wait_for_videos()

    def wait_for_videos(self) -> None:
        """Waits until all is done and both players can play."""
        self.page.wait_for_selector(".vc-status .vc-done")
        self.page.wait_for_function(
            "() => { const all = [...document.querySelectorAll('.vc-player video')];"
            " return all.length === 2 && all.every((video) => video.readyState === 4); }"
        )

    def players(self) -> list[dict[str, Any]]:
        """Both players: unsmoothed, smoothed."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "() => [...document.querySelectorAll('.vc-player video')].map((v) => ({time: v.currentTime, "
            "paused: v.paused, rate: v.playbackRate, muted: v.muted, duration: v.duration, ready: v.readyState, "
            "width: v.videoWidth, height: v.videoHeight, ended: v.ended, source: v.currentSrc}))"
        )
        return found

    def act(self, number: int, code: str) -> None:
        """Does something to a player, as its own controls would: `act(0, "play()")`."""
        self.page.evaluate(f"() => {{ document.querySelectorAll('.vc-player video')[{number}].{code} }}")

    def wait(self, condition: str) -> None:
        """Waits until an expression over the players, `a` and `b`, holds."""
        self.page.wait_for_function(
            f"() => {{ const [a, b] = document.querySelectorAll('.vc-player video'); return {condition}; }}"
        )

    def slide(self, *sizes: int) -> None:
        """Drags the queue size over some values and lets it go at the last of them."""
        slider = self.page.locator(".vc-queue input[type=range]:visible")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box
        inset = 8  # half of the thumb
        for number, size in enumerate(sizes):
            x = box["x"] + inset + (box["width"] - 2 * inset) * (size - 1) / 255
            self.page.mouse.move(x, box["y"] + box["height"] / 2)
            if number == 0:
                self.page.mouse.down()
        self.page.mouse.up()

    @property
    def queue_size(self) -> int:
        """K, as the slider of the tab that is open has it."""
        return int(self.page.locator(".vc-queue input[type=range]:visible").input_value())

    def shoot(self, name: str) -> None:
        """Takes a picture of the whole page."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def close(self) -> None:
        self.context.close()
