"""Deployments and groups to judge operations by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.deployments import (
    ECS,
    LAMBDA,
    BlueGreen,
    Counts,
    Deployment,
    DeploymentGroup,
    DeploymentState,
    GroupHistory,
    RevisionLocation,
)
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, Ref
from pointsman.model.status import status

GROUP = DeploymentGroupRef("checkout", "prod")
WAITS = BlueGreen("STOP_DEPLOYMENT", 60, "TERMINATE", 30, "DISCOVER_EXISTING")


def revision(name: str, **changes: Any) -> RevisionLocation:
    made = RevisionLocation("S3", bucket="artifacts", key="checkout.zip", bundle="zip", version=f"{name}-version")
    return replace(made, **changes)


def deployment(number: int, word: str = "Succeeded", rev: str = "", **changes: Any) -> Deployment:
    created = EPOCH + timedelta(hours=number)
    made = Deployment(
        DeploymentRef(f"d-00000000{number}", GROUP),
        GROUP,
        "CodeDeployDefault.OneAtATime",
        status=status(word),
        created=created,
        started=created,
        completed=created + timedelta(minutes=4) if word in ("Succeeded", "Failed", "Stopped") else None,
        revision=revision(rev or f"r{number}"),
        counts=Counts(succeeded=3) if word == "Succeeded" else Counts(pending=1, in_progress=1, succeeded=1),
        creator="user",
    )
    return replace(made, **changes)


def group(**changes: Any) -> DeploymentGroup:
    return replace(DeploymentGroup(GROUP, "CodeDeployDefault.OneAtATime"), **changes)


def history(*deployments: Deployment, registered: tuple[RevisionLocation, ...] = (), **changes: Any) -> GroupHistory:
    """Two good ones unless others are given, newest first."""
    return GroupHistory(group(**changes), deployments or (deployment(2), deployment(1)), registered)


def state(one: Deployment, *earlier: Deployment, **changes: Any) -> DeploymentState:
    """A deployment after two good ones, unless others are given."""
    return DeploymentState(one, history(one, *(earlier or (deployment(2), deployment(1))), **changes))


def moving(**changes: Any) -> DeploymentState:
    return state(deployment(3, "InProgress", **changes))


def failed(**changes: Any) -> DeploymentState:
    return state(deployment(3, "Failed", error_code="HEALTH_CONSTRAINTS", **changes))


def ready(**changes: Any) -> DeploymentState:
    return state(deployment(3, "Ready", blue_green=True, traffic_control=True, waits=WAITS, **changes))


def waiting(**changes: Any) -> DeploymentState:
    one = deployment(3, "InProgress", blue_green=True, waits=WAITS, termination_waiting=True, **changes)
    return state(one)


REF = DeploymentRef("d-000000003", GROUP)

RUNS: dict[str, tuple[Any, Ref, dict[str, str]]] = {
    "group.deploy": (
        history(registered=(revision("fresh"),)),
        GROUP,
        {"revision": "d-000000001", "description": "the fix made it worse"},
    ),
    "group.roll-back": (history(deployment(3, "Failed"), deployment(2), deployment(1)), GROUP, {}),
    "deployment.stop": (moving(), REF, {}),
    "deployment.stop-roll-back": (moving(), REF, {}),
    "deployment.continue": (ready(), REF, {}),
    "deployment.skip-wait": (waiting(), REF, {}),
    "deployment.roll-back": (failed(), REF, {}),
}

_BARE = GroupHistory(group())
_UNKNOWN = revision("x", kind="AppSpecContent", sha256="abc")

REFUSES: dict[str, tuple[tuple[Any, Ref, str], ...]] = {
    "group.deploy": (
        (moving().history, GROUP, "one deployment of a group at a time"),
        (_BARE, GROUP, "none succeeded here, none is registered"),
    ),
    "group.roll-back": (
        (moving().history, GROUP, "d-000000003 is InProgress"),
        (_BARE, GROUP, "nothing to come back to"),
        (history(deployment(1)), GROUP, "No other revision"),
        (history(deployment(2, "Failed"), deployment(1, revision=_UNKNOWN)), GROUP, "cannot be deployed again"),
    ),
    "deployment.stop": (
        (failed(), REF, "too late to stop"),
        (moving(creator="CloudFormation"), REF, "only CloudFormation can stop it"),
    ),
    "deployment.stop-roll-back": (
        (failed(), REF, "It can be rolled back with a new deployment"),
        (DeploymentState(deployment(3, "InProgress"), _BARE), REF, "It can be stopped"),
    ),
    "deployment.continue": (
        (moving(), REF, "waits for nobody"),
        (waiting(), REF, "can be skipped"),
        (failed(), REF, "nothing to continue"),
    ),
    "deployment.skip-wait": (
        (ready(), REF, "has not moved yet"),
        (failed(), REF, "no wait to skip"),
    ),
    "deployment.roll-back": (
        (moving(), REF, "stop it and roll it back instead"),
        (failed(rollback_id="d-999"), REF, "was rolled back already, by d-999"),
        (
            DeploymentState(deployment(3, "Failed"), history(deployment(4), deployment(2))),
            REF,
            "d-000000004 came",
        ),
        (DeploymentState(deployment(3, "Failed"), _BARE), REF, "nothing to come back to"),
    ),
}

PLATFORMS: dict[str, dict[str, Any]] = {
    "in place": {},
    "blue/green": {"blue_green": True, "waits": WAITS},
    "function": {"platform": LAMBDA, "config": "CodeDeployDefault.LambdaCanary10Percent5Minutes"},
    "service": {"platform": ECS, "waits": WAITS},
}
