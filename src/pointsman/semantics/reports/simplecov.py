"""SimpleCov's ``.resultset.json``: hits per line, by the command that ran the tests."""

from __future__ import annotations

from typing import Any

from pointsman.semantics.reports.jsontree import fields, items, parse
from pointsman.semantics.reports.values import CoveredFile, ReportProblem


def read(body: bytes) -> list[CoveredFile]:
    """The source files of a SimpleCov file; what several commands have run is added up.

    Raises:
        ReportProblem: It is none.
    """
    results = parse(body)
    if not isinstance(results, dict):
        raise ReportProblem("its outermost value is not an object with a result for each command")
    runs = [fields(fields(result).get("coverage")) for result in results.values()]
    if results and not any("coverage" in fields(result) for result in results.values()):
        raise ReportProblem("it has no coverage: it must be a .resultset.json of simplecov, not of simplecov-json")
    lines: dict[str, dict[int, int]] = {}
    branches: dict[str, dict[tuple[str, str], int]] = {}
    for run in runs:
        for path, told in run.items():
            hits, taken = lines.setdefault(path, {}), branches.setdefault(path, {})
            for number, value in enumerate(items(told) or items(fields(told).get("lines"))):
                if _counts(value):
                    hits[number] = hits.get(number, 0) + value
            for condition, arms in fields(fields(told).get("branches")).items():
                for arm, value in fields(arms).items():
                    if _counts(value):
                        taken[condition, arm] = taken.get((condition, arm), 0) + value
    return [CoveredFile(path, *_split(hits), *_split(branches[path])) for path, hits in lines.items()]


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _split(hits: dict[Any, int]) -> tuple[int, int]:
    covered = sum(1 for value in hits.values() if value > 0)
    return covered, len(hits) - covered
