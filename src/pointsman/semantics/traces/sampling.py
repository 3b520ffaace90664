"""Sampling: which rule a request falls under, whether it is recorded, and which rules no request ever falls under.

A rule is matched when a request comes in, by what is known then: its service, host, method, path and the attributes
that whoever decides can see. How the request will end is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

DEFAULT: Final = "Default"
"""The rule for what no other matches; it is always there."""
LOWEST: Final = 10_000
"""The default rule's priority."""
_LATER: Final = ("http.status", "http.response", "response", "status", "error", "fault", "throttle", "duration")
_PATTERNS: Final = ("service_name", "service_type", "host", "http_method", "url_path", "resource_arn")


class Rule(Struct, frozen=True):
    """A sampling rule."""

    name: str
    priority: int
    """1 is asked first."""
    fixed_rate: float
    """The share that is recorded beyond the reservoir: 0 to 1."""
    reservoir_size: int
    """Requests a second that are recorded before the rate counts."""
    service_name: str = "*"
    service_type: str = "*"
    host: str = "*"
    http_method: str = "*"
    url_path: str = "*"
    resource_arn: str = "*"
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.name, self.priority))


class Request(Struct, frozen=True):
    """What is known of a request when it comes in; an empty text is not known and so no reason against a rule."""

    service_name: str = ""
    service_type: str = ""
    host: str = ""
    http_method: str = ""
    url_path: str = ""
    resource_arn: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def wildcard(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern: ``*`` is anything, ``?`` one character; of any case.

    Time is bounded by the product of the two lengths.
    """
    pattern, text = pattern.lower(), text.lower()
    at = spot = 0
    star, mark = -1, 0
    while at < len(text):
        if spot < len(pattern) and pattern[spot] == "*":
            star, mark = spot, at
            spot += 1
        elif spot < len(pattern) and pattern[spot] in ("?", text[at]):
            spot += 1
            at += 1
        elif star >= 0:
            mark += 1
            spot, at = star + 1, mark
        else:
            return False
    return all(letter == "*" for letter in pattern[spot:])


def matches(rule: Rule, request: Request) -> bool:
    """Whether a request falls under a rule."""
    for name in _PATTERNS:
        known: str = getattr(request, name)
        if known and not wildcard(getattr(rule, name), known):
            return False
    return all(
        key in request.attributes and wildcard(pattern, request.attributes[key])
        for key, pattern in rule.attributes.items()
    )


def ordered(rules: Iterable[Rule]) -> list[Rule]:
    """The rules as they are asked: by priority, then by name; the default rule last."""
    return sorted(rules, key=lambda rule: (rule.name == DEFAULT, rule.priority, rule.name))


def choose(rules: Iterable[Rule], request: Request) -> Rule | None:
    """The rule a request falls under; None when there is no default rule either."""
    return next((rule for rule in ordered(rules) if rule.name == DEFAULT or matches(rule, request)), None)


def never(rule: Rule, rules: Iterable[Rule] = ()) -> str:
    """Why no request ever falls under a rule: a sentence; empty when one may.

    Args:
        rule: The rule.
        rules: All rules; one that is asked earlier and takes everything leaves nothing.
    """
    for key in rule.attributes:
        if any(key.lower() == word or key.lower().startswith(f"{word}.") for word in _LATER) or key.lower().endswith(
            (".status", ".status_code")
        ):
            return f"It can never match: {key} is not known yet when sampling is decided, at the start of a request."
    empty = next((name for name in _PATTERNS if not getattr(rule, name)), None)
    if empty is not None:
        return f"It can never match: its {empty.replace('_', ' ')} is empty, and no request has an empty one."
    for earlier in ordered(rules):
        if earlier.name == rule.name:
            break
        if not earlier.attributes and all(
            getattr(earlier, name).strip("*") == "" or getattr(earlier, name).lower() == getattr(rule, name).lower()
            for name in _PATTERNS
        ):
            return f"It is never asked: {earlier.name} comes first and takes every request that it would."
    return ""


def ignored_by_sdks(rule: Rule) -> str:
    """Why X-Ray's SDKs pass over a rule, which other samplers may obey; empty when they do not."""
    if rule.attributes:
        return "X-Ray's SDKs ignore rules with attributes."
    if rule.resource_arn != "*":
        return "X-Ray's SDKs ignore rules for a resource ARN other than *."
    return ""


class Reservoir(Struct, frozen=True):
    """What a client has taken of a rule, second by second."""

    quota: int | None = None
    """Requests a second it was given; None: not told yet."""
    expires: float = 0.0
    """Until when the quota holds."""
    second: int = 0
    taken: int = 0
    requests: int = 0
    sampled: int = 0
    borrowed: int = 0


def decide(rule: Rule, held: Reservoir, now: float, chance: float) -> tuple[bool, Reservoir]:
    """Whether a request that falls under a rule is recorded.

    Within its quota, as long as that holds; without one, one request a second is borrowed if the rule has a
    reservoir; beyond that, the fixed rate decides.

    Args:
        rule: The rule.
        held: What has been taken so far.
        now: Seconds since 1970.
        chance: A random number from 0 to below 1.
    """
    second = int(now)
    taken = held.taken if held.second == second else 0
    counted = replace(held, second=second, taken=taken, requests=held.requests + 1)
    if held.quota is not None and now < held.expires:
        if taken < held.quota:
            return True, replace(counted, taken=taken + 1, sampled=held.sampled + 1)
    elif rule.reservoir_size > 0 and taken < 1:
        return True, replace(counted, taken=taken + 1, sampled=held.sampled + 1, borrowed=held.borrowed + 1)
    if chance < rule.fixed_rate:
        return True, replace(counted, sampled=held.sampled + 1)
    return False, counted


def share(reservoir: int, clients: Sequence[str]) -> dict[str, int]:
    """A rule's reservoir split over the clients that use it: nobody gets more than one above another."""
    if not clients:
        return {}
    each, rest = divmod(reservoir, len(clients))
    return {client: each + (1 if place < rest else 0) for place, client in enumerate(sorted(clients))}
