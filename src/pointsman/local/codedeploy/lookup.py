"""Finding what a call means, or CodeDeploy's words for its not being there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pointsman.local.codedeploy import errors
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.machine import Target
from pointsman.local.codedeploy.records import (
    Busy,
    CustomConfig,
    DeployApplication,
    Deployment,
    DeploymentGroup,
    Roster,
)
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

PAGE: Final = 100
"""Names on a page of a list."""


def application(scope: Scope, name: Any) -> DeployApplication:
    """An application by its name."""
    found = scope.get(DeployApplication, errors.name("Application", name))
    if found is None:
        raise refused("ApplicationDoesNotExist", f"No application found for name: {name}")
    return found


def group(scope: Scope, app: Any, name: Any) -> DeploymentGroup:
    """A deployment group of an application that is there."""
    home = application(scope, app)
    found = scope.get(DeploymentGroup, f"{home.name}/{errors.name('DeploymentGroup', name)}")
    if found is None:
        raise refused("DeploymentGroupDoesNotExist", f"No Deployment Group found for name: {name}")
    return found


def groups_of(scope: Scope, app: str) -> list[DeploymentGroup]:
    """Every group of an application."""
    return [one for _, one in scope.scan(DeploymentGroup, f"{app}/")]


def config(scope: Scope, name: Any) -> rules.Predefined | CustomConfig:
    """A deployment configuration, AWS's or the user's."""
    name = errors.name("DeploymentConfig", name)
    found = rules.PREDEFINED.get(name) or scope.get(CustomConfig, name)
    if found is None:
        raise refused("DeploymentConfigDoesNotExist", f"No Deployment Configuration found for name: {name}")
    return found


def minimum_of(one: rules.Predefined | CustomConfig) -> rules.Minimum:
    """The minimum healthy hosts of a configuration for servers."""
    if isinstance(one, rules.Predefined):
        return one.minimum or rules.Minimum(rules.HOST_COUNT, 0)
    given = one.minimum or {}
    return rules.Minimum(given.get("type", rules.HOST_COUNT), given.get("value", 0))


def routing_of(one: rules.Predefined | CustomConfig) -> rules.Routing:
    """How a configuration for Lambda or ECS shifts traffic."""
    if isinstance(one, rules.Predefined):
        return one.routing or rules.Routing(rules.ALL_AT_ONCE)
    given = one.routing or {}
    if given.get("type") == rules.CANARY:
        inner = given["timeBasedCanary"]
        return rules.Routing(rules.CANARY, inner["canaryPercentage"], inner["canaryInterval"])
    if given.get("type") == rules.LINEAR:
        inner = given["timeBasedLinear"]
        return rules.Routing(rules.LINEAR, inner["linearPercentage"], inner["linearInterval"])
    return rules.Routing(rules.ALL_AT_ONCE)


def deployment(scope: Scope, given: Any) -> Deployment:
    """A deployment by its id."""
    found = scope.get(Deployment, errors.deployment_id(given))
    if found is None:
        raise refused("DeploymentDoesNotExist", f"The deployment {given} could not be found")
    return found


def target_key(deployment_id: str, target_id: str) -> str:
    """What a target is kept under."""
    return f"{deployment_id}/{target_id}"


def targets_of(scope: Scope, deployment_id: str) -> Iterator[Target]:
    """Every target of a deployment, in the order they are worked on: blue ones last."""
    roster = scope.get(Roster, deployment_id)
    for ids in roster.targets.values() if roster else ():
        for one in ids:
            found = scope.get(Target, target_key(deployment_id, one))
            if found is not None:
                yield found


def busy_deployment(scope: Scope, one: DeploymentGroup) -> str | None:
    """The deployment of a group that is not over."""
    for key, busy in scope.scan(Busy):
        if busy.group == one.key:
            found = scope.get(Deployment, key)
            if found is not None and not found.over:
                return key
    return None
