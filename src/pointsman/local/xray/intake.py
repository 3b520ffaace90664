"""Answers that take data in: segment documents, and what daemons tell of themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pointsman.local.answers import Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import indexing, retention
from pointsman.local.xray.names import seconds
from pointsman.local.xray.table import limits
from pointsman.semantics.traces import documents
from pointsman.semantics.traces.documents import Unprocessed

_HEARD = 50
"""Daemons whose telemetry is remembered."""


class Telemetry(msgspec.Struct, frozen=True):
    """What a daemon last told of itself."""

    host: str
    at: float
    received: int = 0
    sent: int = 0
    spilled: int = 0
    rejected: int = 0


@answers("xray", "PutTraceSegments")
def put_trace_segments(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take segment documents in; those that are none are named, the others kept."""
    return {
        "UnprocessedTraceSegments": [
            {"ErrorCode": error.code, "Message": error.message} | ({"Id": error.segment_id} if error.segment_id else {})
            for error in take(scope, parameters["TraceSegmentDocuments"])
        ]
    }


@answers("xray", "PutTelemetryRecords")
def put_telemetry_records(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remember what a daemon counted."""
    host = parameters.get("Hostname") or parameters.get("EC2InstanceId") or parameters.get("ResourceARN") or "unknown"
    records = parameters["TelemetryRecords"]
    if records:
        last = max(records, key=lambda record: seconds(record["Timestamp"]))
        scope.put(
            host,
            Telemetry(
                host,
                seconds(last["Timestamp"]),
                sum(one.get("SegmentsReceivedCount", 0) for one in records),
                sum(one.get("SegmentsSentCount", 0) for one in records),
                sum(one.get("SegmentsSpilloverCount", 0) for one in records),
                sum(one.get("SegmentsRejectedCount", 0) for one in records),
            ),
        )
        heard = sorted((one for _, one in scope.scan(Telemetry)), key=lambda one: one.at)
        for one in heard[:-_HEARD]:
            scope.delete(Telemetry, one.host)
    return {}


def take(scope: Scope, texts: Iterable[str | bytes]) -> list[Unprocessed]:
    """Keep documents; returns what is wrong with those that are not kept."""
    now = scope.now.timestamp()
    wrong: list[Unprocessed] = []
    kept: dict[str, list[bytes]] = {}
    for text in texts:
        try:
            found = documents.read(text)
            if not all(documents.timely(one.trace_id, now) for one in found):
                raise Unprocessed("InvalidTraceId", found[0].pieces[0].id)
        except Unprocessed as error:
            wrong.append(error)
            continue
        body = text if isinstance(text, bytes) else text.encode()
        try:
            apart = [body] if len(found) == 1 else [msgspec.json.encode(value) for value in documents.decode(body)]
        except RecursionError:  # several in a list, and one of them beyond what is written again
            wrong.append(Unprocessed("ParseError", found[0].pieces[0].id))
            continue
        for one, own in zip(found, apart, strict=True):
            kept.setdefault(one.trace_id, []).append(own)
    if kept:
        _keep(scope, kept, now)
    return wrong


def _keep(scope: Scope, kept: dict[str, list[bytes]], now: float) -> None:
    database = scope.world.database
    most = limits(scope.world).trace
    added = 0
    rows: list[tuple[int, bytes]] = []
    for trace_id, bodies in kept.items():
        size = sum(map(len, bodies))
        number, held = database.execute(
            "INSERT INTO xray_traces (account, region, trace, epoch, sample, received, bytes, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, trace) DO UPDATE SET"
            " received = excluded.received, bytes = bytes + excluded.bytes,"
            " due = ifnull(due, excluded.due + bytes / ?) RETURNING id, bytes",
            (
                *(scope.account, scope.region, trace_id, documents.epoch(trace_id), int(trace_id[11:19], 16) / 2**32),
                *(now, size, now + indexing.DELAY, indexing.GROWTH),
            ),
        ).fetchone()
        if held > most:
            fitting: list[bytes] = []
            room = most - (held - size)
            for body in bodies:
                if len(body) <= room:
                    fitting.append(body)
                    room -= len(body)
            left = size - sum(map(len, fitting))
            if left:
                database.execute("UPDATE xray_traces SET bytes = bytes - ?, over = 1 WHERE id = ?", (left, number))
                size -= left
            bodies = fitting
        added += size
        rows += [(number, body) for body in bodies]
    database.executemany("INSERT INTO xray_documents VALUES (?, ?)", rows)
    database.execute(
        "INSERT INTO xray_totals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
        (scope.account, scope.region, added),
    )
    indexing.arm(scope)
    retention.arm(scope)
