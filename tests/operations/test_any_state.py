"""Whatever AWS says, no operation stumbles: every sentence, form and call stands for every state there can be."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from operations import states
from operations.test_registry import REGISTRY
from pointsman.clock import EPOCH
from pointsman.errors import Fault, FaultKind
from pointsman.model.conditions import KINDS
from pointsman.model.pipelines import Action, Execution, PipelineState, Revision, Stage, Transition
from pointsman.model.refs import ActionRef, ExecutionRef, PipelineRef, Ref, StageRef
from pointsman.model.status import status
from pointsman.operations.preview import answer_problems, with_defaults
from pointsman.operations.registry import within_reach

IDS = st.sampled_from(["", states.OLD, states.MID, states.NEW])
WORDS = st.sampled_from(
    ["", "InProgress", "Succeeded", "Failed", "Stopping", "Stopped", "Superseded", "Cancelled", "Abandoned", "Novel"]
).map(status)
NAMES = st.sampled_from(["Source", "Build", "Gate", "Deploy"])
TIMES = st.sampled_from([None, EPOCH])
REASONS = st.text(max_size=5).filter(lambda one: "None" not in one)


@st.composite
def actions(draw: st.DrawFn, stage: str) -> Action:
    """An action of any kind in any state."""
    return Action(
        ActionRef(states.NAME, stage, draw(st.sampled_from(["Sign-off", "Ship", "Checkout"]))),
        category=draw(st.sampled_from(["", "Source", "Build", "Approval", "Deploy"])),
        provider=draw(st.sampled_from(["", "CodeCommit", "S3", "ECR", "Manual"])),
        run_order=draw(st.integers(1, 3)),
        status=draw(WORDS),
        token=draw(st.sampled_from(["", states.TOKEN])),
        changed_at=draw(TIMES),
    )


@st.composite
def stages(draw: st.DrawFn, name: str) -> Stage:
    """A stage in any state."""
    gate = Transition(draw(st.booleans()), draw(st.sampled_from(["", "ada"])), draw(TIMES), draw(REASONS))
    found = draw(st.lists(actions(name), max_size=3, unique_by=lambda one: one.ref))
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=3, unique=True))
    conditions = tuple(
        states.condition(
            kind,
            draw(st.sampled_from(["", "InProgress", "Failed", "Errored", "Overridden"])),
            draw(st.sampled_from(["FAIL", "ROLLBACK", "SKIP"])),
        )
        for kind in kinds
    )
    made = Stage(StageRef(states.NAME, name), draw(WORDS), draw(IDS), draw(IDS), gate, tuple(found))
    return replace(made, conditions=conditions)


@st.composite
def pipelines(draw: st.DrawFn) -> PipelineState:
    """A pipeline in any state, consistent or not, whole or not."""
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    runs = tuple(
        Execution(
            one,
            draw(WORDS),
            started=draw(TIMES),
            updated=draw(TIMES),
            revisions=tuple(draw(st.lists(st.just(Revision("Checkout", "a" * 40, "A title")), max_size=1))),
            kind=draw(st.sampled_from(["STANDARD", "ROLLBACK"])),
        )
        for one in draw(st.lists(st.sampled_from([states.OLD, states.MID, states.NEW]), max_size=3, unique=True))
    )
    return PipelineState(
        states.PIPELINE,
        kind=draw(st.sampled_from(["V1", "V2"])),
        mode=draw(st.sampled_from(["SUPERSEDED", "QUEUED", "PARALLEL"])),
        stages=tuple(draw(stages(name)) for name in names),
        latest=runs[0] if runs else None,
        executions=runs,
        missing=tuple((what, Fault(FaultKind.DENIED, "no")) for what in draw(st.sets(st.sampled_from(["history"])))),
    )


def targets() -> tuple[Ref, ...]:
    """Everything an operation may be asked about, also what is not (any more) there."""
    found: list[Ref] = [states.PIPELINE]
    found += [ExecutionRef(states.NAME, one) for one in (states.OLD, states.NEW)]
    found += [StageRef(states.NAME, name) for name in ("Source", "Gate", "Deploy", "Gone")]
    found += [ActionRef(states.NAME, "Gate", name) for name in ("Sign-off", "Ship", "Gone")]
    return tuple(found)


@settings(max_examples=150, deadline=None)
@given(state=pipelines(), data=st.data())
def test_no_state_makes_an_operation_stumble(state: PipelineState, data: st.DataObject) -> None:
    """Sentences end, forms can be filled in from their own choices, and a call is planned for what may run."""
    for ref in targets():
        for operation in REGISTRY.of(type(ref)):
            reason = operation.refuse(state, ref)
            assert reason is None or (reason and "\n" not in reason)
            fields = operation.fields(state, ref)
            answers = with_defaults(fields, {})
            lines = operation.consequences(state, ref, answers)
            assert all(line.strip() and "None" not in line for line in lines)
            operation.basis(state, ref, answers)
            operation.confirm(state, ref)
            if reason is None:
                call = operation.plan(state, ref, answers)
                assert f"{call.service}:{call.operation}" in operation.calls
                for field in fields:
                    if field.choices:
                        chosen = data.draw(st.sampled_from([choice.value for choice in field.choices]))
                        wrong = answer_problems((field,), {field.name: chosen})
                        assert wrong == ()


@settings(max_examples=60, deadline=None)
@given(state=pipelines())
def test_what_is_in_reach_can_be_operated_on(state: PipelineState) -> None:
    """Every ref offered has operations, none comes twice, and the selected one is first."""
    selected: list[Ref] = [states.PIPELINE, *(stage.ref for stage in state.stages)]
    for ref in selected:
        found = within_reach(state, ref)
        assert found[0] == ref and len(set(found)) == len(found)
        assert all(REGISTRY.of(type(one)) for one in found)
        assert all(isinstance(one, PipelineRef | StageRef | ActionRef | ExecutionRef) for one in found)
