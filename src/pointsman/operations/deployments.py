"""What a person may do to a deployment: stop it, take it back, let it go on."""

from __future__ import annotations

from typing import Any

from pointsman.model.deployments import SERVER, Deployment, DeploymentState
from pointsman.model.refs import DeploymentRef, Ref
from pointsman.model.rollout import last_good
from pointsman.operations.declare import Answers, Confirm, Operation, WriteCall
from pointsman.operations.ports import ServicesLike
from pointsman.operations.releases import (
    back_description,
    back_follows,
    creation,
    deployable,
    group_busy,
    made,
    nothing_good,
    revision_words,
    touched,
)

READY, TERMINATION = "READY_WAIT", "TERMINATION_WAIT"
_STACK = ("CloudFormation", "CloudFormationRollback")


def _ref(ref: Ref) -> DeploymentRef:
    if not isinstance(ref, DeploymentRef):
        raise TypeError(f"{ref!r} is not a deployment")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> DeploymentState:
    return await services.deployments.fresh(_ref(ref))


def _touched(ref: Ref) -> tuple[tuple[str, ...], ...]:
    group = _ref(ref).group
    keys: tuple[tuple[str, ...], ...] = (("deployment", _ref(ref).id), ("deployments", "", ""))
    return keys if group is None else tuple(dict.fromkeys((*keys, *touched(group))))


def _good(state: DeploymentState) -> Deployment | None:
    """The last good deployment before this one."""
    return last_good(state.history.deployments, before=state.deployment)


def _ended(one: Deployment) -> str | None:
    if one.complete:
        return f"{one.id} has ended ({one.status.word})."
    return None


# --- stop -----------------------------------------------------------------------------------------------


def _stop_refuse(state: DeploymentState, roll_back: bool) -> str | None:
    one = state.deployment
    if (reason := _ended(one)) is not None:
        later = " It can be rolled back with a new deployment." if roll_back and one.status.word != "Stopped" else ""
        return f"{reason} It is too late to stop it.{later}"
    if one.creator in _STACK:
        return f"CloudFormation made {one.id}: only CloudFormation can stop it, by its stack."
    if roll_back and _good(state) is None:
        return f"Nothing succeeded in {one.group} before {one.id}: there is nothing to come back to. It can be stopped."
    return None


def _left_behind(one: Deployment) -> list[str]:
    """How a stop leaves the targets."""
    counts = one.counts
    if one.platform != SERVER:
        return ["Hooks and steps that have begun end; the traffic stays where it is at that moment."]
    if one.awaits_reroute:
        return ["The replacement gets no traffic; the originals go on serving. Replacement instances are left running."]
    if one.awaits_termination:
        return ["The traffic stays on the replacement; the originals are not terminated."]
    lines = ["The targets under way finish the event they are in; what has not begun is skipped."]
    changed, waiting = counts.succeeded + counts.in_progress, counts.pending
    if changed and waiting:
        lines.append(f"{changed} have or may have the new revision, {waiting} keep the old one: the fleet is mixed.")
    return lines


def _stop_consequences(state: DeploymentState, roll_back: bool) -> tuple[str, ...]:
    one = state.deployment
    lines = _left_behind(one)
    good = _good(state)
    if roll_back and good is not None:
        lines.append(f"Then a new deployment brings back {revision_words(good)}; the screen goes on to it.")
        if one.platform != SERVER:
            lines.append("The traffic goes back to the original side with it.")
        elif one.awaits_reroute or one.awaits_termination:
            lines.append("Of a blue/green deployment, the traffic goes back to the originals while they still run.")
        else:
            lines.append("It takes every target that was changed through its lifecycle once more.")
    elif "DEPLOYMENT_STOP_ON_REQUEST" in one.rollback_events and good is not None:
        lines.append(f"This group is set to roll back when stopped: AWS may bring back {revision_words(good)}.")
    else:
        lines.append("Nothing is rolled back.")
    lines.append("AWS answers Pending while events still run, or refuses when it is too late to stop.")
    return tuple(lines)


def _waits_for(one: Deployment) -> str:
    if one.awaits_reroute:
        return "the traffic to be moved"
    return "the originals to be ended" if one.awaits_termination else ""


def _stop_basis(state: DeploymentState, roll_back: bool) -> dict[str, str]:
    good = _good(state)
    basis = {"what it waits for": _waits_for(state.deployment)}
    return basis | ({"what comes back": good.id if good is not None else ""} if roll_back else {})


