"""What was measured, for a person: the whole table, and the README's short one.

`python -m tests.benchmark.report` puts the table of `docs/benchmark.json` into the README.
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README, MEASURED = ROOT / "README.md", ROOT / "docs" / "benchmark.json"
PLACE = re.compile(r"(?<=<!-- benchmark -->\n).*?(?=<!-- /benchmark -->\n)", re.DOTALL)
"""Where the table stands in the README."""

WORDS = {
    "tutorial": "tutorial's loop, one output",
    "one": "vidclass, one output",
    "two": "vidclass, two outputs",
    "decode": "floor: decode and scale",
    "infer": "floor: inference",
    "encode": "floor: encode",
    "floor_one": "floor: sum, one output",
    "floor_two": "floor: sum, two outputs",
}
"""What `seconds` are of."""


def table(result: dict) -> str:
    """All figures."""
    spread = result["spread"]
    rows = [("seconds", "median", "from to")]
    rows += [(words, *_seconds(result, name)) for name, words in WORDS.items()]
    rows.append(("", "", ""))
    for name, value in result.items():
        if name in ("seconds", "spread", "growth", "machine") or isinstance(value, str):
            continue
        if isinstance(value, dict):
            rows += [(f"{name} {part}", _short(each), _range(spread[name][part])) for part, each in value.items()]
        else:
            rows.append((name, _short(value), _range(spread[name]) if name in spread else ""))
    rows.append(("", "", ""))
    rows += [
        (f"growth, {each['seconds']:g} s of video", f"{each['took_s']:.2f} s", f"{each['peak_mb']:.0f} MB")
        for each in result["growth"]
    ]
    on = result["machine"]
    head = (
        f"{result['model']} ({result['runtime']}) on {on['processor']}, {on['cores']} cores; "
        f"load before {on['load_before']}"
    )
    return "\n".join([head, *(f"{name:<36}{value:>10}  {extra}".rstrip() for name, value, extra in rows)])


def _seconds(result: dict, name: str) -> tuple[str, str]:
    low, high = result["spread"]["seconds"][name]
    return f"{result['seconds'][name]:.3f}", f"{low:.3f} {high:.3f}"


def _range(spread: list[float]) -> str:
    low, high = spread
    return "" if low == high else f"{_short(low)} {_short(high)}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def markdown(result: dict) -> str:
    """The README's table: what a visitor notices, with the machine that it was measured on."""
    seconds, on = result["seconds"], result["machine"]
    first, last = result["growth"][0], result["growth"][-1]
    tutorial, one, two = (f"{seconds[name]:.1f} s" for name in ("tutorial", "one", "two"))
    families = ", ".join(f"{family} {fps:.0f}" for family, fps in result["family_fps"].items())
    rows = [
        (f"the tutorials' loop: one `predict` a frame, {result['clip_seconds']:g} s of 360p video", tutorial),
        ("vidclass, the same clip and network", f"{one}: {result['tutorial_ratio']:.1f} times as fast"),
        ("vidclass, two outputs, side by side", two),
        (
            "decoding, inference and encoding, each alone and added up",
            f"{seconds['floor_one']:.1f} s: vidclass takes {result['floor_ratio_one']:.2f} times as long, with two "
            f"outputs {result['floor_ratio_two']:.2f} times",
        ),
        ("frames of 360p video a second, by family", families),
        ("1080p, two outputs 1280 pixels wide", f"{result['fps_1080p_two']:.0f} frames a second"),
        ("the page's memory after 1080p clips", f"{result['peak_mb']:.0f} MB at most"),
        (
            f"memory of {first['seconds']:g} s and of {last['seconds']:g} s of video",
            f"{first['peak_mb']:.0f} MB and {last['peak_mb']:.0f} MB",
        ),
        ("`python app.py` until the page answers", f"{result['page_start_s']:.1f} s"),
        ("`python -m vidclass classify`, from start to end", f"{result['cold_clip_s']:.1f} s"),
        ("cores kept busy by a batch", f"{result['batch_cpu_share']:.0%}".replace("%", " %")),
    ]
    machine = f"{on['processor']}, {on['cores']} cores, {result['runtime']}, {result['date'][:10]}"
    return "\n".join([f"| {machine} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]) + "\n"


def main() -> None:
    """Puts the last result into the README."""
    rows = markdown(json.loads(MEASURED.read_text(encoding="utf-8")))
    README.write_text(PLACE.sub(lambda _: rows, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
