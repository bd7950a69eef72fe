"""Errors as a visitor sees them: one sentence, never a traceback."""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import gradio as gr

from vidclass.errors import VidclassError

P = ParamSpec("P")
T = TypeVar("T")

LOG = logging.getLogger("vidclass.page")

UNEXPECTED = "Something went wrong on the server, and it was noted there. Try again, or try another clip."
SECONDS_SHOWN = 15
"""How long an error stays on the page: time to read a sentence of three parts."""


@contextmanager
def told() -> Iterator[None]:
    """Tells the visitor what is meant for them, and the server's log all the rest."""
    try:
        yield
    except VidclassError as error:
        raise gr.Error(str(error), duration=SECONDS_SHOWN, print_exception=False) from error
    except (gr.Error, GeneratorExit):
        raise
    except Exception as error:
        LOG.exception("A visitor's request failed.")
        raise gr.Error(UNEXPECTED, duration=SECONDS_SHOWN, print_exception=False) from error


def guarded(function: Callable[P, T]) -> Callable[P, T]:
    """The function, with its errors told."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with told():
            return function(*args, **kwargs)

    return call


def guarded_steps(
    function: Callable[P, Generator[T, None, None]], at_error: T | None = None
) -> Callable[P, Generator[T, None, None]]:
    """The generator function, with its errors told. Closing it closes the function's own generator.

    Args:
        function: Yields what changes on the page.
        at_error: A last step before an error is told, such as one that takes the progress bar away.
    """

    @wraps(function)
    def steps(*args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
        try:
            with told():
                yield from function(*args, **kwargs)
        except gr.Error:
            if at_error is not None:
                yield at_error
            raise

    return steps
