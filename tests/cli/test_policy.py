"""``pointsman iam-policy``: what is printed, and that it is what is really called."""

from __future__ import annotations

import json

import pytest

from pointsman import cli
from pointsman.operations.permissions import READS
from pointsman.operations.registry import default_registry


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["iam-policy", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def test_looking_needs_only_reads(capsys: pytest.CaptureFixture[str]) -> None:
    policy = json.loads(printed(capsys))
    assert policy["Version"] == "2012-10-17"
    assert [set(one["Action"]) for one in policy["Statement"]] == [set(READS)]


def test_an_operation_adds_its_own_calls_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    policy = json.loads(printed(capsys, "approval.approve", "stage.retry-failed"))
    statements = {one["Sid"]: one["Action"] for one in policy["Statement"]}
    assert set(statements) == {"PointsmanReads", "PointsmanApprovalApprove", "PointsmanStageRetryFailed"}
    assert statements["PointsmanApprovalApprove"] == ["codepipeline:PutApprovalResult"]
    assert statements["PointsmanStageRetryFailed"] == ["codepipeline:RetryStageExecution"]


def test_everything_is_one_statement_an_operation(capsys: pytest.CaptureFixture[str]) -> None:
    sids = [one["Sid"] for one in json.loads(printed(capsys, "--all"))["Statement"]]
    assert len(sids) == len(set(sids)) == 1 + len(default_registry())
    assert all(sid.isalnum() for sid in sids), "IAM takes letters and digits only"


def test_the_list_names_every_operation_with_its_calls(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "--list").splitlines()
    assert len(lines) == len(default_registry())
    for line, operation in zip(lines, default_registry(), strict=True):
        assert line.split()[0] == operation.id
        assert all(call in line for call in operation.calls)


def test_an_unknown_operation_is_said_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["iam-policy", "aproval.approve"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert 'there is no operation "aproval.approve"; did you mean "approval.approve"?' in said.err
    assert "--list" in said.err
