"""Deployments as the screens see them: what goes where, how far it is, what waits, what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, TargetRef
from pointsman.model.status import NOT_RUN, Status, Tone

SERVER, LAMBDA, ECS = "Server", "Lambda", "ECS"
_ENDED = ("Succeeded", "Failed", "Stopped")


class RevisionLocation(Struct, frozen=True):
    """Where a revision is: an object, a commit, or an application specification in itself."""

    kind: str = ""
    """AWS's word: ``S3``, ``GitHub``, ``String`` or ``AppSpecContent``."""
    bucket: str = ""
    key: str = ""
    bundle: str = ""
    version: str = ""
    etag: str = ""
    repository: str = ""
    commit: str = ""
    content: str = ""
    sha256: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind)

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes two locations the same revision: a version or, without one, the content's tag."""
        if self.kind == "S3":
            return "S3", self.bucket, self.key, self.version or self.etag
        if self.kind == "GitHub":
            return "GitHub", self.repository, self.commit
        return self.kind, self.sha256 or self.content

    @property
    def short(self) -> str:
        """In a dozen characters: a commit's seven digits, the object's version or name."""
        if self.kind == "GitHub":
            return self.commit[:7]
        if self.kind == "S3":
            name = self.key.rsplit("/", 1)[-1].removesuffix(f".{self.bundle}")
            return self.version[:7] if self.version else name or self.etag[:7]
        return (self.sha256 or self.kind)[:7]

    @property
    def words(self) -> str:
        """In full: ``s3://bucket/key@version``, ``owner/repository@commit``."""
        if self.kind == "S3":
            mark = f"@{self.version}" if self.version else f" (etag {self.etag})" if self.etag else ""
            return f"s3://{self.bucket}/{self.key}{mark}"
        if self.kind == "GitHub":
            return f"{self.repository}@{self.commit}"
        return f"{self.kind} {self.sha256[:12]}".strip() if self.kind else ""


NO_REVISION = RevisionLocation()


class Counts(Struct, frozen=True):
    """Targets by status."""

    pending: int = 0
    in_progress: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    ready: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.pending + self.in_progress + self.succeeded + self.failed + self.skipped + self.ready

    @property
    def done(self) -> int:
        """Those whose deployment has ended, however."""
        return self.succeeded + self.failed + self.skipped


_ACTIVATED = "Activated alarms:"
"""What stands before the names of the alarms that stopped a deployment, each in angle brackets."""


class BlueGreen(Struct, frozen=True):
    """What a blue/green deployment waits for, in minutes."""

    on_timeout: str = ""
    """``CONTINUE_DEPLOYMENT`` or ``STOP_DEPLOYMENT``: what follows when nobody reroutes the traffic."""
    ready_minutes: int = 0
    terminate: str = ""
    """``TERMINATE`` or ``KEEP_ALIVE``: what becomes of the original targets."""
    termination_minutes: int = 0
    provisioning: str = ""


class Deployment(Struct, frozen=True):
    """One deployment."""

    ref: DeploymentRef
    group: DeploymentGroupRef
    config: str = ""
    platform: str = SERVER
    status: Status = NOT_RUN
    created: datetime | None = None
    started: datetime | None = None
    completed: datetime | None = None
    revision: RevisionLocation = NO_REVISION
    previous: RevisionLocation = NO_REVISION
    counts: Counts = Counts()
    description: str = ""
    creator: str = ""
    """AWS's word: ``user``, ``codeDeployRollback``."""
    error_code: str = ""
    error_message: str = ""
    rollback_id: str = ""
    """The deployment that rolled this one back."""
    rolled_back_id: str = ""
    """The deployment that this one rolls back."""
    rollback_message: str = ""
    blue_green: bool = False
    traffic_control: bool = False
    waits: BlueGreen = BlueGreen()
    termination_waiting: bool = False
    """Whether the wait before the original targets are ended has begun."""
    rollback_events: tuple[str, ...] = ()
    """On what it is rolled back by itself."""
    alarms: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    external_id: str = ""
    """What outside of CodeDeploy it belongs to: a CloudFormation stack."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.ref.id

    @property
    def complete(self) -> bool:
        """Whether it has ended."""
        return self.status.word in _ENDED

    @property
    def awaits_reroute(self) -> bool:
        """Whether the replacement is ready and waits to be given the traffic."""
        return self.status.word == "Ready"

    @property
    def awaits_termination(self) -> bool:
        """Whether the traffic has moved and the originals wait to be ended."""
        return self.termination_waiting and not self.complete

    @property
    def awaits_person(self) -> bool:
        """Whether it stands still until a person says so, and ends as stopped if nobody does."""
        return self.awaits_reroute and self.waits.on_timeout != "CONTINUE_DEPLOYMENT"

    @property
    def began(self) -> datetime | None:
        """When it began: AWS's start where there is one, else its creation."""
        return self.started or self.created

    @property
    def lasted(self) -> timedelta | None:
        """How long an ended deployment took, from its creation on: the clocks behind start and end may differ."""
        if self.completed is None or self.created is None:
            return None
        return max(timedelta(0), self.completed - self.created)

    @property
    def is_rollback(self) -> bool:
        """Whether CodeDeploy made it to take another one back."""
        return bool(self.rolled_back_id) or self.creator in ("codeDeployRollback", "CloudFormationRollback")

    @property
    def failure(self) -> str:
        """What went wrong, in CodeDeploy's words; empty when nothing did."""
        return self.error_message or self.error_code

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """The names of the alarms that stopped it, as CodeDeploy tells them; none when none did."""
        if self.error_code != "ALARM_ACTIVE":
            return ()
        told = self.error_message.rpartition(_ACTIVATED)[2].strip() if _ACTIVATED in self.error_message else ""
        if told.startswith("<") and told.endswith(">"):
            return tuple(one for one in told[1:-1].split("> <") if one)
        # In other words than those: whatever it says of the alarms that are known to watch it.
        return tuple(one for one in self.alarms if one in self.error_message) or ((told,) if told else ())


