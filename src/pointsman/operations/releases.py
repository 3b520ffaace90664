"""What a person may do to a deployment group: deploy a revision to it, and go back to the last good one."""

from __future__ import annotations

from typing import Any

from pointsman.model.deployments import ECS, LAMBDA, Deployment, DeploymentGroup, GroupHistory, RevisionLocation
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, Ref
from pointsman.model.rollout import busy, come_back_to, good_revisions, last_good
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.facts import when
from pointsman.operations.ports import ServicesLike

MOST = 30
"""How many revisions a form offers."""


def group_ref(ref: Ref) -> DeploymentGroupRef:
    """The group a ref names."""
    if isinstance(ref, DeploymentGroupRef):
        return ref
    raise TypeError(f"{ref!r} is not a deployment group")


async def _read(services: ServicesLike, ref: Ref) -> GroupHistory:
    return await services.deployments.fresh_group(group_ref(ref))


def touched(ref: DeploymentGroupRef) -> tuple[tuple[str, ...], ...]:
    """The feed keys that a write on a group changes."""
    name = (ref.application, ref.group)
    return ("deployments", "", ""), ("deployments", *name), ("group", *name), ("deployment-groups",), ("fleet", *name)


def made(answer: dict[str, Any], ref: Ref) -> Ref | None:
    """The deployment that an answer names."""
    found = answer.get("deploymentId")
    group = ref if isinstance(ref, DeploymentGroupRef) else getattr(ref, "group", None)
    return DeploymentRef(found, group) if isinstance(found, str) and found else None


# --- revisions ------------------------------------------------------------------------------------------


def location(revision: RevisionLocation) -> dict[str, Any]:
    """A revision as CreateDeployment takes it."""
    if revision.kind == "S3":
        members = {
            "bucket": revision.bucket,
            "key": revision.key,
            "bundleType": revision.bundle,
            "version": revision.version,
            "eTag": revision.etag,
        }
        return {"revisionType": "S3", "s3Location": {name: value for name, value in members.items() if value}}
    if revision.kind == "GitHub":
        found = {"repository": revision.repository, "commitId": revision.commit}
        return {"revisionType": "GitHub", "gitHubLocation": found}
    member = "appSpecContent" if revision.kind == "AppSpecContent" else "string"
    raw = {name: value for name, value in (("content", revision.content), ("sha256", revision.sha256)) if value}
    return {"revisionType": revision.kind, member: raw}


def deployable(revision: RevisionLocation) -> bool:
    """Whether a revision is known well enough to be deployed again: an application specification needs its text."""
    return revision.kind in ("S3", "GitHub") or bool(revision.content)


def revision_words(one: Deployment) -> str:
    """A deployed revision for a sentence: ``a41f9c2 (d-1ABC, 2026-01-05 09:00 UTC)``."""
    known = ", ".join(part for part in (one.id, when(one.completed or one.created)) if part)
    return f"{one.revision.short} ({known})"


def choices(history: GroupHistory) -> tuple[Choice, ...]:
    """The revisions a group may be given: those that were good here, newest first, then those never deployed here."""
    good = [one for one in good_revisions(history) if deployable(one.revision)]
    seen = {one.revision.identity for one in history.deployments if one.revision}
    fresh = [one for one in history.registered if deployable(one) and one.identity not in seen]
    known = tuple(
        Choice(one.id, f"{one.revision.short}  good {when(one.completed)}", one.revision.words) for one in good
    )
    others = {one.words: Choice(one.words, f"{one.short}  registered, never deployed here", one.words) for one in fresh}
    return (*known, *others.values())[:MOST]


def chosen(history: GroupHistory, value: str) -> RevisionLocation | None:
    """The revision of a choice."""
    for one in history.deployments:
        if one.id == value:
            return one.revision
    return next((one for one in history.registered if one.words == value), None)


# --- what will follow -----------------------------------------------------------------------------------


def _how(group: DeploymentGroup, short: str) -> list[str]:
    """What a new deployment of a group does, on its platform."""
    config = group.config.removeprefix("CodeDeployDefault.") or "the group's configuration"
    waits = group.waits
    if group.platform == LAMBDA:
        return [f"The alias moves to the version that {short} names, by {config}; its hooks run before and after."]
    if group.platform == ECS:
        lines = [f"A new task set starts beside the old one; the traffic moves to it by {config}."]
        if waits.on_timeout == "STOP_DEPLOYMENT":
            lines.append(f"The traffic waits for Continue, {waits.ready_minutes} minutes at most; then it stops.")
        lines.append(f"The old task set is ended {waits.termination_minutes} minutes after that.")
        return lines
    if not group.blue_green:
        traffic = ", each taken out of the load balancer meanwhile" if group.traffic_control else ""
        return [f"{short} is installed on the instances of the group in place, by {config}{traffic}."]
    lines = [f"{short} is installed on a replacement fleet, by {config}; the instances that serve now are not touched."]
    if waits.on_timeout == "STOP_DEPLOYMENT":
        lines.append(f"The traffic waits for Continue, {waits.ready_minutes} minutes at most; then it stops.")
    else:
        lines.append("The traffic moves to the replacement as soon as it is ready.")
    if waits.terminate == "TERMINATE":
        lines.append(f"The originals are terminated {waits.termination_minutes} minutes after that.")
    else:
        lines.append("The originals keep running, without traffic.")
    return lines


