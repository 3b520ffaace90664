"""Traces for the screens: a list, and a checkout that failed at the bank."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pointsman.clock import EPOCH
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.traces import TraceList, TraceQuery, TraceSummary
from pointsman.services.reads import traces as reader

NOW = EPOCH.timestamp()


def ref(at: int) -> TraceRef:
    """A trace of about now."""
    return TraceRef(f"1-{int(NOW):08x}-{at:024x}")


CHECKOUT = ref(1)


def listed(query: TraceQuery | None = None) -> TraceList:
    """Traces of the last five minutes."""

    def row(at: int, took: float, path: str, status: int | None, **more: Any) -> TraceSummary:
        services = more.pop("services", ("gateway", "cart"))
        return TraceSummary(
            ref(at),
            EPOCH - timedelta(seconds=9 * at),
            took,
            more.pop("response", took),
            more.pop("method", "GET"),
            f"https://shop.example{path}" if path else "",
            status,
            entry="gateway" if path else "nightly-report",
            services=services,
            **more,
        )

    rows = (
        row(
            1,
            0.812,
            "/checkout?basket=4711",
            500,
            method="POST",
            fault=True,
            throttle=True,
            error=True,
            services=("gateway", "checkout", "inventory", "payments", "bank.example"),
            annotations=(("tenant", "gold"), ("release", "d-8KQ2XW1AA")),
        ),
        row(2, 0.0421, "/cart", 200),
        row(3, 0.0387, "/cart", 200),
        row(4, 3.21, "/search?q=lamp", 200, response=0.9, partial=True, services=("gateway", "search", "index")),
        row(5, 0.0052, "/cart/9", 404, error=True),
        row(6, 187.0, "", None, method="", services=("nightly-report",)),
        row(7, 0.011, "/health", 200, method="HEAD", services=("gateway",)),
        row(8, 0.03, "/orders", 429, method="POST", error=True, throttle=True),
    )
    return TraceList(query or TraceQuery(), rows, 214)


def _span(at: int, name: str, start: int, end: int | None, *below: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A segment or subsegment by milliseconds after the request came in."""
    made = {"id": f"{at:016x}", "name": name, "start_time": NOW + start / 1000, **more}
    made.update({"in_progress": True} if end is None else {"end_time": NOW + end / 1000})
    if below:
        made["subsegments"] = list(below)
    return made


def _http(method: str, url: str, status: int) -> dict[str, Any]:
    return {"http": {"request": {"method": method, "url": url}, "response": {"status": status}}}


EXCEPTION = {
    "id": "00000000000000e1",
    "type": "BankError",
    "message": "the bank answered 502 to authorise",
    "remote": True,
    "stack": [
        {"path": "payments/bank.py", "line": 88, "label": "authorise"},
        {"path": "payments/handler.py", "line": 41, "label": "pay"},
        {"path": "payments/app.py", "line": 12, "label": "main"},
    ],
}


def documents() -> tuple[dict[str, Any], ...]:
    """The segments of the failed checkout."""
    gateway = _span(
        1,
        "gateway",
        0,
        812,
        _span(2, "checkout", 8, 800, namespace="remote", **_http("POST", "http://checkout/pay", 500)),
        origin="AWS::ApiGateway::Stage",
        fault=True,
        **_http("POST", "https://shop.example/checkout?basket=4711", 500),
    )
    items = [
        _span(30 + at, "SELECT stock", 40 + 7 * at, 46 + 7 * at, sql={"sanitized_query": "SELECT stock FROM items"})
        for at in range(12)
    ]
    checkout = _span(
        10,
        "checkout",
        10,
        798,
        _span(11, "inventory", 30, 126, *items),
        _span(12, "payments", 140, 680, namespace="remote", fault=True),
        fault=True,
        parent_id=f"{2:016x}",
        annotations={"tenant": "gold", "release": "d-8KQ2XW1AA", "retries": 3},
        metadata={"default": {"basket": {"items": 12, "total": "118.40"}}},
        aws={"cloudwatch_logs": [{"log_group": "/shop/checkout"}]},
        user="ada",
    )
    payments = _span(
        20,
        "payments",
        142,
        678,
        _span(
            21,
            "DynamoDB",
            150,
            360,
            namespace="aws",
            throttle=True,
            error=True,
            aws={"operation": "UpdateItem", "table_name": "ledger", "retries": 3, "request_id": "R3Q"},
            http={"response": {"status": 400}},
        ),
        _span(
            22,
            "bank.example",
            365,
            665,
            namespace="remote",
            fault=True,
            cause={"working_directory": "/srv", "exceptions": [EXCEPTION]},
            **_http("POST", "https://bank.example/authorise", 502),
        ),
        _span(23, "receipt", 600, None),
        fault=True,
        parent_id=f"{12:016x}",
    )
    lost = _span(60, "mailer", 700, 760, parent_id="00000000deadbeef")
    return gateway, checkout, payments, lost


@lru_cache(1)
def checkout() -> OpenedTrace:
    """The failed checkout, put together."""
    texts = [json.dumps({**one, "trace_id": CHECKOUT.id}) for one in documents()]
    return reader.opened(CHECKOUT, texts, limit_exceeded=False, settled=False)
