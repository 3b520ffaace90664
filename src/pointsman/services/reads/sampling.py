"""X-Ray's answers about sampling, read into the model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from pointsman.model.sampling import SamplingRule, SamplingRules, Taken, in_order
from pointsman.semantics.traces.sampling import DEFAULT, LOWEST, Rule
from pointsman.services.reads.values import Answer, pairs, part, parts, text, when, whole


def rules(answer: Answer) -> tuple[SamplingRule, ...]:
    """GetSamplingRules: one page."""
    return tuple(
        _rule(one) for one in parts(answer, "SamplingRuleRecords") if text(part(one, "SamplingRule"), "RuleName")
    )


def _rule(record: Any) -> SamplingRule:
    source = part(record, "SamplingRule")
    name = text(source, "RuleName")
    priority = whole(source, "Priority")
    return SamplingRule(
        Rule(
            name,
            priority if priority is not None else LOWEST if name == DEFAULT else LOWEST - 1,
            _share(source.get("FixedRate")),
            max(0, whole(source, "ReservoirSize") or 0),
            text(source, "ServiceName"),
            text(source, "ServiceType"),
            text(source, "Host"),
            text(source, "HTTPMethod"),
            text(source, "URLPath"),
            text(source, "ResourceARN") or "*",
            dict(pairs(source, "Attributes")),
        ),
        arn=text(source, "RuleARN"),
        created=when(record, "CreatedAt"),
        modified=when(record, "ModifiedAt"),
        boosted=bool(part(source, "SamplingRateBoost")),
    )


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return min(1.0, max(0.0, float(value)))


class Statistics(Struct, frozen=True):
    """GetSamplingStatisticSummaries: one page."""

    taken: tuple[tuple[str, Taken], ...]
    """By rule, several times each."""
    windows: tuple[datetime, ...] = field(default=())


def statistics(answer: Answer) -> Statistics:
    """GetSamplingStatisticSummaries."""
    listed = parts(answer, "SamplingStatisticSummaries")
    return Statistics(
        tuple(
            (
                text(one, "RuleName"),
                Taken(_count(one, "RequestCount"), _count(one, "SampledCount"), _count(one, "BorrowCount")),
            )
            for one in listed
        ),
        tuple(moment for one in listed if (moment := when(one, "Timestamp")) is not None),
    )


def _count(source: Any, name: str) -> int:
    return max(0, whole(source, name) or 0)


def together(found: Iterable[SamplingRule], pages: Iterable[Statistics]) -> SamplingRules:
    """The rules with what they did."""
    sums: dict[str, Taken] = {}
    windows: list[datetime] = []
    for page in pages:
        windows += page.windows
        for name, taken in page.taken:
            former = sums.get(name, Taken())
            sums[name] = Taken(
                former.requests + taken.requests, former.sampled + taken.sampled, former.borrowed + taken.borrowed
            )
    told = (
        SamplingRule(one.rule, sums.get(one.rule.name, Taken()), one.arn, one.created, one.modified, one.boosted)
        for one in found
    )
    return SamplingRules(in_order(told), min(windows, default=None), max(windows, default=None))
