"""Sampling rules and what the samplers of programs ask for: rules, quotas, and a place to tell what they took."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import fields

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import retention, tags
from pointsman.local.xray.names import invalid, longer_than, moment, offset, seconds, write_token
from pointsman.semantics.traces import sampling
from pointsman.semantics.traces.sampling import DEFAULT, LOWEST, Rule

MOST: Final = 25
"""Rules beside the default one."""
INTERVAL: Final = 10
"""Seconds between two reports of a client."""
QUOTA_HOLDS: Final = 300.0
_LIVE: Final = 30.0
"""Seconds after its last report that a client counts as one that uses a rule."""
_STALE: Final = 600.0
"""Seconds: how old what is reported may be."""
_RECENT: Final = 600
"""Seconds of which statistics are told."""
_PAGE: Final = 1000
_LENGTHS: Final = {
    "ServiceName": ("service_name", 64),
    "ServiceType": ("service_type", 64),
    "Host": ("host", 64),
    "HTTPMethod": ("http_method", 10),
    "URLPath": ("url_path", 128),
    "ResourceARN": ("resource_arn", 500),
}


class SamplingRule(msgspec.Struct, frozen=True):
    """A sampling rule, as it is kept."""

    name: str
    priority: int
    fixed_rate: float
    reservoir_size: int
    created: float = 0.0
    modified: float = 0.0
    service_name: str = "*"
    service_type: str = "*"
    host: str = "*"
    http_method: str = "*"
    url_path: str = "*"
    resource_arn: str = "*"
    attributes: dict[str, str] = {}
    boost: dict[str, float] = {}
    tags: dict[str, str] = {}

    @property
    def rule(self) -> Rule:
        """What it says."""
        return Rule(
            self.name,
            self.priority,
            self.fixed_rate,
            self.reservoir_size,
            self.service_name,
            self.service_type,
            self.host,
            self.http_method,
            self.url_path,
            self.resource_arn,
            self.attributes,
        )


class SamplingState(msgspec.Struct, frozen=True):
    """When somebody last changed a rule."""

    modified: float


_KEY: Final = "rules"
_DEFAULT: Final = SamplingRule(DEFAULT, LOWEST, 0.05, 1)


def rules(scope: Scope) -> list[SamplingRule]:
    """Every rule, as they are asked; the default one is always there."""
    found = [one for _, one in scope.scan(SamplingRule)]
    if all(one.name != DEFAULT for one in found):
        found.append(_DEFAULT)
    order = {rule.name: place for place, rule in enumerate(sampling.ordered(one.rule for one in found))}
    return sorted(found, key=lambda one: order[one.name])


def rule_arn(scope: Scope, name: str) -> str:
    """The ARN of a rule."""
    return scope.arn("xray", f"sampling-rule/{name}")


def keep(scope: Scope, rule: SamplingRule) -> None:
    """Write a rule, and when that was."""
    scope.put(rule.name, rule)
    scope.put(_KEY, SamplingState(scope.now.timestamp()))


def take_over(scope: Scope, wanted: Iterable[Rule]) -> None:
    """Make rules, or change those of the same name into them; what is so already is left alone.

    Raises:
        AwsError: There would be more than X-Ray allows.
    """
    known = {one.name: one for one in rules(scope)}
    now = scope.now.timestamp()
    for rule in wanted:
        former = known.get(rule.name) or SamplingRule(rule.name, rule.priority, rule.fixed_rate, 0, created=now)
        changed = msgspec.structs.replace(
            former,
            **{field.name: getattr(rule, field.name) for field in fields(rule) if field.name != "attributes"},
            attributes=dict(rule.attributes),
        )
        if rule.name not in known or changed != former:
            known[rule.name] = msgspec.structs.replace(changed, modified=now)
            keep(scope, known[rule.name])
    if len(known) > MOST + 1:
        raise AwsError("RuleLimitExceededException", f"The limit of {MOST} sampling rules is exceeded.")


def _named(scope: Scope, parameters: Parameters) -> SamplingRule:
    name, arn = parameters.get("RuleName", ""), parameters.get("RuleARN", "")
    if bool(name) == bool(arn):
        raise invalid("Specify a rule by either name or ARN, but not both.")
    found = next((one for one in rules(scope) if name == one.name or arn == rule_arn(scope, one.name)), None)
    if found is None:
        raise invalid("Sampling rule does not exist.")
    return found


def _shape(scope: Scope, one: SamplingRule) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "RuleName": one.name,
        "RuleARN": rule_arn(scope, one.name),
        "ResourceARN": one.resource_arn,
        "Priority": one.priority,
        "FixedRate": one.fixed_rate,
        "ReservoirSize": one.reservoir_size,
        "ServiceName": one.service_name,
        "ServiceType": one.service_type,
        "Host": one.host,
        "HTTPMethod": one.http_method,
        "URLPath": one.url_path,
        "Version": 1,
        "Attributes": dict(one.attributes),
    }
    if one.boost:
        rule["SamplingRateBoost"] = {
            "MaxRate": one.boost["MaxRate"],
            "CooldownWindowMinutes": int(one.boost["CooldownWindowMinutes"]),
        }
    return {"SamplingRule": rule, "CreatedAt": moment(one.created), "ModifiedAt": moment(one.modified)}


def _changed(one: SamplingRule, given: Parameters) -> SamplingRule:
    """The rule with what a call says of it.

    Raises:
        AwsError: A value is out of its bounds.
    """
    changes: dict[str, Any] = {}
    if "Priority" in given:
        if not 1 <= given["Priority"] < LOWEST:
            raise invalid(f"Priority must be between 1 and {LOWEST - 1}.")
        changes["priority"] = given["Priority"]
    if "FixedRate" in given:
        if not 0 <= given["FixedRate"] <= 1:
            raise invalid("FixedRate must be between 0 and 1.")
        changes["fixed_rate"] = float(given["FixedRate"])
    if "ReservoirSize" in given:
        if not 0 <= given["ReservoirSize"] < 2**31:
            raise invalid("ReservoirSize must not be negative.")
        changes["reservoir_size"] = given["ReservoirSize"]
    for key, (field, most) in _LENGTHS.items():
        if key in given:
            if (wrong := longer_than(given[key], most, key)) is not None:
                raise wrong
            changes[field] = given[key]
    if "Attributes" in given:
        attributes = given["Attributes"]
        if len(attributes) > 5 or any(not 1 <= len(text) <= 32 for pair in attributes.items() for text in pair):
            raise invalid("A rule has at most 5 attributes, whose keys and values have 1 to 32 characters.")
        changes["attributes"] = dict(attributes)
    if "SamplingRateBoost" in given:
        changes["boost"] = {key: float(value) for key, value in given["SamplingRateBoost"].items()}
    return msgspec.structs.replace(one, **changes)


@answers("xray", "CreateSamplingRule")
def create_sampling_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a rule."""
    given = parameters["SamplingRule"]
    name = given.get("RuleName", "")
    if not name:
        raise invalid("RuleName is required.")
    if (wrong := longer_than(name, 32, "samplingRule.ruleName")) is not None:
        raise wrong
    if "RuleARN" in given:
        raise invalid("RuleARN cannot be chosen.")
    if given["Version"] != 1:
        raise invalid("The version of the sampling rule format must be 1.")
    found = rules(scope)
    if any(one.name == name for one in found):
        raise invalid(f"Sampling rule with name {name} already exists.")
    if len(found) > MOST:
        raise AwsError("RuleLimitExceededException", f"The limit of {MOST} sampling rules is reached.")
    now = scope.now.timestamp()
    fresh = SamplingRule(name, 1, 0.0, 0, created=now, modified=now, tags=tags.given(parameters))
    rule = _changed(fresh, given)
    keep(scope, rule)
    return {"SamplingRuleRecord": _shape(scope, rule)}


