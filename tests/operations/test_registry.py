"""Generated over the registry: what every operation must bring."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.validate import ParamValidator
from msgspec.structs import replace

from operations import alarming, deployed, logged, queried, states
from operations.fakes import FakeInsights, FakeServices, runner
from pointsman import services
from pointsman.model.dashboards import DashboardState
from pointsman.model.refs import (
    ActionRef,
    AlarmRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogGroupRef,
    MetricFilterRef,
    MetricRef,
    PipelineRef,
    Ref,
    SamplingRuleRef,
    SavedQueryRef,
    StageRef,
)
from pointsman.model.status import status
from pointsman.operations.audit import MemoryAudit
from pointsman.operations.declare import Operation
from pointsman.operations.permissions import READS, iam_policy, table
from pointsman.operations.preview import answer_problems, owner, with_defaults
from pointsman.operations.registry import Registry, default_registry, within_reach
from support.shapes import service_model

REGISTRY = default_registry()
ALL = pytest.mark.parametrize("operation", tuple(REGISTRY), ids=lambda operation: operation.id)

Case = tuple[Any, Ref, dict[str, str]]
_DEPLOY, _BUILD = states.stage_ref("Deploy"), states.stage_ref("Build")

_BOARD = DashboardState(DashboardRef("checkout"), '{"widgets": []}')

RUNS: dict[str, Case] = {
    "pipeline.start": (
        states.building(),
        states.PIPELINE,
        {"variables": "REGION=eu\nDB_PASSWORD=hunter22", "revision:Checkout": "a" * 40},
    ),
    "pipeline.stop": (states.building(), states.PIPELINE, {"reason": "wrong branch"}),
    "pipeline.abandon": (states.building("Stopping"), states.PIPELINE, {}),
    "execution.stop": (states.building(), states.execution_ref(states.NEW), {"reason": ""}),
    "execution.abandon": (states.building("Stopping"), states.execution_ref(states.NEW), {"reason": "it hangs"}),
    "transition.enable": (states.held(), _DEPLOY, {}),
    "transition.disable": (states.waiting(), _DEPLOY, {"reason": "freeze until Monday (ask Ada)"}),
    "stage.retry-failed": (states.failed(), _DEPLOY, {}),
    "stage.retry-all": (states.failed(), _DEPLOY, {}),
    "stage.roll-back": (states.failed(), _DEPLOY, {"target": states.MID}),
    "approval.approve": (states.waiting(), states.GATE, {"summary": "looks good, ship it"}),
    "approval.reject": (states.waiting(), states.GATE, {"summary": "not on a Friday"}),
    "project.start-build": (
        states.project(),
        states.PROJECT,
        {
            "source_version": "main",
            "environment": "API_TOKEN=hunter22\nparameter-store:DB=/shop/db",
            "image": "aws/codebuild/standard:7.0",
            "compute": "BUILD_GENERAL1_LARGE",
            "timeout": "30",
            "environment_type": "arm_container",
            "privileged": "true",
            "queued": "20",
            "source_type": "GITHUB",
            "source_location": "https://github.com/acme/checkout",
            "depth": "1",
            "secondary": "tools=CODECOMMIT https://example.com/tools main\nother=v2",
            "cache": "local docker source",
            "artifacts": "s3://artifacts/out zip",
            "cloudwatch": "/builds:checkout",
            "s3_logs": "off",
            "role": "arn:aws:iam::123456789012:role/build",
            "key": "alias/builds",
            "retries": "2",
        },
    ),
    "project.start-batch": (
        states.project(batches=True),
        states.PROJECT,
        {"source_version": "main", "timeout": "30", "cache": "s3://cache/web", "privileged": "false"},
    ),
    "build.stop": (states.build(), states.BUILD, {}),
    "build.retry": (states.build("FAILED"), states.BUILD, {}),
    "condition.override": (
        states.conditions("Deploy", states.condition("BEFORE_ENTRY"), states.condition("ON_SUCCESS")),
        _DEPLOY,
        {"condition": "ON_SUCCESS"},
    ),
    "batch.stop": (states.batch(), states.BATCH, {}),
    "batch.retry": (states.batch("FAILED"), states.BATCH, {"which": "RETRY_ALL_BUILDS"}),
    "sampling-rule.create": (
        states.sampling_rules(),
        states.HEALTH,
        states.rule_form("carts", fixed_rate="12.5%", url_path="/cart*", attributes="tenant=gold"),
    ),
    "sampling-rule.edit": (states.sampling_rules(), states.DEFAULT_RULE, {"fixed_rate": "10", "reservoir_size": "2"}),
    "sampling-rule.delete": (states.sampling_rules(), states.HEALTH, {}),
    **deployed.RUNS,
    **queried.RUNS,
    **alarming.RUNS,
    "dashboard.save": (_BOARD, _BOARD.ref, {"body": '{"widgets": [], "start": "-PT3H"}'}),
    "dashboard.delete": (_BOARD, _BOARD.ref, {}),
    **logged.RUNS,
}
"""A state in which each operation may run, its target and a person's answers."""

