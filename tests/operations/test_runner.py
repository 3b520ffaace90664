"""The only path to a write: in order, once, written down, and nothing sent when anything speaks against it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from operations import states
from operations.fakes import MALLORY, OPS, FakeServices, runner
from pointsman.aws.guard import Guard
from pointsman.clock import EPOCH
from pointsman.errors import CallFailed, Fault, FaultKind, Refused, StateError
from pointsman.model.activity import Deed
from pointsman.operations.audit import MemoryAudit
from pointsman.operations.declare import Confirm, Field, Operation, WriteCall
from pointsman.operations.preview import Preview
from pointsman.operations.registry import Registry, default_registry
from pointsman.operations.runner import Runner

APPROVE = default_registry().get("approval.approve")
START = default_registry().get("pipeline.start")
DISABLE = default_registry().get("transition.disable")
ENABLE = default_registry().get("transition.enable")


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


async def look(running: Runner, services: FakeServices, operation: Operation[Any] = APPROVE) -> Preview:
    ref = states.GATE if operation is APPROVE else states.PIPELINE if operation is START else states.stage_ref("Deploy")
    return await running.preview(operation, ref, services.pipelines.state, {})


async def refusal(running: Runner, shown: Preview, operation: Operation[Any] = APPROVE, **answers: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await running.run(operation, shown.target, answers, shown=shown)
    return caught.value


# -- what the dialog shows


async def test_a_preview_names_who_where_what_and_the_line(services: FakeServices) -> None:
    shown = await look(runner(services, endpoint="http://127.0.0.1:4566"), services)
    assert (shown.account, shown.region, shown.identity) == ("123456789012", "eu-west-1", OPS)
    assert shown.call == "codepipeline:PutApprovalResult"
    assert shown.cli.startswith("aws codepipeline put-approval-result --pipeline-name checkout")
    assert shown.cli.endswith("--region eu-west-1 --profile prod --endpoint-url http://127.0.0.1:4566")
    assert shown.title == "Approve: checkout / Gate / Sign-off"
    assert shown.confirm is Confirm.ASK


async def test_a_protected_name_raises_the_confirmation(services: FakeServices) -> None:
    services.pipelines.state = states.held()
    shown = await look(runner(services, protected=("checkout",)), services, ENABLE)
    assert (shown.confirm, shown.type_name) == (Confirm.TYPE_NAME, "checkout")
    assert "checkout is protected." in shown.warnings


async def test_a_preview_of_half_typed_answers_says_what_is_wrong(services: FakeServices) -> None:
    running = runner(services)
    shown = await running.preview(DISABLE, states.stage_ref("Deploy"), services.pipelines.state, {"reason": "a/b"})
    assert [field for field, _ in shown.problems] == ["reason"]
    assert "remove '/'" in shown.problems[0][1]


async def test_credentials_about_to_end_are_said(services: FakeServices) -> None:
    services.cloud.identity = replace(OPS, expires=EPOCH + timedelta(minutes=3))
    assert "The credentials end at 09:03 UTC." in (await look(runner(services), services)).warnings


# -- the run


async def test_a_run_writes_the_intent_sends_once_and_writes_the_outcome(services: FakeServices) -> None:
    audit = MemoryAudit()
    running = runner(services, audit=audit)
    lines_before_the_write: list[int] = []
    services.cloud.before = lambda: lines_before_the_write.append(len(audit.lines))
    seen: list[str] = []
    running.listen(lambda deed: seen.append(deed.outcome))
    deed = await running.run(APPROVE, states.GATE, {"summary": "ok"}, shown=await look(running, services))
    assert lines_before_the_write == [1]
    assert (deed.outcome, deed.request_id, deed.said) == ("done", "req-1", "approved checkout / Gate / Sign-off")
    assert deed.identity == OPS.arn and "put-approval-result" in deed.cli
    assert seen == ["running", "done"] and running.deeds == [deed]
    assert services.cloud.sent[0][2]["result"] == {"summary": "ok", "status": "Approved"}
    assert services.cloud.sent[0][2]["token"] == states.TOKEN
    assert services.feeds.poked == [("pipeline", "checkout"), ("history", "checkout"), ("board",)]
    assert audit.read() == (replace(deed, fault=None),)
    assert running.history() == (deed,)


async def test_what_it_made_is_offered_and_poked(services: FakeServices) -> None:
    services.cloud.answer = {"pipelineExecutionId": states.NEW}
    running = runner(services)
    deed = await running.run(START, states.PIPELINE, {}, shown=await look(running, services, START))
    assert deed.result == states.execution_ref(states.NEW)
    assert ("runs", "checkout", states.NEW) in services.feeds.poked


# -- what speaks against it


async def test_read_only_is_said_first_and_the_way_out_with_it(services: FakeServices) -> None:
    guard = Guard(read_only=True, clock=services.clock)
    running = runner(services, guard=guard)
    reason = running.why_not(APPROVE, states.GATE, states.pipeline())
    assert reason is not None and "read-only" in reason
    services.cloud.who_fault = Refused("never asked")
    found = await refusal(running, replace(await look_free(services), state=services.pipelines.state))
    assert "read-only" in found.message and ":arm 15" in found.hint
    assert services.cloud.sent == []


async def look_free(services: FakeServices) -> Preview:
    fault, services.cloud.who_fault = services.cloud.who_fault, None
    shown = await look(runner(services), services)
    services.cloud.who_fault = fault
    return shown


async def test_a_console_locked_by_its_command_line_says_so(services: FakeServices) -> None:
    found = await refusal(
        runner(services, guard=Guard(clock=services.clock, locked=True)), await look(runner(services), services)
    )
    assert "--read-only" in found.hint


async def test_a_target_that_moved_on_is_refused(services: FakeServices) -> None:
    audit = MemoryAudit()
    running = runner(services, audit=audit)
    shown = await look(running, services)
    services.pipelines.state = states.pipeline()
    found = await refusal(running, shown)
    assert "does not wait any more" in found.message
    assert services.cloud.sent == []
    assert [(deed.outcome, deed.detail) for deed in running.deeds] == [("refused", found.message)]
    assert audit.read()[0].outcome == "refused"


async def test_another_revision_than_the_one_looked_at_is_refused_by_name(services: FakeServices) -> None:
    running = runner(services)
    shown = await look(running, services)
    newer = states.with_run(states.waiting(), states.execution(states.NEW, "InProgress"))
    newer = states.with_stage(newer, "Gate", execution_id=states.NEW)
    services.pipelines.state = states.with_action(newer, states.GATE, token=states.OLD)
    found = await refusal(running, shown)
    assert "2222222" in found.message and "3333333" in found.message and "since you looked" in found.message
    assert services.cloud.sent == []


async def test_a_newer_run_at_the_gate_is_refused_by_name(services: FakeServices) -> None:
    services.pipelines.state = states.held()
    running = runner(services)
    shown = await look(running, services, ENABLE)
    services.pipelines.state = states.with_stage(states.held(), "Deploy", inbound_id=states.MID)
    assert "The run that waits at the gate has changed" in (await refusal(running, shown, ENABLE)).message


async def test_what_does_not_count_may_change(services: FakeServices) -> None:
    """A newer run that begins elsewhere does not take the answer to this one away."""
    running = runner(services)
    shown = await look(running, services)
    state = states.with_run(states.waiting(), states.execution(states.NEW, "InProgress"))
    services.pipelines.state = states.with_stage(state, "Source", execution_id=states.NEW)
    deed = await running.run(APPROVE, states.GATE, {}, shown=shown)
    assert deed.outcome == "done"


async def test_another_caller_is_refused(services: FakeServices) -> None:
    running = runner(services)
    shown = await look(running, services)
    services.cloud.identity = MALLORY
    assert "user/mallory" in (await refusal(running, shown)).message
    assert services.cloud.sent == []


async def test_arming_given_to_another_caller_does_not_count(services: FakeServices) -> None:
    guard = Guard(read_only=True, clock=services.clock)
    guard.arm(15, MALLORY)
    running = runner(services, guard=guard)
    assert "mallory" in (await refusal(running, await look(running, services))).message
    assert services.cloud.sent == []


@pytest.mark.parametrize("what", ["caller", "target"])
async def test_a_read_that_fails_sends_nothing(services: FakeServices, what: str) -> None:
    running = runner(services)
    shown = await look(running, services)
    fault = CallFailed(Fault(FaultKind.EXPIRED, "the session has ended", "aws sso login"))
    if what == "caller":
        services.cloud.who_fault = fault
    else:
        services.pipelines.fault = fault
    found = await refusal(running, shown)
    assert "the session has ended" in found.message and "nothing was sent" in found.message
    assert found.hint == "aws sso login" and services.cloud.sent == []


async def test_wrong_answers_are_refused(services: FakeServices) -> None:
    running = runner(services)
    shown = await look(running, services, DISABLE)
    assert "Reason is needed" in (await refusal(running, shown, DISABLE)).message
    assert "remove ':'" in (await refusal(running, shown, DISABLE, reason="see: ticket")).message
    assert "no field colour" in (await refusal(running, shown, DISABLE, reason="ok", colour="red")).message
    assert services.cloud.sent == []


async def test_a_preview_of_something_else_is_refused(services: FakeServices) -> None:
    running = runner(services)
    shown = await look(running, services, START)
    with pytest.raises(Refused, match="not what was shown"):
        await running.run(APPROVE, states.GATE, {}, shown=shown)


async def test_an_undeclared_call_is_refused(services: FakeServices) -> None:
    sneaky = replace(APPROVE, plan=lambda *_: WriteCall("codepipeline", "DeletePipeline", {"name": "checkout"}))
    running = runner(services, registry=Registry((sneaky,)))
    shown = await running.preview(sneaky, states.GATE, services.pipelines.state, {})
    found = await refusal(running, shown, sneaky)
    assert "may not send codepipeline:DeletePipeline" in found.message and services.cloud.sent == []


class FullDisk(MemoryAudit):
    """Takes a number of lines, and then none."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def intent(self, deed: Deed, call: WriteCall | None = None, *, world: str = "") -> None:
        self._use()
        super().intent(deed, call, world=world)

    def outcome(self, deed: Deed) -> None:
        self._use()
        super().outcome(deed)

    def _use(self) -> None:
        self.room -= 1
        if self.room < 0:
            raise StateError("The audit log cannot be written: the disk is full", "Free the disk.")


