"""What follows from a deployment and its targets: the order of events, batches, traffic, the usual time. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.deployments import (
    SERVER,
    Deployment,
    GroupHistory,
    Rollout,
    Routing,
    Target,
)
from pointsman.model.status import Tone
from pointsman.semantics.healthy_hosts import HealthyHosts, healthy_hosts

SAMPLES = 50
"""How many earlier deployments the usual time is taken from."""
LEAST = 3
"""Fewer earlier deployments than this say nothing of what is usual."""


def event_names(targets: Iterable[Target]) -> tuple[str, ...]:
    """Every lifecycle event of any target, in the order in which they happen."""
    order: list[str] = []
    for names in dict.fromkeys(tuple(event.name for event in target.events) for target in targets):
        at = next((order.index(name) for name in names if name in order), len(order))
        for name in names:
            if name in order:
                at = max(at, order.index(name) + 1)
            else:
                order.insert(at, name)
                at += 1
    return tuple(order)


# --- how many at once ------------------------------------------------------------------------------------------------


class Batches(Struct, frozen=True):
    """How far an in-place deployment is, and how close to its limit."""

    hosts: HealthyHosts
    batch: int
    """The batch under way, from 1; the last one when all have begun."""
    healthy: int
    """Targets that serve now: those that are neither being deployed to nor failed."""


def batches(rollout: Rollout) -> Batches | None:
    """The batches of a deployment; None where its configuration counts no targets or is not known."""
    config, deployment = rollout.configuration, rollout.deployment
    counts = deployment.counts
    total = counts.total or rollout.total
    if config is None or deployment.platform != SERVER or not total:
        return None
    if not config.healthy_kind and not config.name.startswith("CodeDeployDefault."):
        return None
    hosts = healthy_hosts(total, config.healthy_kind, config.healthy_value, config.name)
    begun = counts.done + counts.in_progress + counts.ready
    batch = max(1, min(hosts.batches, -(-begun // hosts.at_once)))
    return Batches(hosts, batch, max(0, total - counts.in_progress - counts.failed))


# --- traffic ---------------------------------------------------------------------------------------------------------


class Traffic(Struct, frozen=True):
    """How much of the traffic the new side serves, and when that changes next."""

    percent: float
    steps: tuple[int, ...] = ()
    """The share after each step; empty where there are none."""
    step: int = 0
    """The step reached, from 1; 0 before the first."""
    next_at: datetime | None = None
    """When the next step is due, as the configuration says."""
    new: str = ""
    old: str = ""

    @property
    def next_percent(self) -> int | None:
        """What the next step brings it to."""
        return self.steps[self.step] if self.step < len(self.steps) else None


def steps(routing: Routing) -> tuple[int, ...]:
    """The shares that a configuration gives the new side, one after the other."""
    if routing.kind == "TimeBasedCanary":
        return (routing.percentage, 100)
    if routing.kind == "TimeBasedLinear" and routing.percentage > 0:
        return (*range(routing.percentage, 100, routing.percentage), 100)
    return (100,) if routing.kind else ()


def traffic(rollout: Rollout) -> Traffic | None:
    """Where the traffic is; None where the deployment moves none, or nothing says so."""
    if rollout.deployment.platform == SERVER:
        return _instances(rollout)
    target = next((one for one in rollout.targets if one.sides), None)
    if target is None:
        return None
    green = next((one for one in target.sides if one.label == "Green"), None)
    blue = next((one for one in target.sides if one.label == "Blue"), None)
    if green is not None and green.weight is not None:
        percent = green.weight
    elif blue is not None and blue.weight is not None:
        percent = 100.0 - blue.weight
    else:
        return None
    routing = rollout.configuration.routing if rollout.configuration is not None else Routing()
    shares = steps(routing)
    reached = sum(percent + 0.01 >= share for share in shares)
    next_at = None
    event = target.event("AllowTraffic")
    if event is not None and event.started is not None and event.ended is None and 0 < reached < len(shares):
        next_at = event.started + timedelta(minutes=routing.minutes * reached)
    return Traffic(percent, shares, reached, next_at, green.id if green else "", blue.id if blue else "")


def _instances(rollout: Rollout) -> Traffic | None:
    """A blue/green fleet: the share of serving instances that are replacements."""
    if not rollout.deployment.blue_green:
        return None
    green = [one for one in rollout.targets if one.label == "Green"]
    blue = [one for one in rollout.targets if one.label == "Blue"]
    if not green:
        return None
    new = sum(_went_well(one, "AllowTraffic") for one in green)
    old = sum(not _went_well(one, "BlockTraffic") for one in blue)
    return Traffic(
        100.0 * new / (new + old) if new + old else 0.0, new=f"{new} of {len(green)}", old=f"{old} of {len(blue)}"
    )


def _went_well(target: Target, name: str) -> bool:
    event = target.event(name)
    return event is not None and event.status.tone is Tone.OK


def wait_ends(rollout: Rollout) -> datetime | None:
    """When what a blue/green deployment waits for happens by itself, reckoned from its targets' last event."""
    deployment = rollout.deployment
    if deployment.awaits_reroute:
        minutes = deployment.waits.ready_minutes
    elif deployment.awaits_termination:
        minutes = deployment.waits.termination_minutes
    else:
        return None
    ended = [event.ended for target in rollout.targets for event in target.events if event.ended is not None]
    return max(ended) + timedelta(minutes=minutes) if ended and minutes else None


