"""Versions, aliases and Invoke of the world file's functions."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.local.functions.records import LocalFunction
from support.backend import CheckedBackend


@pytest.fixture
def lambda_(backend: CheckedBackend) -> Any:
    keep(backend, "cat")
    return backend.session().client("lambda")


def keep(backend: CheckedBackend, *command: str) -> None:
    with backend.world.transaction():
        scope = backend.world.scope(backend.account, "us-east-1")
        scope.put("echo", LocalFunction("echo", command, str(backend.root)))


def code(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_a_version_keeps_what_was_published(backend: CheckedBackend, lambda_: Any) -> None:
    assert lambda_.publish_version(FunctionName="echo")["Version"] == "1"
    assert lambda_.publish_version(FunctionName="echo")["Version"] == "1", "nothing has changed"
    keep(backend, "printf", '"second"')
    assert lambda_.publish_version(FunctionName="echo")["Version"] == "2"
    first = lambda_.invoke(FunctionName="echo", Qualifier="1", Payload=b'{"a": 1}')
    assert json.loads(first["Payload"].read()) == {"a": 1}
    assert first["ExecutedVersion"] == "1"
    second = lambda_.invoke(FunctionName="arn:aws:lambda:us-east-1:123456789012:function:echo:2")
    assert json.loads(second["Payload"].read()) == "second"
    listed = lambda_.list_versions_by_function(FunctionName="echo")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]
    assert lambda_.get_function(FunctionName="echo")["Configuration"]["Version"] == "$LATEST"
    assert [one["FunctionName"] for one in lambda_.list_functions()["Functions"]] == ["echo"]


def test_an_alias_shares_its_calls_out(backend: CheckedBackend, lambda_: Any) -> None:
    lambda_.publish_version(FunctionName="echo")
    keep(backend, "true")
    lambda_.publish_version(FunctionName="echo")
    weights = {"AdditionalVersionWeights": {"2": 0.3}}
    lambda_.create_alias(FunctionName="echo", Name="live", FunctionVersion="1", RoutingConfig=weights)
    asked = [lambda_.invoke(FunctionName="echo", Qualifier="live", InvocationType="DryRun") for _ in range(600)]
    found = Counter(one["ExecutedVersion"] for one in asked)
    assert 120 <= found["2"] <= 240
    lambda_.update_alias(FunctionName="echo", Name="live", FunctionVersion="2", RoutingConfig={})
    assert lambda_.get_alias(FunctionName="echo", Name="live")["FunctionVersion"] == "2"
    assert len(lambda_.list_aliases(FunctionName="echo")["Aliases"]) == 1
    lambda_.delete_alias(FunctionName="echo", Name="live")
    assert code(lambda_.get_alias, FunctionName="echo", Name="live") == "ResourceNotFoundException"


def test_what_is_refused(backend: CheckedBackend, lambda_: Any) -> None:
    lambda_.publish_version(FunctionName="echo")
    make = {"FunctionName": "echo", "Name": "live", "FunctionVersion": "1"}
    lambda_.create_alias(**make)
    assert code(lambda_.create_alias, **make) == "ResourceConflictException"
    assert code(lambda_.create_alias, **{**make, "Name": "x", "FunctionVersion": "7"}) == "ResourceNotFoundException"
    assert code(lambda_.create_alias, **{**make, "Name": "12"}) == "InvalidParameterValueException"
    weights = {"AdditionalVersionWeights": {"1": 0.5}}
    change = {"FunctionName": "echo", "Name": "live"}
    assert code(lambda_.update_alias, **change, RoutingConfig=weights) == "InvalidParameterValueException"
    assert code(lambda_.update_alias, **change, RevisionId="old") == "PreconditionFailedException"
    assert code(lambda_.invoke, FunctionName="none") == "ResourceNotFoundException"
    assert code(lambda_.invoke, FunctionName="echo", Payload=b"{") == "InvalidRequestContentException"
    assert code(lambda_.delete_function, FunctionName="echo") == "NotImplemented"


def test_a_command_that_fails_is_a_functions_error(backend: CheckedBackend, lambda_: Any) -> None:
    keep(backend, "sh", "-c", "echo no good >&2; exit 3")
    answer = lambda_.invoke(FunctionName="echo")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"] == "exit status 3: no good"
