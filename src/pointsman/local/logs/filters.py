"""Metric filters and subscription filters as records, under ``group:name``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from pointsman.local.world import Scope


class Transformation(msgspec.Struct, frozen=True):
    """What a metric filter makes of a match."""

    namespace: str
    name: str
    value: str
    """A number, or the selector of one: ``$.latency``, ``$bytes``."""
    unit: str = ""
    default: float | None = None
    dimensions: dict[str, str] = {}
    """Name -> selector."""


class MetricFilter(msgspec.Struct, frozen=True):
    """A metric filter."""

    group: str
    name: str
    pattern: str
    created: int
    transformation: Transformation


class SubscriptionFilter(msgspec.Struct, frozen=True):
    """A subscription filter."""

    group: str
    name: str
    pattern: str
    created: int
    destination: str
    role: str = ""
    distribution: str = "ByLogStream"


F = TypeVar("F", MetricFilter, SubscriptionFilter)


def key(group: str, name: str) -> str:
    """A filter's key; neither part may hold a colon."""
    return f"{group}:{name}"


def of_group(scope: Scope, kind: type[F], group: str, prefix: str = "", *, after: str | None = None) -> Iterator[F]:
    """A group's filters by name."""
    begin = None if after is None else key(group, after)
    return (one for _, one in scope.scan(kind, key(group, prefix), after=begin))


def count(scope: Scope, group: str) -> int:
    """How many metric filters a group has."""
    return sum(1 for _ in of_group(scope, MetricFilter, group))


def forget(scope: Scope, group: str) -> None:
    """Remove a group's filters."""
    for metric in list(of_group(scope, MetricFilter, group)):
        scope.delete(MetricFilter, key(group, metric.name))
    for subscription in list(of_group(scope, SubscriptionFilter, group)):
        scope.delete(SubscriptionFilter, key(group, subscription.name))
