"""Deployments as text: rows of a list, progress, revisions, who started them, what a fleet runs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from pointsman.console.present.ages import duration
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, middle
from pointsman.model.deployments import Counts, Deployment, DeploymentGroup, RevisionLocation
from pointsman.model.fleet import Residence
from pointsman.model.pipelines import PipelineRow
from pointsman.model.refs import ActionRef, DeploymentGroupRef, DeploymentRef, ExecutionRef
from pointsman.model.rollout import Usual, usual
from pointsman.model.status import Tone

BAR = 10
"""How wide a row's progress bar is."""


class Origin(Struct, frozen=True):
    """The pipeline action that started a deployment."""

    action: ActionRef
    execution: ExecutionRef | None = None


class DeploymentRow(Struct, frozen=True):
    """One line of the list: a deployment, and what its neighbours say of it."""

    deployment: Deployment
    usual: Usual | None = None
    origin: Origin | None = None


def origins(rows: Iterable[PipelineRow]) -> dict[str, Origin]:
    """The pipeline actions that name a deployment, by its id."""
    found: dict[str, Origin] = {}
    for row in rows:
        if row.state is None:
            continue
        for stage in row.state.stages:
            for action in stage.actions:
                if action.external_id and action.provider.startswith("CodeDeploy"):
                    run = ExecutionRef(row.ref.name, stage.execution_id) if stage.execution_id else None
                    found[action.external_id] = Origin(action.ref, run)
    return found


def rows_of(deployments: Iterable[Deployment], known: dict[str, Origin]) -> list[DeploymentRow]:
    """Deployments as rows, each with the usual time of its group."""
    listed = list(deployments)
    groups: dict[DeploymentGroupRef, list[Deployment]] = {}
    for one in listed:
        groups.setdefault(one.group, []).append(one)
    times = {group: usual(found) for group, found in groups.items()}
    return [DeploymentRow(one, times[one.group], known.get(one.id)) for one in listed]


def row_key(row: DeploymentRow) -> DeploymentRef:
    """A row's key."""
    return row.deployment.ref


# --- parts -----------------------------------------------------------------------------------------------------------


