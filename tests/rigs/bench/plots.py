"""Plots as inline SVG: bars with a dot per run, percentiles of a delay, and bars of parts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from tests.rigs.bench.paired import Estimate

WIDTH, LEFT, RIGHT, ROW, BOTTOM = 520, 170, 90, 26, 22
COLOURS = frozenset({"bare", "script", "daemon", "browser"})


def bars(values: Mapping[str, tuple[float, Sequence[float]]]) -> str:
    """A horizontal bar for each name, as long as its figure, and a dot for that of each turn."""
    scale = Scale(
        max((most for one, each in values.values() for most in (one, *each)), default=0.0)
    )
    parts = list(_frame(values, scale))
    for row, (name, (one, each)) in enumerate(values.items()):
        y = row * ROW
        width = max(1.0, scale.x(one) - LEFT)
        parts.append(
            f'<rect x="{LEFT}" y="{y + 5}" width="{width:.1f}" height="{ROW - 10}" rx="2" '
            f'fill="{_colour(name)}"/>'
        )
        if len(each) > 1:
            parts += [_dot(scale.x(value), y + ROW / 2) for value in each]
        parts.append(_label(scale.x(max((one, *each))) + 8, y, number(one)))
    return _svg(len(values), parts)


def spread(values: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """For each name from its p50 over p95 to p99, of all turns; dots: the p50 of each turn."""
    scale = Scale(max((ranks[-1] for ranks, _ in values.values()), default=0.0))
    parts = list(_frame(values, scale))
    for row, (name, ((low, high, most), turns)) in enumerate(values.items()):
        y, colour = row * ROW, _colour(name)
        for value, opacity, inset in ((most, 0.3, 9), (high, 0.55, 7), (low, 1.0, 5)):
            width = max(1.0, scale.x(value) - LEFT)
            parts.append(
                f'<rect x="{LEFT}" y="{y + inset}" width="{width:.1f}" height="{ROW - 2 * inset}" '
                f'rx="2" fill="{colour}" opacity="{opacity}"/>'
            )
        parts += [_dot(min(scale.x(one), WIDTH - RIGHT), y + ROW / 2) for one in turns]
        parts.append(_label(scale.x(most) + 6, y, f"{low:.0f} {high:.0f} {most:.0f}"))
    return _svg(len(values), parts)


def intervals(values: Mapping[str, Estimate], limits: Mapping[str, float]) -> str:
    """For each name a ratio as a dot on its interval, and the limit of some as a dashed line."""
    scale = Scale(max([0.0, *(one.high for one in values.values()), *limits.values()]))
    parts = list(_frame(values, scale))
    for row, (name, one) in enumerate(values.items()):
        y = row * ROW + ROW / 2
        low, high = scale.x(one.low), scale.x(one.high)
        parts.append(f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>')
        parts.append(_dot(scale.x(one.value), y))
        if name in limits:
            x = scale.x(limits[name])
            parts.append(
                f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 10}" y2="{y + 10}"/>'
            )
        text = f"{number(one.low)} to {number(one.high)}"
        parts.append(_label(WIDTH - RIGHT + 6, row * ROW, text))
    return _svg(len(values), parts)


def stacked(values: Mapping[str, Mapping[str, float]], parts: Sequence[str]) -> str:
    """For each name its parts, one after the other in the order of `parts`, and their sum."""
    sums = {name: sum(each.values()) for name, each in values.items()}
    scale = Scale(max(sums.values(), default=0.0))
    drawn = list(_frame(values, scale))
    for row, (name, each) in enumerate(values.items()):
        y, before = row * ROW, 0.0
        for part in parts:
            # Rounding can leave a little less than nothing.
            value = max(0.0, each.get(part, 0.0))
            x, width = scale.x(before), scale.x(before + value) - scale.x(before)
            before += value
            if value:
                drawn.append(
                    f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}" '
                    f'fill="{part_colour(parts, part)}"><title>{escape(part)}: {number(value)}'
                    "</title></rect>"
                )
        drawn.append(_label(scale.x(max(before, sums[name])) + 6, y, number(sums[name])))
    return _svg(len(values), drawn)


def part_colour(parts: Sequence[str], part: str) -> str:
    """The colour of a part: far from its neighbours' in hue, readable on light and dark."""
    place = parts.index(part)
    return f"hsl({place * 137.5 % 360:.0f} 55% {45 + 14 * (place % 2)}%)"


class Scale:
    """From 0 to a round number that holds `top`, over the width of a plot."""

    def __init__(self, top: float) -> None:
        self.step = _round_step(top)
        self.top = self.step * max(1, math.ceil(top / self.step - 1e-9))

    def x(self, value: float) -> float:
        """Where a value is."""
        return LEFT + value / self.top * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        """0, the top, and the round numbers between."""
        return [self.step * number for number in range(round(self.top / self.step) + 1)]


def number(value: float) -> str:
    """Three digits, or all that are in front of the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _round_step(top: float) -> float:
    """1, 2 or 5 times a power of ten, so that there are about four steps to the top."""
    if top <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(top / 4))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= top / 4 - 1e-12)


def _frame(names: Mapping[str, object], scale: Scale) -> Iterator[str]:
    """The ticks, and the name of each row."""
    height = len(names) * ROW
    for value in scale.ticks():
        x = scale.x(value)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>'
        yield (
            f'<text class="dim" x="{x:.1f}" y="{height + 15}" text-anchor="middle">{value:g}</text>'
        )
    for row, name in enumerate(names):
        y = row * ROW + ROW / 2 + 4
        yield f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(_short(name))}</text>'


def _short(name: str) -> str:
    return name if len(name) <= 27 else f"{name[:26]}…"


def _colour(name: str) -> str:
    return f"var(--{name if name in COLOURS else 'other'})"


def _dot(x: float, y: float) -> str:
    return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'


def _label(x: float, y: float, text: str) -> str:
    return f'<text class="dim" x="{x:.1f}" y="{y + ROW / 2 + 4}">{escape(text)}</text>'


def _svg(rows: int, parts: Sequence[str]) -> str:
    height = rows * ROW + BOTTOM
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{"".join(parts)}</svg>'
