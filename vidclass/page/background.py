"""Work that gives way, so that the page answers while every core is busy with somebody's clip."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

STEPS = 10
"""Of niceness: on a busy core, a thread that gives way gets a tenth of what another one gets."""
LOWEST = 19
"""The last of Linux's steps."""


def behind(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function in a thread that gives way, as do, for good, the threads that are started by it.

    Decoders, encoders and networks start threads of their own when they are opened. Opened here, they leave the cores
    to whoever answers visitors. Python's own threads shall not run here for long: one that holds the interpreter's
    lock and waits for a core would keep all others waiting.

    Only Linux knows the priority of a single thread; elsewhere the function is merely called.
    """
    with ThreadPoolExecutor(1, "behind", _give_way) as thread:
        return thread.submit(function, *args, **kwargs).result()


def _give_way() -> None:
    if sys.platform == "linux":
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, min(LOWEST, os.getpriority(os.PRIO_PROCESS, me) + STEPS))
