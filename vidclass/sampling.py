"""Which frames a model judges, and which judgement each frame of the clip carries: arithmetic on times alone.

Time is cut into ticks of `1 / sample_fps` seconds. The first frame to fall into a tick is *sampled*: it is embedded,
once. A window is the last `length` ticks; the head judges it every `hop` ticks, and its row is held until the next.
Windows are thus seconds long, whatever the clip's frame rate, and end at the current frame (they are causal).

Worked example, `sample_fps=5`, `hop=2`, a clip of 25 frames a second. Ticks begin at 0.0, 0.2, 0.4, 0.6 s, which are
frames 0, 5, 10, 15; these are sampled. The head runs at ticks 0, 2, 4, ...: on frames 0, 10, 20. Frames 1 to 9 carry
the row of frame 0, frames 10 to 19 that of frame 10. With `length=3` the window at frame 20 holds frames 10, 15, 20;
the one at frame 0 holds frame 0 alone and is padded: with a mask, or by repeating the first frame.
"""

import math

TICK_TOLERANCE = 1e-4
"""Seconds by which a frame may come early and still open its tick: time bases round (1/90000 s, or whole
milliseconds in Matroska files give up to 5e-4, which shifts a tick by one frame at most)."""


def tick(time: float, sample_fps: float | None, index: int) -> int:
    """The tick that a frame falls into.

    Args:
        time: Seconds from the first frame.
        sample_fps: Ticks a second; None makes every frame a tick of its own.
        index: The frame's number.

    >>> [tick(n / 25, 5.0, n) for n in (0, 4, 5, 9, 10)]
    [0, 0, 1, 1, 2]
    """
    return index if sample_fps is None else math.floor((time + TICK_TOLERANCE) * sample_fps)


def ticks_passed(before: int | None, now: int) -> int:
    """How many ticks a frame opens: 0 means that it is not sampled.

    More than one where the clip is slower than `sample_fps` or pauses: the picture on show during the ticks between
    was the previous one, which is therefore repeated in the window, and not embedded again.
    """
    return 1 if before is None else now - before


def head_runs(before: int | None, now: int, hop: int) -> bool:
    """Whether the head judges at this frame: at the first frame, and whenever a multiple of `hop` ticks is reached.

    >>> [head_runs(before, now, 2) for before, now in [(None, 0), (0, 1), (1, 2), (2, 3), (3, 7)]]
    [True, False, True, False, True]
    """
    return before is None or now // hop > before // hop


def judged(times: list[float], sample_fps: float | None, hop: int) -> tuple[list[int], list[int]]:
    """The frames that are embedded and, among them, those at which the head runs.

    >>> judged([n / 25 for n in range(25)], sample_fps=5.0, hop=2)
    ([0, 5, 10, 15, 20], [0, 10, 20])
    """
    embedded, heads = [], []
    before: int | None = None
    for index, time in enumerate(times):
        now = tick(time, sample_fps, index)
        if ticks_passed(before, now):
            embedded.append(index)
            if head_runs(before, now, hop):
                heads.append(index)
            before = now
    return embedded, heads
