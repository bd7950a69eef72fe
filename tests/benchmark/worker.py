"""A process in which things are timed, so that none shares memory, threads or a warm cache with another.

`python -m tests.benchmark.worker` reads a job a line (JSON), runs it, and answers with a line. What a job needs is
prepared the first time and does not count.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any

from tests.benchmark import floor, library, ours, tutorial

JOBS = {
    "tutorial": tutorial.prepare,
    "decode": floor.prepare_decode,
    "infer": floor.prepare_infer,
    "encode": floor.prepare_encode,
    "ours": ours.prepare,
    "batch": library.prepare,
}
ROOT = Path(__file__).parent.parent.parent


class Worker:
    """A process that runs jobs, seen from outside. Use it in a `with`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmark.worker"],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, job: str, clip: Path, model: Path, **options: Any) -> dict[str, float]:
        """Runs a job: `frames`, `seconds` and CPU `cpu_seconds` that it took, and the process's `peak_mb` so far."""
        request = {"job": job, "clip": str(clip), "model": str(model), **options}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The worker must answer. It ended instead, at {request}.")
        return json.loads(answer)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def peak_mb(process: int | str = "self") -> float:
    """The most memory that a process has held so far, in 10^6 bytes.

    Of Linux' own books: `resource.getrusage` counts what the parent held when it started the process.
    """
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


@cache
def _prepared(job: str, clip: str, model: str, options: str):
    target = Path(clip).parent / f"out-{os.getpid()}{'.avi' if job == 'tutorial' else '.mp4'}"
    return JOBS[job](Path(clip), Path(model), target, **json.loads(options))


def main() -> None:
    """Answers jobs until there are no more."""
    for line in sys.stdin:
        request = json.loads(line)
        job, clip, model = (request.pop(key) for key in ("job", "clip", "model"))
        work = _prepared(job, clip, model, json.dumps(request, sort_keys=True))
        before, begun = os.times(), perf_counter()
        frames = work()
        seconds, after = perf_counter() - begun, os.times()
        answer = {
            "frames": frames,
            "seconds": seconds,
            "cpu_seconds": after.user + after.system - before.user - before.system,
            "peak_mb": peak_mb(),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