REFUSES: dict[str, tuple[tuple[Any, Ref, str], ...]] = {
    "pipeline.start": ((states.pipeline(stages=()), states.PIPELINE, "no stages"),),
    "pipeline.stop": (
        (states.pipeline(), states.PIPELINE, "nothing to stop"),
        (states.building("Stopping"), states.PIPELINE, "stopping already"),
    ),
    "pipeline.abandon": ((states.pipeline(), states.PIPELINE, "nothing to stop"),),
    "execution.stop": (
        (states.pipeline(), states.execution_ref(states.OLD), "has ended (Succeeded)"),
        (states.building("Stopping"), states.execution_ref(states.NEW), "it can still be abandoned"),
        (states.pipeline(), states.execution_ref(states.NEW), "not among the newest runs"),
    ),
    "execution.abandon": ((states.failed(), states.execution_ref(states.NEW), "has ended (Failed)"),),
    "transition.enable": (
        (states.pipeline(), _DEPLOY, "is open"),
        (states.pipeline(), states.stage_ref("Gone"), "no stage Gone"),
    ),
    "transition.disable": (
        (states.held(), _DEPLOY, "closed already"),
        (states.pipeline(), states.stage_ref("Gone"), "any more"),
    ),
    "stage.retry-failed": (
        (states.pipeline(), _DEPLOY, "only a failed or stopped stage"),
        (states.with_stage(states.pipeline(), "Deploy", execution_id=""), _DEPLOY, "has not run yet"),
        (states.with_stage(states.pipeline(), "Deploy", status=status("Stopped")), _DEPLOY, "retry all"),
    ),
    "stage.retry-all": (
        (states.building(), _BUILD, "Build is InProgress"),
        (
            states.with_action(states.failed(), ActionRef(states.NAME, "Deploy", "Ship"), status=status("InProgress")),
            _DEPLOY,
            "still runs",
        ),
    ),
    "stage.roll-back": (
        (replace(states.failed(), kind="V1"), _DEPLOY, "only V2"),
        (replace(states.failed(), mode="PARALLEL"), _DEPLOY, "PARALLEL"),
        (states.failed(), states.stage_ref("Source"), "source stage"),
        (states.building(), _BUILD, "when it does not run"),
        (states.with_stage(states.pipeline(), "Deploy", execution_id=""), _DEPLOY, "has not run yet"),
    ),
    "approval.approve": (
        (states.pipeline(), states.GATE, "does not wait any more: Succeeded"),
        (states.waiting(), ActionRef(states.NAME, "Build", "Unit"), "no approval"),
        (states.waiting(), ActionRef(states.NAME, "Gate", "Gone"), "no action Gone"),
        (states.with_action(states.waiting(), states.GATE, token=""), states.GATE, "no token"),
        (
            states.with_action(states.waiting(), states.GATE, status=status("Failed"), error_message="timed out"),
            states.GATE,
            "ran out of time: timed out",
        ),
    ),
    "approval.reject": ((states.pipeline(), states.GATE, "does not wait any more"),),
    "project.start-build": ((states.project(source_type="CODEPIPELINE"), states.PROJECT, "start that pipeline"),),
    "build.stop": ((states.build("SUCCEEDED"), states.BUILD, "has ended (SUCCEEDED)"),),
    "build.retry": (
        (states.build(), states.BUILD, "still runs"),
        (states.build("FAILED", initiator="codepipeline/checkout"), states.BUILD, "retry the stage"),
    ),
    "condition.override": (
        (states.failed(), _DEPLOY, "has no conditions"),
        (states.failed(), states.stage_ref("Gone"), "no stage Gone"),
        (states.conditions("Deploy", states.condition("BEFORE_ENTRY", "Succeeded")), _DEPLOY, "has failed"),
        (states.conditions("Deploy", states.condition("ON_FAILURE")), _DEPLOY, "on failure"),
        (states.conditions("Deploy", states.condition("ON_SUCCESS", result="ROLLBACK")), _DEPLOY, "is rolled back"),
        (
            states.with_stage(
                states.conditions("Deploy", states.condition("BEFORE_ENTRY", result="SKIP")),
                "Deploy",
                status=status("Skipped"),
            ),
            _DEPLOY,
            "was skipped",
        ),
        (
            states.with_stage(states.conditions("Deploy", states.condition("BEFORE_ENTRY")), "Deploy", execution_id=""),
            _DEPLOY,
            "which run",
        ),
    ),
    "project.start-batch": (
        (states.project(), states.PROJECT, "not set up for batches"),
        (states.project(batches=True, source_type="CODEPIPELINE"), states.PROJECT, "start that pipeline instead"),
    ),
    "batch.stop": ((states.batch("SUCCEEDED"), states.BATCH, "has ended (SUCCEEDED)"),),
    "batch.retry": (
        (states.batch(), states.BATCH, "still runs"),
        (states.batch("STOPPED"), states.BATCH, "only batches that have failed"),
    ),
    "sampling-rule.create": ((states.many_rules(25), states.HEALTH, "X-Ray allows 25"),),
    "sampling-rule.edit": ((states.sampling_rules(), SamplingRuleRef("gone"), "no sampling rule gone any more"),),
    "sampling-rule.delete": (
        (states.sampling_rules(), states.DEFAULT_RULE, "cannot be deleted"),
        (states.sampling_rules(), SamplingRuleRef("gone"), "any more"),
    ),
    **deployed.REFUSES,
    **queried.REFUSES,
    **alarming.REFUSES,
    "dashboard.save": (),
    "dashboard.delete": ((DashboardState(_BOARD.ref, "", there=False), _BOARD.ref, "no dashboard checkout"),),
    **logged.REFUSES,
}
"""States in which each operation refuses, and what its sentence says."""


