"""Builds as text: rows, phases with their timing bars, what failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from pointsman.console.present import ages
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, fit, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, middle
from pointsman.model.builds import Build, Phase, Project, Turn
from pointsman.model.refs import BuildRef, ProjectRef


def build_key(build: Build) -> BuildRef:
    """A build row's key."""
    return build.ref


def project_key(project: Project) -> ProjectRef:
    """A project row's key."""
    return project.ref


def source_version(build: Build) -> str:
    """What was built, as short as it stays clear: seven digits of a commit, the branch or version otherwise."""
    version = clean(build.resolved_version or build.source_version)
    if len(version) >= 40 and all(digit in "0123456789abcdef" for digit in version):
        return version[:7]
    if version.startswith("arn:"):
        return middle(version.rsplit(":", 1)[-1], 24)
    return middle(version, 24)


def initiator(build: Build) -> str:
    """Who started it, short: ``checkout`` for a pipeline, a user's name otherwise."""
    return clean(build.pipeline or build.initiator.rsplit("/", 1)[-1])


def failure_line(build: Build, draw: Draw) -> Cell:
    """The first thing that went wrong; empty when nothing did."""
    said = build.failure
    if not said:
        return EMPTY
    phase = next((phase.name for phase in build.phases if phase.status.failed), "")
    return cell(f"{draw.glyphs.failed} {phase}: {said}" if phase else f"{draw.glyphs.failed} {said}", "tone.failed")


def phase_word(build: Build, draw: Draw) -> Cell:
    """Where a running build is, or why an ended one failed."""
    if not build.complete:
        return cell(build.phase, "tone.moving")
    return failure_line(build, draw)


def summary(build: Build, draw: Draw) -> Cell:
    """A build in one line."""
    number = f"#{build.number}" if build.number is not None else build.ref.id.rpartition(":")[2][:8]
    return join(
        (
            cell(f"{build.project} {number}", "title"),
            status_cell(build.status, draw),
            cell(source_version(build)),
            cell(draw.lasted(build.started, build.ended), "dim"),
            cell(f"by {initiator(build)}", "dim") if build.initiator else EMPTY,
        )
    )


BUILDS: Columns = (
    Column[Build](
        "project",
        "Project",
        lambda one, _: cell(one.project, "strong"),
        least=10,
        most=40,
        share=1,
        measure=lambda one: cells(one.project),
        names=True,
    ),
    Column[Build](
        "number",
        "Build",
        lambda one, _: cell(f"#{one.number}" if one.number is not None else ""),
        least=6,
        align="right",
        names=True,
    ),
    Column[Build]("status", "Status", lambda one, draw: status_cell(one.status, draw), least=14),
    Column[Build]("source", "Source", lambda one, _: cell(source_version(one)), least=8, most=24, share=1, priority=1),
    Column[Build]("age", "Age", lambda one, draw: cell(draw.age(one.started), "dim"), least=4, align="right"),
    Column[Build](
        "took",
        "Took",
        lambda one, draw: cell(draw.lasted(one.started, one.ended) if one.ended else "", "dim"),
        least=7,
        align="right",
        priority=2,
    ),
    Column[Build]("by", "By", lambda one, _: cell(initiator(one), "dim"), least=10, most=24, share=1, priority=3),
    Column[Build]("phase", "Phase", phase_word, least=14, share=3, priority=4),
)
"""Builds, newest first."""


