"""What the approvals inbox says of one approval: what is asked, until when, what an answer would ship. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.faults import freshness_lines
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import revision_line, short_id, short_identity
from pointsman.model.approvals import Entry, Shipment
from pointsman.model.snapshot import Snapshot

__all__ = ["entry_lines", "shipment_lines"]


def entry_lines(entry: Entry, shipment: Snapshot[Shipment], draw: Draw, width: int) -> Sequence[Cell]:
    """One approval in full: what is asked, until when, what would ship."""
    one = entry.pending
    head = join((cell(str(one.ref), "strong"), cell(entry.fate, "stale")))
    run = one.execution
    by_hand = run is not None and run.trigger == "StartPipelineExecution"
    expires = f"in {draw.countdown(one.expires)}, {one.expires:%Y-%m-%d %H:%M} UTC" if one.expires is not None else ""
    rows: list[tuple[str, Cell | str]] = [
        ("asked", " ".join(one.asked.split())),
        ("look at", one.link),
        ("expires", "" if entry.fate else expires),
        ("waits", f"{draw.age(one.since)}, run {one.execution_id[:8]}" if one.since is not None else ""),
        ("by", short_identity(run.trigger_detail) if run is not None and by_hand else ""),
        ("carries", revision_line(one.revision, draw)),
    ]
    lines: list[Cell] = [head, *facts(rows, width)]
    if one.stage.queue or one.stage.inbound_id:
        behind = len(one.stage.queue) or 1
        said = f"{behind} newer run{'' if behind == 1 else 's'} wait{'s' if behind == 1 else ''} behind it"
        lines.append(cell(said, "gate.queued"))
    if one.ref.execution:
        said = "Its pipeline's runs go side by side: each waits for an answer of its own."
        lines += paragraph(f"{said} {one.state.unseen}".strip(), width, "dim")
    heading = "It would have shipped" if entry.fate else "Would ship"
    if entry.fate.startswith("approved"):
        heading = "It shipped"
    lines += [(), cell(heading, "strong")]
    return [*lines, *shipment_lines(shipment, draw, width)]


def shipment_lines(shipment: Snapshot[Shipment], draw: Draw, width: int) -> list[Cell]:
    """What an answer would let through: per source the commits between what runs and what waits."""
    found = shipment.value
    if found is None:
        return [*freshness_lines(shipment, draw, "what would ship", width)]
    comparison = found.comparison
    if comparison is None:
        return paragraph(found.note, width, "dim")
    lines: list[Cell] = []
    if not comparison.changed:
        lines.append(cell("nothing new: what waits is what runs already", "dim"))
    for change in comparison.changed:
        before = short_id(change.older.id) if change.older is not None else "nothing"
        after = short_id(change.newer.id) if change.newer is not None else "nothing"
        count = len(change.commits)
        commits = f"{count} commit{'' if count == 1 else 's'}" if count else ""
        lines.append(
            join(
                (
                    cell(change.action or "source"),
                    cell(f"{before} {draw.glyphs.arrow} {after}", "strong"),
                    cell(commits),
                )
            )
        )
        for commit in change.commits:
            words = f"{commit.short} {commit.summary}" + (f" ({commit.author})" if commit.author else "")
            lines += paragraph(words, width, "", "  ")
        if not change.commits and change.newer is not None and change.newer.summary:
            lines += paragraph(change.newer.summary, width, "", "  ")
        if change.note:
            lines += paragraph(change.note, width, "dim", "  ")
    return lines
