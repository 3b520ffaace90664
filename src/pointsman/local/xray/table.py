"""Where traces are kept: tables of the backend's database, built to be searched.

A document is kept as it came; what is searched is derived from a trace's documents and written beside them: one row
for the trace, one for each segment (``xray_visits``), for each call between services (``xray_crossings``), for each
indexed annotation and value, and for each root cause. Rows of one trace stand together, so that a condition on them
is one search down a tree for each trace of the time range; names of services and root causes, of which there are few,
are kept once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from pointsman.local.store.database import Database
from pointsman.local.world import Scope, World
from pointsman.semantics.traces import causes, facts
from pointsman.semantics.traces.causes import Cause, Causes
from pointsman.semantics.traces.facts import Facts, Http, Service

SCHEMA = """
CREATE TABLE IF NOT EXISTS xray_traces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, trace TEXT NOT NULL,
    epoch INTEGER NOT NULL, sample REAL NOT NULL, received REAL NOT NULL, bytes INTEGER NOT NULL DEFAULT 0,
    over INTEGER NOT NULL DEFAULT 0, due REAL, revision INTEGER NOT NULL DEFAULT 0,
    first REAL, last REAL, flags INTEGER, partial INTEGER, response REAL, duration REAL,
    status INTEGER, url TEXT, method TEXT, agent TEXT, client TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS xray_traces_trace ON xray_traces (account, region, trace);
