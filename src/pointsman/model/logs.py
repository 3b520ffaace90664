"""Log lines, tails and log groups as the screens see them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from pointsman.errors import Fault


class LogLine(NamedTuple):
    """One log event; a tuple, because there are hundreds of thousands."""

    at: int
    """Milliseconds since the epoch."""
    text: str
    """Without its line end; as it came, control sequences included: ``present`` strips them."""


class LogChunk(Struct, frozen=True):
    """What one read of a stream brought."""

    lines: tuple[LogLine, ...]
    token: str
    """Where the next read goes on."""
    ended: bool = False
    """The stream will grow no more: what writes it has ended and two reads in a row were empty."""
    missing: bool = False
    """There is no such group or stream (yet)."""
    fault: Fault | None = None
    """Why this read brought nothing; the next one is tried by itself."""


class TailEvent(NamedTuple):
    """An event of a tail; a tuple, because there are hundreds of thousands."""

    at: int
    """Milliseconds since the epoch."""
    text: str
    """As it came, control sequences included."""
    group: str
    stream: str
    id: str = ""
    """Empty where the way it came gives none (live tail)."""
    ingested: int = 0
    """When the service took it in, in milliseconds: its own clock."""


class LogSource(Struct, frozen=True):
    """A log group in a tail: the whole of it, or some of its streams."""

    group: str
    streams: tuple[str, ...] = ()
    prefix: str = ""
    """What the streams' names begin with; not together with ``streams``."""

    def __str__(self) -> str:
        if self.prefix:
            return f"{self.group} {self.prefix}*"
        return f"{self.group} {','.join(self.streams)}" if self.streams else self.group


class TailAsk(Struct, frozen=True):
    """What a tail shows."""

    sources: tuple[LogSource, ...]
    since: int
    """The first moment, in milliseconds since the epoch; 0 is the oldest there is."""
    until: int | None = None
    """The last moment; None goes on with what comes in."""
    pattern: str = ""
    """A filter pattern, which the service applies."""


class TailMode(StrEnum):
    """How a tail gets its events at the moment."""

    READING = "reading"
    """What there is already, page by page."""
    LIVE = "live"
    """As they are ingested."""
    POLLING = "polling"
    """By asking every few seconds."""
    ENDED = "ended"


class TailChunk(Struct, frozen=True):
    """What a tail has to say."""

    lines: tuple[TailEvent, ...] = ()
    mode: TailMode = TailMode.READING
    sampled: bool = False
    """More matched than live tail hands on: some of this second's are not among the lines."""
    repeated: int = 0
    """Events that had been handed on before, and were passed over."""
    skipped: tuple[int, int] | None = None
    """A stretch that was not read, from and to in milliseconds: it holds more than a tail reads at once."""
    missing: tuple[str, ...] = ()
    """Groups that are not there (yet)."""
    why: str = ""
    """Why it polls and is not live."""
    fault: Fault | None = None
    """Why nothing came; it goes on by itself."""


NEVER = 0
"""The retention of a group that keeps everything."""


class LogGroup(Struct, frozen=True):
    """A log group in the list."""

    name: str
    arn: str = ""
    retention: int = NEVER
    """Days; 0 never expires."""
    stored: int | None = None
    """Bytes, as the service counts them: some hours behind, without what is compressed away."""
    filters: int = 0
    """Metric filters."""
    group_class: str = ""
    """``STANDARD``, ``INFREQUENT_ACCESS``, ``DELIVERY``."""
    created: datetime | None = None
    key: str = ""
    """The KMS key, where it has one."""

    @property
    def never_expires(self) -> bool:
        """Whether it grows, and costs, for ever."""
        return self.retention == NEVER and self.group_class != "DELIVERY"


class MetricFilter(Struct, frozen=True):
    """A metric filter of a group."""

    group: str
    name: str
    pattern: str
    namespace: str = ""
    metric: str = ""
    value: str = ""
    default: float | None = None
    unit: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    transformed: bool = False
    """Whether it looks at events as a transformer left them."""
    criteria: str = ""
    """Of which accounts and regions it takes events, in a group that several share."""
    system_fields: tuple[str, ...] = ()
    """System fields that become dimensions."""


class SubscriptionFilter(Struct, frozen=True):
    """A subscription filter of a group."""

    group: str
    name: str
    pattern: str
    destination: str = ""
    """An ARN."""


class LogStream(Struct, frozen=True):
    """A stream of a group."""

    name: str
    last: int = 0
    """When its last event was, in milliseconds; 0 is not known."""


class GroupDetail(Struct, frozen=True):
    """A group with what belongs to it."""

    group: LogGroup
    filters: tuple[MetricFilter, ...] = ()
    subscriptions: tuple[SubscriptionFilter, ...] = ()
    streams: tuple[LogStream, ...] = ()
    """The most recent ones."""
    more_streams: bool = False


class PatternMatch(Struct, frozen=True):
    """A sample line that a pattern matches."""

    number: int
    """From 1."""
    line: str
    values: tuple[tuple[str, str], ...] = ()
    """What the pattern finds in it: selector -> value."""
