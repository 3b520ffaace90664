"""Identities: hashable names of things, used as row keys, feed keys and the targets of operations.

``str(ref)`` is how a person would say it. Every ref knows the words its thing is called by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class PipelineRef:
    """A pipeline by name."""

    noun: ClassVar[str] = "pipeline"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class StageRef:
    """A stage of a pipeline; also names the transition (gate) at its entrance."""

    noun: ClassVar[str] = "stage"
    pipeline: str
    stage: str

    def __str__(self) -> str:
        return f"{self.pipeline} / {self.stage}"


@dataclass(frozen=True, slots=True, order=True)
class ActionRef:
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


@dataclass(frozen=True, slots=True, order=True)
class ExecutionRef:
    """A pipeline execution by id."""

    noun: ClassVar[str] = "execution"
    pipeline: str
    execution_id: str

    def __str__(self) -> str:
        return f"{self.pipeline} {self.execution_id[:8]}"


@dataclass(frozen=True, slots=True, order=True)
class ProjectRef:
    """A build project by name."""

    noun: ClassVar[str] = "project"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class BuildRef:
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


@dataclass(frozen=True, slots=True, order=True)
class BatchRef:
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


@dataclass(frozen=True, slots=True, order=True)
class ReportRef:
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


@dataclass(frozen=True, slots=True, order=True)
class CommitRef:
    """A commit by the beginning of its id."""

    noun: ClassVar[str] = "commit"
    id: str

    def __str__(self) -> str:
        return self.id[:12]


@dataclass(frozen=True, slots=True, order=True)
class LogRef:
    """A log stream."""

    noun: ClassVar[str] = "log stream"
    group: str
    stream: str

    def __str__(self) -> str:
        return f"{self.group} {self.stream}"


@dataclass(frozen=True, slots=True, order=True)
class ApplicationRef:
    """A CodeDeploy application by name."""

    noun: ClassVar[str] = "application"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class DeploymentGroupRef:
    """A deployment group of an application."""

    noun: ClassVar[str] = "deployment group"
    application: str
    group: str

    def __str__(self) -> str:
        return f"{self.application}/{self.group}"


@dataclass(frozen=True, slots=True, order=True)
class DeploymentRef:
    """A deployment by id, ``d-`` and nine characters."""

    noun: ClassVar[str] = "deployment"
    id: str
    group: DeploymentGroupRef | None = field(default=None, compare=False)
    """What it deploys to, where that is known: the id alone is the identity."""

    def __str__(self) -> str:
        return f"{self.group} {self.id}" if self.group is not None else self.id


@dataclass(frozen=True, slots=True, order=True)
class TargetRef:
    """A target of a deployment: an instance, a function, a service."""

    noun: ClassVar[str] = "target"
    deployment: str
    target: str

    def __str__(self) -> str:
        return f"{self.deployment} {self.target}"


@dataclass(frozen=True, slots=True, order=True)
class TraceRef:
    """A trace by id, ``1-`` with its time and twenty-four digits."""

    noun: ClassVar[str] = "trace"
    id: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True, order=True)
class TraceServiceRef:
    """A node of X-Ray's service map."""

    noun: ClassVar[str] = "service"
    name: str
    type: str = ""
    """``AWS::DynamoDB::Table``, ``remote``, ``client``; empty where it is not known."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class SamplingRuleRef:
    """An X-Ray sampling rule by name."""

    noun: ClassVar[str] = "sampling rule"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class AlarmRef:
    """A CloudWatch alarm by name, metric or composite."""

    noun: ClassVar[str] = "alarm"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class MetricRef:
    """A CloudWatch metric: namespace, name and every dimension, ordered by name."""

    noun: ClassVar[str] = "metric"
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" {values}" if values else "")


@dataclass(frozen=True, slots=True, order=True)
class DashboardRef:
    """A CloudWatch dashboard by name."""

    noun: ClassVar[str] = "dashboard"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class LogGroupRef:
    """A log group by name."""

    noun: ClassVar[str] = "log group"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class TailRef:
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


@dataclass(frozen=True, slots=True, order=True)
class MetricFilterRef:
    """A metric filter of a log group."""

    noun: ClassVar[str] = "metric filter"
    group: str
    name: str

    def __str__(self) -> str:
        return f"{self.group} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class SavedQueryRef:
    """A saved Logs Insights query (a query definition) by id."""

    noun: ClassVar[str] = "saved query"
    id: str
    name: str = field(default="", compare=False)

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
