"""NUnit's own XML: the form of NUnit 2, and that of NUnit 3."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from pointsman.semantics.reports.values import (
    ERROR,
    FAILED,
    SKIPPED,
    SUCCEEDED,
    UNKNOWN,
    TestResult,
    message,
    nanoseconds,
    parent,
)
from pointsman.semantics.reports.xmltree import parse, text

_RESULTS_2 = {
    "success": SUCCEEDED,
    "failure": FAILED,
    "error": ERROR,
    "notrunnable": ERROR,
    "cancelled": ERROR,
    "ignored": SKIPPED,
    "skipped": SKIPPED,
}
_RESULTS_3 = {"passed": SUCCEEDED, "failed": FAILED, "skipped": SKIPPED}
_BROKEN = frozenset({"error", "invalid", "cancelled"})


def read_2(body: bytes) -> list[TestResult]:
    """The test results of a file of NUnit 2.

    Raises:
        ReportProblem: It is none.
    """
    return [_result_2(case, suite) for case, suite in _cases(parse(body, "test-results"), "")]


def read_3(body: bytes) -> list[TestResult]:
    """The test results of a file of NUnit 3.

    Raises:
        ReportProblem: It is none.
    """
    return [_result_3(case, suite) for case, suite in _cases(parse(body, "test-run", "test-suite"), "")]


def _cases(element: Element, suite: str) -> Iterator[tuple[Element, str]]:
    name = element.get("name", suite) if element.tag == "test-suite" else suite
    for child in element:
        if child.tag == "test-case":
            yield child, name
        elif child.tag in ("test-suite", "results"):
            yield from _cases(child, name)


def _told(case: Element) -> str:
    return message(
        text(case.find("failure/message")), text(case.find("failure/stack-trace")), text(case.find("reason/message"))
    )


def _result_2(case: Element, suite: str) -> TestResult:
    name, found = case.get("name", ""), case.get("result", "").lower()
    status = _RESULTS_2.get(found, UNKNOWN)
    if not found:  # before NUnit 2.5
        ran = case.get("executed", "").lower() != "false"
        status = (SUCCEEDED if case.get("success", "").lower() == "true" else FAILED) if ran else SKIPPED
    return TestResult(name, status, parent(name) or suite, suite, nanoseconds(case.get("time", "0")), _told(case))


def _result_3(case: Element, suite: str) -> TestResult:
    status = _RESULTS_3.get(case.get("result", "").lower(), UNKNOWN)
    if status == FAILED and case.get("label", "").lower() in _BROKEN:
        status = ERROR
    name = case.get("fullname") or case.get("name") or ""
    prefix = case.get("classname") or parent(name) or suite
    return TestResult(name, status, prefix, suite, nanoseconds(case.get("duration", "0")), _told(case))
