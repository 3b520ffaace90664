"""Webhooks: their answers, and what a call of their address starts."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.shapes import Pipeline
from pointsman.local.endpoint import Endpoint
from support.backend import CheckedBackend
from support.endpoint import KEY
from support.pipelines import Scripted, action, pipeline, source

SECRET = "open sesame"
PUSH = {"ref": "refs/heads/main", "repository": {"name": "r"}}


def webhook(name: str = "hook", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "targetPipeline": "web",
        "targetAction": "Source",
        "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{BranchName}"}],
        "authentication": "GITHUB_HMAC",
        "authenticationConfiguration": {"SecretToken": SECRET},
        **more,
    }


@pytest.fixture
def web(codepipeline: Any, script: Scripted) -> Any:
    script.immediate = True
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", [action("Build")])))
    return codepipeline


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {}


def started(codepipeline: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = codepipeline.list_pipeline_executions(pipelineName="web")[
        "pipelineExecutionSummaries"
    ]
    return found


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_a_webhook_is_kept_shown_without_its_secret_and_removed(web: Any) -> None:
    made = web.put_webhook(webhook=webhook(), tags=[{"key": "team", "value": "a"}])["webhook"]
    assert made["definition"]["authenticationConfiguration"] == {"SecretToken": "****"}
    assert made["url"].startswith("https://us-east-1.webhooks.aws/trigger?t=")
    assert made["arn"] == "arn:aws:codepipeline:us-east-1:123456789012:webhook:hook"
    again = web.put_webhook(webhook=webhook(filters=[]))["webhook"]
    assert (again["url"], again["tags"]) == (made["url"], [{"key": "team", "value": "a"}])
    web.put_webhook(webhook=webhook("other"))
    first = web.list_webhooks(MaxResults=1)
    rest = web.list_webhooks(NextToken=first["NextToken"])
    assert [one["definition"]["name"] for page in (first, rest) for one in page["webhooks"]] == ["hook", "other"]
    web.tag_resource(resourceArn=made["arn"], tags=[{"key": "more", "value": "b"}])
    assert len(web.list_tags_for_resource(resourceArn=made["arn"])["tags"]) == 2
    web.delete_webhook(name="hook")
    web.delete_webhook(name="hook")
    assert web.put_webhook(webhook=webhook())["webhook"]["url"] != made["url"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targetPipeline": "none"}, "PipelineNotFoundException"),
        ({"targetAction": "Build"}, "ValidationException"),
        ({"filters": [{"jsonPath": "ref"}]}, "InvalidWebhookFilterPatternException"),
        ({"authenticationConfiguration": {}}, "InvalidWebhookAuthenticationParametersException"),
        ({"authentication": "UNAUTHENTICATED"}, "InvalidWebhookAuthenticationParametersException"),
        (
            {"authentication": "IP", "authenticationConfiguration": {"AllowedIPRange": "no/3"}},
            "InvalidWebhookAuthenticationParametersException",
        ),
        ({"name": "a b"}, "ValidationException"),
    ],
)
def test_an_unsound_webhook_is_refused(web: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError) as caught:
        web.put_webhook(webhook=webhook(**changes))
    assert code(caught) == said


def test_only_githubs_sources_are_registered(web: Any) -> None:
    web.put_webhook(webhook=webhook())
    with pytest.raises(ClientError) as caught:
        web.register_webhook_with_third_party(webhookName="hook")
    assert code(caught) == "ValidationException"
    with pytest.raises(ClientError) as caught:
        web.deregister_webhook_with_third_party(webhookName="none")
    assert code(caught) == "WebhookNotFoundException"


def test_a_signed_call_starts_the_pipeline(web: Any, line: CheckedBackend, clock: ManualClock) -> None:
    with Endpoint(line, keys=KEY, clock=clock):
        url = web.put_webhook(webhook=webhook())["webhook"]["url"]
        assert url.startswith("http://127.0.0.1:")
        body = json.dumps(PUSH).encode()
        before = len(started(web))
        assert post(url, body, signed(body, "wrong"))[0] == 403
        assert post(url, body, {})[0] == 403
        other = json.dumps({**PUSH, "ref": "refs/heads/other"}).encode()
        status, said = post(url, other, signed(other))
        assert (status, said["message"]) == (202, "ignored: $.ref does not match")
        assert post(url, b"{", signed(b"{"))[0] == 400
        assert post(url.replace("t=", "t=x"), body, signed(body))[0] == 404
        assert len(started(web)) == before
        status, said = post(url, body, signed(body))
        newest = started(web)[0]
        assert (status, said["pipelineExecutionId"]) == (200, newest["pipelineExecutionId"])
        assert newest["trigger"] == {
            "triggerType": "Webhook",
            "triggerDetail": "arn:aws:codepipeline:us-east-1:123456789012:webhook:hook",
        }
        assert "lastTriggered" in web.list_webhooks()["webhooks"][0]
        form = urlencode({"payload": json.dumps(PUSH)}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        assert post(url, form, {**signed(form), **kind})[0] == 200
        assert post(url, body, {**signed(body), "Origin": "https://evil.example"})[0] == 403
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url, timeout=10)


def test_who_is_believed_otherwise(web: Any, line: CheckedBackend, clock: ManualClock) -> None:
    body = json.dumps(PUSH).encode()
    with Endpoint(line, keys=KEY, clock=clock):
        for name, kind, settings, status in (
            ("open", "UNAUTHENTICATED", {}, 200),
            ("here", "IP", {"AllowedIPRange": "127.0.0.0/8"}, 200),
            ("there", "IP", {"AllowedIPRange": "10.0.0.0/8"}, 403),
        ):
            given = webhook(name, authentication=kind, authenticationConfiguration=settings)
            assert post(web.put_webhook(webhook=given)["webhook"]["url"], body, {})[0] == status


def test_a_webhook_whose_action_is_gone_says_so(web: Any, line: CheckedBackend, clock: ManualClock) -> None:
    with Endpoint(line, keys=KEY, clock=clock):
        url = web.put_webhook(webhook=webhook())["webhook"]["url"]
        web.delete_pipeline(name="web")
        body = json.dumps(PUSH).encode()
        assert post(url, body, signed(body))[0] == 404
        shown = web.list_webhooks()["webhooks"][0]
        assert shown["errorMessage"] == "the pipeline web has no source action Source"


# -- GitHub's own sources -------------------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path, name: str) -> str:
    (folder / name).write_text(name)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", f"Add {name}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, line: CheckedBackend) -> Path:
    folder = tmp_path / "code" / "acme" / "web"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "one")
    world = tmp_path / "world.yaml"
    world.write_text(f"local:\n  connections:\n    github: {tmp_path / 'code'}\n")
    line.load(world)
    return folder


def github(**more: str) -> dict[str, Any]:
    made = action("Source", "Source", "GitHub", outputs=("src",), namespace="Src")
    made["actionTypeId"]["owner"] = "ThirdParty"
    made["configuration"] = {"Owner": "acme", "Repo": "web", "Branch": "main", "OAuthToken": "hush", **more}
    return made


def test_a_github_source_is_the_folder_of_a_connection(
    codepipeline: Any, line: CheckedBackend, script: Scripted, repository: Path, clock: ManualClock
) -> None:
    build = action("Build", configuration={"ProjectName": "#{Src.RepositoryName}"})
    made = codepipeline.create_pipeline(pipeline=pipeline(("Source", [github()]), ("Build", [build])))["pipeline"]
    assert made["stages"][0]["actions"][0]["configuration"]["OAuthToken"] == "****"
    line.settle()
    call = script.calls[-1]
    assert call.configuration["ProjectName"] == "web"
    tip = git(repository, "rev-parse", "HEAD")
    assert call.execution.outputs["Src"]["CommitUrl"] == f"https://github.com/acme/web/commit/{tip}"
    shown = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert [one["input"]["resolvedConfiguration"]["OAuthToken"] for one in shown if one["actionName"] == "Source"] == [
        "****"
    ]
    codepipeline.update_pipeline(pipeline=made)
    kept = line.world.scope("123456789012", "us-east-1").get(Pipeline, "web")
    assert kept is not None
    assert kept.declaration.stages[0].actions[0].configuration["OAuthToken"] == "hush"
    commit(repository, "two")
    clock.advance(61)
    line.settle()
    assert started(codepipeline)[0]["trigger"]["triggerType"] == "PollForSourceChanges"


def test_pushes_call_a_registered_webhook(
    codepipeline: Any, line: CheckedBackend, script: Scripted, repository: Path, clock: ManualClock
) -> None:
    script.immediate = True
    codepipeline.create_pipeline(
        pipeline=pipeline(("Source", [github(PollForSourceChanges="false")]), ("Build", [action("Build")]))
    )
    filters = [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}]
    codepipeline.put_webhook(webhook=webhook(filters=filters))
    line.settle()
    commit(repository, "unheard")
    clock.advance(61)
    line.settle()
    assert len(started(codepipeline)) == 1
    codepipeline.register_webhook_with_third_party(webhookName="hook")
    clock.advance(61)
    line.settle()
    assert len(started(codepipeline)) == 1, "what was there when it was registered is no push"
    tip = commit(repository, "heard")
    git(repository, "branch", "aside")
    clock.advance(61)
    line.settle()
    newest = started(codepipeline)
    assert len(newest) == 2, "the filter lets only the branch of the action pass"
    assert newest[0]["trigger"]["triggerType"] == "Webhook"
    assert newest[0]["sourceRevisions"][0]["revisionId"] == tip
    codepipeline.deregister_webhook_with_third_party(webhookName="hook")
    commit(repository, "unheard again")
    clock.advance(61)
    line.settle()
    assert len(started(codepipeline)) == 2
