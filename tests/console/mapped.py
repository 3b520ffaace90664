"""A service map for the screens: a shop whose bank fails, with a queue behind it and a table that is throttled."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from console import tracing
from pointsman.clock import EPOCH
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.sampling import SamplingRule, SamplingRules, Taken, in_order
from pointsman.model.service_map import MapQuery, ServiceCall, ServiceMap, ServiceNode, TraceGroup, Traffic, canonical
from pointsman.semantics.traces.facts import CLIENT, Service
from pointsman.semantics.traces.sampling import Rule
from pointsman.services.reads import traces as reader

GATEWAY = Service("gateway", "AWS::ApiGateway::Stage", "123456789012")
CHECKOUT = Service("checkout", "AWS::ECS::Container", "123456789012")
BANK = Service("bank.example", "remote")
LEDGER = Service("ledger", "AWS::DynamoDB::Table", "123456789012")
MAILER = Service("mailer", "AWS::Lambda::Function", "123456789012")


def traffic(ok: int, *, faults: int = 0, throttles: int = 0, errors: int = 0, took: float = 0.05) -> Traffic:
    """Requests that took about so long."""
    total = ok + faults + throttles + errors
    times = ((round(took * 0.8, 3), total * 9 // 10), (round(took * 2.8, 3), total - total * 9 // 10))
    return Traffic(ok, errors, throttles, faults, took * total, times)


def service_map(query: MapQuery | None = None) -> ServiceMap:
    """The shop in the last five minutes."""
    query = query or MapQuery()
    clients, nightly = Service("gateway", CLIENT), Service("nightly-report", "AWS::EC2::Instance", "123456789012")
    cart, search = (Service(name, "AWS::ECS::Container", "123456789012") for name in ("cart", "search"))
    index = Service("index", "AWS::Elasticsearch::Domain", "123456789012")
    payments = Service("payments", "AWS::ECS::Container", "123456789012")
    orders = Service("orders", "AWS::SQS::Queue", "123456789012")
    nodes = (
        ServiceNode(clients),
        ServiceNode(GATEWAY, traffic(3430, faults=61, errors=84, took=0.19), root=True),
        ServiceNode(cart, traffic(1900, took=0.012)),
        ServiceNode(search, traffic(870, took=0.41)),
        ServiceNode(index, traffic(870, took=0.33), active=False),
        ServiceNode(CHECKOUT, traffic(590, faults=61, took=0.64)),
        ServiceNode(payments, traffic(598, faults=53, took=0.42)),
        ServiceNode(BANK, traffic(598, faults=53, took=0.3), active=False),
        ServiceNode(LEDGER, traffic(611, throttles=40, took=0.04), active=False),
        ServiceNode(orders, traffic(540, took=0.008), active=False),
        ServiceNode(MAILER, traffic(531, errors=9, took=0.22)),
        ServiceNode(nightly, traffic(1, took=187.0), root=True),
    )
    calls = (
        ServiceCall(clients, GATEWAY, traffic(3430, faults=61, errors=84, took=0.19)),
        ServiceCall(GATEWAY, cart, traffic(1900, took=0.014)),
        ServiceCall(GATEWAY, search, traffic(870, took=0.42)),
        ServiceCall(GATEWAY, CHECKOUT, traffic(590, faults=61, took=0.65)),
        ServiceCall(search, index, traffic(870, took=0.33)),
        ServiceCall(CHECKOUT, cart, traffic(651, took=0.01)),
        ServiceCall(CHECKOUT, payments, traffic(598, faults=53, took=0.43)),
        ServiceCall(CHECKOUT, orders, traffic(540, took=0.008)),
        ServiceCall(payments, BANK, traffic(598, faults=53, took=0.3)),
        ServiceCall(payments, LEDGER, traffic(611, throttles=40, took=0.04)),
        ServiceCall(orders, MAILER, traffic(531, errors=9, took=0.22)),
        ServiceCall(MAILER, MAILER, traffic(12, took=0.2)),
    )
    return canonical(nodes, calls, query, start=EPOCH - query.span, end=EPOCH)


def groups() -> tuple[TraceGroup, ...]:
    """Two groups."""
    return TraceGroup("gold", 'annotation[tenant] = "gold"'), TraceGroup("slow", "responsetime > 2")


HOUR = MapQuery(timedelta(hours=1))


def sampling_rules() -> SamplingRules:
    """Health checks are left out, carts are recorded well, and one rule can never match."""

    def rule(name: str, priority: int, rate: float, reservoir: int, taken: Taken, **more: Any) -> SamplingRule:
        arn = f"arn:aws:xray:eu-west-1:123456789012:sampling-rule/{name}"
        return SamplingRule(Rule(name, priority, rate, reservoir, **more), taken, arn, EPOCH, EPOCH)

    rules = (
        rule("Default", 10_000, 0.05, 1, Taken(14_210, 1_302, 4)),
        rule("health-checks", 10, 0.0, 0, Taken(5_400, 0, 0), url_path="/health*"),
        rule("carts", 100, 0.25, 5, Taken(1_900, 612, 0), service_name="gateway", url_path="/cart*"),
        rule("failures", 200, 1.0, 10, Taken(), attributes={"http.status_code": "5*"}),
        rule("gold", 300, 0.5, 1, Taken(80, 44, 9), attributes={"tenant": "gold"}),
    )
    return SamplingRules(in_order(rules), EPOCH - timedelta(minutes=10), EPOCH)


BETTER = tracing.ref(2)


@lru_cache(1)
def better() -> OpenedTrace:
    """A checkout that went well: the bank is quick, the ledger is not throttled, a cache spares the stock's queries."""
    gateway, checkout, payments, _ = json.loads(json.dumps(tracing.documents()))
    for one, end in ((gateway, 0.42), (checkout, 0.41)):
        one.pop("fault")
        one["end_time"] = tracing.NOW + end
    gateway["http"]["response"]["status"] = gateway["subsegments"][0]["http"]["response"]["status"] = 200
    gateway["subsegments"][0]["end_time"] = tracing.NOW + 0.412
    inventory, call = checkout["subsegments"]
    inventory["subsegments"] = [
        inventory["subsegments"][0],
        {"id": "0000000000000070", "name": "cache", "start_time": tracing.NOW + 0.05, "end_time": tracing.NOW + 0.052},
    ]
    for one in (call, payments):
        one.pop("fault")
        one["end_time"] = tracing.NOW + 0.3
    ledger, bank, _ = payments["subsegments"]
    ledger.pop("throttle"), ledger.pop("error"), ledger.pop("http")
    ledger["end_time"] = tracing.NOW + 0.158
    bank.update(start_time=tracing.NOW + 0.16, end_time=tracing.NOW + 0.29, **tracing._http("POST", "https://b/", 200))
    bank.pop("fault"), bank.pop("cause")
    payments["subsegments"] = [ledger, bank]
    texts = [json.dumps({**one, "trace_id": BETTER.id}) for one in (gateway, checkout, payments)]
    return reader.opened(BETTER, texts, limit_exceeded=False, settled=True)
