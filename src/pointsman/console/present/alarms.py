"""Alarms in lists and one by one: state and since when, value against threshold in words, dots, a day, a tree. Pure."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from pointsman.console.present.amounts import amount
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, join
from pointsman.console.present.look import Draw
from pointsman.model.alarms import Alarm, AlarmList, Change, timeline, worst_first
from pointsman.model.metrics import published_unit
from pointsman.model.refs import AlarmRef
from pointsman.model.status import Tone
from pointsman.semantics.metrics.alarm_rules import AtLeast, Joined, Not, Rule, RuleError, Test, read

__all__ = [
    "ALARMS",
    "FEW",
    "STATE_STYLES",
    "AlarmRow",
    "brief",
    "dots",
    "explain",
    "flags",
    "limit_words",
    "row_key",
    "rows_of",
    "state_cell",
    "tree",
    "unit_of",
]

DAY = timedelta(days=1)
_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside",
    "LessThanLowerThreshold": "below",
    "GreaterThanUpperThreshold": "above",
}
_ARN = re.compile(r"arn:[a-z-]+:cloudwatch:[a-z0-9-]*:\d*:alarm:")
STATE_STYLES = {"ALARM": "tone.failed", "OK": "tone.ok", "INSUFFICIENT_DATA": "tone.unknown"}


class AlarmRow(Struct, frozen=True):
    """An alarm in the list, with its state updates of a day."""

    alarm: Alarm
    changes: tuple[Change, ...]
    end: datetime


def row_key(row: AlarmRow) -> Hashable:
    """What keeps its place in a list."""
    return row.alarm.ref


def rows_of(found: AlarmList, end: datetime) -> list[AlarmRow]:
    """The rows, worst first."""
    by_name: dict[AlarmRef, list[Change]] = {}
    for change in found.changes:
        by_name.setdefault(change.ref, []).append(change)
    return [AlarmRow(one, tuple(by_name.get(one.ref, ())), end) for one in worst_first(found.alarms)]


def tone(alarm: Alarm) -> Tone:
    """Its state as a tone."""
    if alarm.firing:
        return Tone.STOPPED if alarm.muted is not None else Tone.FAILED
    return {"OK": Tone.OK, "INSUFFICIENT_DATA": Tone.IDLE}.get(alarm.state, Tone.UNKNOWN)


def state_cell(alarm: Alarm, draw: Draw) -> Cell:
    """Glyph and AWS's word, shorter where it is known."""
    mood = tone(alarm)
    word = {"INSUFFICIENT_DATA": "no data"}.get(alarm.state, alarm.state)
    return cell(f"{draw.glyphs.of(mood)} {word}", f"tone.{mood.value}")


def unit_of(alarm: Alarm) -> str:
    """The unit its values come in, as far as it is known."""
    return alarm.unit or (published_unit(alarm.metric) if alarm.metric is not None else "")


def limit_words(alarm: Alarm) -> str:
    """``> 80%``; ``outside the band``; a composite alarm's rule."""
    if alarm.composite:
        return alarm.rule
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    if alarm.threshold is None:
        return f"{sign} the band" if alarm.comparison else ""
    return f"{sign} {amount(alarm.threshold, unit_of(alarm))}"


def explain(alarm: Alarm) -> str:
    """``CPUUtilization 92% > 80%, 3 of 3 points``: what its state rests on, as far as CloudWatch says."""
    if alarm.composite:
        return _ARN.sub("", alarm.reason) or alarm.rule
    name = alarm.metric.name if alarm.metric is not None else alarm.expression or "expression"
    recent = alarm.recent
    if not recent or alarm.evaluated is None:
        return alarm.reason if alarm.state == "INSUFFICIENT_DATA" or not recent else f"{name} {limit_words(alarm)}"
    considered = recent[-alarm.periods :]
    over = [one for one in considered if alarm.breached_by(one)]
    value = amount((over or considered)[-1], unit_of(alarm))
    if over:
        return f"{name} {value} {limit_words(alarm)}, {len(over)} of {alarm.periods} points"
    return f"{name} {value}, not {limit_words(alarm)}"


def dots(alarm: Alarm, draw: Draw) -> Cell:
    """A mark for each period that is looked at, newest last: breaching, fine, or none."""
    if alarm.composite or alarm.evaluated is None:
        return EMPTY
    recent = alarm.recent[-alarm.periods :]
    shown = min(alarm.periods, 10)
    pieces: list[tuple[str, str]] = [(draw.glyphs.dot, "dim")] * max(0, shown - len(recent))
    for value in recent[-shown:]:
        bad = alarm.breached_by(value)
        pieces.append((draw.glyphs.moving if bad else draw.glyphs.idle, "tone.failed" if bad else "tone.ok"))
    more = f" {alarm.datapoints}/{alarm.periods}" if alarm.datapoints != alarm.periods or alarm.periods > shown else ""
    return (*pieces, (more, "dim")) if more else tuple(pieces)


def strip(row: AlarmRow, draw: Draw, room: int) -> Cell:
    """The last day: what it was in each part."""
    glyphs = draw.glyphs
    marks = {"ALARM": glyphs.bar, "INSUFFICIENT_DATA": glyphs.track, "OK": glyphs.sparks[0]}
    pieces: list[tuple[str, str]] = []
    for state in timeline(row.alarm, row.changes, row.end, DAY, room):
        text, style = marks.get(state, " "), STATE_STYLES.get(state, "")
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + text, style)
        else:
            pieces.append((text, style))
    return tuple(pieces)


