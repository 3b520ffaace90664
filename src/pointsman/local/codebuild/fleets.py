"""Reserved capacity fleets: how many builds of a fleet run at once, and where the others go.

A fleet is a number here, not a set of machines: builds run on this one, and no more of them at once than the fleet has
room for. Those beyond that wait (QUEUE), or run as builds without a fleet do (ON_DEMAND). A fleet that scales has room
for its greatest capacity.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from pointsman.local.codebuild.records import Build, CodeBuildProject, RunningBuild, Sandbox
from pointsman.local.codebuild.settings import invalid
from pointsman.local.world import Scope

__all__ = ["Fleet", "arn_in", "check", "find", "in_use", "room", "running", "sweep"]


class Fleet(msgspec.Struct, frozen=True):
    """A fleet; key: its name."""

    name: str
    arn: str
    id: str
    created: datetime
    modified: datetime
    settings: dict[str, Any]
    """What CreateFleet and UpdateFleet were given, in AWS's shape."""
    deleting: bool = False
    """Whether it is to go once the last of its builds has ended."""

    @property
    def capacity(self) -> int:
        """How many builds may run in it at once."""
        most: int = self.settings.get("scalingConfiguration", {}).get("maxCapacity", 0)
        return max(int(self.settings["baseCapacity"]), most)

    @property
    def overflows(self) -> bool:
        """Whether builds beyond its capacity run on demand."""
        return bool(self.settings["overflowBehavior"] == "ON_DEMAND")


def find(scope: Scope, arn: str) -> Fleet | None:
    """The fleet of an ARN; a name stands for its fleet too."""
    name = arn.rpartition(":fleet/")[2].partition(":")[0]
    found = scope.get(Fleet, name)
    return found if found is not None and arn in (found.arn, found.name) else None


def arn_in(settings: Mapping[str, Any]) -> str:
    """The fleet that a project's or a build's settings name; empty for none."""
    environment = settings.get("environment") or {}
    return str((environment.get("fleet") or {}).get("fleetArn") or "")


def check(scope: Scope, settings: Mapping[str, Any]) -> None:
    """Refuse settings that name a fleet which is not there, or is of another kind than the environment.

    Raises:
        AwsError: InvalidInputException.
    """
    arn = arn_in(settings)
    if not arn:
        return
    fleet = find(scope, arn)
    if fleet is None or fleet.deleting:
        raise invalid(f"Invalid fleet: {arn} cannot be found")
    kind, theirs = settings["environment"].get("type"), fleet.settings["environmentType"]
    if kind != theirs:
        raise invalid(f"Invalid fleet: {fleet.name} has machines of the type {theirs}, and the environment is {kind}")


def running(scope: Scope, build_id: str) -> Build | None:
    """The build or the sandbox of an id."""
    return scope.get(Build, build_id) or scope.get(Sandbox, build_id)


def in_use(scope: Scope, *, started: bool | None = None) -> dict[str, int]:
    """How many builds and sandboxes each fleet has, by ARN; of all, of those that run, or of those that wait."""
    found: dict[str, int] = {}
    for _, one in scope.scan(RunningBuild):
        if started is not None and one.started != started:
            continue
        build = running(scope, one.build_id)
        if build is not None and (arn := arn_in(build.settings)):
            found[arn] = found.get(arn, 0) + 1
    return found


def room(scope: Scope, build: Build, used: Mapping[str, int]) -> bool:
    """Whether a build's fleet has room for it, or it needs none there.

    Args:
        scope: Where.
        build: What waits.
        used: How many builds run in each fleet, by ARN.
    """
    arn = arn_in(build.settings)
    fleet = find(scope, arn) if arn else None
    return fleet is None or fleet.overflows or used.get(arn, 0) < fleet.capacity


def sweep(scope: Scope) -> None:
    """Remove the fleets that were to go and whose last build has ended."""
    going = [one for _, one in scope.scan(Fleet) if one.deleting]
    used = in_use(scope) if going else {}
    for one in going:
        if not used.get(one.arn):
            scope.delete(Fleet, one.name)


def projects_of(scope: Scope, arn: str) -> list[str]:
    """The projects that name a fleet."""
    return [one.name for _, one in scope.scan(CodeBuildProject) if arn_in(one.settings) == arn]
