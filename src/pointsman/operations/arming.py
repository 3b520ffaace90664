"""Allowing writes for a time, and taking that back.

Against AWS the console starts read-only. Arming is bound to the caller it was given under and ends by time; it is a
deed like any other and stands in the audit log before it takes effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from pointsman.errors import PointsmanError, Refused, StateError
from pointsman.model.activity import Deed
from pointsman.operations.ledger import Ledger
from pointsman.operations.ports import GuardLike, ServicesLike

LONGEST_MINUTES: Final = 60
HOW_TO_ARM: Final = "Type :arm 15 to allow writes for 15 minutes."
UNLOCK: Final = "Start it without --read-only."


def way_out(guard: GuardLike) -> str:
    """What to do about a read-only console."""
    return UNLOCK if guard.locked else HOW_TO_ARM


def minutes_problem(text: str) -> str | None:
    """What is wrong with the argument of ``:arm``; None when nothing is."""
    try:
        minutes = int(text)
    except ValueError:
        return f"{text[:20]!r} is not a number of minutes: type :arm 15."
    return _range_problem(minutes)


def _range_problem(minutes: float) -> str | None:
    if not 1 <= minutes <= LONGEST_MINUTES:
        return f"Writes can be allowed for 1 to {LONGEST_MINUTES} minutes at a time."
    return None


class Arming:
    """Arms and disarms the guard of now."""

    def __init__(self, services: ServicesLike, ledger: Ledger, guard_of: Callable[[], GuardLike]) -> None:
        self._services = services
        self._ledger = ledger
        self._guard_of = guard_of

    async def arm(self, minutes: float) -> Deed:
        """Allow writes for a time to whoever the console acts as now.

        Raises:
            Refused: Writes are allowed anyway, the time is out of range, the caller is not known, or the audit log
                cannot be written.
        """
        guard = self._guard_of()
        if not guard.read_only:
            raise Refused("Writes are allowed here: there is nothing to arm")
        if guard.locked:
            raise Refused("This console was started with --read-only", UNLOCK)
        if (problem := _range_problem(minutes)) is not None:
            raise Refused(problem)
        try:
            identity = await self._services.cloud.whoami(fresh=True)
        except PointsmanError as error:
            raise Refused(f"Who you are could not be found out ({error.message})", error.hint) from error
        deed = self._ledger.draft("console.arm", f"allow writes for {minutes:g} minutes", identity=identity)
        try:
            await self._ledger.begin(deed)
        except StateError as error:
            raise Refused(f"{error.message}; writes stay refused", error.hint) from error
        if guard is not self._guard_of():
            await self._ledger.end(replace(deed, outcome="refused", detail="The profile or region changed meanwhile."))
            raise Refused("The profile or region changed meanwhile; writes stay refused")
        guard.arm(minutes, identity)
        return await self._ledger.end(
            replace(deed, outcome="done", said=f"allowed writes for {minutes:g} minutes to {identity.arn}")
        )

    async def disarm(self) -> Deed:
        """Refuse writes again; this takes effect whether or not it can be written down."""
        guard = self._guard_of()
        guard.disarm()
        deed = self._ledger.draft("console.disarm", "refused writes again")
        try:
            await self._ledger.begin(deed)
        except StateError as error:
            deed = replace(deed, hint=error.message)
        return await self._ledger.end(replace(deed, outcome="done"))
