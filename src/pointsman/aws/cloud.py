"""``Cloud``: every AWS call this console makes, off the event loop, with one policy for credentials and faults.

Reads are tried again where that may help; writes are sent exactly once and finish even when nobody waits for them any
more. Credentials are looked for once, before any client is made, and again after a fault that says they are gone: an
``aws sso login`` in another terminal is picked up at the next read.

Importing this module imports boto3: only the loader thread does.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import botocore
import jmespath  # type: ignore[import-untyped]
from botocore.config import Config
from msgspec import Struct, field

import pointsman
from pointsman.aws.codes import Codes
from pointsman.aws.faults import NeedsCode, explain
from pointsman.aws.flowing import flowing
from pointsman.aws.guard import Guard, reads
from pointsman.aws.identity import identity
from pointsman.aws.loading import uncollected
from pointsman.aws.sessions import code_hint, login_hint, pagination
from pointsman.aws.threads import Daemons
from pointsman.aws.trail import Trail, attempt
from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind, PointsmanError
from pointsman.model.endpoints import Endpoint
from pointsman.model.logins import LoginStep
from pointsman.model.snapshot import Identity

if TYPE_CHECKING:
    from pointsman.aws.device_login import DeviceLogin

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

FIRST = ("codepipeline", "codebuild", "logs", "sts")
"""The clients the first screens need, the first screen's first."""

_GONE = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED)
_RENEW_AFTER = 3.0
"""Seconds between two looks for credentials that are missing: a metadata service that does not answer costs two."""


class _Bound(Struct):
    """One session, what its credentials are worth, and the clients made from it."""

    session: Any
    fault: Fault | None = None
    """Why there are no (more) credentials."""
    since: float = 0.0
    """When the fault was met."""
    method: str = ""
    """Where the credentials came from, in botocore's words."""
    credentials: Any = None
    clients: dict[str, Any] = field(default_factory=dict)


class _Failed(CallFailed):
    """A call that failed, and whether the same call may go better in a moment."""

    def __init__(self, fault: Fault, transient: bool) -> None:
        super().__init__(fault)
        self.transient = transient