def turn_words(turn: Turn) -> str:
    """A build's place among those that wait: ``2nd of 3 waiting, 1 runs``."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if turn.place % 100 in (11, 12, 13) else ends.get(turn.place % 10, "th")
    running = f", {turn.running} run{'s' if turn.running == 1 else ''}" if turn.running else ""
    return f"{turn.place}{end} of {turn.waiting} waiting{running}"


def queued_columns(waiting: Mapping[BuildRef, Turn]) -> Columns:
    """The columns of builds of which some wait for their turn."""

    def phase(build: Build, draw: Draw) -> Cell:
        turn = waiting.get(build.ref)
        if turn is None:
            return phase_word(build, draw)
        return join((phase_word(build, draw), cell(turn_words(turn), "tone.waiting")))

    return (*BUILDS[:-1], replace(BUILDS[-1], cell=phase, priority=1))


def _latest(project: Project, draw: Draw) -> Cell:
    if project.latest is None:
        return cell("no builds", "dim")
    return status_cell(project.latest.status, draw)


def _latest_age(project: Project, draw: Draw) -> Cell:
    return cell(draw.age(project.latest.started), "dim") if project.latest else EMPTY


PROJECTS: Columns = (
    Column[Project](
        "name",
        "Project",
        lambda one, _: cell(one.name, "strong"),
        least=12,
        most=44,
        measure=lambda one: cells(one.name),
    ),
    Column[Project]("latest", "Latest", _latest, least=14),
    Column[Project]("age", "Age", _latest_age, least=4, align="right"),
    Column[Project]("source", "Source", lambda one, _: cell(one.source_type, "dim"), least=12, priority=2),
    Column[Project](
        "what",
        "What",
        lambda one, draw: phase_word(one.latest, draw) if one.latest else EMPTY,
        least=16,
        share=2,
        priority=1,
    ),
    Column[Project](
        "description", "Description", lambda one, _: cell(one.description, "dim"), least=16, share=1, priority=3
    ),
)
"""Build projects."""


# --- phases --------------------------------------------------------------------------------------------------------

_NAME, _STATUS, _TIME = 17, 14, 8
_STANDS_OUT = 0.4
"""A phase is called slow when it took at least this part of the whole and some seconds."""


def slow_phase(build: Build) -> Phase | None:
    """The phase that stands out: the slowest, when it took a good part of the whole."""
    slowest = build.slowest
    if slowest is None or slowest.started is None or slowest.ended is None:
        return None
    total = sum((_span(phase) for phase in build.phases if phase.ended), timedelta())
    took = _span(slowest)
    return slowest if took >= timedelta(seconds=2) and took >= total * _STANDS_OUT else None


def _span(phase: Phase) -> timedelta:
    return phase.ended - phase.started if phase.started and phase.ended else timedelta()


def phase_lines(build: Build, draw: Draw, room: int) -> list[Cell]:
    """A line per phase: name, status, how long, a bar placed in the build's time; what went wrong beneath it.

    Bars end in eighths of a cell. The slow phase has another fill and the word.
    """
    if not build.phases:
        return [cell("no phase has begun", "dim")]
    begin = min((phase.started for phase in build.phases if phase.started), default=None)
    # A moving phase's bar grows in steps of its age, so that nothing is repainted in between.
    end = max([_end(phase, draw) for phase in build.phases if phase.started], default=None)
    total = (end - begin).total_seconds() if begin and end else 0.0
    slow = slow_phase(build)
    bar_room = room - _NAME - _STATUS - _TIME - 8
    lines: list[Cell] = []
    for phase in build.phases:
        failed = phase.status.failed
        took = draw.lasted(phase.started, phase.ended)
        name = fit(cell(phase.name, "tone.failed" if failed else ""), _NAME, ellipsis=draw.glyphs.ellipsis)
        status = fit(status_cell(phase.status, draw), _STATUS, ellipsis=draw.glyphs.ellipsis)
        time = fit(cell("" if phase.name == "COMPLETED" else took, "dim"), _TIME, "right")
        bar = EMPTY
        if bar_room >= 8 and begin and phase.started and total > 0:
            bar = _bar(phase, (phase.started - begin).total_seconds(), total, bar_room, draw, slow=phase is slow)
        note = cell(" slow", "bar.slow") if phase is slow else EMPTY
        lines.append((*name, *status, *time, ("  ", ""), *bar, *note))
        lines.extend(
            cell(f"  {draw.glyphs.arrow} {': '.join(part for part in (code, message) if part)}", "fault")
            for code, message in phase.contexts
            if code or message
        )
    return lines


def _end(phase: Phase, draw: Draw) -> datetime:
    """When a phase ended; of one that still runs, the last moment its shown age stepped."""
    if phase.ended is not None:
        return phase.ended
    assert phase.started is not None
    if phase.name == "COMPLETED":  # a moment that has no end
        return phase.started
    return max(phase.started, ages.age_stepped(phase.started, draw.now))


def _bar(phase: Phase, offset: float, total: float, room: int, draw: Draw, *, slow: bool) -> Cell:
    assert phase.started is not None
    lasted = max(0.0, (_end(phase, draw) - phase.started).total_seconds())
    start = min(room - 1, int(offset / total * room))
    length = min(float(room - start), lasted / total * room)
    if lasted > 0:
        length = max(length, 0.125)
    drawn = draw.glyphs.bar_of(length, slow=slow) or draw.glyphs.bar_of(1)[:1]
    if lasted <= 0:
        drawn = draw.glyphs.dot
    style = "tone.failed" if phase.status.failed else "bar.slow" if slow else "bar"
    return ((" " * start, ""), (drawn, style), (" " * max(0, room - start - len(drawn)), ""))
