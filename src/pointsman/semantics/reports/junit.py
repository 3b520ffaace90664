"""JUnit XML, as Surefire, Gradle, pytest, Jest, GoogleTest and many others write it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from pointsman.semantics.reports.values import ERROR, FAILED, SKIPPED, SUCCEEDED, TestResult, message, nanoseconds
from pointsman.semantics.reports.xmltree import parse, text

_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "suppressed"})


def read(body: bytes) -> list[TestResult]:
    """The test results of a JUnit file.

    Raises:
        ReportProblem: It is none.
    """
    return [_result(case, suite) for case, suite in _cases(parse(body, "testsuites", "testsuite"), "")]


def _cases(element: Element, suite: str) -> Iterator[tuple[Element, str]]:
    """Every test case with its suite's name, in the order of the document; suites may be inside suites."""
    name = element.get("name", suite) if element.tag == "testsuite" else suite
    for child in element:
        if child.tag == "testcase":
            yield child, name
        elif child.tag in ("testsuite", "testsuites"):
            yield from _cases(child, name)


def _result(case: Element, suite: str) -> TestResult:
    status, told = SUCCEEDED, ""
    if case.get("status", "").lower() in _NOT_RUN:
        status = SKIPPED
    for child in case:
        found = {"error": ERROR, "failure": FAILED, "skipped": SKIPPED}.get(child.tag)
        if found is None or (status in (ERROR, FAILED) and found != ERROR):
            continue
        if status != found:
            status, told = found, message(child.get("message"), text(child))
    return TestResult(
        name=case.get("name", ""),
        status=status,
        prefix=case.get("classname") or suite,
        suite=suite,
        nanoseconds=nanoseconds(case.get("time", "0")),
        message=told,
    )
