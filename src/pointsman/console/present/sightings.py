"""Where a commit is, as text."""

from __future__ import annotations

from pointsman.console.present.builds import phase_word
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import trigger_word
from pointsman.console.present.text import cells, clean
from pointsman.model.refs import BuildRef, Ref
from pointsman.model.sightings import Sighting, Sightings


def sighting_key(one: Sighting) -> Ref:
    """A row's key."""
    return one.ref


def sighting_words(one: Sighting) -> str:
    """The text a filter looks at, in lower case."""
    status = one.execution.status.word if one.execution is not None else one.build.status.word if one.build else ""
    return " ".join((str(one.ref), one.stage, status, *one.stages, *one.gates)).lower()


def _what(one: Sighting, _draw: Draw) -> Cell:
    return cell("build" if isinstance(one.ref, BuildRef) else "run", "dim")


def _name(one: Sighting, _draw: Draw) -> Cell:
    return cell(str(one.ref), "strong")


def _status(one: Sighting, draw: Draw) -> Cell:
    if one.execution is not None:
        return status_cell(one.execution.status, draw)
    return status_cell(one.build.status, draw) if one.build is not None else EMPTY


def _age(one: Sighting, draw: Draw) -> Cell:
    moment = one.execution.started if one.execution is not None else one.build.started if one.build else None
    return cell(draw.age(moment), "dim")


def _where(one: Sighting, draw: Draw) -> Cell:
    if isinstance(one.ref, BuildRef):
        return join((cell(one.stage), phase_word(one.build, draw) if one.build is not None else EMPTY))
    gates = cell(f"waits before {', '.join(one.gates)}", "gate.queued") if one.gates else EMPTY
    stages = cell(", ".join(one.stages)) if one.stages else EMPTY
    gone = cell("in no stage any more", "dim") if not one.gates and not one.stages else EMPTY
    started = cell(trigger_word(one.execution), "dim") if one.execution is not None else EMPTY
    return join((gates, stages, gone, started))


SIGHTINGS: Columns = (
    Column[Sighting]("what", "", _what, least=5),
    Column[Sighting](
        "name", "Where", _name, least=16, most=50, measure=lambda one: cells(clean(str(one.ref))), names=True
    ),
    Column[Sighting]("status", "Status", _status, least=13),
    Column[Sighting]("age", "Age", _age, least=4, align="right"),
    Column[Sighting]("where", "Stages", _where, least=20, share=1, priority=1),
)
"""The places of a commit."""


def looked_through(found: Sightings) -> str:
    """What was looked through, in a sentence: what is not found may be elsewhere."""
    unread = f" of {found.of:,}" if found.of != found.pipelines else ""
    back = f", back to {found.oldest:%Y-%m-%d}" if found.oldest is not None else ""
    said = (
        f"looked through the newest {found.runs:,} runs of {found.pipelines:,}{unread} pipelines{back}, "
        f"and the newest {found.builds:,} builds"
    )
    if found.unread:
        said += f"; the histories of {found.unread:,} pipelines could not be read"
    return f"{said}; f looks further back" if found.more else f"{said}: that is all there is"
