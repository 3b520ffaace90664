"""A build's life as a pure state machine: ``step(progress, event, now, spec) -> (progress, effects)``.

Which phase follows which failure, what ``finally`` and ``on-failure`` change, what stop and time-out do: all of it is
here, and nothing of how a command is run or a source fetched.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from pointsman.local.codebuild.buildspec import Buildspec, PhaseSpec

IN_PROGRESS = "IN_PROGRESS"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
FAULT = "FAULT"
STOPPED = "STOPPED"
TIMED_OUT = "TIMED_OUT"

USER_PHASES = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
PHASES = (
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    *USER_PHASES,
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
)


class Context(msgspec.Struct, frozen=True):
    """Why a phase ended as it did."""

    code: str = ""
    message: str = ""


class Phase(msgspec.Struct, frozen=True, gc=False):
    """A phase a build has entered."""

    type: str
    start: datetime
    end: datetime | None = None
    status: str = ""
    """Empty while the phase runs, and for COMPLETED."""
    contexts: tuple[Context, ...] = ()


class Progress(msgspec.Struct, frozen=True):
    """Where a build stands."""

    phases: tuple[Phase, ...]
    status: str = IN_PROGRESS
    failing: bool = False
    """A phase has failed; the build cannot succeed any more."""
    number: int = 0
    """Of the command that was given out last."""
    block: str = ""
    """``commands`` or ``finally`` while a command runs."""
    index: int = 0
    """Of the running command in its block."""
    retries: int = 0
    """How often the running phase has been tried again."""
    contexts: tuple[Context, ...] = ()
    """What has gone wrong in the running phase."""

    @property
    def phase(self) -> str:
        """The phase the build is in."""
        return self.phases[-1].type

    @property
    def complete(self) -> bool:
        """Whether the build has ended."""
        return self.phase == "COMPLETED"


# -- events ---------------------------------------------------------------------------------------------------------


class Dequeued(msgspec.Struct, frozen=True):
    """There is room to run the build."""


class Provisioned(msgspec.Struct, frozen=True):
    """What the build needs of this machine is there."""


class Fetched(msgspec.Struct, frozen=True):
    """Sources and buildspec are there; the spec given to ``step`` is the build's from now on."""


class Downloaded(msgspec.Struct, frozen=True):
    """The source is there, and that is all this build was for: a batch has read its section of the buildspec."""


class CommandEnded(msgspec.Struct, frozen=True):
    """The running command is over; ``context`` is why, when it failed."""

    number: int
    failed: bool
    context: Context = Context()
    output: str = ""
    """The last lines it printed, for ``on-failure: RETRY-regex``."""


class Uploaded(msgspec.Struct, frozen=True):
    """The artifacts are where they belong."""


class Failed(msgspec.Struct, frozen=True):
    """What the running phase (other than a user's) was about has failed."""

    context: Context
    status: str = FAILED


class Stopped(msgspec.Struct, frozen=True):
    """Somebody stopped the build."""

    context: Context = Context()


class TimedOut(msgspec.Struct, frozen=True):
    """The build has taken longer than it may."""

    context: Context = Context("BUILD_TIMED_OUT", "Build has timed out. ")


class Lost(msgspec.Struct, frozen=True):
    """The backend was stopped while the build ran, and what ran is gone."""

    context: Context


Event = (
    Dequeued | Provisioned | Fetched | Downloaded | CommandEnded | Uploaded | Failed | Stopped | TimedOut | Lost
)  # everything that can happen to a build


# -- effects --------------------------------------------------------------------------------------------------------


class Entered(msgspec.Struct, frozen=True):
    """The build has entered a phase."""

    phase: str


class Left(msgspec.Struct, frozen=True):
    """The build has left a phase."""

    phase: Phase


class Retried(msgspec.Struct, frozen=True):
    """A failed phase is tried again."""

    phase: str
    retry: int
    limit: int


class Run(msgspec.Struct, frozen=True):
    """Run a command."""

    phase: str
    number: int
    command: str
    succeeding: bool


class Provision(msgspec.Struct, frozen=True):
    """See to what the build needs of this machine."""


class Fetch(msgspec.Struct, frozen=True):
    """Fetch sources and buildspec."""


class Collect(msgspec.Struct, frozen=True):
    """Pack and upload the artifacts."""


class End(msgspec.Struct, frozen=True):
    """The build has ended: nothing of it may go on running."""

    status: str


Effect = Entered | Left | Retried | Run | Provision | Fetch | Collect | End


def submit(now: datetime) -> Progress:
    """A build as StartBuild answers it: submitted, and in the queue."""
    done = Phase("SUBMITTED", now, now, SUCCEEDED)
    return Progress((done, Phase("QUEUED", now)))


def step(
    progress: Progress, event: Event, now: datetime, spec: Buildspec | None = None
) -> tuple[Progress, tuple[Effect, ...]]:
    """What an event makes of a build.

    An event that comes too late (a command's end after a stop) changes nothing.

    Args:
        progress: Where the build stands.
        event: What happened.
        now: When.
        spec: The buildspec; needed from ``Fetched`` on.
    """
    if progress.complete:
        return progress, ()
    move = _Move(progress, now, spec or Buildspec())
    move.take(event)
    return move.progress, tuple(move.effects)