@answers("xray", "GetSamplingRules")
def get_sampling_rules(scope: Scope, _: Parameters) -> dict[str, Any]:
    """Every rule."""
    return {"SamplingRuleRecords": [_shape(scope, one) for one in rules(scope)]}


@answers("xray", "UpdateSamplingRule")
def update_sampling_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change a rule; of the default one only the reservoir and the rate."""
    given = parameters["SamplingRuleUpdate"]
    former = _named(scope, given)
    if former.name == DEFAULT:
        fixed = sorted(set(given) - {"RuleName", "RuleARN", "FixedRate", "ReservoirSize"})
        if fixed:
            raise invalid(f"{fixed[0]} of the default rule cannot be changed.")
    changed = _changed(former, given)
    rule = msgspec.structs.replace(changed, modified=scope.now.timestamp())
    keep(scope, rule)
    return {"SamplingRuleRecord": _shape(scope, rule)}


@answers("xray", "DeleteSamplingRule")
def delete_sampling_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a rule; the default one stays."""
    rule = _named(scope, parameters)
    if rule.name == DEFAULT:
        raise invalid("The default rule cannot be deleted.")
    scope.delete(SamplingRule, rule.name)
    scope.put(_KEY, SamplingState(scope.now.timestamp()))
    return {"SamplingRuleRecord": _shape(scope, rule)}


# -- what samplers ask for --------------------------------------------------------------------------------------------


