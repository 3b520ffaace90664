"""Records in AWS's shapes."""

from __future__ import annotations

import uuid
from typing import Any

from pointsman.local.codedeploy.machine import LifecycleEvent, Target
from pointsman.local.codedeploy.records import (
    CustomConfig,
    DeployApplication,
    Deployment,
    DeploymentGroup,
    LastDeployment,
    OnPremisesInstance,
    Revision,
)
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

Shape = dict[str, Any]


def given(**members: Any) -> Shape:
    """A structure without the members that are None."""
    return {name: value for name, value in members.items() if value is not None}


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as a list."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def application(one: DeployApplication) -> Shape:
    """``ApplicationInfo``."""
    return {
        "applicationId": one.id,
        "applicationName": one.name,
        "createTime": one.created,
        "linkedToGitHub": False,
        "computePlatform": one.platform,
    }


def _last(one: LastDeployment | None) -> Shape | None:
    if one is None:
        return None
    return given(deploymentId=one.id, status=one.status, createTime=one.created, endTime=one.ended)


def group(one: DeploymentGroup, platform: str) -> Shape:
    """``DeploymentGroupInfo``."""
    settings = dict(one.settings)
    groups = settings.pop("autoScalingGroups", [])
    info = given(
        applicationName=one.application,
        deploymentGroupId=one.id,
        deploymentGroupName=one.name,
        computePlatform=platform,
        targetRevision=one.revision,
        lastSuccessfulDeployment=_last(one.last_successful),
        lastAttemptedDeployment=_last(one.last_attempted),
        autoScalingGroups=[{"name": name} for name in groups],
        **settings,
    )
    for member in ("ec2TagFilters", "onPremisesInstanceTagFilters", "triggerConfigurations"):
        info.setdefault(member, [])
    info.setdefault("outdatedInstancesStrategy", "UPDATE")
    return info


def predefined(one: rules.Predefined, created: Any) -> Shape:
    """``DeploymentConfigInfo`` of a configuration of AWS's."""
    minimum = None if one.minimum is None else {"type": one.minimum.kind, "value": one.minimum.value}
    return given(
        deploymentConfigId=str(uuid.uuid5(uuid.NAMESPACE_URL, one.name)),
        deploymentConfigName=one.name,
        createTime=created,
        computePlatform=one.platform,
        minimumHealthyHosts=minimum,
        trafficRoutingConfig=None if one.routing is None else routing(one.routing),
    )


def routing(one: rules.Routing) -> Shape:
    """``TrafficRoutingConfig``."""
    if one.kind == rules.CANARY:
        inner = {"canaryPercentage": one.percentage, "canaryInterval": one.interval}
        return {"type": one.kind, "timeBasedCanary": inner}
    if one.kind == rules.LINEAR:
        inner = {"linearPercentage": one.percentage, "linearInterval": one.interval}
        return {"type": one.kind, "timeBasedLinear": inner}
    return {"type": one.kind}


def config(one: CustomConfig) -> Shape:
    """``DeploymentConfigInfo`` of a configuration of the user's."""
    return given(
        deploymentConfigId=one.id,
        deploymentConfigName=one.name,
        createTime=one.created,
        computePlatform=one.platform,
        minimumHealthyHosts=one.minimum,
        trafficRoutingConfig=one.routing,
        zonalConfig=one.zonal,
    )


def revision(one: Revision) -> Shape:
    """``GenericRevisionInfo``."""
    return given(
        description=one.description or None,
        deploymentGroups=list(one.groups),
        firstUsedTime=one.first_used,
        lastUsedTime=one.last_used,
        registerTime=one.registered,
    )


def instance(one: OnPremisesInstance) -> Shape:
    """``InstanceInfo``."""
    return given(
        instanceName=one.name,
        instanceArn=one.arn,
        iamUserArn=one.user_arn or None,
        iamSessionArn=one.session_arn or None,
        registerTime=one.registered,
        deregisterTime=one.deregistered,
        tags=tag_list(one.tags),
    )


