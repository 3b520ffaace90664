"""CodeBuild for the screens: projects, builds, one build."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.builds import Build, BuildList, Project
from pointsman.model.refs import BuildRef, ProjectRef
from pointsman.services.ask import Asks, Meter
from pointsman.services.batches import Batches
from pointsman.services.feeds import Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import builds as reader
from pointsman.services.reads.values import Answer
from pointsman.services.reports import Reports

SERVICE = "codebuild"
BATCH = 100
"""What one batch call takes at most."""
_KEEP = 2000
_RAISED = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED, FaultKind.UNREACHABLE)


def cadence(build: Build) -> float | None:
    """Seconds a build is good for; an ended one for ever."""
    return None if build.complete else 2.0


def list_cadence(found: BuildList) -> float:
    """Seconds a list of builds is good for."""
    return 2.0 if any(not build.complete for build in found.builds) else 20.0


def projects_cadence(found: tuple[Project, ...]) -> float:
    """Seconds the projects are good for."""
    moving = any(project.latest is not None and not project.latest.complete for project in found)
    return 5.0 if moving else 20.0


class Builds:
    """Use cases over CodeBuild.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget | None = None) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self.reports = Reports(self._meter)
        self.batches = Batches(self._meter)
        self._clock = clock
        self._ended: OrderedDict[str, Build] = OrderedDict()
        """Builds that change no more."""
        self._latest: dict[str, Build | None] = {}
        """Project -> its newest build; None when it has none."""

    # -- sources ------------------------------------------------------------------------------------------------------

    def projects(self) -> Source[tuple[Project, ...]]:
        """Every project, with its newest build."""
        return Source(("projects",), self._projects, projects_cadence, SERVICE, cost=0)

    def recent(self, project: ProjectRef | None = None) -> Source[BuildList]:
        """The newest builds, at most a hundred, of a project or of all."""

        async def read(_: Report[BuildList]) -> BuildList:
            if project is None:
                page = await self._meter.ask("ListBuilds", sortOrder="DESCENDING")
            else:
                page = await self._meter.ask("ListBuildsForProject", projectName=project.name, sortOrder="DESCENDING")
            # AWS's model does not promise the order of ListBuilds to be that of time.
            found = tuple(sorted(await self._builds(reader.ids(page)), key=_age, reverse=True))
            for build in found:
                self._newest(build)
            return BuildList(found, more=bool(page.get("nextToken")))

        return Source(("builds", project.name if project else ""), read, list_cadence, SERVICE, cost=0)

    def past(self, pages: int) -> Source[BuildList]:
        """The builds of so many pages, of all projects; read once."""

        async def read(report: Report[BuildList]) -> BuildList:
            found: tuple[Build, ...] = ()
            page: Answer = {}
            async for page in self._meter.pages("ListBuilds", most=pages, sortOrder="DESCENDING"):
                found += await self._builds(reader.ids(page))
                report(BuildList(found, more=True), f"{len(found):,} builds read")
            return BuildList(found, more=bool(page.get("nextToken")))

        return Source(("past-builds", pages), read, lambda _: None, SERVICE, cost=0)

    def build(self, ref: BuildRef) -> Source[Build]:
        """One build."""

        async def read(_: Report[Build]) -> Build:
            return await self._one(ref, urgent=False)

        return Source(("build", ref.id), read, cadence, SERVICE, cost=0)

    # -- once ---------------------------------------------------------------------------------------------------------

    async def fresh(self, ref: BuildRef) -> Build:
        """A build as it is now, past every cache and budget.

        Raises:
            CallFailed: It cannot be read, or there is none.
        """
        return await self._one(ref, urgent=True)

    async def fresh_project(self, ref: ProjectRef) -> Project:
        """A project as it is now, past every cache and budget.

        Raises:
            CallFailed: It cannot be read, or there is none.
        """
        answer = await self._meter.ask("BatchGetProjects", urgent=True, names=[ref.name])
        for project in reader.projects(answer):
            if project.ref == ref:
                return replace(project, latest=self._latest.get(ref.name))
        raise CallFailed(_absent(f"there is no build project {ref.name}", "codebuild:BatchGetProjects"))

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _projects(self, report: Report[tuple[Project, ...]]) -> tuple[Project, ...]:
        names: list[str] = []
        async for page in self._meter.pages("ListProjects"):
            names.extend(reader.names(page))
        found: dict[str, Project] = {}
        for batch in _batches(names):
            answer = await self._meter.ask("BatchGetProjects", names=batch)
            found.update((project.name, project) for project in reader.projects(answer))
            if len(found) < len(names):
                report(self._with_latest(found.values()), f"{len(found):,} of {len(names):,} projects read")
        await self._read_latest(found, report)
        return self._with_latest(found.values())

    async def _read_latest(self, found: dict[str, Project], report: Report[tuple[Project, ...]]) -> None:
        """The newest build of every project: one list tells of most, the others are asked one by one, once."""
        try:
            page = await self._meter.ask("ListBuilds", sortOrder="DESCENDING")
            recent = await self._builds(reader.ids(page))
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            recent = ()
        for build in recent:
            self._newest(build)
        unknown = [name for name in found if name not in self._latest]
        listed = {build.project for build in recent}
        running = [
            latest.ref.id
            for name in found
            if name not in listed and (latest := self._latest.get(name)) is not None and not latest.complete
        ]
        for build in await self._builds(running):
            self._newest(build)
        for index, name in enumerate(unknown):
            if index % 20 == 0:
                report(
                    self._with_latest(found.values()), f"{len(found) - len(unknown) + index:,} of {len(found):,} read"
                )
            try:
                answer = await self._meter.ask("ListBuildsForProject", projectName=name, sortOrder="DESCENDING")
                newest = await self._builds(reader.ids(answer)[:1])
            except CallFailed as error:
                if error.fault.kind in _RAISED:
                    raise
                continue  # the project stays without a newest build, and is asked again
            self._latest[name] = newest[0] if newest else None

    def _newest(self, build: Build) -> None:
        """Take a build for its project's newest, unless a newer one is known."""
        known = self._latest.get(build.project)
        if known is None or known.ref == build.ref or _age(build) > _age(known):
            self._latest[build.project] = build

    def _with_latest(self, projects: Iterable[Project]) -> tuple[Project, ...]:
        return tuple(replace(project, latest=self._latest.get(project.name)) for project in projects)

    async def _builds(self, ids: Iterable[str]) -> tuple[Build, ...]:
        """Builds in the order of their ids; those that have ended are read once."""
        wanted = list(ids)
        found = {one: self._ended[one] for one in wanted if one in self._ended}
        for batch in _batches([one for one in wanted if one not in found]):
            for build in reader.builds(await self._meter.ask("BatchGetBuilds", ids=batch)):
                found[build.ref.id] = build
                self._remember(build)
        return tuple(found[one] for one in wanted if one in found)

    async def _one(self, ref: BuildRef, *, urgent: bool) -> Build:
        for build in reader.builds(await self._meter.ask("BatchGetBuilds", urgent=urgent, ids=[ref.id])):
            if build.ref == ref:
                self._remember(build)
                return build
        raise CallFailed(_absent(f"there is no build {ref.id}", "codebuild:BatchGetBuilds"))

    def _remember(self, build: Build) -> None:
        if build.complete:
            self._ended[build.ref.id] = build
            if len(self._ended) > _KEEP:
                self._ended.popitem(last=False)


def _age(build: Build) -> float:
    return build.started.timestamp() if build.started is not None else 0.0


def _batches(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))


def _absent(sentence: str, call: str) -> Fault:
    return Fault(FaultKind.NOT_FOUND, sentence, call=call)
