from __future__ import annotations

from pointsman.model.comparison import side_by_side, whereabouts
from pointsman.model.pipelines import Execution, PipelineState, Revision, Stage
from pointsman.model.refs import PipelineRef, StageRef
from pointsman.model.status import status

REF = PipelineRef("p")


def run(execution_id: str, *revisions: Revision) -> Execution:
    return Execution(execution_id, status("Succeeded"), revisions=revisions)


def test_revisions_are_paired_by_their_source_action() -> None:
    older = run("a", Revision("Code", "1"), Revision("Config", "7"), Revision("Gone", "3"))
    newer = run("b", Revision("Config", "7"), Revision("Code", "2"))
    found = side_by_side(REF, older, newer)
    assert [change.action for change in found.changes] == ["Config", "Code", "Gone"]
    assert [change.action for change in found.changed] == ["Code", "Gone"]


def test_each_revision_is_in_its_stages_and_at_its_gates() -> None:
    new, old = run("new", Revision("Code", "2")), run("old", Revision("Code", "1"))
    state = PipelineState(
        REF,
        stages=(
            Stage(StageRef("p", "Source"), execution_id="new"),
            Stage(StageRef("p", "Build"), execution_id="new"),
            Stage(StageRef("p", "Prod"), execution_id="old", inbound_id="new"),
            Stage(StageRef("p", "Later")),
        ),
        executions=(new, old),
    )
    first, second = whereabouts(state)
    assert (first.execution_id, first.stages, first.gates) == ("new", ("Source", "Build"), ("Prod",))
    assert (second.revision, second.stages, second.gates) == (Revision("Code", "1"), ("Prod",), ())


def test_an_execution_outside_the_history_has_no_revision() -> None:
    state = PipelineState(REF, stages=(Stage(StageRef("p", "Source"), execution_id="lost"),))
    (only,) = whereabouts(state)
    assert (only.execution_id, only.revision, only.execution) == ("lost", None, None)