def _stopping(*, roll_back: bool) -> Operation[DeploymentState]:
    def refuse(state: DeploymentState, _ref: Ref) -> str | None:
        return _stop_refuse(state, roll_back)

    def plan(_state: DeploymentState, ref: Ref, _answers: Answers) -> WriteCall:
        parameters = {"deploymentId": _ref(ref).id, "autoRollbackEnabled": roll_back}
        return WriteCall("codedeploy", "StopDeployment", parameters)

    def consequences(state: DeploymentState, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
        return _stop_consequences(state, roll_back)

    def basis(state: DeploymentState, _ref: Ref, _answers: Answers) -> dict[str, str]:
        return _stop_basis(state, roll_back)

    return Operation(
        id="deployment.stop-roll-back" if roll_back else "deployment.stop",
        title="Stop and roll back" if roll_back else "Stop deployment",
        past="stopped and is rolling back" if roll_back else "stopped",
        key="X" if roll_back else "x",
        target=DeploymentRef,
        help=(
            "Stops a deployment, and brings the last good revision back as a new one."
            if roll_back
            else "Stops a deployment where it is; targets that were changed keep the new revision."
        ),
        calls=("codedeploy:StopDeployment",),
        read=_read,
        plan=plan,
        refuse=refuse,
        confirm=lambda _state, _ref: Confirm.TYPE_NAME if roll_back else Confirm.ASK,
        consequences=consequences,
        basis=basis,
        touches=_touched,
        danger=True,
        idempotency=True,
    )


# --- roll back an ended one -----------------------------------------------------------------------------


def _back_refuse(state: DeploymentState, _ref: Ref) -> str | None:
    one = state.deployment
    if not one.complete:
        return f"{one.id} is {one.status.word}: stop it and roll it back instead."
    if one.rollback_id:
        return f"{one.id} was rolled back already, by {one.rollback_id}."
    newest = next(iter(state.history.deployments), None)
    if newest is not None and newest.id != one.id and newest.created and one.created and newest.created > one.created:
        return f"{newest.id} came after it: roll that one back, or deploy a revision to {one.group}."
    if (reason := group_busy(state.history)) is not None:
        return reason
    return nothing_good(state.history, _other(state))


def _other(state: DeploymentState) -> Deployment | None:
    """The last good deployment before this one of another revision than it has itself brought to success."""
    one = state.deployment
    good = _good(state)
    if one.status.word != "Succeeded":
        return good
    older = [
        other
        for other in state.history.deployments
        if other.revision.identity != one.revision.identity and deployable(other.revision)
    ]
    return last_good(older, before=one)


def _back_plan(state: DeploymentState, _ref: Ref, _answers: Answers) -> WriteCall:
    good = _other(state)
    return creation(
        state.deployment.group, good.revision if good else None, back_description(good) if good is not None else ""
    )


BACK: Operation[DeploymentState] = Operation(
    id="deployment.roll-back",
    title="Roll back",
    past="rolled back",
    key="B",
    target=DeploymentRef,
    help="Deploys what was good before a deployment that has ended, as a new deployment.",
    calls=("codedeploy:CreateDeployment",),
    read=_read,
    plan=_back_plan,
    refuse=_back_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=lambda state, _ref, _answers: back_follows(state.history, _other(state)),
    basis=lambda state, _ref, _answers: {"what comes back": good.id if (good := _other(state)) else ""},
    touches=_touched,
    result=made,
    danger=True,
)


# --- go on ----------------------------------------------------------------------------------------------


def _continue_refuse(state: DeploymentState, _ref: Ref) -> str | None:
    one = state.deployment
    if (reason := _ended(one)) is not None:
        return f"{reason} There is nothing to continue."
    if one.awaits_termination:
        return f"{one.id} has moved its traffic already: what it waits for now can be skipped."
    if not one.awaits_reroute:
        return f"{one.id} is {one.status.word}: it waits for nobody; only one that is Ready can be continued."
    return None


def _continue_consequences(state: DeploymentState, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    one, waits = state.deployment, state.deployment.waits
    lines = [f"The traffic begins to move to {one.revision.short} now, by {one.config or 'the configuration'}."]
    good = _good(state)
    if good is not None:
        lines.append(f"Until then {revision_words(good)} serves it.")
    if waits.terminate == "TERMINATE":
        lines.append(f"{waits.termination_minutes} minutes after it has moved, the originals are terminated.")
    else:
        lines.append("The originals keep running, without traffic.")
    return tuple(lines)


def _skip_refuse(state: DeploymentState, _ref: Ref) -> str | None:
    one = state.deployment
    if (reason := _ended(one)) is not None:
        return f"{reason} There is no wait to skip."
    if not one.awaits_termination:
        return f"{one.id} does not wait to end its originals: its traffic has not moved yet."
    return None


def _skip_consequences(state: DeploymentState, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    one = state.deployment
    what = "instances are terminated" if one.platform == SERVER else "task set is ended"
    return (
        f"The original {what} now instead of after {one.waits.termination_minutes} minutes.",
        "After that the traffic cannot go back at once: a rollback is a whole new deployment.",
    )


def _continuing(wait: str) -> Operation[DeploymentState]:
    skip = wait == TERMINATION

    def plan(_state: DeploymentState, ref: Ref, _answers: Answers) -> WriteCall:
        parameters = {"deploymentId": _ref(ref).id, "deploymentWaitType": wait}
        return WriteCall("codedeploy", "ContinueDeployment", parameters)

    return Operation(
        id="deployment.skip-wait" if skip else "deployment.continue",
        title="Skip the wait" if skip else "Continue",
        past="ended the wait of" if skip else "continued",
        key="w" if skip else "c",
        target=DeploymentRef,
        help=(
            "Ends the originals of a blue/green deployment now, without the rest of the wait."
            if skip
            else "Moves the traffic of a blue/green deployment that is ready to its replacement."
        ),
        calls=("codedeploy:ContinueDeployment",),
        read=_read,
        plan=plan,
        refuse=_skip_refuse if skip else _continue_refuse,
        confirm=lambda _state, _ref: Confirm.TYPE_NAME if skip else Confirm.ASK,
        consequences=_skip_consequences if skip else _continue_consequences,
        basis=lambda state, _ref, _answers: {"what it waits for": _waits_for(state.deployment)},
        touches=_touched,
        danger=skip,
    )


OPERATIONS: tuple[Operation[Any], ...] = (
    _continuing(READY),
    _continuing(TERMINATION),
    _stopping(roll_back=False),
    _stopping(roll_back=True),
    BACK,
)