def services_for(case: Case) -> FakeServices:
    state, ref, _ = case
    services = FakeServices()
    if isinstance(ref, PipelineRef | StageRef | ActionRef | ExecutionRef):
        services.pipelines.state = state
    elif isinstance(ref, DeploymentRef):
        services.deployments.state = state
    elif isinstance(ref, DeploymentGroupRef):
        services.deployments.history = state
    elif isinstance(ref, SavedQueryRef):
        services.insights = FakeInsights(state)
    elif isinstance(ref, DashboardRef):
        services.dashboards.state = state
    elif isinstance(ref, SamplingRuleRef):
        services.sampling.rules = state
    elif isinstance(ref, LogGroupRef | MetricFilterRef):
        services.logs.groups.detail = state
    elif ref == states.PROJECT:
        services.builds.project = state
    elif isinstance(ref, AlarmRef | MetricRef):
        services.alarms.state = state
    elif ref == states.BATCH:
        services.builds.batches.batch = state
    else:
        services.builds.build = state
    return services


def test_every_operation_of_the_issue_is_there() -> None:
    assert set(RUNS) == set(REFUSES) == {operation.id for operation in REGISTRY}


@ALL
def test_it_explains_itself(operation: Operation[Any]) -> None:
    assert operation.help.endswith(".") and len(operation.help) < 120
    assert len(operation.key) == 1 and operation.calls
    assert operation.title[0].isupper() and operation.past == operation.past.strip()
    assert REGISTRY.get(operation.id) in REGISTRY.of(operation.target)


@ALL
def test_it_runs_in_some_state_and_says_what_follows(operation: Operation[Any]) -> None:
    state, ref, answers = RUNS[operation.id]
    assert isinstance(ref, operation.target)
    assert operation.refuse(state, ref) is None
    assert answer_problems(operation.fields(state, ref), answers) == () or "execution" in with_defaults(
        operation.fields(state, ref), answers
    )
    lines = operation.consequences(state, ref, answers)
    assert lines and all(line and "\n" not in line for line in lines)


@ALL
def test_it_refuses_with_a_sentence(operation: Operation[Any]) -> None:
    for state, ref, words in REFUSES[operation.id]:
        reason = operation.refuse(state, ref)
        assert reason is not None and words in reason


