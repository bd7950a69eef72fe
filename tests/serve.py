"""The page with fake models in a process of its own, for the tests that visit it: `Server()`.

A process of its own, so that a test can hear what the page's process prints, and Gradio's threads do not mix with
those of other tests.
"""

import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue

from tests import fakes

ROOT = Path(__file__).parent.parent
MAX_SECONDS, MAX_MEGABYTES = 10, 5
"""Limits of the page that is served."""
SLOW = 0.1
"""Seconds that the slow model takes for a frame."""
ANSWER = 60
"""Seconds that a question to the process may take."""


class Server:
    """The process, from the parent's side."""

    def __init__(self, *flags: str):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.serve", *flags],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self.said: list[str] = []
        """What the process printed, other than answers."""
        self._answers: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.url = self._answer()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("answer "):
                self._answers.put(line.removeprefix("answer ").strip())
            else:
                self.said.append(line)
        self._process.stdout.close()

    def _answer(self) -> str:
        try:
            return self._answers.get(timeout=ANSWER)
        except Empty:
            raise AssertionError("the page's process must answer; it said:\n" + "".join(self.said)) from None

    @property
    def calls(self) -> int:
        """Pictures that the models were asked about so far."""
        assert self._process.stdin
        self._process.stdin.write("calls\n")
        return int(self._answer())

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=ANSWER)


def main() -> None:
    """Serves until the parent closes our standard input."""
    import app
    from vidclass import page
    from vidclass.page.shelf import stock

    heads = [
        fakes.classifier(family, metrics={"test": {"top1": top1, "count": 308}})
        for family, top1 in (("frame-cnn", 0.86), ("cnn-gru", 0.88), ("conv3d", 0.83))
    ]
    slow = fakes.classifier(name="fake-slow", labels=("dark", "grey", "bright"))
    quick = slow._embed.function

    def slowly(picture):
        time.sleep(SLOW)
        return quick(picture)

    slow._embed.function = slowly
    models = [*heads, slow]
    options = app.parse(["--max-seconds", str(MAX_SECONDS), "--max-mb", str(MAX_MEGABYTES), *sys.argv[1:]])
    shelf = stock(models, ["A notice for every visitor."])
    blocks = page.build(shelf, app.settings_of(options))
    _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **app.launch_options(options, shelf))
    print(f"answer {url}", flush=True)
    for _ in sys.stdin:
        print("answer", sum(len(each._head.seen) for each in models), flush=True)
    blocks.close()


if __name__ == "__main__":
    main()
