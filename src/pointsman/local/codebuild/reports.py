"""Report groups and reports: made by builds, kept for thirty days. Called inside a transaction.

A build that reaches UPLOAD_ARTIFACTS begins a report for every entry of its buildspec (GENERATING); what was found in
the files ends it: SUCCEEDED, FAILED, or INCOMPLETE when there was nothing that could be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pointsman.local.codebuild.buildspec import ReportSpec
from pointsman.local.codebuild.records import Build
from pointsman.local.codebuild.report_files import Case, Covered, Made, Wanted
from pointsman.local.world import Payload, Scope
from pointsman.semantics.reports import STATUSES, TEST_FORMATS

EXPIRED = "codebuild.report.expired"
LIFE = timedelta(days=30)
MOST_CASES = 500
"""Test cases a report keeps; those that failed are kept first."""

GENERATING, SUCCEEDED, FAILED, INCOMPLETE = "GENERATING", "SUCCEEDED", "FAILED", "INCOMPLETE"
TEST, CODE_COVERAGE = "TEST", "CODE_COVERAGE"
NO_EXPORT: dict[str, Any] = {"exportConfigType": "NO_EXPORT"}


class ReportGroup(msgspec.Struct, frozen=True):
    """A report group; key: its name."""

    name: str
    arn: str
    type: str
    created: datetime
    modified: datetime
    export: dict[str, Any] = {}
    """The export configuration in AWS's shape."""
    tags: list[dict[str, str]] = []


class Report(msgspec.Struct, frozen=True):
    """A report without what is in it; key: its ARN."""

    arn: str
    group: str
    type: str
    execution: str
    """The ARN of the build, or of the batch."""
    created: datetime
    expired: datetime
    number: int
    """Its place among all reports, and among those of its group."""
    export: dict[str, Any] = {}
    status: str = GENERATING
    truncated: bool = False
    counts: dict[str, int] = {}
    nanoseconds: int = 0
    lines_covered: int = 0
    lines_missed: int = 0
    branches_covered: int = 0
    branches_missed: int = 0


class ReportCases(msgspec.Struct, frozen=True):
    """The test cases of a report; key: its ARN."""

    cases: tuple[Case, ...]


class ReportCoverage(msgspec.Struct, frozen=True):
    """The source files of a report; key: its ARN."""

    files: tuple[Covered, ...]


class ReportOrder(msgspec.Struct, frozen=True):
    """A report's place among all reports (``*/000000000012``) or those of its group (``NAME/000000000012``)."""

    arn: str


def group_arn(scope: Scope, name: str) -> str:
    """The ARN of the report group of a name."""
    return scope.arn("codebuild", f"report-group/{name}")


def find_group(scope: Scope, arn: str) -> ReportGroup | None:
    """The report group of an ARN, which must be this account's and region's; a name stands for its group too."""
    group = scope.get(ReportGroup, arn.rpartition(":report-group/")[2])
    return group if group is not None and arn in (group.arn, group.name) else None


def create_group(scope: Scope, name: str, kind: str, export: dict[str, Any], tags: list[dict[str, str]]) -> ReportGroup:
    """Make a report group of a name that is free."""
    group = ReportGroup(name, group_arn(scope, name), kind, scope.now, scope.now, export, tags)
    scope.put(name, group)
    return group


# -- a build's reports ----------------------------------------------------------------------------------------------


def begin(scope: Scope, build: Build, specs: Sequence[ReportSpec]) -> tuple[Build, list[Wanted]]:
    """Begin the reports of a build, or find those begun before a restart; a group that is missing is made.

    Returns:
        The build with its reports' ARNs, and what is to be made of each.
    """
    begun = {report.group: report for arn in build.reports if (report := scope.get(Report, arn)) is not None}
    wanted: list[Wanted] = []
    arns: list[str] = []
    for spec in specs:
        kind = TEST if spec.form in TEST_FORMATS else CODE_COVERAGE
        name = spec.group if spec.group.startswith("arn:") else f"{build.project}-{spec.group}"
        group = find_group(scope, name)
        if group is None and spec.group.startswith("arn:"):
            wanted.append(Wanted("", spec, problem="the report group does not exist"))
            continue
        if group is None:
            group = create_group(scope, name, kind, NO_EXPORT, [])
        if group.type != kind:
            problem = f"{spec.form} makes a report of type {kind}, and the report group is of type {group.type}"
            wanted.append(Wanted("", spec, problem=problem))
            continue
        report = begun.get(group.name) or start(scope, group, build.arn)
        arns.append(report.arn)
        packaging = group.export.get("s3Destination", {}).get("packaging", "")
        wanted.append(Wanted(report.arn, spec, packaging))
    build = msgspec.structs.replace(build, reports=arns)
    scope.put(build.id, build)
    return build, wanted


