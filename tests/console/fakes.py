"""A world for the screens that a test pushes into: feeds without polling, a runner that notes what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from console import asking
from pointsman.clock import EPOCH, ManualClock
from pointsman.console.connection import Connection
from pointsman.errors import CallFailed, Fault
from pointsman.model.activity import Call, Deed
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmState, Question
from pointsman.model.approvals import Pending
from pointsman.model.batches import Batch
from pointsman.model.builds import Build, Project
from pointsman.model.comparison import Comparison, side_by_side
from pointsman.model.dashboard_variables import Variable
from pointsman.model.dashboards import DashboardState
from pointsman.model.deployments import Deployment, DeploymentState, GroupHistory
from pointsman.model.logs import GroupDetail, LogChunk, PatternMatch, TailAsk, TailChunk
from pointsman.model.marks import marks
from pointsman.model.metrics import Series, WallQuery
from pointsman.model.neighbours import Neighbours, nearest
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.pipelines import Execution, PipelineState
from pointsman.model.refs import (
    AlarmRef,
    BatchRef,
    BuildRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogGroupRef,
    LogRef,
    MetricRef,
    PipelineRef,
    ProjectRef,
    Ref,
    TraceRef,
)
from pointsman.model.reports import Report
from pointsman.model.sampling import SamplingRules
from pointsman.model.service_map import MapQuery
from pointsman.model.snapshot import Identity, Snapshot
from pointsman.model.trace_alike import Loaded, Request, asked_of
from pointsman.model.trace_logs import TraceLines
from pointsman.model.trace_operations import Population
from pointsman.model.traces import TraceList, TraceQuery, TraceSummary
from pointsman.operations.declare import Answers, Confirm, Operation
from pointsman.operations.preview import Preview, answer_problems, owner, with_defaults
from pointsman.operations.registry import Registry, default_registry
from pointsman.semantics.logs import filter_patterns as patterns
from pointsman.semantics.traces.filters import FilterError, parse
from pointsman.services.feeds import Source
from pointsman.services.reads import logs as log_reader
from pointsman.services.typed import Typed

WHO = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/OnCall/ada", "eu-west-1", "prod-eu")


def _source(*key: Hashable) -> Source[Any]:
    async def read(_: Any) -> Any:
        raise AssertionError("a fake source is never read")

    return Source(key, read, lambda _: None, "fake")


class PushFeeds:
    """Feeds that say what a test pushes."""

    def __init__(self) -> None:
        self.snapshots: dict[Hashable, Snapshot[Any]] = {}
        self.listeners: dict[Hashable, list[Callable[[Snapshot[Any]], None]]] = {}
        self.poked: list[Hashable] = []
        self.closed = False

    def subscribe(self, source: Source[Any], listener: Callable[[Snapshot[Any]], None]) -> Any:
        """Listen; what was pushed before is heard at once."""
        key = source.key
        self.listeners.setdefault(key, []).append(listener)
        listener(self.snapshots.get(key, Snapshot()))
        return _Hold(self, key, listener)

    def push(self, *key: Hashable, snapshot: Snapshot[Any]) -> None:
        """Say something new."""
        self.snapshots[key] = snapshot
        for listener in list(self.listeners.get(key, ())):
            listener(snapshot)

    def heard(self) -> set[Hashable]:
        """The keys somebody listens to."""
        return {key for key, listeners in self.listeners.items() if listeners}

    def poke(self, *keys: Hashable) -> None:
        """Remember it."""
        self.poked += keys

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


@dataclass
class _Hold:
    feeds: PushFeeds
    key: Hashable
    listener: Callable[[Snapshot[Any]], None]

    @property
    def snapshot(self) -> Snapshot[Any]:
        return self.feeds.snapshots.get(self.key, Snapshot())

    def release(self) -> None:
        if self.listener in self.feeds.listeners.get(self.key, []):
            self.feeds.listeners[self.key].remove(self.listener)


class FakeReleases:
    """Sources by the agreed keys."""

    def forecast(self, ref: PipelineRef) -> Source[Any]:
        return _source("forecast", ref.name)

    def strips(self, ref: PipelineRef, executions: tuple[Execution, ...]) -> Source[Any]:
        return _source("strips", ref.name)

    def shipment(self, pending: Pending) -> Source[Any]:
        return _source("shipment", str(pending.ref))


class FakeReports:
    """Sources by the agreed keys."""

    def of(self, arns: tuple[str, ...]) -> Source[Any]:
        return _source("reports", arns)

    def findings(self, report: Report) -> Source[Any]:
        return _source("findings", report.ref.arn)

    def trend(self, report: Report) -> Source[Any]:
        return _source("trend", report.group_arn)


class FakeBatches:
    """Sources by the agreed keys."""

    def __init__(self) -> None:
        self.known: dict[BatchRef, Batch] = {}

    def recent(self, project: ProjectRef | None = None) -> Source[Any]:
        return _source("batches", project.name if project is not None else "")

    def batch(self, ref: BatchRef) -> Source[Any]:
        return _source("batch", ref.id)

    async def fresh(self, ref: BatchRef) -> Batch:
        return self.known[ref]


class FakePipelines:
    """Sources by the agreed keys."""

    def __init__(self, clock: ManualClock) -> None:
        self.states: dict[str, PipelineState] = {}
        self.releases = FakeReleases()
        self.started: dict[str, str] = {}
        """What an execution started, by its id elsewhere -> the execution."""

    def board(self) -> Source[Any]:
        return _source("board")

    def state(self, ref: PipelineRef) -> Source[Any]:
        return _source("pipeline", ref.name)

    def history(self, ref: PipelineRef, pages: int = 1) -> Source[Any]:
        return _source("history", ref.name)

    def past(self, refs: tuple[PipelineRef, ...], pages: int) -> Source[Any]:
        return _source("past", pages)

    def runs(self, ref: PipelineRef, execution_id: str) -> Source[Any]:
        return _source("runs", ref.name, execution_id)

    def execution(self, ref: PipelineRef, execution_id: str) -> Source[Any]:
        return _source("execution", ref.name, execution_id)

    async def fresh(self, ref: PipelineRef) -> PipelineState:
        return self.states[ref.name]

    async def runs_of(self, ref: PipelineRef, external_ids: Any) -> dict[str, str]:
        return {one: self.started[one] for one in external_ids if one in self.started}

    async def changes(self, ref: PipelineRef, older: str, newer: str) -> Comparison:
        state = self.states[ref.name]
        before, after = state.execution(older), state.execution(newer)
        assert before is not None
        assert after is not None
        return side_by_side(ref, before, after)


class FakeBuilds:
    """Sources by the agreed keys."""

    def __init__(self) -> None:
        self.builds: dict[BuildRef, Build] = {}
        self.known: dict[ProjectRef, Project] = {}
        self.reports = FakeReports()
        self.batches = FakeBatches()

    def projects(self) -> Source[Any]:
        return _source("projects")

    def recent(self, project: ProjectRef | None = None) -> Source[Any]:
        return _source("builds", project.name if project is not None else "")

    def past(self, pages: int) -> Source[Any]:
        return _source("past-builds", pages)

    def build(self, ref: BuildRef) -> Source[Any]:
        return _source("build", ref.id)

    async def fresh(self, ref: BuildRef) -> Build:
        return self.builds[ref]

    async def fresh_project(self, ref: ProjectRef) -> Project:
        return self.known[ref]


class FakeDeployments:
    """Sources by the agreed keys."""

    def __init__(self) -> None:
        self.states: dict[str, DeploymentState] = {}
        self.histories: dict[DeploymentGroupRef, GroupHistory] = {}

    def recent(self, group: DeploymentGroupRef | None = None) -> Source[Any]:
        return _source("deployments", *((group.application, group.group) if group is not None else ("", "")))

    def deployment(self, ref: DeploymentRef) -> Source[Any]:
        return _source("deployment", ref.id)

    def history(self, ref: DeploymentGroupRef) -> Source[Any]:
        return _source("group", ref.application, ref.group)

    def groups(self) -> Source[Any]:
        return _source("deployment-groups")

    def fleet(self, ref: DeploymentGroupRef) -> Source[Any]:
        return _source("fleet", ref.application, ref.group)

    async def last_before(self, moment: datetime, deployment: str = "", application: str = "") -> Deployment | None:
        known = [one.deployment for one in self.states.values()]
        if deployment:
            return next(one for one in known if one.id == deployment)
        began = [one for one in known if one.created is not None and one.created <= moment]
        mine = [one for one in began if application in ("", one.group.application)]
        return max(mine, key=lambda one: (one.created, one.id), default=None)

    async def fresh(self, ref: DeploymentRef) -> DeploymentState:
        return self.states[ref.id]

    async def fresh_group(self, ref: DeploymentGroupRef) -> GroupHistory:
        return self.histories[ref]


class FakeTails:
    """Tails that say what a test gave them, and then nothing more."""

    def __init__(self) -> None:
        self.chunks: list[TailChunk | Fault] = []
        self.asked: list[TailAsk] = []

    async def follow(
        self, ask: TailAsk, state: Any = None, *, ended: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[TailChunk]:
        self.asked.append(ask)
        for chunk in self.chunks:
            if isinstance(chunk, Fault):
                raise CallFailed(chunk)
            yield chunk


class FakeLogGroups:
    """Sources by the agreed keys; a bench that matches words."""

    def __init__(self) -> None:
        self.details: dict[str, GroupDetail] = {}
        self.lines: tuple[str, ...] = ()
        self.wrong: Fault | None = None
        self.tried: list[tuple[str, tuple[str, ...]]] = []

    def all(self) -> Source[Any]:
        return _source("log-groups")

    def detail(self, ref: LogGroupRef) -> Source[Any]:
        return _source("log-group", ref.name)

    async def fresh(self, ref: LogGroupRef, *, urgent: bool = True) -> GroupDetail:
        return self.details[ref.name]

    async def try_pattern(self, pattern: str, lines: tuple[str, ...]) -> tuple[PatternMatch, ...]:
        self.tried.append((pattern, lines))
        if self.wrong is not None:
            raise CallFailed(self.wrong)
        found = [
            {"eventNumber": number, "eventMessage": line, "extractedValues": patterns.parse(pattern).extract(line)}
            for number, line in enumerate(lines, 1)
            if patterns.parse(pattern).matches(line)
        ]
        return log_reader.matches({"matches": found})

    async def samples(self, ref: LogGroupRef, most: int = 50) -> tuple[str, ...]:
        return self.lines

    async def mistake(self, pattern: str) -> str:
        try:
            patterns.parse(pattern)
        except patterns.PatternError as error:
            return str(error)
        return ""


class FakeLogs:
    """Streams that end with what they hold."""

    def __init__(self) -> None:
        self.tails = FakeTails()
        self.groups = FakeLogGroups()
        self.chunks: dict[LogRef, list[LogChunk | Fault]] = {}
        self.followed: list[LogRef] = []

    async def follow(self, ref: LogRef, *, ended: Callable[[], bool], token: str = "") -> AsyncIterator[LogChunk]:
        self.followed.append(ref)
        for chunk in self.chunks.get(ref, [LogChunk((), "", ended=True, missing=True)]):
            if isinstance(chunk, Fault):
                raise CallFailed(chunk)
            yield chunk


class FakeTrail:
    """Calls that a test lists."""

    def __init__(self) -> None:
        self.calls: tuple[Call, ...] = ()
        self.listeners: list[Callable[[Call], None]] = []

    def listen(self, listener: Callable[[Call], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def minute(self, now: Any) -> dict[str, int]:
        return {"codepipeline": self.per_minute(now)}

    def per_minute(self, now: Any) -> int:
        return len(self.calls)


@dataclass
class FakeGuard:
    """Writes are allowed or not, as a test says."""

    read_only: bool = False
    armed_until: Any = None

    def why_not(self, now: Any, identity: Identity | None = None) -> str | None:
        return "this console is read-only" if self.read_only and self.armed_until is None else None


class FakeCloud:
    """Who one is, and the trail."""

    def __init__(self) -> None:
        self.trail = FakeTrail()
        self.guard = FakeGuard()
        self.region, self.profile = WHO.region, WHO.profile
        self.identity: Identity | Fault = WHO
        self.code_wanted = ""
        self.codes: list[str] = []
        self.logging_in: Any = None
        """A ``DeviceLogin`` of a test's own."""

    def give_code(self, code: str) -> None:
        self.codes.append(code)

    def login(self) -> Any:
        return self.logging_in

    async def login_step(self, step: Callable[[], Any]) -> Any:
        return step()

    async def whoami(self, *, fresh: bool = False) -> Identity:
        if isinstance(self.identity, Fault):
            raise CallFailed(self.identity)
        return self.identity


