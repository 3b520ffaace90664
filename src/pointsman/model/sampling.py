"""Sampling rules as they are obeyed: what they say, what they took, and what each would have taken. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct

from pointsman.model.refs import SamplingRuleRef
from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces import sampling
from pointsman.semantics.traces.sampling import DEFAULT, Request, Rule

__all__ = ["Estimate", "SamplingRule", "SamplingRules", "Taken", "estimates", "in_order", "request_of"]


class Taken(Struct, frozen=True):
    """What samplers said a rule did in the last minutes."""

    requests: int = 0
    sampled: int = 0
    borrowed: int = 0
    """Of the sampled: taken before a quota was handed out."""

    @property
    def share(self) -> float | None:
        """The share that was recorded; None without a request."""
        return min(1.0, self.sampled / self.requests) if self.requests else None


class SamplingRule(Struct, frozen=True):
    """A sampling rule, and what it did."""

    rule: Rule
    taken: Taken = Taken()
    arn: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    boosted: bool = False
    """X-Ray may raise its rate for a while when something is wrong."""

    @property
    def ref(self) -> SamplingRuleRef:
        """What names it."""
        return SamplingRuleRef(self.rule.name)

    @property
    def default(self) -> bool:
        """It is the rule for what no other matches."""
        return self.rule.name == DEFAULT


class SamplingRules(Struct, frozen=True):
    """Every rule, as they are asked."""

    rules: tuple[SamplingRule, ...] = ()
    since: datetime | None = None
    """The first window that the statistics are of; None without statistics."""
    until: datetime | None = None

    def __len__(self) -> int:
        return len(self.rules)

    def named(self, name: str) -> SamplingRule | None:
        """The rule of this name."""
        return next((one for one in self.rules if one.rule.name == name), None)

    def never(self, one: SamplingRule) -> str:
        """Why no request ever falls under a rule: a sentence; empty when one may."""
        return sampling.never(one.rule, [other.rule for other in self.rules])


def in_order(rules: Iterable[SamplingRule]) -> tuple[SamplingRule, ...]:
    """The rules as they are asked."""
    listed = list(rules)
    place = {id(rule): at for at, rule in enumerate(sampling.ordered(one.rule for one in listed))}
    return tuple(sorted(listed, key=lambda one: place[id(one.rule)]))


class Estimate(Struct, frozen=True):
    """What a rule would have made of some traces."""

    matched: int = 0
    """Traces that would have fallen under it."""
    expected: float = 0.0
    """How many of them it would have recorded, by its reservoir and its rate."""

    @property
    def share(self) -> float | None:
        """The share it would have recorded; None when none falls under it."""
        return self.expected / self.matched if self.matched else None


def request_of(row: TraceSummary) -> Request:
    """What a sampler knew of a trace's request when it came in, as far as a list tells: not its kind of service."""
    try:
        parts = urlsplit(row.url)
        host, path = parts.hostname or "", parts.path
    except ValueError:
        host = path = ""
    return Request(row.entry, "", host, row.method, path)


def estimates(rules: Sequence[Rule], traces: Iterable[TraceSummary], span: timedelta) -> dict[str, Estimate]:
    """What each rule would have taken of these traces, by its name.

    A trace falls under the first rule that its entry point matches. Of those of one second the reservoir takes its
    number, and of the rest the rate its share. Traces without a start are spread evenly over the span.

    Args:
        rules: All rules.
        traces: The traces that were loaded. They were sampled themselves: their shares are of what was recorded.
        span: The range they are of.
    """
    listed = sampling.ordered(rules)
    seconds: dict[str, Counter[int]] = {rule.name: Counter() for rule in listed}
    loose: Counter[str] = Counter()
    for row in traces:
        request = request_of(row)
        rule = next((one for one in listed if one.name == DEFAULT or sampling.matches(one, request)), None)
        if rule is None:
            continue
        if row.started is None:
            loose[rule.name] += 1
        else:
            seconds[rule.name][int(row.started.timestamp())] += 1
    length = max(1.0, span.total_seconds())
    found: dict[str, Estimate] = {}
    for rule in listed:
        matched = expected = 0.0
        for count in seconds[rule.name].values():
            held = min(count, rule.reservoir_size)
            matched += count
            expected += held + (count - held) * rule.fixed_rate
        if (count := loose[rule.name]) > 0:
            held_ = min(float(count), rule.reservoir_size * length)
            matched += count
            expected += held_ + (count - held_) * rule.fixed_rate
        found[rule.name] = Estimate(int(matched), expected)
    return found