async def test_no_audit_no_write(services: FakeServices) -> None:
    running = runner(services, audit=FullDisk(0))
    found = await refusal(running, await look(running, services))
    assert "the disk is full; nothing was sent" in found.message and found.hint == "Free the disk."
    assert services.cloud.sent == [] and running.deeds[-1].outcome == "refused"
    running.ledger.audit = MemoryAudit()
    assert (await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))).outcome == "done"


async def test_an_outcome_that_cannot_be_written_is_said_and_the_deed_stands(services: FakeServices) -> None:
    running = runner(services, audit=FullDisk(1))
    deed = await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))
    assert deed.outcome == "done" and "cannot be written" in deed.hint
    assert services.feeds.poked


# -- what can become of it


async def test_an_answer_that_says_no_is_a_failure(services: FakeServices) -> None:
    fault = Fault(FaultKind.CONFLICT, "the token is stale", code="InvalidApprovalTokenException", request_id="req-9")
    services.cloud.fault = CallFailed(fault)
    running = runner(services)
    deed = await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))
    assert (deed.outcome, deed.detail, deed.request_id) == ("failed", "the token is stale", "req-9")
    assert deed.said == "approve: checkout / Gate / Sign-off" and services.feeds.poked


async def test_no_answer_after_it_left_is_unknown_and_says_where_to_look(services: FakeServices) -> None:
    services.cloud.fault = CallFailed(Fault(FaultKind.TIMEOUT, "No answer within 10 s.", sent=True))
    running = runner(services)
    deed = await running.run(START, states.PIPELINE, {}, shown=await look(running, services, START))
    assert deed.outcome == "unknown" and "not known" in deed.detail
    assert deed.hint == "Look at pipeline checkout before you try again. Sending it again may do it twice."
    assert ("pipeline", "checkout") in services.feeds.poked
    again = await look(running, services, START)
    assert any("outcome stayed unknown" in warning for warning in again.warnings)