def _safety(group: DeploymentGroup) -> list[str]:
    lines = []
    if "DEPLOYMENT_FAILURE" in group.rollback_events:
        lines.append("If it fails, the last good revision comes back by itself, as another deployment.")
    else:
        lines.append("If it fails, nothing comes back by itself: this group has no automatic rollback for failures.")
    if group.alarms:
        lines.append(f"It stops when one of these alarms fires: {', '.join(group.alarms)}.")
    return lines


def follows(history: GroupHistory, revision: RevisionLocation) -> tuple[str, ...]:
    """What deploying a revision to a group does."""
    group = history.group
    now = last_good(history.deployments)
    lines = [f"A new deployment with an id of its own: {group.ref} gets {revision.words}."]
    if now is not None and now.revision.identity == revision.identity:
        lines.append(f"That is what was deployed last with success: {revision_words(now)}. It is installed again.")
    elif now is not None:
        lines.append(f"It takes the place of {revision_words(now)}.")
    return (*lines, *_how(group, revision.short), *_safety(group))


def group_busy(history: GroupHistory) -> str | None:
    """Why a group cannot be given anything now."""
    other = busy(history)
    if other is None:
        return None
    return (
        f"{other.id} is {other.status.word} in {history.group.ref}, and CodeDeploy carries out one deployment of a "
        "group at a time: wait for it, or stop it."
    )


def creation(ref: DeploymentGroupRef, revision: RevisionLocation | None, description: str = "") -> WriteCall:
    """The call that deploys a revision."""
    parameters: dict[str, Any] = {"applicationName": ref.application, "deploymentGroupName": ref.group}
    if revision:
        parameters["revision"] = location(revision)
    if description.strip():
        parameters["description"] = description.strip()
    return WriteCall("codedeploy", "CreateDeployment", parameters)


# --- deploy ---------------------------------------------------------------------------------------------


def _deploy_refuse(state: GroupHistory, _ref: Ref) -> str | None:
    if (reason := group_busy(state)) is not None:
        return reason
    if not choices(state):
        return f"No revision is known that {state.group.ref} could be given: none succeeded here, none is registered."
    return None


def _deploy_fields(state: GroupHistory, _ref: Ref) -> tuple[Field, ...]:
    offered = choices(state)
    return (
        Field(
            name="revision",
            label="Revision",
            default=offered[0].value if offered else "",
            required=True,
            choices=offered,
        ),
        Field(name="description", label="Description", placeholder="why: it is shown with the deployment"),
    )


def _deploy_plan(state: GroupHistory, ref: Ref, answers: Answers) -> WriteCall:
    found = chosen(state, answers.get("revision", ""))
    return creation(group_ref(ref), found, answers.get("description", ""))


def _deploy_consequences(state: GroupHistory, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    found = chosen(state, answers.get("revision", ""))
    return follows(state, found) if found else ("A new deployment of the revision you choose.",)


def _basis(state: GroupHistory, _ref: Ref, _answers: Answers) -> dict[str, str]:
    good = last_good(state.deployments)
    return {"what was deployed last with success": good.id if good is not None else ""}


DEPLOY: Operation[GroupHistory] = Operation(
    id="group.deploy",
    title="Deploy a revision",
    past="deployed a revision to",
    key="s",
    target=DeploymentGroupRef,
    help="Deploys a revision that was good here before, or one that is registered, as a new deployment.",
    calls=("codedeploy:CreateDeployment",),
    read=_read,
    plan=_deploy_plan,
    refuse=_deploy_refuse,
    consequences=_deploy_consequences,
    basis=_basis,
    fields=_deploy_fields,
    touches=lambda ref: touched(group_ref(ref)),
    result=made,
)


# --- back to the last good one --------------------------------------------------------------------------


def _back_refuse(state: GroupHistory, _ref: Ref) -> str | None:
    if (reason := group_busy(state)) is not None:
        return reason
    return nothing_good(state, come_back_to(state))


def nothing_good(state: GroupHistory, good: Deployment | None) -> str | None:
    """Why there is nothing to come back to; None when there is."""
    if good is None:
        return f"No other revision is known to have succeeded in {state.group.ref}: there is nothing to come back to."
    if not deployable(good.revision):
        return f"The application specification of {good.id} is not known any more: it cannot be deployed again."
    return None


def back_description(good: Deployment) -> str:
    """The description of a rollback that a person asked for."""
    return f"Back to the revision of {good.id}"


def _back_plan(state: GroupHistory, ref: Ref, _answers: Answers) -> WriteCall:
    good = come_back_to(state)
    return creation(group_ref(ref), good.revision if good else None, back_description(good) if good else "")


def back_follows(history: GroupHistory, good: Deployment | None) -> tuple[str, ...]:
    """What going back to a good deployment's revision does."""
    if good is None:
        return ()
    return (
        f"{good.revision.short} comes back: it succeeded as {good.id} {when(good.completed)}.".replace(" .", "."),
        *follows(history, good.revision),
    )


BACK: Operation[GroupHistory] = Operation(
    id="group.roll-back",
    title="Roll back",
    past="rolled back",
    key="b",
    target=DeploymentGroupRef,
    help="Deploys the last revision that succeeded before what was attempted last, as a new deployment.",
    calls=("codedeploy:CreateDeployment",),
    read=_read,
    plan=_back_plan,
    refuse=_back_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=lambda state, _ref, _answers: back_follows(state, come_back_to(state)),
    basis=lambda state, _ref, _answers: {"what comes back": good.id if (good := come_back_to(state)) else ""},
    touches=lambda ref: touched(group_ref(ref)),
    result=made,
    danger=True,
)

OPERATIONS: tuple[Operation[Any], ...] = (DEPLOY, BACK)