@dataclass
class FakeServices:
    """The bundle."""

    clock: ManualClock
    world: str = "aws"
    cloud: FakeCloud = field(default_factory=FakeCloud)
    feeds: PushFeeds = field(default_factory=PushFeeds)
    logs: FakeLogs = field(default_factory=FakeLogs)
    builds: FakeBuilds = field(default_factory=FakeBuilds)
    raw: FakeRaw = field(default_factory=lambda: FakeRaw())
    deployments: FakeDeployments = field(default_factory=FakeDeployments)
    traces: FakeTraces = field(default_factory=lambda: FakeTraces())
    alarms: FakeAlarms = field(default_factory=lambda: FakeAlarms())
    metrics: FakeMetrics = field(default_factory=lambda: FakeMetrics())
    dashboards: FakeDashboards = field(default_factory=lambda: FakeDashboards())
    maps: FakeMaps = field(default_factory=lambda: FakeMaps())
    sampling: FakeSampling = field(default_factory=lambda: FakeSampling())
    typed: Typed = field(default_factory=Typed)

    def __post_init__(self) -> None:
        self.pipelines = FakePipelines(self.clock)
        self.insights, self.insights_logs = asking.service(self.clock)
        self.was_closed = False

    def warm(self) -> None:
        """Nothing is left for later."""

    def close(self) -> None:
        self.was_closed = True

    async def beside(self, at: datetime) -> Neighbours:
        """What the snapshots of a test say of a moment."""

        def known(key: str, *more: str) -> Any:
            found = self.feeds.snapshots.get((key, *more))
            return found.value if found is not None else None

        listed, board, alarms = known("deployments", "", ""), known("board"), known("alarms")
        released = marks(listed.deployments if listed else (), board.rows if board else (), at - timedelta(hours=2), at)
        return nearest(at, released, alarms.changes if alarms else ())


