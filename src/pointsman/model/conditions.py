"""What guards a stage besides its gate: conditions and their rules, and how often the stage was tried again."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pointsman.model.status import NOT_RUN, Status

BEFORE_ENTRY = "BEFORE_ENTRY"
ON_SUCCESS = "ON_SUCCESS"
ON_FAILURE = "ON_FAILURE"
KINDS = (BEFORE_ENTRY, ON_SUCCESS, ON_FAILURE)
"""The three places of a condition, in the order in which a run meets them."""


class Rule(Struct, frozen=True):
    """One rule of a condition and what last came of it."""

    name: str
    provider: str = ""
    """AWS's name of the kind of rule: ``CloudWatchAlarm``, ``DeploymentWindow``, ``VariableCheck``."""
    status: Status = NOT_RUN
    summary: str = ""
    changed_at: datetime | None = None
    external_id: str = ""
    external_url: str = ""
    error_code: str = ""
    error_message: str = ""
    configuration: tuple[tuple[str, str], ...] = ()
    """As declared, unresolved."""


class Condition(Struct, frozen=True):
    """A stage's condition of one kind: declared, run, or both."""

    kind: str
    """``BEFORE_ENTRY``, ``ON_SUCCESS`` or ``ON_FAILURE``."""
    status: Status = NOT_RUN
    summary: str = ""
    changed_at: datetime | None = None
    result: str = ""
    """What AWS does when it is not met: ``FAIL``, ``ROLLBACK``, ``RETRY`` or ``SKIP``; empty when not declared."""
    rules: tuple[Rule, ...] = ()

    @property
    def words(self) -> str:
        """As a person says it: ``before entry``."""
        return self.kind.lower().replace("_", " ")

    @property
    def unmet(self) -> tuple[Rule, ...]:
        """The rules that failed."""
        return tuple(rule for rule in self.rules if rule.status.failed)


class Retries(Struct, frozen=True):
    """How often a stage was tried again in the run that is in it."""

    automatic: int = 0
    manual: int = 0
    trigger: str = ""
    """What the latest was: ``AutomatedStageRetry`` or ``ManualStageRetry``; empty when there was none."""

    def __bool__(self) -> bool:
        return bool(self.automatic or self.manual)


NEVER_RETRIED = Retries()


class TriggerFilter(Struct, frozen=True):
    """One alternative of a trigger: an event, and what of a repository it is about."""

    event: str
    """``push``, or ``pull request`` and its events."""
    limits: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    """(``branches``, ``tags`` or ``paths``; patterns it includes; patterns it excludes)."""


class Trigger(Struct, frozen=True):
    """What starts a V2 pipeline by itself, for one source action."""

    action: str
    provider: str = ""
    filters: tuple[TriggerFilter, ...] = ()
    """Any of them suffices; none: every push to the source's branch."""
