"""Instances: folders of this machine that stand for servers, and what CodeDeploy knows of them.

On premises is what RegisterOnPremisesInstance made; its folder is ``instances/NAME`` in the state folder unless the
world file names another under the same name. What the world file alone names is like an EC2 instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from pointsman.local.codedeploy.groups import Shape, tag_groups
from pointsman.local.codedeploy.ports import port_for
from pointsman.local.codedeploy.records import LocalInstance, OnPremisesInstance
from pointsman.local.engines import Place
from pointsman.local.world import Scope
from pointsman.semantics.deployments import tagged

AGENT_TAG: Final = "pointsman:agent"
"""An instance with this tag, of the value ``stopped``, has a CodeDeploy agent that does not run."""
FLEET_TAG: Final = "aws:autoscaling:groupName"
"""What names an instance's Auto Scaling group."""


class InstancePort(msgspec.Struct, frozen=True):
    """The port that an instance serves on, kept under the instance's name."""

    port: int


class Instance(Struct, frozen=True):
    """An instance."""

    name: str
    root: Path
    tags: dict[str, str]
    on_premises: bool = False

    @property
    def agent_runs(self) -> bool:
        """Whether its CodeDeploy agent runs."""
        return self.tags.get(AGENT_TAG) != "stopped"


def _root(scope: Scope, name: str) -> Path:
    named = scope.get(LocalInstance, name)
    return Path(named.path) if named else scope.world.tool(Place).root / "instances" / name


def find(scope: Scope, name: str) -> Instance | None:
    """An instance by its name; None when there is none, or none any more."""
    registered = scope.get(OnPremisesInstance, name)
    if registered is not None and registered.deregistered is None:
        return Instance(name, _root(scope, name), registered.tags, on_premises=True)
    named = scope.get(LocalInstance, name)
    return Instance(name, Path(named.path), named.tags) if named else None


def every(scope: Scope) -> Iterator[Instance]:
    """Every instance there is."""
    named = dict(scope.scan(LocalInstance))
    base = scope.world.tool(Place).root / "instances"
    for name, one in scope.scan(OnPremisesInstance):
        if one.deregistered is None:
            place = named.pop(name, None)
            yield Instance(name, Path(place.path) if place else base / name, one.tags, on_premises=True)
    for name, local in named.items():
        yield Instance(name, Path(local.path), local.tags)


def meant_by(scope: Scope, settings: Shape) -> list[Instance]:
    """The instances that a group's settings, or the ``targetInstances`` of a call, mean; sorted by name."""
    ec2 = tag_groups(settings, "ec2TagFilters", "ec2TagSet") or tag_groups(settings, "tagFilters", "ec2TagSet")
    premises = tag_groups(settings, "onPremisesInstanceTagFilters", "onPremisesTagSet")
    fleets = set(settings.get("autoScalingGroups", ()))
    found = [
        one
        for one in every(scope)
        if tagged(premises if one.on_premises else ec2, one.tags)
        or (not one.on_premises and one.tags.get(FLEET_TAG) in fleets)
    ]
    return sorted(found, key=lambda one: one.name)


def port_of(scope: Scope, name: str) -> int:
    """The port that an instance serves on: given by the world file, or a free one, found once and kept."""
    found = scope.get(InstancePort, name)
    if found is None:
        found = InstancePort(port_for(scope, f"instance/{name}"))
        scope.put(name, found)
    return found.port