class FakeRaw:
    """Documents by ref."""

    def __init__(self) -> None:
        self.documents: dict[Ref, dict[str, Any]] = {}

    async def read(self, ref: Ref) -> dict[str, Any]:
        return self.documents.get(ref, {ref.noun: str(ref)})


class FakeAlarms:
    """Sources by the agreed keys; states a test lists."""

    def __init__(self) -> None:
        self.states: dict[Ref, AlarmState] = {}
        self.past: list[AlarmHistory] = []
        """What reading older history finds, one after the other."""
        self.questions: list[Question] = []
        self.values: Series | None = None
        self.standing: dict[str, str] = {}

    def listing(self) -> Source[Any]:
        return _source("alarms")

    async def older(self, ref: AlarmRef, until: datetime) -> AlarmHistory:
        del ref, until
        return self.past.pop(0)

    def history(self, ref: AlarmRef) -> Source[Any]:
        return _source("alarm-history", ref.name)

    async def fresh(self, ref: AlarmRef) -> AlarmState:
        return self.states.get(ref, AlarmState(ref, None))

    async def prospect(self, ref: MetricRef) -> AlarmState:
        return self.states.get(ref, AlarmState(AlarmRef(""), Alarm(AlarmRef(""), metric=ref)))

    async def look(self, state: AlarmState, question: Question | None) -> AlarmState:
        if question is None or question.text == state.looked:
            return state
        self.questions.append(question)
        return replace(state, series=self.values, end=EPOCH, looked=question.text, cost="1 GetMetricData over 1 metric")

    async def look_up(self, state: AlarmState, names: Sequence[str]) -> AlarmState:
        if tuple(names) == state.named:
            return state
        return replace(
            state,
            others=tuple((one, self.standing.get(one, "OK")) for one in names),
            named=tuple(names),
            past=(),
            since=EPOCH - timedelta(days=1),
            end=EPOCH,
        )


