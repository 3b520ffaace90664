"""The deeds of this session, live, and their way into the audit log.

The file is written on a thread, because a disk may take its time; the list and its listeners belong to the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import StateError
from pointsman.model.activity import Deed
from pointsman.model.refs import Ref
from pointsman.model.snapshot import Identity
from pointsman.operations.audit import AuditLog
from pointsman.operations.declare import WriteCall

Listener = Callable[[Deed], None]
_KEEP: Final = 500


class Ledger:
    """What this session did and does."""

    def __init__(self, audit: AuditLog, clock: Clock, world: str = "") -> None:
        self.audit = audit
        self.clock = clock
        self.world = world
        self.deeds: list[Deed] = []
        """Newest last."""
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every deed that begins or changes; returns the function that ends it."""
        self._listeners.append(listener)

        def release() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return release

    def draft(
        self, operation: str, said: str, *, identity: Identity | None = None, target: Ref | None = None, cli: str = ""
    ) -> Deed:
        """A deed that is about to begin; it is in no list yet."""
        return Deed(
            id=uuid.uuid4().hex,
            at=self.clock.now(),
            operation=operation,
            said=said,
            account=identity.account if identity else "",
            region=identity.region if identity else "",
            identity=identity.arn if identity else "",
            cli=cli,
            target=target,
        )

    async def begin(self, deed: Deed, call: WriteCall | None = None) -> None:
        """Write the intent to the disk, then show it; StateError, and nothing shown, when it cannot be written."""
        await asyncio.to_thread(self.audit.intent, deed, call, world=self.world)
        self._show(deed)

    async def end(self, deed: Deed) -> Deed:
        """Write the outcome and show it; a log that fails now is said in the deed, which stands all the same."""
        deed = replace(deed, ended=self.clock.now())
        try:
            await asyncio.to_thread(self.audit.outcome, deed)
        except StateError as error:
            deed = replace(deed, hint=" ".join(part for part in (deed.hint, f"{error.message}.") if part))
        self._show(deed)
        return deed

    async def refused(self, deed: Deed, reason: str, hint: str = "") -> Deed:
        """Keep a deed that was refused before anything was sent; a log that cannot be written changes nothing."""
        deed = replace(deed, outcome="refused", detail=reason, hint=hint, ended=self.clock.now())
        # Nothing was sent, so nothing is lost that the audit log exists for.
        with contextlib.suppress(StateError):
            await asyncio.to_thread(self._both, deed)
        self._show(deed)
        return deed

    def _both(self, deed: Deed) -> None:
        self.audit.intent(deed, None, world=self.world)
        self.audit.outcome(deed)

    def _show(self, deed: Deed) -> None:
        for index, known in enumerate(self.deeds):
            if known.id == deed.id:
                self.deeds[index] = deed
                break
        else:
            self.deeds.append(deed)
            del self.deeds[:-_KEEP]
        for listener in list(self._listeners):
            listener(deed)
