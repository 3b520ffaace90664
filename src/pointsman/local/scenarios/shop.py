"""The shop's traffic: traces of seven services, as they would send them, and what these write into their logs.

One request every now and then. Payments sometimes asks a bank that does not answer, again and again; the ledger's table
is throttled at times; pricing is a function that starts cold; a letter to the customer goes through a queue. While a
bad release of checkout is out its database is slow. One trace is a night's recount, of two thousand spans.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pointsman.local.backend import ACCOUNT, Backend
from pointsman.local.scenarios.shop_logs import GROUP, lines
from pointsman.local.world import Payload, Scope

NEXT: Final = "shop.next"
EVERY: Final = 20.0
"""Seconds from one request to the next."""
SINCE: Final = -36.0
"""Minutes before second 0 at which the traces begin."""
RECOUNT: Final = -3.4
"""Minutes before second 0 at which the recount ran."""
SPANS: Final = 2000
_PATHS: Final = ("/cart", "/search?q=lamp", "/checkout", "/orders/17", "/checkout", "/")

At = Callable[..., None]


class Shop:
    """The shop's customers.

    Args:
        backend: The scenario's.
        region: Where.
        seed: Decides what is left to chance.
        zero: Second 0.
        bad: From when to when the bad release was out, in minutes from second 0.
    """

    def __init__(self, backend: Backend, region: str, seed: int, zero: datetime, bad: tuple[float, float]) -> None:
        self._seed = seed
        self._zero = zero
        self._bad = bad
        self._scope = backend.world.scope(ACCOUNT, region)
        backend.world.on(NEXT, self._on_next)

    def tell(self, at: At) -> None:
        """Put the traffic into the floor's story; ``at(minutes, act, …)``."""
        at(SINCE, self._begin)
        at(RECOUNT, self._recount)

    def _begin(self) -> None:
        with self._scope.world.transaction():
            self._scope.after(EVERY, NEXT, {}, key=NEXT)

    def _on_next(self, scope: Scope, _: Payload) -> None:
        self._send(scope, self.request(scope.now))
        scope.after(EVERY, NEXT, {}, key=NEXT)

    def _recount(self) -> None:
        with self._scope.world.transaction():
            self._send(self._scope, recount(self._scope.now))

    @staticmethod
    def _send(scope: Scope, documents: list[dict[str, Any]]) -> None:
        from pointsman.local.logs import events
        from pointsman.local.xray.intake import take

        wrong = take(scope, [json.dumps(one, separators=(",", ":")) for one in documents])
        assert not wrong, wrong
        for (group, stream), said in lines(documents).items():
            events.append(scope, group, stream, said)

    def request(self, now: datetime) -> list[dict[str, Any]]:
        """The segments of the request that ends now."""
        minutes = (now - self._zero).total_seconds() / 60
        dice = random.Random(f"{self._seed}/shop/{int(now.timestamp())}")
        bad = self._bad[0] <= minutes < self._bad[1]
        return _Request(dice, now.timestamp(), bad).documents()


