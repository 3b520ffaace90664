"""A stage's conditions, retries and what starts a pipeline, as text."""

from __future__ import annotations

from collections.abc import Iterable

from pointsman.console.present.cells import EMPTY, Cell, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import clean
from pointsman.model.conditions import Condition, Retries, Rule, Trigger
from pointsman.model.pipelines import Stage, Variable


def condition_line(condition: Condition, draw: Draw) -> Cell:
    """A condition in one line: which, how it stands, which rules were not met."""
    unmet = condition.unmet
    said = EMPTY
    if unmet:
        said = cell(", ".join(clean(rule.name) for rule in unmet), "fault")
    elif condition.summary and condition.status.failed:
        said = cell(condition.summary, "fault")
    elif not condition.status.word:
        said = cell(f"{len(condition.rules)} rule{'' if len(condition.rules) == 1 else 's'}", "dim")
    return join((status_cell(condition.status, draw), cell(condition.words, "dim"), said), gap=" ")


def rule_line(rule: Rule, draw: Draw) -> Cell:
    """A rule in one line: name, kind, how it stands, what it said."""
    failed = rule.status.failed
    said = rule.error_message or rule.summary
    age = cell(draw.age(rule.changed_at), "dim") if rule.changed_at is not None else EMPTY
    kind = cell(rule.provider, "dim")
    return join(
        (
            status_cell(rule.status, draw),
            cell(rule.name, "strong"),
            kind,
            age,
            cell(said, "fault" if failed else "dim"),
        ),
        gap=" ",
    )


def outcome_words(condition: Condition) -> str:
    """What follows when a condition is not met."""
    return {
        "FAIL": "the stage fails",
        "ROLLBACK": "the stage is rolled back",
        "RETRY": "the stage is tried again",
        "SKIP": "the stage is skipped",
    }.get(condition.result, clean(condition.result.lower()))


def condition_rows(stage: Stage, draw: Draw) -> list[tuple[str, Cell | str]]:
    """The conditions of a stage as facts: the condition, then its rules."""
    rows: list[tuple[str, Cell | str]] = []
    for condition in stage.conditions:
        outcome = outcome_words(condition)
        head = join((status_cell(condition.status, draw), cell(f"else {outcome}" if outcome else "", "dim")))
        rows.append((condition.words, head or cell("declared", "dim")))
        rows += [("", (("  ", ""), *rule_line(rule, draw))) for rule in condition.rules]
    return rows


def retries_words(retries: Retries) -> str:
    """How often a stage was tried again, in words; empty when it was not."""
    parts = []
    if retries.automatic:
        parts.append(f"{_times(retries.automatic)} by itself")
    if retries.manual:
        parts.append(f"{_times(retries.manual)} by hand")
    return f"tried again {' and '.join(parts)}" if parts else ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def failure_words(stage: Stage) -> str:
    """What AWS does when a stage fails, in words; empty where that is not declared."""
    return {
        "ROLLBACK": "is rolled back when it fails",
        "RETRY": "is tried once more when it fails",
        "SKIP": "is skipped when it fails",
        "FAIL": "",
    }.get(stage.on_failure, clean(stage.on_failure.lower()))


def trigger_lines(triggers: Iterable[Trigger]) -> list[str]:
    """What starts a pipeline by itself, a sentence per alternative."""
    lines = []
    for trigger in triggers:
        for one in trigger.filters:
            limits = ", ".join(_limit(*limit) for limit in one.limits)
            lines.append(f"{trigger.action}: {one.event}" + (f" of {limits}" if limits else ""))
        if not trigger.filters:
            lines.append(f"{trigger.action}: every push")
    return lines


def _limit(what: str, includes: tuple[str, ...], excludes: tuple[str, ...]) -> str:
    inside = f" {' '.join(includes)}" if includes else ""
    outside = f" but not {' '.join(excludes)}" if excludes else ""
    return f"{what}{inside}{outside}"


def variable_rows(declared: Iterable[Variable], given: Iterable[tuple[str, str]] = ()) -> list[tuple[str, Cell | str]]:
    """A pipeline's variables: the value a run has where it is known, else the default."""
    values = dict(given)
    rows: list[tuple[str, Cell | str]] = []
    for one in declared:
        if one.name in values:
            value = values.pop(one.name)
            note = "" if value == one.default else "  (not its default)"
        else:
            value, note = (one.default, "  (default)") if one.default is not None else ("", "has no default")
        about = f"  {one.description}" if one.description else ""
        rows.append((one.name, f"{value}{note}{about}"))
    return [*rows, *values.items()]
