"""Whatever happens to pipelines of any definition and mode: nobody is lost, and every word is AWS's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.actions import built
from pointsman.local.codepipeline.lanes import ways
from pointsman.local.codepipeline.providers import Providers
from support.backend import CheckedBackend
from support.pipelines import Scripted, action, approval, check, condition, pipeline, source
from support.pipelines import rule as declared

REFUSALS = {
    "PipelineExecutionNotStoppableException",
    "DuplicatedStopRequestException",
    "StageNotRetryableException",
    "NotLatestPipelineExecutionException",
    "UnableToRollbackStageException",
    "ConditionNotOverridableException",
    "InvalidApprovalTokenException",
    "ConcurrentPipelineExecutionsLimitExceededException",
    "StageNotFoundException",
}
MOVING = {"InProgress", "Stopping"}
STATUSES = MOVING | {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}

MODES = st.sampled_from(["SUPERSEDED", "QUEUED", "PARALLEL"])
CHECKS = st.sampled_from(
    [
        check("always", "yes"),
        check("never", "no"),
        check("given", "#{variables.go}"),
        declared("window", "DeploymentWindow", {"Cron": "* 0-19 * ? * *"}),
        declared("unknown", "Commands", commands=["true"]),
    ]
)
ENTRY = st.builds(condition, CHECKS, result=st.sampled_from(["FAIL", "SKIP"]))
ENDS = {"SUPERSEDED": ["FAIL", "ROLLBACK"], "QUEUED": ["FAIL", "ROLLBACK"], "PARALLEL": ["FAIL"]}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A pipeline of any mode, with conditions and what follows failures here and there."""
    mode = draw(MODES)
    stages = [("Source", [source()])]
    for name in ("One", "Two", "Three")[: draw(st.integers(1, 3))]:
        actions = [action(f"{name}{at}", order=draw(st.integers(1, 2))) for at in range(draw(st.integers(1, 3)))]
        if draw(st.booleans()):
            actions.append(approval(f"{name}Gate"))
        stages.append((name, actions))
    variables = [{"name": "go", "defaultValue": "yes"}]
    whole = pipeline(*stages, pipelineType="V2", executionMode=mode, variables=variables)
    for stage in whole["stages"][1:]:
        if draw(st.booleans()):
            stage["beforeEntry"] = draw(ENTRY)
        if draw(st.booleans()):
            stage["onSuccess"] = draw(st.builds(condition, CHECKS, result=st.sampled_from(ENDS[mode])))
        if draw(st.booleans()):
            follows: list[dict[str, Any]] = [
                {"result": "FAIL"},
                {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}},
                {"result": "RETRY"},
            ]
            if mode != "PARALLEL":
                follows += [{"result": "ROLLBACK"}, draw(st.builds(condition, CHECKS, result=st.just("ROLLBACK")))]
            stage["onFailure"] = draw(st.sampled_from(follows))
    return whole


