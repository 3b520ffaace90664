"""What CodeDeploy asks of whoever carries lifecycle events out, and the facts that come back.

The engine decides, a crew does. A crew never calls back: it posts facts (``World.post``) under the topics named here.
A test, the demo and a real run differ only in the crew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import msgspec
from msgspec import Struct, field

from pointsman.local.world import Scope

EVENT_STARTED: Final = "codedeploy.event.started"
"""An event is being carried out: ``deployment``, ``target``, ``event``."""
EVENT_ENDED: Final = "codedeploy.event.ended"
"""An event is over: those, and ``outcome`` with the fields of ``machine.Outcome``."""


class Bundle(msgspec.Struct, frozen=True):
    """A revision's bundle as a body of ours, kept under the deployment's id."""

    digest: str
    kind: str
    """``zip``, ``tar``, ``tgz``, or ``YAML`` or ``JSON``: a bare AppSpec."""
    variables: dict[str, str] = {}
    """``BUNDLE_…``, for the scripts."""


class EventOrder(Struct, frozen=True):
    """A lifecycle event to carry out on an instance."""

    deployment: str
    target: str
    event: str
    root: Path
    """The folder that stands for the instance."""
    application: str
    group: str
    group_id: str
    bundle: Bundle | None
    hooks_of: str
    """Whose scripts: ``new`` (this deployment's), ``last`` (last installed) or ``recent`` (last downloaded)."""
    file_exists: str = "DISALLOW"
    variables: Mapping[str, str] = field(default_factory=dict)
    """Further variables for the scripts."""

    @property
    def key(self) -> tuple[str, str]:
        """Which target of which deployment."""
        return self.deployment, self.target


@runtime_checkable
class Crew(Protocol):
    """Carries lifecycle events out. Every method returns at once and never raises for what goes wrong in an event."""

    def carry(self, scope: Scope, order: EventOrder, *, again: bool = False) -> None:
        """Carry out an event: posts one ``EVENT_STARTED`` and one ``EVENT_ENDED``.

        An instance carries out one event at a time; when there are more than the crew can do, they queue.

        Args:
            scope: Whose deployment.
            order: The event.
            again: The backend died meanwhile: what the event has done already is not done again.
        """
        ...

    def cancel(self, key: tuple[str, str]) -> None:
        """Take the event of a target off the queue, if it has not begun."""
        ...

    def queue(self) -> Sequence[tuple[str, str]]:
        """The targets whose events queue, in order."""
        ...

    def switch_off(self, scope: Scope, root: Path) -> None:
        """End whatever still runs on an instance."""
        ...

    def close(self) -> None:
        """End everything, and wait until it has ended."""
        ...
