"""Reports of builds as the screens see them: tests that failed and what they said, coverage, trend."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.refs import ReportRef
from pointsman.model.status import NOT_RUN, Status


class Coverage(Struct, frozen=True):
    """How much of the code the tests ran."""

    line_percent: float | None = None
    lines_covered: int | None = None
    lines_missed: int | None = None
    branch_percent: float | None = None
    branches_covered: int | None = None
    branches_missed: int | None = None


class Report(Struct, frozen=True):
    """One report of one build."""

    ref: ReportRef
    kind: str = ""
    """``TEST`` or ``CODE_COVERAGE``."""
    name: str = ""
    group_arn: str = ""
    execution: str = ""
    """The ARN of the build that made it."""
    status: Status = NOT_RUN
    created: datetime | None = None
    expires: datetime | None = None
    truncated: bool = False
    """Whether it has more test cases than CodeBuild keeps."""
    total: int | None = None
    counts: tuple[tuple[str, int], ...] = ()
    """(status of a test case, how many), in AWS's words."""
    took: timedelta | None = None
    coverage: Coverage | None = None

    def count(self, *words: str) -> int:
        """How many test cases have one of these statuses."""
        return sum(number for word, number in self.counts if word in words)

    @property
    def failed(self) -> int:
        """How many test cases failed or broke."""
        return self.count("FAILED", "ERROR")

    @property
    def passed(self) -> float | None:
        """The part of the test cases that were run and passed, 0 to 1; None when none was run."""
        ran = self.count("SUCCEEDED", "FAILED", "ERROR", "UNKNOWN")
        return self.count("SUCCEEDED") / ran if ran else None

    @property
    def measure(self) -> float | None:
        """What its trend is about, in percent: tests that passed, or lines that are covered."""
        if self.kind == "CODE_COVERAGE" or (self.coverage is not None and not self.counts):
            return self.coverage.line_percent if self.coverage is not None else None
        return self.passed * 100 if self.passed is not None else None


class TestCase(Struct, frozen=True):
    """One test case of a report."""

    __test__ = False  # not a test, whatever pytest makes of the name
    report: ReportRef
    name: str
    suite: str = ""
    prefix: str = ""
    status: Status = NOT_RUN
    took: timedelta | None = None
    message: str = ""
    """What it said when it failed; lines as they came."""
    raw: str = ""
    """The file it was read from."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from the others of its report."""
        return self.raw, self.prefix, self.suite, self.name


class FileCoverage(Struct, frozen=True):
    """How much of one file the tests ran."""

    id: str
    path: str
    coverage: Coverage = Coverage()


class Findings(Struct, frozen=True):
    """What is worth reading of one report: its failed cases, or its least covered files."""

    report: ReportRef
    cases: tuple[TestCase, ...] = ()
    files: tuple[FileCoverage, ...] = ()
    """The least covered first."""
    more: bool = False
    """Whether there are more than were read."""

    def __len__(self) -> int:
        return len(self.cases) + len(self.files)


class Trend(Struct, frozen=True):
    """The newest reports of a group, oldest first."""

    group: str
    reports: tuple[Report, ...] = ()

    @property
    def values(self) -> tuple[float, ...]:
        """What each says, in percent; those that say nothing are left out."""
        return tuple(value for one in self.reports if (value := one.measure) is not None)

    def before(self, ref: ReportRef) -> Report | None:
        """The report before this one that says something."""
        earlier: Report | None = None
        for one in self.reports:
            if one.ref == ref:
                return earlier
            if one.measure is not None:
                earlier = one
        return None


def worst_first(reports: Iterable[Report]) -> tuple[Report, ...]:
    """Reports with failures first, then by name."""
    return tuple(sorted(reports, key=lambda one: (-one.failed, not one.status.failed, one.name, one.ref)))