class Floor(RuleBasedStateMachine):
    """One pipeline, and everything people, workers and time can do to it."""

    @initialize(given=definitions())
    def begin(self, given: dict[str, Any]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.script = Scripted()
        providers: Providers = built()
        for category, name in (("Source", "CodeCommit"), ("Build", "CodeBuild")):
            providers.add(category, "AWS", name, self.script)
        self.backend = CheckedBackend(state=Path(self.folder.name), clock=self.clock, tools=[providers])
        self.client: Any = self.backend.session("us-east-1").client("codepipeline")
        self.client.create_pipeline(pipeline=given)
        self.stages = [stage["name"] for stage in given["stages"]]

    def teardown(self) -> None:
        if hasattr(self, "backend"):
            self.backend.close()
            self.folder.cleanup()

    def ask(self, operation: str, **parameters: Any) -> None:
        """A call that may be refused, in AWS's words."""
        code = ""
        try:
            getattr(self.client, operation)(**parameters)
        except ClientError as error:
            code = error.response["Error"]["Code"]
        assert not code or code in REFUSALS

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.list_pipeline_executions(pipelineName="web")[
            "pipelineExecutionSummaries"
        ]
        return found

    def some(self, data: st.DataObject) -> str:
        ids: list[str] = [one["pipelineExecutionId"] for one in self.executions()[:4]]
        return data.draw(st.sampled_from(ids))

    @rule(go=st.sampled_from(["yes", "no"]))
    def start(self, go: str) -> None:
        self.ask("start_pipeline_execution", name="web", variables=[{"name": "go", "value": go}])

    @precondition(lambda self: self.script.waiting)
    @rule(data=st.data(), ok=st.booleans())
    def end(self, data: st.DataObject, ok: bool) -> None:
        place = data.draw(st.sampled_from(sorted(self.script.waiting)))
        self.script.end(*place, ok=ok)

    @rule(data=st.data(), ok=st.booleans())
    def answer(self, data: st.DataObject, ok: bool) -> None:
        for stage in self.client.get_pipeline_state(name="web")["stageStates"]:
            for one in stage["actionStates"]:
                token = one.get("latestExecution", {}).get("token")
                if token is not None and data.draw(st.booleans()):
                    result = {"summary": "so be it", "status": "Approved" if ok else "Rejected"}
                    where = {"stageName": stage["stageName"], "actionName": one["actionName"]}
                    self.ask("put_approval_result", pipelineName="web", **where, token=token, result=result)

    @rule(data=st.data(), is_open=st.booleans())
    def gate(self, data: st.DataObject, is_open: bool) -> None:
        where = {
            "pipelineName": "web",
            "stageName": data.draw(st.sampled_from(self.stages)),
            "transitionType": "Inbound",
        }
        if is_open:
            self.ask("enable_stage_transition", **where)
        else:
            self.ask("disable_stage_transition", **where, reason="wait")

    @rule(data=st.data(), abandon=st.booleans())
    def stop(self, data: st.DataObject, abandon: bool) -> None:
        self.ask("stop_pipeline_execution", pipelineName="web", pipelineExecutionId=self.some(data), abandon=abandon)

    @rule(data=st.data(), mode=st.sampled_from(["ALL_ACTIONS", "FAILED_ACTIONS"]))
    def retry(self, data: st.DataObject, mode: str) -> None:
        where = {"stageName": data.draw(st.sampled_from(self.stages)), "pipelineExecutionId": self.some(data)}
        self.ask("retry_stage_execution", pipelineName="web", **where, retryMode=mode)

    @rule(data=st.data(), kind=st.sampled_from(["BEFORE_ENTRY", "ON_SUCCESS"]))
    def override(self, data: st.DataObject, kind: str) -> None:
        where = {"stageName": data.draw(st.sampled_from(self.stages)), "pipelineExecutionId": self.some(data)}
        self.ask("override_stage_condition", pipelineName="web", **where, conditionType=kind)

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        where = {"stageName": data.draw(st.sampled_from(self.stages)), "targetPipelineExecutionId": self.some(data)}
        self.ask("rollback_stage", pipelineName="web", **where)

    @rule(seconds=st.sampled_from([0, 1, 300, 3_600, 90_000, 700_000]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: len(self.stages) > 2)
    @rule(mode=MODES)
    def update(self, mode: str) -> None:
        """Leave the second stage out, in any mode."""
        given = self.client.get_pipeline(name="web")["pipeline"]
        if mode == "PARALLEL" and "ROLLBACK" in str(given):
            return
        given["executionMode"] = mode
        del given["stages"][1]
        self.client.update_pipeline(pipeline=given)
        self.stages = [stage["name"] for stage in given["stages"]]

    @invariant()
    def nobody_is_lost_and_every_word_is_awss(self) -> None:
        if not hasattr(self, "backend"):
            return
        self.clock.advance(0)
        shown = {one["pipelineExecutionId"]: one["status"] for one in self.executions()}
        assert set(shown.values()) <= STATUSES
        scope = self.backend.world.scope(self.backend.account, "us-east-1")
        flows = [flow for way in ways(scope, "web") if (flow := way.load(scope)) is not None]
        active = [visitor.id for flow in flows for visitor in flow.active()]
        assert len(active) == len(set(active))
        moving = {name for name, status in shown.items() if status in MOVING}
        assert moving == set(active) & set(shown)

    @invariant()
    def what_is_in_progress_is_waited_for(self) -> None:
        """Every action in progress is one that the machine has under way, and the other way round."""
        if not hasattr(self, "backend"):
            return
        scope = self.backend.world.scope(self.backend.account, "us-east-1")
        flows = [flow for way in ways(scope, "web") if (flow := way.load(scope)) is not None]
        runs = [stage.run for flow in flows for stage in flow.stages if stage.run is not None and stage.run.active]
        under_way = sum(mark.status == "InProgress" for run in runs for mark in run.marks)
        under_way += sum(one.status == "InProgress" for run in runs for made in run.checks for one in made.rules)
        history = [
            one["status"]
            for operation, member in (("list_action", "actionExecutionDetails"), ("list_rule", "ruleExecutionDetails"))
            for one in getattr(self.client, f"{operation}_executions")(pipelineName="web")[member]
        ]
        assert set(history) <= {"InProgress", "Succeeded", "Failed", "Abandoned"}
        assert history.count("InProgress") == under_way or len(history) >= 100


Floor.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestFloor = Floor.TestCase
