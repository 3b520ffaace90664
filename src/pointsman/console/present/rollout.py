"""One deployment as text: its standing in a few lines, its matrix of targets and events, one event in full."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pointsman.console.present.ages import duration
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, fit, join, status_cell
from pointsman.console.present.deployments import (
    DeploymentRow,
    kind,
    progress,
    short_config,
    started_by,
    status_of,
)
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, clean_block
from pointsman.model.deployments import SERVER, Deployment, LifecycleEvent, Rollout, Target
from pointsman.model.rollout import batches, traffic, wait_ends
from pointsman.model.status import Tone

# --- the lines above the matrix --------------------------------------------------------------------------------------


def heading(row: DeploymentRow, draw: Draw) -> Cell:
    """What it is, how it stands, who started it."""
    one = row.deployment
    by = started_by(row)
    return join(
        (
            cell(one.id, "title"),
            cell(str(one.group), "strong"),
            status_of(row, draw),
            cell(kind(one)),
            cell(short_config(one.config)),
            cell(f"by {by}", "dim") if by else EMPTY,
            cell(draw.lasted(one.created, one.completed), "dim"),
        )
    )


def progress_line(rollout: Rollout, draw: Draw, width: int) -> Cell:
    """How far it is: targets, batch, and how many must stay healthy."""
    counts = rollout.deployment.counts
    if not counts.total:
        return cell("no targets yet" if not rollout.deployment.complete else "no targets", "dim")
    parts = [progress(counts, draw, 10 if width < 100 else 20)]
    said = [
        (counts.in_progress, "in progress", "tone.moving"),
        (counts.ready, "ready", "tone.waiting"),
        (counts.failed, "failed", "tone.failed"),
        (counts.skipped, "skipped", "tone.stopped"),
    ]
    parts += [cell(f"{count:,} {words}", style) for count, words, style in said if count]
    found = batches(rollout)
    if found is not None and not rollout.deployment.complete:
        if found.hosts.batches > 1:
            parts.append(cell(f"batch {found.batch}/{found.hosts.batches}"))
        tight = found.healthy <= found.hosts.minimum
        if found.hosts.minimum:
            needs = f"needs {found.hosts.minimum:,} healthy, has {found.healthy:,}"
            parts.append(cell(needs, "tone.waiting" if tight else "dim"))
    return join(parts)


def traffic_line(rollout: Rollout, draw: Draw, width: int) -> Cell:
    """Where the traffic is, step by step, and when it moves on; empty where none moves."""
    found = traffic(rollout)
    if found is None:
        return EMPTY
    room = 10 if width < 100 else 20
    new = round(room * found.percent / 100)
    glyphs = draw.glyphs
    bar: Cell = ((glyphs.bar * new, "tone.ok"), (glyphs.track * (room - new), "bar.track"))
    parts: list[Cell] = [(("traffic ", "dim"), *bar)]
    if rollout.deployment.platform == SERVER:
        parts.append(cell(f"{found.new} replacements serve, {found.old} originals"))
    else:
        new_name, old_name = found.new or "the new side", found.old or "the old side"
        parts.append(cell(f"{found.percent:g}% to {new_name}, {100 - found.percent:g}% to {old_name}"))
    if len(found.steps) > 1:
        parts.append(cell(f"step {found.step}/{len(found.steps)}", "dim"))
    if found.next_at is not None and found.next_percent is not None:
        parts.append(cell(f"{found.next_percent}% in {draw.countdown(found.next_at)}", "tone.moving"))
    return join(parts)


def wait_line(rollout: Rollout, draw: Draw) -> Cell:
    """What it waits for, and what happens when nobody says anything; empty when it does not wait."""
    one = rollout.deployment
    ends = wait_ends(rollout)
    left = f" in {draw.countdown(ends)}" if ends is not None else ""
    glyph = draw.glyphs.waiting
    if one.awaits_reroute and one.awaits_person:
        return cell(
            f"{glyph} the replacement is ready: Continue moves the traffic; else it stops{left}", "tone.waiting"
        )
    if one.awaits_reroute:
        return cell(f"{glyph} the replacement is ready: the traffic moves{left}", "tone.waiting")
    if one.awaits_termination:
        return cell(f"{glyph} the traffic has moved; the originals are ended{left}; until then it can go back", "dim")
    return EMPTY


def trouble_lines(one: Deployment, draw: Draw, width: int) -> list[Cell]:
    """What went wrong, or who stopped it, in at most three lines; none when nothing did."""
    if not one.failure:
        return []
    code = f"{one.error_code}: " if one.error_code and one.error_message else ""
    tone = Tone.FAILED if one.status.failed else Tone.STOPPED
    return wrapped(f"{draw.glyphs.of(tone)} {code}{one.failure}", width, f"tone.{tone.value}", 3, draw)


def wrapped(text: str, width: int, style: str, most: int, draw: Draw) -> list[Cell]:
    """Text in at most so many lines, an ellipsis where it was cut off."""
    lines = textwrap.wrap(clean(text), max(10, width))
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: max(10, width) - 1]}{draw.glyphs.ellipsis}"]
    return [cell(line, style) for line in lines]


def revision_line(one: Deployment, good: Deployment | None, draw: Draw, width: int) -> Cell:
    """The revision, and the good one that it takes the place of."""
    if not one.revision:
        return EMPTY
    shown = one.revision.short if width < 100 else one.revision.words
    parts: list[Cell] = [(("rev ", "dim"), *cell(shown, "strong"))]
    if good is not None:
        same = good.revision.identity == one.revision.identity
        words = "the same as" if same else "after"
        since = draw.age(good.completed or good.created)
        ago = f", good {since} ago".replace("now ago", "just now") if since else ""
        parts.append(cell(f"{words} {good.revision.short} ({good.id}{ago})", "dim"))
    return join(parts)


def time_line(row: DeploymentRow, draw: Draw) -> Cell:
    """How long it takes against earlier ones; empty when too few are known."""
    one, usually = row.deployment, row.usual
    if usually is None or one.created is None:
        return EMPTY
    took = draw.lasted(one.created, one.completed)
    said = f"{took}; usually {duration(usually.p50)}, nine in ten within {duration(usually.p90)}"
    late = row.usual is not None and usually.overdue(one, draw.now)
    mark = cell(f"{draw.glyphs.attention} overdue", "tone.waiting") if late else EMPTY
    return join((cell(said, "dim"), cell(f"({usually.samples} earlier)", "dim"), mark), gap=" ")


def link_line(row: DeploymentRow, _draw: Draw) -> Cell:
    """Where else to look: the other side of a rollback, the pipeline, the alarms."""
    one = row.deployment
    parts: list[Cell] = []
    if one.rollback_id:
        parts.append((("r ", "key"), *cell(f"rolled back by {one.rollback_id}", "tone.waiting")))
    elif one.rolled_back_id:
        parts.append((("r ", "key"), *cell(f"rolls back {one.rolled_back_id}", "dim")))
    if row.origin is not None:
        parts.append((("p ", "key"), *cell(str(row.origin.action), "dim")))
    if one.stopped_by:
        parts.append((("w ", "key"), *cell(f"stopped by the alarm {', '.join(one.stopped_by)}", "tone.waiting")))
    elif one.alarms:
        parts.append((("w ", "key"), *cell(f"alarms {', '.join(one.alarms)}", "dim")))
    if one.rollback_message:
        parts.append(cell(one.rollback_message, "dim"))
    return join(parts)


def about(row: DeploymentRow, rollout: Rollout, good: Deployment | None, draw: Draw, width: int) -> Sequence[Cell]:
    """Everything above the matrix, the most urgent first."""
    one = rollout.deployment
    lines = (
        heading(row, draw),
        traffic_line(rollout, draw, width),
        progress_line(rollout, draw, width),
        wait_line(rollout, draw),
        *trouble_lines(one, draw, width),
        revision_line(one, good, draw, width),
        link_line(row, draw),
        time_line(row, draw),
    )
    return tuple(line for line in lines if line)


# --- the matrix ------------------------------------------------------------------------------------------------------

SHORT = {
    "ApplicationStop": "Stop",
    "DownloadBundle": "Bundle",
    "BeforeInstall": "Before",
    "AfterInstall": "After",
    "ApplicationStart": "Start",
    "ValidateService": "Validate",
    "BeforeBlockTraffic": "PreBlock",
    "BlockTraffic": "Block",
    "AfterBlockTraffic": "Blocked",
    "BeforeAllowTraffic": "PreAllow",
    "AllowTraffic": "Allow",
    "AfterAllowTraffic": "Allowed",
    "AllowTestTraffic": "Test",
    "AfterAllowTestTraffic": "Tested",
}
"""Lifecycle events in at most eight letters."""
_CELL = 7


def event_cell(event: LifecycleEvent | None, draw: Draw) -> Cell:
    """One event on one target: its glyph and how long it took."""
    if event is None:
        return EMPTY
    tone = event.status.tone
    if tone is Tone.IDLE:
        return ((draw.glyphs.dot, "tone.idle"),)
    took = draw.lasted(event.started, event.ended) if event.started is not None else ""
    glyph = draw.glyphs.of(tone)
    return ((f"{glyph} {took}".rstrip(), f"tone.{tone.value}"),)


def note(target: Target, _draw: Draw) -> Cell:
    """What a person needs to know of a target: what failed on it, in the script's own words."""
    failed = target.failed_event
    if failed is None:
        return EMPTY
    script = failed.script.rsplit("/", 1)[-1]
    said = ": ".join(part for part in (failed.name, script, failed.message or failed.error_code) if part)
    return cell(said, "fault")


