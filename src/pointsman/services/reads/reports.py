"""CodeBuild's reports -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pointsman.model.refs import ReportRef
from pointsman.model.reports import Coverage, FileCoverage, Report, TestCase
from pointsman.model.status import status
from pointsman.services.reads.values import Answer, part, parts, text, when, whole


def arns(page: Answer) -> tuple[str, ...]:
    """ListReportsForReportGroup, one page."""
    return tuple(str(one) for one in parts(page, "reports"))


def reports(answer: Answer) -> tuple[Report, ...]:
    """BatchGetReports."""
    return tuple(_report(one) for one in parts(answer, "reports") if text(one, "arn"))


def _report(one: Any) -> Report:
    tests, covered = part(one, "testSummary"), part(one, "codeCoverageSummary")
    counts = part(tests, "statusCounts")
    return Report(
        ref=ReportRef(text(one, "arn")),
        kind=text(one, "type"),
        name=text(one, "name"),
        group_arn=text(one, "reportGroupArn"),
        execution=text(one, "executionId"),
        status=status(text(one, "status")),
        created=when(one, "created"),
        expires=when(one, "expired"),
        truncated=one.get("truncated") is True,
        total=whole(tests, "total"),
        counts=tuple((str(word), whole(counts, word) or 0) for word in counts),
        took=nanoseconds(tests, "durationInNanoSeconds"),
        coverage=_coverage(covered) if covered else None,
    )


def nanoseconds(source: Any, name: str) -> timedelta | None:
    """A duration in nanoseconds; None when it is missing or beyond all measure."""
    value = whole(source, name)
    if value is None:
        return None
    try:
        return timedelta(microseconds=value / 1000)
    except OverflowError:
        return None


def _percent(source: Any, name: str) -> float | None:
    value = source.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _coverage(one: Any) -> Coverage:
    return Coverage(
        line_percent=_percent(one, "lineCoveragePercentage"),
        lines_covered=whole(one, "linesCovered"),
        lines_missed=whole(one, "linesMissed"),
        branch_percent=_percent(one, "branchCoveragePercentage"),
        branches_covered=whole(one, "branchesCovered"),
        branches_missed=whole(one, "branchesMissed"),
    )


def cases(page: Answer) -> tuple[TestCase, ...]:
    """DescribeTestCases, one page."""
    return tuple(
        TestCase(
            report=ReportRef(text(one, "reportArn")),
            name=text(one, "name"),
            suite=text(one, "testSuiteName"),
            prefix=text(one, "prefix"),
            status=status(text(one, "status")),
            took=nanoseconds(one, "durationInNanoSeconds"),
            message=text(one, "message"),
            raw=text(one, "testRawDataPath"),
        )
        for one in parts(page, "testCases")
    )


def files(page: Answer) -> tuple[FileCoverage, ...]:
    """DescribeCodeCoverages, one page."""
    return tuple(
        FileCoverage(id=text(one, "id"), path=text(one, "filePath"), coverage=_coverage(one))
        for one in parts(page, "codeCoverages")
    )
