"""What the queue size does to a model, as two small curves: accuracy and label switches against K."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidclass import _svg

WIDTH, HEIGHT = 420, 210
"""Of a curve, in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 34, 40
"""Margins, in pixels."""


@dataclass(frozen=True)
class Curve:
    """A quantity against the queue size."""

    title: str
    points: tuple[tuple[int, float], ...]
    """Queue sizes, ascending, and values."""
    unit: str = ""


def of(metrics: Mapping[str, Any]) -> list[Curve]:
    """The curves that a bundle's metrics hold; none where smoothing was not measured."""
    measured = metrics.get("by_queue_size") or _mapping(metrics.get("test")).get("by_queue_size")
    sizes = sorted((int(size), _mapping(values)) for size, values in _mapping(measured).items() if str(size).isdigit())
    found = (
        Curve("Frames with the right label", _points(sizes, "frame_accuracy", 100), " %"),
        Curve("Label switches a minute", _points(sizes, "switches_per_minute", 1)),
    )
    return [curve for curve in found if len(curve.points) > 1]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _points(sizes: Sequence[tuple[int, Mapping[str, Any]]], key: str, scale: float) -> tuple[tuple[int, float], ...]:
    return tuple((size, scale * values[key]) for size, values in sizes if isinstance(values.get(key), int | float))


def draw(curve: Curve) -> str:
    """The curve as SVG, with the queue size on a logarithmic axis."""
    sizes, values = zip(*curve.points, strict=True)
    low, high, step = _ticks(min(values), max(values))
    span = math.log2(max(sizes)) or 1.0

    def x(size: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log2(max(size, 1)) / span

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [_svg.text(0, 14, curve.title, "ink", 'font-weight="600"')]
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        parts.append(f'<path class="vc-grid" stroke="currentColor" d="M{LEFT},{y(value):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_svg.text(LEFT - 6, y(value) + 4, f"{value:g}{curve.unit}", "muted", 'text-anchor="end"'))
    line = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in curve.points)
    parts.append(f'<polyline class="vc-0" fill="none" stroke="currentColor" stroke-width="2.5" points="{line}"/>')
    for size, value in curve.points:
        parts.append(
            f'<circle class="vc-0" fill="currentColor" cx="{x(size):.1f}" cy="{y(value):.1f}" r="4">'
            f"<title>K = {size}: {value:.1f}{curve.unit}</title></circle>"
        )
        parts.append(_svg.text(x(size), HEIGHT - BOTTOM + 18, str(size), "muted", 'text-anchor="middle"'))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(_svg.text(middle, HEIGHT - 4, "queue size K", "muted", 'text-anchor="middle"'))
    told = ", ".join(f"{value:.1f}{curve.unit} at K = {size}" for size, value in curve.points)
    return _svg.document(WIDTH, HEIGHT, f"{curve.title}: {told}.", "", "".join(parts))


def _ticks(low: float, high: float) -> tuple[float, float, float]:
    """A round range around two values, and the distance of its three to six marks."""
    rough = max(high - low, abs(high) * 0.02, 1e-3) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = power * next(each for each in (1, 2, 5, 10) if rough <= each * power)
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step, step
