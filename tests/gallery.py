"""Makes the README's picture and clip of the page anew: `python -m tests.gallery`.

Both are taken from the real page with a bundled model, and show nothing but a clip that this project drew.
"""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser import WIDE, Tab, chromium
from tests.real_page import ROOT, real_page
from vidclass.page import examples

DOCS = ROOT / "docs"
PICTURE, MOVIE = DOCS / "page.png", DOCS / "page.webp"
EXAMPLE = "table-tennis.mp4"
FAULT = 3.05
"""Seconds into it: a stretch whose frames, judged alone, get another label than the clip's."""
MOVIE_WIDTH = 960
SHORT, LONG = 100, 1500
"""Milliseconds that a moving and a resting picture stay."""
SIZES = (96, 64, 32, 16, 8, 4, 2, 1, 2, 4, 8, 16, 32, 64, 128)
"""Queue sizes that the clip goes through: down to no smoothing, and back."""


class Movie:
    """Pictures of what the browser shows, each with the milliseconds that it stays."""

    def __init__(self, page: Any):
        self._page = page
        self._pictures: list[Image.Image] = []
        self._stays: list[int] = []

    def shoot(self, stay: int) -> None:
        """Takes the next picture."""
        shown = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        height = round(shown.height * MOVIE_WIDTH / shown.width)
        self._pictures.append(shown.resize((MOVIE_WIDTH, height), Image.Resampling.LANCZOS))
        self._stays.append(stay)

    def save(self, path: Path) -> None:
        """Writes an animated WebP, which GitHub and the Hub show inline."""
        first, *rest = self._pictures
        first.save(path, save_all=True, append_images=rest, duration=self._stays, loop=0, quality=75, method=4)


def film(tab: Tab) -> Movie:
    """Picks the example, runs it, plays both videos, and moves the queue size."""
    movie = Movie(tab.page)
    movie.shoot(LONG)
    pick(tab)
    movie.shoot(LONG)
    tab.page.get_by_role("button", name="Run", exact=True).click()
    tab.page.wait_for_selector(".vc-status .vc-progress")
    movie.shoot(LONG)
    tab.page.wait_for_selector(".vc-verdict h2")
    tab.wait_for_videos()
    movie.shoot(2 * LONG)
    scroll_to(tab, ".vc-queue")
    play(tab, movie, 0.0, 3.0)
    for size in SIZES:
        tab.page.locator(".vc-queue input[type=range]:visible").fill(str(size))
        tab.page.wait_for_function(
            "(size) => document.querySelector('.vc-wide svg').dataset.queueSize === String(size)", arg=size
        )
        movie.shoot(LONG if size == min(SIZES) else 3 * SHORT)
    return movie


def pick(tab: Tab) -> None:
    """Takes the example, as a visitor without a clip does."""
    (title,) = (each.title for each in examples.own() if each.path.name == EXAMPLE)
    tab.page.get_by_role("button", name=title, exact=True).click()
    tab.page.wait_for_selector(".vc-clip video")
    tab.page.wait_for_function("() => document.querySelector('.vc-clip video').readyState >= 2")


def scroll_to(tab: Tab, part: str) -> None:
    """Brings a part of the page to the top of the window."""
    tab.page.evaluate("(part) => document.querySelector(part).scrollIntoView({block: 'start'})", part)


def play(tab: Tab, movie: Movie, start: float, end: float) -> None:
    """Shows both videos from one second to another, a picture each tenth of a second."""
    for step in range(round((end - start) * 10) + 1):
        seek(tab, start + step / 10)
        movie.shoot(SHORT)


def seek(tab: Tab, time: float) -> None:
    """Puts both players at a moment, and waits until they show it."""
    tab.act(0, f"currentTime = {time}")
    tab.wait(f"!a.seeking && !b.seeking && Math.abs(b.currentTime - {time}) < 0.05")
    tab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def picture(tab: Tab, path: Path) -> None:
    """The page from its top down to both videos."""
    seek(tab, FAULT)
    tab.page.evaluate("() => window.scrollTo(0, 0)")
    bottom = tab.page.evaluate("() => document.querySelector('.vc-players').getBoundingClientRect().bottom")
    shot = tab.page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDE, "height": bottom + 16})
    Image.open(io.BytesIO(shot)).convert("RGB").save(path, optimize=True)


def main() -> None:
    """Starts the page, visits it and writes both files."""
    DOCS.mkdir(exist_ok=True)
    with real_page() as url, chromium() as browser:
        tab = Tab(browser, url)
        movie = film(tab)
        picture(tab, PICTURE)
        tab.close()
    movie.save(MOVIE)
    for path in (PICTURE, MOVIE):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
