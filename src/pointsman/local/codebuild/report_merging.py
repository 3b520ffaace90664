"""One report out of those of a fan-out's builds: each has run a share of the same tests."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pointsman.local.codebuild import reports
from pointsman.local.codebuild.report_files import Covered, Made
from pointsman.local.codebuild.reports import Report, ReportCases, ReportCoverage, ReportGroup
from pointsman.local.world import Scope
from pointsman.semantics.reports import STATUSES


def merge(scope: Scope, execution: str, arns: Sequence[str]) -> list[str]:
    """Make a report for each report group that some reports belong to.

    Args:
        scope: Where.
        execution: The ARN of the batch.
        arns: The reports of its builds.

    Returns:
        The ARNs of what was made.
    """
    parts: dict[str, list[Report]] = {}
    for arn in arns:
        report = scope.get(Report, arn)
        if report is not None:
            parts.setdefault(report.group, []).append(report)
    made = []
    for name, found in parts.items():
        group = scope.get(ReportGroup, name)
        if group is not None:
            made.append(_merged(scope, execution, group, found).arn)
    return made


def _merged(scope: Scope, execution: str, group: ReportGroup, parts: list[Report]) -> Report:
    started = reports.start(scope, group, execution)
    problems = tuple(part.arn for part in parts if part.status == reports.INCOMPLETE)
    kept = [scope.get(ReportCases, part.arn) for part in parts]
    cases = tuple(case for one in kept if one is not None for case in one.cases)
    covered = [scope.get(ReportCoverage, part.arn) for part in parts]
    files = united([file for one in covered if one is not None for file in one.files])
    report = reports.finish(scope, Made(started.arn, group.name, cases, files, problems))
    assert report is not None
    if group.type == reports.TEST:  # the parts may have kept fewer cases than they count
        counts = {status: sum(part.counts.get(status, 0) for part in parts) for status in STATUSES}
        report = msgspec.structs.replace(
            report,
            counts=counts,
            nanoseconds=min(sum(part.nanoseconds for part in parts), 2**62),
            truncated=report.truncated or any(part.truncated for part in parts),
        )
        scope.put(report.arn, report)
    return report


def united(files: Sequence[Covered]) -> tuple[Covered, ...]:
    """Source files by path; which lines were run is not kept, so of two entries the one that covers more counts."""
    best: dict[str, Covered] = {}
    for file in files:
        known = best.get(file.path)
        if known is None or (file.lines_covered, file.branches_covered) > (known.lines_covered, known.branches_covered):
            best[file.path] = file
    return tuple(best.values())
