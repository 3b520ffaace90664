"""What a waiting approval asks is shown with its variables filled in, read once."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from operations import states
from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import FaultKind
from pointsman.model.pipelines import Action, Execution, PipelineState, Stage
from pointsman.model.refs import ActionRef, PipelineRef, StageRef
from pointsman.model.status import status
from pointsman.services.ask import Meter
from pointsman.services.pace import Budget
from pointsman.services.questions import APART, Questions, waits
from pointsman.services.reads import pipelines as reader
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


# -- runs side by side ----------------------------------------------------------------------------------------------


def side_by_side(*moving: str, shown: str = "run-3") -> PipelineState:
    """A PARALLEL pipeline whose newest run to come to the gate is ``shown``."""
    action = Action(
        ActionRef("checkout", "Gate", "Sign-off"),
        category="Approval",
        status=status("InProgress"),
        execution_id=f"ask-{shown}",
        configuration=(("CustomData", "declared"),),
    )
    after = Action(ActionRef("checkout", "Gate", "Ship"), category="Deploy", run_order=2)
    stage = Stage(StageRef("checkout", "Gate"), status("InProgress"), shown, actions=(action, after))
    runs = tuple(Execution(one, status("InProgress")) for one in moving)
    return PipelineState(REF, mode="PARALLEL", stages=(stage,), executions=runs)


def detail(run: str, word: str = "InProgress", name: str = "Sign-off", category: str = "Approval") -> dict[str, Any]:
    return {
        "pipelineExecutionId": run,
        "actionExecutionId": f"ask-{run}",
        "stageName": "Gate",
        "actionName": name,
        "status": word,
        "startTime": EPOCH,
        "input": {"actionTypeId": {"category": category}, "configuration": {"CustomData": f"ship {run}?"}},
        "output": {"executionResult": {"externalExecutionId": f"token-{run}"}},
    }


async def test_every_run_of_a_parallel_pipeline_waits_by_itself() -> None:
    def runs(**_: Any) -> dict[str, Any]:
        return {"actionExecutionDetails": [detail("run-3"), detail("run-2", "Succeeded"), detail("run-1")]}

    cloud = FakeCloud(ListActionExecutions=runs)
    found = await questions(cloud).filled(side_by_side("run-3", "run-2", "run-1"))
    waiting = [(ref.execution, action.token, action.option("CustomData")) for _, action, ref in found.approvals]
    assert waiting == [("run-3", "token-run-3", "ship run-3?"), ("run-1", "token-run-1", "ship run-1?")]
    assert found.unseen == ""
    assert cloud.count("ListActionExecutions") == 1
    stage = found.beside[0]
    assert [action.status.word for action in stage.actions] == ["InProgress", ""], "the others have not run in it"


async def test_runs_beyond_the_newest_page_are_asked_for_one_by_one() -> None:
    calls: list[str] = []

    def runs(**given: Any) -> dict[str, Any]:
        wanted = given.get("filter", {}).get("pipelineExecutionId", "")
        calls.append(wanted)
        if not wanted:
            return {"actionExecutionDetails": [detail("run-30"), detail("run-29")], "nextToken": "more"}
        return {"actionExecutionDetails": [detail(wanted)]}

    names = [f"run-{number}" for number in range(30, 14, -1)]
    asks = questions(FakeCloud(ListActionExecutions=runs))
    found = await asks.filled(side_by_side(*names, shown="run-30"))
    assert calls == ["", *names[1 : 1 + APART]], "the last on the page may have more before it"
    assert len(found.approvals) == 1 + APART
    assert found.unseen == f"{len(names) - 1 - APART} of its {len(names)} runs were not looked through"
    calls.clear()
    found = await asks.filled(side_by_side(*names, shown="run-30"))
    assert calls == ["", *names[1 + APART :], *names[1 : 1 + APART - (len(names) - 1 - APART)]], "then the others"
    assert len(found.approvals) == len(names) and found.unseen == ""
    calls.clear()
    await asks.filled(side_by_side(*names[:3], shown="run-30"))
    assert calls == ["", *names[1:3]], "nothing is kept of runs that have ended"


async def test_runs_that_are_not_known_of_are_owned_up_to() -> None:
    cloud = FakeCloud(ListActionExecutions=lambda **_: {"actionExecutionDetails": [detail("run-3")]})
    found = await questions(cloud).filled(side_by_side("run-3"), whole=False)
    assert "older runs were not looked through" in found.unseen


async def test_what_cannot_be_read_of_the_other_runs_is_said() -> None:
    def denied(**_: Any) -> dict[str, Any]:
        raise failed(FaultKind.DENIED)

    cloud = FakeCloud(ListActionExecutions=denied)
    found = await questions(cloud).filled(side_by_side("run-3"))
    assert found.beside == ()
    assert "could not be read" in found.unseen


@given(runs=st.lists(st.builds(detail, st.sampled_from(["run-1", "run-2", "run-3", ""]))), seen=st.sets(st.text()))
def test_no_history_breaks_it(runs: list[dict[str, Any]], seen: set[str]) -> None:
    read = reader.action_runs(REF, {"actionExecutionDetails": runs})
    assert len(waits(side_by_side("run-3", "run-1"), read, seen).beside) <= 3
