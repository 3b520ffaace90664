"""CodeDeploy's answers -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

from typing import Any

from pointsman.model.deployments import (
    SERVER,
    BlueGreen,
    Configuration,
    Counts,
    Deployment,
    DeploymentGroup,
    LifecycleEvent,
    RevisionLocation,
    Routing,
    Target,
    TaskSet,
)
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, TargetRef
from pointsman.model.status import status
from pointsman.services.reads.values import Answer, part, parts, text, when, whole


def ids(page: Answer) -> tuple[str, ...]:
    """ListDeployments, one page."""
    return tuple(str(one) for one in parts(page, "deployments"))


def applications(page: Answer) -> tuple[str, ...]:
    """ListApplications, one page."""
    return tuple(str(one) for one in parts(page, "applications"))


def group_names(page: Answer) -> tuple[str, ...]:
    """ListDeploymentGroups, one page."""
    return tuple(str(one) for one in parts(page, "deploymentGroups"))


def target_ids(page: Answer) -> tuple[str, ...]:
    """ListDeploymentTargets, one page."""
    return tuple(str(one) for one in parts(page, "targetIds"))


def revisions(page: Answer) -> tuple[RevisionLocation, ...]:
    """ListApplicationRevisions, one page."""
    return tuple(found for one in parts(page, "revisions") if (found := revision(one)))


def revision(one: Any) -> RevisionLocation:
    """Where a revision is."""
    s3, git = part(one, "s3Location"), part(one, "gitHubLocation")
    raw = part(one, "appSpecContent") or part(one, "string")
    return RevisionLocation(
        kind=text(one, "revisionType"),
        bucket=text(s3, "bucket"),
        key=text(s3, "key"),
        bundle=text(s3, "bundleType"),
        version=text(s3, "version"),
        etag=text(s3, "eTag"),
        repository=text(git, "repository"),
        commit=text(git, "commitId"),
        content=text(raw, "content"),
        sha256=text(raw, "sha256"),
    )


def deployments(answer: Answer) -> tuple[Deployment, ...]:
    """BatchGetDeployments."""
    return tuple(deployment(one) for one in parts(answer, "deploymentsInfo") if text(one, "deploymentId"))


def deployment(one: Any) -> Deployment:
    """One deployment of any answer."""
    group = DeploymentGroupRef(text(one, "applicationName"), text(one, "deploymentGroupName"))
    style, rollback = part(one, "deploymentStyle"), part(one, "rollbackInfo")
    error = part(one, "errorInformation")
    messages = [str(said) for said in parts(one, "deploymentStatusMessages") if said]
    return Deployment(
        ref=DeploymentRef(text(one, "deploymentId"), group),
        group=group,
        config=text(one, "deploymentConfigName"),
        platform=text(one, "computePlatform") or SERVER,
        status=status(text(one, "status")),
        created=when(one, "createTime"),
        started=when(one, "startTime"),
        completed=when(one, "completeTime"),
        revision=revision(part(one, "revision")),
        previous=revision(part(one, "previousRevision")),
        counts=_counts(part(one, "deploymentOverview")),
        description=text(one, "description"),
        creator=text(one, "creator"),
        error_code=text(error, "code"),
        error_message=text(error, "message"),
        rollback_id=text(rollback, "rollbackDeploymentId"),
        rolled_back_id=text(rollback, "rollbackTriggeringDeploymentId"),
        rollback_message=text(rollback, "rollbackMessage"),
        blue_green=text(style, "deploymentType") == "BLUE_GREEN",
        traffic_control=text(style, "deploymentOption") == "WITH_TRAFFIC_CONTROL",
        waits=_waits(part(one, "blueGreenDeploymentConfiguration")),
        termination_waiting=one.get("instanceTerminationWaitTimeStarted") is True,
        rollback_events=_rollback_events(part(one, "autoRollbackConfiguration")),
        alarms=_alarms(part(one, "overrideAlarmConfiguration")),
        messages=(*messages, *([extra] if (extra := text(one, "additionalDeploymentStatusInfo")) else [])),
        external_id=text(one, "externalId"),
    )


def _counts(overview: Answer) -> Counts:
    return Counts(
        pending=whole(overview, "Pending") or 0,
        in_progress=whole(overview, "InProgress") or 0,
        succeeded=whole(overview, "Succeeded") or 0,
        failed=whole(overview, "Failed") or 0,
        skipped=whole(overview, "Skipped") or 0,
        ready=whole(overview, "Ready") or 0,
    )


def _waits(answer: Answer) -> BlueGreen:
    ready, ends = part(answer, "deploymentReadyOption"), part(answer, "terminateBlueInstancesOnDeploymentSuccess")
    return BlueGreen(
        on_timeout=text(ready, "actionOnTimeout"),
        ready_minutes=whole(ready, "waitTimeInMinutes") or 0,
        terminate=text(ends, "action"),
        termination_minutes=whole(ends, "terminationWaitTimeInMinutes") or 0,
        provisioning=text(part(answer, "greenFleetProvisioningOption"), "action"),
    )


def _rollback_events(answer: Answer) -> tuple[str, ...]:
    return tuple(str(one) for one in parts(answer, "events")) if answer.get("enabled") is True else ()


def _alarms(answer: Answer) -> tuple[str, ...]:
    if answer.get("enabled") is not True:
        return ()
    return tuple(text(one, "name") for one in parts(answer, "alarms") if text(one, "name"))


def targets(answer: Answer) -> tuple[Target, ...]:
    """BatchGetDeploymentTargets."""
    found = []
    for one in parts(answer, "deploymentTargets"):
        for member in ("instanceTarget", "lambdaTarget", "ecsTarget", "cloudFormationTarget"):
            if text(inner := part(one, member), "targetId"):
                found.append(_target(inner))
                break
    return tuple(found)


def _target(one: Any) -> Target:
    return Target(
        ref=TargetRef(text(one, "deploymentId"), text(one, "targetId")),
        status=status(text(one, "status")),
        label=text(one, "instanceLabel"),
        events=tuple(_event(event) for event in parts(one, "lifecycleEvents") if text(event, "lifecycleEventName")),
        sides=_sides(one),
        updated=when(one, "lastUpdatedAt"),
    )


def _event(one: Any) -> LifecycleEvent:
    said = part(one, "diagnostics")
    code = text(said, "errorCode")
    return LifecycleEvent(
        name=text(one, "lifecycleEventName"),
        status=status(text(one, "status")),
        started=when(one, "startTime"),
        ended=when(one, "endTime"),
        error_code="" if code == "Success" else code,
        script=text(said, "scriptName"),
        message=text(said, "message"),
        log_tail=text(said, "logTail"),
    )


def _sides(one: Any) -> tuple[TaskSet, ...]:
    function = part(one, "lambdaFunctionInfo")
    if function:
        weight = _weight(function, "targetVersionWeight")
        old = None if weight is None else 100.0 - weight
        return (
            TaskSet("Blue", text(function, "currentVersion"), weight=old),
            TaskSet("Green", text(function, "targetVersion"), weight=weight),
        )
    return tuple(
        TaskSet(
            label=text(side, "taskSetLabel"),
            id=text(side, "identifer"),  # AWS's own spelling
            status=text(side, "status"),
            weight=_weight(side, "trafficWeight"),
            desired=whole(side, "desiredCount") or 0,
            running=whole(side, "runningCount") or 0,
            pending=whole(side, "pendingCount") or 0,
        )
        for side in parts(one, "taskSetsInfo")
    )


def _weight(source: Any, name: str) -> float | None:
    """A share of the traffic in percent, between 0 and 100; None when it is missing."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(100.0, max(0.0, float(value)))


