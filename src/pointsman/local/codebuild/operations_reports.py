"""CodeBuild's answers about report groups and reports."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codebuild import reports
from pointsman.local.codebuild.paging import ordered, paged, some
from pointsman.local.codebuild.report_files import Case, Covered
from pointsman.local.codebuild.reports import Report, ReportCases, ReportCoverage, ReportGroup, ReportOrder
from pointsman.local.codebuild.settings import invalid
from pointsman.local.world import Scope
from pointsman.semantics.reports import percentage

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,127}")
_MOST_GROUPS = 1000
_TEST_FIELDS = ("PASS_RATE", "DURATION", "TOTAL")


# -- groups ---------------------------------------------------------------------------------------------------------


@answers("codebuild", "CreateReportGroup")
def create_report_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a report group."""
    name = parameters["name"]
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid report group name: {name}. It must match {_NAME.pattern}")
    if scope.get(ReportGroup, name) is not None:
        arn = reports.group_arn(scope, name)
        raise AwsError("ResourceAlreadyExistsException", f"Report group already exists: {arn}")
    if sum(1 for _ in scope.scan(ReportGroup)) >= _MOST_GROUPS:
        raise AwsError("AccountLimitExceededException", f"Cannot have more than {_MOST_GROUPS} report groups")
    export = _export(parameters["exportConfig"])
    group = reports.create_group(scope, name, parameters["type"], export, parameters.get("tags", []))
    return {"reportGroup": _group_shape(group)}


@answers("codebuild", "UpdateReportGroup")
def update_report_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change a report group's export configuration or tags."""
    group = _group(scope, parameters["arn"])
    export = _export(parameters["exportConfig"]) if "exportConfig" in parameters else group.export
    tags = parameters.get("tags", group.tags)
    group = msgspec.structs.replace(group, export=export, tags=tags, modified=scope.now)
    scope.put(group.name, group)
    return {"reportGroup": _group_shape(group)}


@answers("codebuild", "DeleteReportGroup")
def delete_report_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a report group; its reports with it, or it has none. One that is not there is removed already."""
    group = reports.find_group(scope, parameters["arn"])
    if group is None:
        return {}
    arns = [order.arn for _, order in scope.scan(ReportOrder, f"{group.name}/")]
    if arns and not parameters.get("deleteReports"):
        raise invalid(f"The report group {parameters['arn']} has reports: delete them first, or set deleteReports")
    for arn in arns:
        report = scope.get(Report, arn)
        if report is not None:
            reports.delete(scope, report)
    scope.delete(ReportGroup, group.name)
    return {}


@answers("codebuild", "BatchGetReportGroups")
def batch_get_report_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Report groups by ARN."""
    found, missing = [], []
    for arn in dict.fromkeys(some(parameters["reportGroupArns"])):
        group = reports.find_group(scope, arn)
        if group is None:
            missing.append(arn)
        else:
            found.append(_group_shape(group))
    return {"reportGroups": found, "reportGroupsNotFound": missing}


@answers("codebuild", "ListReportGroups")
def list_report_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ARNs of all report groups."""
    groups = [group for _, group in scope.scan(ReportGroup)]
    order = parameters.get("sortBy", "NAME")
    if order != "NAME":
        groups.sort(key=lambda one: (one.created if order == "CREATED_TIME" else one.modified, one.name))
    if parameters.get("sortOrder") == "DESCENDING":
        groups.reverse()
    return paged([group.arn for group in groups], parameters, "reportGroups")


def _export(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("exportConfigType") != "S3":
        return dict(reports.NO_EXPORT)
    goal = config.get("s3Destination", {})
    if not goal.get("bucket"):
        raise invalid("Invalid report export config: s3Destination.bucket is required for the type S3")
    return {"exportConfigType": "S3", "s3Destination": {"packaging": "NONE", **goal}}


def _group_shape(group: ReportGroup) -> dict[str, Any]:
    return {
        "arn": group.arn,
        "name": group.name,
        "type": group.type,
        "exportConfig": group.export,
        "created": group.created,
        "lastModified": group.modified,
        "tags": group.tags,
        "status": "ACTIVE",
    }


def _group(scope: Scope, arn: str) -> ReportGroup:
    group = reports.find_group(scope, arn)
    if group is None:
        raise AwsError("ResourceNotFoundException", f"Report group cannot be found: {arn}")
    return group


# -- reports --------------------------------------------------------------------------------------------------------


@answers("codebuild", "BatchGetReports")
def batch_get_reports(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Reports by ARN."""
    found, missing = [], []
    for arn in dict.fromkeys(some(parameters["reportArns"])):
        report = scope.get(Report, arn)
        if report is None:
            missing.append(arn)
        else:
            found.append(_report_shape(scope, report))
    return {"reports": found, "reportsNotFound": missing}


