"""What is measured: a figure, its target, and the medians it is made of."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    suite: str
    what: str
    measured: float
    target: float | None
    """At most this; None is told for information."""
    unit: str = "x"
    """``x`` for a ratio."""
    of: str = ""
    """What the figure is made of: the medians themselves."""

    @property
    def met(self) -> bool:
        """Whether it is within its target."""
        return self.target is None or self.measured <= self.target

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "met": self.met}


def alternate(runs: int, takers: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Take every measurement ``runs`` times, side by side: forwards in one round, backwards in the next."""
    taken: dict[str, list[T]] = {name: [] for name in takers}
    for turn in range(runs):
        order = list(takers) if turn % 2 == 0 else list(takers)[::-1]
        for name in order:
            taken[name].append(takers[name]())
    return taken


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def spread(values: Sequence[float], scale: float = 1.0, unit: str = "") -> str:
    """``206 [171..208] ms``: the median, the least and the greatest."""
    shown = [_short(one * scale) for one in (median(values), min(values), max(values))]
    return f"{shown[0]} [{shown[1]}..{shown[2]}]{' ' + unit if unit else ''}"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| | what | measured | target | | made of |", "|---|---|---|---|---|---|"]
    for one in figures:
        unit = "" if one.unit == "x" else f" {one.unit}"
        target = "" if one.target is None else f"<= {one.target:g}{unit}"
        verdict = "" if one.target is None else "pass" if one.met else "MISS"
        lines.append(f"| {one.suite} | {one.what} | {_short(one.measured)}{unit} | {target} | {verdict} | {one.of} |")
    return "\n".join(lines)


MARKS = ("<!-- figures: written by the benchmarks run, never by hand -->", "<!-- /figures -->")


def summary(figures: Sequence[Figure], machine: str) -> str:
    """The short table for a page: what, measured, target."""
    lines = ["| what | measured | target |", "|---|---|---|"]
    for one in figures:
        unit = "" if one.unit == "x" else f" {one.unit}"
        target = "" if one.target is None else f"{one.target:g}{unit}" + ("" if one.met else " (missed)")
        lines.append(f"| {one.what} | {_short(one.measured)}{unit} | {target} |")
    return "\n".join([*lines, "", f"`python -m benchmarks`: {machine}."])


def between_marks(page: str, text: str) -> str:
    """The page with the text between its two marks.

    Raises:
        ValueError: The marks are not there.
    """
    begin, end = page.index(MARKS[0]) + len(MARKS[0]), page.index(MARKS[1])
    return f"{page[:begin]}\n\n{text}\n\n{page[end:]}"