class FakeMetrics:
    """Sources by the agreed keys; everything is watched but the namespace Quiet."""

    def __init__(self) -> None:
        self.units: dict[MetricRef, str] = {}
        self.pinned: tuple[MetricRef, ...] = ()

    def watched(self, ref: MetricRef) -> bool:
        return ref.namespace != "Quiet"

    def listing(self, *, recent: bool = True, namespace: str = "") -> Source[Any]:
        return _source("metrics", recent, namespace) if namespace else _source("metrics", recent)

    def wall(self, query: WallQuery) -> Source[Any]:
        return _source("wall", query)

    def thresholds(self) -> Source[Any]:
        return _source("thresholds")

    async def unit(self, ref: MetricRef) -> str:
        return self.units.get(ref, "")


class FakeTraceLogs:
    """What a test says was logged."""

    def __init__(self) -> None:
        self.told = TraceLines((), ())
        self.asked: list[tuple[TraceRef, tuple[str, ...]]] = []

    async def lines(self, ref: TraceRef, groups: Sequence[str], start: float, end: float) -> TraceLines:
        self.asked.append((ref, tuple(groups)))
        return self.told


class FakeTraces:
    """Sources by the agreed keys."""

    def __init__(self) -> None:
        self.population = Population()
        self.loaded = Loaded()
        self.earlier: tuple[TraceSummary, ...] = ()
        """Traces of before some moment."""
        self.asked_before: list[tuple[Request, datetime]] = []
        self.logs = FakeTraceLogs()
        self.others: list[OpenedTrace] = []
        """What there is to compare with."""
        self.named: tuple[str, ...] | Fault = ("ledger",)

    async def widen(
        self, refs: Sequence[TraceRef], most: int = 40, told: Callable[[], None] = lambda: None, *, urgent: bool = True
    ) -> int:
        found = [one for one in self.others if one.ref in refs and one.ref not in self.population][:most]
        for one in found:
            self.population.add(one)
        told()
        return len(found)

    async def before(self, request: Request, moment: datetime) -> TraceList:
        self.asked_before.append((request, moment))
        return TraceList(TraceQuery(), tuple(one for one in self.earlier if asked_of(one) == request))

    def recent(self, query: TraceQuery) -> Source[Any]:
        return _source("traces", query)

    def trace(self, ref: TraceRef) -> Source[Any]:
        return _source("trace", ref.id)

    async def service_names(self, query: TraceQuery) -> tuple[str, ...]:
        if isinstance(self.named, Fault):
            raise CallFailed(self.named)
        return self.named

    async def mistake(self, expression: str) -> FilterError | None:
        try:
            parse(expression)
        except FilterError as error:
            return error
        return None


