"""Secrets: stages move as AWS moves them; a deleted secret is hidden until its time has come."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pointsman.clock import ManualClock
from pointsman.local.secretsmanager.secrets import value
from support.backend import CheckedBackend


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    return backend.session().client("secretsmanager")


def test_stages_move_with_each_value_as_in_independent_software(client: Any) -> None:
    def told(secrets: Any) -> list[str]:
        secrets.create_secret(Name="db", SecretString="one", ClientRequestToken="a" * 32)
        secrets.put_secret_value(SecretId="db", SecretString="two", ClientRequestToken="b" * 32)
        secrets.update_secret(SecretId="db", SecretString="three", ClientRequestToken="c" * 32)
        stages = secrets.describe_secret(SecretId="db")["VersionIdsToStages"]
        return [
            secrets.get_secret_value(SecretId="db")["SecretString"],
            secrets.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"],
            secrets.get_secret_value(SecretId="db", VersionId="c" * 32)["SecretString"],
            json.dumps({identity: stages for identity, stages in sorted(stages.items()) if stages}),
        ]

    with mock_aws():
        theirs = told(boto3.client("secretsmanager", region_name="us-east-1"))
    assert told(client) == theirs
    assert theirs[:2] == ["three", "two"]


def test_a_secret_is_found_by_name_arn_and_partial_arn(client: Any) -> None:
    arn = client.create_secret(Name="app/db", SecretBinary=b"\x00\x01")["ARN"]
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-")
    for name in ("app/db", arn, arn[:-7]):
        assert client.get_secret_value(SecretId=name)["SecretBinary"] == b"\x00\x01"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId="none")
    with pytest.raises(client.exceptions.ResourceExistsException):
        client.create_secret(Name="app/db")


def test_the_same_token_with_the_same_value_is_the_same_version(client: Any) -> None:
    client.create_secret(Name="db", SecretString="one", ClientRequestToken="a" * 32)
    again = client.put_secret_value(SecretId="db", SecretString="one", ClientRequestToken="a" * 32)
    assert again["VersionId"] == "a" * 32
    with pytest.raises(client.exceptions.ResourceExistsException):
        client.put_secret_value(SecretId="db", SecretString="two", ClientRequestToken="a" * 32)


def test_a_deleted_secret_is_restored_or_goes_when_it_is_due(client: Any, clock: ManualClock) -> None:
    client.create_secret(Name="db", SecretString="one")
    client.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    with pytest.raises(client.exceptions.InvalidRequestException):
        client.get_secret_value(SecretId="db")
    assert client.list_secrets()["SecretList"] == []
    assert len(client.list_secrets(IncludePlannedDeletion=True)["SecretList"]) == 1
    client.restore_secret(SecretId="db")
    clock.advance(8 * 86_400)
    assert client.get_secret_value(SecretId="db")["SecretString"] == "one"
    client.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    clock.advance(8 * 86_400)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_secret(SecretId="db")
    client.create_secret(Name="db")
    client.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    client.create_secret(Name="db")


def test_listing_in_pages_and_by_filter(client: Any) -> None:
    for name in ("app/one", "app/two", "other"):
        client.create_secret(Name=name, Description=f"the {name}", Tags=[{"Key": "team", "Value": name[:3]}])

    def named(**options: Any) -> list[str]:
        pages = client.get_paginator("list_secrets").paginate(**options, PaginationConfig={"PageSize": 1})
        return [secret["Name"] for page in pages for secret in page["SecretList"]]

    assert named() == ["app/one", "app/two", "other"]
    assert named(Filters=[{"Key": "name", "Values": ["app"]}]) == ["app/one", "app/two"]
    assert named(Filters=[{"Key": "name", "Values": ["!app"]}]) == ["other"]
    assert named(Filters=[{"Key": "description", "Values": ["TWO"]}]) == ["app/two"]
    assert named(Filters=[{"Key": "tag-value", "Values": ["oth"]}]) == ["other"]


def test_tags_and_versions(client: Any) -> None:
    client.create_secret(Name="db", SecretString="1", Tags=[{"Key": "a", "Value": "1"}])
    for text in ("2", "3"):
        client.put_secret_value(SecretId="db", SecretString=text)
    client.tag_resource(SecretId="db", Tags=[{"Key": "b", "Value": "2"}])
    client.untag_resource(SecretId="db", TagKeys=["a"])
    assert client.describe_secret(SecretId="db")["Tags"] == [{"Key": "b", "Value": "2"}]
    assert len(client.list_secret_version_ids(SecretId="db")["Versions"]) == 2
    assert len(client.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]) == 3


def test_a_value_is_text_or_bytes_not_both(client: Any) -> None:
    with pytest.raises(ClientError):
        client.create_secret(Name="db", SecretString="1", SecretBinary=b"1")


def test_engines_read_the_value_or_one_key_of_it(backend: CheckedBackend, client: Any) -> None:
    client.create_secret(Name="db", SecretString=json.dumps({"user": "me", "port": 5432}))
    client.put_secret_value(SecretId="db", SecretString=json.dumps({"user": "you"}))
    client.create_secret(Name="plain", SecretString="text")
    scope = backend.world.scope(backend.account, "us-east-1")
    with backend.world.transaction():
        assert value(scope, "db", "user") == "you"
        assert value(scope, "db", "port", "AWSPREVIOUS") == "5432"
        assert value(scope, "plain") == "text"
        assert value(scope, "none") is None
        for arguments, sentence in (
            (("db", "password"), "has no key password"),
            (("plain", "user"), "is not JSON"),
            (("plain", "", "AWSPENDING"), "has no version AWSPENDING"),
        ):
            with pytest.raises(LookupError, match=sentence):
                value(scope, *arguments)