class Cloud:
    """AWS, or what answers in its place.

    Args:
        session_factory: Makes a boto3 session: ``sessions.for_aws`` with its arguments, or the bundled backend's. It is
            called again when credentials have to be looked for again.
        clock: The time.
        guard: What may leave; None lets everything pass.
        trail: Where calls are recorded; None makes one.
        profile: The profile's name, for hints and the identity.
        codes: The MFA codes that the factory's sessions ask for; None where none are.
        threads: How many reads may be under way at once.
        attempts: How often a read is tried.
        sleep: How to wait between attempts.
    """

    def __init__(
        self,
        session_factory: Callable[[], Any],
        clock: Clock,
        *,
        guard: Guard | None = None,
        trail: Trail | None = None,
        profile: str = "",
        codes: Codes | None = None,
        threads: int = 6,
        attempts: int = 4,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.guard = guard or Guard(read_only=False, clock=clock)
        self.trail = trail or Trail(clock)
        self.profile = profile
        self._codes = codes or Codes()
        self.generation = 0
        self._factory = session_factory
        self._lock = threading.RLock()
        self._bound: _Bound | None = None
        self._identity: Identity | None = None
        self._look_again = False
        """Whether there may be credentials now, whenever they were looked for last."""
        self._readers = Daemons("pointsman-read", threads)
        self._writers = Daemons("pointsman-write", 2)
        self._pending: dict[int, str] = {}
        self._numbers = itertools.count()
        self._written = threading.Condition()
        self._tasks: set[asyncio.Task[dict[str, Any]]] = set()
        self._sleep = sleep
        self._attempts = attempts
        self._config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=3,
            read_timeout=10,
            user_agent_extra=f"pointsman/{pointsman.__version__}",
            max_pool_connections=threads + 2,
        )

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def region(self) -> str:
        """The region calls go to; empty before ``prepare``."""
        return str(self._bound.session.region_name or "") if self._bound is not None else ""

    @property
    def pending_writes(self) -> tuple[str, ...]:
        """Writes that have been handed over and not been answered: what to wait for before quitting."""
        with self._written:
            return tuple(self._pending.values())

    def wait_for_writes(self, seconds: float) -> bool:
        """Block until every write has been answered; False when some has not within ``seconds``."""
        with self._written:
            return self._written.wait_for(lambda: not self._pending, seconds)

    def credentials_hint(self) -> str:
        """What to run so that this profile has credentials."""
        bound = self._bound
        if bound is None:
            return ""
        known = getattr(bound.session, "known", {})
        return login_hint(self.profile, getattr(bound.session, "settings", {}), known, bound.method)

    @property
    def expires(self) -> datetime | None:
        """When the credentials in use end, where they say so."""
        credentials = self._bound.credentials if self._bound is not None else None
        when = getattr(credentials, "_expiry_time", None)
        return when if isinstance(when, datetime) else None

    # -- loading ------------------------------------------------------------------------------------------------------

    def prepare(self, services: tuple[str, ...] = FIRST) -> Fault | None:
        """Look for credentials, then make the first clients. Blocks: for the loader thread.

        Returns:
            Why there are no credentials; None when there are. Every call then fails with the same fault.

        Raises:
            UsageError: The session cannot be made: an unknown profile, no region.
            CallFailed: A client cannot be made of these settings.
        """
        with uncollected(), self._lock:
            bound = self._bound = self._bind()
            if bound.fault is None:
                for service in services:
                    self._client(bound, service)
        return bound.fault

    @property
    def code_wanted(self) -> str:
        """The device whose MFA code the credentials wait for; empty when they wait for none."""
        return self._codes.wanted

    def give_code(self, code: str) -> None:
        """An MFA code: the next call looks for credentials with it. Does not block."""
        self._codes.give(code)

    def login(self) -> DeviceLogin | None:
        """A login that would give the credentials that are missing; None where they are not, or none would."""
        bound = self._bound
        if bound is None or bound.fault is None or self._codes.wanted:
            return None
        from pointsman.aws.device_login import DeviceLogin, place_of  # most sessions never need it

        session = bound.session
        place = place_of(self.profile, getattr(session, "known", {}), getattr(session, "sso_sessions", {}))
        return DeviceLogin(session, place) if place is not None else None

    async def login_step(self, step: Callable[[], T]) -> T:
        """Do a step of a login, on a thread; after the last one the next call looks for credentials again.

        Raises:
            CallFailed: It went wrong.
        """
        found = await self._readers.run(step)
        self._look_again = self._look_again or found is LoginStep.DONE
        return found

    def _bind(self) -> _Bound:
        session = self._factory()
        self.guard.watch(session)
        self.trail.watch(session)
        bound = _Bound(session)
        try:
            credentials = session.get_credentials()
            if credentials is not None:
                bound.method = str(credentials.method)
                bound.credentials = credentials
                credentials.get_frozen_credentials()
                self._codes.accepted()
                return bound
        except Exception as error:  # botocore lets anything through from a credential provider
            fault = explain(error, "credentials").fault
            if self._codes.used:
                fault = Fault(fault.kind, f"the MFA code was not accepted: {fault.sentence}", code=fault.code)
            bound.fault = self._with_hint(fault, bound, needs_code=isinstance(error, NeedsCode) or self._codes.used)
        else:
            where = (
                f"for profile {self.profile}" if self.profile else "in the environment, the AWS files or this machine"
            )
            bound.fault = self._with_hint(
                Fault(FaultKind.NO_CREDENTIALS, f"no AWS credentials were found {where}"), bound
            )
        bound.since = self.clock.monotonic()
        return bound

    def _with_hint(self, fault: Fault, bound: _Bound, *, needs_code: bool = False) -> Fault:
        if needs_code:
            hint = code_hint(self.profile)
        else:
            known = getattr(bound.session, "known", {})
            hint = login_hint(self.profile, getattr(bound.session, "settings", {}), known, bound.method)
        kind = fault.kind if fault.kind in _GONE else FaultKind.NO_CREDENTIALS
        return Fault(kind, fault.sentence, hint, fault.code, fault.request_id, fault.call, sent=False)

    def _ready(self, *, renew: bool) -> _Bound:
        """The session in use, with credentials; on a thread.

        Raises:
            CallFailed: There are none.
        """
        with self._lock:
            bound = self._bound
            if bound is None:
                bound = self._bound = self._bind()
            elif bound.fault is not None and (
                self._look_again
                or self._codes.waiting
                or (renew and self.clock.monotonic() - bound.since >= _RENEW_AFTER)
            ):
                bound = self._renew(bound)
            if bound.fault is not None:
                raise CallFailed(bound.fault)
            return bound

    def _renew(self, old: _Bound) -> _Bound:
        self._look_again = False
        try:
            bound = self._bind()
        except PointsmanError as error:  # the profile is gone, say: the old session's fault stays, with the reason
            old.fault = Fault(FaultKind.NO_CREDENTIALS, error.message, error.hint)
            old.since = self.clock.monotonic()
            return old
        if bound.fault is None:
            # Other credentials may be another person's: what was allowed and known under the old ones is void.
            self.generation += 1
            self._identity = None
            self.guard.disarm()
        self._bound = bound
        return bound

    def _client(self, bound: _Bound, service: str) -> Any:
        client = bound.clients.get(service)
        if client is None:
            with self._lock:
                client = bound.clients.get(service)
                if client is None:
                    try:
                        client = bound.clients[service] = bound.session.client(service, config=self._config)
                    except Exception as error:  # an unknown service, no region, a bad endpoint, no certificates
                        raise CallFailed(explain(error, service).fault) from error
        return client

    # -- reads --------------------------------------------------------------------------------------------------------

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a call that reads; tried again where that may help.

        Args:
            service: boto3's service name, ``codepipeline``.
            operation: The API's operation, ``GetPipelineState``.
            parameters: As the API names them.

        Raises:
            CallFailed: There is no answer; says why.
        """
        if not reads(service, operation):
            raise ValueError(f"{service}:{operation} is not a read")
        try:
            return await self._readers.run(partial(self._call, service, operation, parameters, 1))
        except _Failed as error:
            if not error.transient or self._attempts < 2:
                raise
            first = error
        return await self._again(first, service, operation, parameters)

    async def _again(self, first: _Failed, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Try a read again after its first attempt has failed in passing."""
        import tenacity  # most sessions never need it, and every start would wait for it

        retrying = tenacity.AsyncRetrying(
            sleep=self._sleep,
            wait=tenacity.wait_random_exponential(multiplier=0.3, max=5),
            stop=tenacity.stop_after_attempt(self._attempts),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, _Failed) and error.transient),
            reraise=True,
        )
        async for one in retrying:
            with one:
                number = one.retry_state.attempt_number
                if number == 1:
                    raise first  # the attempt that has been made: what follows waits as after any other
                return await self._readers.run(partial(self._call, service, operation, parameters, number))
        raise AssertionError("unreachable: tenacity raises the last fault")

    async def pages(self, service: str, operation: str, **parameters: Any) -> AsyncIterator[dict[str, Any]]:
        """Every page of a list, to the end; each page is a ``read``.

        Raises:
            CallFailed: A page has no answer, or the service gives the same page for ever.
        """
        rules = pagination(service, operation)
        inputs = _names(rules.get("input_token"))
        outputs = _names(rules.get("output_token"))
        more = rules.get("more_results")
        seen: set[str] = set()
        while True:
            page = await self.read(service, operation, **parameters)
            yield page
            tokens = {name: jmespath.search(path, page) for name, path in zip(inputs, outputs, strict=True)}
            if (more and not jmespath.search(more, page)) or not any(tokens.values()):
                return
            mark = repr(tokens)
            if mark in seen:
                call = f"{service}:{operation}"
                raise CallFailed(Fault(FaultKind.UNKNOWN, f"{call} gives the same page again and again", call=call))
            seen.add(mark)
            parameters = {**parameters, **{name: token for name, token in tokens.items() if token}}

    async def events(self, service: str, operation: str, member: str, **parameters: Any) -> AsyncIterator[Any]:
        """The events of an answer that goes on, as they come; closing the iterator closes the stream.

        Args:
            service: boto3's service name, ``logs``.
            operation: The API's operation, ``StartLiveTail``.
            member: The member of the answer that is the event stream.
            parameters: As the API names them.

        Raises:
            CallFailed: It cannot be opened, or has broken off.
        """
        answer = await self.read(service, operation, **parameters)
        async for event in flowing(answer[member], f"{service}:{operation}"):
            yield event

    # -- writes -------------------------------------------------------------------------------------------------------

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Send a write, exactly once.

        A waiter that is cancelled does not stop it: it is answered and recorded in the trail all the same, and is in
        ``pending_writes`` until then.

        Raises:
            CallFailed: It has no good answer; ``fault.sent`` says whether it may have been carried out all the same.
        """
        with self._written:
            key = next(self._numbers)
            self._pending[key] = f"{service}:{operation}"

        def send() -> dict[str, Any]:
            try:
                return self._call(service, operation, parameters, 1, write=True)
            finally:
                with self._written:
                    self._pending.pop(key, None)
                    self._written.notify_all()

        task = asyncio.ensure_future(self._writers.run(send, abandon=False))
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[dict[str, Any]]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain about a waiter that has gone

    # -- where calls go -----------------------------------------------------------------------------------------------

    async def endpoints(self, services: tuple[str, ...]) -> tuple[Endpoint, ...]:
        """Knock at the endpoints of some services; without credentials as well. Nothing that is metered is sent.

        Raises:
            CallFailed: There are no endpoints at all: no region, say, or a malformed URL.
        """
        from pointsman.aws.endpoints import probe

        def knock(service: str) -> Endpoint:
            with self._lock:
                bound = self._bound = self._bound or self._bind()
            return probe(service, self._client(bound, service))

        return tuple(await asyncio.gather(*(self._readers.run(partial(knock, one)) for one in services)))

    # -- one call, on a thread ----------------------------------------------------------------------------------------

    def _call(
        self, service: str, operation: str, parameters: dict[str, Any], number: int, *, write: bool = False
    ) -> dict[str, Any]:
        call = f"{service}:{operation}"
        attempt.set(number)
        bound = self._ready(renew=not write)
        try:
            method = getattr(self._client(bound, service), botocore.xform_name(operation))
        except Exception as error:  # nothing has left: an unknown service or operation, no region, a bad endpoint
            fault = explain(error, call).fault
            raise _Failed(Fault(fault.kind, fault.sentence, fault.hint, fault.code, call=call), False) from error
        try:
            answer: dict[str, Any] = method(**parameters)
        except CallFailed:
            raise
        except Exception as error:  # a thread's boundary: botocore and urllib3 raise what they like
            verdict = explain(error, call)
            if verdict.fault.kind in _GONE:
                fault = self._with_hint(verdict.fault, bound, needs_code=isinstance(error, NeedsCode))
                with self._lock:
                    if bound.fault is None:
                        bound.fault, bound.since = fault, self.clock.monotonic()
                raise _Failed(fault, False) from error
            raise _Failed(verdict.fault, verdict.transient) from error
        return answer

    # -- who ----------------------------------------------------------------------------------------------------------

    async def whoami(self, *, fresh: bool = False) -> Identity:
        """Who the calls are made as.

        Args:
            fresh: Ask again; otherwise what was answered before is good enough.

        Raises:
            CallFailed: There is no answer.
        """
        if self._identity is None or fresh:
            answer = await self.read("sts", "GetCallerIdentity")
            self._identity = identity(answer, region=self.region, profile=self.profile, expires=self.expires)
        return self._identity


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
