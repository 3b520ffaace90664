"""What is posted to the pages of engines: whatever it is, it is answered and nothing breaks."""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.clock import ManualClock
from pointsman.local.endpoint import Endpoint
from pointsman.local.pages import Visit
from support.backend import CheckedBackend
from support.builds import Builds
from support.endpoint import KEY
from support.pipelines import action, pipeline, source

SECRET = "open sesame"
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["opened", "closed", "synchronize", "reopened", "released"]) | LEAVES,
        "ref": st.sampled_from(["refs/heads/main", "refs/tags/v1", "--upload-pack=x"]) | TREES,
        "before": LEAVES,
        "after": st.sampled_from(["0" * 40, "-x", "a" * 40]) | LEAVES,
        "deleted": st.booleans(),
        "commits": st.lists(st.dictionaries(st.sampled_from(["added", "modified"]), TREES)) | TREES,
        "head_commit": TREES,
        "number": LEAVES,
        "pull_request": st.fixed_dictionaries(
            {"head": TREES | st.just({"ref": "a", "sha": "-x"}), "base": TREES | st.just({"ref": "b", "sha": "--x"})}
        )
        | TREES,
        "release": TREES,
        "repository": TREES,
        "sender": TREES,
    },
)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckedBackend]:
    folder: Path = tmp_path_factory.mktemp("pages")
    clock = ManualClock()
    with CheckedBackend(state=folder / "state", clock=clock) as made:
        code: Any = made.session().client("codecommit")
        code.create_repository(repositoryName="r")
        code.put_file(repositoryName="r", branchName="main", filePath="a", fileContent=b"x", commitMessage="m")
        client: Any = made.session().client("codepipeline")
        client.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", [action("Build")])))
        client.put_webhook(
            webhook={
                "name": "hook",
                "targetPipeline": "web",
                "targetAction": "Source",
                "filters": [{"jsonPath": "$..ref[?(@ == 'x')]"}, {"jsonPath": "$.ref", "matchEquals": "{BranchName}"}],
                "authentication": "GITHUB_HMAC",
                "authenticationConfiguration": {"SecretToken": SECRET},
            }
        )
        builds = Builds(made, clock)
        where = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/r"
        builds.project("version: 0.2", source={"type": "CODECOMMIT", "location": where})
        builds.client.create_webhook(
            projectName="web",
            manualCreation=True,
            filterGroups=[[{"type": "EVENT", "pattern": "PUSH, PULL_REQUEST_CREATED, RELEASED"}]],
        )
        yield made


def posted(backend: CheckedBackend, name: str, query: dict[str, str], secret: str, body: bytes, event: str) -> int:
    signature = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    headers = {"x-hub-signature-256": signature, "x-github-event": event}
    shown = backend.visit(name, "POST", Visit(query, headers, body))
    assert shown is not None
    assert isinstance(msgspec.json.decode(shown.body)["message"], str)
    return shown.status


BODIES = st.binary(max_size=60) | (EVENT | TREES).map(msgspec.json.encode)
QUIET = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(body=BODIES, event=st.sampled_from(["push", "pull_request", "release", "ping", ""]))
def test_no_body_breaks_a_projects_webhook(backend: CheckedBackend, body: bytes, event: str) -> None:
    made: Any = backend.session().client("codebuild").update_webhook(projectName="web", rotateSecret=True)
    query = {"t": "web", "r": "us-east-1"}
    status = posted(backend, "webhooks/codebuild", query, made["webhook"]["secret"], body, event)
    assert status in (200, 202, 400)


@QUIET
@given(body=BODIES)
def test_no_body_breaks_a_pipelines_webhook(backend: CheckedBackend, body: bytes) -> None:
    url = backend.session().client("codepipeline").list_webhooks()["webhooks"][0]["url"]
    token = url.partition("t=")[2].partition("&")[0]
    assert posted(backend, "webhooks/codepipeline", {"t": token}, SECRET, body, "") in (200, 202, 400, 429)


@QUIET
@given(query=st.dictionaries(st.sampled_from(["t", "r", "uuid", "branch"]), st.text(max_size=12)))
def test_no_address_breaks_a_page(backend: CheckedBackend, query: dict[str, str]) -> None:
    for name in ("webhooks/codebuild", "webhooks/codepipeline"):
        assert posted(backend, name, query, SECRET, b"{}", "push") in (403, 404)
    badge = backend.visit("badges", "GET", Visit(query))
    assert badge is not None
    assert badge.body.startswith(b"<svg")
    assert backend.visit("badges", "POST", Visit(query)) is None
    assert backend.visit("none", "GET", Visit(query)) is None


def test_a_tree_without_end_is_no_payload(backend: CheckedBackend) -> None:
    body = b"[" * 200_000
    url = backend.session().client("codepipeline").list_webhooks()["webhooks"][0]["url"]
    token = url.partition("t=")[2].partition("&")[0]
    assert posted(backend, "webhooks/codepipeline", {"t": token}, SECRET, body, "") == 400


def test_no_body_is_taken_in_for_a_page_that_is_not_there(backend: CheckedBackend) -> None:
    """It is refused as soon as its head has come."""
    with Endpoint(backend, keys=KEY) as endpoint, socket.create_connection(("127.0.0.1", endpoint.port), 10) as line:
        head = (
            f"POST /_pointsman/nothing HTTP/1.1\r\nHost: localhost:{endpoint.port}\r\nContent-Length: 20000000\r\n\r\n"
        )
        line.sendall(head.encode() + b"x" * 1000)
        assert line.recv(64).startswith(b"HTTP/1.1 404")
