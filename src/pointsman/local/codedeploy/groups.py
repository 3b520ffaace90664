"""The settings of a deployment group, checked and completed; and which instances its tags mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import config
from pointsman.local.codedeploy.records import DeploymentGroup
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules
from pointsman.semantics.deployments import TagFilter

Shape = dict[str, Any]

SETTINGS: Final = (
    "deploymentConfigName",
    "ec2TagFilters",
    "onPremisesInstanceTagFilters",
    "autoScalingGroups",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ec2TagSet",
    "ecsServices",
    "onPremisesTagSet",
    "ec2DeploymentOptions",
    "terminationHookEnabled",
)
_EITHER: Final = {"ec2TagSet": "ec2TagFilters", "onPremisesTagSet": "onPremisesInstanceTagFilters"}

ROLLBACK_EVENTS: Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
TRIGGER_EVENTS: Final = (
    *(f"Deployment{word}" for word in ("Start", "Success", "Failure", "Stop", "Rollback", "Ready")),
    *(f"Instance{word}" for word in ("Start", "Success", "Failure", "Ready")),
)
MOST: Final = 10
"""Triggers of a group, and its Auto Scaling groups."""
MOST_ALARMS: Final = 50
LONGEST_WAIT: Final = 2880
"""Minutes before the blue instances are terminated, or until somebody must continue, at most."""


def own(parameters: Shape) -> Shape:
    """What of a call's parameters are settings of the group."""
    return {name: parameters[name] for name in SETTINGS if name in parameters}


def replaced_by(changes: Shape) -> set[str]:
    """The settings that a change puts an end to: the two ways to give tags exclude each other."""
    gone = set(changes)
    for one, other in _EITHER.items():
        if one in changes:
            gone.add(other)
        if other in changes:
            gone.add(one)
    return gone


def settled(scope: Scope, platform: str, settings: Shape) -> Shape:
    """Settings, checked and with CodeDeploy's defaults.

    Raises:
        AwsError: Names what is wrong.
    """
    settings = {name: value for name, value in settings.items() if value not in ([], {}, None)}
    settings.setdefault("deploymentConfigName", rules.DEFAULT[platform])
    found = config(scope, settings["deploymentConfigName"])
    if found.platform != platform:
        raise refused(
            "InvalidDeploymentConfigName",
            f"The deployment configuration {found.name} is for the compute platform {found.platform}, not {platform}",
        )
    settings["deploymentStyle"] = _style(platform, settings.get("deploymentStyle", {}))
    _check_tags(settings)
    check_rollback(settings.get("autoRollbackConfiguration"))
    check_alarms(settings.get("alarmConfiguration"))
    _check_triggers(settings.get("triggerConfigurations", []))
    if len(settings.get("autoScalingGroups", [])) > MOST:
        raise refused("InvalidAutoScalingGroup", f"A deployment group has at most {MOST} Auto Scaling groups")
    if settings["deploymentStyle"]["deploymentType"] == "BLUE_GREEN" and platform != rules.LAMBDA:
        settings["blueGreenDeploymentConfiguration"] = _blue_green(
            platform, settings.get("blueGreenDeploymentConfiguration", {})
        )
    _check_balancer(platform, settings.get("loadBalancerInfo", {}))
    if settings.get("ecsServices") and platform != rules.ECS:
        raise refused("InvalidECSService", "ECS services belong to the compute platform ECS")
    return settings


def _style(platform: str, given: Shape) -> Shape:
    moved = platform != rules.SERVER
    style = {
        "deploymentType": given.get("deploymentType", "BLUE_GREEN" if moved else "IN_PLACE"),
        "deploymentOption": given.get("deploymentOption", f"WITH{'' if moved else 'OUT'}_TRAFFIC_CONTROL"),
    }
    if style["deploymentType"] not in ("IN_PLACE", "BLUE_GREEN") or style["deploymentOption"] not in (
        "WITH_TRAFFIC_CONTROL",
        "WITHOUT_TRAFFIC_CONTROL",
    ):
        raise refused("InvalidDeploymentStyle", f"The deployment style {' '.join(style.values())} is not valid")
    if moved and style != {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}:
        raise refused(
            "InvalidDeploymentStyle",
            f"For the {platform} compute platform, the deployment style is BLUE_GREEN WITH_TRAFFIC_CONTROL",
        )
    return style