@answers("xray", "GetSamplingTargets")
def get_sampling_targets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take in what clients sampled, and hand out quotas: each rule's reservoir is split over its live clients."""
    listed = parameters["SamplingStatisticsDocuments"]
    boosted = parameters.get("SamplingBoostStatisticsDocuments", [])
    if len(listed) > MOST or len(boosted) > MOST:
        raise invalid(f"At most {MOST} statistics documents are allowed.")
    now = scope.now.timestamp()
    known = {one.name: one for one in rules(scope)}
    targets: list[dict[str, Any]] = []
    wrong: list[dict[str, Any]] = []
    for document in listed:
        rule = known.get(document["RuleName"])
        problem = _problem(rule, document, now)
        if problem is not None or rule is None:
            wrong.append(problem or {})
            continue
        _note(scope, document, now)
        targets.append(
            {
                "RuleName": rule.name,
                "FixedRate": rule.fixed_rate,
                "ReservoirQuota": _quota(scope, rule, document["ClientID"], now),
                "ReservoirQuotaTTL": moment(now + QUOTA_HOLDS),
                "Interval": INTERVAL,
            }
        )
    retention.arm(scope)
    state = scope.get(SamplingState, _KEY)
    return {
        "SamplingTargetDocuments": targets,
        "LastRuleModification": moment(state.modified if state else 0.0),
        "UnprocessedStatistics": wrong,
        "UnprocessedBoostStatistics": [
            _unprocessed(one["RuleName"], "NotImplemented", "Pointsman's backend does not boost sampling rates.")
            for one in boosted
        ],
    }


def _problem(rule: SamplingRule | None, document: Parameters, now: float) -> dict[str, Any] | None:
    name = document["RuleName"]
    if rule is None:
        return _unprocessed(name, "RuleNotFound", f"There is no sampling rule {name}; it may have been deleted.")
    if abs(seconds(document["Timestamp"]) - now) > _STALE:
        return _unprocessed(name, "StatisticsTooOld", "The statistics are not of the last ten minutes.")
    if min(document["RequestCount"], document["SampledCount"], document.get("BorrowCount", 0)) < 0:
        return _unprocessed(name, "InvalidStatistics", "Counts cannot be negative.")
    return None


def _unprocessed(name: str, code: str, message: str) -> dict[str, Any]:
    return {"RuleName": name, "ErrorCode": code, "Message": message}


def _note(scope: Scope, document: Parameters, now: float) -> None:
    window = int(now) // INTERVAL * INTERVAL
    counts = [min(document.get(key, 0), 2**31) for key in ("RequestCount", "SampledCount", "BorrowCount")]
    scope.world.database.execute(
        "INSERT INTO xray_sampling VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seen = excluded.seen,"
        " requests = requests + excluded.requests, sampled = sampled + excluded.sampled,"
        " borrowed = borrowed + excluded.borrowed",
        (scope.account, scope.region, window, document["RuleName"], document["ClientID"], now, *counts),
    )


def _quota(scope: Scope, rule: SamplingRule, client: str, now: float) -> int:
    rows = scope.world.database.execute(
        "SELECT DISTINCT client FROM xray_sampling"
        " WHERE account = ? AND region = ? AND window >= ? AND rule = ? AND seen > ?",
        (scope.account, scope.region, int(now - _LIVE) - INTERVAL, rule.name, now - _LIVE),
    )
    return sampling.share(rule.reservoir_size, [row[0] for row in rows])[client]


@answers("xray", "GetSamplingStatisticSummaries")
def get_sampling_statistic_summaries(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What was sampled in the last minutes, by rule and window of ten seconds."""
    start = offset(parameters)
    rows = scope.world.database.execute(
        "SELECT rule, window, sum(requests), sum(borrowed), sum(sampled) FROM xray_sampling"
        " WHERE account = ? AND region = ? AND window >= ? GROUP BY 1, 2 ORDER BY 2, 1 LIMIT ? OFFSET ?",
        (scope.account, scope.region, int(scope.now.timestamp()) - _RECENT, _PAGE + 1, start),
    ).fetchall()
    answer: dict[str, Any] = {
        "SamplingStatisticSummaries": [
            {
                "RuleName": rule,
                "Timestamp": moment(window),
                "RequestCount": requests,
                "BorrowCount": borrowed,
                "SampledCount": sampled,
            }
            for rule, window, requests, borrowed, sampled in rows[:_PAGE]
        ]
    }
    if len(rows) > _PAGE:
        answer["NextToken"] = write_token(start + _PAGE)
    return answer


def retag(scope: Scope, arn: str, change: tags.Change) -> dict[str, str]:
    """Change a rule's tags; returns them as they are then.

    Raises:
        AwsError: There is no such rule.
    """
    rule = next((one for one in rules(scope) if rule_arn(scope, one.name) == arn), None)
    if rule is None:
        raise tags.absent(arn)
    changed = change(rule.tags)
    if changed != rule.tags:
        scope.put(rule.name, msgspec.structs.replace(rule, tags=changed))
    return changed
