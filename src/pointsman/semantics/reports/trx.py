"""Visual Studio's TRX."""

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
    clock_nanoseconds,
    message,
    parent,
)
from pointsman.semantics.reports.xmltree import parse, text

_OUTCOMES = {
    "passed": SUCCEEDED,
    "passedbutrunaborted": SUCCEEDED,
    "failed": FAILED,
    "error": ERROR,
    "timeout": ERROR,
    "aborted": ERROR,
    "notrunnable": ERROR,
    "notexecuted": SKIPPED,
    "disconnected": SKIPPED,
}


def read(body: bytes) -> list[TestResult]:
    """The test results of a TRX file; of a data-driven test, each of its rows.

    Raises:
        ReportProblem: It is none.
    """
    root = parse(body, "TestRun")
    methods: dict[str, tuple[str, str]] = {}
    for test in root.iterfind("TestDefinitions/UnitTest"):
        method = test.find("TestMethod")
        if method is not None:
            methods[test.get("id", "")] = (method.get("className", "").partition(",")[0], test.get("storage", ""))
    results = root.find("Results")
    return [] if results is None else [_result(one, methods) for one in _leaves(results)]


def _leaves(results: Element) -> Iterator[Element]:
    for result in results.iterfind("UnitTestResult"):
        inner = result.find("InnerResults")
        if inner is None:
            yield result
        else:
            yield from _leaves(inner)


def _result(result: Element, methods: dict[str, tuple[str, str]]) -> TestResult:
    name = result.get("testName", "")
    prefix, storage = methods.get(result.get("testId", ""), ("", ""))
    problem = result.find("Output/ErrorInfo")
    told = ""
    if problem is not None:
        told = message(text(problem.find("Message")), text(problem.find("StackTrace")))
    return TestResult(
        name=name,
        status=_OUTCOMES.get(result.get("outcome", "").lower(), UNKNOWN),
        prefix=prefix or parent(name),
        suite=storage.replace("\\", "/").rpartition("/")[2],
        nanoseconds=clock_nanoseconds(result.get("duration", "")),
        message=told,
    )
