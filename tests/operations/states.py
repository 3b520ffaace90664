"""States to judge operations by: one pipeline of four stages, bent into shape, and a build beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.batches import Batch, Member
from pointsman.model.builds import Build, EnvironmentVariable, Phase, Project
from pointsman.model.conditions import Condition, Rule
from pointsman.model.pipelines import Action, Execution, PipelineState, Revision, Stage, Transition, Variable
from pointsman.model.refs import (
    ActionRef,
    BatchRef,
    BuildRef,
    ExecutionRef,
    PipelineRef,
    ProjectRef,
    SamplingRuleRef,
    StageRef,
)
from pointsman.model.sampling import SamplingRule, SamplingRules, Taken, in_order
from pointsman.model.status import status
from pointsman.semantics.traces.sampling import Rule as SampledBy

NAME = "checkout"
PIPELINE = PipelineRef(NAME)
GATE = ActionRef(NAME, "Gate", "Sign-off")
OLD, MID, NEW = (f"{digit * 8}-0000-4000-8000-{digit * 12}" for digit in "123")
TOKEN = "aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa"
PROJECT = ProjectRef("checkout-build")
BUILD = BuildRef("checkout-build:0f0f0f0f-0000-4000-8000-000000000001")
BATCH = BatchRef("checkout-build:1e1e1e1e-0000-4000-8000-000000000002")
_TITLES = {OLD: "Add the basket", MID: "Fix the rounding", NEW: "Speed up search"}


def stage_ref(name: str) -> StageRef:
    return StageRef(NAME, name)


def execution_ref(execution_id: str) -> ExecutionRef:
    return ExecutionRef(NAME, execution_id)


def execution(execution_id: str, word: str = "Succeeded", **changes: Any) -> Execution:
    digit = execution_id[0]
    revision = Revision("Checkout", digit * 40, _TITLES[execution_id], author="Ada")
    started = EPOCH + timedelta(minutes=int(digit))
    made = Execution(execution_id, status(word), started, started, "StartPipelineExecution", revisions=(revision,))
    return replace(made, **changes)


def action(stage: str, name: str, category: str, provider: str, word: str = "Succeeded", **changes: Any) -> Action:
    made = Action(ActionRef(NAME, stage, name), category, provider, status=status(word), changed_at=EPOCH)
    return replace(made, **changes)


def stage(name: str, *actions: Action, word: str = "Succeeded", run: str = OLD, **changes: Any) -> Stage:
    return replace(Stage(stage_ref(name), status(word), run, actions=actions), **changes)


def closed(reason: str = "freeze until Monday") -> Transition:
    return Transition(enabled=False, changed_by="arn:aws:iam::123456789012:user/ops", changed_at=EPOCH, reason=reason)


def pipeline(**changes: Any) -> PipelineState:
    """Everything has succeeded, twice; nothing moves."""
    made = PipelineState(
        ref=PIPELINE,
        version=3,
        kind="V2",
        stages=(
            stage("Source", action("Source", "Checkout", "Source", "CodeCommit"), run=MID),
            stage("Build", action("Build", "Unit", "Build", "CodeBuild"), run=MID),
            stage("Gate", action("Gate", "Sign-off", "Approval", "Manual"), run=MID),
            stage("Deploy", action("Deploy", "Ship", "Deploy", "S3"), run=MID),
        ),
        executions=(execution(MID), execution(OLD)),
        latest=execution(MID),
        variables=(Variable("REGION", "us"), Variable("DB_PASSWORD", "none", "for the migration")),
    )
    return replace(made, **changes)


def with_stage(state: PipelineState, name: str, **changes: Any) -> PipelineState:
    stages = tuple(replace(one, **changes) if one.name == name else one for one in state.stages)
    return replace(state, stages=stages)


def with_action(state: PipelineState, ref: ActionRef, **changes: Any) -> PipelineState:
    found = state.stage(ref.stage)
    assert found is not None
    actions = tuple(replace(one, **changes) if one.ref == ref else one for one in found.actions)
    return with_stage(state, ref.stage, actions=actions)


def with_run(state: PipelineState, run: Execution) -> PipelineState:
    others = tuple(one for one in state.executions if one.id != run.id)
    runs = tuple(sorted((run, *others), key=lambda one: one.id, reverse=True))
    return replace(state, executions=runs, latest=runs[0])


def waiting() -> PipelineState:
    """MID has been built and waits for a person; Deploy still has OLD."""
    state = with_run(pipeline(), execution(MID, "InProgress"))
    state = with_stage(state, "Gate", status=status("InProgress"))
    state = with_action(state, GATE, status=status("InProgress"), token=TOKEN)
    return with_stage(state, "Deploy", execution_id=OLD)


def building(word: str = "InProgress") -> PipelineState:
    """NEW is being built; MID went before it."""
    state = with_run(pipeline(), execution(NEW, word))
    state = with_stage(state, "Source", execution_id=NEW)
    state = with_stage(state, "Build", execution_id=NEW, status=status(word))
    return with_action(state, ActionRef(NAME, "Build", "Unit"), status=status("InProgress"))


def failed() -> PipelineState:
    """The deployment of NEW failed."""
    state = with_run(pipeline(), execution(NEW, "Failed"))
    for name in ("Source", "Build", "Gate"):
        state = with_stage(state, name, execution_id=NEW)
    state = with_stage(state, "Deploy", execution_id=NEW, status=status("Failed"))
    return with_action(state, ActionRef(NAME, "Deploy", "Ship"), status=status("Failed"))


def held() -> PipelineState:
    """The gate before Deploy is closed; NEW waits there, MID gave way to it, OLD is deployed."""
    state = with_run(pipeline(), execution(MID, "Superseded"))
    state = with_run(state, execution(NEW, "InProgress"))
    for name in ("Source", "Build", "Gate"):
        state = with_stage(state, name, execution_id=NEW)
    return with_stage(state, "Deploy", execution_id=OLD, transition=closed(), inbound_id=NEW)


def project(**changes: Any) -> Project:
    made = Project(
        PROJECT,
        source_type="CODECOMMIT",
        source_location="https://example.com/checkout",
        variables=(EnvironmentVariable("STAGE", "test"),),
    )
    return replace(made, **changes)


def build(word: str = "IN_PROGRESS", **changes: Any) -> Build:
    made = Build(
        BUILD,
        status=status(word),
        phase="BUILD" if word == "IN_PROGRESS" else "COMPLETED",
        phases=(Phase("BUILD", status(word)),),
        complete=word != "IN_PROGRESS",
        source_type="CODECOMMIT",
        source_version="refs/heads/main",
        initiator="ada",
    )
    return replace(made, **changes)


def conditions(stage_name: str = "Deploy", *kinds: Condition) -> PipelineState:
    """NEW came to Deploy, whose conditions are these."""
    state = failed()
    return with_stage(state, stage_name, conditions=kinds)


def condition(kind: str, word: str = "Failed", result: str = "FAIL") -> Condition:
    rules = (
        Rule("Window", "DeploymentWindow", status("Succeeded")),
        Rule("Alarms", "CloudWatchAlarm", status("Failed"), error_message="CPU-high is in ALARM"),
    )
    return Condition(kind, status(word), result=result, rules=rules)


def batch(word: str = "IN_PROGRESS", **changes: Any) -> Batch:
    made = Batch(
        BATCH,
        status=status(word),
        phase="IN_PROGRESS" if word == "IN_PROGRESS" else "SUCCEEDED",
        complete=word != "IN_PROGRESS",
        members=(
            Member("lint", status=status("SUCCEEDED"), build=BUILD),
            Member("unit", status=status("IN_PROGRESS" if word == "IN_PROGRESS" else "FAILED"), build=BUILD),
            Member("deploy", depends=("lint", "unit")),
        ),
        resolved_version="a" * 40,
    )
    return replace(made, **changes)


HEALTH, DEFAULT_RULE = SamplingRuleRef("health"), SamplingRuleRef("Default")


def sampling_rules(*more: SamplingRule) -> SamplingRules:
    """Health checks are left out, everything else falls under the default rule."""
    health = SamplingRule(SampledBy("health", 100, 0.0, 0, url_path="/health*"), Taken(812, 0, 0))
    return SamplingRules(in_order((health, SamplingRule(SampledBy("Default", 10_000, 0.05, 1)), *more)))


def many_rules(count: int) -> SamplingRules:
    """So many rules beside the default one."""
    return sampling_rules(*(SamplingRule(SampledBy(f"r{at}", 200 + at, 0.1, 1, host="x")) for at in range(count - 1)))


def rule_form(name: str, **answers: str) -> dict[str, str]:
    """A form of a new rule, filled in."""
    patterns = ("service_name", "service_type", "host", "http_method", "url_path", "resource_arn")
    numbers = {"priority": "99", "fixed_rate": "5", "reservoir_size": "1"}
    return {"name": name, **numbers, **dict.fromkeys(patterns, "*"), **answers}
