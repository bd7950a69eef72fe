"""The measurements, each a few figures of the result."""

import os
import platform
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.benchmark import footage, ours, processes
from tests.benchmark.worker import Worker
from vidclass import bundle, runtime, zoo

PAGE_WIDTH = 1280
"""What the page scales its videos down to."""
REPEATS = 3
"""Runs of whatever is short in a round; the median counts."""
CORES = os.cpu_count() or 1
PACKAGES = ("av", "numpy", "opencv-python-headless", "openvino", "keras", "tensorflow", "gradio")


def machine() -> dict:
    """What it ran on."""
    words = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.split(":", 1)[1].strip() for line in words if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": CORES,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "packages": {name: version(name) for name in PACKAGES},
    }


def runtime_of(model: Path) -> str:
    """What runs a model, in words."""
    return runtime.load(bundle.load(model)).runtime


@dataclass
class Result:
    """What was found so far."""

    figures: dict = field(default_factory=dict)
    """Medians by name, or by name and part, such as a family."""
    spread: dict = field(default_factory=dict)
    """The smallest and the largest value of each, likewise."""

    def add(self, name: str, values: Sequence[float], part: str | None = None) -> None:
        """Takes in the values of all rounds."""
        for kept, told in ((self.figures, median(values)), (self.spread, [min(values), max(values)])):
            if part is None:
                kept[name] = told
            else:
                kept.setdefault(name, {})[part] = told


def pick_models(names: list[str]) -> dict[str, Path]:
    """The folder of a model of each family: of those named, or else of the bundled ones."""
    found: dict[str, Path] = {}
    for name in names or zoo.names():
        folder = zoo.resolve(name).folder
        found.setdefault(bundle.read_config(folder).family, folder)
    if "frame-cnn" not in found:
        raise SystemExit("There must be a frame CNN to measure. Name one with --model.")
    return found


def side_by_side(result: Result, clip: Path, model: Path, rounds: int) -> None:
    """The tutorial's loop, this program and the floor, in alternating rounds."""
    took, busy = defaultdict(list), defaultdict(list)
    with Worker() as tutorial, Worker() as program, Worker() as bare:
        jobs = [
            ("one", program, "ours", {"outputs": 1}),
            ("decode", bare, "decode", {}),
            ("infer", bare, "infer", {}),
            ("encode", bare, "encode", {}),
            ("two", program, "ours", {"outputs": 2}),
        ]
        for _, worker, job, options in jobs:  # files and code are in memory from here on
            worker.run(job, clip, model, **options)
        for _ in range(rounds):
            took["tutorial"].append(tutorial.run("tutorial", clip, model)["seconds"])
            for name, worker, job, options in jobs:
                runs = [worker.run(job, clip, model, **options) for _ in range(REPEATS)]
                took[name].append(median(each["seconds"] for each in runs))
                busy[name].append(median(each["cpu_seconds"] / each["seconds"] for each in runs) / CORES)
    stages = list(zip(took["decode"], took["infer"], took["encode"], strict=True))
    took["floor_one"] = [decode + infer + encode for decode, infer, encode in stages]
    took["floor_two"] = [decode + infer + 2 * encode for decode, infer, encode in stages]
    for name, (above, below) in {
        "tutorial_ratio": ("tutorial", "one"),
        "floor_ratio_one": ("one", "floor_one"),
        "floor_ratio_two": ("two", "floor_two"),
    }.items():
        result.add(name, [one / other for one, other in zip(took[above], took[below], strict=True)])
    for name, values in took.items():
        result.add("seconds", values, name)
    for name, values in busy.items():
        result.add("cpu_share", values, name)


def families(result: Result, clip: Path, models: dict[str, Path], rounds: int) -> None:
    """Frames of video a second by family, classified and rendered with one output and with two."""
    speeds = defaultdict(list)
    with Worker() as worker:
        for number in range(rounds + 1):
            for family, model in models.items():
                for name, outputs in (("family_fps", 1), ("family_fps_two", 2)):
                    done = worker.run("ours", clip, model, outputs=outputs)
                    if number:
                        speeds[name, family].append(done["frames"] / done["seconds"])
    for (name, family), values in speeds.items():
        result.add(name, values, family)


def full_hd(result: Result, clip: Path, model: Path, rounds: int) -> None:
    """1080p with two outputs, as the page runs it, and at the source's own size."""
    speeds = defaultdict(list)
    with Worker() as page, Worker() as whole:
        for _ in range(rounds):
            scaled = page.run("ours", clip, model, outputs=2, max_width=PAGE_WIDTH)
            plain = whole.run("ours", clip, model, outputs=2)
            speeds["fps_1080p_two"].append(scaled["frames"] / scaled["seconds"])
            speeds["fps_1080p_two_full_size"].append(plain["frames"] / plain["seconds"])
    for name, values in speeds.items():
        result.add(name, values)
    result.add("worker_peak_mb", [scaled["peak_mb"]])


def picture(result: Result, small: Path, large: Path, model: Path) -> None:
    """Luma PSNR of the written videos against the frames as drawn, in dB."""
    target = small.parent / "picture.mp4"
    result.add("luma_psnr_db", ours.luma_psnr(small, model, target), "360p")
    result.add("luma_psnr_db", ours.luma_psnr(large, model, target, PAGE_WIDTH), "1080p as 720p")


def starts(result: Result, small: Path, large: Path, model: Path, times: int) -> None:
    """How long imports and processes take to be there, and the page's memory after a 1080p clip."""
    took = defaultdict(list)
    classify = ("-m", "vidclass", "classify", str(small), "--model", str(model))
    for number in range(times):
        took["import_s"].append(processes.import_seconds("vidclass"))
        took["import_floor_s"].append(processes.import_seconds("numpy, av, cv2"))
        took["gradio_import_s"].append(processes.run("-c", "import gradio"))
        took["cold_clip_s"].append(processes.run(*classify))
        took["first_clip_s"].append(processes.run(*classify, VIDCLASS_CACHE=""))
        with processes.page(model) as served:
            took["page_start_s"].append(served.answered())
            if number == 0:
                took["page_first_videos_s"].append(served.rendered(small))
                served.rendered(large, large)
                took["peak_mb"].append(served.peak_mb())
    for name, values in took.items():
        result.add(name, values)


def growth(result: Result, clip: Path, seconds: float, model: Path, lengths: Sequence[float]) -> None:
    """Time and memory over longer and longer clips, each in a process of its own."""
    found = result.figures["growth"] = []
    for length in lengths:
        times = round(length / seconds)
        long = clip if times == 1 else footage.looped(clip.with_stem(f"long-{times}"), clip, times)
        with Worker() as worker:
            done = worker.run("ours", long, model)
        found.append({"seconds": length, "took_s": done["seconds"], "peak_mb": done["peak_mb"]})
        if long != clip:
            long.unlink()


def library(result: Result, folder: Path, model: Path, seconds: float) -> None:
    """A batch of short clips: the share of all cores that it keeps busy from the first clip to the last."""
    folder.mkdir()
    whole = footage.make(folder / "whole.mp4", 320, 240, seconds, rate=25)
    for number in range(2, 18):
        footage.looped(folder / f"{number:02}.mp4", whole, 1 + number % 3)
    whole.unlink()
    with Worker() as worker:
        worker.run("batch", folder, model)
        runs = [worker.run("batch", folder, model) for _ in range(REPEATS)]
    result.add("batch_cpu_share", [each["cpu_seconds"] / each["seconds"] / CORES for each in runs])
    result.add("batch_fps", [each["frames"] / each["seconds"] for each in runs])
