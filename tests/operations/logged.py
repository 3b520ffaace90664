"""Log groups to judge operations by."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.model.logs import GroupDetail, LogGroup, LogStream, MetricFilter, SubscriptionFilter
from pointsman.model.refs import LogGroupRef, MetricFilterRef, Ref

NAME = "/shop/api"
GROUP = LogGroupRef(NAME)
FILTER = MetricFilterRef(NAME, "errors")


def detail(**changes: Any) -> GroupDetail:
    """A group with a metric filter, a subscription and a stream; ``changes`` are the group's."""
    group = replace(LogGroup(NAME, retention=30, stored=4_200_000, group_class="STANDARD"), **changes)
    return GroupDetail(
        group,
        (MetricFilter(NAME, "errors", "ERROR", "Shop", "Errors", "1", 0.0, "Count", (), True),),
        (SubscriptionFilter(NAME, "siem", "", "arn:aws:lambda:eu-west-1:123456789012:function:siem"),),
        (LogStream("web-1", 1_767_603_600_000),),
    )


_METRIC = {"namespace": "Shop", "metric": "Latency", "value": "$.ms"}
RUNS: dict[str, tuple[Any, Ref, dict[str, str]]] = {
    "log-group.set-retention": (detail(), GROUP, {"days": "7"}),
    "log-group.keep-forever": (detail(), GROUP, {}),
    "log-group.create": (detail(), GROUP, {"name": "/shop/new", "class": "INFREQUENT_ACCESS"}),
    "log-group.delete": (detail(), GROUP, {}),
    "log-group.create-filter": (
        detail(),
        GROUP,
        {"name": "latency", "pattern": "{ $.ms = * }", "unit": "Milliseconds", "dimensions": "Path=$.path", **_METRIC},
    ),
    "metric-filter.change": (detail(), FILTER, {"pattern": "?ERROR ?FATAL", "default": "0", **_METRIC}),
    "metric-filter.delete": (detail(), FILTER, {}),
}
_DELIVERY, _RARE = detail(group_class="DELIVERY"), detail(group_class="INFREQUENT_ACCESS")
REFUSES: dict[str, tuple[tuple[Any, Ref, str], ...]] = {
    "log-group.set-retention": ((_DELIVERY, GROUP, "two days"),),
    "log-group.keep-forever": (
        (detail(retention=0), GROUP, "never expires already"),
        (_DELIVERY, GROUP, "two days"),
    ),
    "log-group.create": (),
    "log-group.delete": (),
    "log-group.create-filter": (
        (_RARE, GROUP, "INFREQUENT_ACCESS has no metric filters"),
        (replace(detail(), filters=detail().filters * 100), GROUP, "100 metric filters"),
    ),
    "metric-filter.change": ((detail(), MetricFilterRef(NAME, "gone"), "no metric filter"),),
    "metric-filter.delete": ((detail(), MetricFilterRef(NAME, "gone"), "no metric filter"),),
}
