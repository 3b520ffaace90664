"""What a waiting approval asks is shown with its variables filled in, read once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from operations import states
from pointsman.clock import ManualClock
from pointsman.errors import FaultKind
from pointsman.model.pipelines import Action, PipelineState, Stage
from pointsman.model.refs import ActionRef, PipelineRef, StageRef
from pointsman.model.status import status
from pointsman.services.ask import Meter
from pointsman.services.pace import Budget
from pointsman.services.questions import Questions
from support.cloud import FakeCloud, failed

REF = PipelineRef("checkout")


def waiting(asked: str) -> PipelineState:
    action = Action(
        ActionRef("checkout", "Gate", "Sign-off"),
        category="Approval",
        status=status("InProgress"),
        execution_id="a-1",
        configuration=(("CustomData", asked),),
    )
    return PipelineState(REF, stages=(Stage(StageRef("checkout", "Gate"), execution_id="run-1", actions=(action,)),))


def service(calls: list[dict[str, Any]]) -> FakeCloud:
    def runs(**parameters: Any) -> dict[str, Any]:
        calls.append(parameters)
        detail = {
            "actionExecutionId": "a-1",
            "input": {"resolvedConfiguration": {"CustomData": "release c9d8821?"}},
        }
        return {"actionExecutionDetails": [detail]}

    return FakeCloud(ListActionExecutions=runs)


def asked(state: PipelineState) -> str:
    return state.stages[0].actions[0].option("CustomData")


def questions(cloud: FakeCloud) -> Questions:
    return Questions(Meter(cloud, "codepipeline", Budget.unlimited(ManualClock())))


async def test_variables_are_filled_in_and_read_once() -> None:
    calls: list[dict[str, Any]] = []
    filled = questions(service(calls))
    for _ in range(3):
        assert asked(await filled.filled(waiting("release #{Source.CommitId}?"))) == "release c9d8821?"
    assert [one["filter"] for one in calls] == [{"pipelineExecutionId": "run-1"}]


async def test_without_variables_nothing_is_asked() -> None:
    calls: list[dict[str, Any]] = []
    assert asked(await questions(service(calls)).filled(waiting("release?"))) == "release?"
    assert calls == []


async def test_where_it_may_not_be_read_the_declaration_stands() -> None:
    def denied(**_: Any) -> dict[str, Any]:
        raise failed(FaultKind.DENIED)

    filled = questions(FakeCloud(ListActionExecutions=denied))
    assert asked(await filled.filled(waiting("release #{Source.CommitId}?"))) == "release #{Source.CommitId}?"


async def test_the_token_of_a_parallel_run_s_approval_is_its_external_id() -> None:
    def runs(**_: Any) -> dict[str, Any]:
        result = {"executionResult": {"externalExecutionId": "token-1"}}
        return {"actionExecutionDetails": [{"actionExecutionId": "ask-1", "output": result}]}

    cloud = FakeCloud(ListActionExecutions=runs)
    questions = Questions(Meter(cloud, "codepipeline", Budget.unlimited(ManualClock())))
    state = states.with_action(states.waiting(), states.GATE, token="", execution_id="ask-1")
    for mode, token in (("PARALLEL", "token-1"), ("SUPERSEDED", "")):
        found = await questions.filled(replace(state, mode=mode))
        approval = found.stages[2].waiting_approval
        assert approval is not None
        assert approval.token == token
    assert cloud.count("ListActionExecutions") == 1
