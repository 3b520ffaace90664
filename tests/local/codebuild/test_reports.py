"""Reports: from a buildspec's section and a build's files to every answer about them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codebuild.report_files import Case
from pointsman.local.codebuild.reports import kept
from support.builds import Builds

JUNIT = (
    '<testsuite name="s"><testcase classname="c" name="a" time="0.5"/>'
    '<testcase classname="c" name="b" time="1"><failure message="no">at 1</failure></testcase>'
    '<testcase classname="d" name="later"><skipped/></testcase></testsuite>'
)
COBERTURA = (
    '<coverage><packages><package><classes><class filename="a.py"><lines><line number="1" hits="1"/>'
    '<line number="2" hits="0"/></lines></class><class filename="b.py"><lines><line number="1" hits="1"/>'
    "</lines></class></classes></package></packages></coverage>"
)


def buildspec(commands: list[str], reports: str, more: str = "") -> str:
    lines = "".join(f"      - {json.dumps(command)}\n" for command in commands)
    return f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}reports: {reports}\n{more}"


def put(text: str, place: str) -> str:
    return f"mkdir -p $(dirname {place}) && printf %s '{text}' > {place}".replace("\n", " ")


def one_report(builds: Builds, build: Any) -> Any:
    return builds.client.batch_get_reports(reportArns=build["reportArns"])["reports"][0]


def test_a_test_report_of_a_build(builds: Builds, clock: ManualClock) -> None:
    build = builds.run(buildspec([put(JUNIT, "out/r.xml")], "{unit: {files: ['*.xml'], base-directory: out}}"))
    assert build["buildStatus"] == "SUCCEEDED", builds.lines(build)
    report = one_report(builds, build)
    assert report["name"] == "web-unit"
    assert report["executionId"] == build["arn"]
    assert (report["type"], report["status"], report["truncated"]) == ("TEST", "FAILED", False)
    assert report["testSummary"] == {
        "total": 3,
        "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 0, "SKIPPED": 1, "UNKNOWN": 0},
        "durationInNanoSeconds": 1_500_000_000,
    }
    assert report["expired"] - report["created"] == timedelta(days=30)
    group = builds.client.batch_get_report_groups(reportGroupArns=[report["reportGroupArn"]])["reportGroups"][0]
    assert (group["name"], group["type"], group["status"]) == ("web-unit", "TEST", "ACTIVE")
    assert group["exportConfig"] == {"exportConfigType": "NO_EXPORT"}
    cases = builds.client.describe_test_cases(reportArn=report["arn"], filter={"status": "FAILED"})["testCases"]
    assert [(case["prefix"], case["name"], case["message"], case["testRawDataPath"]) for case in cases] == [
        ("c", "b", "no\nat 1", "r.xml")
    ]
    found = builds.client.describe_test_cases(reportArn=report["arn"], filter={"keyword": "d"})["testCases"]
    assert [case["name"] for case in found] == ["later"]
    clock.advance(30 * 86400)
    builds.backend.settle()
    assert builds.client.batch_get_reports(reportArns=[report["arn"]])["reportsNotFound"] == [report["arn"]]
    assert builds.client.list_reports()["reports"] == []


def test_a_failed_build_phase_still_makes_its_report(builds: Builds) -> None:
    build = builds.run(buildspec([put(JUNIT, "r.xml"), "false"], "{unit: {files: r.xml}}"))
    assert build["buildStatus"] == "FAILED"
    assert one_report(builds, build)["status"] == "FAILED"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "Error in UPLOAD_ARTIFACTS phase: [unit: [report files not found in build]]"),
        ("<html/>", "r.xml is no JUNITXML: its outermost element is <html>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "it declares the entity a; entities are not expanded here"),
    ],
)
def test_a_report_that_cannot_be_made_fails_the_phase(builds: Builds, text: str | None, words: str) -> None:
    commands = [put(text, "r.xml") if text else "true"]
    build = builds.run(buildspec(commands, "{unit: {files: r.xml}}", "artifacts: {files: ['**/*']}\n"))
    assert build["buildStatus"] == "FAILED"
    [(code, message)] = builds.contexts(build, "UPLOAD_ARTIFACTS")
    assert code == "CLIENT_ERROR"
    assert words in message
    assert one_report(builds, build)["status"] == "INCOMPLETE"


def test_a_report_is_made_when_the_artifacts_are_missing(builds: Builds) -> None:
    text = buildspec([put(JUNIT, "r.xml")], "{unit: {files: r.xml}}", "artifacts: {files: [nothing]}\n")
    builds.backend.session().client("s3").create_bucket(Bucket="out")
    builds.project(text, artifacts={"type": "S3", "location": "out"})
    build_id = builds.start()
    builds.backend.settle()
    build = builds.get(build_id)
    assert builds.contexts(build, "UPLOAD_ARTIFACTS") == [("CLIENT_ERROR", "no matching artifact paths found")]
    assert one_report(builds, build)["status"] == "FAILED"


def test_a_coverage_report_of_a_build(builds: Builds) -> None:
    section = "{cover: {files: c.xml, file-format: cobertura_xml}}".replace("cobertura_xml", "CoberturaXML")
    build = builds.run(buildspec([put(COBERTURA, "c.xml")], section))
    report = one_report(builds, build)
    assert (report["type"], report["status"]) == ("CODE_COVERAGE", "SUCCEEDED")
    assert report["codeCoverageSummary"] == {
        "lineCoveragePercentage": 66.66,
        "linesCovered": 2,
        "linesMissed": 1,
        "branchCoveragePercentage": 0.0,
        "branchesCovered": 0,
        "branchesMissed": 0,
    }
    describe = builds.client.describe_code_coverages
    files = describe(reportArn=report["arn"], sortBy="LINE_COVERAGE_PERCENTAGE", sortOrder="DESCENDING")
    assert [(one["filePath"], one["lineCoveragePercentage"]) for one in files["codeCoverages"]] == [
        ("b.py", 100.0),
        ("a.py", 50.0),
    ]
    low = describe(reportArn=report["arn"], maxLineCoveragePercentage=60.0)
    assert [one["filePath"] for one in low["codeCoverages"]] == ["a.py"]
    page = describe(reportArn=report["arn"], maxResults=1)
    assert describe(reportArn=report["arn"], maxResults=1, nextToken=page["nextToken"])["codeCoverages"][0][
        "filePath"
    ] == "b.py"  # fmt: skip


def test_a_report_group_of_ones_own_is_named_by_its_arn_and_exported(builds: Builds) -> None:
    s3: Any = builds.backend.session().client("s3")
    s3.create_bucket(Bucket="raw")
    goal = {"bucket": "raw", "path": "reports", "packaging": "ZIP"}
    export = {"exportConfigType": "S3", "s3Destination": goal}
    group = builds.client.create_report_group(name="mine", type="TEST", exportConfig=export)["reportGroup"]
    build = builds.run(buildspec([put(JUNIT, "out/r.xml")], f"{{'{group['arn']}': {{files: ['**/*.xml']}}}}"))
    assert build["buildStatus"] == "SUCCEEDED", builds.lines(build)
    report = one_report(builds, build)
    assert report["name"] == "mine"
    key = f"reports/{report['arn'].rpartition(':')[2]}.zip"
    with zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket="raw", Key=key)["Body"].read())) as archive:
        assert archive.namelist() == ["out/r.xml"]
    plain = {"exportConfigType": "S3", "s3Destination": {"bucket": "raw"}}
    builds.client.update_report_group(arn=group["arn"], exportConfig=plain)
    build_id = builds.start()
    builds.backend.settle()
    arn = builds.get(build_id)["reportArns"][0]
    assert s3.get_object(Bucket="raw", Key=f"{arn.rpartition(':')[2]}/out/r.xml")["Body"].read() == JUNIT.encode()


def test_an_export_without_a_bucket_is_said_in_the_context(builds: Builds) -> None:
    export = {"exportConfigType": "S3", "s3Destination": {"bucket": "nowhere"}}
    group = builds.client.create_report_group(name="mine", type="TEST", exportConfig=export)["reportGroup"]
    build = builds.run(buildspec([put(JUNIT, "r.xml")], f"{{'{group['arn']}': {{files: r.xml}}}}"))
    assert "could not be exported to nowhere: NoSuchBucket" in builds.contexts(build, "UPLOAD_ARTIFACTS")[0][1]


def test_groups_that_do_not_fit_are_said(builds: Builds) -> None:
    builds.client.create_report_group(
        name="cover", type="CODE_COVERAGE", exportConfig={"exportConfigType": "NO_EXPORT"}
    )
    place = "arn:aws:codebuild:us-east-1:123456789012:report-group"
    elsewhere = place.replace("us-east-1", "eu-west-1")
    groups = (f"{place}/cover", f"{place}/gone", f"{elsewhere}/cover")
    section = "{" + ", ".join(f"'{group}': {{files: r.xml}}" for group in groups) + "}"
    build = builds.run(buildspec([put(JUNIT, "r.xml")], section))
    message = builds.contexts(build, "UPLOAD_ARTIFACTS")[0][1]
    assert "JUNITXML makes a report of type TEST, and the report group is of type CODE_COVERAGE" in message
    assert message.count("the report group does not exist") == 2
    assert "reportArns" not in build


def test_lists_trend_and_deletion(builds: Builds) -> None:
    passing = '<testsuite><testcase name="a"/></testsuite>'
    builds.project(buildspec([f'if [ "$GOOD" ]; then {put(passing, "r.xml")}; else {put(JUNIT, "r.xml")}; fi'],
                             "{unit: {files: r.xml}}"))  # fmt: skip
    for good in ("", "yes", "yes"):
        builds.start(environmentVariablesOverride=[{"name": "GOOD", "value": good}])
        builds.backend.settle()
    group = builds.client.list_report_groups()["reportGroups"][0]
    arns = builds.client.list_reports_for_report_group(reportGroupArn=group)["reports"]
    assert len(arns) == 3
    assert builds.client.list_reports(sortOrder="ASCENDING")["reports"] == arns[::-1]
    assert builds.client.list_reports(filter={"status": "FAILED"})["reports"] == arns[2:]
    page = builds.client.list_reports(maxResults=2)
    assert builds.client.list_reports(nextToken=page["nextToken"])["reports"] == arns[2:]
    trend = builds.client.get_report_group_trend(reportGroupArn=group, trendField="PASS_RATE")
    assert [one["data"] for one in trend["rawData"]] == ["100", "100", "33.33"]
    assert trend["stats"] == {"average": "77.78", "max": "100", "min": "33.33"}
    newest = builds.client.get_report_group_trend(reportGroupArn=group, trendField="TOTAL", numOfReports=1)
    assert newest["rawData"] == [{"reportArn": arns[0], "data": "1"}]
    with pytest.raises(ClientError, match="does not belong to a report group of type TEST"):
        builds.client.get_report_group_trend(reportGroupArn=group, trendField="LINE_COVERAGE")
    builds.client.delete_report(arn=arns[0])
    with pytest.raises(ClientError, match="has reports"):
        builds.client.delete_report_group(arn=group)
    builds.client.delete_report_group(arn=group, deleteReports=True)
    assert builds.client.list_reports()["reports"] == []
    assert builds.client.batch_get_report_groups(reportGroupArns=[group])["reportGroupsNotFound"] == [group]


def test_of_too_many_cases_those_that_failed_are_kept_first() -> None:
    cases = [Case("f", "p", str(number), "FAILED" if number % 100 == 0 else "SUCCEEDED", 0) for number in range(900)]
    found = kept(cases)
    assert len(found) == 500
    assert sum(1 for case in found if case.status == "FAILED") == 9
    assert [int(case.name) for case in found] == sorted(int(case.name) for case in found)