async def test_nothing_left_is_a_failure_not_unknown(services: FakeServices) -> None:
    services.cloud.fault = CallFailed(Fault(FaultKind.UNREACHABLE, "no connection", sent=False))
    running = runner(services)
    assert (await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))).outcome == "failed"


async def test_a_throttled_write_is_not_said_to_be_tried_again(services: FakeServices) -> None:
    services.cloud.fault = CallFailed(Fault(FaultKind.THROTTLED, "slow down", "it is tried again by itself"))
    running = runner(services)
    deed = await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))
    assert deed.hint.startswith("Nothing was done")


async def test_a_crash_underneath_is_unknown_and_written_down(services: FakeServices) -> None:
    services.cloud.fault = ZeroDivisionError("surprise")
    audit = MemoryAudit()
    running = runner(services, audit=audit)
    deed = await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))
    assert deed.outcome == "unknown" and "surprise" in deed.detail
    assert audit.read()[0].outcome == "unknown" and audit.read()[0].ended is not None


async def test_a_secret_in_a_fault_is_hidden(services: FakeServices) -> None:
    pin = Field("pin", "Pin", secret=True)
    secretive = replace(
        START,
        fields=lambda *_: (pin,),
        plan=lambda _state, _ref, answers: WriteCall(
            "codepipeline", "StartPipelineExecution", {"name": f"x-{answers.get('pin', '')}"}
        ),
    )
    services.cloud.fault = CallFailed(Fault(FaultKind.INVALID, "x-4711 is no pipeline"))
    audit = MemoryAudit()
    running = runner(services, audit=audit, registry=Registry((secretive,)))
    shown = await running.preview(secretive, states.PIPELINE, services.pipelines.state, {"pin": "4711"})
    deed = await running.run(secretive, states.PIPELINE, {"pin": "4711"}, shown=shown)
    assert services.cloud.sent[0][2] == {"name": "x-4711"}
    assert "4711" not in shown.cli + str(deed) and b"4711" not in b"".join(audit.lines)


