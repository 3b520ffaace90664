"""Answers about the targets of rules: what cannot be reached from here is refused by name."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.events import rules
from pointsman.local.events.operations_rules import check_bus, invalid, page
from pointsman.local.events.rules import EventTarget
from pointsman.local.events.ways import Ways
from pointsman.local.world import Scope
from pointsman.semantics.events import inputs

MOST_TARGETS: Final = 5
_INPUTS: Final = ("Input", "InputPath", "InputTransformer")


@answers("events", "PutTargets")
def put_targets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add targets to a rule, or change those of the same ids."""
    check_bus(scope, parameters)
    rule = rules.of(scope, parameters["Rule"])
    for target in parameters["Targets"]:
        _check(scope, target)
    known = {one.id for one in rules.targets(scope, rule.name)}
    if len(known | {one["Id"] for one in parameters["Targets"]}) > MOST_TARGETS:
        raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    for target in parameters["Targets"]:
        kept = EventTarget(rule.name, target["Id"], target["Arn"], target)
        scope.put(f"{rule.name}/{kept.id}", kept)
    return {"FailedEntryCount": 0, "FailedEntries": []}


def _check(scope: Scope, target: dict[str, Any]) -> None:
    name, arn = target["Id"], target["Arn"]
    if not arn.startswith("arn:") or arn.count(":") < 5:
        raise invalid("Parameter Arn is not valid. Reason: Provided Arn is not in correct format.")
    ways = scope.world.tool(Ways)
    if ways.find(arn) is None:
        known = ", ".join(ways.services())
        what = arn.split(":", 3)[2]
        raise AwsError("NotImplemented", f"Pointsman's backend has no {what} targets; a rule reaches: {known}", 501)
    if sum(key in target for key in _INPUTS) > 1:
        raise invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}.")
    if "Input" in target:
        try:
            msgspec.json.decode(target["Input"])
        except (msgspec.MsgspecError, RecursionError):
            raise invalid(f"JSON syntax error in input for target {name}.") from None
    if "InputPath" in target:
        try:
            inputs.path(target["InputPath"])
        except inputs.InputError as error:
            raise invalid(f"Invalid InputPath for target {name}: {error}.") from None
    if (given := target.get("InputTransformer")) is not None:
        wrong = inputs.problem(given.get("InputPathsMap", {}), given["InputTemplate"])
        if wrong is not None:
            raise invalid(f"Invalid InputTemplate for target {name}: {wrong}.")


@answers("events", "RemoveTargets")
def remove_targets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take targets from a rule; ids that are not there fail alone."""
    check_bus(scope, parameters)
    rule = rules.of(scope, parameters["Rule"])
    missing = [one for one in parameters["Ids"] if not scope.delete(EventTarget, f"{rule.name}/{one}")]
    failed = [
        {
            "TargetId": one,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule {rule.name} has no target {one}.",
        }
        for one in missing
    ]
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@answers("events", "ListTargetsByRule")
def list_targets_by_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A rule's targets, by id."""
    check_bus(scope, parameters)
    rule = rules.of(scope, parameters["Rule"])
    after, limit = page(parameters)
    found = [one for one in rules.targets(scope, rule.name) if after is None or one.id > after]
    answer: dict[str, Any] = {"Targets": [one.settings for one in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = found[limit - 1].id
    return answer


@answers("events", "ListRuleNamesByTarget")
def list_rule_names_by_target(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The rules that lead to an ARN."""
    check_bus(scope, parameters)
    after, limit = page(parameters)
    names = sorted({one.rule for _, one in scope.scan(EventTarget) if one.arn == parameters["TargetArn"]})
    found = [name for name in names if after is None or name > after]
    answer: dict[str, Any] = {"RuleNames": found[:limit]}
    if len(found) > limit:
        answer["NextToken"] = found[limit - 1]
    return answer
