"""A batch's results: a file of JSON lines that grows by whole lines and can be taken up again after any end."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from vidclass.errors import OptionError

if sys.platform != "win32":
    import fcntl

RUN = ("model", "source", "queue_size")
"""Fields in which all lines of a file agree."""


class Results:
    """The file, open for adding lines. Use it in a `with`.

    A line that was cut off when a process was killed is removed, and its clip is done again.
    """

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: The file; made if there is none.

        Raises:
            OptionError: It cannot be written, holds something else, or another process is writing it.
        """
        self.path = path
        self.done: set[str] = set()
        """Names of the clips that it has a line of."""
        self.failed = 0
        """Lines of clips that could not be classified."""
        self._run: tuple[Any, ...] | None = None
        try:
            self._stream: BinaryIO = path.open("a+b", buffering=0)
        except OSError as error:
            raise OptionError(
                f"The results must be a file that can be written. Received: {path} ({error.strerror}). "
                "Create its folder, or name another file."
            ) from error
        try:
            self._lock()
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
        except BlockingIOError as error:
            raise OptionError(
                f"The results must be written by one process at a time. Received: {self.path}, which another batch "
                "has open. Give each shard a file of its own; they can be joined with cat."
            ) from error
        except OSError:  # a file system without locks
            return

    def _read(self) -> None:
        whole = 0
        self._stream.seek(0)
        with open(self._stream.fileno(), "rb", closefd=False) as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    break
                self._take_in(number, line)
                whole += len(line)
        if whole < self._stream.seek(0, os.SEEK_END):
            self._stream.truncate(whole)

    def _take_in(self, number: int, line: bytes) -> None:
        try:
            values = json.loads(line)
            name, run = values["path"], tuple(values[field] for field in RUN)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise OptionError(
                f"The results must be a file of a batch's lines. Received: {self.path}, whose line {number} is none. "
                "Name another file."
            ) from error
        self._check_run(run)
        self.done.add(name)
        self.failed += "error" in values

    def _check_run(self, run: tuple[Any, ...]) -> None:
        if self._run not in (None, run):
            raise OptionError(
                f"The results must be of one model and one queue size. Received: {self.path}, which has lines of "
                f"{_told(self._run)}, and a run of {_told(run)}. Name another file."
            )
        self._run = run

    def check(self, model: str, source: str, queue_size: int) -> None:
        """Makes sure that the lines so far are of the same run.

        Raises:
            OptionError: They are of another model or queue size.
        """
        self._check_run((model, source, queue_size))

    def add(self, line: Mapping[str, Any]) -> None:
        """Writes a line, whole.

        Raises:
            OptionError: The disk is full, or gone.
        """
        try:
            data = memoryview(json.dumps(line, ensure_ascii=True).encode("ascii") + b"\n")
            while data:  # a write may take a part only
                data = data[self._stream.write(data) :]
        except OSError as error:
            raise OptionError(
                f"The results must be a file that can be written. Received: {self.path} ({error.strerror}). "
                "Free some space and start again: what is done is kept."
            ) from error
        self.done.add(line["path"])
        self.failed += "error" in line

    def __enter__(self) -> "Results":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def _told(run: tuple[Any, ...] | None) -> str:
    model, source, queue_size = run or ("", "", "")
    return f"{model} ({source}) with a queue of {queue_size}"