@answers("codebuild", "ListReports")
def list_reports(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ARNs of all reports, newest first unless told otherwise."""
    return _listed(scope, "*/", parameters)


@answers("codebuild", "ListReportsForReportGroup")
def list_reports_for_report_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ARNs of a group's reports, newest first unless told otherwise."""
    group = _group(scope, parameters["reportGroupArn"])
    return _listed(scope, f"{group.name}/", parameters)


@answers("codebuild", "DeleteReport")
def delete_report(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a report; one that is not there is removed already."""
    report = scope.get(Report, parameters["arn"])
    if report is not None:
        reports.delete(scope, report)
    return {}


def _listed(scope: Scope, prefix: str, parameters: Parameters) -> dict[str, Any]:
    status = parameters.get("filter", {}).get("status")

    def standing(order: ReportOrder) -> str | None:
        report = scope.get(Report, order.arn)
        return report.arn if report is not None and status in (None, report.status) else None

    return ordered(scope, ReportOrder, prefix, parameters, "reports", standing)


def _report_shape(scope: Scope, report: Report) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "arn": report.arn,
        "type": report.type,
        "name": report.group,
        "reportGroupArn": reports.group_arn(scope, report.group),
        "executionId": report.execution,
        "status": report.status,
        "created": report.created,
        "expired": report.expired,
        "exportConfig": report.export,
        "truncated": report.truncated,
    }
    if report.type == reports.TEST:
        shape["testSummary"] = {
            "total": sum(report.counts.values()),
            "statusCounts": report.counts,
            "durationInNanoSeconds": report.nanoseconds,
        }
    else:
        shape["codeCoverageSummary"] = _figures(report)
    return shape


def _figures(one: Report | Covered) -> dict[str, Any]:
    return {
        "lineCoveragePercentage": percentage(one.lines_covered, one.lines_missed),
        "linesCovered": one.lines_covered,
        "linesMissed": one.lines_missed,
        "branchCoveragePercentage": percentage(one.branches_covered, one.branches_missed),
        "branchesCovered": one.branches_covered,
        "branchesMissed": one.branches_missed,
    }


# -- what is in them ------------------------------------------------------------------------------------------------


@answers("codebuild", "DescribeTestCases")
def describe_test_cases(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The test cases of a report."""
    report = scope.get(Report, parameters["reportArn"])
    if report is None:
        raise AwsError("ResourceNotFoundException", f"Report cannot be found: {parameters['reportArn']}")
    if report.type != reports.TEST:
        raise invalid(f"{report.arn} is a report of type {report.type}; it has no test cases")
    kept = scope.get(ReportCases, report.arn)
    wanted = parameters.get("filter", {})
    status, keyword = wanted.get("status"), wanted.get("keyword", "")
    cases = [
        case
        for case in (kept.cases if kept is not None else ())
        if status in (None, case.status) and (keyword in case.name or keyword in case.prefix)
    ]
    answer = paged(cases, parameters, "testCases")
    return {**answer, "testCases": [_case_shape(report, case) for case in answer["testCases"]]}


def _case_shape(report: Report, case: Case) -> dict[str, Any]:
    return {
        "reportArn": report.arn,
        "testRawDataPath": case.path,
        "prefix": case.prefix,
        "name": case.name,
        "status": case.status,
        "durationInNanoSeconds": case.nanoseconds,
        "message": case.message,
        "expired": report.expired,
        "testSuiteName": case.suite,
    }


@answers("codebuild", "DescribeCodeCoverages")
def describe_code_coverages(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The source files of a coverage report."""
    report = scope.get(Report, parameters["reportArn"])
    if report is None or report.type != reports.CODE_COVERAGE:
        raise invalid(f"{parameters['reportArn']} is no code coverage report")
    least = parameters.get("minLineCoveragePercentage", 0)
    most = parameters.get("maxLineCoveragePercentage", 100)
    kept = scope.get(ReportCoverage, report.arn)
    files = [
        (number, one)
        for number, one in enumerate(kept.files if kept is not None else ())
        if least <= percentage(one.lines_covered, one.lines_missed) <= most
    ]
    by_path = parameters.get("sortBy", "FILE_PATH") == "FILE_PATH"
    files.sort(
        key=lambda one: (0.0 if by_path else percentage(one[1].lines_covered, one[1].lines_missed), one[1].path),
        reverse=parameters.get("sortOrder") == "DESCENDING",
    )
    answer = paged(files, parameters, "codeCoverages")
    shapes = [
        {
            "id": f"{report.arn.rpartition(':')[2]}-{number}",
            "reportARN": report.arn,
            "filePath": one.path or "-",
            **_figures(one),
            "expired": report.expired,
        }
        for number, one in answer["codeCoverages"]
    ]
    return {**answer, "codeCoverages": shapes}


# -- trend ----------------------------------------------------------------------------------------------------------


@answers("codebuild", "GetReportGroupTrend")
def get_report_group_trend(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One figure of a group's newest reports, newest first, and its average, most and least."""
    group = _group(scope, parameters["reportGroupArn"])
    field, most = parameters["trendField"], parameters.get("numOfReports", 100)
    if not 1 <= most <= 100:
        raise invalid(f"Invalid numOfReports: {most}. It must be from 1 to 100")
    if (field in _TEST_FIELDS) != (group.type == reports.TEST):
        raise invalid(f"The trend field {field} does not belong to a report group of type {group.type}")
    found: list[tuple[str, float]] = []
    for _, order in scope.scan(ReportOrder, f"{group.name}/", reverse=True, limit=most):
        report = scope.get(Report, order.arn)
        if report is not None and report.status in (reports.SUCCEEDED, reports.FAILED):
            found.append((report.arn, _value(report, field)))
    raw = [{"reportArn": arn, "data": _number(value)} for arn, value in found]
    if not found:
        return {"rawData": raw}
    values = [value for _, value in found]
    stats = {"average": _number(sum(values) / len(values)), "max": _number(max(values)), "min": _number(min(values))}
    return {"stats": stats, "rawData": raw}


def _value(report: Report, field: str) -> float:
    total = sum(report.counts.values())
    passed = report.counts.get("SUCCEEDED", 0)
    values = {
        "PASS_RATE": percentage(passed, total - passed),
        "DURATION": report.nanoseconds,
        "TOTAL": total,
        "LINE_COVERAGE": percentage(report.lines_covered, report.lines_missed),
        "LINES_COVERED": report.lines_covered,
        "LINES_MISSED": report.lines_missed,
        "BRANCH_COVERAGE": percentage(report.branches_covered, report.branches_missed),
        "BRANCHES_COVERED": report.branches_covered,
        "BRANCHES_MISSED": report.branches_missed,
    }
    return values[field]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.2f}"
