"""Target groups: which port traffic comes in by, and who gets how much of it.

A target group is a loopback port. What is kept here is the truth; a ``Router`` makes it so.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec
from msgspec.structs import replace

from pointsman.local.codedeploy.ports import port_for
from pointsman.local.world import Scope, World


class Member(msgspec.Struct, frozen=True):
    """Who serves: a port of this machine, with its share of the traffic."""

    port: int
    weight: float = 1.0


class TargetGroup(msgspec.Struct, frozen=True):
    """A target group, load balancer or listener, kept under its name."""

    name: str
    port: int
    """Where its traffic comes in; 0: not known yet."""
    members: dict[str, Member] = {}


@runtime_checkable
class Router(Protocol):
    """Makes target groups real."""

    def route(self, group: TargetGroup) -> None:
        """From here on, spread what comes in by the group's port over its members. Returns at once."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


def group(scope: Scope, name: str) -> TargetGroup:
    """A target group, with a port of its own from the first time it is asked for."""
    found = scope.get(TargetGroup, name) or TargetGroup(name, 0)
    if not found.port:
        found = replace(found, port=port_for(scope, f"target-group/{name}"))
        scope.put(name, found)
    return found


def listen(scope: Scope, name: str, port: int) -> TargetGroup:
    """Have a target group's traffic come in by this port."""
    found = scope.get(TargetGroup, name) or TargetGroup(name, 0)
    return found if found.port == port else _keep(scope, replace(found, port=port))


def register(scope: Scope, name: str, member: str, port: int, weight: float = 1.0) -> TargetGroup:
    """Send traffic to a member."""
    found = group(scope, name)
    return _keep(scope, replace(found, members={**found.members, member: Member(port, weight)}))


def deregister(scope: Scope, name: str, member: str) -> TargetGroup:
    """Send no more traffic to a member."""
    found = group(scope, name)
    return _keep(scope, replace(found, members={key: one for key, one in found.members.items() if key != member}))


def weigh(scope: Scope, name: str, members: dict[str, Member]) -> TargetGroup:
    """Have exactly these members, with these shares."""
    return _keep(scope, replace(group(scope, name), members=members))


def _keep(scope: Scope, changed: TargetGroup) -> TargetGroup:
    scope.put(changed.name, changed)
    router = scope.world.tool(Router)  # type: ignore[type-abstract]
    scope.world.after_commit(lambda: router.route(changed))
    return changed


def resume(world: World) -> None:
    """After a start: listen on every target group's port again."""
    router = world.tool(Router)  # type: ignore[type-abstract]
    for account, region in world.records.places(TargetGroup):
        for _, one in list(world.scope(account, region).scan(TargetGroup)):
            if one.port:
                world.after_commit(lambda one=one: router.route(one))  # type: ignore[misc]
