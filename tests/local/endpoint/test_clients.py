"""Real clients, as processes: an old and a current AWS CLI and the JavaScript SDK against the endpoint."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import shutil
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.local.endpoint import Endpoint
from pointsman.local.logs import events
from pointsman.local.logs.livetail import LiveTails
from support.clients import current_cli, environment, javascript, old_cli
from support.endpoint import KEY

pytestmark = [pytest.mark.xdist_group("clients"), pytest.mark.timeout(400)]  # the first one installs them

JAVASCRIPT = Path(__file__).with_name("client.mjs")
PIPELINE = {
    "name": "release",
    "roleArn": "arn:aws:iam::123456789012:role/pipeline",
    "artifactStore": {"type": "S3", "location": "artifacts"},
    "stages": [
        {
            "name": "Source",
            "actions": [
                {
                    "name": "Code",
                    "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                    "configuration": {"S3Bucket": "artifacts", "S3ObjectKey": "app.zip"},
                    "outputArtifacts": [{"name": "Code"}],
                }
            ],
        },
        {
            "name": "Approve",
            "actions": [
                {
                    "name": "Ship",
                    "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
                }
            ],
        },
    ],
}
Aws = Callable[..., Any]


@pytest.fixture(params=["current", "old"])
def aws(endpoint: Endpoint, tmp_path: Path, request: pytest.FixtureRequest) -> Aws:
    """``aws("sts", "get-caller-identity")``: the CLI's answer, parsed; ``failing`` gives what it complained of."""
    command = old_cli(request.config) if request.param == "old" else current_cli()
    home = tmp_path / "home"
    home.mkdir()
    given = environment(
        home,
        AWS_ACCESS_KEY_ID=KEY.access_key_id,
        AWS_SECRET_ACCESS_KEY=KEY.secret_access_key,
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_DISABLE_HOST_PREFIX_INJECTION="true",
    )

    def run(*words: str, failing: bool = False) -> Any:
        done = subprocess.run(
            [*command, "--endpoint-url", endpoint.address, *words],
            env=given,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert (done.returncode != 0) == failing, done.stderr
        if failing:
            return done.stderr.strip()
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout

    return run


def test_each_cli_is_the_one_it_is_meant_to_be(aws: Aws, request: pytest.FixtureRequest) -> None:
    """In an environment of its own."""
    old = "aws-cli/1.29." in aws("--version")
    assert old == ("old" in request.node.name)


def test_the_cli_defines_a_pipeline_and_reads_it_back(aws: Aws, tmp_path: Path) -> None:
    """create-pipeline from a file, list, state, an error in AWS's words."""
    (tmp_path / "pipeline.json").write_text(json.dumps({"pipeline": PIPELINE}))
    assert aws("sts", "get-caller-identity")["Arn"] == "arn:aws:iam::123456789012:user/local"
    aws("s3", "mb", "s3://artifacts")
    made = aws("codepipeline", "create-pipeline", "--cli-input-json", "file://pipeline.json")
    assert made["pipeline"]["version"] == 1
    assert [item["name"] for item in aws("codepipeline", "list-pipelines")["pipelines"]] == ["release"]
    state = aws("codepipeline", "get-pipeline-state", "--name", "release")
    assert [stage["stageName"] for stage in state["stageStates"]] == ["Source", "Approve"]
    assert "PipelineNameInUseException" in aws(
        "codepipeline", "create-pipeline", "--cli-input-json", "file://pipeline.json", failing=True
    )


def test_the_cli_copies_up_and_down(aws: Aws, tmp_path: Path) -> None:
    """``s3 cp`` at once and in parts, ``s3 ls``, ``s3 rm``; what comes back is what went up."""
    small, big = tmp_path / "small", tmp_path / "big"
    small.write_bytes(b"hello")
    big.write_bytes(os.urandom(9_000_000))
    aws("s3", "mb", "s3://bucket")
    aws("s3", "cp", str(small), "s3://bucket/a folder/ü+small")
    aws("s3", "cp", str(big), "s3://bucket/big")
    assert "a folder/ü+small" in aws("s3", "ls", "s3://bucket", "--recursive")
    aws("s3", "cp", "s3://bucket/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    aws("s3", "cp", "s3://bucket/a folder/ü+small", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == b"hello"
    aws("s3", "rm", "s3://bucket/big")
    assert "404" in aws("s3", "cp", "s3://bucket/big", "back", failing=True)


def test_the_cli_commits_and_reads_logs(aws: Aws) -> None:
    """CodeCommit over JSON with base64 blobs, Logs with times, and a broken constraint."""
    aws("codecommit", "create-repository", "--repository-name", "app")
    put = ("codecommit", "put-file", "--repository-name", "app", "--branch-name", "main", "--file-path", "a.txt")
    commit = aws(*put, "--file-content", "aGVsbG8=")["commitId"]
    branch = aws("codecommit", "get-branch", "--repository-name", "app", "--branch-name", "main")
    assert branch["branch"]["commitId"] == commit
    aws("logs", "create-log-group", "--log-group-name", "/app")
    aws("logs", "create-log-stream", "--log-group-name", "/app", "--log-stream-name", "one")
    names = ("--log-group-name", "/app", "--log-stream-name", "one")
    aws("logs", "put-log-events", *names, "--log-events", "timestamp=1767603600000,message=hello")
    assert [item["message"] for item in aws("logs", "get-log-events", *names)["events"]] == ["hello"]
    assert "1 validation error detected: Value '51' at 'limit'" in aws(
        "logs", "describe-log-groups", "--limit", "51", failing=True
    )


def test_the_cli_puts_a_webhook_that_a_post_triggers(aws: Aws, tmp_path: Path) -> None:
    """put-webhook, a signed POST to its address, list-webhooks, delete-webhook; a partner's poll."""
    aws("s3", "mb", "s3://artifacts")
    (tmp_path / "pipeline.json").write_text(json.dumps({"pipeline": PIPELINE}))
    aws("codepipeline", "create-pipeline", "--cli-input-json", "file://pipeline.json")
    webhook = {
        "name": "hook",
        "targetPipeline": "release",
        "targetAction": "Code",
        "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/main"}],
        "authentication": "GITHUB_HMAC",
        "authenticationConfiguration": {"SecretToken": "open sesame"},
    }
    (tmp_path / "webhook.json").write_text(json.dumps({"webhook": webhook}))
    url = aws("codepipeline", "put-webhook", "--cli-input-json", "file://webhook.json")["webhook"]["url"]
    body = b'{"ref": "refs/heads/main"}'
    signature = f"sha256={hmac.new(b'open sesame', body, hashlib.sha256).hexdigest()}"
    request = urllib.request.Request(url, body, {"X-Hub-Signature-256": signature}, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        started = json.loads(answer.read())["pipelineExecutionId"]
    runs = aws("codepipeline", "list-pipeline-executions", "--pipeline-name", "release")["pipelineExecutionSummaries"]
    assert (runs[0]["pipelineExecutionId"], runs[0]["trigger"]["triggerType"]) == (started, "Webhook")
    [shown] = aws("codepipeline", "list-webhooks")["webhooks"]
    assert shown["definition"]["authenticationConfiguration"]["SecretToken"] == "****"
    assert shown["lastTriggered"]
    aws("codepipeline", "delete-webhook", "--name", "hook")
    assert aws("codepipeline", "list-webhooks")["webhooks"] == []
    assert "WebhookNotFoundException" in aws(
        "codepipeline", "register-webhook-with-third-party", "--webhook-name", "hook", failing=True
    )
    kind = "category=Test,owner=ThirdParty,provider=Runscope,version=1"
    assert aws("codepipeline", "poll-for-third-party-jobs", "--action-type-id", kind)["jobs"] == []


def test_the_cli_opens_and_merges_a_pull_request(aws: Aws) -> None:
    """create-pull-request, list, merge by squash, its events; credentials of a source provider."""
    aws("codecommit", "create-repository", "--repository-name", "app")
    put = ("codecommit", "put-file", "--repository-name", "app", "--file-content", "aGVsbG8=")
    first = aws(*put, "--branch-name", "main", "--file-path", "a.txt")["commitId"]
    where = ("--repository-name", "app", "--branch-name", "side")
    aws("codecommit", "create-branch", *where, "--commit-id", first)
    aws(*put, "--branch-name", "side", "--file-path", "b.txt", "--parent-commit-id", first)
    target = "repositoryName=app,sourceReference=side,destinationReference=main"
    made = aws("codecommit", "create-pull-request", "--title", "B", "--targets", target)["pullRequest"]
    listed = aws("codecommit", "list-pull-requests", "--repository-name", "app", "--pull-request-status", "OPEN")
    assert listed["pullRequestIds"] == [made["pullRequestId"]]
    one = ("--pull-request-id", made["pullRequestId"])
    merged = aws("codecommit", "merge-pull-request-by-squash", *one, "--repository-name", "app")["pullRequest"]
    assert merged["pullRequestTargets"][0]["mergeMetadata"]["isMerged"] is True
    events = aws("codecommit", "describe-pull-request-events", *one)["pullRequestEvents"]
    assert [event["pullRequestEventType"] for event in events][-1] == "PULL_REQUEST_STATUS_CHANGED"
    given = ("--server-type", "GITHUB", "--auth-type", "PERSONAL_ACCESS_TOKEN", "--token", "hush")
    arn = aws("codebuild", "import-source-credentials", *given)["arn"]
    assert aws("codebuild", "list-source-credentials")["sourceCredentialsInfos"][0]["arn"] == arn


def test_the_cli_with_the_wrong_secret(aws: Aws, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint) -> None:
    """It is told what AWS would tell it."""
    monkeypatch.setattr(endpoint, "_keys", type(KEY)(KEY.access_key_id, "another"))
    assert "InvalidSignatureException" in aws("codepipeline", "list-pipelines", failing=True)
    assert "SignatureDoesNotMatch" in aws("sts", "get-caller-identity", failing=True)
    assert "SignatureDoesNotMatch" in aws("s3api", "list-buckets", failing=True)


def test_the_javascript_sdk(endpoint: Endpoint, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Calls, errors, objects, a stream with a trailing checksum; JSON, query, XML and CBOR."""
    modules = javascript(request.config) / "node_modules"
    shutil.copy(JAVASCRIPT, tmp_path / "client.mjs")
    (tmp_path / "node_modules").symlink_to(modules)
    done = subprocess.run(
        ["node", "client.mjs"],
        env=environment(
            tmp_path,
            ENDPOINT=endpoint.address,
            AWS_ACCESS_KEY_ID=KEY.access_key_id,
            AWS_SECRET_ACCESS_KEY=KEY.secret_access_key,
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "pipelines": [],
        "missing": ["PipelineNotFoundException", 400],
        "arn": "arn:aws:iam::123456789012:user/local",
        "topic": "arn:aws:sns:eu-west-1:123456789012:releases",
        "small": "hello",
        "streamed": 150_000,
        "nothing": "NoSuchKey",
        "unbuilt": [
            *("application/x-amz-json-1.0", "NotImplemented", 501, "Pointsman's backend does not answer "),
            *("rpc-v2-cbor", "NotImplemented", 501, "Pointsman's backend does not answer "),
        ],
    }


@pytest.mark.timeout(120)
def test_the_cli_deploys(aws: Aws, client: Callable[..., Any], endpoint: Endpoint) -> None:
    """A bundle onto an instance, as the manual of ``aws deploy`` has it."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("appspec.yml", "version: 0.0\nos: linux\nfiles:\n  - {source: /, destination: /srv}\n")
    s3, deploy = client("s3"), client("codedeploy")
    s3.create_bucket(Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="releases", Key="app.zip", Body=body.getvalue())
    user = "arn:aws:iam::123456789012:user/web"
    deploy.register_on_premises_instance(instanceName="web", iamUserArn=user)
    deploy.add_tags_to_on_premises_instances(instanceNames=["web"], tags=[{"Key": "role", "Value": "web"}])
    aws("deploy", "create-application", "--application-name", "shop")
    names = ("--application-name", "shop", "--deployment-group-name", "web")
    role = ("--service-role-arn", "arn:aws:iam::123456789012:role/deploy")
    wanted = ("--on-premises-instance-tag-filters", "Key=role,Value=web,Type=KEY_AND_VALUE")
    aws("deploy", "create-deployment-group", *names, *role, *wanted)
    location = "bucket=releases,key=app.zip,bundleType=zip"
    made = aws("deploy", "create-deployment", *names, "--s3-location", location)["deploymentId"]
    endpoint._backend.settle()
    aws("deploy", "wait", "deployment-successful", "--deployment-id", made)
    info = aws("deploy", "get-deployment", "--deployment-id", made)["deploymentInfo"]
    assert info["deploymentOverview"]["Succeeded"] == 1
    said = aws("deploy", "get-deployment", "--deployment-id", "d-AAAAAAAAA", failing=True)
    assert "DeploymentDoesNotExistException" in said


def test_the_cli_puts_metrics_and_an_alarm_rises(aws: Aws) -> None:
    """put-metric-data in two ways, statistics, math, an alarm with its history, a dashboard and its refusal."""
    shop = ("--namespace", "Shop", "--metric-name", "errors")
    aws("cloudwatch", "put-metric-data", *shop, "--value", "9", "--dimensions", "Stage=prod")
    aws("cloudwatch", "put-metric-data", *shop, "--statistic-values", "SampleCount=2,Sum=6,Minimum=3,Maximum=3")
    listed = aws("cloudwatch", "list-metrics", "--namespace", "Shop")["Metrics"]
    assert sorted(len(one["Dimensions"]) for one in listed) == [0, 1]
    now = EPOCH
    window = (
        *("--start-time", f"{now - timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"),
        *("--end-time", f"{now + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}"),
    )
    got = aws("cloudwatch", "get-metric-statistics", *shop, *window, "--period", "60", "--statistics", "Sum")
    assert sum(one["Sum"] for one in got["Datapoints"]) == 6
    search = json.dumps([{"Id": "e", "Expression": "SUM(SEARCH('{Shop,Stage} errors', 'Sum', 60)) * 2"}])
    data = aws("cloudwatch", "get-metric-data", *window, "--metric-data-queries", search)
    assert data["MetricDataResults"][0]["Values"] == [18]
    rule = ("--comparison-operator", "GreaterThanThreshold", "--threshold", "5", "--evaluation-periods", "1")
    single = ("--statistic", "Sum", "--period", "60", "--dimensions", "Name=Stage,Value=prod")
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", "high", *shop, *single, *rule)
    aws("cloudwatch", "put-composite-alarm", "--alarm-name", "any", "--alarm-rule", "ALARM(high)")
    aws("cloudwatch", "set-alarm-state", "--alarm-name", "high", "--state-value", "OK", "--state-reason", "drill")
    history = aws("cloudwatch", "describe-alarm-history", "--alarm-name", "high")["AlarmHistoryItems"]
    assert {one["HistoryItemType"] for one in history} == {"StateUpdate", "ConfigurationUpdate"}
    assert "Member must satisfy enum value set" in aws(
        *("cloudwatch", "set-alarm-state", "--alarm-name", "high", "--state-value", "MEH", "--state-reason", "x"),
        failing=True,
    )
    assert "depend on it" in aws("cloudwatch", "delete-alarms", "--alarm-names", "high", failing=True)
    board = ("--dashboard-name", "shop", "--dashboard-body")
    aws("cloudwatch", "put-dashboard", *board, '{"widgets": []}')
    assert "Should be array" in aws("cloudwatch", "put-dashboard", *board, '{"widgets": 7}', failing=True)
    assert aws("cloudwatch", "list-dashboards")["DashboardEntries"][0]["Size"] == 15


def test_the_cli_searches_and_queries_logs(aws: Aws, endpoint: Endpoint) -> None:
    """put, filter, tail's call, test-metric-filter, a query from its start to the record behind a row."""
    now = int(EPOCH.timestamp() * 1000)
    aws("logs", "create-log-group", "--log-group-name", "app")
    aws("logs", "create-log-stream", "--log-group-name", "app", "--log-stream-name", "web")
    events = [{"timestamp": now - 2000 + n, "message": message} for n, message in enumerate(["ERROR one", "fine"])]
    stream = ("--log-group-name", "app", "--log-stream-name", "web")
    aws("logs", "put-log-events", *stream, "--log-events", json.dumps(events))
    found = aws("logs", "filter-log-events", "--log-group-name", "app", "--filter-pattern", "ERROR")
    assert [event["message"] for event in found["events"]] == ["ERROR one"]
    assert "InvalidParameterException" in aws(
        "logs", "filter-log-events", "--log-group-name", "app", "--filter-pattern", "a:b", failing=True
    )
    bench = aws(
        "logs", "test-metric-filter", "--filter-pattern", "[level=ERROR, text]", "--log-event-messages", "ERROR x"
    )
    assert bench["matches"][0]["extractedValues"] == {"$level": "ERROR", "$text": "x"}
    query = "filter @message like 'ERROR' | fields @message | limit 5"
    asked = ("--log-group-name", "app", "--start-time", "0", "--end-time", str(now // 1000 + 60))
    number = aws("logs", "start-query", *asked, "--query-string", query)["queryId"]
    endpoint._backend.settle()
    answer = aws("logs", "get-query-results", "--query-id", number)
    assert answer["status"] == "Complete"
    (row,) = ({cell["field"]: cell["value"] for cell in row} for row in answer["results"])
    assert row["@message"] == "ERROR one"
    record = aws("logs", "get-log-record", "--log-record-pointer", row["@ptr"])["logRecord"]
    assert record["@logStream"] == "web"
    assert "MalformedQueryException" in aws("logs", "start-query", *asked, "--query-string", "filtre x", failing=True)


def test_the_cli_tails_live(aws: Aws, endpoint: Endpoint, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """``logs start-live-tail`` prints what comes in, a second after it came."""
    if "old" in request.node.name:
        pytest.skip("the CLI of 2023 has no start-live-tail")
    aws("logs", "create-log-group", "--log-group-name", "/app")
    aws("logs", "create-log-stream", "--log-group-name", "/app", "--log-stream-name", "one")
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:/app"
    words = ["logs", "start-live-tail", "--log-group-identifiers", group, "--log-event-filter-pattern", "ERROR"]
    given = environment(
        tmp_path / "home",
        AWS_ACCESS_KEY_ID=KEY.access_key_id,
        AWS_SECRET_ACCESS_KEY=KEY.secret_access_key,
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_DISABLE_HOST_PREFIX_INJECTION="true",
    )
    command = [*current_cli(), "--endpoint-url", endpoint.address, *words]
    with subprocess.Popen(command, env=given, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as tail:
        try:
            backend = endpoint.backend
            tails = backend.world.tool(LiveTails)
            for _ in range(400):
                if tails:
                    break
                time.sleep(0.05)
            scope = backend.world.scope(backend.account, "eu-west-1")
            with backend.world.transaction():
                events.append(scope, "/app", "one", [(0, "all is well"), (0, "ERROR: it is not")])
            assert isinstance(backend.clock, ManualClock)
            backend.clock.advance(1)
            assert tail.stdout is not None
            assert tail.stdout.readline() == "ERROR: it is not\n"
        finally:
            tail.kill()
