"""The run of a deployment and a target's way, whatever happens in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codedeploy import machine, shifting
from pointsman.local.codedeploy.machine import (
    ENDED,
    FAILED,
    READY,
    SKIPPED,
    STOPPED,
    SUCCEEDED,
    Begun,
    Continued,
    Effect,
    Finish,
    Halt,
    Halted,
    Happening,
    Leg,
    LifecycleEvent,
    Outcome,
    Run,
    Start,
    Target,
    TargetEnded,
    Terminate,
    Wait,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STOP = Halted(Halt(STOPPED, "MANUAL_STOP", "stopped"))


def leg(total: int, minimum: int = 0, *, label: str = "", strict: bool = False) -> Leg:
    return Leg(label=label, upto=1, total=total, minimum=minimum, strict=strict)


def play(run: Run, *happenings: Happening) -> tuple[Run, list[Effect]]:
    effects: list[Effect] = []
    for happening in happenings:
        run, more = machine.step(run, happening)
        effects += more
    return run, effects


def test_one_at_a_time() -> None:
    run, effects = play(Run((leg(3, 2),)), Begun())
    assert effects == [Start(0, 1)]
    run, effects = play(run, TargetEnded(SUCCEEDED))
    assert effects == [Start(1, 1)]
    run, effects = play(run, TargetEnded(SUCCEEDED), TargetEnded(FAILED))
    assert effects[-1] == Finish()
    assert run.status == SUCCEEDED, "the failure of the last one is borne"


def test_it_fails_at_the_moment_it_cannot_keep_the_minimum() -> None:
    run, _ = play(Run((leg(4, 2),)), Begun(), TargetEnded(SUCCEEDED))
    run, effects = play(run, TargetEnded(FAILED))
    assert run.status != FAILED
    run, effects = play(run, TargetEnded(FAILED))
    assert run.status == FAILED or run.leg.waiting == 0
    run, effects = play(Run((leg(3, 2),)), Begun(), TargetEnded(FAILED))
    assert run.status == FAILED
    assert Finish() in effects
    assert run.halt is not None
    assert run.halt.code == "HEALTH_CONSTRAINTS"


def test_too_high_a_minimum_never_begins() -> None:
    run, effects = play(Run((leg(2, 2),)), Begun())
    assert run.halt is not None
    assert (run.status, run.halt.code) == (FAILED, "HEALTH_CONSTRAINTS_INVALID")
    assert not [effect for effect in effects if isinstance(effect, Start)]


def test_a_stop_waits_for_what_runs() -> None:
    run, _ = play(Run((leg(3, 1),)), Begun(), STOP)
    assert run.status not in ENDED
    run, effects = play(run, TargetEnded(SKIPPED), TargetEnded(SUCCEEDED))
    assert (run.status, effects[-1]) == (STOPPED, Finish())


def test_blue_green_waits_reroutes_and_terminates() -> None:
    legs = (leg(1, label="Green"), leg(1, label="Green"), leg(1, label="Blue", strict=True))
    run, effects = play(Run(legs, ready_minutes=5, termination_minutes=60), Begun(), TargetEnded(READY))
    assert effects[-1] == Wait("READY_WAIT", 5)
    assert run.status == READY
    run, effects = play(run, Continued("TERMINATION_WAIT"))
    assert effects == []
    run, effects = play(run, Continued("READY_WAIT"), TargetEnded(SUCCEEDED), TargetEnded(SUCCEEDED))
    assert effects[-1] == Wait("TERMINATION_WAIT", 60)
    assert run.status == "InProgress"
    run, effects = play(run, Continued("TERMINATION_WAIT"))
    assert effects == [Terminate(), Finish()]
    assert run.status == SUCCEEDED


def test_one_blue_instance_that_cannot_be_deregistered_fails_the_whole() -> None:
    legs = (leg(1, label="Green"), leg(1, label="Green"), leg(3, label="Blue", strict=True))
    run, _ = play(Run(legs), Begun(), TargetEnded(READY), TargetEnded(SUCCEEDED), TargetEnded(FAILED))
    assert run.status == FAILED


HAPPENINGS = st.one_of(
    st.just(Begun()),
    st.sampled_from([TargetEnded(status) for status in (SUCCEEDED, READY, FAILED, SKIPPED)]),
    st.sampled_from([Continued("READY_WAIT"), Continued("TERMINATION_WAIT"), STOP]),
)


@given(
    st.integers(1, 9),
    st.integers(0, 9),
    st.booleans(),
    st.lists(HAPPENINGS, max_size=60),
)
def test_whatever_happens_a_run_keeps_its_promises(
    total: int, minimum: int, blue_green: bool, given: list[Happening]
) -> None:
    legs: tuple[Leg, ...] = (leg(total, minimum),)
    if blue_green:
        legs = (leg(total, minimum), leg(total, minimum), leg(2, strict=True))
    run = Run(legs, ready_minutes=5 if blue_green else 0, termination_minutes=9 if blue_green else -1)
    finished = 0
    for happening in given:
        before = run
        run, effects = machine.step(run, happening)
        finished += effects.count(Finish())
        assert finished <= 1
        assert (finished == 1) == (run.status in ENDED)
        if before.status in ENDED:
            assert run.status == before.status
            assert not [effect for effect in effects if isinstance(effect, Start | Wait)]
        here = run.leg
        assert 0 <= here.running <= here.total
        if not here.strict and run.halt is None:
            assert here.running == 0 or here.total - here.failed - here.running >= here.minimum
        if run.status == SUCCEEDED:
            assert all(one.strict or one.succeeded >= max(1, one.minimum) for one in run.legs)


def target(*names: str) -> Target:
    return Target(deployment="d", id="i", number=0, updated=NOW, events=tuple(LifecycleEvent(name) for name in names))


def test_a_targets_failure_skips_the_rest_but_a_tolerated_stop_does_not() -> None:
    begun = machine.begin(target("ApplicationStop", "Install", "AfterInstall"), 3, NOW)
    broken = Outcome(True, "ScriptFailed")
    tolerated = machine.carry_on(begun, "ApplicationStop", broken, NOW, halted=False, tolerant=True)
    assert tolerated.event is not None
    assert tolerated.event.name == "Install"
    failed = machine.carry_on(begun, "ApplicationStop", broken, NOW, halted=False, tolerant=False)
    assert [event.status for event in failed.events] == [FAILED, SKIPPED, SKIPPED]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8), st.integers(1, 5))
def test_a_targets_events_end_in_order_and_none_twice(steps: list[tuple[bool, bool]], upto: int) -> None:
    names = [f"e{number}" for number in range(5)]
    one = machine.begin(target(*names), upto, NOW)
    for failed, halted in steps:
        event = one.event
        if event is None:
            break
        one = machine.started(one, event.name, NOW)
        outcome = Outcome(failed=failed)
        one = machine.carry_on(one, event.name, outcome, NOW, halted=halted, tolerant=False)
        assert machine.carry_on(one, event.name, outcome, NOW, halted=halted, tolerant=False) is one
        reached = [event.status for event in one.events]
        assert "InProgress" not in reached
        assert reached == sorted(reached, key=[SUCCEEDED, FAILED, SKIPPED, "Pending"].index)


CANARY = shifting.Shift(plan=((0, 10), (5, 100)))


def test_a_canary_shifts_waits_and_shifts_the_rest() -> None:
    shift, effects = shifting.step(CANARY, Begun(), "BeforeAllowTraffic")
    assert effects == [shifting.Carry("BeforeAllowTraffic")]
    shift, effects = shifting.step(shift, shifting.Carried("BeforeAllowTraffic", False, "AllowTraffic"))
    assert effects == [shifting.Carry("AllowTraffic"), shifting.Later(0, 0), shifting.Later(1, 5)]
    shift, effects = shifting.step(shift, shifting.Due(0))
    assert effects == [shifting.Route(10)]
    assert shifting.step(shift, shifting.Due(0)) == (shift, []), "a shift is made once"
    shift, effects = shifting.step(shift, shifting.Due(1))
    assert effects == [shifting.Route(100), shifting.Shifted()]
    shift, effects = shifting.step(shift, shifting.Carried("AllowTraffic", False, "AfterAllowTraffic"))
    shift, effects = shifting.step(shift, shifting.Carried("AfterAllowTraffic", False, ""))
    assert (shift.status, effects) == (SUCCEEDED, [Finish()])


def test_a_hook_that_fails_fails_the_deployment_and_a_stop_waits_for_the_hook() -> None:
    shift, _ = shifting.step(CANARY, Begun(), "BeforeAllowTraffic")
    failed, effects = shifting.step(shift, shifting.Carried("BeforeAllowTraffic", True, "AllowTraffic", "no"))
    assert (failed.status, effects) == (FAILED, [shifting.GiveUp(), Finish()])
    stopping, effects = shifting.step(shift, STOP)
    assert effects == []
    stopped, effects = shifting.step(stopping, shifting.Carried("BeforeAllowTraffic", False, "AllowTraffic"))
    assert (stopped.status, effects) == (STOPPED, [shifting.GiveUp(), Finish()])
