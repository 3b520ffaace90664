"""What the operations layer asks of the services beneath it, and nothing more.

Small protocols instead of the concrete bundle: the runner can be driven by a test's fakes, and what a write path
depends on can be read in one place.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pointsman.clock import Clock
    from pointsman.model.alarms import AlarmState, Question
    from pointsman.model.batches import Batch
    from pointsman.model.builds import Build, Project
    from pointsman.model.dashboards import DashboardState
    from pointsman.model.deployments import DeploymentState, GroupHistory
    from pointsman.model.insights import Query, SavedQuery
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


class GuardLike(Protocol):
    """The read-only guard, as the runner and arming see it."""

    @property
    def read_only(self) -> bool:
        """Whether writes are refused unless armed."""
        ...

    @property
    def locked(self) -> bool:
        """Whether arming is refused too."""
        ...

    @property
    def armed_until(self) -> datetime | None:
        """Until when writes are allowed; None when they are not armed."""
        ...

    def arm(self, minutes: float, identity: Identity) -> object:
        """Allow writes for a time, to this identity."""
        ...

    def disarm(self) -> object:
        """Refuse writes again."""
        ...

    def why_not(self, now: datetime, identity: Identity | None) -> str | None:
        """Why a write may not go out now; None when it may."""
        ...


class CloudLike(Protocol):
    """The one way to AWS."""

    @property
    def region(self) -> str:
        """The region its calls go to."""
        ...

    @property
    def profile(self) -> str:
        """The profile it was made with; empty for the default chain."""
        ...

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Send a write exactly once."""
        ...

    async def whoami(self, *, fresh: bool = False) -> Identity:
        """Who its calls are made as."""
        ...


class FeedsLike(Protocol):
    """What is polled."""

    def poke(self, *keys: Hashable) -> None:
        """Read these again now."""
        ...


class PipelinesLike(Protocol):
    """Pipelines, read past every cache."""

    async def fresh(self, ref: PipelineRef) -> PipelineState:
        """The pipeline as it is now."""
        ...


class BatchesLike(Protocol):
    """Batches of builds, read past every cache."""

    async def fresh(self, ref: BatchRef) -> Batch:
        """The batch as it is now."""
        ...


class BuildsLike(Protocol):
    """Builds and projects, read past every cache."""

    @property
    def batches(self) -> BatchesLike:
        """Batches of builds."""
        ...

    async def fresh(self, ref: BuildRef) -> Build:
        """The build as it is now."""
        ...

    async def fresh_project(self, ref: ProjectRef) -> Project:
        """The project as it is now."""
        ...


class DeploymentsLike(Protocol):
    """Deployments and their groups, read past every cache."""

    async def fresh(self, ref: DeploymentRef) -> DeploymentState:
        """The deployment as it is now, and what its group had."""
        ...

    async def fresh_group(self, ref: DeploymentGroupRef) -> GroupHistory:
        """The group as it is now."""
        ...


class BenchLike(Protocol):
    """What lies on the workbench."""

    @property
    def query(self) -> Query:
        """The query that is being written."""
        ...


class InsightsLike(Protocol):
    """Saved queries, read past every cache."""

    @property
    def bench(self) -> BenchLike:
        """What lies on the workbench."""
        ...

    async def definition(self, number: str) -> SavedQuery | None:
        """A saved query as it is now; None when there is none."""
        ...


class AlarmsLike(Protocol):
    """Alarms, read past every cache."""

    async def fresh(self, ref: AlarmRef) -> AlarmState:
        """The alarm as it is now."""
        ...

    async def prospect(self, ref: MetricRef) -> AlarmState:
        """A metric that has no such alarm yet."""
        ...

    async def look(self, state: AlarmState, question: Question | None) -> AlarmState:
        """The state with what some settings would have looked at."""
        ...

    async def look_up(self, state: AlarmState, names: Sequence[str]) -> AlarmState:
        """The state with the states of other alarms."""
        ...


class DashboardsLike(Protocol):
    """Dashboards, read past every cache."""

    async def fresh(self, ref: DashboardRef) -> DashboardState:
        """The dashboard's text as it is now."""
        ...


class SamplingLike(Protocol):
    """Sampling rules, read past every cache."""

    async def fresh(self) -> SamplingRules:
        """Every rule as it is now."""
        ...


class LogGroupsLike(Protocol):
    """Log groups, read past every cache."""

    async def fresh(self, ref: LogGroupRef, *, urgent: bool = True) -> GroupDetail:
        """The group as it is now, with its filters."""
        ...


class LogsLike(Protocol):
    """CloudWatch Logs."""

    @property
    def groups(self) -> LogGroupsLike:
        """Log groups."""
        ...


class ServicesLike(Protocol):
    """The bundle of services, as far as operations need it."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def cloud(self) -> CloudLike:
        """The one way to AWS."""
        ...

    @property
    def feeds(self) -> FeedsLike:
        """What is polled."""
        ...

    @property
    def pipelines(self) -> PipelinesLike:
        """Pipelines."""
        ...

    @property
    def builds(self) -> BuildsLike:
        """Builds and projects."""
        ...

    @property
    def alarms(self) -> AlarmsLike:
        """Alarms."""
        ...

    @property
    def deployments(self) -> DeploymentsLike:
        """Deployments and their groups."""
        ...

    @property
    def insights(self) -> InsightsLike:
        """Saved queries."""
        ...

    @property
    def dashboards(self) -> DashboardsLike:
        """Dashboards."""
        ...

    @property
    def sampling(self) -> SamplingLike:
        """Sampling rules."""
        ...

    @property
    def logs(self) -> LogsLike:
        """CloudWatch Logs."""
        ...

    @property
    def world(self) -> str:
        """``aws``, ``demo`` or ``local``."""
        ...