def flags(alarm: Alarm, draw: Draw) -> Cell:
    """What keeps it from being heard of."""
    said: list[Cell] = []
    if alarm.muted is not None:
        until = f" {draw.countdown(alarm.muted.until)}" if alarm.muted.until is not None else ""
        said.append(cell(f"muted{until}", "tone.waiting"))
    elif alarm.suppressed_by:
        said.append(cell("suppressed", "tone.waiting"))
    if not alarm.actions_enabled:
        said.append(cell("actions off", "tone.waiting"))
    elif not alarm.alarm_actions:
        said.append(cell("tells nobody", "stale"))
    return join(said, gap=" ")


ALARMS: Columns = (
    Column("state", "State", lambda row, draw: state_cell(row.alarm, draw), least=9),
    Column("since", "Since", lambda row, draw: cell(draw.age(row.alarm.since), "dim"), least=5, align="right"),
    Column(
        "name",
        "Alarm",
        lambda row, _: cell(row.alarm.ref.name, "strong" if row.alarm.firing else ""),
        least=14,
        most=36,
        measure=lambda row: len(row.alarm.ref.name),
        names=True,
    ),
    Column("dots", "Points", lambda row, draw: dots(row.alarm, draw), least=6, most=14, priority=2),
    Column("why", "Why", lambda row, _: cell(explain(row.alarm)), least=20, share=2),
    Column("flags", "", lambda row, draw: flags(row.alarm, draw), least=12, priority=1),
    Column(
        "day",
        "Last 24 hours",
        lambda row, draw: strip(row, draw, 24),
        least=24,
        most=48,
        share=1,
        priority=3,
        fitted=strip,
    ),
)


FEW: Columns = (ALARMS[0], replace(ALARMS[2], share=1), ALARMS[1])
"""The columns of a small pane."""


def brief(found: AlarmList) -> Cell:
    """Alarms in a line: how many fire, how many say nothing."""
    firing = [one for one in found.alarms if one.firing and one.muted is None]
    silent = [one for one in found.alarms if one.state == "INSUFFICIENT_DATA"]
    if not found.alarms:
        return cell("no alarms", "dim")
    said = [cell(f"{len(firing)} in ALARM: {firing[0].ref.name}", "tone.failed")] if firing else []
    said += [cell(f"{len(silent)} without data", "dim")] if silent else []
    quiet = len(found.alarms) - len(firing) - len(silent)
    return join([*said, cell(f"{quiet} quiet", "dim")])


# --- one alarm


_MOST_BRANCHES = 400
"""Lines of a composite alarm's tree."""


def tree(alarm: Alarm, found: AlarmList, draw: Draw) -> list[Cell]:
    """A composite alarm's rule as a tree: each alarm with its state, those that make it fire first to be seen.

    A composite alarm that is named several times has its own rule unfolded once, at the first.
    """
    try:
        rule = read(alarm.rule)
    except RuleError as error:
        return [cell(f"{alarm.rule}: {error}", "fault")]
    lines: list[Cell] = []
    known = {one.ref.name: one for one in found.alarms}
    _branch(rule, known, draw, 0, lines, {alarm.ref.name})
    if len(lines) > _MOST_BRANCHES:
        lines[_MOST_BRANCHES:] = [cell("and more: the alarms named here show their own rules", "dim")]
    return lines


def _branch(rule: Rule, known: dict[str, Alarm], draw: Draw, depth: int, lines: list[Cell], shown: set[str]) -> None:
    if len(lines) > _MOST_BRANCHES:
        return
    indent = "  " * depth
    if isinstance(rule, Test):
        name = rule.alarm.rpartition(":alarm:")[2]  # a rule may name an alarm by its ARN
        child = known.get(name)
        state = state_cell(child, draw) if child is not None else cell("not known", "stale")
        holds = child is not None and child.state == rule.state
        mark = (f"{draw.glyphs.arrow} ", "tone.failed") if holds else ("  ", "")
        lines.append(((indent, ""), mark, *cell(name, "strong" if holds else ""), ("  ", ""), *state))
        if child is not None and child.composite and child.ref.name not in shown and depth < 8:
            shown.add(child.ref.name)
            try:
                inner = read(child.rule)
            except RuleError:
                return
            _branch(inner, known, draw, depth + 1, lines, shown)
        return
    if isinstance(rule, Not):
        lines.append(((indent, ""), *cell("NOT", "dim")))
        _branch(rule.rule, known, draw, depth + 1, lines, shown)
    elif isinstance(rule, Joined):
        lines.append(((indent, ""), *cell("AND" if rule.every else "OR", "dim")))
        for one in rule.rules:
            _branch(one, known, draw, depth + 1, lines, shown)
    elif isinstance(rule, AtLeast):
        share = f"{rule.count}%" if rule.percent else str(rule.count)
        lines.append(((indent, ""), *cell(f"AT_LEAST {share} {'' if rule.inside else 'NOT '}{rule.state}", "dim")))
        for named in rule.alarms:
            _branch(Test(rule.state, named), known, draw, depth + 1, lines, shown)
    else:
        lines.append(((indent, ""), *cell("TRUE" if rule.value else "FALSE", "dim")))
