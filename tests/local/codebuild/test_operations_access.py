"""Credentials of source providers, and policies."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.builds import Builds


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_credentials_are_known_and_their_tokens_are_not(builds: Builds) -> None:
    client: Any = builds.client
    given = {"token": "hush-hush", "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}
    arn = client.import_source_credentials(**given)["arn"]
    assert arn == "arn:aws:codebuild:us-east-1:123456789012:token/github"
    with pytest.raises(ClientError) as caught:
        client.import_source_credentials(**given, shouldOverwrite=False)
    assert code(caught) == "ResourceAlreadyExistsException"
    assert client.list_source_credentials()["sourceCredentialsInfos"] == [
        {"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}
    ]
    assert client.delete_source_credentials(arn=arn)["arn"] == arn
    with pytest.raises(ClientError) as caught:
        client.delete_source_credentials(arn=arn)
    assert code(caught) == "ResourceNotFoundException"
    for wrong in (
        {**given, "authType": "BASIC_AUTH", "username": "ann"},
        {**given, "username": "ann"},
        {**given, "authType": "CODECONNECTIONS"},
        {**given, "authType": "SECRETS_MANAGER"},
    ):
        with pytest.raises(ClientError) as caught:
            client.import_source_credentials(**wrong)
        assert code(caught) == "InvalidInputException"


def test_a_source_comes_from_the_connection_its_credentials_name(builds: Builds, tmp_path: Path) -> None:
    folder = tmp_path / "code" / "acme" / "web"
    folder.mkdir(parents=True)
    (folder / "buildspec.yml").write_text("version: 0.2\nphases: {build: {commands: ['echo from here']}}\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    world = tmp_path / "world.yaml"
    world.write_text(f"local:\n  connections:\n    elsewhere: {tmp_path / 'code'}\n")
    builds.backend.load(world)
    connections: Any = builds.backend.session().client("codeconnections")
    arn = connections.list_connections()["Connections"][0]["ConnectionArn"]
    builds.project("", source={"type": "GITHUB", "location": "https://github.com/acme/web.git"})
    failed = builds.get(builds.start())
    builds.backend.settle()
    assert builds.get(failed["id"])["buildStatus"] == "FAILED"
    builds.client.import_source_credentials(token=arn, serverType="GITHUB", authType="CODECONNECTIONS")
    assert builds.client.list_source_credentials()["sourceCredentialsInfos"][0]["resource"] == arn
    build = builds.start()
    builds.backend.settle()
    assert builds.get(build)["buildStatus"] == "SUCCEEDED"


def test_policies_are_kept(builds: Builds) -> None:
    client: Any = builds.client
    builds.project("version: 0.2")
    arn = client.batch_get_projects(names=["web"])["projects"][0]["arn"]
    with pytest.raises(ClientError) as caught:
        client.get_resource_policy(resourceArn=arn)
    assert code(caught) == "ResourceNotFoundException"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]})
    assert client.put_resource_policy(policy=policy, resourceArn=arn)["resourceArn"] == arn
    assert client.get_resource_policy(resourceArn=arn)["policy"] == policy
    client.delete_resource_policy(resourceArn=arn)
    client.delete_resource_policy(resourceArn=arn)
    for given, said in (
        ({"policy": "{}", "resourceArn": arn}, "InvalidInputException"),
        ({"policy": policy, "resourceArn": "arn:aws:s3:::x"}, "InvalidInputException"),
        ({"policy": policy, "resourceArn": f"{arn}x"}, "ResourceNotFoundException"),
        ({"policy": policy, "resourceArn": arn.replace("project/", "report-group/")}, "ResourceNotFoundException"),
    ):
        with pytest.raises(ClientError) as caught:
            client.put_resource_policy(**given)
        assert code(caught) == said
    assert client.list_shared_projects()["projects"] == []
    assert client.list_shared_report_groups()["reportGroups"] == []