def groups(answer: Answer) -> tuple[DeploymentGroup, ...]:
    """BatchGetDeploymentGroups."""
    return tuple(_group(one) for one in parts(answer, "deploymentGroupsInfo") if text(one, "deploymentGroupName"))


def _group(one: Any) -> DeploymentGroup:
    good, last, style = (
        part(one, "lastSuccessfulDeployment"),
        part(one, "lastAttemptedDeployment"),
        part(one, "deploymentStyle"),
    )
    return DeploymentGroup(
        ref=DeploymentGroupRef(text(one, "applicationName"), text(one, "deploymentGroupName")),
        config=text(one, "deploymentConfigName"),
        platform=text(one, "computePlatform") or SERVER,
        target_revision=revision(part(one, "targetRevision")),
        last_good_id=text(good, "deploymentId"),
        last_good_at=when(good, "endTime") or when(good, "createTime"),
        last_id=text(last, "deploymentId"),
        last_status=status(text(last, "status")),
        last_at=when(last, "createTime"),
        blue_green=text(style, "deploymentType") == "BLUE_GREEN",
        traffic_control=text(style, "deploymentOption") == "WITH_TRAFFIC_CONTROL",
        rollback_events=_rollback_events(part(one, "autoRollbackConfiguration")),
        alarms=_alarms(part(one, "alarmConfiguration")),
        waits=_waits(part(one, "blueGreenDeploymentConfiguration")),
    )


def configuration(answer: Answer) -> Configuration | None:
    """GetDeploymentConfig."""
    one = part(answer, "deploymentConfigInfo")
    name = text(one, "deploymentConfigName")
    if not name:
        return None
    healthy, routing = part(one, "minimumHealthyHosts"), part(one, "trafficRoutingConfig")
    canary, linear = part(routing, "timeBasedCanary"), part(routing, "timeBasedLinear")
    return Configuration(
        name=name,
        healthy_kind=text(healthy, "type"),
        healthy_value=whole(healthy, "value") or 0,
        routing=Routing(
            kind=text(routing, "type"),
            percentage=whole(canary, "canaryPercentage") or whole(linear, "linearPercentage") or 0,
            minutes=whole(canary, "canaryInterval") or whole(linear, "linearInterval") or 0,
        ),
    )
