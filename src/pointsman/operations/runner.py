"""The only path to a write.

Frozen target -> read-only? -> refused? -> (the dialog, elsewhere) -> caller and target read again -> refused again,
also when what the dialog showed has changed -> the intent on the disk (no audit, no write) -> sent exactly once ->
the outcome with its request id -> feeds poked. A fault after the request left is an unknown outcome, not a failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from pointsman.errors import CallFailed, Fault, FaultKind, PointsmanError, Refused, StateError
from pointsman.model.activity import Deed
from pointsman.model.refs import BatchRef, BuildRef, DeploymentRef, ExecutionRef, Ref
from pointsman.model.snapshot import Identity
from pointsman.operations.arming import Arming, way_out
from pointsman.operations.audit import AuditLog
from pointsman.operations.cli_line import line
from pointsman.operations.declare import Answers, Confirm, Operation, WriteCall
from pointsman.operations.ledger import Ledger, Listener
from pointsman.operations.ports import GuardLike, ServicesLike
from pointsman.operations.preview import Preview, answer_problems, changes, owner, protecting, with_defaults
from pointsman.operations.redaction import hide, redacted, secrets_in
from pointsman.operations.registry import Registry

_EXPIRING: Final = timedelta(minutes=5)


class _Write(Struct, frozen=True):
    """Everything that was settled before a write goes out."""

    operation: Operation[Any]
    ref: Ref
    call: WriteCall
    secrets: tuple[str, ...]
    deed: Deed


class Runner:
    """Runs operations, one at a time per target and verb.

    Args:
        services: What reads targets and sends writes.
        registry: The operations there are; another one is refused.
        audit: Where intents and outcomes are written down.
        guard_of: The guard of now: another profile or region brings another one.
        protected: Whether the name of a pipeline, project, application or group is protected.
        endpoint: The endpoint calls go to, for the command line; empty for AWS's own.
    """

    def __init__(
        self,
        services: ServicesLike,
        registry: Registry,
        audit: AuditLog,
        guard_of: Callable[[], GuardLike],
        protected: Callable[[str], bool],
        endpoint: str = "",
    ) -> None:
        self._services = services
        self._registry = registry
        self._guard_of = guard_of
        self._protected = protected
        self._endpoint = endpoint
        self.ledger = Ledger(audit, services.clock, services.world)
        self.arming = Arming(services, self.ledger, guard_of)
        self._in_flight: set[tuple[str, Ref]] = set()
        self._sending: set[asyncio.Task[Deed]] = set()

    @property
    def deeds(self) -> list[Deed]:
        """What this session did and does, newest last."""
        return self.ledger.deeds

    @property
    def sending(self) -> int:
        """How many writes are on their way: a console that quits waits for them with ``drain``."""
        return len(self._sending)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every deed that begins or changes; returns the function that ends it."""
        return self.ledger.listen(listener)

    async def drain(self) -> None:
        """Wait until the outcome of every write on its way is written down."""
        while self._sending:
            await asyncio.wait(set(self._sending))

    def history(self, limit: int = 500) -> tuple[Deed, ...]:
        """The deeds of the audit log and of this session, newest last. Reads the file."""
        merged = {deed.id: deed for deed in self.ledger.audit.read(limit)}
        merged |= {deed.id: deed for deed in self.ledger.deeds}
        return tuple(sorted(merged.values(), key=lambda deed: deed.at))[-limit:]

    # -- before

    def why_not(self, operation: Operation[Any], ref: Ref, state: Any, identity: Identity | None = None) -> str | None:
        """Why the operation may not run now, read-only first; None when it may. Cheap: runs at every repaint."""
        return self._read_only(identity) or operation.refuse(state, ref)

    def confirm_level(self, operation: Operation[Any], ref: Ref, state: Any) -> Confirm:
        """How much a person must say; one level more for a protected name."""
        level = operation.confirm(state, ref)
        return level.raised() if self._is_protected(ref) else level

    def _is_protected(self, ref: Ref) -> bool:
        return any(self._protected(name) for name in protecting(ref))

    async def preview(self, operation: Operation[Any], ref: Ref, state: Any, answers: Answers) -> Preview:
        """What the dialog shows; total over half-typed answers, whose faults are in ``problems``."""
        identity = await self._services.cloud.whoami()
        fields = operation.fields(state, ref)
        answers = with_defaults(fields, answers)
        call = operation.plan(state, ref, answers)
        return Preview(
            operation=operation.id,
            target=ref,
            title=f"{operation.title}: {ref}",
            identity=identity,
            call=f"{call.service}:{call.operation}",
            cli=self._cli(call, secrets_in(fields, answers)),
            consequences=operation.consequences(state, ref, answers),
            warnings=self._warnings(operation, ref, identity),
            problems=answer_problems(fields, answers),
            confirm=self.confirm_level(operation, ref, state),
            type_name=owner(ref),
            state=state,
        )

    async def look(self, operation: Operation[Any], ref: Ref, state: Any, answers: Answers) -> Any:
        """The state with what these answers make worth knowing; the same one when there is nothing to be read.

        Raises:
            PointsmanError: It cannot be read.
        """
        fields = operation.fields(state, ref)
        answers = with_defaults(fields, answers)
        if operation.look is None or answer_problems(fields, answers):
            return state
        return await operation.look(self._services, ref, state, answers)

    def _warnings(self, operation: Operation[Any], ref: Ref, identity: Identity) -> tuple[str, ...]:
        lines: list[str] = []
        if self._is_protected(ref):
            lines.append(f"{owner(ref)} is protected.")
        earlier = next(
            (one for one in reversed(self.deeds) if one.operation == operation.id and one.target == ref), None
        )
        if earlier is not None and earlier.outcome == "unknown":
            lines.append(f"The last time, at {earlier.at:%H:%M} UTC, its outcome stayed unknown. {_again(operation)}")
        if identity.expires is not None and identity.expires - self._services.clock.now() < _EXPIRING:
            lines.append(f"The credentials end at {identity.expires:%H:%M} UTC.")
        return tuple(lines)

    def _cli(self, call: WriteCall, secrets: tuple[str, ...]) -> str:
        cloud = self._services.cloud
        return line(call, region=cloud.region, profile=cloud.profile, endpoint=self._endpoint, secrets=secrets)

    def _read_only(self, identity: Identity | None) -> str | None:
        return self._guard_of().why_not(self._services.clock.now(), identity)

    # -- the run

    async def run(self, operation: Operation[Any], ref: Ref, answers: Answers, *, shown: Preview) -> Deed:
        """Run an operation that a person has confirmed.

        Cancelling the caller before the intent is written stops it; after that the write and its outcome are carried
        to the end without the caller.

        Args:
            operation: What to do.
            ref: The target, frozen when the dialog opened.
            answers: What the person filled in.
            shown: What the dialog showed.

        Returns:
            The deed: done, failed, or unknown when the request left and no answer came.

        Raises:
            Refused: Nothing was sent; the message says why.
        """
        key = (operation.id, ref)
        if key in self._in_flight:
            raise Refused(f"{operation.title}: {ref} is being sent already", "Wait for its outcome.")
        self._in_flight.add(key)
        try:
            write = await self._settle(operation, ref, answers, shown)
            task = asyncio.create_task(self._send(write), name=f"write {operation.id}")
        except BaseException:
            self._in_flight.discard(key)
            raise
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        task.add_done_callback(lambda _: self._in_flight.discard(key))
        return await asyncio.shield(task)

    async def _settle(self, operation: Operation[Any], ref: Ref, answers: Answers, shown: Preview) -> _Write:
        draft = self.ledger.draft(operation.id, _before(operation, ref), identity=shown.identity, target=ref)
        try:
            return await self._check(operation, ref, answers, shown, draft)
        except Refused as refusal:
            await self.ledger.refused(draft, refusal.message, refusal.hint)
            raise

    async def _check(
        self, operation: Operation[Any], ref: Ref, answers: Answers, shown: Preview, draft: Deed
    ) -> _Write:
        """Everything that can refuse, on fresh reads."""
        if (reason := self._read_only(None)) is not None:
            raise Refused(reason, way_out(self._guard_of()))
        if (shown.operation, shown.target) != (operation.id, ref) or operation not in tuple(self._registry):
            raise Refused(f"{operation.title}: {ref} is not what was shown")
        identity = await self._identity(shown)
        if (reason := self._read_only(identity)) is not None:
            raise Refused(reason, way_out(self._guard_of()))
        state = await self._target(operation, ref)
        if (reason := operation.refuse(state, ref)) is not None:
            raise Refused(reason)
        fields = operation.fields(state, ref)
        answers = with_defaults(operation.fields(shown.state, ref), answers)
        for _, problem in answer_problems(fields, answers):
            raise Refused(problem)
        call = operation.plan(state, ref, answers)
        if f"{call.service}:{call.operation}" not in operation.calls:
            raise Refused(f"{operation.title} may not send {call.service}:{call.operation}")
        if (reason := changes(operation, ref, shown.state, state, answers, call)) is not None:
            raise Refused(reason, "Look at it again, and decide again.")
        secrets = secrets_in(fields, answers)
        deed = replace(draft, at=self.ledger.clock.now(), identity=identity.arn, cli=self._cli(call, secrets))
        return _Write(operation, ref, call, secrets, deed)

    async def _identity(self, shown: Preview) -> Identity:
        try:
            identity = await self._services.cloud.whoami(fresh=True)
        except PointsmanError as error:
            raise Refused(
                f"Who you are could not be checked again ({error.message}); nothing was sent", error.hint
            ) from error
        if identity != shown.identity:
            raise Refused(
                f"You are {identity.arn} in {identity.region} now; the dialog was shown to "
                f"{shown.identity.arn} in {shown.identity.region}. Nothing was sent",
                "Look at it again, and decide again.",
            )
        return identity

    async def _target(self, operation: Operation[Any], ref: Ref) -> Any:
        try:
            return await operation.read(self._services, ref)
        except PointsmanError as error:
            raise Refused(f"{ref} could not be read again ({error.message}); nothing was sent", error.hint) from error

    async def _send(self, write: _Write) -> Deed:
        """From the intent to the outcome; nobody's cancelling reaches in here."""
        call, operation, deed = write.call, write.operation, write.deed
        try:
            await self.ledger.begin(deed, redacted(call, write.secrets))
        except StateError as error:
            reason = f"{error.message}; nothing was sent"
            await self.ledger.refused(deed, reason, error.hint)
            raise Refused(reason, error.hint) from error
        try:
            answer = await self._services.cloud.write(call.service, call.operation, call.parameters)
        except CallFailed as failure:
            deed = _failed(deed, write, failure.fault)
        except Exception as error:
            # The last boundary of a write: whatever went wrong, its outcome is written down.
            fault = Fault(FaultKind.UNKNOWN, f"{type(error).__name__}: {error}", call=deed.operation, sent=True)
            deed = _failed(deed, write, fault)
        else:
            deed = replace(
                deed,
                outcome="done",
                said=f"{operation.past} {write.ref}",
                request_id=str(answer.get("ResponseMetadata", {}).get("RequestId", "")),
                result=operation.result(answer, write.ref),
            )
        deed = await self.ledger.end(deed)
        if keys := (*operation.touches(write.ref), *_made_keys(deed.result)):
            self._services.feeds.poke(*keys)
        return deed