class _Move:
    """One step under way."""

    def __init__(self, progress: Progress, now: datetime, spec: Buildspec) -> None:
        self.progress = progress
        self.now = now
        self.spec = spec
        self.effects: list[Effect] = []

    def take(self, event: Event) -> None:
        phase = self.progress.phase
        match event:
            case Dequeued() if phase == "QUEUED":
                self.leave(SUCCEEDED)
                self.enter("PROVISIONING")
                self.effects.append(Provision())
            case Provisioned() if phase == "PROVISIONING":
                self.leave(SUCCEEDED)
                self.enter("DOWNLOAD_SOURCE")
                self.effects.append(Fetch())
            case Fetched() if phase == "DOWNLOAD_SOURCE":
                self.leave(SUCCEEDED)
                self.user_phase("INSTALL")
            case Downloaded() if phase == "DOWNLOAD_SOURCE":
                self.leave(SUCCEEDED)
                self.finalize()
            case CommandEnded() if phase in USER_PHASES and event.number == self.progress.number:
                self.command_ended(event)
            case Uploaded() if phase == "UPLOAD_ARTIFACTS":
                self.leave(SUCCEEDED)
                self.finalize()
            case Failed() if phase not in USER_PHASES:
                self.leave(event.status, (event.context,))
                self.finalize(FAULT if event.status == FAULT else "")
            case Stopped():
                self.cut(STOPPED, event.context)
            case TimedOut():
                self.cut(TIMED_OUT, event.context)
            case Lost():
                self.cut(FAULT, event.context)
            case _:
                pass

    # -- phases -----------------------------------------------------------------------------------------------------

    def change(self, **changes: object) -> None:
        self.progress = msgspec.structs.replace(self.progress, **changes)

    def enter(self, phase: str) -> None:
        self.change(phases=(*self.progress.phases, Phase(phase, self.now)), block="", index=0, retries=0, contexts=())
        self.effects.append(Entered(phase))

    def leave(self, status: str, contexts: tuple[Context, ...] = ()) -> None:
        *before, current = self.progress.phases
        left = msgspec.structs.replace(current, end=self.now, status=status, contexts=contexts or (Context(),))
        self.change(phases=(*before, left), failing=self.progress.failing or status != SUCCEEDED, block="")
        self.effects.append(Left(left))

    def finalize(self, status: str = "") -> None:
        self.enter("FINALIZING")
        *before, current = self.progress.phases
        left = msgspec.structs.replace(current, end=self.now, status=SUCCEEDED, contexts=(Context(),))
        self.change(phases=(*before, left))
        self.effects.append(Left(left))
        self.complete(status or (FAILED if self.progress.failing else SUCCEEDED))

    def complete(self, status: str) -> None:
        self.enter("COMPLETED")
        self.change(status=status)
        self.effects.append(End(status))

    def cut(self, status: str, context: Context) -> None:
        self.leave(status, (context,))
        self.complete(status)

    # -- the user's phases ------------------------------------------------------------------------------------------

    @property
    def current(self) -> PhaseSpec:
        return self.spec.phase(self.progress.phase)

    def user_phase(self, phase: str) -> None:
        self.enter(phase)
        self.begin("commands")

    def begin(self, block: str) -> None:
        """Run the first command of a block, or what comes after it when it has none."""
        if self.block(block):
            self.run(block, 0)
        elif block == "commands":
            self.begin("finally")
        else:
            self.phase_over()

    def block(self, block: str) -> tuple[str, ...]:
        return self.current.commands if block == "commands" else self.current.finally_

    def run(self, block: str, index: int) -> None:
        number = self.progress.number + 1
        self.change(block=block, index=index, number=number)
        command = self.block(block)[index]
        self.effects.append(Run(self.progress.phase, number, command, not self.progress.failing))

    def command_ended(self, event: CommandEnded) -> None:
        block, index = self.progress.block, self.progress.index
        if event.failed:
            self.change(contexts=(*self.progress.contexts, event.context))
            if self.retry(event):
                return
        if not event.failed and index + 1 < len(self.block(block)):
            self.run(block, index + 1)
        elif block == "commands":
            self.begin("finally")
        else:
            self.phase_over()

    def retry(self, event: CommandEnded) -> bool:
        """Try the phase again from its first command, when its on-failure says so."""
        rule = self.current.on_failure
        if rule is None or rule.action != "RETRY" or self.progress.retries >= rule.count:
            return False
        if not matches(rule.pattern, f"{event.context.message}\n{event.output}"):
            return False
        retry = self.progress.retries + 1
        self.change(retries=retry, contexts=())
        self.effects.append(Retried(self.progress.phase, retry, rule.count))
        self.begin("commands")
        return True

    def phase_over(self) -> None:
        phase, contexts = self.progress.phase, self.progress.contexts
        rule = self.current.on_failure
        self.leave(FAILED if contexts else SUCCEEDED, contexts[:1])
        abort = bool(contexts) and (
            rule.action == "ABORT" if rule is not None and rule.action != "RETRY" else phase in ("INSTALL", "PRE_BUILD")
        )
        if abort:
            self.finalize()
        elif phase == "POST_BUILD":
            self.enter("UPLOAD_ARTIFACTS")
            self.effects.append(Collect())
        else:
            self.user_phase(USER_PHASES[USER_PHASES.index(phase) + 1])


def matches(pattern: str, text: str) -> bool:
    """Whether a user's regular expression is found in a text; one that takes too long is not."""
    import regex  # a user's pattern: on the engine that can be given a time-out

    try:
        return regex.search(pattern, text, timeout=0.2) is not None
    except TimeoutError:
        return False
