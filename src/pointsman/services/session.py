"""The bundle of services that screens and operations are handed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pointsman.services.typed import Typed

if TYPE_CHECKING:
    from datetime import datetime

    from pointsman.aws.cloud import Cloud
    from pointsman.clock import Clock
    from pointsman.model.neighbours import Neighbours
    from pointsman.services.alarms import Alarms
    from pointsman.services.builds import Builds
    from pointsman.services.dashboards import Dashboards
    from pointsman.services.deployments import Deployments
    from pointsman.services.feeds import Feeds
    from pointsman.services.insights import Insights
    from pointsman.services.logs import Logs
    from pointsman.services.metrics import Metrics
    from pointsman.services.pipelines import Pipelines
    from pointsman.services.raw import Raw
    from pointsman.services.sampling import SamplingRules
    from pointsman.services.service_map import ServiceMaps
    from pointsman.services.traces import Traces


class Services(Struct, frozen=True):
    """Everything the console may ask for."""

    clock: Clock
    cloud: Cloud
    feeds: Feeds
    pipelines: Pipelines
    builds: Builds
    deployments: Deployments
    logs: Logs
    insights: Insights
    raw: Raw
    traces: Traces
    metrics: Metrics
    alarms: Alarms
    dashboards: Dashboards
    maps: ServiceMaps
    sampling: SamplingRules
    typed: Typed = field(default_factory=Typed)
    """What was typed before."""
    world: str = "aws"
    """``aws``, ``demo`` or ``local``: which of the three worlds this is."""
    warm: Callable[[], None] = lambda: None
    """Make what was left for later, blocking; called beside the loop once a first board is there."""
    close: Callable[[], None] = lambda: None
    """End the backend, if there is one of ours."""

    async def beside(self, at: datetime) -> Neighbours:
        """What was going on at a moment; what cannot be read is left out of it, and said."""
        from pointsman.services.neighbours import neighbours

        return await neighbours(self, at)