def _before(operation: Operation[Any], ref: Ref) -> str:
    return f"{operation.title[0].lower()}{operation.title[1:]}: {ref}"


def _failed(deed: Deed, write: _Write, fault: Fault) -> Deed:
    detail = hide(fault.sentence, write.secrets)
    fault = replace(fault, sentence=detail)
    if not fault.sent:
        hint = "Nothing was done: try again in a moment." if fault.kind is FaultKind.THROTTLED else fault.hint
        return replace(deed, outcome="failed", detail=detail, hint=hint, request_id=fault.request_id, fault=fault)
    return replace(
        deed,
        outcome="unknown",
        detail=f"{detail} The request had left: whether it took effect is not known.",
        hint=f"Look at {write.ref.noun} {write.ref} before you try again. {_again(write.operation)}",
        request_id=fault.request_id,
        fault=fault,
    )


def _again(operation: Operation[Any]) -> str:
    return "Sending it again is harmless." if operation.idempotency else "Sending it again may do it twice."


def _made_keys(made: Ref | None) -> tuple[tuple[str, ...], ...]:
    if isinstance(made, ExecutionRef):
        return (("runs", made.pipeline, made.execution_id),)
    if isinstance(made, BuildRef):
        return (("build", made.id),)
    if isinstance(made, BatchRef):
        return (("batch", made.id),)
    if isinstance(made, DeploymentRef):
        return (("deployment", made.id),)
    return ()
