"""Whether the conditions of a definition are sound, and the rule types there are."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from msgspec import UNSET, Struct

from pointsman.local.answers import AwsError
from pointsman.local.codepipeline.declaration import PipelineDeclaration, StageDeclaration
from pointsman.local.codepipeline.flow import BEFORE_ENTRY, ON_FAILURE, ON_SUCCESS, PARALLEL
from pointsman.semantics import schedule
from pointsman.semantics.variable_check import OPERATORS


class RuleType(Struct, frozen=True):
    """What AWS asks of a rule's declaration."""

    inputs: tuple[int, int]
    """Fewest and most input artifacts."""
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


RULE_TYPES: Final = {
    "CloudWatchAlarm": RuleType((0, 0), ("AlarmName",), ("AlarmStates", "WaitTime")),
    "CodeBuild": RuleType(
        (1, 5), ("ProjectName",), ("PrimarySource", "BatchEnabled", "CombineArtifacts", "EnvironmentVariables")
    ),
    "Commands": RuleType((0, 5), ()),
    "DeploymentWindow": RuleType((0, 0), ("Cron",), ("TimeZone",)),
    "LambdaInvoke": RuleType((0, 5), ("FunctionName",), ("UserParameters",)),
    "VariableCheck": RuleType((0, 0), ("Variable", "Value", "Operator")),
}
"""AWS's rule providers; which of them this backend carries out is ``providers.py``'s knowledge."""

_RESULTS: Final = {
    BEFORE_ENTRY: ("FAIL", "SKIP"),
    ON_SUCCESS: ("FAIL", "ROLLBACK"),
    ON_FAILURE: ("ROLLBACK",),
}
_LABELS: Final = {BEFORE_ENTRY: "beforeEntry", ON_SUCCESS: "onSuccess", ON_FAILURE: "onFailure"}


def check(pipeline: PipelineDeclaration) -> None:
    """Judge the conditions of a definition.

    Raises:
        AwsError: InvalidStageDeclarationException, with the first rule that is broken.
    """
    for at, stage in enumerate(pipeline.stages):
        _failure(pipeline, stage, first=at == 0)
        for kind in _RESULTS:
            condition = stage.conditions(kind)
            if condition is not None:
                _condition(pipeline, stage, kind, condition, first=at == 0)


def _wrong(stage: StageDeclaration, message: str) -> AwsError:
    return AwsError("InvalidStageDeclarationException", f"{message} (stage {stage.name})")


def _failure(pipeline: PipelineDeclaration, stage: StageDeclaration, *, first: bool) -> None:
    if stage.on_failure is UNSET:
        return
    result = stage.failure_result
    if result == "SKIP":
        raise _wrong(stage, "Result SKIP is not supported for onFailure")
    if result == "ROLLBACK":
        _may_roll_back(pipeline, stage, first=first)
    if "retryConfiguration" in stage.on_failure and result != "RETRY":
        raise _wrong(stage, f"retryConfiguration is only supported with the result RETRY, not with {result}")


def _may_roll_back(pipeline: PipelineDeclaration, stage: StageDeclaration, *, first: bool) -> None:
    if pipeline.execution_mode == PARALLEL:
        raise _wrong(stage, "Rollback is not supported for pipelines in PARALLEL mode")
    if first:
        raise _wrong(stage, "The source stage cannot be rolled back")


def _condition(
    pipeline: PipelineDeclaration, stage: StageDeclaration, kind: str, condition: dict[str, Any], *, first: bool
) -> None:
    label = _LABELS[kind]
    result = condition.get("result", _RESULTS[kind][0])
    if result not in _RESULTS[kind]:
        allowed = " or ".join(_RESULTS[kind])
        raise _wrong(stage, f"Result {result} is not supported for a condition of {label}, only {allowed}")
    if result == "ROLLBACK":
        _may_roll_back(pipeline, stage, first=first)
    rules = condition.get("rules", [])
    if not rules:
        raise _wrong(stage, f"The condition of {label} has no rules")
    if twice := [name for name, times in Counter(rule["name"] for rule in rules).items() if times > 1]:
        raise _wrong(stage, f"Rule names must be unique within a condition. {twice[0]} has been used more than once")
    for rule in rules:
        _rule(stage, rule)


def _rule(stage: StageDeclaration, rule: dict[str, Any]) -> None:
    name, kind = rule["name"], rule["ruleTypeId"]
    provider, version = kind["provider"], kind.get("version", "1")
    known = RULE_TYPES.get(provider)
    if known is None or version != "1":
        raise _wrong(stage, f"Rule type (Provider: '{provider}', Version: '{version}') of rule {name} does not exist")
    given = rule.get("configuration", {})
    for key in known.required:
        if not given.get(key):
            raise _wrong(stage, f"Rule configuration for rule '{name}' is missing required configuration '{key}'")
    for key in given:
        if key not in known.required and key not in known.optional:
            raise _wrong(stage, f"Rule configuration for rule '{name}' contains unknown configuration '{key}'")
    count, (least, most) = len(rule.get("inputArtifacts", [])), known.inputs
    if not least <= count <= most:
        raise _wrong(stage, f"Rule {name} has {count} input artifacts; {provider} takes {least} to {most}")
    if (provider == "Commands") != bool(rule.get("commands")):
        raise _wrong(stage, f"Rule {name} must have commands if, and only if, its provider is Commands")
    if (problem := _problem(provider, given)) is not None:
        raise _wrong(stage, f"Rule {name}: {problem}")


def _problem(provider: str, given: dict[str, str]) -> str | None:
    """What is wrong with the values of a rule's configuration; those with variables are judged when it runs."""
    if any("#{" in value for value in given.values()) and provider != "VariableCheck":
        return None
    if provider == "DeploymentWindow":
        try:
            schedule.parse(given["Cron"])
            schedule.zone(given.get("TimeZone", ""))
        except ValueError as problem:
            return str(problem)
    if provider == "VariableCheck" and given["Operator"] not in OPERATORS:
        return f"Operator must be one of {', '.join(OPERATORS)}, not {given['Operator']}"
    if provider == "CloudWatchAlarm":
        return alarm_problem(given)
    return None


def alarm_problem(given: dict[str, str]) -> str | None:
    """What is wrong with the configuration of a CloudWatchAlarm rule."""
    for state in filter(None, (one.strip() for one in given.get("AlarmStates", "").split(","))):
        if state not in ("ALARM", "OK", "INSUFFICIENT_DATA"):
            return f"AlarmStates may name ALARM, OK and INSUFFICIENT_DATA, not {state}"
    wait = given.get("WaitTime", "0")
    return None if wait.isdecimal() else f"WaitTime is a number of minutes, not {wait}"