class LifecycleEvent(Struct, frozen=True):
    """One step of a deployment on one target."""

    name: str
    status: Status = NOT_RUN
    started: datetime | None = None
    ended: datetime | None = None
    error_code: str = ""
    """``ScriptFailed``; empty when it went well."""
    script: str = ""
    message: str = ""
    log_tail: str = ""


class TaskSet(Struct, frozen=True):
    """A set of tasks of a service, or a version of a function: one side of shifting traffic."""

    label: str
    """``Blue`` or ``Green``."""
    id: str = ""
    status: str = ""
    weight: float | None = None
    """Percent of the traffic it serves; None where AWS does not say."""
    desired: int = 0
    running: int = 0
    pending: int = 0


class Target(Struct, frozen=True):
    """One target of a deployment, and how far it is."""

    ref: TargetRef
    status: Status = NOT_RUN
    label: str = ""
    """``Blue`` or ``Green`` for an instance of a blue/green deployment."""
    events: tuple[LifecycleEvent, ...] = ()
    sides: tuple[TaskSet, ...] = ()
    """Who serves the traffic, where a service or a function shifts it."""
    updated: datetime | None = None

    @property
    def name(self) -> str:
        """The instance's id, or its name on premises: an ARN's last part."""
        return self.ref.target.rsplit("/", 1)[-1]

    @property
    def settled(self) -> bool:
        """Whether nothing more happens to it in this deployment; a replacement that is installed still gets traffic."""
        if self.status.word not in ("Succeeded", "Failed", "Skipped"):
            return False
        return all(event.status.tone not in (Tone.MOVING, Tone.IDLE) for event in self.events)

    @property
    def failed_event(self) -> LifecycleEvent | None:
        """The first event that failed."""
        return next((event for event in self.events if event.status.failed), None)

    @property
    def current_event(self) -> LifecycleEvent | None:
        """The event under way."""
        return next((event for event in self.events if event.status.tone is Tone.MOVING), None)

    @property
    def started(self) -> datetime | None:
        """When its first event began."""
        return min((event.started for event in self.events if event.started is not None), default=None)

    @property
    def ended(self) -> datetime | None:
        """When its last event ended; None while it goes on."""
        if not self.settled:
            return None
        return max((event.ended for event in self.events if event.ended is not None), default=None)

    def event(self, name: str) -> LifecycleEvent | None:
        """The event of this name."""
        return next((event for event in self.events if event.name == name), None)


class Routing(Struct, frozen=True):
    """How a configuration moves the traffic."""

    kind: str = ""
    """``TimeBasedCanary``, ``TimeBasedLinear`` or ``AllAtOnce``."""
    percentage: int = 0
    minutes: int = 0


class Configuration(Struct, frozen=True):
    """A deployment configuration: how many at once, or how the traffic moves."""

    name: str
    healthy_kind: str = ""
    """``HOST_COUNT`` or ``FLEET_PERCENT``; empty where targets are not counted."""
    healthy_value: int = 0
    routing: Routing = Routing()


class Rollout(Struct, frozen=True):
    """A deployment with its targets: what its screen shows."""

    deployment: Deployment
    targets: tuple[Target, ...] = ()
    total: int = 0
    """How many targets there are, read or not."""
    configuration: Configuration | None = None

    @property
    def unread(self) -> int:
        """How many targets have not been read yet."""
        return max(0, self.total - len(self.targets))


class DeploymentList(Struct, frozen=True):
    """Deployments, newest first, and whether there are older ones."""

    deployments: tuple[Deployment, ...] = ()
    more: bool = False

    def __len__(self) -> int:
        return len(self.deployments)


class DeploymentGroup(Struct, frozen=True):
    """A deployment group: where an application is deployed to, and how."""

    ref: DeploymentGroupRef
    config: str = ""
    platform: str = SERVER
    target_revision: RevisionLocation = NO_REVISION
    last_good_id: str = ""
    last_good_at: datetime | None = None
    last_id: str = ""
    """The deployment attempted last."""
    last_status: Status = NOT_RUN
    last_at: datetime | None = None
    blue_green: bool = False
    traffic_control: bool = False
    rollback_events: tuple[str, ...] = ()
    """On what it rolls back by itself; empty when it does not."""
    alarms: tuple[str, ...] = ()
    waits: BlueGreen = BlueGreen()


class GroupHistory(Struct, frozen=True):
    """What is known of a group: what was deployed, what could be."""

    group: DeploymentGroup
    deployments: tuple[Deployment, ...] = ()
    """Newest first, as far back as they were read."""
    registered: tuple[RevisionLocation, ...] = ()
    """The application's registered revisions, newest first, deployed or not."""


class DeploymentState(Struct, frozen=True):
    """What an operation on a deployment judges: it, and what its group has deployed before."""

    deployment: Deployment
    history: GroupHistory
