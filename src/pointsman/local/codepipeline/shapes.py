"""What the CodePipeline engine keeps: one frozen struct per record.

``Pipeline`` is the definition, ``Line`` everything that ``GetPipelineState`` shows (small, rewritten at each step),
``Execution`` and ``ActionRun`` the history; a condition's rule runs as an ``ActionRun`` too. Keys: a pipeline's name,
then a number padded to sort.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from pointsman.local.codepipeline.declaration import PipelineDeclaration
from pointsman.local.codepipeline.flow import IN_PROGRESS, STANDARD, Flow, StageRun, Visitor


def numbered(pipeline: str, number: int) -> str:
    """The key of the pipeline's numbered record."""
    return f"{pipeline}/{number:010d}"


def placed(stage: str, action: str, condition: str = "") -> str:
    """The key in ``Line.actions`` of an action, or of a condition's rule."""
    return f"{stage}/{condition}:{action}" if condition else f"{stage}/{action}"


class Pipeline(msgspec.Struct, frozen=True):
    """A pipeline's definition now; key: its name."""

    declaration: PipelineDeclaration
    created: datetime
    updated: datetime
    tags: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Its name."""
        return self.declaration.name

    @property
    def version(self) -> int:
        """Counts up with each update."""
        return self.declaration.version


class PipelineVersion(msgspec.Struct, frozen=True):
    """A definition, current or past; key: name/version."""

    declaration: PipelineDeclaration
    updated: datetime


class Revision(msgspec.Struct, frozen=True):
    """What a source action brought."""

    action: str
    artifact: str
    id: str
    created: datetime
    change_id: str = ""
    summary: str = ""
    url: str = ""
    author: str = ""


class Failure(msgspec.Struct, frozen=True):
    """Why an action failed."""

    code: str
    message: str


class Latest(msgspec.Struct, frozen=True):
    """What last happened in an action, as ``GetPipelineState`` shows it."""

    id: str
    number: int
    status: str
    changed: datetime
    summary: str = ""
    token: str = ""
    """An approval's, kept when it is answered, so that a second answer is told from a wrong one."""
    updated_by: str = ""
    external_id: str = ""
    external_url: str = ""
    percent: int | None = None
    failure: Failure | None = None
    log_stream_arn: str = ""
    entity_url: str = ""
    revision: Revision | None = None


class Line(msgspec.Struct, frozen=True):
    """A pipeline's live state; key: its name."""

    flow: Flow
    actions: dict[str, Latest] = {}
    """``placed(stage, action)`` -> what last happened there."""
    lanes: tuple[int, ...] = ()
    """The numbers of the PARALLEL executions that have not ended."""
    shown: dict[str, StageRun] = {}
    """Stage -> its latest run by a PARALLEL execution."""
    checked: dict[str, datetime] = {}
    """``placed(stage, kind)`` -> when a condition's status last changed."""


class Lane(msgspec.Struct, frozen=True):
    """A PARALLEL execution's own flow, in which it meets nobody; key: name/number."""

    flow: Flow


class Artifact(msgspec.Struct, frozen=True):
    """An artifact where it lies in the store."""

    name: str
    bucket: str
    key: str
    digest: str
    """Of the zip, in the world's blobs."""
    version_id: str = ""


class Override(msgspec.Struct, frozen=True):
    """A revision that StartPipelineExecution asked a source action for."""

    kind: str
    value: str
    branch: str = ""
    """The branch a trigger found it on."""


class Execution(msgspec.Struct, frozen=True):
    """One run of a pipeline; key: name/number."""

    id: str
    pipeline: str
    number: int
    version: int
    status: str
    started: datetime
    updated: datetime
    trigger: str
    trigger_detail: str = ""
    mode: str = "SUPERSEDED"
    kind: str = STANDARD
    rollback_target: str = ""
    summary: str = ""
    stop_reason: str | None = None
    """Not None once somebody stopped it."""
    retried: int = 0
    """How often it went on after it had ended."""
    variables: dict[str, str] = {}
    overrides: dict[str, Override] = {}
    revisions: tuple[Revision, ...] = ()
    artifacts: dict[str, Artifact] = {}
    outputs: dict[str, dict[str, str]] = {}
    """Namespace -> the variables its action made."""
    succeeded_in: tuple[str, ...] = ()
    runs: tuple[int, ...] = ()
    """Its action executions' numbers, oldest first."""
    current_runs: tuple[int, ...] = ()
    """Those of the latest attempt."""
    rules: tuple[int, ...] = ()
    """Its rule executions' numbers, oldest first."""
    current_rules: tuple[int, ...] = ()
    """Those of the latest attempt."""

    @property
    def visitor(self) -> Visitor:
        """As the state machine knows it."""
        return Visitor(self.id, self.number, self.kind)


class ExecutionNumber(msgspec.Struct, frozen=True):
    """Where an execution is; key: name/execution id."""

    number: int


class RequestToken(msgspec.Struct, frozen=True):
    """What a client's token started; key: name/token."""

    execution: str


class ActionRun(msgspec.Struct, frozen=True):
    """One action execution, or the execution of a condition's rule; key: name/number."""

    id: str
    number: int
    pipeline: str
    version: int
    execution: str
    execution_number: int
    stage: str
    action: str
    started: datetime
    updated: datetime
    status: str = IN_PROGRESS
    updated_by: str = ""
    configuration: dict[str, str] = {}
    """Resolved."""
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    variables: dict[str, str] = {}
    summary: str = ""
    external_id: str = ""
    external_url: str = ""
    failure: Failure | None = None
    log_stream_arn: str = ""
    condition: str = ""
    """BEFORE_ENTRY, ON_SUCCESS or ON_FAILURE when ``action`` is a rule's name; empty for an action."""

    @property
    def place(self) -> str:
        """Its key in ``Line.actions``."""
        return placed(self.stage, self.action, self.condition)

    @property
    def ticket(self) -> Ticket:
        """What finds it again."""
        return Ticket(self.pipeline, self.number, self.id)


class Ticket(msgspec.Struct, frozen=True):
    """What finds an action execution again from a timer, a job or another engine's event."""

    pipeline: str
    number: int
    id: str

    def payload(self) -> dict[str, object]:
        """For a timer or a fact."""
        return {"pipeline": self.pipeline, "number": self.number, "id": self.id}

    @classmethod
    def of(cls, payload: dict[str, object]) -> Ticket:
        """Back from a payload."""
        return msgspec.convert({key: payload[key] for key in ("pipeline", "number", "id")}, cls)


class Watched(msgspec.Struct, frozen=True):
    """The newest revision known of a polled source action; key: name/stage/action."""

    revision: str
    """Empty when there was none."""
    at: datetime


class WatchedRefs(msgspec.Struct, frozen=True):
    """The branches and tags last seen behind a source action with a trigger; key: name/stage/action."""

    refs: dict[str, str]
    source: str
    """The configuration they were seen with."""


class ApprovalOf(msgspec.Struct, frozen=True):
    """What the token of a PARALLEL execution's approval is for; key: name/token."""

    stage: str
    action: str
    ticket: Ticket
