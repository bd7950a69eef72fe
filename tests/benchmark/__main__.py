"""Measures, prints a table, and writes JSON where it is asked to.

The figures, with the keys of the JSON:

- `tutorial_ratio`: seconds of the tutorial's loop over ours with one output, frame CNN, on the 360p clip.
- `floor_ratio_one`, `floor_ratio_two`: our seconds with one and two outputs over the floor's: decoding with scaling,
  inference and encoding (twice, for two outputs), each alone, added up.
- `family_fps`, `family_fps_two`: frames of the 360p clip a second, by family, classified and rendered with one and two
  outputs.
- `seconds`, `cpu_share`: of each of these; the share of all cores that it keeps busy.
- `fps_1080p_two`: frames of the 1080p clip a second with two outputs, scaled down to 1280 pixels as the page does;
  `fps_1080p_two_full_size`: not scaled down, as the command line does.
- `luma_psnr_db`: how like the written pictures are to the frames as drawn.
- `peak_mb`: the most memory that the page's process held, in 10^6 bytes, after 1080p clips with two outputs.
- `page_start_s`: from `python app.py` to the first answered request; `gradio_import_s`: a bare `import gradio`.
- `page_first_videos_s`: from `python app.py` to the first clip's two videos, asked for as soon as the page answers.
- `cold_clip_s`: a process that starts, classifies a clip and ends; `first_clip_s`: with no compiled network kept from
  an earlier start.
- `import_s`, `import_floor_s`: `import vidclass`; `import numpy, av, cv2`.
- `growth`: seconds and memory over 10, 60 and 600 seconds of video.
- `batch_cpu_share`: share of all cores that a batch of short clips keeps busy.
- `spread`: the smallest and the largest value behind each median.
"""

import argparse
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmark import footage, measures
from tests.benchmark.report import table


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    small: tuple[int, int] = (640, 360)
    large: tuple[int, int] = (1920, 1080)
    seconds: float = 10.0
    """Length of both clips."""
    lengths: tuple[float, ...] = (10.0, 60.0, 600.0)
    """Of the clips that time and memory grow over, in seconds."""
    starts: int = 5
    """Starts of each process."""


QUICK = Plan((160, 96), (320, 180), seconds=0.5, lengths=(0.5, 1.0), starts=1)
"""Enough to see that everything works; its figures mean nothing."""


def measure(names: list[str], rounds: int, plan: Plan, folder: Path) -> dict:
    """All figures.

    Args:
        names: Models, one of a family; the bundled ones if there are none.
        rounds: Of the comparison.
        plan: How much is measured.
        folder: Where clips are made.
    """
    models = measures.pick_models(names)
    model = models["frame-cnn"]
    result = measures.Result({"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": measures.machine()})
    result.figures |= {"model": model.name, "runtime": measures.runtime_of(model)}
    result.figures |= {"rounds": rounds, "clip_seconds": plan.seconds}
    small = footage.make(folder / "small.mp4", *plan.small, plan.seconds)
    large = footage.make(folder / "large.mp4", *plan.large, plan.seconds)
    measures.side_by_side(result, small, model, rounds)
    measures.families(result, small, models, rounds)
    measures.full_hd(result, large, model, rounds)
    measures.picture(result, small, large, model)
    measures.library(result, folder / "library", model, max(1.0, plan.seconds / 5))
    measures.growth(result, small, plan.seconds, model, plan.lengths)
    measures.starts(result, small, large, model, plan.starts)
    return {**result.figures, "spread": result.spread}


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description="How fast it is, side by side.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="one of a family; default: bundled"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="tiny clips, to see that everything works")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="vidclass-benchmark-") as folder:
        result = measure(chosen.model, chosen.rounds, QUICK if chosen.quick else Plan(), Path(folder))
    print(table(result))
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
