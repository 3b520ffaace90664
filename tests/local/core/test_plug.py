"""The plug: boto3 as ever, answered here, deaf to the user's AWS settings."""

from __future__ import annotations

import io
from typing import Any

import botocore.exceptions
import pytest

from pointsman.local.answers import AwsError, Parameters, Table, answers
from pointsman.local.plug import NOWHERE, session


def echo(region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
    if operation == "GetPipeline":
        raise AwsError("PipelineNotFoundException", "no pipeline of that name")
    if operation == "ListPipelines":
        page = int(parameters.get("nextToken", "0"))
        answer: dict[str, Any] = {"pipelines": [{"name": f"{region}-{page}"}]}
        return (answer | {"nextToken": str(page + 1)} if page < 2 else answer), "id"
    return {"pipelineName": parameters["name"]}, "request-1"


def test_hostile_aws_settings_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://elsewhere",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere",
        "AWS_CA_BUNDLE": "/nowhere",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_MAX_ATTEMPTS": "9",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_DEFAULT_REGION": "mars-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = session(echo, "eu-west-1").client("codepipeline")
    assert client.meta.endpoint_url == NOWHERE
    assert client.meta.region_name == "eu-west-1"
    answer = client.get_pipeline_state(name="web")
    assert answer["pipelineName"] == "web"
    assert answer["ResponseMetadata"]["RequestId"] == "request-1"


def test_a_modelled_error_is_the_clients_own_exception() -> None:
    client = session(echo, "eu-west-1").client("codepipeline")
    with pytest.raises(client.exceptions.PipelineNotFoundException, match="no pipeline of that name"):
        client.get_pipeline(name="gone")


def test_botocore_validates_before_the_backend_is_asked() -> None:
    client = session(echo, "eu-west-1").client("codepipeline")
    with pytest.raises(botocore.exceptions.ParamValidationError):
        client.get_pipeline_state(nam="web")


def test_paginators_work_and_another_region_reaches_the_backend() -> None:
    client = session(echo, "eu-west-1").client("codepipeline", region_name="us-west-2")
    names = [one["name"] for page in client.get_paginator("list_pipelines").paginate() for one in page["pipelines"]]
    assert names == ["us-west-2-0", "us-west-2-1", "us-west-2-2"]


def test_streams_are_read_before_the_backend_is_asked() -> None:
    seen: list[Any] = []

    def keep(_: str, __: str, ___: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        seen.append(parameters["Body"])
        return {}, "id"

    session(keep, "us-east-1").client("s3").put_object(Bucket="b", Key="k", Body=io.BytesIO(b"body"))
    assert seen == [b"body"]


def test_a_call_nobody_answers_says_so_by_name() -> None:
    with pytest.raises(AwsError, match="codepipeline:PollForJobs") as caught:
        Table().find("codepipeline", "PollForJobs")
    assert caught.value.status == 501


def test_a_call_cannot_be_answered_twice() -> None:
    table = Table()
    table.add("sts", "GetCallerIdentity", lambda _, __: {})
    with pytest.raises(ValueError, match="twice"):
        table.add("sts", "GetCallerIdentity", lambda _, __: {})


def test_marks_stay_on_the_function() -> None:
    @answers("sts", "GetCallerIdentity")
    def who(_: Any, __: Parameters) -> dict[str, Any]:
        return {"Account": "1"}

    assert who(None, {}) == {"Account": "1"}