# -- deployments ----------------------------------------------------------------------------------------------------

_FROM_GROUP = ("deploymentStyle", "blueGreenDeploymentConfiguration", "loadBalancerInfo", "autoRollbackConfiguration")
_FROM_REQUEST = (
    "description",
    "targetInstances",
    "fileExistsBehavior",
    "deploymentMode",
    "overrideAlarmConfiguration",
    "ec2DeploymentOptions",
)


def deployment(one: Deployment) -> Shape:
    """``DeploymentInfo``."""
    info = given(
        applicationName=one.application,
        deploymentGroupName=one.group,
        deploymentConfigName=one.config,
        deploymentId=one.id,
        previousRevision=one.previous_revision,
        revision=one.revision,
        status=one.status,
        createTime=one.created,
        startTime=one.started,
        completeTime=one.completed,
        creator=one.creator,
        computePlatform=one.platform,
        ignoreApplicationStopFailures=bool(one.request.get("ignoreApplicationStopFailures", False)),
        updateOutdatedInstancesOnly=bool(one.request.get("updateOutdatedInstancesOnly", False)),
        instanceTerminationWaitTimeStarted=one.termination_wait_started,
        additionalDeploymentStatusInfo=one.note or None,
        externalId=one.external_id or None,
        rollbackInfo=_rollback(one),
        **{name: one.settings.get(name) for name in _FROM_GROUP},
        **{name: one.request.get(name) for name in _FROM_REQUEST},
    )
    if one.error_code:
        info["errorInformation"] = {"code": one.error_code, "message": one.error_message}
    if one.overview:
        names = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
        info["deploymentOverview"] = {name: one.overview.get(name, 0) for name in names}
    if one.platform == rules.SERVER:
        info.setdefault("fileExistsBehavior", "DISALLOW")
    return info


def _rollback(one: Deployment) -> Shape | None:
    found = given(
        rollbackDeploymentId=one.rolled_back_by or None,
        rollbackTriggeringDeploymentId=one.rolls_back or None,
        rollbackMessage=one.rollback_message or None,
    )
    return found or None


def _event(one: LifecycleEvent) -> Shape:
    diagnostics = None
    if one.outcome is not None:
        diagnostics = {
            "errorCode": one.outcome.code,
            "scriptName": one.outcome.script,
            "message": one.outcome.message,
            "logTail": one.outcome.tail,
        }
    return given(
        lifecycleEventName=one.name,
        status=one.status,
        startTime=one.start,
        endTime=one.end,
        diagnostics=diagnostics,
    )


def target_arn(scope: Scope, one: Target) -> str:
    """A target's ARN: the instance's own when it is on premises, else as EC2 has them."""
    return scope.arn("codedeploy" if one.on_premises else "ec2", f"instance/{one.id}")


def events(one: Target) -> list[Shape]:
    """``LifecycleEventList``."""
    return [_event(event) for event in one.events]


def instance_target(scope: Scope, one: Target) -> Shape:
    """``DeploymentTarget`` of an instance."""
    return {
        "deploymentTargetType": "InstanceTarget",
        "instanceTarget": given(
            deploymentId=one.deployment,
            targetId=one.id,
            targetArn=target_arn(scope, one),
            status=one.status,
            lastUpdatedAt=one.updated,
            lifecycleEvents=events(one),
            instanceLabel=one.label or None,
        ),
    }


def instance_summary(scope: Scope, one: Target) -> Shape:
    """``InstanceSummary``, the older shape of an instance."""
    return given(
        deploymentId=one.deployment,
        instanceId=target_arn(scope, one),
        status=one.status,
        lastUpdatedAt=one.updated,
        lifecycleEvents=events(one),
        instanceType=one.label or None,
    )


def overview(counts: dict[str, int], before: str, after: str) -> dict[str, int]:
    """The counts of a deployment's targets when one of them goes from one status to another; empty: it was not."""
    found = dict(counts)
    if before:
        found[before] = found.get(before, 0) - 1
    found[after] = found.get(after, 0) + 1
    return found