def _name(target: Target, draw: Draw) -> Cell:
    tone = target.status.tone
    label = ((f" {target.label.lower()}", "dim"),) if target.label else ()
    return ((f"{draw.glyphs.of(tone)} ", f"tone.{tone.value}"), *cell(target.name, "strong"), *label)


def _column(name: str, full: bool) -> Column[Target]:
    header = name if full else SHORT.get(name, name[:8])
    return Column[Target](
        name, header, lambda target, draw: event_cell(target.event(name), draw), least=max(_CELL, len(header))
    )


def matrix(names: Sequence[str], targets: Sequence[Target], room: int) -> Columns:
    """The matrix's columns: the target, an event each, how long it took in all, what failed.

    Names are written out where all of them fit.
    """
    widest = max((cells(target.name) + (len(target.label) + 1 if target.label else 0) for target in targets), default=4)
    label = Column[Target]("target", "Target", _name, least=max(8, min(32, widest + 2)))
    total = Column[Target](
        "total",
        "In all",
        lambda target, draw: cell(draw.lasted(target.started, target.ended), "dim"),
        least=7,
        align="right",
    )
    full = label.least + 8 + sum(max(_CELL, len(name)) + 1 for name in names) + 2 <= room
    events = [_column(name, full) for name in names]
    said = Column[Target]("note", "What failed", note, least=24, share=1)
    return (label, *events, total, said)


