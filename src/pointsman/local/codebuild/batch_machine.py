"""A batch's life as a pure state machine: ``step(progress, event, now) -> (progress, effects)``.

Which build may run after which, what a failure stops and what it leaves alone, and what the batch comes to: all of it
is here, and nothing of how a build is started.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from pointsman.local.codebuild.machine import FAILED, IN_PROGRESS, STOPPED, SUCCEEDED, TIMED_OUT, Context

SUBMITTED = "SUBMITTED"
DOWNLOAD_BATCHSPEC = "DOWNLOAD_BATCHSPEC"
COMBINE_ARTIFACTS = "COMBINE_ARTIFACTS"
_SILENT = Context()
ENDS = (SUCCEEDED, FAILED, STOPPED)
"""The phases a batch ends in."""


class BatchPhase(msgspec.Struct, frozen=True):
    """A phase a batch has entered."""

    type: str
    start: datetime
    end: datetime | None = None
    status: str = ""
    """Empty while it lasts, and for the last one."""
    contexts: tuple[Context, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """One build of the batch."""

    identifier: str
    depends_on: tuple[str, ...] = ()
    ignore_failure: bool = False
    status: str = ""
    """Empty while it waits; then the status of its build, or STOPPED when it never ran."""

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in ("", IN_PROGRESS)

    @property
    def passed(self) -> bool:
        """Whether it is over and fails nothing."""
        return self.status == SUCCEEDED or (self.ignore_failure and self.over)


class BatchProgress(msgspec.Struct, frozen=True):
    """Where a batch stands."""

    phases: tuple[BatchPhase, ...]
    status: str = IN_PROGRESS
    groups: tuple[Group, ...] = ()
    fast_fail: bool = False

    @property
    def phase(self) -> str:
        """The phase the batch is in."""
        return self.phases[-1].type

    @property
    def complete(self) -> bool:
        """Whether the batch has ended."""
        return self.status != IN_PROGRESS

    def group(self, identifier: str) -> Group | None:
        """The build of an identifier."""
        return next((one for one in self.groups if one.identifier == identifier), None)


# -- events ---------------------------------------------------------------------------------------------------------


class SpecRead(msgspec.Struct, frozen=True):
    """The builds of the batch are known."""

    groups: tuple[Group, ...]
    fast_fail: bool = False


class BatchFailed(msgspec.Struct, frozen=True):
    """What the running phase was about has failed."""

    context: Context


class GroupEnded(msgspec.Struct, frozen=True):
    """A build of the batch is over."""

    identifier: str
    status: str


class Combined(msgspec.Struct, frozen=True):
    """The artifacts are where they belong."""


class BatchStopped(msgspec.Struct, frozen=True):
    """Somebody stopped the batch."""

    context: Context = Context()


class BatchTimedOut(msgspec.Struct, frozen=True):
    """The batch has taken longer than it may."""


class BatchRetried(msgspec.Struct, frozen=True):
    """A batch that failed is tried again: all of it, or the builds that did not succeed."""

    all: bool = False


BatchEvent = SpecRead | BatchFailed | GroupEnded | Combined | BatchStopped | BatchTimedOut | BatchRetried


# -- effects --------------------------------------------------------------------------------------------------------


class ReadSpec(msgspec.Struct, frozen=True):
    """Fetch the source and read the batch section of its buildspec."""


class StartGroup(msgspec.Struct, frozen=True):
    """Start a build."""

    identifier: str


class StopGroup(msgspec.Struct, frozen=True):
    """Stop a build that runs."""

    identifier: str


class Combine(msgspec.Struct, frozen=True):
    """Bring the artifacts together."""


class BatchEnd(msgspec.Struct, frozen=True):
    """The batch has ended."""

    status: str


BatchEffect = ReadSpec | StartGroup | StopGroup | Combine | BatchEnd


def submit(now: datetime) -> tuple[BatchProgress, tuple[BatchEffect, ...]]:
    """A batch as StartBuildBatch answers it: submitted, its source being fetched."""
    done = BatchPhase(SUBMITTED, now, now, SUCCEEDED, (Context(),))
    return BatchProgress((done, BatchPhase(DOWNLOAD_BATCHSPEC, now))), (ReadSpec(),)


def step(progress: BatchProgress, event: BatchEvent, now: datetime) -> tuple[BatchProgress, tuple[BatchEffect, ...]]:
    """What an event makes of a batch; one that comes too late changes nothing.

    Args:
        progress: Where the batch stands.
        event: What happened.
        now: When.
    """
    move = _Move(progress, now)
    if isinstance(event, BatchRetried):
        if progress.complete and progress.status not in (SUCCEEDED, STOPPED):
            move.retry(event)
    elif not progress.complete:
        move.take(event)
    return move.progress, tuple(move.effects)


class _Move:
    """One step under way."""

    def __init__(self, progress: BatchProgress, now: datetime) -> None:
        self.progress = progress
        self.now = now
        self.effects: list[BatchEffect] = []

    def take(self, event: BatchEvent) -> None:
        phase = self.progress.phase
        match event:
            case SpecRead() if phase == DOWNLOAD_BATCHSPEC:
                self.leave(SUCCEEDED)
                self.change(groups=event.groups, fast_fail=event.fast_fail)
                self.enter(IN_PROGRESS)
                self.go_on()
            case GroupEnded() if phase == IN_PROGRESS:
                self.group_ended(event)
            case Combined() if phase == COMBINE_ARTIFACTS:
                self.leave(SUCCEEDED)
                self.end(SUCCEEDED, SUCCEEDED)
            case BatchFailed():
                self.halt()
                self.leave(FAILED, event.context)
                self.end(FAILED, FAILED)
            case BatchStopped():
                self.halt()
                self.leave(STOPPED, event.context)
                self.end(STOPPED, STOPPED)
            case BatchTimedOut():
                self.halt()
                self.leave(TIMED_OUT, Context("BATCH_TIMED_OUT", "The batch build has timed out"))
                self.end(FAILED, TIMED_OUT)
            case _:
                pass

    # -- phases -----------------------------------------------------------------------------------------------------

    def change(self, **changes: object) -> None:
        self.progress = msgspec.structs.replace(self.progress, **changes)

    def enter(self, phase: str) -> None:
        self.change(phases=(*self.progress.phases, BatchPhase(phase, self.now)))

    def leave(self, status: str, context: Context = _SILENT) -> None:
        *before, current = self.progress.phases
        left = msgspec.structs.replace(current, end=self.now, status=status, contexts=(context,))
        self.change(phases=(*before, left))

    def end(self, phase: str, status: str) -> None:
        self.enter(phase)
        self.change(status=status)
        self.effects.append(BatchEnd(status))

    # -- builds -----------------------------------------------------------------------------------------------------

    def put(self, identifier: str, status: str) -> None:
        groups = tuple(
            msgspec.structs.replace(one, status=status) if one.identifier == identifier else one
            for one in self.progress.groups
        )
        self.change(groups=groups)

    def group_ended(self, event: GroupEnded) -> None:
        group = self.progress.group(event.identifier)
        if group is None or group.status != IN_PROGRESS:
            return
        self.put(group.identifier, event.status)
        if self.progress.fast_fail and not group.ignore_failure and event.status != SUCCEEDED:
            self.halt()
        self.go_on()

    def halt(self) -> None:
        """Stop what runs, and let nothing that waits begin."""
        for group in self.progress.groups:
            if not group.over:
                if group.status == IN_PROGRESS:
                    self.effects.append(StopGroup(group.identifier))
                self.put(group.identifier, STOPPED)

    def go_on(self) -> None:
        """Start what may run now; when nothing is left, judge the batch."""
        while self.strand():
            pass
        known = {group.identifier: group for group in self.progress.groups}
        for group in self.progress.groups:
            if group.status == "" and all(known[name].passed for name in group.depends_on):
                self.put(group.identifier, IN_PROGRESS)
                self.effects.append(StartGroup(group.identifier))
        if all(group.over for group in self.progress.groups):
            self.judge()

    def strand(self) -> bool:
        """Stop what waits for a build that has failed; whether there was any."""
        known = {group.identifier: group for group in self.progress.groups}
        lost = [
            group.identifier
            for group in self.progress.groups
            if group.status == "" and any(known[name].over and not known[name].passed for name in group.depends_on)
        ]
        for identifier in lost:
            self.put(identifier, STOPPED)
        return bool(lost)

    def judge(self) -> None:
        failed = [group for group in self.progress.groups if not group.passed]
        if not failed:
            self.leave(SUCCEEDED)
            self.enter(COMBINE_ARTIFACTS)
            self.effects.append(Combine())
            return
        told = ", ".join(f"{group.identifier} ({group.status})" for group in failed[:10])
        self.leave(FAILED, Context("CLIENT_ERROR", f"Build groups did not succeed: {told}"))
        self.end(FAILED, FAILED)

    # -- trying again -----------------------------------------------------------------------------------------------

    def retry(self, event: BatchRetried) -> None:
        self.leave(FAILED, Context())
        known = self.progress.groups
        self.change(status=IN_PROGRESS)
        self.enter(SUBMITTED)
        self.leave(SUCCEEDED)
        if event.all or not known:
            self.change(groups=())
            self.enter(DOWNLOAD_BATCHSPEC)
            self.effects.append(ReadSpec())
            return
        again = tuple(one if one.status == SUCCEEDED else msgspec.structs.replace(one, status="") for one in known)
        self.change(groups=again)
        self.enter(IN_PROGRESS)
        self.go_on()