def progress_bar(counts: Counts, draw: Draw, room: int) -> Cell:
    """Targets by status in ``room`` cells: succeeded, failed, ready, under way, skipped, to come.

    Each kind has its own glyph, so that it reads without colour, and at least one cell.
    """
    glyphs = draw.glyphs
    parts = (
        (counts.succeeded, glyphs.bar, "tone.ok"),
        (counts.failed, glyphs.failed, "tone.failed"),
        (counts.ready, glyphs.waiting, "tone.waiting"),
        (counts.in_progress, glyphs.slow_bar, "tone.moving"),
        (counts.skipped, glyphs.stopped, "tone.stopped"),
        (counts.pending, glyphs.track, "bar.track"),
    )
    total = counts.total
    if not total or room <= 0:
        return ((glyphs.track * max(0, room), "bar.track"),) if room > 0 else EMPTY
    sizes = [max(1, room * count // total) if count else 0 for count, _, _ in parts]
    while sum(sizes) > room:
        at = max(range(len(sizes)), key=lambda one: sizes[one])
        sizes[at] -= 1
    exact = [room * count / total - size for (count, _, _), size in zip(parts, sizes, strict=True)]
    while sum(sizes) < room:
        at = max(range(len(sizes)), key=lambda one: exact[one])
        sizes[at] += 1
        exact[at] -= 1
    return tuple((glyph * size, style) for size, (_, glyph, style) in zip(sizes, parts, strict=True) if size)


def progress(counts: Counts, draw: Draw, room: int = BAR) -> Cell:
    """The bar and how many targets are through: ``█████▓▓░░░ 5/9``."""
    if not counts.total:
        return cell("no targets yet", "dim")
    bar = progress_bar(counts, draw, room)
    done = cell(f" {counts.succeeded:,}/{counts.total:,}", "dim" if counts.succeeded == counts.total else "")
    return (*bar, *done)


def kind(deployment: Deployment | DeploymentGroup) -> str:
    """How it is deployed, in a word or two."""
    if deployment.platform != "Server":
        return deployment.platform
    return "blue/green" if deployment.blue_green else "in place"


def short_config(name: str) -> str:
    """A configuration's name without AWS's prefix."""
    return clean(name.removeprefix("CodeDeployDefault."))


def revision_cell(revision: RevisionLocation, room: int = 12) -> Cell:
    """A revision, as short as it stays clear."""
    return cell(middle(clean(revision.short), room)) if revision else EMPTY


_CREATORS = {
    "codeDeployRollback": "rollback",
    "CloudFormationRollback": "rollback",
    "CodeDeployAutoUpdate": "auto update",
    "autoscalingTermination": "autoscaling",
}


def started_by(row: DeploymentRow) -> str:
    """What started it: a pipeline by name, a rollback, a user."""
    if row.origin is not None:
        return clean(row.origin.action.pipeline)
    creator = row.deployment.creator
    return _CREATORS.get(creator, clean(creator))


def late(row: DeploymentRow, draw: Draw) -> bool:
    """Whether it takes longer than nine in ten did; asked again when that changes."""
    if row.usual is None or row.deployment.complete:
        return False
    draw.countdown(row.usual.overdue_at(row.deployment))
    return row.usual.overdue(row.deployment, draw.now)


def status_of(row: DeploymentRow, draw: Draw) -> Cell:
    """Its status, and whether it is overdue."""
    stands = status_cell(row.deployment.status, draw)
    return (*stands, (" overdue", "tone.waiting")) if late(row, draw) else stands


def what(row: DeploymentRow, draw: Draw) -> Cell:
    """What a person needs to know next."""
    one = row.deployment
    if one.rollback_id:
        return cell(f"rolled back by {one.rollback_id}", "tone.waiting")
    if one.status.failed or (one.status.word == "Stopped" and one.failure):
        return cell(one.failure, "fault" if one.status.failed else "dim")
    if one.awaits_person:
        return cell("waits for Continue", "tone.waiting")
    if one.awaits_reroute:
        return cell("waits to move the traffic", "tone.waiting")
    if one.awaits_termination:
        return cell("traffic moved; the originals wait for their end", "dim")
    if one.is_rollback:
        return cell(f"takes {one.rolled_back_id} back" if one.rolled_back_id else "takes another one back", "dim")
    if row.usual is not None and late(row, draw):
        return cell(f"overdue: usually {duration(row.usual.p50)}", "tone.waiting")
    return cell(one.description or join_words(kind(one), short_config(one.config)), "dim")


def join_words(*words: str) -> str:
    """The words that there are."""
    return ", ".join(word for word in words if word)


# --- columns ---------------------------------------------------------------------------------------------------------


def _age(row: DeploymentRow, draw: Draw) -> Cell:
    """How long ago it was made; marked when it takes longer than usual."""
    age = cell(draw.age(row.deployment.created), "dim")
    return ((draw.glyphs.attention, "tone.waiting"), *age) if late(row, draw) else age


def _took(row: DeploymentRow, draw: Draw) -> Cell:
    one = row.deployment
    return cell(draw.lasted(one.created, one.completed) if one.complete else "", "dim")


_ID = Column[DeploymentRow]("id", "Deployment", lambda row, _: cell(row.deployment.id, "strong"), least=11, names=True)
_GROUP = Column[DeploymentRow](
    "group",
    "Group",
    lambda row, _: cell(str(row.deployment.group)),
    least=16,
    most=40,
    share=1,
    measure=lambda row: cells(str(row.deployment.group)),
    names=True,
)
_PROGRESS = Column[DeploymentRow](
    "progress",
    "Progress",
    lambda row, draw: progress(row.deployment.counts, draw),
    least=16,
    most=24,
    measure=lambda row: BAR + 1 + len(f"{row.deployment.counts.succeeded:,}/{row.deployment.counts.total:,}"),
)

LIST: Columns = (
    _ID,
    _GROUP,
    Column[DeploymentRow](
        "status",
        "Status",
        lambda row, draw: status_cell(row.deployment.status, draw),
        least=11,
        most=14,
        measure=lambda row: 2 + cells(row.deployment.status.word),
        firm=True,
    ),
    _PROGRESS,
    Column[DeploymentRow](
        "revision",
        "Revision",
        lambda row, _: revision_cell(row.deployment.revision),
        least=8,
        most=12,
        priority=1,
        fitted=lambda row, _, room: revision_cell(row.deployment.revision, room),
    ),
    Column[DeploymentRow]("age", "Age", _age, least=5, align="right"),
    Column[DeploymentRow]("took", "Took", _took, least=7, align="right", priority=4),
    Column[DeploymentRow](
        "by", "By", lambda row, _: cell(started_by(row), "dim"), least=8, most=24, share=1, priority=2
    ),
    Column[DeploymentRow]("what", "What", what, least=16, share=4, priority=3),
)
"""Deployments, newest first."""

BRIEF: Columns = (LIST[2], LIST[1], _PROGRESS, LIST[5], LIST[4], LIST[8])
"""Deployments in a pane of the overview."""


# --- groups and fleets -----------------------------------------------------------------------------------------------


GROUPS: Columns = (
    Column[DeploymentGroup](
        "group",
        "Group",
        lambda one, _: cell(str(one.ref), "strong"),
        least=12,
        most=48,
        share=1,
        measure=lambda one: cells(str(one.ref)),
        names=True,
    ),
    Column[DeploymentGroup]("kind", "Kind", lambda one, _: cell(kind(one)), least=10),
    Column[DeploymentGroup](
        "last",
        "Last",
        lambda one, draw: status_cell(one.last_status, draw) if one.last_id else cell("never", "dim"),
        least=12,
    ),
    Column[DeploymentGroup](
        "good", "Good", lambda one, draw: cell(draw.age(one.last_good_at), "dim"), least=4, align="right"
    ),
    Column[DeploymentGroup](
        "revision",
        "Revision",
        lambda one, _: revision_cell(one.target_revision),
        least=8,
        most=12,
        priority=1,
        fitted=lambda one, _, room: revision_cell(one.target_revision, room),
    ),
    Column[DeploymentGroup](
        "config",
        "Configuration",
        lambda one, _: cell(short_config(one.config), "dim"),
        least=12,
        most=40,
        share=1,
        priority=2,
    ),
    Column[DeploymentGroup](
        "safety",
        "Rolls back",
        lambda one, _: cell(rolls_back(one.rollback_events) or "never", "dim"),
        least=10,
        most=40,
        share=1,
        priority=3,
    ),
)
"""Deployment groups."""

_EVENTS = {
    "DEPLOYMENT_FAILURE": "on failure",
    "DEPLOYMENT_STOP_ON_ALARM": "on an alarm",
    "DEPLOYMENT_STOP_ON_REQUEST": "on a stop",
}


def rolls_back(events: Iterable[str]) -> str:
    """When something rolls back by itself, in words; empty when it never does."""
    return ", ".join(_EVENTS.get(one, clean(one)) for one in events)


def _residence(one: Residence, draw: Draw) -> Cell:
    if one.moving:
        return ((f"{draw.glyphs.of(Tone.MOVING)} changing", "tone.moving"),)
    if one.unsure:
        return ((f"{draw.glyphs.of(Tone.UNKNOWN)} unsure", "tone.unknown"),)
    if one.drift:
        return ((f"{draw.glyphs.attention} drifted", "tone.waiting"),)
    return ((f"{draw.glyphs.of(Tone.OK)} as wanted", "tone.ok"),)


def _drift(one: Residence, _draw: Draw) -> Cell:
    if one.moving:
        return cell(f"{one.moving} is under way here", "dim")
    return cell(one.drift, "stale")


FLEET: Columns = (
    Column[Residence](
        "target",
        "Target",
        lambda one, _: cell(one.name, "strong"),
        least=12,
        most=48,
        share=1,
        measure=lambda one: cells(one.name),
    ),
    Column[Residence]("state", "State", _residence, least=11),
    Column[Residence](
        "revision",
        "Revision",
        lambda one, _: revision_cell(one.revision) or cell("none", "dim"),
        least=8,
        most=12,
    ),
    Column[Residence]("since", "Since", lambda one, draw: cell(draw.age(one.since), "dim"), least=5, align="right"),
    Column[Residence]("by", "By", lambda one, _: cell(one.deployment, "dim"), least=11, priority=1),
    Column[Residence]("drift", "What", _drift, least=16, share=3, priority=2),
)
"""What runs on each target of a group."""


def brief(rows: Iterable[Deployment]) -> Cell:
    """How many deployments failed, wait and move, in one line: only the newest of a group counts as failed."""
    failed = waiting = moving = 0
    seen: set[DeploymentGroupRef] = set()
    for one in rows:
        newest = one.group not in seen
        seen.add(one.group)
        failed += newest and one.status.failed
        waiting += one.awaits_person
        moving += not one.complete and not one.awaits_person
    parts = (
        (failed, "failed", "tone.failed"),
        (waiting, "wait" if waiting != 1 else "waits", "tone.waiting"),
        (moving, "in progress", "tone.moving"),
    )
    said = [cell(f"{count} {words}", style) for count, words, style in parts if count]
    return join(said, gap=", ") if said else cell("nothing moves", "dim")
