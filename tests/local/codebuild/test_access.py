"""``aws`` inside a build: the stock CLI reaches the backend that runs it, with keys that end with the build."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pointsman.local.endpoint import Endpoint
from pointsman.local.reach import Reach
from support.backend import CheckedBackend
from support.endpoint import KEY

CLI = Path(sys.executable).with_name("aws")


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[CheckedBackend]:
    """A backend on the wall clock, which keys' ends are held against."""
    with CheckedBackend(state=tmp_path / "state") as made:
        yield made


@pytest.fixture
def served(backend: CheckedBackend) -> Iterator[Endpoint]:
    with Endpoint(backend, keys=KEY) as endpoint:
        yield endpoint


def client(endpoint: Endpoint, service: str, *keys: str) -> Any:
    session = boto3.Session(*(keys or (KEY.access_key_id, KEY.secret_access_key)), region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint.address, config=Config(retries={"total_max_attempts": 1}))


def run(backend: CheckedBackend, endpoint: Endpoint, *commands: str) -> tuple[Any, list[str]]:
    """Build some commands; the build, and what they printed."""
    builds = client(endpoint, "codebuild")
    lines = "".join(f"      - {command!r}\n" for command in commands)
    builds.create_project(
        name="web",
        source={"type": "NO_SOURCE", "buildspec": f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    build_id = builds.start_build(projectName="web")["build"]["id"]
    backend.world.patience = 90.0
    backend.settle()
    build = builds.batch_get_builds(ids=[build_id])["builds"][0]
    page = client(endpoint, "logs").get_log_events(
        logGroupName="/aws/codebuild/web", logStreamName=build_id.partition(":")[2], startFromHead=True
    )
    lines_told = [event["message"].rstrip("\n") for event in page["events"]]
    return build, [line for line in lines_told if line and not line.startswith("[Container]")]


@pytest.mark.skipif(not CLI.exists(), reason="the AWS CLI is not installed")
@pytest.mark.timeout(120)
def test_the_stock_cli_in_a_build_reaches_this_backend_until_the_build_ends(
    backend: CheckedBackend, served: Endpoint
) -> None:
    client(served, "s3").create_bucket(Bucket="inside")
    build, printed = run(
        backend,
        served,
        f"{CLI} sts get-caller-identity --query Account --output text",
        f"echo hello > f && {CLI} s3 cp --quiet f s3://inside/from/build && echo copied",
        'echo "$AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN"',
        'echo "$AWS_ACCESS_KEY_ID,$AWS_SESSION_TOKEN" | tr A-Za-z N-ZA-Mn-za-m',
    )
    assert build["buildStatus"] == "SUCCEEDED", printed
    assert printed[:2] == ["123456789012", "copied"]
    assert client(served, "s3").get_object(Bucket="inside", Key="from/build")["Body"].read() == b"hello\n"
    assert printed[2] == "*** ***"
    key, _, token = codecs.encode(printed[3], "rot13").partition(",")
    assert key.startswith("ASIA")
    with pytest.raises(ClientError) as refused:
        client(served, "sts", key, "x" * 40, token).get_caller_identity()
    assert refused.value.response["Error"]["Code"] in ("InvalidClientTokenId", "UnrecognizedClientException")


def test_a_backend_knows_where_it_is_reached_while_it_is(tmp_path: Path) -> None:
    with CheckedBackend(state=tmp_path / "state") as backend:
        reach = backend.world.tool(Reach)
        assert reach.address == ""
        with Endpoint(backend, keys=KEY) as endpoint:
            assert reach.address == endpoint.address
        assert reach.address == ""
