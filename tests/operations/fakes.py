"""Services an operation can be run against: they answer what they are told and remember what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from operations import alarming, deployed, logged, queried, states
from pointsman.aws.guard import Guard
from pointsman.clock import ManualClock
from pointsman.errors import PointsmanError
from pointsman.model.alarms import AlarmState, Question
from pointsman.model.batches import Batch
from pointsman.model.builds import Build, Project
from pointsman.model.dashboards import DashboardState
from pointsman.model.deployments import DeploymentState, GroupHistory
from pointsman.model.insights import SavedQuery, SavedState
from pointsman.model.logs import GroupDetail
from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import (
    AlarmRef,
    BatchRef,
    BuildRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    LogGroupRef,
    MetricRef,
    PipelineRef,
    ProjectRef,
)
from pointsman.model.sampling import SamplingRules
from pointsman.model.snapshot import Identity
from pointsman.operations.audit import AuditLog, MemoryAudit
from pointsman.operations.registry import Registry, default_registry
from pointsman.operations.runner import Runner
from pointsman.services.insights import Bench

OPS = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/Ops/ada", "eu-west-1", "prod")
MALLORY = Identity("999999999999", "arn:aws:iam::999999999999:user/mallory", "eu-west-1", "prod")


@dataclass
class FakeCloud:
    region: str = "eu-west-1"
    profile: str = "prod"
    identity: Identity = OPS
    answer: dict[str, Any] = field(default_factory=lambda: {"ResponseMetadata": {"RequestId": "req-1"}})
    fault: Exception | None = None
    who_fault: PointsmanError | None = None
    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """When set, a write waits for it."""
    before: Callable[[], None] = lambda: None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.before()
        self.sent.append((service, operation, parameters))
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return self.answer

    async def whoami(self, *, fresh: bool = False) -> Identity:
        if self.who_fault is not None:
            raise self.who_fault
        return self.identity


@dataclass
class FakeFeeds:
    poked: list[Hashable] = field(default_factory=list)

    def poke(self, *keys: Hashable) -> None:
        self.poked += keys


@dataclass
class FakePipelines:
    state: PipelineState
    fault: PointsmanError | None = None

    async def fresh(self, ref: PipelineRef) -> PipelineState:
        assert ref == states.PIPELINE
        if self.fault is not None:
            raise self.fault
        return self.state


@dataclass
class FakeBatches:
    batch: Batch = field(default_factory=states.batch)

    async def fresh(self, ref: BatchRef) -> Batch:
        return self.batch


@dataclass
class FakeBuilds:
    build: Build = field(default_factory=states.build)
    project: Project = field(default_factory=states.project)
    batches: FakeBatches = field(default_factory=FakeBatches)

    async def fresh(self, ref: BuildRef) -> Build:
        return self.build

    async def fresh_project(self, ref: ProjectRef) -> Project:
        return self.project


@dataclass
class FakeAlarms:
    state: AlarmState = field(default_factory=alarming.firing)

    async def fresh(self, ref: AlarmRef) -> AlarmState:
        return self.state

    async def prospect(self, ref: MetricRef) -> AlarmState:
        return self.state

    async def look(self, state: AlarmState, question: Question | None) -> AlarmState:
        return state

    async def look_up(self, state: AlarmState, names: Sequence[str]) -> AlarmState:
        return state


@dataclass
class FakeDeployments:
    state: DeploymentState = field(default_factory=deployed.moving)
    history: GroupHistory = field(default_factory=deployed.history)

    async def fresh(self, ref: DeploymentRef) -> DeploymentState:
        return self.state

    async def fresh_group(self, ref: DeploymentGroupRef) -> GroupHistory:
        return self.history


class FakeInsights:
    """Saved queries, and the bench."""

    def __init__(self, state: SavedState = queried.CHANGED) -> None:
        self.bench = Bench(state.draft)
        self.saved = state.saved

    async def definition(self, number: str) -> SavedQuery | None:
        return self.saved


@dataclass
class FakeDashboards:
    state: DashboardState = field(default_factory=lambda: DashboardState(DashboardRef("shop"), '{"widgets": []}'))

    async def fresh(self, ref: DashboardRef) -> DashboardState:
        return self.state


class FakeSampling:
    rules: SamplingRules = field(default_factory=states.sampling_rules)

    async def fresh(self) -> SamplingRules:
        return self.rules


class FakeLogGroups:
    detail: GroupDetail = field(default_factory=logged.detail)

    async def fresh(self, ref: LogGroupRef, *, urgent: bool = True) -> GroupDetail:
        return self.detail


@dataclass
class FakeLogs:
    groups: FakeLogGroups = field(default_factory=FakeLogGroups)


class FakeServices:
    """The bundle, with every part open to a test."""

    def __init__(self, state: PipelineState | None = None, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.cloud = FakeCloud()
        self.feeds = FakeFeeds()
        self.pipelines = FakePipelines(state or states.waiting())
        self.builds = FakeBuilds()
        self.deployments = FakeDeployments()
        self.insights = FakeInsights()
        self.alarms = FakeAlarms()
        self.dashboards = FakeDashboards()
        self.sampling = FakeSampling()
        self.logs = FakeLogs()
        self.world = "aws"


def runner(
    services: FakeServices,
    *,
    audit: AuditLog | None = None,
    guard: Guard | None = None,
    registry: Registry | None = None,
    protected: tuple[str, ...] = (),
    endpoint: str = "",
) -> Runner:
    """A runner that may write, unless a guard says otherwise."""
    watched = guard or Guard(read_only=False, clock=services.clock)
    return Runner(
        services,
        registry or default_registry(),
        audit or MemoryAudit(),
        lambda: watched,
        lambda name: name in protected,
        endpoint,
    )
