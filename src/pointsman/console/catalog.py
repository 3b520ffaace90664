"""Which screen a name or a ref leads to: three tables. The module of a screen is loaded when it is first opened.

A moment (``at``) is the time cursor that screens hand to one another: a screen that shows one time or another begins
there, the others do not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pointsman.console.desk import Desk
from pointsman.console.screens.base import Place
from pointsman.model.refs import (
    ActionRef,
    AlarmRef,
    ApplicationRef,
    BatchRef,
    BuildRef,
    CommitRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogGroupRef,
    LogRef,
    MetricFilterRef,
    MetricRef,
    PipelineRef,
    ProjectRef,
    Ref,
    SamplingRuleRef,
    SavedQueryRef,
    StageRef,
    TailRef,
    TargetRef,
    TraceRef,
    TraceServiceRef,
)

__all__ = ["NAMED", "NUMBERED", "place_called", "place_of"]


# --- the screens of the digits


def _overview(desk: Desk) -> Place:
    from pointsman.console.screens.overview import Overview

    return Overview(desk)


def _pipelines(desk: Desk) -> Place:
    from pointsman.console.screens.pipelines import Pipelines

    return Pipelines(desk)


def _builds(desk: Desk) -> Place:
    from pointsman.console.screens.builds import Builds

    return Builds(desk)


def _deployments(desk: Desk) -> Place:
    from pointsman.console.screens.deployments import Deployments

    return Deployments(desk)


def _traces(desk: Desk) -> Place:
    from pointsman.console.screens.traces import Traces

    return Traces(desk)


def _metrics(desk: Desk) -> Place:
    from pointsman.console.screens.metrics import Metrics

    return Metrics(desk)


def _logs(desk: Desk) -> Place:
    from pointsman.console.screens.logs import Logs

    return Logs(desk)


def _activity(desk: Desk) -> Place:
    from pointsman.console.screens.activity import Activity

    return Activity(desk)


NUMBERED: Mapping[str, Callable[[Desk], Place]] = {
    "overview": _overview,
    "pipelines": _pipelines,
    "builds": _builds,
    "deployments": _deployments,
    "traces": _traces,
    "metrics": _metrics,
    "logs": _logs,
    "activity": _activity,
}
"""The first screen of each digit, by its name."""


# --- the screens that have a name but no digit


def _approvals(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.approvals import Approvals

    del argument, at
    return Approvals(desk)


def _batches(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.batches import Batches

    del at
    return Batches(desk, ProjectRef(argument) if argument else None)


def _commit_named(desk: Desk, argument: str, at: datetime | None) -> Place:
    return _commit(desk, CommitRef(argument.lower()), at)


def _fleet_named(desk: Desk, argument: str, at: datetime | None) -> Place | str:
    from pointsman.console.screens.fleet import Fleet

    del at
    application, slash, group = argument.partition("/")
    if argument and not slash:
        return f"{argument} is no deployment group: write APPLICATION/GROUP"
    return Fleet(desk, DeploymentGroupRef(application, group) if argument else None)


def _insights_named(desk: Desk, argument: str, at: datetime | None) -> Place:
    # An id that begins with a question mark is what was asked for by name.
    return _insights(desk, SavedQueryRef(f"?{argument}", argument) if argument else None, at)


def _alarms(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.alarms import Alarms

    del at
    place = Alarms(desk)
    place.filter_text = argument
    return place


def _browse(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.metric_browser import MetricBrowser

    del at
    return MetricBrowser(desk, argument)


def _dashboards(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.dashboards import Dashboards

    del at
    place = Dashboards(desk)
    place.filter_text = argument
    return place


def _map(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.service_map import ServiceMapPlace
    from pointsman.model.service_map import MapQuery

    del at
    return ServiceMapPlace(desk, MapQuery(group=argument))


def _sampling(desk: Desk, argument: str, at: datetime | None) -> Place:
    return _rule(desk, SamplingRuleRef(argument) if argument else None, at)


def _compare(desk: Desk, argument: str, at: datetime | None) -> Place | str:
    from pointsman.console.screens.trace_comparison import TraceComparisonPlace

    del at
    ids = argument.split()
    if len(ids) != 2 or ids[0] == ids[1]:
        return "compare two traces: write both ids"
    return TraceComparisonPlace(desk, TraceRef(ids[0]), TraceRef(ids[1]))


def _doctor(desk: Desk, argument: str, at: datetime | None) -> Place:
    from pointsman.console.screens.doctor import DoctorPlace

    return DoctorPlace(desk, argument, at)


def _tail_named(desk: Desk, argument: str, at: datetime | None) -> Place | str:
    from pointsman.console.screens.tail import tail_named

    return tail_named(desk, argument, at)


NAMED: Mapping[str, Callable[[Desk, str, datetime | None], Place | str]] = {
    "alarms": _alarms,
    "doctor": _doctor,
    "alarm": lambda desk, argument, at: _alarm(desk, AlarmRef(argument), at),
    "approvals": _approvals,
    "batches": _batches,
    "browse": _browse,
    "commit": _commit_named,
    "fleet": _fleet_named,
    "insights": _insights_named,
    "map": _map,
    "sampling": _sampling,
    "compare": _compare,
    "pipeline": lambda desk, argument, at: _pipeline(desk, PipelineRef(argument), at),
    "build": lambda desk, argument, at: _build(desk, BuildRef(argument), at),
    "deployment": lambda desk, argument, at: _deployment(desk, DeploymentRef(argument), at),
    "tail": _tail_named,
    "group": lambda desk, argument, at: _log_group(desk, MetricFilterRef(argument, ""), at),
    "trace": lambda desk, argument, at: _trace(desk, TraceRef(argument), at),
    "dashboards": _dashboards,
    "dashboard": lambda desk, argument, at: _dashboard(desk, DashboardRef(argument), at),
}
"""What opens the screen of a command from its argument, or says in a sentence why it does not."""


# --- the screens of things


def _pipeline(desk: Desk, ref: PipelineRef | StageRef | ActionRef, at: datetime | None) -> Place:
    from pointsman.console.screens.pipeline import Pipeline

    del at
    if isinstance(ref, PipelineRef):
        return Pipeline(desk, ref, None)
    return Pipeline(desk, PipelineRef(ref.pipeline), ref.plain if isinstance(ref, ActionRef) else ref)


def _execution(desk: Desk, ref: ExecutionRef, at: datetime | None) -> Place:
    from pointsman.console.screens.execution import ExecutionPlace

    del at
    return ExecutionPlace(desk, ref)


def _build(desk: Desk, ref: BuildRef, at: datetime | None) -> Place:
    from pointsman.console.screens.build import BuildPlace

    del at
    return BuildPlace(desk, ref)


def _batch(desk: Desk, ref: BatchRef, at: datetime | None) -> Place:
    from pointsman.console.screens.batch import BatchPlace

    del at
    return BatchPlace(desk, ref)


def _project(desk: Desk, ref: ProjectRef, at: datetime | None) -> Place:
    from pointsman.console.screens.builds import Builds

    del at
    return Builds(desk, ref)


def _commit(desk: Desk, ref: CommitRef, at: datetime | None) -> Place:
    from pointsman.console.screens.commit import CommitPlace

    del at
    return CommitPlace(desk, ref)


def _deployment(desk: Desk, ref: DeploymentRef | TargetRef, at: datetime | None) -> Place:
    from pointsman.console.screens.deployment import DeploymentPlace

    del at
    if isinstance(ref, TargetRef):
        return DeploymentPlace(desk, DeploymentRef(ref.deployment), ref)
    return DeploymentPlace(desk, ref)


def _group(desk: Desk, ref: DeploymentGroupRef, at: datetime | None) -> Place:
    from pointsman.console.screens.fleet import Fleet

    del at
    return Fleet(desk, ref)


def _application(desk: Desk, ref: ApplicationRef, at: datetime | None) -> Place:
    del at
    place = _deployments(desk)
    place.filter_text = f"{ref.name}/"
    return place


def _trace(desk: Desk, ref: TraceRef, at: datetime | None) -> Place:
    from pointsman.console.screens.trace import TracePlace

    del at
    return TracePlace(desk, ref)


def _insights(desk: Desk, ref: SavedQueryRef | None, at: datetime | None) -> Place:
    from pointsman.console.screens.insights import InsightsPlace

    return InsightsPlace(desk, ref, at)


def _alarm(desk: Desk, ref: AlarmRef, at: datetime | None) -> Place:
    from pointsman.console.screens.alarm import AlarmPlace

    del at
    return AlarmPlace(desk, ref)


def _metric(desk: Desk, ref: MetricRef, at: datetime | None) -> Place:
    from pointsman.console.screens.metric import MetricPlace

    return MetricPlace(desk, (ref,), at)


def _dashboard(desk: Desk, ref: DashboardRef, at: datetime | None) -> Place:
    from pointsman.console.screens.dashboard import DashboardPlace

    del at
    return DashboardPlace(desk, ref)


def _service(desk: Desk, ref: TraceServiceRef, at: datetime | None) -> Place:
    from pointsman.console.screens.service_map_words import expression
    from pointsman.console.screens.traces import Traces
    from pointsman.model.traces import TraceQuery

    del at
    place = Traces(desk)
    place.filter_text = expression(ref)
    place.query_of = TraceQuery(expression=place.filter_text)
    return place


def _rule(desk: Desk, ref: SamplingRuleRef | None, at: datetime | None) -> Place:
    from pointsman.console.screens.sampling import SamplingPlace

    del at
    return SamplingPlace(desk, ref)


def _tail(desk: Desk, ref: TailRef | LogGroupRef | LogRef, at: datetime | None) -> Place:
    from pointsman.console.present.tail import sources_from
    from pointsman.console.screens.tail import TailPlace

    if not isinstance(ref, TailRef):
        return TailPlace(desk, sources_from(ref), at)
    return TailPlace(desk, sources_from(ref), at, follows=ref.follows, find=ref.find)


def _log_group(desk: Desk, ref: MetricFilterRef, at: datetime | None) -> Place:
    from pointsman.console.screens.log_group import LogGroupPlace

    del at
    return LogGroupPlace(desk, LogGroupRef(ref.group), ref.name)


_OF_THINGS: Mapping[type[Ref], Callable[..., Place]] = {
    PipelineRef: _pipeline,
    StageRef: _pipeline,
    ActionRef: _pipeline,
    ExecutionRef: _execution,
    ProjectRef: _project,
    BuildRef: _build,
    BatchRef: _batch,
    CommitRef: _commit,
    DeploymentRef: _deployment,
    TargetRef: _deployment,
    DeploymentGroupRef: _group,
    ApplicationRef: _application,
    TraceRef: _trace,
    SavedQueryRef: _insights,
    MetricRef: _metric,
    AlarmRef: _alarm,
    DashboardRef: _dashboard,
    TraceServiceRef: _service,
    SamplingRuleRef: _rule,
    TailRef: _tail,
    LogGroupRef: _tail,
    LogRef: _tail,
    MetricFilterRef: _log_group,
}
"""What makes the screen of a thing from (desk, ref, at)."""


def place_of(desk: Desk, ref: Ref, at: datetime | None = None) -> Place | None:
    """The screen of a thing, at a moment if one is given; None when there is no screen for its kind."""
    make = _OF_THINGS.get(type(ref))
    return make(desk, ref, at) if make is not None else None


def place_called(desk: Desk, name: str, argument: str, at: datetime | None = None) -> Place | str | None:
    """The screen of a command, or a sentence that says why there is none; None when it is no command of a screen."""
    make = NAMED.get(name)
    return make(desk, argument, at) if make is not None else None
