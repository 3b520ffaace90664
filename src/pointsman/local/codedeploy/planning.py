"""What a deployment is about to do: its bundle, its instances in order, and its run. Decided once, at its beginning."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from pointsman.local.codebuild.trust import Trust
from pointsman.local.codecommit.git import GitFailed
from pointsman.local.codecommit.repositories import Repositories
from pointsman.local.codedeploy import groups, instances, locations
from pointsman.local.codedeploy.deployments import is_rollback
from pointsman.local.codedeploy.instances import Instance
from pointsman.local.codedeploy.lookup import config, minimum_of, target_key
from pointsman.local.codedeploy.machine import SUCCEEDED, Leg, Run, Target
from pointsman.local.codedeploy.protocol import Bundle
from pointsman.local.codedeploy.records import Deployment, LocalInstance, Roster, Standing
from pointsman.local.engines import Place
from pointsman.local.s3 import objects
from pointsman.local.world import JobFailed, Payload, Scope
from pointsman.semantics import deployments as rules

NONE_FOUND: Final = (
    "The deployment failed because no instances were found for your deployment group. Check your deployment group "
    "settings to make sure the tags for your Amazon EC2 instances or Auto Scaling groups correctly identify the "
    "instances you want to deploy to, and then try again."
)
MOST: Final = 1000
"""Instances of one deployment."""
BLUE, GREEN = "Blue", "Green"


class Unfit(Exception):
    """The deployment cannot begin.

    Args:
        code: One of AWS's error codes.
        message: A sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NothingToDo(Exception):
    """No instance needs the deployment; the message is a sentence."""


# -- the bundle -----------------------------------------------------------------------------------------------------


def bundle_of(scope: Scope, revision: dict[str, Any]) -> Bundle | Callable[[], Payload]:
    """The bundle of a revision, or blocking work that makes it: ``{"digest": …}`` of a zip.

    Raises:
        Unfit: It is not there.
    """
    if "gitHubLocation" in revision:
        return _from_git(scope, revision["gitHubLocation"])
    inner = revision.get("s3Location")
    if inner is None:
        text = (revision.get("appSpecContent") or revision["string"])["content"]
        return Bundle(scope.world.blobs.put(text.encode()), "YAML")
    found = objects.head(scope, inner["bucket"], inner["key"], inner.get("version"))
    if found is None:
        raise Unfit("REVISION_MISSING", f"The revision {locations.words(revision)} is not there.")
    if inner.get("eTag") and inner["eTag"] != found.etag:
        raise Unfit("REVISION_MISSING", f"The ETag of {locations.words(revision)} is not {inner['eTag']} any more.")
    variables = {"BUNDLE_BUCKET": inner["bucket"], "BUNDLE_KEY": inner["key"], "BUNDLE_ETAG": found.etag}
    if found.version_id != objects.NULL:
        variables["BUNDLE_VERSION"] = found.version_id
    return Bundle(found.digest, inner["bundleType"], variables)


def _from_git(scope: Scope, inner: dict[str, Any]) -> Callable[[], Payload]:
    """A commit as a zip: of the repository of that name, which CodeCommit keeps or the world file maps."""
    repositories = scope.world.tool(Repositories)  # type: ignore[type-abstract]
    whole, commit = inner["repository"], inner["commitId"]
    named = [name for name in (whole, whole.rpartition("/")[2]) if repositories.path(scope.account, scope.region, name)]
    if not named:
        raise Unfit(
            "REVISION_MISSING",
            f"There is no repository {whole} on this machine; the world file maps one under local: repositories.",
        )

    trust = scope.world.tool(Trust)  # type: ignore[type-abstract]
    path = repositories.path(scope.account, scope.region, named[0])

    def work() -> Payload:
        if path is not None and not trust.allowed(path):
            raise JobFailed(
                f"{path} is not trusted, so its scripts do not run here; start it once on a terminal to say so"
            )
        with tempfile.TemporaryDirectory(prefix="pointsman-deploy-") as folder:
            target = Path(folder) / "bundle.zip"
            try:
                repositories.archive(scope.account, scope.region, named[0], commit, target)
            except GitFailed as failure:
                raise JobFailed(f"The revision {whole}@{commit[:12]} cannot be read: {failure}") from None
            return {"digest": scope.world.blobs.put_file(target)}

    return work


# -- the fleet ------------------------------------------------------------------------------------------------------


def in_order(scope: Scope, one: Deployment, found: list[Instance]) -> list[Instance]:
    """Instances in the order they are deployed to: unhealthy first, then of unknown, old and current revision."""
    newest = locations.digest(one.previous_revision or {})

    def rank(instance: Instance) -> tuple[bool, int]:
        standing = scope.get(Standing, f"{one.group_id}/{instance.name}")
        if standing is None:
            return False, 0
        return standing.healthy, 0 if not standing.revision else 2 if standing.revision == newest else 1

    return sorted(found, key=rank)


def outdated(scope: Scope, one: Deployment, found: list[Instance]) -> list[Instance]:
    """The instances that do not run the deployment's revision."""
    wanted = locations.digest(one.revision or {})

    def runs(instance: Instance) -> bool:
        standing = scope.get(Standing, f"{one.group_id}/{instance.name}")
        return standing is not None and standing.healthy and standing.revision == wanted

    return [instance for instance in found if not runs(instance)]


Labels = dict[str, tuple[list[Instance], tuple[str, ...]]]
"""Label -> its instances in order, and the events of each."""


