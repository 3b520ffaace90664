"""CodePipeline's conditions, rules, retries and triggers -> the model. Every member may be missing."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.model.conditions import (
    BEFORE_ENTRY,
    KINDS,
    ON_FAILURE,
    ON_SUCCESS,
    Condition,
    Retries,
    Rule,
    Trigger,
    TriggerFilter,
)
from pointsman.model.status import status
from pointsman.services.reads.values import Answer, pairs, part, parts, text, when, whole

_DECLARED = {BEFORE_ENTRY: "beforeEntry", ON_SUCCESS: "onSuccess", ON_FAILURE: "onFailure"}
_STATES = {
    BEFORE_ENTRY: "beforeEntryConditionState",
    ON_SUCCESS: "onSuccessConditionState",
    ON_FAILURE: "onFailureConditionState",
}


def declared(stage: Answer) -> tuple[Condition, ...]:
    """The conditions of a stage's declaration."""
    found = []
    for kind in KINDS:
        conditions = parts(part(stage, _DECLARED[kind]), "conditions")
        if conditions:
            rules = tuple(_declared_rule(rule) for one in conditions for rule in parts(one, "rules"))
            result = next((text(one, "result") for one in conditions if text(one, "result")), "FAIL")
            found.append(Condition(kind, result=result, rules=rules))
    return tuple(found)


def on_failure(stage: Answer) -> str:
    """What the declaration says to do when the stage fails."""
    return text(part(stage, "onFailure"), "result")


def _declared_rule(rule: Any) -> Rule:
    return Rule(
        name=text(rule, "name"),
        provider=text(part(rule, "ruleTypeId"), "provider"),
        configuration=pairs(rule, "configuration"),
    )


def merged(shown: Answer, known: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions of a stage's state, with what their declarations say besides."""
    plain = {one.kind: one for one in known}
    found = []
    for kind in KINDS:
        state = part(shown, _STATES[kind])
        if kind in plain or part(state, "latestExecution") or parts(state, "conditionStates"):
            found.append(_condition(plain.get(kind, Condition(kind)), state))
    return tuple(found)


def _condition(plain: Condition, state: Answer) -> Condition:
    latest = part(state, "latestExecution")
    states = parts(state, "conditionStates")
    single = [part(one, "latestExecution") for one in states]
    word = text(latest, "status") or next((text(one, "status") for one in single if text(one, "status")), "")
    summary = text(latest, "summary") or next((text(one, "summary") for one in single if text(one, "summary")), "")
    changed = [moment for one in single if (moment := when(one, "lastStatusChange")) is not None]
    shown = {text(rule, "ruleName"): rule for one in states for rule in parts(one, "ruleStates")}
    rules = {rule.name: rule for rule in plain.rules}
    names = [*rules, *(name for name in shown if name not in rules)]
    return replace(
        plain,
        status=status(word),
        summary=summary,
        changed_at=max(changed, default=None),
        rules=tuple(_rule(rules.get(name, Rule(name)), part(shown.get(name, {}), "latestExecution")) for name in names),
    )


def _rule(plain: Rule, latest: Answer) -> Rule:
    error = part(latest, "errorDetails")
    return replace(
        plain,
        status=status(text(latest, "status")),
        summary=text(latest, "summary"),
        changed_at=when(latest, "lastStatusChange"),
        external_id=text(latest, "externalExecutionId"),
        external_url=text(latest, "externalExecutionUrl"),
        error_code=text(error, "code"),
        error_message=text(error, "message"),
    )


def retries(shown: Answer) -> Retries:
    """How often a stage was tried again."""
    one = part(shown, "retryStageMetadata")
    return Retries(
        automatic=whole(one, "autoStageRetryAttempt") or 0,
        manual=whole(one, "manualStageRetryAttempt") or 0,
        trigger=text(one, "latestRetryTrigger"),
    )


def triggers(pipeline: Answer) -> tuple[Trigger, ...]:
    """The triggers of a declaration."""
    found = []
    for one in parts(pipeline, "triggers"):
        git = part(one, "gitConfiguration")
        filters = [TriggerFilter("push", _limits(push)) for push in parts(git, "push")]
        for pull in parts(git, "pullRequest"):
            events = ", ".join(str(event).lower() for event in parts(pull, "events"))
            filters.append(TriggerFilter(f"pull request {events}".rstrip(), _limits(pull)))
        found.append(Trigger(text(git, "sourceActionName"), text(one, "providerType"), tuple(filters)))
    return tuple(found)


def _limits(one: Any) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    made = []
    for what, name in (("branches", "branches"), ("tags", "tags"), ("paths", "filePaths")):
        patterns = part(one, name)
        includes = tuple(str(each) for each in parts(patterns, "includes"))
        excludes = tuple(str(each) for each in parts(patterns, "excludes"))
        if includes or excludes:
            made.append((what, includes, excludes))
    return tuple(made)
