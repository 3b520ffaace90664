"""CodeBuild's answers about reserved capacity fleets."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codebuild import fleets
from pointsman.local.codebuild.driver import DISPATCH
from pointsman.local.codebuild.fleets import Fleet
from pointsman.local.codebuild.paging import paged, some
from pointsman.local.codebuild.settings import invalid
from pointsman.local.world import Scope

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,127}")
_CONFIGURED = ("ATTRIBUTE_BASED_COMPUTE", "CUSTOM_INSTANCE_TYPE")
"""Compute types that say in computeConfiguration what they are."""


@answers("codebuild", "CreateFleet")
def create_fleet(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a fleet: it is there at once."""
    name = parameters["name"]
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid fleet name: {name}. It must match {_NAME.pattern}")
    settings = {"overflowBehavior": "QUEUE", **{key: value for key, value in parameters.items() if key != "name"}}
    _check(settings)
    known = scope.get(Fleet, name)
    if known is not None:
        raise AwsError("ResourceAlreadyExistsException", f"Fleet already exists: {known.arn}")
    number = scope.world.uuid()
    arn = scope.arn("codebuild", f"fleet/{name}:{number}")
    fleet = Fleet(name, arn, number, scope.now, scope.now, settings)
    scope.put(name, fleet)
    return {"fleet": _shape(scope, fleet)}


@answers("codebuild", "UpdateFleet")
def update_fleet(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change what is given of a fleet; builds that wait may have room now."""
    fleet = fleets.find(scope, parameters["arn"])
    if fleet is None or fleet.deleting:
        raise AwsError("ResourceNotFoundException", f"Fleet cannot be found: {parameters['arn']}")
    settings = {**fleet.settings, **{key: value for key, value in parameters.items() if key != "arn"}}
    if not settings.get("scalingConfiguration", {}).get("scalingType", "x"):
        settings.pop("scalingConfiguration")
    _check(settings)
    fleet = msgspec.structs.replace(fleet, settings=settings, modified=scope.now)
    scope.put(fleet.name, fleet)
    scope.after(0, DISPATCH, key=DISPATCH)
    return {"fleet": _shape(scope, fleet)}


@answers("codebuild", "DeleteFleet")
def delete_fleet(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Have a fleet go: at once, or when the last of its builds has ended."""
    fleet = fleets.find(scope, parameters["arn"])
    if fleet is None:
        raise invalid(f"Fleet cannot be found: {parameters['arn']}")
    if projects := fleets.projects_of(scope, fleet.arn):
        raise invalid(f"The fleet {fleet.name} is used by projects: {', '.join(sorted(projects)[:10])}")
    scope.put(fleet.name, msgspec.structs.replace(fleet, deleting=True, modified=scope.now))
    fleets.sweep(scope)
    return {}


@answers("codebuild", "BatchGetFleets")
def batch_get_fleets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Fleets by name or ARN."""
    found, missing = [], []
    for name in dict.fromkeys(some(parameters["names"])):
        fleet = fleets.find(scope, name)
        if fleet is None:
            missing.append(name)
        else:
            found.append(_shape(scope, fleet))
    return {"fleets": found, "fleetsNotFound": missing}


@answers("codebuild", "ListFleets")
def list_fleets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ARNs of all fleets."""
    known = [one for _, one in scope.scan(Fleet)]
    order = parameters.get("sortBy", "NAME")
    if order != "NAME":
        known.sort(key=lambda one: (one.created if order == "CREATED_TIME" else one.modified, one.name))
    if parameters.get("sortOrder") == "DESCENDING":
        known.reverse()
    return paged([one.arn for one in known], parameters, "fleets")


def _check(settings: dict[str, Any]) -> None:
    base = settings["baseCapacity"]
    if base < 1:
        raise invalid(f"Invalid baseCapacity: {base}. It must be at least 1")
    scaling = settings.get("scalingConfiguration")
    if scaling is not None and scaling.get("maxCapacity", 0) <= base:
        said = scaling.get("maxCapacity")
        raise invalid(f"Invalid scalingConfiguration: maxCapacity is {said}; it must be above baseCapacity, {base}")
    configured = settings["computeType"] in _CONFIGURED
    if configured != bool(settings.get("computeConfiguration")):
        needs = "needs" if configured else "takes no"
        raise invalid(f"Invalid computeConfiguration: the compute type {settings['computeType']} {needs} one")


def _shape(scope: Scope, fleet: Fleet) -> dict[str, Any]:
    shown = dict(fleet.settings)
    if (scaling := shown.get("scalingConfiguration")) is not None:
        running = fleets.in_use(scope, started=True).get(fleet.arn, 0)
        wanted = max(int(shown["baseCapacity"]), min(fleet.capacity, running))
        shown["scalingConfiguration"] = {**scaling, "desiredCapacity": wanted}
    status = {"statusCode": "PENDING_DELETION" if fleet.deleting else "ACTIVE"}
    return {
        **shown,
        "arn": fleet.arn,
        "name": fleet.name,
        "id": fleet.id,
        "created": fleet.created,
        "lastModified": fleet.modified,
        "status": status,
    }
