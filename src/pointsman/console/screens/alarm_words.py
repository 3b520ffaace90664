"""One alarm in words: its state and why, what it watches, whom it tells, its rule, its history. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.alarms import STATE_STYLES, dots, flags, limit_words, state_cell, tree
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmList, Change

__all__ = ["end_of", "facts", "history_lines", "whole"]


def _said(label: str, words: str, width: int, style: str = "") -> list[Cell]:
    lines = paragraph(words, max(10, width - 14), style)
    return [(*cell(f"{label:<13}" if not at else " " * 13, "dim"), (" ", ""), *line) for at, line in enumerate(lines)]


def facts(alarm: Alarm, found: AlarmList | None, draw: Draw, width: int) -> list[Cell]:
    """Everything about one alarm, in words."""
    since = f" for {draw.age(alarm.since)}" if alarm.since is not None else ""
    lines: list[Cell] = [join((state_cell(alarm, draw), cell(since.strip(), "dim"), flags(alarm, draw)))]
    lines += _said("why", alarm.reason or "CloudWatch gives no reason", width)
    if not alarm.composite:
        lines += [(*cell(f"{'points':<13}", "dim"), (" ", ""), *dots(alarm, draw))]
        metric = str(alarm.metric) if alarm.metric is not None else alarm.expression or "several metrics"
        lines += _said("watches", f"{alarm.stat} of {metric}" if alarm.stat else metric, width)
        points = f"{alarm.datapoints} of {alarm.periods}" if alarm.periods > 1 else "1"
        each = f"{alarm.period // 60} min" if alarm.period % 60 == 0 else f"{alarm.period} s"
        lines += _said("fires when", f"{limit_words(alarm)} in {points} periods of {each}", width)
        lines += _said("missing data", alarm.missing, width)
    if alarm.description:
        lines += _said("means", alarm.description, width)
    for label, actions in (
        ("on ALARM", alarm.alarm_actions),
        ("on OK", alarm.ok_actions),
        ("on no data", alarm.insufficient_actions),
    ):
        lines += [line for at, one in enumerate(actions) for line in _said(label if not at else "", one, width)]
    if not alarm.alarm_actions:
        lines += _said("on ALARM", "tells nobody: nobody would hear of it", width, "stale")
    if alarm.suppressor:
        by = f", now by {alarm.suppressed_by}" if alarm.suppressed_by else ""
        lines += _said("suppressed by", alarm.suppressor.rpartition(":")[2] + by, width)
    if alarm.composite and found is not None:
        lines += [(), cell("Rule", "title"), *tree(alarm, found, draw)]
    return lines


def history_lines(changes: Sequence[Change], draw: Draw, width: int) -> list[Cell]:
    """What became of it, newest first; of an action what it was, and why it failed."""
    lines: list[Cell] = []
    for one in changes:
        when = draw.zone.of(one.at).strftime("%m-%d %H:%M:%S") if one.at is not None else ""
        style = "tone.failed" if one.failed else STATE_STYLES.get(one.after, "")
        kind = {"StateUpdate": "state", "ConfigurationUpdate": "settings", "Action": "action"}.get(one.kind, one.kind)
        head = (*cell(f"{when:<15}", "dim"), *cell(f"{kind:<9}", "dim"))
        words = paragraph(_became(one), max(10, width - 24), style)
        lines += [(*head, *words[0])] if words else [head]
        lines += [((" " * 24, ""), *line) for line in words[1:3]]
        why = paragraph(one.error, max(10, width - 24), "dim") if one.error else []
        lines += [((" " * 24, ""), *line) for line in why[:3]]
    return lines


def _became(one: Change) -> str:
    if not one.result:
        return one.summary
    action = one.action if one.action and one.action not in one.summary else ""
    return f"{one.result}: {one.summary} {action}".rstrip()


def end_of(history: AlarmHistory) -> Cell:
    """What is behind the last line of a history."""
    if not history.more:
        return cell("nothing older: CloudWatch keeps a history for 30 days", "dim")
    return (
        *cell(f"older than these {len(history.changes):,} items was not read: ", "stale"),
        ("o", "key"),
        (" reads on", "dim"),
    )


def whole(alarm: Alarm, found: AlarmList | None, changes: Sequence[Change]) -> Callable[[Draw, int], Sequence[Cell]]:
    """One alarm and its history, to be read."""

    def lines(draw: Draw, width: int) -> Sequence[Cell]:
        past = history_lines(changes, draw, width)
        known = found is None or found.changes_known
        said = "none" if known else "none was read"
        after = [] if known or not past else [cell("not all of them were read", "stale")]
        title = cell("State changes of the last 24 hours", "title")
        return [*facts(alarm, found, draw, width), (), title, *(past or [cell(said, "dim")]), *after]

    return lines
