"""Metric math by the tables of the user guide, and what is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.semantics.metrics import math, math_grammar
from pointsman.semantics.metrics.math_tree import MathError, Node, NotBuilt, names
from pointsman.semantics.metrics.series import Series, Window

WINDOW = Window(0, 300, 60)


def series(*values: float | None, id: str = "", metric: bool = True) -> Series:  # noqa: A002
    points = {place * 60: float(value) for place, value in enumerate(values) if value is not None}
    return Series(points, 60, id, id, metric)


class Given:
    """A request of some series."""

    def __init__(self, **values: Series) -> None:
        self.values = values
        self.window = WINDOW

    def metrics(self) -> list[Series]:
        return list(self.values.values())

    def named(self, name: str) -> math.Value:
        if name not in self.values:
            raise MathError(f"There is no {name}")
        return self.values[name]

    def search(self, expression: str, statistic: str, period: int) -> list[Series]:
        return [series(float(period), id=f"{expression}/{statistic}")]

    def select(self, query: str) -> list[Series]:
        return [Series({0: float(len(query))}, 60)]

    def band(self, node: Node, series: Series, deviations: float) -> list[Series]:
        return [series.mapped(lambda one: one + deviations), series.mapped(lambda one: one - deviations)]


def run(expression: str, **values: Series) -> Any:
    return math.evaluate(math_grammar.read(expression), Given(**values))


def row(found: Series, length: int = 5) -> list[float | None]:
    return [found.points.get(place * 60) for place in range(length)]


N = None
M1, M2, M3 = series(1, 1, 0, 0, N), series(30, N, 0, 0, 30), series(0, 0, 20, N, 20)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(m1, m2, m3)", [30, 0, 20, N, N]),
        ("IF(m1, 5, m3)", [5, 5, 20, N, N]),
        ("IF(m1, m2, 5)", [30, 0, 5, 5, N]),
        ("IF(m1, m2)", [30, 0, N, N, N]),
        ("IF(1 > 0, m2, m3)", [30, N, 0, 0, 30]),
        ("IF(0, m2, m3)", [0, 0, 20, N, 20]),
        ("IF(0, m2)", [N, N, N, N, N]),
        ("a < b", [0, 0, 1, 0, N]),
        ("a >= 30", [1, 0, 0, 0, N]),
        ("a > 15 AND b > 15", [1, 0, 0, 0, N]),
        ("a > 15 || b > 15 && 0", [1, 1, 0, 0, N]),
        ("a + b", [50, 20, 20, 0, N]),
        ("a / b", [1.5, N, 0, N, N]),
        ("-a ^ 2", [-900, -400, 0, 0, N]),
        ("a ^ -1", [1 / 30, 0.05, N, N, N]),
        ("2 ^ -2 ^ 2 * a", [1.875, 1.25, 0, 0, N]),
        ("100 / a", [100 / 30, 5, N, N, N]),
        ("FILL(b, 7)", [20, 7, 20, 7, 7]),
        ("FILL(b, REPEAT)", [20, 20, 20, 20, 20]),
        ("FILL(b, LINEAR)", [20, 20, 20, N, N]),
        ("FILL(b, a)", [20, 20, 20, 0, N]),
        ("FILL(b, MIN(a))", [20, 0, 20, 0, 0]),
        ("DIFF(b)", [N, N, 0, N, N]),
        ("DIFF_TIME(b)", [N, N, 120, N, N]),
        ("RATE(a)", [N, -10 / 60, -20 / 60, 0, N]),
        ("RUNNING_SUM(a)", [30, 50, 50, 50, N]),
        ("SUM([a, b])", [50, 20, 20, 0, N]),
        ("AVG([a, b])", [25, 10, 10, 0, N]),
        ("MIN([a, b])", [20, 20, 0, 0, N]),
        ("MAX(METRICS())", [30, 20, 20, 0, 30]),
        ("DATAPOINT_COUNT([a, b])", [2, 1, 2, 1, N]),
        ("a - AVG(a)", [17.5, 7.5, -12.5, -12.5, N]),
        ("a / PERIOD(a)", [0.5, 20 / 60, 0, 0, N]),
        ("a * 0 + METRIC_COUNT(METRICS())", [5, 5, 5, 5, N]),
        ("TIME_SERIES(3)", [3, 3, 3, 3, 3]),
        ("FIRST(SORT([m2, a], SUM, DESC))", [30, N, 0, 0, 30]),
        ("LAST(SLICE(SORT([m2, a, b], SUM, DESC), 0, 2))", [30, 20, 0, 0, N]),
        ("FIRST(SORT([a, b], MIN, ASC, 1))", [30, 20, 0, 0, N]),
        ("LOG10(a)", [pytest.approx(1.4771, abs=1e-3), pytest.approx(1.30103), N, N, N]),
        ("CEIL(a / 7)", [5, 3, 0, 0, N]),
        ("FLOOR(a / 7)", [4, 2, 0, 0, N]),
        ("ABS(-a)", [30, 20, 0, 0, N]),
        ("MINUTE(b)", [0, 1, 2, 3, 4]),
        ("DAY(b)", [4, 4, 4, 4, 4]),
        ("YEAR(b) - 1970 + EPOCH(b)", [0, 60, 120, 180, 240]),
        ("LAST(ANOMALY_DETECTION_BAND(a, 3))", [27, 17, -3, -3, N]),
        ("FIRST(SEARCH('{N} x', 'Sum', 300))", [300, N, N, N, N]),
        ("STDDEV([a, b])", [5, 0, 10, 0, N]),
    ],
)
def test_the_tables(expression: str, expected: list[Any]) -> None:
    values = {"a": series(30, 20, 0, 0), "b": series(20, N, 20, N), "m1": M1, "m2": M2, "m3": M3}
    assert row(run(expression, **values)) == expected


@pytest.mark.parametrize(
    ("expression", "length"),
    [("METRICS()", 2), ('METRICS("err")', 1), ("REMOVE_EMPTY(METRICS())", 1), ("METRICS() * 2", 2), ("[errors]", 1)],
)
def test_arrays(expression: str, length: int) -> None:
    found = run(expression, errors=series(1, id="errors"), requests=series(id="requests"))
    assert len(found) == length


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "empty"),
        ("a +", "too early"),
        ("a ! b", "column 3"),
        ("a ) b", "column 3"),
        ("NOPE(a)", "no function NOPE"),
        ("IF(a)", "IF takes"),
        ("ABS(1, 2)", "ABS takes 1"),
        ("PERIOD(a + a)", "takes a metric"),
        ("METRICS() + METRICS()", "two arrays"),
        ("z + 1", "There is no z"),
        ("SORT(a, AVG, ASC)", "SORT takes"),
        ("'text'", "does not belong"),
        ("(" * 41 + "a" + ")" * 41, "levels of brackets"),
        ("a" * 2049, "at most 2048"),
        ("SLICE(METRICS(), 0.5)", "whole numbers"),
        ("1 / 0", "not finite"),
        ("a * 1e360", "1e360 is more than a number can be, at column 5"),
        ("SLICE(METRICS(), 1e360)", "more than a number"),
        ("SORT(METRICS(), AVG, DESC, 1e360)", "more than a number"),
        ("SEARCH('x', 'Sum', 1e360)", "more than a number"),
        ("TIME_SERIES(SUM(FILL(a, 1e308)))", "SUM comes to more"),
    ],
)
def test_what_is_refused(expression: str, words: str) -> None:
    with pytest.raises(MathError, match=words):
        run(expression, a=series(1))


@pytest.mark.parametrize("expression", ["LAMBDA('f')", "SERVICE_QUOTA(a)"])
def test_what_is_not_built_says_so(expression: str) -> None:
    with pytest.raises(NotBuilt, match="not built"):
        run(expression, a=series(1))


@given(
    st.lists(st.none() | st.floats(-1.7e308, 1.7e308), min_size=5, max_size=5),
    st.sampled_from(
        [
            "a ^ 9",
            "a * a",
            "a - -a",
            "RATE(a)",
            "DIFF(a)",
            "SUM([a, a])",
            "AVG([a, a])",
            "STDDEV([a, -a])",
            "RUNNING_SUM(a)",
            "FILL(a, LINEAR)",
            "FILL(a, MAX(a))",
            "TIME_SERIES(SUM(a))",
            "TIME_SERIES(STDDEV(a))",
            "TIME_SERIES(AVG(a))",
            "a / 5e-324",
        ]
    ),
)
def test_what_comes_of_huge_values_is_finite(values: list[float | None], expression: str) -> None:
    try:
        found = run(expression, a=series(*values))
    except MathError:
        return
    assert all(map(isfinite, found.points.values()))


def test_names_are_the_ids_and_no_words() -> None:
    assert names(math_grammar.read("SUM(SORT([m1, e2], AVG, DESC)) + FILL(m3, REPEAT)")) == {"m1", "e2", "m3"}


@given(st.text("m1+-*/^()[],<>=!&|\"' AVGSUMIF.e9", max_size=40))
@settings(max_examples=150, deadline=None)
def test_anything_is_an_expression_or_a_sentence(text: str) -> None:
    reading: Callable[[str], object] = run
    with contextlib.suppress(MathError):
        reading(text)
