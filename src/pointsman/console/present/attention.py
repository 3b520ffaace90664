"""The attention line: what needs a person now, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from pointsman.console.present.cells import Cell, Piece
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.model.alarms import Alarm, named
from pointsman.model.deployments import Deployment
from pointsman.model.pipelines import PipelineRow
from pointsman.model.refs import ActionRef, DeploymentGroupRef, PipelineRef, Ref, StageRef
from pointsman.model.status import Tone

_RANK = {Tone.FAILED: 0, Tone.WAITING: 1}


class AttentionItem(Struct, frozen=True):
    """One thing that needs a person."""

    ref: Ref
    """Where ``enter`` goes."""
    tone: Tone
    what: str
    """``checkout/Test failed``."""
    since: datetime | None = None
    until: datetime | None = None
    """When it ends by itself: an approval's expiry."""

    @property
    def rank(self) -> tuple[int, float, str]:
        """Failed first, the newest of them first; then what expires soonest."""
        if self.until is not None:
            moment = self.until.timestamp()
        else:
            moment = -self.since.timestamp() if self.since is not None else 0.0
        return _RANK.get(self.tone, 2), moment, self.what


def from_board(rows: Iterable[PipelineRow]) -> tuple[AttentionItem, ...]:
    """What the pipelines ask for: failed stages, waiting approvals, revisions held at a closed gate."""
    items: list[AttentionItem] = []
    for row in rows:
        if row.state is None:
            continue
        name = row.ref.name
        for stage in row.state.stages:
            failed = stage.failed_action
            waiting = stage.waiting_approval
            if stage.status.failed:
                ref: Ref = failed.ref if failed else stage.ref
                label = f"{name}/{stage.name}"
                items.append(AttentionItem(ref, Tone.FAILED, f"{label} failed", failed.changed_at if failed else None))
            elif waiting is not None:
                items.append(
                    AttentionItem(
                        waiting.ref, Tone.WAITING, f"{name}/{waiting.ref.action}", waiting.changed_at, waiting.expires
                    )
                )
            if stage.inbound_id and not stage.transition.enabled:
                items.append(
                    AttentionItem(
                        stage.ref,
                        Tone.WAITING,
                        f"{name}: gate into {stage.name} holds a revision",
                        stage.transition.changed_at,
                    )
                )
    return worst_first(items)


def from_deployments(deployments: Iterable[Deployment], rows: Iterable[PipelineRow] = ()) -> tuple[AttentionItem, ...]:
    """What deployments ask for: a group whose newest one failed, and those that wait for Continue.

    Args:
        deployments: Newest first.
        rows: Pipelines: a deployment that a failed action tells of already is left out.
    """
    told = {
        action.external_id
        for row in rows
        if row.state is not None
        for stage in row.state.stages
        for action in stage.actions
        if action.status.failed and action.external_id
    }
    items: list[AttentionItem] = []
    seen: set[DeploymentGroupRef] = set()
    for one in deployments:
        newest = one.group not in seen
        seen.add(one.group)
        if one.awaits_person:
            items.append(AttentionItem(one.ref, Tone.WAITING, f"{one.group} waits for Continue", one.began))
        elif newest and one.status.failed and one.id not in told:
            items.append(AttentionItem(one.ref, Tone.FAILED, f"{one.group} {one.id} failed", one.completed))
    return tuple(items)


def from_alarms(alarms: Iterable[Alarm]) -> tuple[AttentionItem, ...]:
    """Alarms that fire and are not muted; one that a composite alarm tells of already is left out."""
    firing = [one for one in alarms if one.firing and one.muted is None]
    told = {name for one in firing if one.composite for name in named(one.rule)}
    return tuple(
        AttentionItem(one.ref, Tone.FAILED, f"alarm {one.ref.name}", one.since)
        for one in firing
        if one.ref.name not in told
    )


def worst_first(items: Iterable[AttentionItem]) -> tuple[AttentionItem, ...]:
    """Sorted by what a person should see first."""
    return tuple(sorted(items, key=lambda item: item.rank))


def pipeline_of(item: AttentionItem) -> PipelineRef | None:
    """The pipeline an item is about, if it is about one."""
    ref = item.ref
    if isinstance(ref, PipelineRef):
        return ref
    if isinstance(ref, (StageRef, ActionRef)):
        return PipelineRef(ref.pipeline)
    return None


class Spot(Struct, frozen=True):
    """Where an item stands on the line."""

    start: int
    end: int
    item: AttentionItem


def item_text(item: AttentionItem, draw: Draw) -> str:
    """An item as the line says it."""
    said = f"{draw.glyphs.of(item.tone)} {clean(item.what)}"
    if item.until is not None:
        return f"{said} expires in {draw.countdown(item.until)}"
    return f"{said} {draw.age(item.since)}".rstrip()


def line(
    items: Sequence[AttentionItem], draw: Draw, room: int, selected: int | None = None, unknown: str = ""
) -> tuple[Cell, tuple[Spot, ...]]:
    """The whole line, as many items as fit from the selected one on, and where each stands.

    ``unknown`` says why the items may not be all: "nothing needs you" is not said then.
    """
    glyphs = draw.glyphs
    if not items and unknown:
        return (
            (f" {glyphs.unknown} ", "tone.unknown"),
            (f"what needs you is not known: {clean(unknown)}", "stale"),
        ), ()
    if not items:
        return ((f" {glyphs.ok} ", "tone.ok"), ("nothing needs you", "dim")), ()
    pieces: list[Piece] = [(f" {glyphs.attention} {len(items)} need you: ", "tone.waiting")]
    if len(items) == 1:
        pieces = [(f" {glyphs.attention} 1 needs you: ", "tone.waiting")]
    at = cells(pieces[0][0])
    spots: list[Spot] = []
    first = _first_shown(items, draw, room - at, selected)
    for index in range(first, len(items)):
        said = item_text(items[index], draw)
        size = cells(said)
        more = len(items) - index
        tail = f" +{more}"
        if at + size + (0 if more == 1 else cells(f" +{more - 1}")) > room and spots:
            pieces.append((tail, "dim"))
            break
        chosen = index == selected
        style = f"tone.{items[index].tone.value}"
        # The selected item is bracketed by the cursor's marker as well as reversed.
        pieces.append((glyphs.cursor if chosen else " ", "cursor"))
        pieces.append((said, style))
        spots.append(Spot(at, at + size + 1, items[index]))
        at += size + 1
        if index + 1 < len(items):
            pieces.append((" ", ""))
            at += 1
    return tuple(pieces), tuple(spots)


def _first_shown(items: Sequence[AttentionItem], draw: Draw, room: int, selected: int | None) -> int:
    if not selected:
        return 0
    first, used = selected, 0
    while first >= 0 and used <= room:
        used += cells(item_text(items[first], draw)) + 2
        first -= 1
    return max(0, min(selected, first + 2 if used > room else first + 1))