class _Request:
    """One request, told from its start."""

    def __init__(self, dice: random.Random, ended: float, bad: bool) -> None:
        self._dice = dice
        self._bad = bad
        self._path = dice.choice(_PATHS)
        # Two seconds at the most, and the letter behind it: all of it lies in the past when it is sent.
        self._start = round(ended - 8, 3)
        self._trace = f"1-{int(self._start):08x}-{dice.getrandbits(96):024x}"
        self._ids = dice.getrandbits(48) << 16
        self._found: list[dict[str, Any]] = []
        self._calls: list[dict[str, Any]] = []
        """What the gateway asked."""
        self._cold = False
        """Whether the function has to start first."""

    def _id(self) -> str:
        self._ids += 1
        return f"{self._ids:016x}"

    def _span(self, name: str, start: float, lasts: float, **members: Any) -> dict[str, Any]:
        begun = self._start + start
        return {
            "id": self._id(),
            "name": name,
            "start_time": round(begun, 4),
            "end_time": round(begun + lasts, 4),
            **members,
        }

    def _segment(self, name: str, start: float, lasts: float, parent: str = "", /, **members: Any) -> dict[str, Any]:
        made = {**self._span(name, start, lasts, **members), "trace_id": self._trace}
        if parent:
            made["parent_id"] = parent
        self._found.append(made)
        return made

    def documents(self) -> list[dict[str, Any]]:
        """The segments."""
        if "checkout" in self._path:
            took, failed = self._checkout(0.02)
        else:
            took, failed = self._browse(0.01)
        status = 502 if failed else 200
        method = "POST" if "checkout" in self._path else "GET"
        self._segment(
            "gateway",
            0,
            took + 0.03,
            origin="AWS::ApiGateway::Stage",
            http=_http(status, f"https://shop.example{self._path}", method),
            aws=_logged("gateway"),
            **({"fault": True} if failed else {}),
            subsegments=self._calls,
        )
        return self._found

    def _call(self, name: str, start: float, lasts: float, path: str, status: int = 200) -> dict[str, Any]:
        more = {"fault": True} if status >= 500 else {}
        return self._span(
            name, start, lasts, namespace="remote", http=_http(status, f"http://{name}.internal{path}"), **more
        )

    def _browse(self, start: float) -> tuple[float, bool]:
        """A page of the storefront: its stock and its prices."""
        dice = self._dice
        stock, price = dice.uniform(0.008, 0.03), self._price_time()
        took = stock + price + dice.uniform(0.01, 0.04)
        self._calls = [self._call("storefront", start, took, self._path)]
        inventory = self._call("inventory", start + 0.005, stock, "/stock")
        pricing = self._call("pricing", start + 0.007 + stock, price, "/price")
        self._segment(
            "storefront", start + 0.002, took - 0.004, self._calls[0]["id"], **_server("storefront"),
            subsegments=[inventory, pricing],
        )  # fmt: skip
        self._stock(inventory, start + 0.006, stock - 0.003)
        self._price(pricing, start + 0.009 + stock, price - 0.003)
        return took, False

    def _checkout(self, start: float) -> tuple[float, bool]:
        """An order: stock, price, payment, and a letter that goes through a queue."""
        dice = self._dice
        query = dice.uniform(0.02, 0.05) * (14 if self._bad else 1)
        stock, price = dice.uniform(0.01, 0.03), self._price_time()
        failed = dice.random() < (0.5 if self._bad else 0.3)
        pay = dice.uniform(0.1, 0.2) + (dice.uniform(0.5, 0.9) if failed else 0.0)
        took = query + stock + price + pay + 0.05
        self._calls = [self._call("checkout", start, took, "/pay", 502 if failed else 200)]
        at = start + 0.01
        sql = self._span("orders@db", at, query, namespace="remote", sql={
            "sanitized_query": "SELECT * FROM baskets WHERE customer = ?", "database_type": "PostgreSQL",
        })  # fmt: skip
        inventory = self._call("inventory", at := at + query, stock, "/reserve")
        pricing = self._call("pricing", at := at + stock, price, "/total")
        payments = self._call("payments", at := at + price, pay, "/charge", 502 if failed else 200)
        queue = self._span("SQS", at + pay, 0.008, namespace="aws", aws={
            "operation": "SendMessage", "queue_url": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/letters",
        })  # fmt: skip
        self._segment(
            "checkout", start + 0.002, took - 0.004, self._calls[0]["id"], **_server("checkout"),
            annotations={"codedeploy_application": "checkout-api", "release": "119" if self._bad else "118"},
            user=dice.choice(("ada", "grace", "edsger", "barbara")),
            **({"fault": True} if failed else {}),
            subsegments=[sql, inventory, pricing, payments, *([] if failed else [queue])],
        )  # fmt: skip
        self._stock(inventory, inventory["start_time"] - self._start + 0.002, stock - 0.004)
        self._price(pricing, pricing["start_time"] - self._start + 0.002, price - 0.004)
        self._payment(payments, payments["start_time"] - self._start + 0.003, pay - 0.006, failed)
        if not failed:
            self._letter(queue, took + dice.uniform(0.4, 2.5))
        return took, failed

    def _stock(self, caller: dict[str, Any], start: float, lasts: float) -> None:
        get = self._span("DynamoDB", start + 0.001, lasts * 0.7, namespace="aws", aws=_table("stock", "GetItem"))
        self._segment("inventory", start, lasts, caller["id"], **_server("inventory"), subsegments=[get])

    def _price_time(self) -> float:
        self._cold = self._dice.random() < 0.12
        return self._dice.uniform(0.02, 0.05) + (self._dice.uniform(0.7, 1.1) if self._cold else 0.0)

    def _price(self, caller: dict[str, Any], start: float, lasts: float) -> None:
        """A function: its service's segment, and its own, which begins with a cold start."""
        service = self._segment(
            "pricing", start, lasts, caller["id"], origin="AWS::Lambda", http={"response": {"status": 200}},
            resource_arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pricing",
        )  # fmt: skip
        inside: list[dict[str, Any]] = []
        begun = start + 0.002
        if self._cold:
            inside.append(self._span("Initialization", begun, lasts * 0.85))
            begun += lasts * 0.86
        inside.append(self._span("Invocation", begun, start + lasts - 0.002 - begun))
        self._segment(
            "pricing", start + 0.001, lasts - 0.002, service["id"], origin="AWS::Lambda::Function",
            annotations={"cold_start": self._cold}, subsegments=inside,
        )  # fmt: skip

    def _payment(self, caller: dict[str, Any], start: float, lasts: float, failed: bool) -> None:
        """The ledger, throttled now and then, and the bank: asked until it answers, six times at most."""
        dice = self._dice
        throttled = dice.random() < 0.25
        write = lasts * (0.25 if throttled else 0.1)
        ledger = self._span(
            "DynamoDB", start + 0.002, write, namespace="aws",
            aws=_table("ledger", "UpdateItem") | ({"retries": 4} if throttled else {}),
            **({"error": True, "throttle": True, "http": {"response": {"status": 400}}} if throttled else {}),
        )  # fmt: skip
        at, rest = start + 0.004 + write, lasts - write - 0.008
        tries = 6 if failed else 1
        asked = []
        for one in range(tries):
            each = rest / tries
            asked.append(
                self._span(
                    "bank.example", at + each * one, each * 0.8, namespace="remote",
                    http=_http(503 if failed else 200, "https://bank.example/authorise", "POST"),
                    **({"fault": True, "cause": _unanswered(self._id())} if failed else {}),
                )
            )  # fmt: skip
        self._segment(
            "payments", start, lasts, caller["id"], **_server("payments"), annotations={"attempts": tries},
            **({"fault": True} if failed else {}), subsegments=[ledger, *asked],
        )  # fmt: skip

    def _letter(self, queue: dict[str, Any], start: float) -> None:
        """Somebody takes it from the queue a while after the request was answered."""
        lasts = self._dice.uniform(0.08, 0.3)
        mail = self._span("SES", start + 0.01, lasts * 0.8, namespace="aws", aws={"operation": "SendEmail"})
        self._segment("notifications", start, lasts, queue["id"], **_server("notifications"), subsegments=[mail])


