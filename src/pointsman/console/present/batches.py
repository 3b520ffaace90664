"""Batches of builds as text: rows, and the tree of a batch."""

from __future__ import annotations

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.model.batches import Batch, Branch
from pointsman.model.builds import Build
from pointsman.model.refs import BatchRef, BuildRef
from pointsman.model.status import Tone


def batch_key(batch: Batch) -> BatchRef:
    """A batch row's key."""
    return batch.ref


def branch_key(branch: Branch) -> str:
    """A member's key."""
    return branch.member.identifier


def counts_cell(batch: Batch, draw: Draw) -> Cell:
    """How its builds stand: ``✓ 3  ✗ 1  ● 2  ○ 4``."""
    parts = []
    for tone in (Tone.FAILED, Tone.MOVING, Tone.OK, Tone.STOPPED, Tone.UNKNOWN, Tone.IDLE):
        count = sum(member.status.tone is tone for member in batch.members)
        if count:
            parts.append(cell(f"{draw.glyphs.of(tone)} {count}", f"tone.{tone.value}"))
    return join(parts)


def summary(batch: Batch, draw: Draw) -> Cell:
    """A batch in one line."""
    number = f"#{batch.number}" if batch.number is not None else batch.ref.id.rpartition(":")[2][:8]
    version = clean(batch.resolved_version or batch.source_version)
    return join(
        (
            cell(f"{batch.project} batch {number}", "title"),
            status_cell(batch.status, draw),
            cell(version[:7] if len(version) >= 40 else version[:30]),
            cell(draw.lasted(batch.started, batch.ended), "dim"),
            counts_cell(batch, draw),
            cell(f"by {batch.initiator.rsplit('/', 1)[-1]}", "dim") if batch.initiator else EMPTY,
        )
    )


BATCHES: Columns = (
    Column[Batch](
        "project",
        "Project",
        lambda one, _: cell(one.project, "strong"),
        least=10,
        most=40,
        measure=lambda one: cells(clean(one.project)),
        names=True,
    ),
    Column[Batch](
        "number",
        "Batch",
        lambda one, _: cell(f"#{one.number}" if one.number is not None else ""),
        least=6,
        align="right",
        names=True,
    ),
    Column[Batch]("status", "Status", lambda one, draw: status_cell(one.status, draw), least=14),
    Column[Batch]("builds", "Builds", counts_cell, least=12, most=36, share=1),
    Column[Batch]("age", "Age", lambda one, draw: cell(draw.age(one.started), "dim"), least=4, align="right"),
    Column[Batch](
        "took",
        "Took",
        lambda one, draw: cell(draw.lasted(one.started, one.ended) if one.ended else "", "dim"),
        least=7,
        align="right",
        priority=2,
    ),
    Column[Batch](
        "what",
        "What",
        lambda one, _: cell(one.failure, "fault") if one.failure else cell(one.phase, "dim"),
        least=14,
        share=2,
        priority=1,
    ),
)
"""Batches, newest first."""


def branch_columns(builds: dict[BuildRef, Build], short: str = "|-") -> Columns:
    """The tree's columns.

    Args:
        builds: What is known of its builds.
        short: The joint before a member that hangs under another.
    """

    def name(one: Branch, _draw: Draw) -> Cell:
        joint = f"{'  ' * (one.depth - 1)}{short} " if one.depth else ""
        style = "strong" if one.member.build is not None else ""
        tolerated = cell(" may fail", "dim") if one.member.ignore_failure else EMPTY
        return (*cell(joint, "joint"), *cell(one.member.identifier, style), *tolerated)

    def known(one: Branch) -> Build | None:
        return builds.get(one.member.build) if one.member.build is not None else None

    def took(one: Branch, draw: Draw) -> Cell:
        build = known(one)
        if build is None:
            return cell(draw.age(one.member.requested), "dim")
        return cell(draw.lasted(build.started, build.ended), "dim")

    def status(one: Branch, draw: Draw) -> Cell:
        if not one.member.status.word:
            waits = ", ".join(one.member.depends)
            return cell(f"{draw.glyphs.idle} waits" if waits else f"{draw.glyphs.idle} not begun", "dim")
        return status_cell(one.member.status, draw)

    def also(one: Branch, _draw: Draw) -> Cell:
        return cell(f"after {', '.join(one.also)}", "dim") if one.also else EMPTY

    def what(one: Branch, _draw: Draw) -> Cell:
        build = known(one)
        tries = f"try {len(one.member.earlier) + 1}" if one.member.earlier else ""
        said = EMPTY
        if build is not None:
            said = cell(build.failure, "fault") if build.failure else cell(build.phase, "dim")
        return join((cell(tries, "stale"), said))

    return (
        Column[Branch](
            "name",
            "Build",
            name,
            least=14,
            most=50,
            measure=lambda one: 3 * bool(one.depth) + 2 * one.depth + cells(clean(one.member.identifier)) + 8,
        ),
        Column[Branch]("status", "Status", status, least=14),
        Column[Branch]("took", "Took", took, least=7, align="right"),
        Column[Branch]("also", "Also after", also, least=10, most=30, share=1, priority=2),
        Column[Branch]("what", "What", what, least=14, share=2, priority=1),
    )
