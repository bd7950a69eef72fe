"""The measurements, each a few figures of the result."""

import os
import platform
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.benchmark import footage, ours, processes
from tests.benchmark.worker import Worker
from vidclass import bundle, zoo

PAGE_WIDTH = 1280
"""What the page scales its videos down to."""
REPEATS = 3
"""Runs of whatever is short in a round; the median counts."""
PACKAGES = ("av", "numpy", "opencv-python-headless", "openvino", "keras", "tensorflow", "gradio")


def machine() -> dict:
    """What it ran on."""
    words = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.split(":", 1)[1].strip() for line in words if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "packages": {name: version(name) for name in PACKAGES},
    }


def pick_models(names: list[str]) -> dict[str, Path]:
    """The folder of a model of each family: of those named, or else of the bundled ones."""
    found: dict[str, Path] = {}
    for name in names or zoo.names():
        folder = zoo.resolve(name).folder
        found.setdefault(bundle.read_config(folder).family, folder)
    if "frame-cnn" not in found:
        raise SystemExit("There must be a frame CNN to measure. Name one with --model.")
    return found


def side_by_side(clip: Path, model: Path, rounds: int) -> dict:
    """The tutorial's loop, this program and the floor, in alternating rounds."""
    took = defaultdict(list)
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
                took[name].append(median(worker.run(job, clip, model, **options)["seconds"] for _ in range(REPEATS)))
    stages = list(zip(took["decode"], took["infer"], took["encode"], strict=True))
    floors = {"one": [d + i + e for d, i, e in stages], "two": [d + i + 2 * e for d, i, e in stages]}
    ratios = {
        "tutorial_ratio": [other / own for other, own in zip(took["tutorial"], took["one"], strict=True)],
        "floor_ratio_one": [own / bound for own, bound in zip(took["one"], floors["one"], strict=True)],
        "floor_ratio_two": [own / bound for own, bound in zip(took["two"], floors["two"], strict=True)],
    }
    seconds = {**took, "floor_one": floors["one"], "floor_two": floors["two"]}
    return {
        **{name: median(values) for name, values in ratios.items()},
        "spread": {name: [min(values), max(values)] for name, values in ratios.items()},
        "seconds": {name: {"median": median(v), "min": min(v), "max": max(v)} for name, v in seconds.items()},
    }


def families(clip: Path, models: dict[str, Path], rounds: int) -> dict:
    """Frames of video a second by family, classified and rendered with one output."""
    speeds = defaultdict(list)
    with Worker() as worker:
        for number in range(rounds + 1):
            for family, model in models.items():
                done = worker.run("ours", clip, model)
                if number:
                    speeds[family].append(done["frames"] / done["seconds"])
    return {"family_fps": {family: median(values) for family, values in speeds.items()}}


def full_hd(clip: Path, model: Path, rounds: int) -> dict:
    """1080p with two outputs, as the page runs it, and at the source's own size."""
    with Worker() as worker:
        runs = [worker.run("ours", clip, model, outputs=2, max_width=PAGE_WIDTH) for _ in range(rounds)]
        worker_peak = runs[-1]["peak_mb"]
        whole = [worker.run("ours", clip, model, outputs=2) for _ in range(rounds)]
    return {
        "fps_1080p_two": median(each["frames"] / each["seconds"] for each in runs),
        "fps_1080p_two_full_size": median(each["frames"] / each["seconds"] for each in whole),
        "worker_peak_mb": worker_peak,
    }


def picture(small: Path, large: Path, model: Path) -> dict:
    """Luma PSNR of the written videos against the frames as drawn, in dB."""
    target = small.parent / "picture.mp4"
    return {
        "luma_psnr_db": {
            "360p": ours.luma_psnr(small, model, target),
            "1080p as 720p": ours.luma_psnr(large, model, target, PAGE_WIDTH),
        }
    }


def starts(small: Path, large: Path, model: Path, times: int) -> dict:
    """How long imports and processes take to be there, and the page's memory after a 1080p clip."""
    took = defaultdict(list)
    for number in range(times):
        took["import_s"].append(processes.import_seconds("vidclass"))
        took["import_floor_s"].append(processes.import_seconds("numpy, av, cv2"))
        took["gradio_import_s"].append(processes.run("-c", "import gradio"))
        took["cold_clip_s"].append(processes.run("-m", "vidclass", "classify", str(small), "--model", str(model)))
        with processes.page(model) as served:
            took["page_start_s"].append(served.answered())
            if number == 0:
                took["page_first_videos_s"].append(served.rendered(small))
                served.rendered(large, large)
                took["peak_mb"].append(served.peak_mb())
    return {name: median(values) for name, values in took.items()}


def growth(clip: Path, seconds: float, model: Path, lengths: Sequence[float]) -> dict:
    """Time and memory over longer and longer clips, each in a process of its own."""
    found = []
    for length in lengths:
        times = round(length / seconds)
        long = clip if times == 1 else footage.looped(clip.with_stem(f"long-{times}"), clip, times)
        with Worker() as worker:
            done = worker.run("ours", long, model)
        found.append({"seconds": length, "took_s": done["seconds"], "peak_mb": done["peak_mb"]})
        if long != clip:
            long.unlink()
    return {"growth": found}


def library(folder: Path, model: Path, seconds: float) -> dict:
    """A batch of short clips: the share of all cores that it keeps busy from the first clip to the last."""
    folder.mkdir()
    whole = footage.make(folder / "whole.mp4", 320, 240, seconds, rate=25)
    for number in range(2, 18):
        footage.looped(folder / f"{number:02}.mp4", whole, 1 + number % 3)
    whole.unlink()
    with Worker() as worker:
        worker.run("batch", folder, model)
        done = worker.run("batch", folder, model)
    return {
        "batch_cpu_share": done["cpu_seconds"] / done["seconds"] / (os.cpu_count() or 1),
        "batch_fps": done["frames"] / done["seconds"],
    }
