"""Identities: hashable names of things, used as row keys, feed keys and the targets of operations.

``str(ref)`` is how a person would say it. Every ref knows the words its thing is called by.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from pointsman.values import Partly


class PipelineRef(Struct, frozen=True, order=True):
    """A pipeline by name."""

    noun: ClassVar[str] = "pipeline"
    name: str

    def __str__(self) -> str:
        return self.name


class StageRef(Struct, frozen=True, order=True):
    """A stage of a pipeline; also names the transition (gate) at its entrance."""

    noun: ClassVar[str] = "stage"
    pipeline: str
    stage: str

    def __str__(self) -> str:
        return f"{self.pipeline} / {self.stage}"


class ActionRef(Struct, frozen=True, order=True):
    """An action of a stage."""

    noun: ClassVar[str] = "action"
    pipeline: str
    stage: str
    action: str
    execution: str = ""
    """The run that is meant, of a pipeline whose runs go side by side; empty: whichever is in the stage."""

    @property
    def plain(self) -> ActionRef:
        """The action itself, of no run."""
        return ActionRef(self.pipeline, self.stage, self.action)

    def __str__(self) -> str:
        run = f" ({self.execution[:8]})" if self.execution else ""
        return f"{self.pipeline} / {self.stage} / {self.action}{run}"


class ExecutionRef(Struct, frozen=True, order=True):
    """A pipeline execution by id."""

    noun: ClassVar[str] = "execution"
    pipeline: str
    execution_id: str

    def __str__(self) -> str:
        return f"{self.pipeline} {self.execution_id[:8]}"


class ProjectRef(Struct, frozen=True, order=True):
    """A build project by name."""

    noun: ClassVar[str] = "project"
    name: str

    def __str__(self) -> str:
        return self.name


class BuildRef(Struct, frozen=True, order=True):
    """A build by id, ``project:uuid``."""

    noun: ClassVar[str] = "build"
    id: str

    @property
    def project(self) -> str:
        """The project's name."""
        return self.id.rpartition(":")[0]

    def __str__(self) -> str:
        project, _, number = self.id.rpartition(":")
        return f"{project}:{number[:8]}"


class BatchRef(Struct, frozen=True, order=True):
    """A batch of builds by id, ``project:uuid``."""

    noun: ClassVar[str] = "build batch"
    id: str

    @property
    def project(self) -> str:
        """The project's name."""
        return self.id.rpartition(":")[0]

    def __str__(self) -> str:
        project, _, number = self.id.rpartition(":")
        return f"{project}:{number[:8]}"


class ReportRef(Struct, frozen=True, order=True):
    """A test or coverage report by ARN."""

    noun: ClassVar[str] = "report"
    arn: str

    @property
    def group(self) -> str:
        """The name of its group."""
        return self.arn.rpartition("report/")[2].rpartition(":")[0]

    def __str__(self) -> str:
        group, _, number = self.arn.rpartition("report/")[2].rpartition(":")
        return f"{group}:{number[:8]}"


class CommitRef(Struct, frozen=True, order=True):
    """A commit by the beginning of its id."""

    noun: ClassVar[str] = "commit"
    id: str

    def __str__(self) -> str:
        return self.id[:12]


class LogRef(Struct, frozen=True, order=True):
    """A log stream."""

    noun: ClassVar[str] = "log stream"
    group: str
    stream: str

    def __str__(self) -> str:
        return f"{self.group} {self.stream}"


class ApplicationRef(Struct, frozen=True, order=True):
    """A CodeDeploy application by name."""

    noun: ClassVar[str] = "application"
    name: str

    def __str__(self) -> str:
        return self.name


class DeploymentGroupRef(Struct, frozen=True, order=True):
    """A deployment group of an application."""

    noun: ClassVar[str] = "deployment group"
    application: str
    group: str

    def __str__(self) -> str:
        return f"{self.application}/{self.group}"