def recount(now: datetime) -> list[dict[str, Any]]:
    """A night's recount of the stock: two thousand spans in one trace."""
    start = now.timestamp() - 60
    trace = f"1-{int(start):08x}-{SPANS:024x}"
    segments: list[dict[str, Any]] = []
    base, number = 0x5EC0 << 32, 0

    def span(name: str, at: float, lasts: float, **members: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        begun = round(start + at, 3)
        return {"id": f"{base + number:016x}", "name": name, "start_time": begun,
                "end_time": round(begun + lasts, 3), **members}  # fmt: skip

    top = span("inventory", 0, 52.0, trace_id=trace, annotations={"job": "recount"}, **_server("inventory"))
    segments.append(top)
    shelves = 25
    left = SPANS - 1 - shelves
    for shelf in range(shelves):
        count = left // shelves + (shelf < left % shelves)
        inner = span(f"shelf {shelf + 1}", shelf * 2.0, 2.0, trace_id=trace, parent_id=top["id"], type="subsegment")
        reads = [
            span("DynamoDB", shelf * 2.0 + at * 2.0 / count, 1.6 / count, namespace="aws", aws=_table("stock", "Query"))
            for at in range(count)
        ]
        segments.append({**inner, "subsegments": reads})
    return segments


def _http(status: int, url: str, method: str = "GET") -> dict[str, Any]:
    return {"request": {"method": method, "url": url}, "response": {"status": status}}


def _table(name: str, operation: str) -> dict[str, Any]:
    return {"table_name": name, "operation": operation, "region": "eu-west-1"}


def _server(name: str) -> dict[str, Any]:
    return {
        "origin": "AWS::ECS::Container",
        "http": {"request": {"method": "GET", "url": f"http://{name}.internal/"}, "response": {"status": 200}},
        "aws": _logged(name),
    }


def _logged(name: str) -> dict[str, Any]:
    return {"cloudwatch_logs": [{"log_group": f"{GROUP}{name}"}]}


def _unanswered(exception: str) -> dict[str, Any]:
    frames = [("authorise", "payments/bank.py", 88), ("charge", "payments/handler.py", 41)]
    stack = [{"label": label, "path": path, "line": line} for label, path, line in frames]
    said = {"id": exception, "type": "BankUnavailable", "message": "503 from https://bank.example/authorise"}
    return {"working_directory": "/srv/payments", "exceptions": [{**said, "remote": True, "stack": stack}]}