@ALL
def test_its_plan_is_a_declared_call_that_botocore_takes(operation: Operation[Any]) -> None:
    state, ref, answers = RUNS[operation.id]
    fields = operation.fields(state, ref)
    for given in (answers, {}):
        call = operation.plan(state, ref, with_defaults(fields, given))
        assert f"{call.service}:{call.operation}" in operation.calls
        shape = service_model(call.service).operation_model(call.operation).input_shape
        report = ParamValidator().validate(call.parameters, shape)
        assert given == {} or not report.has_errors(), report.generate_report()


@ALL
def test_everything_it_says_stands_when_history_could_not_be_read(operation: Operation[Any]) -> None:
    state, ref, answers = RUNS[operation.id]
    if isinstance(state, type(states.pipeline())):
        state = replace(state, executions=(), latest=None)
    operation.refuse(state, ref)
    answers = with_defaults(operation.fields(state, ref), answers)
    assert operation.consequences(state, ref, answers)
    assert operation.plan(state, ref, answers).parameters


@ALL
async def test_it_runs_through_the_runner_with_exactly_the_calls_it_declares(operation: Operation[Any]) -> None:
    case = RUNS[operation.id]
    fakes = services_for(case)
    audit = MemoryAudit()
    running = runner(fakes, audit=audit)
    state, ref, answers = case
    shown = await running.preview(operation, ref, state, answers)
    assert shown.problems == ()
    deed = await running.run(operation, ref, answers, shown=shown)
    assert (deed.outcome, deed.said) == ("done", f"{operation.past} {ref}")
    assert {f"{service}:{name}" for service, name, _ in fakes.cloud.sent} == set(operation.calls)
    assert set(operation.touches(ref)) <= set(fakes.feeds.poked)
    assert len(audit.lines) == 2
    assert b"hunter22" not in b"".join(audit.lines)
    assert "hunter22" not in shown.cli
    sent = fakes.cloud.sent[0][2]
    assert ("hunter22" in str(sent)) == ("hunter22" in str(answers)), "hidden where it is shown, sent where it is sent"


def test_an_id_or_a_key_that_comes_twice_is_refused() -> None:
    one = REGISTRY.get("build.stop")
    with pytest.raises(ValueError, match="two operations are called"):
        Registry((one, one))
    with pytest.raises(ValueError, match="share the key"):
        Registry((one, replace(one, id="build.other")))


def test_a_waiting_approval_is_in_reach_from_its_pipeline_and_its_stage() -> None:
    assert states.GATE in within_reach(states.waiting(), states.PIPELINE)
    assert states.GATE in within_reach(states.waiting(), states.stage_ref("Gate"))
    assert _DEPLOY in within_reach(states.held(), states.PIPELINE)
    assert within_reach(states.building(), states.PIPELINE)[-1] == states.execution_ref(states.NEW)
    assert within_reach(states.pipeline(), states.PIPELINE) == (states.PIPELINE,)


@ALL
def test_its_target_has_a_name_to_protect_and_to_type(operation: Operation[Any]) -> None:
    known = {"checkout", "checkout-build", "checkout/prod", "health", "Default", logged.NAME, "errors", "a new query"}
    assert owner(RUNS[operation.id][1]) in known


def test_the_policy_allows_every_declared_call_and_every_read() -> None:
    policy = iam_policy(REGISTRY)
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert allowed == set(READS) | {call for operation in REGISTRY for call in operation.calls}
    assert [statement["Sid"] for statement in iam_policy(REGISTRY, writes=False)["Statement"]] == ["PointsmanReads"]
    assert len(table(REGISTRY)) == len(REGISTRY)


def test_the_reads_are_what_the_services_read() -> None:
    folder = Path(services.__file__ or "").parent
    text = "".join(path.read_text() for path in sorted(folder.glob("*.py")))
    called = r'"((?:Get|List|BatchGet|Describe|Filter|Test)[A-Z]\w+|StartQuery|StopQuery|StartLiveTail)"'
    read = set(re.findall(called, text)) | {"GetCallerIdentity"}
    assert read == {action.partition(":")[2] for action in READS}


def test_permissions_name_operations_that_exist() -> None:
    for action in (*READS, *REGISTRY.calls):
        service, _, name = action.partition(":")
        assert name in service_model(service).operation_names
