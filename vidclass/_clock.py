"""Timestamps to seconds from the first frame, strictly increasing: pure arithmetic, no library."""

from fractions import Fraction

MIN_STEP = 1e-4
"""Seconds between two frames whose timestamps do not increase. Nine ticks of the written file's clock, and so
short that a run of repeated timestamps never pushes the frames after it out of their own places."""

RESTART = 1.0
"""Seconds that a timestamp may lie behind the frame before it and still count as a slip. Beyond, the clock
was started anew (joined recordings, a counter that wrapped). No decoder reorders frames over a whole
second."""

BREAK = 3600.0
"""Seconds that one frame may stand still. Beyond, the timestamp is damaged: no clip shows one picture for an
hour."""


class Clock:
    """Gives every frame its time. The rule, in this order:

    1. The first frame is at 0.0: edit lists, start offsets and time zero of the container do not matter.
    2. A frame without a timestamp follows the frame before it by one frame period.
    3. So does a frame whose timestamp leaps back by more than `RESTART` or ahead by more than `BREAK`, and
       the timestamps after it count from there.
    4. A frame whose timestamp repeats the one before it, or lies behind it, comes `MIN_STEP` after the frame
       before.
    5. Every other frame is exactly where its timestamp says.

    >>> clock = Clock(Fraction(1, 10), Fraction(1, 10))
    >>> [round(clock.time(pts), 4) for pts in (7, 8, 8, 9, None, 12)]
    [0.0, 0.1, 0.1001, 0.2, 0.3, 0.5]

    Args:
        time_base: Fraction. Seconds for one tick of the timestamps.
        period: Fraction. Seconds between two frames at the nominal rate.
    """

    def __init__(self, time_base: Fraction, period: Fraction) -> None:
        self.repaired = 0
        """Frames so far that got another time than their timestamp says (rules 3 and 4)."""
        self._tick = time_base
        self._period = float(period)
        self._origin: int | None = None
        self._last: float | None = None

    def time(self, pts: int | None) -> float:
        """Seconds from the first frame of the next frame, which carries timestamp `pts` in ticks, or none."""
        if self._last is None:
            self._origin = pts
            self._last = 0.0
            return 0.0
        expected = self._last + self._period
        time = expected
        if pts is not None:
            if self._origin is not None:
                time = (pts - self._origin) * self._tick.numerator / self._tick.denominator  # quicker than a Fraction
            if self._origin is None or not -RESTART <= time - self._last <= BREAK:
                self._origin = pts - round(expected / self._tick)
                time = expected
                self.repaired += 1
        if time <= self._last:
            time = self._last + MIN_STEP
            self.repaired += 1
        self._last = time
        return time
