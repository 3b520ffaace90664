"""Which functions and aggregations there are, and how many arguments they take."""

from __future__ import annotations

from typing import Final

from pointsman.semantics.logs.insights.syntax import Expression, Literal, Period

_MANY: Final = 99

FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "abs": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "greatest": (1, _MANY),
    "least": (1, _MANY),
    "log": (1, 1),
    "sqrt": (1, 1),
    "ispresent": (1, 1),
    "coalesce": (1, _MANY),
    "if": (3, 3),
    "case": (2, _MANY),
    "jsonparse": (1, 1),
    "jsonstringify": (1, 1),
    "isempty": (1, 1),
    "isblank": (1, 1),
    "concat": (1, _MANY),
    "ltrim": (1, 2),
    "rtrim": (1, 2),
    "trim": (1, 2),
    "strlen": (1, 1),
    "toupper": (1, 1),
    "tolower": (1, 1),
    "substr": (2, 3),
    "replace": (3, 3),
    "strcontains": (2, 2),
    "bin": (1, 1),
    "datefloor": (2, 2),
    "dateceil": (2, 2),
    "frommillis": (1, 1),
    "tomillis": (1, 1),
    "now": (0, 0),
    "isvalidip": (1, 1),
    "isvalidipv4": (1, 1),
    "isvalidipv6": (1, 1),
    "isipinsubnet": (2, 2),
    "isipv4insubnet": (2, 2),
    "isipv6insubnet": (2, 2),
}
"""Functions by name in lower case: the fewest and the most arguments."""

AGGREGATIONS: Final[dict[str, tuple[int, int]]] = {
    "avg": (1, 1),
    "count": (0, 1),
    "count_distinct": (1, 1),
    "max": (1, 1),
    "min": (1, 1),
    "pct": (2, 2),
    "percentile": (2, 2),
    "median": (1, 1),
    "stddev": (1, 1),
    "sum": (1, 1),
    "earliest": (1, 1),
    "latest": (1, 1),
    "sortsfirst": (1, 1),
    "sortslast": (1, 1),
}
"""Aggregations by name in lower case."""

TIMES: Final = frozenset(("bin", "datefloor", "dateceil", "frommillis"))
"""Functions that make a time stamp."""
_PERIODS: Final = {"bin": 0, "datefloor": 1, "dateceil": 1}


def problem(name: str, arguments: tuple[Expression, ...]) -> str | None:
    """Why a call cannot be; None when it can."""
    bounds = FUNCTIONS.get(name) or AGGREGATIONS.get(name)
    if bounds is None:
        return f"there is no function {name!r}"
    fewest, most = bounds
    if not fewest <= len(arguments) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} or more" if most == _MANY else f"{fewest} to {most}"
        return f"{name} takes {wanted} arguments, not {len(arguments)}"
    if name in _PERIODS and not isinstance(arguments[_PERIODS[name]], Period):
        return f"{name} takes a period such as 5m"
    if name in ("pct", "percentile"):
        share = arguments[1]
        if not (isinstance(share, Literal) and isinstance(share.value, int | float) and 0 <= share.value <= 100):
            return f"{name} takes a number from 0 to 100"
    return None
