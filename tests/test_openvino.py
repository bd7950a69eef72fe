"""OpenVINO tells nobody that it is used, and several threads can begin to use it at once."""

import os
import subprocess
import sys
from pathlib import Path

from tests import tiny_bundle as tiny

ROOT = Path(__file__).parent.parent

LOAD = """
import faulthandler, sys
from threading import Barrier, Thread
import numpy as np
import vidclass
faulthandler.dump_traceback_later(30, exit=True)
classifier = vidclass.load(sys.argv[1], runtime="openvino")
"""
USE = """
ready = Barrier(4)
def use():
    ready.wait()
    for _ in range(20):
        classifier.embed(np.zeros((16, 16, 3), np.uint8))
threads = [Thread(target=use) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("done")
"""


def python(code, *arguments, **variables):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_nothing_is_told_to_a_server(tmp_path):
    tiny.write(tmp_path / "model")
    code = LOAD + "import multiprocessing; print(sys.modules['openvino_telemetry'], multiprocessing.active_children())"
    done = python(code, tmp_path / "model", HOME=str(tmp_path / "home"))
    assert done.stdout.strip() == "None []", done.stderr
    assert not (tmp_path / "home" / "intel").exists()


def test_threads_that_begin_together_do_not_wait_for_each_other_for_ever(tmp_path):
    tiny.write(tmp_path / "model")
    for _ in range(3):
        done = python(LOAD + USE, tmp_path / "model")
        assert done.stdout.strip() == "done", done.stderr
