"""Bars in an SVG, measured here and drawn by `templates/plan/charts.html`: no script, readable in print."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 240, 44, 28, 12
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Bar:
    """One bar; `series` is its place among those of its group. `value` None: nothing is known there."""

    series: int
    x: float
    y: float
    width: float
    height: float
    value: float | None


@dataclass(frozen=True)
class BarGroup:
    """The bars of one label, whose middle lies at `x`."""

    label: str
    x: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class BarChart:
    """What is drawn: groups of bars, and lines at round numbers (value, y)."""

    groups: tuple[BarGroup, ...]
    lines: tuple[tuple[float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: float = HEIGHT - BOTTOM


def bar_chart(labels: Sequence[str], series: Sequence[Sequence[float | None]]) -> BarChart:
    """A group of bars for each label, with a bar of each series in it."""
    top = _round_up(max((value for values in series for value in values if value is not None), default=0.0))
    room = HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT) / max(len(labels), 1)
    wide = step * 0.76 / max(len(series), 1)

    def bar(place: int, label: int, value: float | None) -> Bar:
        tall = round(room * (value or 0) / top, 1)
        x = LEFT + step * label + step * 0.12 + wide * place
        return Bar(place, round(x, 1), round(HEIGHT - BOTTOM - tall, 1), round(wide - 2, 1), tall, value)

    return BarChart(
        groups=tuple(
            BarGroup(
                label,
                round(LEFT + step * (number + 0.5), 1),
                tuple(bar(place, number, values[number]) for place, values in enumerate(series)),
            )
            for number, label in enumerate(labels)
        ),
        lines=tuple((top * part / 4, round(HEIGHT - BOTTOM - room * part / 4, 1)) for part in range(5)),
    )


def _round_up(value: float) -> float:
    """The next round number, four times which steps of 1, 2, 2.5 or 5 give."""
    if value <= 0:
        return 4.0
    size = 1.0
    while size * 40 < value:
        size *= 10
    while size * 4 >= value and size > 0.001:
        size /= 10
    return next(size * step * 4 for step in _STEPS if size * step * 4 >= value)
