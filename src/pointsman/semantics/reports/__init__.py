"""What test and coverage tools write, read into one form: the ten formats of a buildspec's ``reports`` section. Pure.

A file is data from a build, so it is never trusted: no entity is expanded, nothing outside it is fetched, nesting and
length have a limit, and whatever is not what its format says is refused with a sentence.
"""

from pointsman.semantics.reports.values import (
    COVERAGE_FORMATS,
    FORMATS,
    STATUSES,
    TEST_FORMATS,
    CoveredFile,
    ReportProblem,
    TestResult,
    percentage,
)

__all__ = [
    "COVERAGE_FORMATS",
    "FORMATS",
    "STATUSES",
    "TEST_FORMATS",
    "CoveredFile",
    "ReportProblem",
    "TestResult",
    "percentage",
    "read_coverage",
    "read_tests",
]


def read_tests(form: str, body: bytes) -> list[TestResult]:
    """The test results of a file.

    Args:
        form: One of ``TEST_FORMATS``.
        body: The file.

    Raises:
        ReportProblem: It is not what its format says; a sentence.
    """
    from pointsman.semantics.reports import cucumber, junit, nunit, testng, trx

    readers = {
        "JUNITXML": junit.read,
        "NUNITXML": nunit.read_2,
        "NUNIT3XML": nunit.read_3,
        "TESTNGXML": testng.read,
        "CUCUMBERJSON": cucumber.read,
        "VISUALSTUDIOTRX": trx.read,
    }
    return readers[form](body)


def read_coverage(form: str, body: bytes) -> list[CoveredFile]:
    """What a file says is covered, source file by source file.

    Args:
        form: One of ``COVERAGE_FORMATS``.
        body: The file.

    Raises:
        ReportProblem: It is not what its format says; a sentence.
    """
    from pointsman.semantics.reports import coverage_xml, simplecov

    readers = {
        "CLOVERXML": coverage_xml.read_clover,
        "COBERTURAXML": coverage_xml.read_cobertura,
        "JACOCOXML": coverage_xml.read_jacoco,
        "SIMPLECOV": simplecov.read,
    }
    return readers[form](body)
