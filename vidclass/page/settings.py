"""What the owner of a page decides."""

from dataclasses import dataclass

from vidclass.public_clips import PublicClip


@dataclass(frozen=True)
class Settings:
    """Limits of a page; each is told to the visitor where it applies."""

    max_seconds: float = 120.0
    """Longest clip that is taken, in seconds: half a minute of work on two cores."""
    max_megabytes: int = 200
    """Largest upload that is taken, in 10^6 bytes: two minutes of a phone's 1080p video."""
    max_width: int = 1280
    """Annotated videos wider than this are scaled down to it, in pixels: encoding 4K would take longest of all."""
    jobs: int = 2
    """Clips that are worked on at the same time. Each one keeps every core busy, so more of them only share."""
    waiting: int = 20
    """Clips that may wait for their turn; a visitor beyond them is asked to come back."""

    cameras: int = 16
    """Cameras that may stream at the same time; each holds a thread of the server's 40 now and then."""

    public_clips: tuple[PublicClip, ...] = ()
    """Clips on the Hub that are offered beside our own."""

    @property
    def limits(self) -> str:
        """The limits of a clip, as the page says them."""
        return f"Clips of up to {self.max_megabytes} MB and {span(self.max_seconds)}."


def span(seconds: float) -> str:
    """A length of time in words.

    >>> span(90), span(120), span(5)
    ('90 seconds', '2 minutes', '5 seconds')
    """
    if seconds >= 120 and seconds % 60 == 0:
        return f"{seconds / 60:g} minutes"
    return f"{seconds:g} seconds"