# --- time against earlier deployments ---------------------------------------------------------------------------------


class Usual(Struct, frozen=True):
    """How long deployments of a group take."""

    p50: timedelta
    p90: timedelta
    samples: int

    def overdue(self, deployment: Deployment, now: datetime) -> bool:
        """Whether a deployment that has not ended takes longer than nine in ten did."""
        begun = deployment.created or deployment.started
        waits = deployment.awaits_reroute or deployment.awaits_termination
        return not deployment.complete and not waits and begun is not None and now - begun > self.p90

    def overdue_at(self, deployment: Deployment) -> datetime | None:
        """When a deployment that has not ended becomes overdue."""
        begun = deployment.created or deployment.started
        return None if deployment.complete or begun is None else begun + self.p90


def usual(earlier: Iterable[Deployment], but: str = "") -> Usual | None:
    """The usual time of a group's deployments; None when too few have succeeded.

    Args:
        earlier: Deployments of the group, newest first.
        but: The id of one that does not count: the one that is compared.
    """
    took = [
        one.lasted.total_seconds()
        for one in earlier
        if one.id != but and one.status.tone is Tone.OK and one.lasted is not None
    ][:SAMPLES]
    if len(took) < LEAST:
        return None
    cuts = statistics.quantiles(took, n=10, method="inclusive")
    return Usual(timedelta(seconds=statistics.median(took)), timedelta(seconds=cuts[8]), len(took))


# --- what was good ----------------------------------------------------------------------------------------------------


def last_good(history: Sequence[Deployment], before: Deployment | None = None) -> Deployment | None:
    """The newest deployment that succeeded; with ``before``, the newest one older than that.

    Args:
        history: Deployments of one group, newest first.
        before: Only what was created before this one, and is another deployment, counts.
    """
    for one in history:
        if one.status.tone is not Tone.OK or not one.revision:
            continue
        if before is not None:
            if one.id == before.id:
                continue
            if before.created is not None and one.created is not None and one.created > before.created:
                continue
        return one
    return None


def come_back_to(history: GroupHistory) -> Deployment | None:
    """What a rollback of a group brings back.

    After an attempt that did not succeed it is the last one that did; after one that did, the newest before it whose
    revision is another one.
    """
    ended = [one for one in history.deployments if one.complete]
    if not ended:
        return None
    good = last_good(history.deployments)
    if good is None or ended[0].id != good.id:
        return good
    return next(
        (
            one
            for one in history.deployments
            if one.status.tone is Tone.OK and one.revision and one.revision.identity != good.revision.identity
        ),
        None,
    )


def good_revisions(history: GroupHistory) -> tuple[Deployment, ...]:
    """The newest succeeded deployment of each revision, newest first."""
    found: dict[tuple[str, ...], Deployment] = {}
    for one in history.deployments:
        if one.status.tone is Tone.OK and one.revision:
            found.setdefault(one.revision.identity, one)
    return tuple(found.values())


def busy(history: GroupHistory) -> Deployment | None:
    """The deployment of a group that has not ended; CodeDeploy carries out one at a time."""
    return next((one for one in history.deployments if not one.complete), None)
