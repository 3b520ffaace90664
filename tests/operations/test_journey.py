"""Every operation, run through the runner over boto3 against the backend, makes exactly the call it declares."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.clock import ManualClock
from pointsman.errors import Refused
from pointsman.model.activity import Deed
from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import (
    ActionRef,
    BatchRef,
    BuildRef,
    ExecutionRef,
    LogGroupRef,
    MetricFilterRef,
    PipelineRef,
    ProjectRef,
    Ref,
    StageRef,
)
from pointsman.operations.audit import MemoryAudit
from pointsman.operations.registry import default_registry
from pointsman.operations.runner import Runner
from pointsman.services.alarms import Alarms
from pointsman.services.builds import Builds
from pointsman.services.dashboards import Dashboards
from pointsman.services.deployments import Deployments
from pointsman.services.feeds import Feeds
from pointsman.services.insights import Insights
from pointsman.services.logs import Logs
from pointsman.services.metrics import Metrics
from pointsman.services.pipelines import Pipelines
from pointsman.services.raw import Raw
from pointsman.services.sampling import SamplingRules
from pointsman.services.service_map import ServiceMaps
from pointsman.services.session import Services
from pointsman.services.traces import Traces
from support.backend import CheckedBackend

REGISTRY = default_registry()
PIPELINE = PipelineRef("checkout")
GATE = ActionRef("checkout", "Gate", "Sign-off")
GATE_STAGE, DEPLOY = StageRef("checkout", "Gate"), StageRef("checkout", "Deploy")


def _action(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, **more}


def _zip(text: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("index.html", text)
    return body.getvalue()


@dataclass
class Operator:
    """A person at the console, with a backend underneath."""

    backend: CheckedBackend
    services: Services
    runner: Runner
    audit: MemoryAudit
    used: set[str] = field(default_factory=set)

    async def does(self, operation_id: str, ref: Ref, **answers: str) -> Deed:
        """Look, confirm, and let everything settle."""
        operation = REGISTRY.get(operation_id)
        state = await operation.read(self.services, ref)
        assert self.runner.why_not(operation, ref, state) is None
        shown = await self.runner.preview(operation, ref, state, answers)
        before = len(self.services.cloud.trail.calls)
        deed = await self.runner.run(operation, ref, answers, shown=shown)
        assert deed.outcome == "done", deed.detail
        sent = [call for call in self.services.cloud.trail.calls[before:] if call.write]
        assert [f"{call.service}:{call.operation}" for call in sent] == list(operation.calls)
        assert deed.request_id == sent[0].request_id != ""
        self.used.add(operation_id)
        self.backend.settle()
        return deed

    async def sees(self) -> PipelineState:
        """The pipeline as it is now."""
        return await self.services.pipelines.fresh(PIPELINE)

    async def run_of(self, deed: Deed) -> str:
        """The status of the run a deed made."""
        assert isinstance(deed.result, ExecutionRef)
        run = (await self.sees()).execution(deed.result.execution_id)
        assert run is not None
        return run.status.word


@pytest.fixture
async def operator(backend: CheckedBackend, clock: ManualClock) -> AsyncIterator[Operator]:
    session = backend.session(region_name="eu-west-1")
    s3 = session.client("s3")
    for name in ("sources", "artifacts", "site"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="sources", Key="app.zip", Body=_zip("one"))
    source = {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    stages = [
        ("Source", _action("App", "Source", "S3", configuration=source, outputArtifacts=[{"name": "app"}])),
        ("Gate", _action("Sign-off", "Approval", "Manual")),
        (
            "Deploy",
            _action(
                "Ship",
                "Deploy",
                "S3",
                configuration={"BucketName": "site", "Extract": "true"},
                inputArtifacts=[{"name": "app"}],
            ),
        ),
    ]
    definition = {
        "name": "checkout",
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "pipelineType": "V2",
        "executionMode": "SUPERSEDED",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [{"name": name, "actions": [action]} for name, action in stages],
    }
    session.client("codepipeline").create_pipeline(pipeline=definition)
    backend.settle()
    cloud = Cloud(lambda: backend.session(region_name="eu-west-1"), clock, guard=Guard(read_only=False, clock=clock))
    assert cloud.prepare() is None
    metrics = Metrics(cloud, clock, free=True)
    services = Services(
        clock=clock,
        cloud=cloud,
        feeds=Feeds(clock),
        pipelines=Pipelines(cloud, clock),
        builds=Builds(cloud, clock),
        deployments=Deployments(cloud, clock),
        logs=Logs(cloud, clock),
        raw=Raw(cloud),
        insights=Insights(cloud, cloud, clock),
        traces=Traces(cloud, clock),
        metrics=metrics,
        alarms=Alarms(cloud, clock, metrics),
        dashboards=Dashboards(cloud, clock),
        maps=ServiceMaps(cloud, clock),
        sampling=SamplingRules(cloud, clock),
        world="local",
    )
    audit = MemoryAudit()
    yield Operator(backend, services, Runner(services, REGISTRY, audit, lambda: cloud.guard, lambda _: False), audit)
    await services.feeds.close()


async def test_a_release_is_worked_from_start_to_rollback(operator: Operator, clock: ManualClock) -> None:
    """Approve, hold at the gate, release, reject, retry, stop, abandon, roll back."""
    await operator.does("approval.approve", GATE, summary="ship it")
    state = await operator.sees()
    assert state.status.word == "Succeeded"
    first = state.executions[0].id

    await operator.does("transition.disable", DEPLOY, reason="freeze until Monday")
    held = await operator.does("pipeline.start", PIPELINE)
    await operator.does("approval.approve", GATE)
    state = await operator.sees()
    deploy = state.stage("Deploy")
    assert deploy is not None and isinstance(held.result, ExecutionRef)
    assert (deploy.transition.reason, deploy.inbound_id) == ("freeze until Monday", held.result.execution_id)
    await operator.does("transition.enable", DEPLOY)
    assert await operator.run_of(held) == "Succeeded"

    clock.advance(1)
    refused = await operator.does("pipeline.start", PIPELINE)
    await operator.does("approval.reject", GATE, summary="not today")
    assert await operator.run_of(refused) == "Failed"
    await operator.does("stage.retry-failed", GATE_STAGE)
    assert await operator.run_of(refused) == "InProgress"
    await operator.does("approval.reject", GATE, summary="still not")
    await operator.does("stage.retry-all", GATE_STAGE)
    assert isinstance(refused.result, ExecutionRef)
    await operator.does("execution.stop", refused.result, reason="it can wait")
    assert await operator.run_of(refused) == "Stopping"
    await operator.does("execution.abandon", refused.result, reason="it cannot wait")
    assert await operator.run_of(refused) == "Stopped"

    again = await operator.does("pipeline.start", PIPELINE)
    await operator.does("pipeline.stop", PIPELINE)
    await operator.does("pipeline.abandon", PIPELINE)
    assert await operator.run_of(again) == "Stopped"

    back = await operator.does("stage.roll-back", DEPLOY, target=first)
    assert await operator.run_of(back) == "Succeeded"
    run = (await operator.sees()).executions[0]
    assert (run.kind, run.rollback_target) == ("ROLLBACK", first)

    # Its stages have no conditions; what is not a pipeline's has tests of its own.
    elsewhere = (
        "project",
        "build",
        "batch",
        "condition",
        "deployment",
        "group",
        "dashboard",
        "alarm",
        "metric",
        "log-group",
        "metric-filter",
        "sampling-rule",
        "query",
    )
    assert operator.used == {one.id for one in REGISTRY if one.id.partition(".")[0] not in elsewhere}
    assert all(deed.outcome == "done" for deed in operator.audit.read())
    writes = [call for call in operator.services.cloud.trail.calls if call.write]
    assert len(writes) == len(operator.audit.read()), "no write without an intent"


async def test_log_groups_and_their_filters_are_made_changed_and_deleted(operator: Operator) -> None:
    """Every operation on logs, against what really answers."""
    client = operator.backend.session(region_name="eu-west-1").client("logs")
    client.create_log_group(logGroupName="/shop/old")
    old, new = LogGroupRef("/shop/old"), LogGroupRef("/shop/new")
    await operator.does("log-group.create", old, name="/shop/new")
    metric = {"namespace": "Shop", "metric": "Errors"}
    await operator.does("log-group.create-filter", new, name="errors", pattern="ERROR", **metric)
    made = MetricFilterRef("/shop/new", "errors")
    await operator.does("metric-filter.change", made, pattern="?ERROR ?FATAL", unit="Count", default="0", **metric)
    state = await operator.services.logs.groups.fresh(new)
    (one,) = state.filters
    assert (one.pattern, one.metric, one.value, one.default, one.unit) == ("?ERROR ?FATAL", "Errors", "1", 0.0, "Count")
    assert await operator.services.logs.groups.filter_of(made) == one
    found = await operator.services.logs.groups.try_pattern(one.pattern, ("all is well", "FATAL: out of paper"))
    assert [match.number for match in found] == [2]
    await operator.does("log-group.set-retention", new, days="14")
    assert (await operator.services.logs.groups.fresh(new)).group.retention == 14
    await operator.does("log-group.keep-forever", new)
    assert (await operator.services.logs.groups.fresh(new)).group.never_expires
    await operator.does("metric-filter.delete", made)
    await operator.does("log-group.delete", new)
    assert [one["logGroupName"] for one in client.describe_log_groups()["logGroups"]] == ["/shop/old"]
    logs = {one.id for one in REGISTRY if one.id.startswith(("log-group", "metric-filter"))}
    assert operator.used == logs


async def test_an_answer_to_an_approval_that_moved_on_is_refused(operator: Operator) -> None:
    """Between the dialog and the yes, somebody else rejected it and had it asked again: another token, same words."""
    approve = REGISTRY.get("approval.approve")
    shown = await operator.runner.preview(approve, GATE, await operator.sees(), {})
    await operator.does("approval.reject", GATE, summary="no")
    await operator.does("stage.retry-all", GATE_STAGE)
    with pytest.raises(Refused, match="token has changed"):
        await operator.runner.run(approve, GATE, {}, shown=shown)
    assert (await operator.sees()).stages[1].waiting_approval is not None


async def test_builds_are_started_stopped_and_retried(operator: Operator) -> None:
    """A project's build: started with a variable, run again, and a long one stopped."""
    codebuild = operator.backend.session(region_name="eu-west-1").client("codebuild")
    codebuild.create_project(
        name="unit",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['echo $WHO']}}"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    unit = ProjectRef("unit")
    started = await operator.does("project.start-build", unit, environment="WHO=ada")
    assert isinstance(started.result, BuildRef)
    assert (await operator.services.builds.fresh(started.result)).status.word == "SUCCEEDED"
    more = {"cache": "local custom", "cloudwatch": "/mine", "queued": "20", "privileged": "true", "retries": "0"}
    overridden = await operator.does("project.start-build", unit, compute="BUILD_GENERAL1_LARGE", **more)
    assert isinstance(overridden.result, BuildRef)
    found = await operator.services.builds.fresh(overridden.result)
    assert (found.compute, found.queued_minutes, found.privileged) == ("BUILD_GENERAL1_LARGE", 20, True)
    assert (found.cache, found.log is not None and found.log.group) == ("LOCAL", "/mine")
    again = await operator.does("build.retry", started.result)
    assert isinstance(again.result, BuildRef) and again.result != started.result
    long = "version: 0.2\nphases: {build: {commands: ['sleep 600']}}"
    answer = codebuild.start_build(projectName="unit", buildspecOverride=long)
    ref = BuildRef(answer["build"]["id"])
    stopped = await operator.does("build.stop", ref)
    assert stopped.result == ref
    build = await operator.services.builds.fresh(ref)
    assert (build.status.word, build.complete) == ("STOPPED", True)