# --- one target, one event -------------------------------------------------------------------------------------------


def event_line(event: LifecycleEvent, draw: Draw) -> Cell:
    """An event in one line: name, status, how long, what went wrong."""
    name = fit(cell(event.name, "tone.failed" if event.status.failed else ""), 22)
    status = fit(status_cell(event.status, draw), 13)
    took = fit(cell(draw.lasted(event.started, event.ended), "dim"), 8, "right")
    said = cell(event.error_code or event.script, "fault" if event.error_code else "dim")
    return (*name, *status, *took, *((("  ", ""), *said) if said else ()))


def target_lines(target: Target, draw: Draw, width: int) -> list[Cell]:
    """A target's events with their times, and whatever failed in full."""
    lines = [
        join(
            (
                cell(side.label, "strong"),
                cell(side.id),
                cell(side.status, "dim"),
                cell(f"{side.weight:g}% of the traffic" if side.weight is not None else ""),
                cell(f"{side.running}/{side.desired} tasks run" if side.desired else "", "dim"),
            )
        )
        for side in target.sides
    ]
    for event in target.events:
        lines.append(event_line(event, draw))
        if event.status.failed:
            said = ": ".join(part for part in (event.script, event.message) if part)
            lines += wrapped(said, width, "fault", 6, draw)
    failed = target.failed_event
    if failed is not None and failed.log_tail:
        lines += [(), *log_lines(failed)]
    return lines


def log_lines(event: LifecycleEvent) -> list[Cell]:
    """An event's log tail, a line each."""
    return [cell(line) for line in clean_block(event.log_tail).rstrip("\n").split("\n")] if event.log_tail else []


def spot_lines(target: Target, event: LifecycleEvent | None, draw: Draw, width: int, height: int) -> list[Cell]:
    """What stands under the matrix: the selected event with the end of its log, or the target's events.

    Args:
        target: The selected target.
        event: The selected event; None for the target as a whole.
        draw: The rendering.
        width: Cells.
        height: At most so many lines.
    """
    rule = draw.glyphs.rule
    if event is None:
        event = target.failed_event or target.current_event
        if event is None:
            lines = target_lines(target, draw, width)
            return [_rule(clean(target.name), width, rule), *lines[: height - 1]]
    parts = [clean(target.name), event.name, clean(event.script)]
    into = f" {draw.glyphs.into} "
    lines = [_rule(into.join(part for part in parts if part), width, rule)]
    took = draw.lasted(event.started, event.ended)
    stands = status_cell(event.status, draw) if event.status.word else cell("to come", "dim")
    lines.append(join((stands, cell(took, "dim"), cell(event.error_code, "fault"))))
    style = "fault" if event.status.failed else "dim"
    lines += wrapped(event.message, width, style, max(1, height // 4), draw)
    tail = log_lines(event)
    room = height - len(lines)
    return [*lines, *tail[-room:]] if room > 0 else lines[:height]


def _rule(title: str, width: int, rule: str) -> Cell:
    return ((f"{rule * 2} ", "rule"), (title, "title"), (f" {rule * max(0, width - cells(title) - 4)}", "rule"))
