"""CodeDeploy's answers about deployment configurations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pointsman.local.answers import Parameters, answers
from pointsman.local.codedeploy import errors, ids, shapes
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import PAGE, config
from pointsman.local.codedeploy.records import CustomConfig, DeploymentGroup
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

_SINCE = datetime(2015, 1, 1, tzinfo=UTC)
"""When AWS's own configurations were made, for want of a better date."""


@answers("codedeploy", "CreateDeploymentConfig")
def create_deployment_config(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a configuration."""
    name = errors.name("DeploymentConfig", parameters.get("deploymentConfigName"))
    if name.startswith(rules.PREFIX):
        raise refused(
            "InvalidDeploymentConfigName", f"A deployment configuration name may not begin with {rules.PREFIX}"
        )
    platform = parameters.get("computePlatform", rules.SERVER)
    if platform not in (rules.SERVER, rules.LAMBDA, rules.ECS):
        raise refused("InvalidComputePlatform", f"The compute platform {platform} is not Server, Lambda or ECS")
    if scope.get(CustomConfig, name) is not None:
        raise refused("DeploymentConfigAlreadyExists", f"Deployment Configuration {name} already exists")
    minimum, routing = parameters.get("minimumHealthyHosts"), parameters.get("trafficRoutingConfig")
    zonal = parameters.get("zonalConfig")
    if platform == rules.SERVER:
        _minimum(minimum)
        if routing:
            raise refused("InvalidComputePlatform", "Traffic routing belongs to the compute platforms Lambda and ECS")
        if zonal and (inner := zonal.get("minimumHealthyHostsPerZone")):
            _minimum(inner, "InvalidZonalDeploymentConfiguration")
    else:
        if minimum or zonal:
            raise refused("InvalidComputePlatform", "Minimum healthy hosts belong to the compute platform Server")
        routing = _routing(routing or {"type": rules.ALL_AT_ONCE})
    made = CustomConfig(name, ids.uuid(scope), platform, scope.now, minimum, routing, zonal)
    scope.put(name, made)
    return {"deploymentConfigId": made.id}


def _minimum(given: dict[str, Any] | None, code: str = "InvalidMinimumHealthyHostValue") -> None:
    if not given:
        raise refused(code, "A configuration for servers needs minimumHealthyHosts")
    kind, value = given.get("type"), given.get("value", -1)
    most = 99 if kind == rules.FLEET_PERCENT else 10**9
    if kind not in (rules.HOST_COUNT, rules.FLEET_PERCENT) or not 0 <= value <= most:
        raise refused(
            code,
            "The minimum healthy hosts are a HOST_COUNT from 0 on, or a FLEET_PERCENT from 0 to 99; "
            f"{kind} {value} is neither",
        )


def _routing(given: dict[str, Any]) -> dict[str, Any]:
    kind = given.get("type")
    inner = {rules.CANARY: "timeBasedCanary", rules.LINEAR: "timeBasedLinear"}.get(kind or "")
    if kind == rules.ALL_AT_ONCE:
        return {"type": kind}
    if inner is None or not given.get(inner):
        raise refused("InvalidTrafficRoutingConfiguration", f"A routing of type {kind} needs {inner or 'another type'}")
    word = "canary" if kind == rules.CANARY else "linear"
    values = {name: given[inner].get(name, 0) for name in (f"{word}Percentage", f"{word}Interval")}
    percentage, interval = values.values()
    steps = 1 if kind == rules.CANARY else -(-100 // max(1, percentage)) - 1
    if not 1 <= percentage <= 99 or interval < 1 or steps * interval > rules.LONGEST_SHIFT:
        raise refused(
            "InvalidTrafficRoutingConfiguration",
            f"A shift is of 1 to 99 percent, and all of them are made within {rules.LONGEST_SHIFT} minutes; "
            f"{percentage} percent every {interval} minutes is not allowed",
        )
    return {"type": kind, inner: values}


@answers("codedeploy", "GetDeploymentConfig")
def get_deployment_config(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One configuration."""
    found = config(scope, parameters.get("deploymentConfigName"))
    info = shapes.config(found) if isinstance(found, CustomConfig) else shapes.predefined(found, _SINCE)
    return {"deploymentConfigInfo": info}


@answers("codedeploy", "ListDeploymentConfigs")
def list_deployment_configs(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Configuration names: AWS's own, then the user's."""
    after = errors.place(parameters.get("nextToken"))
    names = [*rules.PREDEFINED, *(name for name, _ in scope.scan(CustomConfig))]
    start = names.index(after) + 1 if after in names else 0
    return errors.page("deploymentConfigsList", names[start : start + PAGE], len(names) > start + PAGE)


@answers("codedeploy", "DeleteDeploymentConfig")
def delete_deployment_config(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a configuration that no group uses."""
    name = errors.name("DeploymentConfig", parameters.get("deploymentConfigName"))
    if name in rules.PREDEFINED or name.startswith(rules.PREFIX):
        raise refused("InvalidOperation", f"{name} is predefined and cannot be deleted")
    user = next((one for _, one in scope.scan(DeploymentGroup) if one.settings["deploymentConfigName"] == name), None)
    if user is not None:
        raise refused("DeploymentConfigInUse", f"{name} is in use by the deployment group {user.key}")
    scope.delete(CustomConfig, name)
    return {}
