"""What is wrong: reads what each judgement needs, for one thing or for everything that is in trouble now."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from pointsman.errors import CallFailed, FaultKind, UsageError
from pointsman.model import doctor
from pointsman.model.builds import Build
from pointsman.model.deployments import Rollout
from pointsman.model.doctor import Diagnosis, Finding
from pointsman.model.metrics import MetricQuery, WallQuery
from pointsman.model.refs import BuildRef, DeploymentRef, MetricRef, PipelineRef, Ref
from pointsman.model.traces import TraceQuery
from pointsman.semantics.metrics.written import metric_written

if TYPE_CHECKING:
    from pointsman.services.session import Services

__all__ = ["Doctor", "thing"]

TAIL = 60
"""Lines of a build's log that are looked at, from its end."""
MOST = 20
"""Failed builds and deployments of which each is looked into, when everything is looked at."""
RECENT = timedelta(hours=24)
KNOCKED = ("codepipeline", "codebuild", "codedeploy", "cloudwatch", "logs", "xray", "sts")
"""Services whose endpoints are tried."""
HOURS = 6.0
"""How far back traces are looked for."""


def thing(words: tuple[str, ...]) -> Ref | str | None:
    """What a person asks about: ``pipeline NAME``, ``metric NAMESPACE/NAME [DIMENSION=VALUE …]`` and the like.

    Returns:
        The thing; ``"traces"``; None for everything.

    Raises:
        UsageError: Says what may be asked.
    """
    if not words:
        return None
    kind, *rest = words
    if kind == "traces" and not rest:
        return "traces"
    if len(rest) == 1 and kind in ("pipeline", "build", "deployment"):
        name = rest[0]
        return PipelineRef(name) if kind == "pipeline" else BuildRef(name) if kind == "build" else DeploymentRef(name)
    if kind == "metric" and (written := metric_written(shlex.join(rest))) is not None:
        return MetricRef(*written)
    raise UsageError(
        f"{' '.join(words)} is nothing to look at",
        "name one of: pipeline NAME, build ID, deployment ID, metric NAMESPACE/NAME [DIMENSION=VALUE ...], traces",
    )