def _check_tags(settings: Shape) -> None:
    for new, old in _EITHER.items():
        word = "EC2" if new.startswith("ec2") else "OnPremises"
        if settings.get(new) and settings.get(old):
            raise refused(f"Invalid{word}TagCombination", f"Give {old} or {new}, not both")
        sets = settings.get(new, {}).get(f"{new}List", [])
        if len(sets) > 3:
            raise refused("TagSetListLimitExceeded", "A tag set list has at most 3 groups")
        for one in [*settings.get(old, []), *(one for group in sets for one in group)]:
            if one.get("Type", "KEY_AND_VALUE") not in ("KEY_ONLY", "VALUE_ONLY", "KEY_AND_VALUE"):
                raise refused(
                    "InvalidEC2Tag" if word == "EC2" else "InvalidTag", f"{one['Type']} is no tag filter type"
                )


def check_rollback(given: Shape | None) -> None:
    """Refuse an autoRollbackConfiguration that says nothing or too much."""
    if not given:
        return
    events = given.get("events", [])
    unknown = [one for one in events if one not in ROLLBACK_EVENTS]
    if unknown or (given.get("enabled") and not events):
        raise refused(
            "InvalidAutoRollbackConfig",
            f"An enabled automatic rollback names one of {', '.join(ROLLBACK_EVENTS)} at least"
            + (f"; {unknown[0]} is none of them" if unknown else ""),
        )


def check_alarms(given: Shape | None) -> None:
    """Refuse an alarmConfiguration with too many alarms, or with none while it is on."""
    if not given:
        return
    names = [one.get("name", "") for one in given.get("alarms", [])]
    if len(names) > MOST_ALARMS:
        raise refused("AlarmsLimitExceeded", f"A deployment group has at most {MOST_ALARMS} alarms")
    if (given.get("enabled") and not names) or not all(names) or len(set(names)) < len(names):
        raise refused(
            "InvalidAlarmConfig",
            "An alarm configuration that is enabled names one alarm at least, and each alarm once",
        )


def _check_triggers(given: list[Shape]) -> None:
    if len(given) > MOST:
        raise refused("TriggerTargetsLimitExceeded", f"A deployment group has at most {MOST} triggers")
    for one in given:
        wrong = [event for event in one.get("triggerEvents", []) if event not in TRIGGER_EVENTS]
        target = one.get("triggerTargetArn", "")
        if wrong or not one.get("triggerEvents") or not one.get("triggerName") or not target.startswith("arn:aws:sns:"):
            raise refused(
                "InvalidTriggerConfig",
                f"The trigger {one.get('triggerName') or '(without a name)'} needs a name, events and an SNS topic"
                + (f"; {wrong[0]} is no event" if wrong else ""),
            )


