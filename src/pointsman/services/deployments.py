"""CodeDeploy for the screens: deployments, one with its targets, groups and what they had, the fleet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.deployments import (
    Configuration,
    Deployment,
    DeploymentGroup,
    DeploymentList,
    DeploymentState,
    GroupHistory,
    RevisionLocation,
    Rollout,
    Target,
)
from pointsman.model.fleet import Fleet, fleet
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef
from pointsman.model.status import Tone
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import deployments as reader
from pointsman.services.targets import Targets

SERVICE = "codedeploy"
BATCH = 25
"""What one BatchGetDeployments takes at most."""
GROUPS = 100
"""What one BatchGetDeploymentGroups takes at most."""
ENOUGH = 50
"""A list goes back in time until it has so many."""
FLEET = 8
"""How many deployments of a group are looked through for what runs where."""
_SPANS = (timedelta(days=1), timedelta(days=7), timedelta(days=30), timedelta(days=180))
"""How far back a list is asked for, one after the other; then without a limit."""
_KEEP = 2000
_RAISED = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED, FaultKind.UNREACHABLE)


def pace(deployment: Deployment) -> float:
    """Seconds a deployment is good for: moving 2, waiting for a person 5, at rest 20."""
    if deployment.complete:
        return 20.0
    return 5.0 if deployment.awaits_reroute or deployment.awaits_termination else 2.0


def cadence(rollout: Rollout) -> float:
    """Seconds a deployment with its targets is good for; none while targets are unread."""
    return 0.0 if rollout.unread and not rollout.deployment.complete else pace(rollout.deployment)


def list_cadence(found: DeploymentList) -> float:
    """Seconds a list of deployments is good for."""
    return min((pace(one) for one in found.deployments), default=20.0)


def history_cadence(history: GroupHistory) -> float:
    """Seconds a group's history is good for."""
    return 5.0 if any(not one.complete for one in history.deployments) else 20.0


def lacking(rollout: Rollout) -> str:
    """What a deployment lacks, in words."""
    if not rollout.unread:
        return ""
    return f"{len(rollout.targets):,} of {rollout.total:,} targets read"


