"""A morning's worth of deployments: in batches, shifting traffic, waiting, failed, taken back, stopped by an alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from console.samples import NOW, ago
from pointsman.model.deployments import (
    LAMBDA,
    BlueGreen,
    Configuration,
    Counts,
    Deployment,
    DeploymentGroup,
    DeploymentList,
    GroupHistory,
    LifecycleEvent,
    RevisionLocation,
    Rollout,
    Routing,
    Target,
    TaskSet,
)
from pointsman.model.fleet import Fleet, fleet
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, TargetRef
from pointsman.model.status import status

LIFECYCLE = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
LOG = """LifecycleEvent - BeforeInstall
Script - scripts/deps.sh
[stdout]Reading package lists...
[stderr]E: Unable to locate package libfoo2
[stderr]\x1b[31mE: Package 'libfoo2' has no installation candidate\x1b[0m
[stderr]deps.sh: giving up
"""
WAITS = BlueGreen("STOP_DEPLOYMENT", 60, "TERMINATE", 30, "DISCOVER_EXISTING")
CHECKOUT = DeploymentGroupRef("checkout", "prod")
SEARCH = DeploymentGroupRef("search", "canary")
BILLING = DeploymentGroupRef("billing", "prod")
SHOP = DeploymentGroupRef("shop", "web")
GATEWAY = DeploymentGroupRef("gateway", "prod")
REPORTS = DeploymentGroupRef("reports", "nightly-batch")


def revision(version: str, key: str = "checkout/Bundle.zip") -> RevisionLocation:
    """An object's version."""
    return RevisionLocation("S3", bucket="artifacts", key=key, bundle="zip", version=version)


def made(name: str, group: DeploymentGroupRef, word: str, rev: str, **more: Any) -> Deployment:
    """A deployment that began ``minutes`` ago and took ``took`` minutes."""
    minutes, took = more.pop("minutes", 10), more.pop("took", 4)
    began = ago(minutes=minutes)
    ended = began + timedelta(minutes=took) if word in ("Succeeded", "Failed", "Stopped") else None
    base = Deployment(
        DeploymentRef(name, group), group, "CodeDeployDefault.OneAtATime", status=status(word), created=began,
        started=began, completed=ended, revision=revision(rev, f"{group.application}/Bundle.zip"), creator="user",
    )  # fmt: skip
    return replace(base, **more)


def in_batches() -> Deployment:
    """Four are through, one failed, two are under way, two are to come."""
    return made(
        "d-8KQ2XW1AA", CHECKOUT, "InProgress", "7f3c2d1e", minutes=3, config="OneThirdAtATime",
        counts=Counts(2, 2, 4, 1), rollback_events=("DEPLOYMENT_FAILURE",), alarms=("checkout-5xx",),
        description="total: round half to even",
    )  # fmt: skip


def canary() -> Deployment:
    """A function in its canary's wait."""
    return made(
        "d-1ZP9ASRCH", SEARCH, "InProgress", "aa0be11c", minutes=2, platform=LAMBDA,
        config="CodeDeployDefault.LambdaCanary10Percent5Minutes", counts=Counts(in_progress=1),
        blue_green=True, traffic_control=True,
    )  # fmt: skip


def ready() -> Deployment:
    """A blue/green one that waits for Continue."""
    return made(
        "d-BLUEGREEN", SHOP, "Ready", "c9d88217", minutes=12, counts=Counts(ready=3), blue_green=True,
        traffic_control=True, waits=WAITS, config="CodeDeployDefault.AllAtOnce",
    )  # fmt: skip


def failed() -> Deployment:
    """One that failed in a hook and was taken back."""
    return made(
        "d-5TTR0BILL", BILLING, "Failed", "77e01bd0", minutes=40, took=3, counts=Counts(0, 0, 1, 2, 1),
        error_code="HEALTH_CONSTRAINTS", rollback_id="d-9QWE1BILL", rollback_events=("DEPLOYMENT_FAILURE",),
        error_message="The overall deployment failed because too many individual instances failed deployment",
    )  # fmt: skip


def rollback() -> Deployment:
    """What took it back."""
    return made(
        "d-9QWE1BILL", BILLING, "Succeeded", "55aa10b2", minutes=36, took=4, counts=Counts(succeeded=4),
        creator="codeDeployRollback", rolled_back_id="d-5TTR0BILL",
    )  # fmt: skip


def alarmed() -> Deployment:
    """One that an alarm stopped."""
    return made(
        "d-ALARMSTOP", REPORTS, "Stopped", "e1e2e3e4", minutes=90, took=6, counts=Counts(0, 0, 2, 0, 4),
        error_code="ALARM_ACTIVE", alarms=("reports-latency",),
        error_message="One or more alarms have been activated. Activated alarms: <reports-latency>",
    )  # fmt: skip


def earlier(group: DeploymentGroupRef, revs: tuple[str, ...], targets: int = 9) -> tuple[Deployment, ...]:
    """Good ones of a group, newest first."""
    return tuple(
        made(
            f"d-{group.application[:4].upper()}OLD{at:02}", group, "Succeeded", rev, minutes=60 * 24 * (at + 1),
            took=4 + at, counts=Counts(succeeded=targets), creator="user",
        )
        for at, rev in enumerate(revs)
    )  # fmt: skip


_OLDER: dict[DeploymentGroupRef, tuple[Deployment, ...]] = {
    CHECKOUT: earlier(CHECKOUT, ("6e1a2b3c", "5d0f1e2d", "5d0f1e2d", "4c9e0d1f")),
    SEARCH: earlier(SEARCH, ("99887766",), 1),
    BILLING: earlier(BILLING, ("55aa10b2", "44aa10b2"), 4),
    SHOP: earlier(SHOP, ("b8c77106", "a7b66005"), 3),
    GATEWAY: earlier(GATEWAY, ("0be1f77a", "0be1f77a", "0ad0e669"), 3),
    REPORTS: (),
}


def listed() -> DeploymentList:
    """Everything, newest first."""
    found = [canary(), in_batches(), ready(), rollback(), failed(), alarmed()]
    found += [one for group in _OLDER.values() for one in group]
    return DeploymentList(tuple(sorted(found, key=lambda one: one.created or NOW, reverse=True)), more=True)


def groups() -> tuple[DeploymentGroup, ...]:
    """The groups of them all."""
    found = []
    for ref, older in _OLDER.items():
        newest = next(one for one in listed().deployments if one.group == ref)
        good = next((one for one in listed().deployments if one.group == ref and one.status.word == "Succeeded"), None)
        found.append(
            DeploymentGroup(
                ref, newest.config, newest.platform, good.revision if good else RevisionLocation(),
                good.id if good else "", good.completed if good else None, newest.id, newest.status, newest.created,
                newest.blue_green, newest.traffic_control, newest.rollback_events, newest.alarms, newest.waits,
            )
        )  # fmt: skip
        assert older is not None
    return tuple(found)


def history(group: DeploymentGroup) -> GroupHistory:
    """What a group had, and one revision it could be given."""
    own = tuple(one for one in listed().deployments if one.group == group.ref)
    return GroupHistory(group, own, (revision("fresh123", f"{group.ref.application}/Bundle.zip"),))


def event(name: str, word: str, begins: float = 0, lasts: float | None = None, **more: Any) -> LifecycleEvent:
    """An event that began so many seconds ago."""
    if word in ("Pending", "Skipped", ""):
        return LifecycleEvent(name, status(word), **more)
    began = ago(seconds=begins)
    ended = began + timedelta(seconds=lasts) if lasts is not None else None
    return LifecycleEvent(name, status(word), began, ended, **more)


def target(deployment: str, name: str, word: str, reached: int, *, failing: bool = False, label: str = "") -> Target:
    """A target of a server deployment whose events before ``reached`` went well."""
    events = []
    for at, one in enumerate(LIFECYCLE):
        if at < reached or word == "Succeeded":
            events.append(event(one, "Succeeded", 120 - at * 10, 3 + at * 2))
        elif at == reached and failing:
            events.append(
                event(
                    one, "Failed", 60, 9, error_code="ScriptFailed", script="scripts/deps.sh", log_tail=LOG,
                    message="Script at specified location: scripts/deps.sh failed with exit code 100",
                )
            )  # fmt: skip
        elif at == reached and word == "InProgress":
            events.append(event(one, "InProgress", 12))
        else:
            events.append(event(one, "Skipped" if failing else "Pending"))
    return Target(TargetRef(deployment, name), status(word), label, tuple(events))


def rollouts() -> tuple[Rollout, ...]:
    """The deployments with their targets."""
    thirds = Configuration("OneThirdAtATime", "HOST_COUNT", 6)
    name = "d-8KQ2XW1AA"
    web = (
        *(target(name, f"web-{at}", "Succeeded", 7) for at in (1, 2, 4, 5)),
        target(name, "web-3", "Failed", 2, failing=True),
        target(name, "web-6", "InProgress", 3),
        target(name, "web-7", "InProgress", 1),
        target(name, "web-8", "Pending", -1),
        target(name, "web-9", "Pending", -1),
    )
    sides = (TaskSet("Blue", "41", weight=90.0), TaskSet("Green", "42", weight=10.0))
    function = Target(
        TargetRef("d-1ZP9ASRCH", "search:live"), status("InProgress"),
        events=(
            event("BeforeAllowTraffic", "Succeeded", 120, 4),
            event("AllowTraffic", "InProgress", 110),
            event("AfterAllowTraffic", "Pending"),
        ),
        sides=sides,
    )  # fmt: skip
    canary_config = Configuration(canary().config, routing=Routing("TimeBasedCanary", 10, 5))
    traffic = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
    green = tuple(
        replace(one, status=status("Ready"), events=(*one.events, *(event(name, "Pending") for name in traffic)))
        for one in (target("d-BLUEGREEN", f"i-0green{at}", "Succeeded", 7, label="Green") for at in range(3))
    )
    blue = tuple(
        Target(
            TargetRef("d-BLUEGREEN", f"i-0blue{at}"), status("Pending"), "Blue",
            tuple(event(name, "Pending") for name in ("BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic")),
        )
        for at in range(3)
    )  # fmt: skip
    till = tuple(
        target("d-5TTR0BILL", f"till-{at}", word, -1 if word == "Skipped" else 4, failing=word != "Succeeded")
        for at, word in enumerate(("Succeeded", "Failed", "Failed", "Skipped"))
    )
    one_by_one = Configuration("CodeDeployDefault.OneAtATime", "FLEET_PERCENT", 99)
    everything = Configuration("CodeDeployDefault.AllAtOnce", "HOST_COUNT", 0)
    again = tuple(target("d-9QWE1BILL", f"till-{at}", "Succeeded", 7) for at in range(4))
    return (
        Rollout(in_batches(), web, 9, thirds),
        Rollout(canary(), (function,), 1, canary_config),
        Rollout(ready(), (*green, *blue), 6, everything),
        Rollout(failed(), till, 4, one_by_one),
        Rollout(rollback(), again, 4, one_by_one),
        Rollout(alarmed(), (), 0, one_by_one),
    )


def fleet_of(group: DeploymentGroup) -> Fleet:
    """What runs where."""
    known = {rollout.deployment.id: rollout.targets for rollout in rollouts()}
    own = history(group).deployments
    older = tuple(target("d-CHECOLD00", f"web-{at}", "Succeeded", 7) for at in range(1, 10))
    return fleet(group, [(one, known.get(one.id, older if one.id == "d-CHECOLD00" else ())) for one in own[:3]])


def many(count: int) -> Rollout:
    """A deployment over many targets, a third of them under way."""
    words = ("Succeeded", "InProgress", "Pending")
    targets = tuple(
        target("d-8KQ2XW1AA", f"i-{at:05}", words[at * 3 // count], 3 if words[at * 3 // count] == "InProgress" else -1)
        for at in range(count)
    )
    return Rollout(in_batches(), targets, count, Configuration("OneThirdAtATime", "HOST_COUNT", 6))
