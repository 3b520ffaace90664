"""Reports and batches: how they are read, a hundred at a time, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed
from pointsman.model.refs import BatchRef, ProjectRef, ReportRef
from pointsman.model.reports import Report
from pointsman.model.status import status
from pointsman.services import batches, reports
from pointsman.services.builds import Builds
from support.cloud import FakeCloud

GROUP = "arn:aws:codebuild:eu-west-1:1:report-group/unit"


def arn(number: int) -> str:
    return f"arn:aws:codebuild:eu-west-1:1:report/unit:{number}"


def some(reportArns: list[str]) -> dict[str, Any]:  # noqa: N803 - AWS's name
    assert 0 < len(reportArns) <= 100
    made = [
        {
            "arn": one,
            "type": "TEST",
            "status": "GENERATING" if one.endswith(":9") else "SUCCEEDED",
            "reportGroupArn": GROUP,
            "created": EPOCH + timedelta(hours=int(one.rpartition(":")[2])),
            "testSummary": {"total": 2, "statusCounts": {"FAILED": 1, "SUCCEEDED": 1}, "durationInNanoSeconds": 10**9},
        }
        for one in reportArns
        if not one.endswith(":404")
    ]
    return {"reports": made, "reportsNotFound": []}


def nobody(*_: Any) -> None:
    return None


def report(kind: str = "TEST", **changes: Any) -> Report:
    counts = (("FAILED", 1), ("SUCCEEDED", 3))
    return Report(ReportRef(arn(1)), kind, "unit", GROUP, counts=counts, status=status("SUCCEEDED"), **changes)


async def test_reports_are_read_a_hundred_at_a_time_and_finished_ones_once() -> None:
    cloud = FakeCloud(BatchGetReports=some)
    made = Builds(cloud, ManualClock())
    source = made.reports.of(tuple(arn(at) for at in range(150)))
    found = await source.read(nobody)
    assert len(found) == 150
    assert cloud.count("BatchGetReports") == 2
    assert found[0].took == timedelta(seconds=1)
    assert reports.cadence(found) == 5.0, "one is still being made"
    await source.read(nobody)
    assert cloud.asked[-1] == ("BatchGetReports", {"reportArns": [arn(9)]})
    assert reports.cadence(tuple(one for one in found if not one.status.moving)) is None


async def test_a_report_that_is_gone_is_left_out() -> None:
    cloud = FakeCloud(BatchGetReports=some)
    found = await Builds(cloud, ManualClock()).reports.of((arn(1), arn(404))).read(nobody)
    assert [one.ref.arn for one in found] == [arn(1)]


async def test_failed_cases_are_asked_for_by_status_and_none_where_the_report_counts_none() -> None:
    asked: list[str] = []

    def cases(nextToken: str = "", **given: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        asked.append(given["filter"]["status"])
        case = {"reportArn": arn(1), "name": f"t{nextToken}", "status": "FAILED", "message": "boom\nline"}
        return {"testCases": [case], **({} if nextToken else {"nextToken": "2"})}

    found = await Builds(FakeCloud(DescribeTestCases=cases), ManualClock()).reports.findings(report()).read(nobody)
    assert asked == ["FAILED", "FAILED"]
    assert [one.name for one in found.cases] == ["t", "t2"]
    assert (found.cases[0].message, found.more) == ("boom\nline", False)


async def test_endless_cases_are_capped_and_that_is_said() -> None:
    def cases(**given: Any) -> dict[str, Any]:
        return {"testCases": [{"name": "t"}], "nextToken": str(int(given.get("nextToken", 0)) + 1)}

    cloud = FakeCloud(DescribeTestCases=cases)
    found = await Builds(cloud, ManualClock()).reports.findings(report()).read(nobody)
    assert (len(found.cases), found.more, cloud.count("DescribeTestCases")) == (reports.PAGES, True, reports.PAGES)


async def test_files_come_least_covered_first() -> None:
    def files(**given: Any) -> dict[str, Any]:
        assert (given["sortBy"], given["sortOrder"]) == ("LINE_COVERAGE_PERCENTAGE", "ASCENDING")
        return {"codeCoverages": [{"id": "1", "filePath": "a.py", "lineCoveragePercentage": 12.5}]}

    source = Builds(FakeCloud(DescribeCodeCoverages=files), ManualClock()).reports.findings(report("CODE_COVERAGE"))
    found = await source.read(nobody)
    assert [(one.path, one.coverage.line_percent) for one in found.files] == [("a.py", 12.5)]


async def test_a_trend_is_the_newest_reports_of_the_group_oldest_first() -> None:
    def listed(**given: Any) -> dict[str, Any]:
        assert (given["reportGroupArn"], given["sortOrder"], given["maxResults"]) == (GROUP, "DESCENDING", 30)
        return {"reports": [arn(3), arn(2), arn(1)], "nextToken": "more"}

    cloud = FakeCloud(ListReportsForReportGroup=listed, BatchGetReports=some)
    found = await Builds(cloud, ManualClock()).reports.trend(report()).read(nobody)
    assert [one.ref.arn for one in found.reports] == [arn(1), arn(2), arn(3)]
    assert found.values == (50.0, 50.0, 50.0)


# -- batches


def batch(one: str, **more: Any) -> dict[str, Any]:
    return {"id": one, "buildBatchStatus": "IN_PROGRESS", "complete": False, **more}


async def test_batches_are_listed_newest_first_of_all_or_of_a_project() -> None:
    def described(ids: list[str]) -> dict[str, Any]:
        return {"buildBatches": [batch(one, startTime=EPOCH + timedelta(hours=int(one[-1]))) for one in ids]}

    cloud = FakeCloud(
        ListBuildBatches=lambda **_: {"ids": ["app:1", "app:2"], "nextToken": "more"},
        ListBuildBatchesForProject=lambda **given: {"ids": [f"{given['projectName']}:5"]},
        BatchGetBuildBatches=described,
    )
    made = Builds(cloud, ManualClock()).batches
    found = await made.recent().read(nobody)
    assert ([one.ref.id for one in found.batches], found.more) == (["app:2", "app:1"], True)
    assert batches.list_cadence(found) == 5.0
    found = await made.recent(ProjectRef("web")).read(nobody)
    assert [one.ref.id for one in found.batches] == ["web:5"]


async def test_no_batches_ask_for_none() -> None:
    cloud = FakeCloud(ListBuildBatches=lambda **_: {"ids": []})
    assert len(await Builds(cloud, ManualClock()).batches.recent().read(nobody)) == 0
    assert cloud.count("BatchGetBuildBatches") == 0


async def test_a_batch_s_builds_are_named_and_one_that_is_gone_is_a_fault() -> None:
    group = {
        "identifier": "unit",
        "dependsOn": ["lint"],
        "ignoreFailure": True,
        "currentBuildSummary": {"arn": "arn:aws:codebuild:eu-west-1:1:build/app:9", "buildStatus": "FAILED"},
        "priorBuildSummaryList": [{"arn": "arn:aws:codebuild:eu-west-1:1:build/app:8"}, {"arn": "odd"}],
    }
    cloud = FakeCloud(BatchGetBuildBatches=lambda ids: {"buildBatches": [batch("app:1", buildGroups=[group])]})
    made = Builds(cloud, ManualClock()).batches
    found = await made.fresh(BatchRef("app:1"))
    (member,) = found.members
    assert member.build is not None
    assert (member.build.id, [one.id for one in member.earlier], member.ignore_failure) == ("app:9", ["app:8"], True)
    assert batches.cadence(found) == 2.0
    with pytest.raises(CallFailed, match="there is no batch"):
        await made.fresh(BatchRef("app:2"))
