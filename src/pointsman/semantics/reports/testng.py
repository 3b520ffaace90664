"""TestNG's ``testng-results.xml``."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from pointsman.semantics.reports.values import FAILED, SKIPPED, SUCCEEDED, UNKNOWN, TestResult, message, nanoseconds
from pointsman.semantics.reports.xmltree import parse, text

_RESULTS = {"PASS": SUCCEEDED, "FAIL": FAILED, "SKIP": SKIPPED}


def read(body: bytes) -> list[TestResult]:
    """The test results of a TestNG file; methods that only set things up are none.

    Raises:
        ReportProblem: It is none.
    """
    return [
        _result(method, group.get("name", ""), test.get("name") or suite.get("name") or "")
        for suite in parse(body, "testng-results").iter("suite")
        for test in suite.iter("test")
        for group in test.iter("class")
        for method in group.iter("test-method")
        if method.get("is-config", "").lower() != "true"
    ]


def _result(method: Element, prefix: str, suite: str) -> TestResult:
    problem = method.find("exception")
    told = ""
    if problem is not None:
        told = message(text(problem.find("message")).strip(), text(problem.find("full-stacktrace")).strip())
        told = told or problem.get("class", "")
    status = _RESULTS.get(method.get("status", "").upper(), UNKNOWN)
    elapsed = nanoseconds(method.get("duration-ms", "0"), 1e6)
    return TestResult(method.get("name", ""), status, prefix, suite, elapsed, told)