class Deployments:
    """Use cases over CodeDeploy.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget | None = None) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self._clock = clock
        self._targets = Targets(self._meter)
        self._ended: OrderedDict[str, Deployment] = OrderedDict()
        """Deployments that change no more, but for the rollback that they may get."""
        self._lists: dict[DeploymentGroupRef | None, _Known] = {}
        self._configurations: dict[str, Configuration | None] = {}

    # -- sources ------------------------------------------------------------------------------------------------------

    def recent(self, group: DeploymentGroupRef | None = None) -> Source[DeploymentList]:
        """The newest deployments of a group or of all, and every one that has not ended."""

        async def read(report: Report[DeploymentList]) -> DeploymentList:
            return await self._recent(group, report)

        key = (group.application, group.group) if group is not None else ("", "")
        return Source(("deployments", *key), read, list_cadence, SERVICE, cost=0)

    def deployment(self, ref: DeploymentRef) -> Source[Rollout]:
        """One deployment with its targets; what has settled is read once."""

        async def read(report: Report[Rollout]) -> Rollout:
            found = await self._one(ref, urgent=False)
            configuration = await self._configuration(found.config)

            def tell(targets: tuple[Target, ...], total: int) -> None:
                rollout = Rollout(found, targets, total, configuration)
                report(rollout, lacking(rollout))

            targets, total = await self._targets.of(found, tell)
            return Rollout(found, targets, total, configuration)

        return Source(("deployment", ref.id), read, cadence, SERVICE, cost=0, partial=lacking)

    def history(self, ref: DeploymentGroupRef) -> Source[GroupHistory]:
        """A group with what was deployed to it and what could be: what operations judge."""

        async def read(_: Report[GroupHistory]) -> GroupHistory:
            return await self._history(ref, urgent=False)

        return Source(("group", ref.application, ref.group), read, history_cadence, SERVICE, cost=0)

    def groups(self) -> Source[tuple[DeploymentGroup, ...]]:
        """Every deployment group of every application."""
        return Source(("deployment-groups",), self._groups, lambda _: 60.0, SERVICE, cost=0)

    def fleet(self, ref: DeploymentGroupRef) -> Source[Fleet]:
        """Which revision runs on which target of a group."""

        async def read(report: Report[Fleet]) -> Fleet:
            return await self._fleet(ref, report)

        return Source(("fleet", ref.application, ref.group), read, lambda _: 20.0, SERVICE, cost=0)

    # -- once ---------------------------------------------------------------------------------------------------------

    async def fresh(self, ref: DeploymentRef) -> DeploymentState:
        """A deployment as it is now with what its group had, past every cache and budget.

        Raises:
            CallFailed: It cannot be read, or there is none.
        """
        found = await self._one(ref, urgent=True)
        return DeploymentState(found, await self.fresh_group(found.group))

    async def fresh_group(self, ref: DeploymentGroupRef) -> GroupHistory:
        """A group as it is now: its deployments and the revisions it could be given.

        Raises:
            CallFailed: It cannot be read, or there is none.
        """
        return await self._history(ref, urgent=True)

    async def last_before(self, moment: datetime, deployment: str = "", application: str = "") -> Deployment | None:
        """What went out last before a moment; None when nothing is known to have.

        Args:
            moment: The moment.
            deployment: The id of the one that is meant, where that is known.
            application: Whose deployments count; empty for all.

        Raises:
            CallFailed: They cannot be read, or there is no deployment of that id.
        """
        if deployment:
            return await self._one(DeploymentRef(deployment), urgent=True)
        found = (await self._recent(None, lambda *_: None, urgent=True)).deployments
        began = [one for one in found if one.created is not None and one.created <= moment]
        return next((one for one in began if application in ("", one.group.application)), None)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _one(self, ref: DeploymentRef, *, urgent: bool) -> Deployment:
        answer = await self._meter.ask("BatchGetDeployments", urgent=urgent, deploymentIds=[ref.id])
        for one in reader.deployments(answer):
            if one.ref == ref:
                self._remember(one)
                return one
        raise _absent(f"there is no deployment {ref.id}", "BatchGetDeployments")

    async def _recent(
        self, group: DeploymentGroupRef | None, report: Report[DeploymentList], *, urgent: bool = False
    ) -> DeploymentList:
        """A list as it is now. The first time it goes back until it has enough; then it asks for what has come since.

        AWS does not promise an order, so what is newest is found by asking for spans of time.
        """
        known = self._lists.setdefault(group, _Known())
        if known.since is None:
            found: list[str] = []
            for span in (*_SPANS, None):
                start = None if span is None else self._clock.now() - span
                found = await self._ids(group, start, urgent=urgent)
                known.more = start is not None
                if len(found) >= ENOUGH:
                    break
            wanted = found
            moving = await self._ids(group, None, active=True, urgent=urgent)
            wanted = [*dict.fromkeys((*found, *moving))]
        else:
            came = await self._ids(group, known.since, urgent=urgent)
            wanted = [*dict.fromkeys((*came, *known.ids))]
        return await self._listed(known, wanted, report, urgent=urgent)

    async def _listed(
        self, known: _Known, wanted: list[str], report: Report[DeploymentList], *, urgent: bool
    ) -> DeploymentList:
        found = {one: self._ended[one] for one in wanted if one in self._ended}
        missing = [one for one in wanted if one not in found]
        for batch in batches(missing, BATCH):
            answer = await self._meter.ask("BatchGetDeployments", urgent=urgent, deploymentIds=batch)
            for one in reader.deployments(answer):
                found[one.id] = one
                self._remember(one)
            if len(found) < len(wanted) and len(missing) > BATCH:
                report(DeploymentList(_sorted(found.values()), known.more), f"{len(found):,} of {len(wanted):,} read")
        newest = _sorted(found.values())[:_KEEP]
        known.ids = tuple(one.id for one in newest)
        last = newest[0].created if newest else None
        # Where there is nothing yet, AWS's clock and this one may differ by a little.
        known.since = last - timedelta(seconds=1) if last is not None else self._clock.now() - timedelta(minutes=5)
        return DeploymentList(newest, known.more)

    async def _ids(
        self,
        group: DeploymentGroupRef | None,
        start: datetime | None,
        *,
        active: bool = False,
        urgent: bool = False,
    ) -> list[str]:
        """ListDeployments, to the end."""
        found: list[str] = []
        pages = self._meter.pages(
            "ListDeployments",
            urgent=urgent,
            applicationName=group.application if group is not None else None,
            deploymentGroupName=group.group if group is not None else None,
            createTimeRange={"start": start} if start is not None else None,
            includeOnlyStatuses=["Created", "Queued", "InProgress", "Baking", "Ready"] if active else None,
        )
        async for page in pages:
            found.extend(reader.ids(page))
            if len(found) >= _KEEP:
                break
        return found

    def _remember(self, one: Deployment) -> None:
        if one.complete and (one.rollback_id or one.status.tone is Tone.OK or _old(one, self._clock.now())):
            self._ended[one.id] = one
            if len(self._ended) > _KEEP:
                self._ended.popitem(last=False)

    async def _group(self, ref: DeploymentGroupRef, *, urgent: bool) -> DeploymentGroup:
        answer = await self._meter.ask(
            "BatchGetDeploymentGroups",
            urgent=urgent,
            applicationName=ref.application,
            deploymentGroupNames=[ref.group],
        )
        for one in reader.groups(answer):
            if one.ref == ref:
                return one
        raise _absent(f"there is no deployment group {ref}", "BatchGetDeploymentGroups")

    async def _history(self, ref: DeploymentGroupRef, *, urgent: bool) -> GroupHistory:
        group = await self._group(ref, urgent=urgent)
        listed = await self._recent(ref, lambda *_: None, urgent=urgent)
        return GroupHistory(group, listed.deployments, await self._registered(ref.application, urgent=urgent))

    async def _configuration(self, name: str) -> Configuration | None:
        """A deployment configuration, which never changes; None where it cannot be read."""
        if name and name not in self._configurations:
            try:
                answer = await self._meter.ask("GetDeploymentConfig", deploymentConfigName=name)
            except CallFailed as error:
                if error.fault.kind in _RAISED:
                    raise
                return None  # no batches are shown then; it is asked for again
            self._configurations[name] = reader.configuration(answer)
        return self._configurations.get(name)

    async def _groups(self, report: Report[tuple[DeploymentGroup, ...]]) -> tuple[DeploymentGroup, ...]:
        names: list[str] = []
        async for page in self._meter.pages("ListApplications"):
            names.extend(reader.applications(page))
        found: list[DeploymentGroup] = []
        for at, application in enumerate(names):
            groups: list[str] = []
            async for page in self._meter.pages("ListDeploymentGroups", applicationName=application):
                groups.extend(reader.group_names(page))
            for batch in batches(groups, GROUPS):
                answer = await self._meter.ask(
                    "BatchGetDeploymentGroups", applicationName=application, deploymentGroupNames=batch
                )
                found.extend(reader.groups(answer))
            if at + 1 < len(names):
                report(tuple(found), f"{at + 1:,} of {len(names):,} applications read")
        return tuple(found)

    async def _registered(self, application: str, *, urgent: bool) -> tuple[RevisionLocation, ...]:
        """The newest page of registered revisions; none where they cannot be listed."""
        try:
            answer = await self._meter.ask(
                "ListApplicationRevisions",
                urgent=urgent,
                applicationName=application,
                sortBy="registerTime",
                sortOrder="descending",
            )
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return ()
        return reader.revisions(answer)

    async def _fleet(self, ref: DeploymentGroupRef, report: Report[Fleet]) -> Fleet:
        group = await self._group(ref, urgent=False)
        listed = await self._recent(ref, lambda *_: None)
        seen: list[tuple[Deployment, tuple[Target, ...]]] = []
        begun = [one for one in listed.deployments if one.status.word not in ("Created", "Queued")]
        for one in begun[:FLEET]:
            targets, _ = await self._targets.of(one, lambda *_: None, whole=True)
            seen.append((one, targets))
            if one.status.tone is Tone.OK and all(target.status.tone is Tone.OK for target in targets):
                break  # what is older cannot run anywhere that this one reached
            report(fleet(group, seen), f"{len(seen)} of {min(FLEET, len(begun))} deployments read")
        return fleet(group, seen)


class _Known:
    """What is known of one list."""

    def __init__(self) -> None:
        self.ids: tuple[str, ...] = ()
        self.since: datetime | None = None
        """What was created before is known; None before the first read."""
        self.more = False


def _old(one: Deployment, now: datetime) -> bool:
    """Whether no rollback can be expected of an ended deployment any more."""
    return one.completed is not None and now - one.completed > timedelta(hours=1)


def _sorted(found: Iterable[Deployment]) -> tuple[Deployment, ...]:
    return tuple(sorted(found, key=lambda one: (one.created.timestamp() if one.created else 0.0, one.id), reverse=True))


def batches(values: list[str], size: int) -> Iterator[list[str]]:
    """A list in pieces."""
    return (values[start : start + size] for start in range(0, len(values), size))


def _absent(sentence: str, call: str) -> CallFailed:
    return CallFailed(Fault(FaultKind.NOT_FOUND, sentence, call=f"{SERVICE}:{call}"))
