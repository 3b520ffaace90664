"""StartLiveTail: sessions that show what comes in, a second at a time.

Whatever is ingested is put before every open session of its account and region, once its transaction stands. A session
sorts it into seconds of its own; a second that has passed becomes an update of at most 500 events, evenly sampled when
there were more. A client that is slow has ten updates kept for it, then loses the oldest. Filter patterns are held
against events when an update is made, outside the world's lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from pointsman.clock import Clock, SystemClock
from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.flows import Event, Flow
from pointsman.local.logs.filtering import pattern_of
from pointsman.local.logs.names import group_of, invalid, millis, plain
from pointsman.local.world import Scope, World
from pointsman.semantics.logs.filter_patterns import Pattern
from pointsman.semantics.logs.regexes import TooSlow

log = logging.getLogger("pointsman.local")

MOST = 500
"""Events of one update."""
KEPT = 10
"""Updates that are kept for a client that does not take them."""
SECONDS = 3 * 3600
"""How long a session lasts."""
SESSIONS = 15
"""How many an account may have at once in a region."""
GROUPS = 10
HELD = 20_000
"""Events of one second that are looked at; what is beyond them counts as sampled away."""
PATIENCE = 0.25
"""Seconds that a pattern with regular expressions may take over one update."""
_POLL = 0.05
"""Real seconds between two looks at a clock that somebody moves."""


class _Second(Struct):
    """What came in within one second of a session."""

    number: int
    events: list[tuple[str, str, int, int, str]] = field(default_factory=list)
    """(group's ARN, stream, time, ingested, message)."""
    beyond: int = 0


class Wanted(Struct, frozen=True):
    """What a session shows."""

    account: str
    region: str
    groups: dict[str, str]
    """Name -> the ARN it was asked for by."""
    names: tuple[str, ...]
    prefixes: tuple[str, ...]
    pattern: Pattern

    def takes(self, group: str, stream: str) -> bool:
        """Whether events of a stream are shown."""
        if group not in self.groups:
            return False
        if self.names:
            return stream in self.names
        return not self.prefixes or stream.startswith(self.prefixes)


class Session(Flow):
    """One session.

    Args:
        wanted: What it shows.
        start: Its first event.
        clock: The world's.
        ended: Is called once, when the session is over.
    """

    def __init__(self, wanted: Wanted, start: Event, clock: Clock, ended: Any) -> None:
        self.wanted = wanted
        self._clock = clock
        self._began = clock.now()
        self._start: Event | None = start
        self._ended = ended
        self._told = 0
        """Seconds that have become updates."""
        self._seconds: deque[_Second] = deque()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._broken = ""

    def offer(self, arn: str, stream: str, ingested: int, events: Sequence[tuple[int, str]], now: datetime) -> None:
        """Events came in; never blocks."""
        number = int((now - self._began).total_seconds())
        with self._lock:
            if self.over:
                return
            if not self._seconds or self._seconds[-1].number < number:
                self._seconds.append(_Second(number))
                while len(self._seconds) > KEPT + 1:
                    self._seconds.popleft()
            second = self._seconds[-1]
            room = max(0, HELD - len(second.events))
            second.events += [(arn, stream, at, ingested, message) for at, message in events[:room]]
            second.beyond += max(0, len(events) - room)

    def take(self) -> tuple[Event, ...]:
        """The session's start, then an update for each second that has passed."""
        if self.over:
            return ()
        found: list[Event] = []
        if self._start is not None:
            found.append(self._start)
            self._start = None
        if self._stop.is_set():
            if self._broken:
                found.append({"SessionStreamingException": {"message": self._broken}})
            self._end()
            return tuple(found)
        passed = int((self._clock.now() - self._began).total_seconds())
        found += self._updates(min(passed, SECONDS))
        if passed >= SECONDS:
            found.append({"SessionTimeoutException": {"message": "The session has timed out after three hours."}})
            self._end()
        return tuple(found)

    def _updates(self, until: int) -> list[Event]:
        first = max(self._told, until - KEPT)
        due: dict[int, _Second] = {}
        with self._lock:
            while self._seconds and self._seconds[0].number < until:
                second = self._seconds.popleft()
                due[second.number] = second
        self._told = max(self._told, until)
        return [self._update(due.get(number)) for number in range(first, until)]

    def _update(self, second: _Second | None) -> Event:
        matching = self._matching(second.events) if second is not None else []
        sampled = len(matching) > MOST or (second is not None and second.beyond > 0)
        if len(matching) > MOST:
            matching = [matching[place * len(matching) // MOST] for place in range(MOST)]
        return {
            "sessionUpdate": {
                "sessionMetadata": {"sampled": sampled},
                "sessionResults": [
                    {
                        "logGroupIdentifier": arn,
                        "logStreamName": stream,
                        "timestamp": at,
                        "ingestionTime": ingested,
                        "message": message,
                    }
                    for arn, stream, at, ingested, message in matching
                ],
            }
        }

    def _matching(self, events: list[tuple[str, str, int, int, str]]) -> list[tuple[str, str, int, int, str]]:
        pattern = self.wanted.pattern
        deadline = time.monotonic() + PATIENCE
        found = []
        for place, event in enumerate(events):
            if pattern.regexes and time.monotonic() > deadline:
                log.warning("a live tail's pattern takes too long: %d events were passed over", len(events) - place)
                break
            try:
                if pattern.matches(event[4]):
                    found.append(event)
            except TooSlow as error:
                log.warning("a live tail passed an event over: %s", error)
        return found

    def pause(self) -> float:
        """Until the next update."""
        due = self._told + 1 - (self._clock.now() - self._began).total_seconds()
        return max(0.005, due if isinstance(self._clock, SystemClock) else _POLL)

    def wait(self, seconds: float) -> None:
        """Block for so long, or until the session is over."""
        self._stop.wait(seconds)

    def close(self) -> None:
        """The client has gone."""
        self._stop.set()
        self._end()

    def stop(self, why: str) -> None:
        """The backend closes: say so with the next event."""
        self._broken = why
        self._stop.set()

    def _end(self) -> None:
        with self._lock:
            already, self.over = self.over, True
            self._seconds.clear()
        if not already:
            self._ended(self)


class LiveTails:
    """The sessions that are open; a tool of the world."""

    def __init__(self) -> None:
        self._open: list[Session] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._open)

    def count(self, account: str, region: str) -> int:
        """How many an account has open."""
        return sum((one.wanted.account, one.wanted.region) == (account, region) for one in tuple(self._open))

    def open(self, wanted: Wanted, start: Event, clock: Clock) -> Session:
        """Begin a session."""
        session = Session(wanted, start, clock, self._forget)
        with self._lock:
            self._open.append(session)
        return session

    def _forget(self, session: Session) -> None:
        with self._lock:
            if session in self._open:
                self._open.remove(session)

    def taken(self, scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Put what a stream took in before every session that shows it, once it stands."""
        place = (scope.account, scope.region)
        sessions = [
            one
            for one in tuple(self._open)
            if (one.wanted.account, one.wanted.region) == place and one.wanted.takes(group, stream)
        ]
        if not sessions:
            return
        now, ingested = scope.now, millis(scope)
        kept = tuple(events)

        def offer() -> None:
            for one in sessions:
                one.offer(one.wanted.groups[group], stream, ingested, kept, now)

        if scope.world.database.in_transaction:
            scope.world.after_commit(offer)
        else:
            offer()

    def stop(self) -> None:
        """End every session."""
        for session in tuple(self._open):
            session.stop("the local backend is being closed")


@answers("logs", "StartLiveTail")
def start_live_tail(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Begin a session over up to ten groups, which are named by their ARNs."""
    identifiers = parameters["logGroupIdentifiers"]
    names, prefixes = parameters.get("logStreamNames", ()), parameters.get("logStreamNamePrefixes", ())
    _check(identifiers, names, prefixes)
    groups: dict[str, str] = {}
    for identifier in identifiers:
        group = group_of(scope, plain(identifier))
        if group.group_class != "STANDARD":
            raise AwsError(
                "InvalidOperationException",
                f"Live Tail is not supported by log class {group.group_class}: {group.name}",
            )
        groups[group.name] = identifier
    pattern = parameters.get("logEventFilterPattern", "")
    wanted = Wanted(scope.account, scope.region, groups, tuple(names), tuple(prefixes), pattern_of(pattern))
    tails = scope.world.tool(LiveTails)
    if tails.count(scope.account, scope.region) >= SESSIONS:
        raise AwsError("LimitExceededException", f"There are {SESSIONS} Live Tail sessions already.")
    start = {
        "requestId": scope.world.request_id(),
        "sessionId": scope.world.request_id(),
        "logGroupIdentifiers": list(identifiers),
        "logStreamNames": list(names),
        "logStreamNamePrefixes": list(prefixes),
        "logEventFilterPattern": pattern,
    }
    return {"responseStream": tails.open(wanted, {"sessionStart": start}, scope.world.clock)}


def _check(identifiers: list[str], names: Sequence[str], prefixes: Sequence[str]) -> None:
    if not 1 <= len(identifiers) <= GROUPS:
        raise invalid(f"logGroupIdentifiers has 1 to {GROUPS} members")
    for identifier in identifiers:
        if not identifier.startswith("arn:") or identifier.endswith("*") or identifier.count(":") < 6:
            raise invalid(f"The log group identifier {identifier} is not the ARN of a log group")
    if names and prefixes:
        raise invalid("logStreamNames and logStreamNamePrefixes cannot be used together")
    if (names or prefixes) and len(identifiers) > 1:
        raise invalid("Log streams can be named for a single log group only")


def stop(world: World) -> None:
    """Before the backend closes: every session ends."""
    world.tool(LiveTails).stop()