CREATE INDEX IF NOT EXISTS xray_traces_epoch ON xray_traces (account, region, epoch);
CREATE INDEX IF NOT EXISTS xray_traces_last ON xray_traces (account, region, last);
CREATE INDEX IF NOT EXISTS xray_traces_due ON xray_traces (account, region, due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS xray_documents (trace INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS xray_documents_trace ON xray_documents (trace);
CREATE TABLE IF NOT EXISTS xray_summaries (trace INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS xray_services (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, owner TEXT NOT NULL, UNIQUE (name, type, owner)
);
CREATE TABLE IF NOT EXISTS xray_visits (
    trace INTEGER NOT NULL, number INTEGER NOT NULL, service INTEGER NOT NULL, flags INTEGER NOT NULL,
    root INTEGER NOT NULL, start REAL NOT NULL, end REAL, response REAL, duration REAL NOT NULL,
    status INTEGER, url TEXT, method TEXT, agent TEXT, client TEXT, user TEXT, PRIMARY KEY (trace, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS xray_crossings (
    trace INTEGER NOT NULL, number INTEGER NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL,
    flags INTEGER NOT NULL, start REAL NOT NULL, end REAL, response REAL, duration REAL NOT NULL,
    status INTEGER, url TEXT, method TEXT, agent TEXT, client TEXT, PRIMARY KEY (trace, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS xray_annotations (
    trace INTEGER NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, text TEXT, value REAL,
    PRIMARY KEY (trace, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS xray_values (
    trace INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (trace, kind, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS xray_causes (
    trace INTEGER NOT NULL, kind TEXT NOT NULL, cause INTEGER NOT NULL, PRIMARY KEY (trace, kind, cause)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS xray_shapes (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, body)
);
CREATE TABLE IF NOT EXISTS xray_totals (
    account TEXT NOT NULL, region TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (account, region)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS xray_sampling (
    account TEXT NOT NULL, region TEXT NOT NULL, window INTEGER NOT NULL, rule TEXT NOT NULL, client TEXT NOT NULL,
    seen REAL NOT NULL, requests INTEGER NOT NULL, sampled INTEGER NOT NULL, borrowed INTEGER NOT NULL,
    PRIMARY KEY (account, region, window, rule, client)
) WITHOUT ROWID;
"""

DERIVED = ("xray_visits", "xray_crossings", "xray_annotations", "xray_values", "xray_causes", "xray_summaries")
"""What is written anew whenever a trace is indexed."""

_CACHED = 10_000


class Limits(Struct, frozen=True):
    """How much is kept; a tool of the world takes the place of these."""

    age: float = 30 * 24 * 3600.0
    """Seconds."""
    bytes: int = 1 << 30
    """Of documents, in one account and region."""
    trace: int = 5_000_000
    """Bytes of documents of one trace: X-Ray's own limit is up to 5 MB."""


def limits(world: World) -> Limits:
    """What holds in this world."""
    return world.tool(Limits) if world.has(Limits) else Limits()


class Interned:
    """Numbers of services and root causes, found again without asking the database.

    Args:
        database: Whose transactions it follows.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._services: dict[Service, int] = {}
        self._shapes: dict[tuple[str, bytes], int] = {}
        database.on_rollback(self.forget)

    def forget(self) -> None:
        """Ask the database again: what was added may not be there."""
        self._services.clear()
        self._shapes.clear()

    def service(self, service: Service) -> int:
        """The number of a service; it is given one when it has none."""
        number = self._services.get(service)
        if number is None:
            number = self._number(
                "INSERT INTO xray_services (name, type, owner) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id",
                (service.name, service.type, service.account),
            )
            if len(self._services) >= _CACHED:
                self._services.clear()
            self._services[service] = number
        return number

    def shape(self, kind: str, cause: Cause) -> int:
        """The number of a root cause."""
        body = msgspec.msgpack.encode(cause)
        number = self._shapes.get((kind, body))
        if number is None:
            number = self._number(
                "INSERT INTO xray_shapes (kind, body) VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET kind = excluded.kind RETURNING id",
                (kind, body),
            )
            if len(self._shapes) >= _CACHED:
                self._shapes.clear()
            self._shapes[kind, body] = number
        return number

    def _number(self, sql: str, parameters: tuple[object, ...]) -> int:
        return int(self._database.execute(sql, parameters).fetchone()[0])


def _told(text: str) -> str | None:
    """A text for a column; SQLite's own functions end at a NUL."""
    return text.replace("\0", "\ufffd") or None


def _http(http: Http) -> tuple[int | None, str | None, str | None, str | None, str | None]:
    return http.status, _told(http.url), _told(http.method), _told(http.agent), _told(http.client)


def write(scope: Scope, number: int, about: Facts, found: Causes, summary: bytes) -> None:
    """Write what a trace is searched by, in place of what stood there.

    Args:
        scope: Whose.
        number: The trace's row.
        about: Its facts.
        found: Its root causes.
        summary: What ``GetTraceSummaries`` tells of it.
    """
    database = scope.world.database
    numbers = scope.world.tool(Interned)
    [revision] = database.execute(
        "UPDATE xray_traces SET due = NULL, revision = revision + 1, first = ?, last = ?, flags = ?, partial = ?,"
        " response = ?, duration = ?, status = ?, url = ?, method = ?, agent = ?, client = ? WHERE id = ?"
        " RETURNING revision",
        (
            *(about.start, about.end, about.flags, about.partial, about.response, about.duration),
            *_http(about.http),
            number,
        ),
    ).fetchone()
    for name in DERIVED if revision > 1 else ():
        database.execute(f"DELETE FROM {name} WHERE trace = ?", (number,))
    database.execute("INSERT INTO xray_summaries VALUES (?, ?)", (number, summary))
    database.executemany(
        "INSERT INTO xray_visits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(number, place, numbers.service(one.service), one.flags, one.root, one.start, one.end),
                *(None if one.end is None else one.response, one.duration),
                *_http(one.http),
                _told(one.user),
            )
            for place, one in enumerate(about.visits)
        ],
    )
    database.executemany(
        "INSERT INTO xray_crossings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(number, place, numbers.service(one.source), numbers.service(one.target)),
                *(one.flags, one.start, one.end, None if one.end is None else one.response, one.response),
                *_http(one.http),
            )
            for place, one in enumerate(about.crossings)
        ],
    )
    database.executemany(
        "INSERT INTO xray_annotations VALUES (?, ?, ?, ?, ?, ?)",
        [(number, place, one.key, *_annotation(one.value)) for place, one in enumerate(about.annotations)],
    )
    database.executemany("INSERT OR IGNORE INTO xray_values VALUES (?, ?, ?)", list(_values(number, about)))
    database.executemany(
        "INSERT OR IGNORE INTO xray_causes VALUES (?, ?, ?)",
        [
            (number, kind, numbers.shape(kind, cause))
            for kind, listed in (("fault", found.fault), ("error", found.error), ("responsetime", found.response))
            for cause in listed
        ],
    )


def _annotation(value: facts.Value) -> tuple[str, str | None, float | None]:
    if isinstance(value, bool):
        return "b", None, float(value)
    return ("s", value.replace("\0", "\ufffd"), None) if isinstance(value, str) else ("n", None, float(value))


def _values(number: int, about: Facts) -> Iterable[tuple[int, str, str]]:
    lists = {
        "user": [one.value for one in about.users],
        "availabilityzone": about.zones,
        "instance.id": about.instances,
        "resource.arn": about.arns,
    }
    return [(number, kind, value.replace("\0", "\ufffd")) for kind, values in lists.items() for value in values]


def shapes(database: Database, kind: str, words: Sequence[str] = ()) -> list[tuple[int, Cause]]:
    """Every root cause of a kind that traces have, with its number.

    Args:
        database: Where.
        kind: ``fault``, ``error``, ``responsetime``.
        words: Only those that hold all of these texts.
    """
    decode = msgspec.msgpack.Decoder(causes.Cause).decode
    holding = " AND instr(body, ?) > 0" * len(words)
    rows = database.execute(
        f"SELECT id, body FROM xray_shapes WHERE kind = ?{holding}", (kind, *(word.encode() for word in words))
    )
    return [(number, decode(body)) for number, body in rows]


def service_rows(database: Database) -> dict[int, Service]:
    """Every service by its number."""
    return {row[0]: Service(*row[1:]) for row in database.execute("SELECT id, name, type, owner FROM xray_services")}


def bodies(database: Database, number: int) -> list[bytes]:
    """A trace's documents, as they came."""
    return [row[0] for row in database.execute("SELECT body FROM xray_documents WHERE trace = ?", (number,))]


def remove(database: Database, numbers: list[int]) -> None:
    """Remove traces with everything about them."""
    marks = [(number,) for number in numbers]
    for name in (*DERIVED, "xray_documents"):
        database.executemany(f"DELETE FROM {name} WHERE trace = ?", marks)
    for number in numbers:
        row = database.execute(
            "DELETE FROM xray_traces WHERE id = ? RETURNING account, region, bytes", (number,)
        ).fetchone()
        if row is not None:
            database.execute(
                "UPDATE xray_totals SET bytes = bytes - ? WHERE account = ? AND region = ?", (row[2], row[0], row[1])
            )