GRAPH = """
version: 0.2
batch:
  fast-fail: false
  build-graph:
    - identifier: first
    - identifier: second
      depend-on: [first]
phases: {build: {commands: ['echo $WHO', 'test "$WHO" = ada']}}
"""


async def test_batches_are_started_stopped_and_retried(operator: Operator) -> None:
    """A project's batch: started with a variable, one that fails run again, and a long one stopped."""
    codebuild = operator.backend.session(region_name="eu-west-1").client("codebuild")
    codebuild.create_project(
        name="unit",
        source={"type": "NO_SOURCE", "buildspec": GRAPH},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::123456789012:role/build",
        buildBatchConfig={"serviceRole": "arn:aws:iam::123456789012:role/batch"},
    )
    unit = ProjectRef("unit")
    started = await operator.does("project.start-batch", unit, environment="WHO=ada")
    assert isinstance(started.result, BatchRef)
    batch = await operator.services.builds.batches.fresh(started.result)
    assert (batch.status.word, len(batch.members)) == ("SUCCEEDED", 3), "the reading of the source counts"
    wrong = await operator.does("project.start-batch", unit, environment="WHO=bob")
    assert isinstance(wrong.result, BatchRef)
    assert (await operator.services.builds.batches.fresh(wrong.result)).status.word == "FAILED"
    await operator.does("batch.retry", wrong.result, which="RETRY_ALL_BUILDS")
    held = codebuild.start_build_batch(projectName="unit", buildspecOverride=GRAPH.replace("echo $WHO", "sleep 600"))[
        "buildBatch"
    ]["id"]
    await operator.does("batch.stop", BatchRef(held))
    assert (await operator.services.builds.batches.fresh(BatchRef(held))).status.word == "STOPPED"