# -- concurrency


async def in_flight(services: FakeServices, running: Runner) -> asyncio.Task[Deed]:
    services.cloud.gate = asyncio.Event()
    task = asyncio.create_task(running.run(APPROVE, states.GATE, {}, shown=await look(running, services)))
    await services.cloud.reached.wait()
    return task


async def test_the_same_thing_is_not_sent_twice_at_once(services: FakeServices) -> None:
    running = runner(services)
    task = await in_flight(services, running)
    assert "being sent already" in (await refusal(running, await look(running, services))).message
    assert services.cloud.gate is not None
    services.cloud.gate.set()
    assert (await task).outcome == "done" and len(services.cloud.sent) == 1
    await running.run(APPROVE, states.GATE, {}, shown=await look(running, services))
    assert len(services.cloud.sent) == 2


async def test_the_outcome_is_written_when_the_caller_is_gone(services: FakeServices) -> None:
    audit = MemoryAudit()
    running = runner(services, audit=audit)
    task = await in_flight(services, running)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running.sending == 1 and audit.read()[0].outcome == "unknown"
    assert services.cloud.gate is not None
    services.cloud.gate.set()
    await running.drain()
    assert running.sending == 0
    assert [deed.outcome for deed in running.deeds] == ["done"] == [deed.outcome for deed in audit.read()]
    assert services.feeds.poked


async def test_cancelled_before_the_intent_nothing_is_sent(services: FakeServices) -> None:
    audit = MemoryAudit()
    running = runner(services, audit=audit)
    shown = await look(running, services)
    task = asyncio.create_task(running.run(APPROVE, states.GATE, {}, shown=shown))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await running.drain()
    assert services.cloud.sent == [] and audit.lines == []
    assert (await running.run(APPROVE, states.GATE, {}, shown=shown)).outcome == "done"