class Doctor:
    """Looks and judges.

    Args:
        services: What reads.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def look(self, wanted: Ref | str | None, tell: Callable[[str], object] = lambda _: None) -> Diagnosis:
        """What is wrong with one thing, or with everything.

        Args:
            wanted: What ``thing`` gives.
            tell: Told what is being looked at.
        """
        found = Diagnosis()
        if self._services.world == "aws":
            tell("endpoints")
            found = await self._endpoints()
        tell("who is asking")
        found = found + await self._identity()
        if found.grave:
            return found  # nothing else can be read by nobody
        if isinstance(wanted, PipelineRef):
            return found + await self._pipeline(wanted)
        if isinstance(wanted, BuildRef):
            return found + await self._build(wanted)
        if isinstance(wanted, DeploymentRef):
            return found + await self._deployment(wanted)
        if isinstance(wanted, MetricRef):
            return found + await self._metric(wanted)
        if wanted == "traces":
            return found + await self._traces()
        for doing, look in (
            ("pipelines", self._pipelines),
            ("builds", self._builds),
            ("deployments", self._deployments),
            ("traces", partial(self._traces, sought=False)),
        ):
            tell(doing)
            found = found + await look()
        return found

    async def _tried(self, doing: str, read: Callable[[], Awaitable[Diagnosis]], ref: Ref | None = None) -> Diagnosis:
        try:
            return await read()
        except CallFailed as error:
            return Diagnosis((f"{doing}: not read",), (doctor.of_fault(doing, error.fault, ref),))

    # --- who, where, when

    async def _identity(self) -> Diagnosis:
        cloud = self._services.cloud

        async def read() -> Diagnosis:
            identity = await cloud.whoami(fresh=True)
            looked = f"identity: {identity.arn or identity.account} in {identity.region or cloud.region}"
            now = self._services.clock.now()
            ends = identity.expires
            if ends is not None and ends - now < timedelta(minutes=15):
                left = Finding(
                    f"these credentials end at {ends:%H:%M}Z", (), "renew them: aws sso login, or the role", None, False
                )
                return Diagnosis((looked,), (left,))
            return Diagnosis((looked,))

        return await self._tried("who is asking", read)

    async def _endpoints(self) -> Diagnosis:
        """Whether the services answer at all, and by which clock: a clock that is off has every signature refused."""

        async def read() -> Diagnosis:
            endpoints = await self._services.cloud.endpoints(KNOCKED)
            there = [one for one in endpoints if one.seconds is not None]
            slowest = max(there, key=lambda one: one.seconds or 0.0, default=None)
            most = f", the slowest {slowest.service} in {(slowest.seconds or 0) * 1000:.0f} ms" if slowest else ""
            looked = f"endpoints: {len(there)} of {len(endpoints)} answer{most}"
            return Diagnosis((looked,), doctor.of_endpoints(endpoints, self._services.clock.now()))

        return await self._tried("the endpoints", read)

    # --- one thing

    async def _pipeline(self, ref: PipelineRef) -> Diagnosis:
        async def read() -> Diagnosis:
            state = await self._services.pipelines.fresh(ref)
            found = doctor.of_pipeline(state, self._services.clock.now())
            deeper: list[Finding] = []
            for one in found:
                if isinstance(one.ref, BuildRef):
                    deeper += (await self._build(one.ref)).findings
                elif isinstance(one.ref, DeploymentRef):
                    deeper += (await self._deployment(one.ref)).findings
            return Diagnosis((f"pipeline {ref}: {state.status.word or 'no run yet'}",), (*found, *deeper))

        return await self._tried(f"pipeline {ref}", read, ref)

    async def _build(self, ref: BuildRef) -> Diagnosis:
        async def read() -> Diagnosis:
            build = await self._services.builds.fresh(ref)
            lines, faults = await self._tail(build) if build.status.failed else ((), ())
            found = doctor.of_build(build, lines, self._services.clock.now())
            return Diagnosis((f"build {ref}: {build.status.word}",), (*found, *faults))

        return await self._tried(f"build {ref}", read, ref)

    async def _tail(self, build: Build) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
        if build.log is None:
            return (), ()
        try:
            answer = await self._services.cloud.read(
                "logs",
                "GetLogEvents",
                logGroupName=build.log.group,
                logStreamName=build.log.stream,
                startFromHead=False,
                limit=TAIL,
            )
        except CallFailed as error:
            if error.fault.kind is FaultKind.NOT_FOUND:
                return (), ()  # it failed before it said anything
            return (), (doctor.of_fault(f"the log of {build.ref}", error.fault, build.ref),)
        return tuple(str(one.get("message", "")).rstrip() for one in answer.get("events", ())), ()

    async def _deployment(self, ref: DeploymentRef) -> Diagnosis:
        async def read() -> Diagnosis:
            rollout: Rollout = await self._services.deployments.deployment(ref).read(lambda *_: None)
            found = doctor.of_deployment(rollout, self._services.clock.now())
            return Diagnosis((f"deployment {ref.id}: {rollout.deployment.status.word}",), found)

        return await self._tried(f"deployment {ref.id}", read, ref)

    async def _metric(self, ref: MetricRef) -> Diagnosis:
        async def read() -> Diagnosis:
            metrics = self._services.metrics
            known = await metrics.listing(recent=False).read(lambda *_: None)
            series = None
            if ref in known.metrics:
                wall = await metrics.read(WallQuery((MetricQuery(ref, "SampleCount"),), timedelta(hours=3), 300))
                series = wall.series[0]
            found = doctor.of_metric(ref, known, series)
            count = f"{len(series.values)} values in three hours" if series is not None else "not listed"
            return Diagnosis((f"metric {ref}: {count}",), found)

        return await self._tried(f"metric {ref}", read, ref)

    async def _traces(self, *, sought: bool = True) -> Diagnosis:
        async def read() -> Diagnosis:
            query = TraceQuery(timedelta(hours=HOURS))
            answer = await self._services.cloud.read(
                "xray",
                "GetTraceSummaries",
                StartTime=self._services.clock.now() - query.span,
                EndTime=self._services.clock.now(),
            )
            rules = await self._services.sampling.fresh()
            count = len(answer.get("TraceSummaries", ()))
            looked = f"traces: {count:,}{' or more' if answer.get('NextToken') else ''} in {HOURS:g} hours"
            return Diagnosis((looked,), doctor.of_traces(rules, count, HOURS, sought=sought))

        return await self._tried("traces", read)

    # --- everything

    async def _pipelines(self) -> Diagnosis:
        async def read() -> Diagnosis:
            names: list[str] = []
            async for page in self._services.cloud.pages("codepipeline", "ListPipelines"):
                names += [str(one.get("name", "")) for one in page.get("pipelines", ())]
            parts = await asyncio.gather(*(self._shallow(PipelineRef(name)) for name in names if name))
            found = tuple(one for part in parts for one in part)
            return Diagnosis((f"pipelines: {len(names):,}",), found)

        return await self._tried("the list of pipelines", read)

    async def _shallow(self, ref: PipelineRef) -> tuple[Finding, ...]:
        """A pipeline's own trouble; its builds and deployments are looked into by themselves."""
        try:
            state = await self._services.pipelines.fresh(ref)
        except CallFailed as error:
            return (doctor.of_fault(f"pipeline {ref}", error.fault, ref),)
        return doctor.of_pipeline(state, self._services.clock.now())

    async def _builds(self) -> Diagnosis:
        async def read() -> Diagnosis:
            recent = await self._services.builds.recent().read(lambda *_: None)
            now = self._services.clock.now()
            newest: dict[str, Build] = {}
            for build in recent.builds:
                newest.setdefault(build.ref.project, build)
            troubled = [one for one in newest.values() if one.status.failed or not one.complete]
            young = [one for one in troubled if one.started is None or now - one.started < RECENT][:MOST]
            found: list[Finding] = []
            for build in young:
                lines, faults = await self._tail(build) if build.status.failed else ((), ())
                found += [*doctor.of_build(build, lines, now), *faults]
            return Diagnosis((f"builds: {len(recent.builds):,}, the newest of {len(newest):,} projects",), tuple(found))

        return await self._tried("builds", read)

    async def _deployments(self) -> Diagnosis:
        async def read() -> Diagnosis:
            recent = await self._services.deployments.recent().read(lambda *_: None)
            newest: dict[str, DeploymentRef] = {}
            now = self._services.clock.now()
            for one in recent.deployments:
                fresh = one.created is None or now - one.created < RECENT
                if str(one.group) not in newest and fresh and (one.status.failed or not one.completed):
                    newest[str(one.group)] = one.ref
            parts = [await self._deployment(ref) for ref in list(newest.values())[:MOST]]
            found = tuple(one for part in parts for one in part.findings)
            return Diagnosis((f"deployments: {len(recent.deployments):,}",), found)

        return await self._tried("deployments", read)
