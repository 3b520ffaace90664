"""The constraints of the models, in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.validation import check


def said(service: str, operation: str, parameters: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as refused:
        check(service, operation, parameters)
    return refused.value.code, refused.value.message


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "words"),
    [
        (
            "codepipeline",
            "GetPipeline",
            {"name": "no/slashes"},
            "ValidationException",
            "1 validation error detected: Value 'no/slashes' at 'name' failed to satisfy constraint: Member must"
            " satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+",
        ),
        (
            "logs",
            "DescribeLogGroups",
            {"limit": 51},
            "InvalidParameterException",
            "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value"
            " less than or equal to 50",
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "a", "logStreamName": "b", "logEvents": []},
            "InvalidParameterException",
            "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have"
            " length greater than or equal to 1",
        ),
        (
            "codepipeline",
            "PutApprovalResult",
            {
                "pipelineName": "a",
                "stageName": "b",
                "actionName": "c",
                "token": "12345678-1234-1234-1234-123456789012",
                "result": {"summary": "", "status": "Maybe"},
            },
            "ValidationException",
            "1 validation error detected: Value 'Maybe' at 'result.status' failed to satisfy constraint: Member must"
            " satisfy enum value set: [Approved, Rejected]",
        ),
        (
            "sts",
            "AssumeRole",
            {"RoleArn": "arn:aws:iam::123456789012:role/x"},
            "ValidationError",
            "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must"
            " not be null",
        ),
        (
            "xray",
            "BatchGetTraces",
            {},
            "InvalidRequestException",
            "1 validation error detected: Value null at 'traceIds' failed to satisfy constraint: Member must not be"
            " null",
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["x" * 3, ""]},
            "ValidationException",
            "1 validation error detected: Value '[xxx, ]' at 'names' failed to satisfy constraint: Member must satisfy"
            " constraint: [Member must have length less than or equal to 2048, Member must have length greater than or"
            " equal to 1]",
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{}]}},
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
    ],
)
def test_a_broken_constraint(service: str, operation: str, parameters: dict[str, Any], code: str, words: str) -> None:
    """Its code and its sentence."""
    assert said(service, operation, parameters) == (code, words)


def test_places_in_lists_count_from_one() -> None:
    """And every complaint is made at once."""
    action = {"name": "a", "actionTypeId": {"category": "Nothing", "owner": "AWS", "provider": "S3"}}
    pipeline = {
        "name": "p",
        "roleArn": "arn:aws:iam::123456789012:role/p",
        "stages": [{"name": "s", "actions": [action]}],
    }
    code, words = said("codepipeline", "CreatePipeline", {"pipeline": pipeline})
    assert code == "ValidationException"
    assert words.startswith("2 validation errors detected: ")
    place = "pipeline.stages.1.member.actions.1.member.actionTypeId"
    assert f"Value 'Nothing' at '{place}.category' failed to satisfy constraint: Member must satisfy enum" in words
    assert f"Value null at '{place}.version' failed to satisfy constraint: Member must not be null" in words


def test_secrets_are_not_shown() -> None:
    """Nor is anything shown at any length."""
    _, words = said("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": "s" * 70_000})
    assert "Value at 'secretString'" in words
    _, words = said("codepipeline", "GetPipeline", {"name": "x" * 100_000})
    assert len(words) < 3_000


def test_what_keeps_the_constraints_passes() -> None:
    """And null in a list does not."""
    check("codepipeline", "GetPipeline", {"name": "release"})
    check("s3", "ListBuckets", {})
    _, words = said("ssm", "GetParameters", {"Names": [None]})
    assert "Value null at 'names.1.member'" in words