def start(scope: Scope, group: ReportGroup, execution: str) -> Report:
    """Begin a report of a group."""
    number = scope.next_number("codebuild.reports")
    report = Report(
        arn=scope.arn("codebuild", f"report/{group.name}:{scope.world.uuid()}"),
        group=group.name,
        type=group.type,
        execution=execution,
        created=scope.now,
        expired=scope.now + LIFE,
        number=number,
        export=group.export,
    )
    scope.put(report.arn, report)
    scope.put(f"*/{number:012d}", ReportOrder(report.arn))
    scope.put(f"{group.name}/{number:012d}", ReportOrder(report.arn))
    scope.at(report.expired, EXPIRED, {"arn": report.arn}, key=f"{EXPIRED}/{report.arn}")
    return report


def finish(scope: Scope, made: Made) -> Report | None:
    """End a report with what was found in its files; None when there is none of this ARN any more."""
    report = scope.get(Report, made.arn)
    if report is None:
        return None
    cases, files = made.cases, made.files
    counts = {status: sum(1 for case in cases if case.status == status) for status in STATUSES}
    passed = not (counts["FAILED"] or counts["ERROR"])
    report = msgspec.structs.replace(
        report,
        status=INCOMPLETE if made.problems else SUCCEEDED if passed else FAILED,
        truncated=len(cases) > MOST_CASES,
        counts=counts if report.type == TEST else {},
        nanoseconds=min(sum(case.nanoseconds for case in cases), 2**62),
        lines_covered=_sum(one.lines_covered for one in files),
        lines_missed=_sum(one.lines_missed for one in files),
        branches_covered=_sum(one.branches_covered for one in files),
        branches_missed=_sum(one.branches_missed for one in files),
    )
    scope.put(report.arn, report)
    if report.type == TEST:
        scope.put(report.arn, ReportCases(kept(cases)))
    else:
        scope.put(report.arn, ReportCoverage(files))
    return report


def _sum(numbers: Iterable[int]) -> int:
    return min(sum(numbers), 2**31 - 1)


def kept(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The test cases a report keeps, in their order: all of them, or of too many those that failed first."""
    if len(cases) <= MOST_CASES:
        return tuple(cases)
    failed = [index for index, case in enumerate(cases) if case.status in ("FAILED", "ERROR")]
    others = [index for index, case in enumerate(cases) if case.status not in ("FAILED", "ERROR")]
    return tuple(cases[index] for index in sorted((failed + others)[:MOST_CASES]))


def abandon(scope: Scope, build: Build) -> None:
    """The build has ended: a report that it has not brought to its end never will be."""
    for arn in build.reports:
        report = scope.get(Report, arn)
        if report is not None and report.status == GENERATING:
            scope.put(arn, msgspec.structs.replace(report, status=INCOMPLETE))


def delete(scope: Scope, report: Report) -> None:
    """Forget a report and what is in it; files that were exported stay."""
    for kind in (Report, ReportCases, ReportCoverage):
        scope.delete(kind, report.arn)
    for prefix in ("*", report.group):
        scope.delete(ReportOrder, f"{prefix}/{report.number:012d}")
    scope.cancel(f"{EXPIRED}/{report.arn}")


def expire(scope: Scope, payload: Payload) -> None:
    """Thirty days have passed."""
    report = scope.get(Report, payload["arn"])
    if report is not None:
        delete(scope, report)
