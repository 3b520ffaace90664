"""Which alarms watch a service of a map. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pointsman.model.alarms import Alarm, worst_first
from pointsman.semantics.traces.facts import CLIENT, Service

__all__ = ["watching"]

XRAY = "AWS/X-Ray"
_EVERY_GROUP = "Default"
"""What X-Ray's metrics of every trace have as their group."""


def watching(
    services: Iterable[Service], alarms: Iterable[Alarm], group: str = ""
) -> Mapping[Service, tuple[Alarm, ...]]:
    """The alarms on a metric of each service, worst first; only services that have any.

    A metric is a service's when one of its dimensions has the service's name: one of X-Ray's own when the type is the
    same too, one of another namespace of AWS when the service is of that product.

    Args:
        services: The services.
        alarms: The alarms.
        group: The group of traces the map is of; empty for every trace.
    """
    by_name: dict[str, list[Alarm]] = {}
    for one in alarms:
        for value in {value for _, value in one.metric.dimensions} if one.metric is not None else ():
            by_name.setdefault(value, []).append(one)
    found: dict[Service, tuple[Alarm, ...]] = {}
    for service in services:
        if service.type != CLIENT and service.name in by_name:
            taken = worst_first(one for one in by_name[service.name] if _of(one, service, group))
            if taken:
                found[service] = tuple(taken)
    return found


def _of(alarm: Alarm, service: Service, group: str) -> bool:
    if alarm.metric is None:
        return False
    namespace, dimensions = alarm.metric.namespace, dict(alarm.metric.dimensions)
    if namespace == XRAY:
        return (
            dimensions.get("ServiceName") == service.name
            and dimensions.get("ServiceType", service.type) == service.type
            and dimensions.get("GroupName", _EVERY_GROUP) in (_EVERY_GROUP, group)
        )
    product, kind = namespace.partition("AWS/")[2], service.type.partition("AWS::")[2].partition("::")[0]
    return not product or not kind or product.lower() == kind.lower()