def _blue_green(platform: str, given: Shape) -> Shape:
    found = dict(given)
    ready = {"actionOnTimeout": "CONTINUE_DEPLOYMENT", **given.get("deploymentReadyOption", {})}
    ready.setdefault("waitTimeInMinutes", 0)
    ends = {"action": "TERMINATE", **given.get("terminateBlueInstancesOnDeploymentSuccess", {})}
    if ends["action"] == "TERMINATE":
        ends.setdefault("terminationWaitTimeInMinutes", 0 if platform == rules.ECS else 60)
    found["deploymentReadyOption"], found["terminateBlueInstancesOnDeploymentSuccess"] = ready, ends
    if platform == rules.SERVER:
        green = {"action": "DISCOVER_EXISTING", **given.get("greenFleetProvisioningOption", {})}
        found["greenFleetProvisioningOption"] = green
    waits = (ready["waitTimeInMinutes"], ends.get("terminationWaitTimeInMinutes", 0))
    if not all(0 <= minutes <= LONGEST_WAIT for minutes in waits):
        raise refused(
            "InvalidBlueGreenDeploymentConfiguration", f"A wait is at most {LONGEST_WAIT} minutes; {max(waits)} is more"
        )
    if ready["actionOnTimeout"] == "CONTINUE_DEPLOYMENT" and ready["waitTimeInMinutes"]:
        raise refused(
            "InvalidBlueGreenDeploymentConfiguration",
            "waitTimeInMinutes belongs to actionOnTimeout STOP_DEPLOYMENT; CONTINUE_DEPLOYMENT does not wait",
        )
    if ready["actionOnTimeout"] == "STOP_DEPLOYMENT" and not ready["waitTimeInMinutes"]:
        raise refused(
            "InvalidBlueGreenDeploymentConfiguration",
            "actionOnTimeout STOP_DEPLOYMENT needs waitTimeInMinutes: how long it waits for ContinueDeployment",
        )
    return found


def _check_balancer(platform: str, given: Shape) -> None:
    names = [
        *(one.get("name", "") for one in given.get("elbInfoList", [])),
        *(one.get("name", "") for one in given.get("targetGroupInfoList", [])),
    ]
    if not all(names):
        raise refused("InvalidLoadBalancerInfo", "A load balancer or target group needs its name")
    pairs = given.get("targetGroupPairInfoList", [])
    if pairs and platform != rules.ECS:
        raise refused("InvalidLoadBalancerInfo", "Target group pairs belong to the compute platform ECS")
    if any(len(pair.get("targetGroups", [])) != 2 or not pair.get("prodTrafficRoute") for pair in pairs):
        raise refused("InvalidTargetGroupPair", "A target group pair has two target groups and a prodTrafficRoute")


def check_services(scope: Scope, one: DeploymentGroup) -> None:
    """Refuse a second group for an ECS service."""
    wanted = {_service(service) for service in one.settings.get("ecsServices", [])}
    if not wanted:
        return
    for _, other in scope.scan(DeploymentGroup):
        taken = {_service(service) for service in other.settings.get("ecsServices", [])} & wanted
        if taken and other.id != one.id:
            cluster, service = taken.pop()
            raise refused(
                "ECSServiceMappingLimitExceeded",
                f"The ECS service {service} of the cluster {cluster} belongs to the deployment group {other.key}",
            )


def _service(one: Shape) -> tuple[str, str]:
    return one.get("clusterName", "default"), one.get("serviceName", "")


# -- tags -----------------------------------------------------------------------------------------------------------


def _filters(given: Iterable[Shape]) -> tuple[TagFilter, ...]:
    return tuple(TagFilter(one.get("Type", "KEY_AND_VALUE"), one.get("Key", ""), one.get("Value", "")) for one in given)


def tag_groups(settings: Shape, plain: str, sets: str) -> tuple[tuple[TagFilter, ...], ...]:
    """Tag filters as groups: one of each group must match.

    Args:
        settings: A group's, or ``targetInstances`` of a call.
        plain: The member with a flat list: ``ec2TagFilters``.
        sets: The member with lists of lists: ``ec2TagSet``.
    """
    if settings.get(plain):
        return (_filters(settings[plain]),)
    return tuple(_filters(group) for group in settings.get(sets, {}).get(f"{sets}List", []))


def target_groups(settings: Shape) -> list[str]:
    """The names of the load balancers and target groups that send traffic to a group's instances."""
    if settings.get("deploymentStyle", {}).get("deploymentOption") != "WITH_TRAFFIC_CONTROL":
        return []
    info = settings.get("loadBalancerInfo", {})
    return [one["name"] for member in ("elbInfoList", "targetGroupInfoList") for one in info.get(member, [])]
