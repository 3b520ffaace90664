"""The two sides of a deployment by traffic: a Lambda alias's versions, or an ECS service's task sets.

`plan` reads an AppSpec and looks for both sides; `route` gives the new one its share of the traffic.
"""

from __future__ import annotations

import zipfile
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.awslambda import versions
from pointsman.local.codedeploy import balancing, tasks
from pointsman.local.codedeploy.appspec import AppSpecError, Shifted, shifted
from pointsman.local.codedeploy.balancing import Member
from pointsman.local.codedeploy.deployments import is_rollback
from pointsman.local.codedeploy.planning import Unfit
from pointsman.local.codedeploy.protocol import Bundle
from pointsman.local.codedeploy.records import Deployment
from pointsman.local.codedeploy.tasks import LocalService, TaskSet
from pointsman.local.functions.functions import name_of
from pointsman.local.functions.records import LocalFunction
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

_LARGEST: Final = 1 << 20


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment replaces by what, kept under its id."""

    target: str
    """The id of its one target: the function, or ``cluster:service``."""
    hooks: dict[str, str] = {}
    """Event -> the function to call."""
    alias: str = ""
    current: str = ""
    """Lambda: the versions."""
    wanted: str = ""
    """Lambda: the new version. ECS: the new task definition."""
    listener: str = ""
    test_listener: str = ""
    groups: tuple[str, ...] = ()
    """ECS: the two target groups."""
    blue: TaskSet | None = None
    green: TaskSet | None = None


def text_of(scope: Scope, bundle: Bundle) -> str:
    """The AppSpec of a revision: the body itself, or the file of that name in a zip.

    Raises:
        Unfit: There is none.
    """
    try:
        with scope.world.blobs.open(bundle.digest) as body:
            if bundle.kind != "zip":
                return body.read(_LARGEST + 1).decode("utf-8", "replace")
            with zipfile.ZipFile(body) as archive:
                for name in ("appspec.yaml", "appspec.yml", "appspec.json"):
                    if name in archive.namelist():
                        with archive.open(name) as file:
                            return file.read(_LARGEST + 1).decode("utf-8", "replace")
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise Unfit("INVALID_REVISION", f"The revision cannot be read: {error}") from None
    raise Unfit("INVALID_REVISION", "The revision has no appspec.yaml at its root.")


def plan(scope: Scope, one: Deployment, bundle: Bundle | None) -> Sides:
    """What a deployment replaces by what.

    Raises:
        Unfit: The AppSpec is not one, or what it names is not there.
    """
    if is_rollback(one):
        return _turned(scope, one)
    if bundle is None:
        raise Unfit("INVALID_REVISION", "The deployment has no revision.")
    try:
        spec = shifted(text_of(scope, bundle), one.platform)
    except AppSpecError as error:
        raise Unfit("INVALID_REVISION", str(error)) from None
    for event, function in spec.hooks.items():
        if scope.get(LocalFunction, name_of(function)) is None:
            raise Unfit(
                "INVALID_REVISION", f"The hook {event} names {function}, and the world file has no such function."
            )
    return _lambda(scope, spec) if one.platform == rules.LAMBDA else _ecs(scope, one, spec)


def _lambda(scope: Scope, spec: Shifted) -> Sides:
    name, alias = str(spec.properties["Name"]), str(spec.properties["Alias"])
    current, wanted = str(spec.properties["CurrentVersion"]), str(spec.properties["TargetVersion"])
    for version in (current, wanted):
        if versions.version_of(scope, name, version) is None:
            raise Unfit("INVALID_LAMBDA_FUNCTION", f"The function {name} has no version {version}.")
    found = versions.alias_of(scope, name, alias)
    if found is None:
        raise Unfit("INVALID_LAMBDA_CONFIGURATION", f"The function {name} has no alias {alias}.")
    if found.version != current:
        raise Unfit(
            "INVALID_LAMBDA_CONFIGURATION",
            f"The alias {alias} of {name} is version {found.version}, and the AppSpec's CurrentVersion is {current}.",
        )
    return Sides(target=name, hooks=spec.hooks, alias=alias, current=current, wanted=wanted)


def _ecs(scope: Scope, one: Deployment, spec: Shifted) -> Sides:
    services = one.settings.get("ecsServices", [])
    pairs = one.settings.get("loadBalancerInfo", {}).get("targetGroupPairInfoList", [])
    if not services:
        raise Unfit("INVALID_ECS_SERVICE", "The deployment group names no ECS service.")
    if not pairs:
        raise Unfit("MISSING_ELB_INFORMATION", "The deployment group has no target group pair.")
    target = f"{services[0].get('clusterName', 'default')}:{services[0]['serviceName']}"
    definition = str(spec.properties["TaskDefinition"])
    if tasks.definition_of(scope, definition) is None:
        raise Unfit("ECS_UPDATE_ERROR", f"The world file has no function for the task definition {definition}.")
    groups = tuple(str(group["name"]) for group in pairs[0]["targetGroups"])
    service = scope.get(LocalService, target) or LocalService(target)
    if service.replacement is not None:
        tasks.stop(scope, service.replacement)  # left by a deployment that was stopped halfway
    blue = service.primary
    spare = groups[1] if blue is None or blue.target_group == groups[0] else groups[0]
    green = tasks.fresh(scope, definition, spare if blue is not None else groups[0])
    scope.put(target, replace(service, replacement=green))
    test = pairs[0].get("testTrafficRoute", {}).get("listenerArns", [])
    return Sides(
        target=target,
        hooks=spec.hooks,
        wanted=definition,
        listener=pairs[0]["prodTrafficRoute"]["listenerArns"][0],
        test_listener=test[0] if test else "",
        groups=groups,
        blue=blue,
        green=green,
    )


def _turned(scope: Scope, one: Deployment) -> Sides:
    """A rollback: the same two sides, the other way round."""
    former = scope.get(Sides, one.rolls_back)
    if former is None:
        raise Unfit("INTERNAL_ERROR", f"What deployment {one.rolls_back} replaced is not known any more.")
    return replace(former, hooks={}, current=former.wanted, wanted=former.current, blue=former.green, green=former.blue)


def events_of(one: Deployment, sides: Sides) -> tuple[str, ...]:
    """The lifecycle events of the one target."""
    if is_rollback(one):
        return ("AllowTraffic",)
    if one.platform == rules.LAMBDA:
        return rules.LAMBDA_EVENTS
    return rules.ECS_TESTED if sides.test_listener else rules.ECS_EVENTS


# -- traffic --------------------------------------------------------------------------------------------------------


def route(scope: Scope, one: Deployment, sides: Sides, percentage: int) -> None:
    """Give the new side so many percent of the traffic."""
    if one.platform == rules.LAMBDA:
        alias = versions.alias_of(scope, sides.target, sides.alias)
        if alias is None:
            return
        if percentage == 100:
            versions.point(scope, alias, sides.wanted, {})
        else:
            base = sides.current if not is_rollback(one) else alias.version
            versions.point(scope, alias, base, {sides.wanted: percentage / 100} if percentage else {})
        return
    members = {}
    for side, share in ((sides.blue, 100 - percentage), (sides.green, percentage)):
        if side is not None and share:
            members[side.id] = Member(side.port, float(share))
    balancing.weigh(scope, sides.listener, members)
    for side in (sides.blue, sides.green):
        if side is not None:
            balancing.weigh(scope, side.target_group, {side.id: Member(side.port)})


def test_route(scope: Scope, sides: Sides) -> None:
    """Have the test listener reach the new side."""
    if sides.green is not None and sides.test_listener:
        balancing.weigh(scope, sides.test_listener, {sides.green.id: Member(sides.green.port)})


def settle(scope: Scope, sides: Sides, *, taken: bool) -> None:
    """The end of an ECS deployment: who is the service's primary task set from here on; the other one ends.

    Args:
        scope: Where.
        sides: The deployment's.
        taken: The new side has taken the place of the old one.
    """
    kept, gone = (sides.green, sides.blue) if taken else (sides.blue, sides.green)
    if sides.green is None and sides.blue is None:
        return
    scope.put(sides.target, LocalService(sides.target, kept))
    if gone is not None:
        tasks.stop(scope, gone)


def shape(scope: Scope, one: Deployment, sides: Sides, weight: float) -> dict[str, Any]:
    """What of a target is about its two sides, in AWS's shape."""
    if one.platform == rules.LAMBDA:
        return {
            "lambdaFunctionInfo": {
                "functionName": sides.target,
                "functionAlias": sides.alias,
                "currentVersion": sides.current,
                "targetVersion": sides.wanted,
                "targetVersionWeight": weight,
            }
        }
    service = scope.get(LocalService, sides.target) or LocalService(sides.target)
    living = {task.id for task in (service.primary, service.replacement) if task is not None}
    found = []
    for side, label, share in ((sides.blue, "Blue", 100 - weight), (sides.green, "Green", weight)):
        if side is None:
            continue
        primary = service.primary is not None and service.primary.id == side.id
        status = "PRIMARY" if primary else "ACTIVE" if side.id in living else "DRAINING"
        found.append(
            {
                "identifer": side.id,
                "desiredCount": 1 if side.id in living else 0,
                "pendingCount": 0,
                "runningCount": 1 if side.id in living else 0,
                "status": status,
                "trafficWeight": float(share),
                "targetGroup": {"name": side.target_group},
                "taskSetLabel": label,
            }
        )
    return {"taskSetsInfo": found}
