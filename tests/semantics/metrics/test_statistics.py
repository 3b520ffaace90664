"""Statistics against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.metrics import statistics
from pointsman.semantics.metrics.statistics import Statistic

SPREADS = st.lists(
    st.tuples(st.floats(0, 1e6, allow_nan=False), st.integers(1, 20).map(float)), min_size=1, max_size=30
)


def stat(name: str) -> Statistic:
    found = statistics.parse(name)
    assert found is not None
    return found


def flat(spread: list[tuple[float, float]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.sort(np.repeat([value for value, _ in spread], [int(count) for _, count in spread]))


@given(SPREADS, st.sampled_from(["0", "1", "25", "50", "90", "99", "99.9", "100"]))
def test_percentiles_are_numpys_inverted_distribution(spread: list[tuple[float, float]], percent: str) -> None:
    expected = np.percentile(flat(spread), float(percent), method="inverted_cdf")
    assert statistics.over(stat(f"p{percent}"), spread) == expected


@given(SPREADS, st.integers(0, 49), st.integers(51, 100))
def test_trimmed_and_winsorized(spread: list[tuple[float, float]], low: int, high: int) -> None:
    values = flat(spread)
    first, last = len(values) * low // 100, -(-len(values) * high // 100)
    kept = values[first:last]
    bounds = f"({low}%:{high}%)"
    assert statistics.over(stat("TM" + bounds), spread) == pytest.approx(float(kept.mean()), rel=1e-9, abs=1e-9)
    assert statistics.over(stat("TC" + bounds), spread) == len(kept)
    assert statistics.over(stat("TS" + bounds), spread) == pytest.approx(float(kept.sum()), rel=1e-9, abs=1e-9)
    clipped = np.clip(values, kept[0], kept[-1])
    assert statistics.over(stat("WM" + bounds), spread) == pytest.approx(float(clipped.mean()), rel=1e-9, abs=1e-9)


@given(SPREADS, st.floats(0, 1e6).map(lambda value: round(value, 3)))
def test_rank_and_fixed_bounds(spread: list[tuple[float, float]], bound: float) -> None:
    values = flat(spread)
    share = float((values <= bound).mean() * 100)
    assert statistics.over(stat(f"PR(:{bound:.3f})"), spread) == pytest.approx(share)
    assert statistics.over(stat(f"TC({bound:.3f}:)"), spread) == (values > bound).sum()
    kept = values[values <= bound]
    expected = pytest.approx(float(kept.mean())) if len(kept) else None
    assert statistics.over(stat(f"TM(:{bound:.3f})"), spread) == expected


def test_the_interquartile_mean() -> None:
    assert statistics.over(stat("IQM"), [(float(value), 1.0) for value in range(1, 9)]) == 4.5


def test_negative_values_have_no_percentiles() -> None:
    assert statistics.over(stat("p50"), [(-1.0, 1.0), (2.0, 1.0)]) is None


@pytest.mark.parametrize(
    "name",
    [
        "p101",
        "P99",
        "tm",
        "TM()",
        "TM(:)",
        "TM(5:95%)",
        "TM(95%:5%)",
        "PR(1%:2%)",
        "average",
        "p-1",
        "tm90%",
        "TM(90%)",
    ],
)
def test_what_is_no_statistic(name: str) -> None:
    assert statistics.parse(name) is None


def test_samples_a_percentile_needs() -> None:
    assert statistics.samples_needed(stat("p99")) == pytest.approx(1000)
    assert statistics.samples_needed(stat("p10")) == pytest.approx(100)
    assert statistics.samples_needed(stat("Average")) == 0
