"""Figures -> geometry for charts that the server draws as SVG. Pure: numbers in, numbers out.

All lengths are units of the drawing's own `viewBox`: x runs to the right, y downwards from the upper edge.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt

WIDTH, HEIGHT = 640, 220
TOP, FOOT = 24, 34  # kept free above the bars, and below them for the years
DIGIT = 13  # width of a digit of the scale on a phone, where it is largest
GAP = 0.25  # of a bar's place that stays empty
LINES = 3  # of the scale, at most
WIDEST = 48  # a bar: few of them must not become walls

Figure = tuple[date, int]  # the first day of a month, the number of articles


@dataclass(frozen=True, slots=True)
class Bar:
    month: date
    value: int
    x: float
    y: float
    width: float
    height: float

    @property
    def until(self) -> date:
        return last_day(self.month)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the scale at height `at`, or a year that begins at `at` from the left."""

    at: float
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A column for each month, the oldest first; empty months have one of no height."""

    bars: list[Bar]
    scale: list[Mark]
    years: list[Mark]
    left: float  # where the columns begin: before it stand the scale's numbers
    width: float = WIDTH
    height: float = HEIGHT
    floor: float = HEIGHT - FOOT

    @property
    def most(self) -> Bar:
        """The highest column; of several the newest."""
        return max(self.bars, key=lambda bar: (bar.value, bar.month))

    @property
    def newest_first(self) -> list[Bar]:
        return self.bars[::-1]


def columns(figures: list[Figure]) -> Chart:
    """The chart of these months, one after the other as they are given (`filled` leaves none out)."""
    values = [value for _month, value in figures]
    steps = scale(max(values, default=0))
    left = DIGIT * len(str(steps[-1])) + 8
    slot = (WIDTH - left) / max(len(figures), 1)
    width = min(slot * (1 - GAP), WIDEST)
    unit = (HEIGHT - FOOT - TOP) / steps[-1]
    bars = [
        Bar(
            month,
            value,
            x=round(left + slot * place + (slot - width) / 2, 1),
            y=round(HEIGHT - FOOT - value * unit, 1),
            width=round(width, 1),
            height=round(value * unit, 1),
        )
        for place, (month, value) in enumerate(figures)
    ]
    return Chart(
        bars,
        scale=[Mark(round(HEIGHT - FOOT - step * unit, 1), step) for step in steps],
        years=_years(bars),
        left=left,
    )


def _years(bars: list[Bar]) -> list[Mark]:
    """Where each year begins; the first one is left out where the next would stand in its way."""
    starts = [Mark(bar.x, bar.month.year) for bar in bars if bar.month.month == 1 or bar is bars[0]]
    crowded = len(starts) > 1 and starts[1].at - starts[0].at < 6 * DIGIT
    return starts[1:] if crowded else starts


def scale(most: int) -> list[int]:
    """Round numbers at equal steps up to the first that is not below `most`: 1, 2 or 5 and noughts apart."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if step * LINES >= most:
                return list(range(step, step * max(-(-most // step), 1) + 1, step))
        size *= 10


def filled(figures: Iterable[Figure], *, until: date, limit: int) -> list[Figure]:
    """The last `limit` months up to the one of `until`, or as many as there are figures for; none left out."""
    known = dict(figures)
    month = max([until.replace(day=1), *known])
    months: list[Figure] = []
    while known and month >= min(known) and len(months) < limit:
        months.append((month, known.get(month, 0)))
        month = (month - timedelta(days=1)).replace(day=1)
    return months[::-1]


def last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def shade(value: int, most: int, steps: int = 6) -> int:
    """How dark: 0 for nothing, else 1 to `steps`. By the square root: a few large figures would fade all others."""
    return min(steps, ceil(steps * sqrt(value / most))) if value and most else 0
