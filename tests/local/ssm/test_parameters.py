"""Parameters: versions, labels, paths, what stays hidden; agreement with independent software."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pointsman.local.ssm.parameters import value
from support.backend import CheckedBackend


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    return backend.session().client("ssm")


def test_a_parameter_gets_a_version_each_time(client: Any) -> None:
    assert client.put_parameter(Name="/app/url", Value="one", Type="String")["Version"] == 1
    with pytest.raises(client.exceptions.ParameterAlreadyExists):
        client.put_parameter(Name="/app/url", Value="two", Type="String")
    assert client.put_parameter(Name="/app/url", Value="two", Overwrite=True)["Version"] == 2
    found = client.get_parameter(Name="/app/url")["Parameter"]
    assert (found["Value"], found["Version"], found["Type"]) == ("two", 2, "String")
    assert found["ARN"] == "arn:aws:ssm:us-east-1:123456789012:parameter/app/url"
    old = client.get_parameter(Name="/app/url:1")["Parameter"]
    assert (old["Value"], old["Selector"]) == ("one", ":1")
    assert client.get_parameter(Name=found["ARN"])["Parameter"]["Value"] == "two"
    with pytest.raises(client.exceptions.ParameterVersionNotFound):
        client.get_parameter(Name="/app/url:9")
    with pytest.raises(client.exceptions.ParameterNotFound):
        client.get_parameter(Name="/app/none")


def test_a_secure_string_is_given_out_only_when_decryption_is_asked_for(client: Any) -> None:
    client.put_parameter(Name="token", Value="hush", Type="SecureString")
    assert "hush" not in client.get_parameter(Name="token")["Parameter"]["Value"]
    assert client.get_parameter(Name="token", WithDecryption=True)["Parameter"]["Value"] == "hush"
    assert client.describe_parameters()["Parameters"][0]["KeyId"] == "alias/aws/ssm"


def test_labels_move(client: Any) -> None:
    for text in ("one", "two"):
        client.put_parameter(Name="p", Value=text, Type="String", Overwrite=True)
    client.label_parameter_version(Name="p", ParameterVersion=1, Labels=["live", "9wrong"])
    assert client.get_parameter(Name="p:live")["Parameter"]["Value"] == "one"
    assert client.label_parameter_version(Name="p", Labels=["live", "9wrong"])["InvalidLabels"] == ["9wrong"]
    assert client.get_parameter(Name="p:live")["Parameter"]["Value"] == "two"
    history = client.get_parameter_history(Name="p")["Parameters"]
    assert [(item["Version"], item.get("Labels", [])) for item in history] == [(1, []), (2, ["live"])]


def test_several_are_asked_for_and_deleted(client: Any) -> None:
    client.put_parameter(Name="a", Value="1", Type="String")
    answer = client.get_parameters(Names=["a", "b"])
    assert ([item["Name"] for item in answer["Parameters"]], answer["InvalidParameters"]) == (["a"], ["b"])
    assert client.delete_parameters(Names=["a", "b"])["InvalidParameters"] == ["b"]
    with pytest.raises(client.exceptions.ParameterNotFound):
        client.delete_parameter(Name="a")


def test_paths_and_filters_agree_with_independent_software(client: Any) -> None:
    names = ["/app/url", "/app/db/host", "/app/db/port", "/application", "flat", *(f"/many/{n:02}" for n in range(23))]

    def asked(ssm: Any) -> list[list[str]]:
        for name in names:
            ssm.put_parameter(Name=name, Value="x", Type="String")
        found = []
        for options in ({"Path": "/app"}, {"Path": "/app/", "Recursive": True}, {"Path": "/many"}, {"Path": "/"}):
            pages = ssm.get_paginator("get_parameters_by_path").paginate(**options)
            found.append(sorted(item["Name"] for page in pages for item in page["Parameters"]))
        for condition in (
            {"Key": "Name", "Option": "BeginsWith", "Values": ["/app"]},
            {"Key": "Name", "Option": "Contains", "Values": ["db"]},
            {"Key": "Path", "Option": "Recursive", "Values": ["/app"]},
            {"Key": "Type", "Values": ["SecureString"]},
        ):
            pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=[condition])
            found.append(sorted(item["Name"] for page in pages for item in page["Parameters"]))
        return found

    with mock_aws():
        theirs = asked(boto3.client("ssm", region_name="us-east-1"))
    assert asked(client) == theirs


@pytest.mark.parametrize("name", ["aws-thing", "/ssm/x", "a/b", "with space"])
def test_names_aws_would_not_take(client: Any, name: str) -> None:
    with pytest.raises(ClientError):
        client.put_parameter(Name=name, Value="x", Type="String")


def test_a_pattern_guards_a_value(client: Any) -> None:
    client.put_parameter(Name="n", Value="12", Type="String", AllowedPattern=r"^\d+$")
    with pytest.raises(client.exceptions.ParameterPatternMismatchException):
        client.put_parameter(Name="n", Value="x", Overwrite=True)
    with pytest.raises(client.exceptions.InvalidAllowedPatternException):
        client.put_parameter(Name="m", Value="x", Type="String", AllowedPattern="(")


def test_tags(client: Any) -> None:
    client.put_parameter(Name="p", Value="x", Type="String", Tags=[{"Key": "a", "Value": "1"}])
    client.add_tags_to_resource(ResourceType="Parameter", ResourceId="p", Tags=[{"Key": "b", "Value": "2"}])
    client.remove_tags_from_resource(ResourceType="Parameter", ResourceId="p", TagKeys=["a"])
    listed = client.list_tags_for_resource(ResourceType="Parameter", ResourceId="p")["TagList"]
    assert listed == [{"Key": "b", "Value": "2"}]


def test_engines_read_the_value_itself(backend: CheckedBackend, client: Any) -> None:
    client.put_parameter(Name="/ci/token", Value="hush", Type="SecureString")
    scope = backend.world.scope(backend.account, "us-east-1")
    with backend.world.transaction():
        assert value(scope, "/ci/token") == "hush"
        assert value(scope, "/ci/token:1") == "hush"
        assert value(scope, "/ci/none") is None