class FakeDashboards:
    """Sources by the agreed keys, and texts."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def listed(self) -> Source[Any]:
        return _source("dashboards")

    def view(
        self,
        ref: DashboardRef,
        span: timedelta | None = None,
        period: int | None = None,
        chosen: tuple[tuple[str, str], ...] = (),
    ) -> Source[Any]:
        return _source("dashboard", ref.name, span, period, *chosen)

    async def values(self, variable: Variable) -> tuple[tuple[str, str], ...]:
        return tuple((label, value) for label, value in variable.values)

    async def fresh(self, ref: DashboardRef) -> DashboardState:
        return DashboardState(ref, self.texts.get(ref.name, ""), there=ref.name in self.texts)


class FakeMaps:
    """Sources by the agreed keys."""

    def map(self, query: MapQuery) -> Source[Any]:
        return _source("service-map", query)

    def groups(self) -> Source[Any]:
        return _source("trace-groups")


class FakeSampling:
    """Sources by the agreed keys."""

    def __init__(self) -> None:
        self.known = SamplingRules()

    def rules(self) -> Source[Any]:
        return _source("sampling-rules")

    async def fresh(self) -> SamplingRules:
        return self.known


class FakeAudit:
    """Deeds of earlier sessions."""

    def __init__(self) -> None:
        self.deeds: tuple[Deed, ...] = ()

    def read(self, limit: int = 500) -> tuple[Deed, ...]:
        return self.deeds[-limit:]


class FakeRunner:
    """Judges as the real one does; sends nothing, answers what a test says."""

    def __init__(self, services: FakeServices) -> None:
        self._services = services
        self.deeds: list[Deed] = []
        self.ran: list[tuple[str, Ref, Answers]] = []
        self.outcome: Deed | BaseException = Deed("d", services.clock.now(), "", "done", outcome="done")
        self.made: Ref | None = None
        self.protected: set[str] = set()
        self.gate: asyncio.Event | None = None
        """Not None: a run waits for it."""
        self.sending = 0
        self.arming = FakeArming(services, self._tell)
        self._listeners: list[Callable[[Deed], None]] = []

    def listen(self, listener: Callable[[Deed], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def why_not(self, operation: Operation[Any], ref: Ref, state: Any, identity: Identity | None = None) -> str | None:
        return self._services.cloud.guard.why_not(None, identity) or operation.refuse(state, ref)

    def confirm_level(self, operation: Operation[Any], ref: Ref, state: Any) -> Confirm:
        level = operation.confirm(state, ref)
        return level.raised() if owner(ref) in self.protected else level

    async def preview(self, operation: Operation[Any], ref: Ref, state: Any, answers: Answers) -> Preview:
        identity = await self._services.cloud.whoami()
        fields = operation.fields(state, ref)
        answers = with_defaults(fields, answers)
        call = operation.plan(state, ref, answers)
        return Preview(
            operation.id,
            ref,
            f"{operation.title}: {ref}",
            identity,
            f"{call.service}:{call.operation}",
            f"aws {call.service} {call.operation} --name '{ref}' --region {identity.region}",
            operation.consequences(state, ref, answers),
            (f"{owner(ref)} is protected.",) if owner(ref) in self.protected else (),
            answer_problems(fields, answers),
            self.confirm_level(operation, ref, state),
            owner(ref),
            state,
        )

    async def look(self, operation: Operation[Any], ref: Ref, state: Any, answers: Answers) -> Any:
        fields = operation.fields(state, ref)
        answers = with_defaults(fields, answers)
        if operation.look is None or answer_problems(fields, answers):
            return state
        return await operation.look(self._services, ref, state, answers)

    async def run(self, operation: Operation[Any], ref: Ref, answers: Answers, *, shown: Preview) -> Deed:
        self.ran.append((operation.id, ref, answers))
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        deed = replace(
            self.outcome, operation=operation.id, said=f"{operation.past} {ref}", target=ref, result=self.made
        )
        self.deeds.append(deed)
        return self._tell(deed)

    def _tell(self, deed: Deed) -> Deed:
        for listener in list(self._listeners):
            listener(deed)
        return deed

    async def drain(self) -> None:
        self.sending = 0


class FakeArming:
    """Arms the fake guard."""

    def __init__(self, services: FakeServices, tell: Callable[[Deed], Deed]) -> None:
        self._services = services
        self._tell = tell
        self.asked: list[int | None] = []

    async def arm(self, minutes: float) -> Deed:
        self.asked.append(int(minutes))
        now = self._services.clock.now()
        self._services.cloud.guard.armed_until = now + timedelta(minutes=minutes)
        return self._tell(Deed("a", now, "console.arm", f"allowed writes for {minutes:g} minutes", outcome="done"))

    async def disarm(self) -> Deed:
        self.asked.append(None)
        self._services.cloud.guard.armed_until = None
        return self._tell(
            Deed("b", self._services.clock.now(), "console.disarm", "refused writes again", outcome="done")
        )


@dataclass
class World:
    """What a test holds in its hands."""

    clock: ManualClock
    services: FakeServices
    runner: FakeRunner
    audit: FakeAudit
    registry: Registry

    @property
    def feeds(self) -> PushFeeds:
        return self.services.feeds

    def connect(self) -> Connection:
        """What the app is handed."""
        return Connection(self.services, self.runner, self.registry, self.audit)  # type: ignore[arg-type]

    def fresh(self, *key: Hashable, value: Any, partial: str = "") -> None:
        """Push a good value, read now."""
        snapshot: Snapshot[Any] = Snapshot(value=value, fetched_at=self.clock.now(), partial=partial)
        self.feeds.push(*key, snapshot=snapshot)


def world(name: str = "aws") -> World:
    """An empty one."""
    clock = ManualClock()
    services = FakeServices(clock, name)
    return World(clock, services, FakeRunner(services), FakeAudit(), default_registry())


__all__ = ["WHO", "ExecutionRef", "FakeRunner", "PushFeeds", "World", "world"]
