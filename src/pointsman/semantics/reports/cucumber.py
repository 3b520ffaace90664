"""Cucumber's JSON: a scenario is a test, and its worst step is its status."""

from __future__ import annotations

from typing import Any

from pointsman.semantics.reports.jsontree import fields, items, parse
from pointsman.semantics.reports.values import (
    FAILED,
    SKIPPED,
    SUCCEEDED,
    UNKNOWN,
    ReportProblem,
    TestResult,
    message,
    nanoseconds,
)

_STEPS = {
    "passed": SUCCEEDED,
    "failed": FAILED,
    "ambiguous": FAILED,
    "skipped": SKIPPED,
    "pending": SKIPPED,
    "undefined": UNKNOWN,
}
_WORST = (FAILED, UNKNOWN, SKIPPED, SUCCEEDED)


def read(body: bytes) -> list[TestResult]:
    """The scenarios of a Cucumber file.

    Raises:
        ReportProblem: It is none.
    """
    features = parse(body)
    if not isinstance(features, list):
        raise ReportProblem("its outermost value is not a list of features")
    found = []
    for feature in map(fields, features):
        background: list[Any] = []
        for element in map(fields, items(feature.get("elements"))):
            steps = [fields(step) for kind in ("before", "steps", "after") for step in items(element.get(kind))]
            if element.get("type") == "background":
                background = steps
                continue
            found.append(_result(feature, element, background + steps))
            background = []
    return found


def _result(feature: dict[str, Any], scenario: dict[str, Any], steps: list[dict[str, Any]]) -> TestResult:
    results = [fields(step.get("result")) for step in steps]
    statuses = {_STEPS.get(str(result.get("status", "")).lower(), UNKNOWN) for result in results}
    status = next((one for one in _WORST if one in statuses), UNKNOWN)
    return TestResult(
        name=str(scenario.get("name", "")),
        status=status,
        prefix=str(feature.get("name", "")),
        suite=str(feature.get("uri", "")),
        nanoseconds=sum(nanoseconds(result.get("duration", 0), 1) for result in results),
        message=message(*(str(result["error_message"]) for result in results if result.get("error_message"))),
    )
