"""What the shop's services write while they serve a request: told from its segments, so that both agree.

Each has its own manner: checkout and payments write JSON, the gateway ``key=value``, pricing is a function of Lambda,
the others write plain lines. Every line that belongs to a request has the id of its trace.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["GROUP", "Line", "lines"]

GROUP: Final = "/shop/"
_FUNCTION: Final = "/aws/lambda/"

Line = tuple[int, str]
"""(milliseconds since 1970, message)."""
Document = Mapping[str, Any]
Said = Iterator[tuple[float, str]]
"""(seconds since 1970, message)."""


def lines(documents: Sequence[Document]) -> dict[tuple[str, str], list[Line]]:
    """The lines of one request by (log group, log stream), oldest first.

    Args:
        documents: Its segments.
    """
    found: dict[tuple[str, str], list[Line]] = {}
    for one in documents:
        write = _MANNERS.get(one["name"])
        if write is None or one.get("origin") == "AWS::Lambda" or "trace_id" not in one:
            continue
        if one.get("type") == "subsegment":
            continue
        said = [(round(at * 1000), text) for at, text in write(one)]
        found.setdefault(_where(one), []).extend(said)
    return {where: sorted(said, key=lambda line: line[0]) for where, said in found.items()}


def _where(one: Document) -> tuple[str, str]:
    """The group that a service writes to, and the stream of the task that served this request."""
    task = int(one["trace_id"][-4:], 16) % 2 + 1
    if one.get("origin") == "AWS::Lambda::Function":
        day = datetime.fromtimestamp(one["start_time"], UTC)
        return f"{_FUNCTION}{one['name']}", f"{day:%Y/%m/%d}/[$LATEST]{'4f1c9be2' * 3}{task:08x}"
    release = one.get("annotations", {}).get("release")
    return f"{GROUP}{one['name']}", f"{release}/task-{task}" if release else f"task-{task}"


# -- what each says ---------------------------------------------------------------------------------------------------


def _gateway(one: Document) -> Said:
    request, status = one["http"]["request"], one["http"]["response"]["status"]
    path = "/" + request["url"].partition("://")[2].partition("/")[2]
    level = "error" if status >= 500 else "info"
    yield (
        one["end_time"],
        f"level={level} method={request['method']} path={path} status={status} took={_milli(one)}ms"
        f" trace={one['trace_id']}",
    )


def _storefront(one: Document) -> Said:
    calls = {each["name"]: each for each in one["subsegments"]}
    parts = ", ".join(f"{name} {_milli(each)} ms" for name, each in calls.items())
    if _took(calls["pricing"]) > 0.5:
        yield calls["pricing"]["end_time"], _plain("WARN", one, f"prices took {_milli(calls['pricing'])} ms")
    yield one["end_time"], _plain("INFO", one, f"page ready in {_milli(one)} ms: {parts}")


def _inventory(one: Document) -> Said:
    if "job" in one.get("annotations", {}):
        yield from _recount(one)
        return
    (get,) = one["subsegments"]
    yield one["end_time"], _plain("INFO", one, f"stock told in {_milli(one)} ms, {_milli(get)} ms of it the table")


def _recount(one: Document) -> Said:
    """The night's recount, a line for every shelf; its shelves are segments' parts that come by themselves."""
    yield one["start_time"], _plain("INFO", one, "recount begins")
    shelves = int(_took(one) // 2) - 1
    for shelf in range(1, shelves + 1):
        yield one["start_time"] + shelf * 2.0, _plain("INFO", one, f"shelf {shelf} of {shelves} counted")
    yield one["end_time"], _plain("INFO", one, f"recount done in {_took(one):.0f} s")


def _checkout(one: Document) -> Said:
    calls = {each["name"]: each for each in one["subsegments"]}
    release = one["annotations"]["release"]
    sql, payments = calls["orders@db"], calls["payments"]
    yield (
        one["start_time"] + 0.001,
        _json("INFO", one, "order received", customer=one["user"], release=release),
    )
    if _took(sql) > 0.2:
        query = sql["sql"]["sanitized_query"]
        yield sql["end_time"], _json("WARN", one, "slow query", query=query, took_ms=_milli(sql), release=release)
    if one.get("fault"):
        yield (
            payments["end_time"],
            _json("ERROR", one, "payment failed: payments answered 502", took_ms=_milli(payments), release=release),
        )
        yield one["end_time"], _json("INFO", one, "order kept back", took_ms=_milli(one), release=release)
    else:
        yield one["end_time"], _json("INFO", one, "order placed", took_ms=_milli(one), release=release)


def _payments(one: Document) -> Said:
    ledger, *asked = one["subsegments"]
    if ledger.get("throttle"):
        retries = ledger["aws"]["retries"]
        yield (
            ledger["end_time"],
            _json("WARN", one, "ledger throttled: ProvisionedThroughputExceededException", retries=retries),
        )
    for attempt, each in enumerate(asked, 1):
        if each.get("fault"):
            yield (
                each["end_time"],
                _json("WARN", one, "bank.example answered 503", attempt=attempt, took_ms=_milli(each)),
            )
    if one.get("fault"):
        exception = asked[-1]["cause"]["exceptions"][0]
        stack = [f"{frame['label']} ({frame['path']}:{frame['line']})" for frame in exception["stack"]]
        yield (
            one["end_time"],
            _json("ERROR", one, f"{exception['type']}: {exception['message']}", attempts=len(asked), stack=stack),
        )
    else:
        yield one["end_time"], _json("INFO", one, "payment authorised", took_ms=_milli(one))


def _pricing(one: Document) -> Said:
    cold = next((each for each in one["subsegments"] if each["name"] == "Initialization"), None)
    invoked = one["subsegments"][-1]
    request = f"{one['id'][:8]}-{one['id'][8:12]}-4{one['id'][13:16]}-a{one['id'][9:12]}-{one['trace_id'][-12:]}"
    start, end = invoked["start_time"], invoked["end_time"]
    if cold is not None:
        yield cold["start_time"], "INIT_START Runtime Version: python:3.13.v31"
    yield start, f"START RequestId: {request} Version: $LATEST\n"
    yield start + 0.001, f"[INFO]\t{_stamp(start + 0.001)}\t{request}\tprices of the basket {one['trace_id']}\n"
    yield end, f"END RequestId: {request}\n"
    began = f"Init Duration: {_took(cold) * 1000:.2f} ms\t" if cold is not None else ""
    billed = round(_took(invoked) * 1000) + 1
    yield (
        end,
        f"REPORT RequestId: {request}\tDuration: {_took(invoked) * 1000:.2f} ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: 256 MB\tMax Memory Used: 71 MB\t{began}\n"
        f"XRAY TraceId: {one['trace_id']}\tSegmentId: {one['id']}\tSampled: true\t\n",
    )


def _notifications(one: Document) -> Said:
    (mail,) = one["subsegments"]
    yield one["start_time"], _plain("INFO", one, "a letter taken from the queue")
    yield mail["end_time"], _plain("INFO", one, f"letter sent in {_milli(mail)} ms")


_MANNERS: Final[Mapping[str, Callable[[Document], Said]]] = {
    "gateway": _gateway,
    "storefront": _storefront,
    "inventory": _inventory,
    "checkout": _checkout,
    "payments": _payments,
    "pricing": _pricing,
    "notifications": _notifications,
}


# -- how it is written ------------------------------------------------------------------------------------------------


def _plain(level: str, one: Document, said: str) -> str:
    return f"{level:<5} {said} trace={one['trace_id']}"


def _json(level: str, one: Document, said: str, **more: Any) -> str:
    return json.dumps(
        {"level": level, "message": said, "trace": one["trace_id"], **more}, separators=(",", ":"), ensure_ascii=False
    )


def _took(one: Document) -> float:
    return float(one["end_time"] - one["start_time"])


def _milli(one: Document) -> int:
    return round(_took(one) * 1000)


def _stamp(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.{int(at * 1000) % 1000:03d}Z"