def labels(scope: Scope, one: Deployment) -> Labels:
    """Who a deployment's targets are.

    Raises:
        Unfit: There are none, too many, or no load balancer where one is needed.
    """
    if one.blue_green:
        return _blue_green(scope, one)
    found = instances.meant_by(scope, one.settings)
    _count(found)
    if one.request.get("updateOutdatedInstancesOnly"):
        found = outdated(scope, one, found)
        if not found:
            raise NothingToDo("Every instance runs this revision already.")
    events = rules.in_place(
        balanced=bool(groups.target_groups(one.settings)), restart=one.request.get("deploymentMode") == "RESTART"
    )
    return {"": (in_order(scope, one, found), events)}


def _count(found: list[Instance]) -> None:
    if not found:
        raise Unfit("NO_INSTANCES", NONE_FOUND)
    if len(found) > MOST:
        raise Unfit("OVER_MAX_INSTANCES", f"{len(found)} instances are targeted; at most {MOST} are allowed.")


def run_of(scope: Scope, one: Deployment, found: Labels) -> Run:
    """The run over the targets: its legs, and how many must stay healthy in each."""
    if not one.blue_green:
        listed, events = found[""]
        return Run((_leg(scope, one, "", len(events), len(listed)),))
    sizes = {label: len(listed) for label, (listed, _) in found.items()}
    blue = Leg(label=BLUE, upto=3, total=sizes.get(BLUE, 0), minimum=0, strict=True)
    if is_rollback(one):
        return Run((blue, Leg(label=GREEN, upto=3, total=sizes.get(GREEN, 0), minimum=0, strict=True)))
    installing, allowing = len(rules.INSTALLING), len(rules.INSTALLING) + len(rules.ALLOWING)
    options = one.settings.get("blueGreenDeploymentConfiguration", {})
    ends = options["terminateBlueInstancesOnDeploymentSuccess"]
    return Run(
        (
            _leg(scope, one, GREEN, installing, sizes[GREEN]),
            _leg(scope, one, GREEN, allowing, sizes[GREEN]),
            blue,
        ),
        ready_minutes=options["deploymentReadyOption"]["waitTimeInMinutes"],
        termination_minutes=ends["terminationWaitTimeInMinutes"] if ends["action"] == "TERMINATE" else -1,
    )


def _leg(scope: Scope, one: Deployment, label: str, upto: int, total: int) -> Leg:
    minimum = rules.minimum_healthy(minimum_of(config(scope, one.config)), total)
    return Leg(label=label, upto=upto, total=total, minimum=minimum)


# -- blue/green -----------------------------------------------------------------------------------------------------


def _blue_green(scope: Scope, one: Deployment) -> Labels:
    if not groups.target_groups(one.settings):
        raise Unfit(
            "MISSING_ELB_INFORMATION",
            "The deployment failed because a blue/green deployment reroutes traffic, and the deployment group has no "
            "load balancer: give it loadBalancerInfo, and the deployment option WITH_TRAFFIC_CONTROL.",
        )
    if is_rollback(one):
        return _taken_back(scope, one)
    blue = [instance for instance in instances.meant_by(scope, one.settings) if not instance.on_premises]
    green = _green(scope, one, blue)
    _count(green)
    both = {instance.name for instance in blue} & {instance.name for instance in green}
    if both:
        raise Unfit(
            "HEALTH_CONSTRAINTS_INVALID",
            f"The instance {min(both)} is both of the original and of the replacement environment.",
        )
    return {
        GREEN: (in_order(scope, one, green), (*rules.INSTALLING, *rules.ALLOWING)),
        BLUE: (blue, rules.BLOCKING),
    }


def _green(scope: Scope, one: Deployment, blue: list[Instance]) -> list[Instance]:
    options = one.settings.get("blueGreenDeploymentConfiguration", {})
    if options.get("greenFleetProvisioningOption", {}).get("action") != "COPY_AUTO_SCALING_GROUP":
        return [it for it in instances.meant_by(scope, one.request.get("targetInstances", {})) if not it.on_premises]
    fleet = f"CodeDeploy_{one.group}_{one.id}"
    copies = []
    for instance in blue:
        if instances.FLEET_TAG not in instance.tags:
            continue
        base = instance.name.rpartition("-green-")[0] or instance.name
        name = f"{base}-green-{one.id.removeprefix('d-').lower()}"
        tags = {**instance.tags, instances.FLEET_TAG: fleet}
        copy = LocalInstance(name, str(scope.world.tool(Place).root / "instances" / name), tags)
        scope.put(name, copy)
        copies.append(Instance(name, Path(copy.path), tags))
    scope.put(one.id, replace(one, request={**one.request, "greenFleet": fleet}))
    return copies


def _taken_back(scope: Scope, one: Deployment) -> Labels:
    """A rollback: the blue instances get their traffic back, then the green ones lose it."""
    roster = scope.get(Roster, one.rolls_back)
    found = {
        label: [instance for name in names if (instance := instances.find(scope, name)) is not None]
        for label, names in (roster.targets if roster else {}).items()
    }
    blocked = [instance for instance in found.get(BLUE, []) if _was(scope, one.rolls_back, instance, "BlockTraffic")]
    allowed = [instance for instance in found.get(GREEN, []) if _was(scope, one.rolls_back, instance, "AllowTraffic")]
    return {BLUE: (blocked, rules.ALLOWING), GREEN: (allowed, rules.BLOCKING)}


def _was(scope: Scope, deployment_id: str, instance: Instance, event: str) -> bool:
    target = scope.get(Target, target_key(deployment_id, instance.name))
    return target is not None and any(one.name == event and one.status == SUCCEEDED for one in target.events)