class DeploymentRef(Partly, frozen=True, eq=False):
    """A deployment by id, ``d-`` and nine characters."""

    apart: ClassVar = frozenset({"group"})
    noun: ClassVar[str] = "deployment"
    id: str
    group: DeploymentGroupRef | None = None
    """What it deploys to, where that is known: the id alone is the identity."""

    def __str__(self) -> str:
        return f"{self.group} {self.id}" if self.group is not None else self.id


class TargetRef(Struct, frozen=True, order=True):
    """A target of a deployment: an instance, a function, a service."""

    noun: ClassVar[str] = "target"
    deployment: str
    target: str

    def __str__(self) -> str:
        return f"{self.deployment} {self.target}"


class TraceRef(Struct, frozen=True, order=True):
    """A trace by id, ``1-`` with its time and twenty-four digits."""

    noun: ClassVar[str] = "trace"
    id: str

    def __str__(self) -> str:
        return self.id


class TraceServiceRef(Struct, frozen=True, order=True):
    """A node of X-Ray's service map."""

    noun: ClassVar[str] = "service"
    name: str
    type: str = ""
    """``AWS::DynamoDB::Table``, ``remote``, ``client``; empty where it is not known."""

    def __str__(self) -> str:
        return self.name


class SamplingRuleRef(Struct, frozen=True, order=True):
    """An X-Ray sampling rule by name."""

    noun: ClassVar[str] = "sampling rule"
    name: str

    def __str__(self) -> str:
        return self.name


class AlarmRef(Struct, frozen=True, order=True):
    """A CloudWatch alarm by name, metric or composite."""

    noun: ClassVar[str] = "alarm"
    name: str

    def __str__(self) -> str:
        return self.name


class MetricRef(Struct, frozen=True, order=True):
    """A CloudWatch metric: namespace, name and every dimension, ordered by name."""

    noun: ClassVar[str] = "metric"
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" {values}" if values else "")


class DashboardRef(Struct, frozen=True, order=True):
    """A CloudWatch dashboard by name."""

    noun: ClassVar[str] = "dashboard"
    name: str

    def __str__(self) -> str:
        return self.name


class LogGroupRef(Struct, frozen=True, order=True):
    """A log group by name."""

    noun: ClassVar[str] = "log group"
    name: str

    def __str__(self) -> str:
        return self.name


class TailRef(Struct, frozen=True, order=True):
    """A tail: log groups, and some of their streams, looked at together."""

    noun: ClassVar[str] = "tail"
    sources: tuple[str, ...]
    """``GROUP``, ``GROUP:STREAM`` or ``GROUP:PREFIX*``."""
    follows: BuildRef | DeploymentRef | None = None
    """What writes to them: the tail ends when that has ended."""
    find: str = ""
    """What is searched in it at once: a trace's id."""

    def __str__(self) -> str:
        return " ".join(self.sources)


class MetricFilterRef(Struct, frozen=True, order=True):
    """A metric filter of a log group."""

    noun: ClassVar[str] = "metric filter"
    group: str
    name: str

    def __str__(self) -> str:
        return f"{self.group} {self.name}"


class SavedQueryRef(Partly, frozen=True, eq=False):
    """A saved Logs Insights query (a query definition) by id."""

    apart: ClassVar = frozenset({"name"})
    noun: ClassVar[str] = "saved query"
    id: str
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.id


Ref = (
    PipelineRef
    | StageRef
    | ActionRef
    | ExecutionRef
    | ProjectRef
    | BuildRef
    | BatchRef
    | ReportRef
    | CommitRef
    | LogRef
    | ApplicationRef
    | DeploymentGroupRef
    | DeploymentRef
    | TargetRef
    | TraceRef
    | TraceServiceRef
    | SamplingRuleRef
    | AlarmRef
    | MetricRef
    | DashboardRef
    | LogGroupRef
    | TailRef
    | MetricFilterRef
    | SavedQueryRef
)
