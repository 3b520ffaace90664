"""Writes are allowed for a time, to one caller, and that is written down first."""

from __future__ import annotations

import pytest

from operations.fakes import OPS, FakeServices, runner
from operations.test_runner import FullDisk
from pointsman.aws.guard import Guard
from pointsman.errors import CallFailed, Fault, FaultKind, Refused
from pointsman.operations.arming import LONGEST_MINUTES, minutes_problem
from pointsman.operations.audit import MemoryAudit


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


async def test_arming_is_audited_bound_to_the_caller_and_ends_by_time(services: FakeServices) -> None:
    audit, guard = MemoryAudit(), Guard(clock=services.clock)
    running = runner(services, audit=audit, guard=guard)
    deed = await running.arming.arm(15)
    assert deed.outcome == "done" and deed.said == f"allowed writes for 15 minutes to {OPS.arn}"
    assert guard.armed_for == OPS and guard.why_not(services.clock.now(), OPS) is None
    assert audit.read() == (deed,) and running.deeds == [deed]
    services.clock.advance(15 * 60)
    assert guard.why_not(services.clock.now(), OPS) is not None


async def test_disarming_works_even_when_it_cannot_be_written_down(services: FakeServices) -> None:
    guard = Guard(clock=services.clock)
    guard.arm(15, OPS)
    deed = await runner(services, audit=FullDisk(0), guard=guard).arming.disarm()
    assert guard.armed_until is None and deed.outcome == "done" and "cannot be written" in deed.hint


async def test_disarming_is_audited(services: FakeServices) -> None:
    guard, audit = Guard(clock=services.clock), MemoryAudit()
    guard.arm(15, OPS)
    await runner(services, audit=audit, guard=guard).arming.disarm()
    assert [deed.operation for deed in audit.read()] == ["console.disarm"]


async def test_no_audit_no_arming(services: FakeServices) -> None:
    guard = Guard(clock=services.clock)
    with pytest.raises(Refused, match="writes stay refused"):
        await runner(services, audit=FullDisk(0), guard=guard).arming.arm(15)
    assert guard.armed_until is None


async def test_an_unknown_caller_cannot_arm(services: FakeServices) -> None:
    guard = Guard(clock=services.clock)
    services.cloud.who_fault = CallFailed(Fault(FaultKind.EXPIRED, "the session has ended", "aws sso login"))
    with pytest.raises(Refused, match="the session has ended"):
        await runner(services, guard=guard).arming.arm(15)
    assert guard.armed_until is None


@pytest.mark.parametrize(
    ("guard", "words"), [(Guard(read_only=False), "nothing to arm"), (Guard(locked=True), "--read-only")]
)
async def test_there_may_be_nothing_to_arm(services: FakeServices, guard: Guard, words: str) -> None:
    with pytest.raises(Refused, match=words):
        await runner(services, guard=guard).arming.arm(15)


@pytest.mark.parametrize("minutes", [0, -1, LONGEST_MINUTES + 1])
async def test_the_time_has_an_end(services: FakeServices, minutes: int) -> None:
    with pytest.raises(Refused, match="1 to 60"):
        await runner(services, guard=Guard(clock=services.clock)).arming.arm(minutes)


def test_the_argument_is_judged_while_it_is_typed() -> None:
    assert minutes_problem("15") is None
    assert "not a number" in (minutes_problem("soon") or "")
    assert "1 to 60" in (minutes_problem("600") or "")
