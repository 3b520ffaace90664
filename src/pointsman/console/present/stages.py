"""A pipeline's stages laid out: as columns when there is room, as a list when there is not.

Each stage shows the gate at its entrance, its status, the revision in it and its actions. What can be selected is an
item with its place, so that a widget needs no knowledge of pipelines.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from pointsman.console.present.cells import EMPTY, Cell, cell, fit, join, status_cell
from pointsman.console.present.conditions import condition_line, retries_words
from pointsman.console.present.forecast import forecast_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import action_line, gate_sentence, queued, revision_line, short_id
from pointsman.console.present.text import clean
from pointsman.model.forecast import Forecast
from pointsman.model.pipelines import Action, PipelineState, Stage
from pointsman.model.refs import ActionRef, StageRef

Part = Literal["gate", "stage", "action"]
"""What of a stage an item is: a StageRef names both the stage and the gate at its entrance."""

LEAST_COLUMN = 24
MOST_COLUMN = 40
_GAP = 2


class Item(Struct, frozen=True):
    """Something that can be selected, and where it is drawn."""

    ref: StageRef | ActionRef
    part: Part
    stage: int
    """Index of its stage."""
    line: int
    start: int
    end: int

    @property
    def key(self) -> tuple[StageRef | ActionRef, Part]:
        """What stays the same when the sheet is drawn anew."""
        return self.ref, self.part


class Sheet(Struct, frozen=True):
    """The drawn stages."""

    lines: tuple[Cell, ...] = ()
    items: tuple[Item, ...] = ()
    columns: bool = False
    """Whether stages stand side by side."""

    def find(self, key: tuple[object, str] | None) -> Item | None:
        """The item of a key."""
        return next((item for item in self.items if item.key == key), None)


def sheet(state: PipelineState, draw: Draw, room: int, forecast: Forecast | None = None) -> Sheet:
    """The stages in ``room`` cells; with a forecast also how long each usually takes."""
    count = len(state.stages)
    if not count:
        return Sheet((cell("this pipeline has no stages", "dim"),))
    each = (room - _GAP * (count - 1)) // count
    if each >= LEAST_COLUMN:
        return _columns(state, draw, room, min(MOST_COLUMN, each), forecast)
    return _list(state, draw, room, forecast)


# --- columns -------------------------------------------------------------------------------------------------------


class _Block(Struct):
    """A line of a column, and what it can be selected as."""

    content: Cell
    ref: StageRef | ActionRef | None = None
    part: Part = "stage"


def _columns(state: PipelineState, draw: Draw, room: int, each: int, forecast: Forecast | None) -> Sheet:
    blocks = [_column(state, stage, draw, each, forecast) for stage in state.stages]
    if not any(column[4].content for column in blocks):
        for column in blocks:
            del column[4]
    lines: list[Cell] = []
    items: list[Item] = []
    for y in range(max(len(column) for column in blocks)):
        line: list[tuple[str, str]] = []
        for index, column in enumerate(blocks):
            start = index * (each + _GAP)
            if index:
                line.append((" " * _GAP, ""))
            block = column[y] if y < len(column) else _Block(EMPTY)
            line.extend(fit(block.content, each, ellipsis=draw.glyphs.ellipsis))
            if block.ref is not None:
                items.append(Item(block.ref, block.part, index, y, start, start + each))
        lines.append(tuple(line))
    lines.extend(_sentences(state, draw, room))
    items.sort(key=lambda item: (item.stage, item.line))
    return Sheet(tuple(lines), tuple(items), columns=True)


def _column(state: PipelineState, stage: Stage, draw: Draw, each: int, forecast: Forecast | None) -> list[_Block]:
    rule_style = f"tone.{stage.shown_status.tone.value}"
    blocks = [
        _Block(_gate_mark(state, stage, draw), stage.ref, "gate"),
        _Block(join((cell(stage.name, "title"), status_cell(stage.shown_status, draw)), gap=" "), stage.ref, "stage"),
        _Block(((draw.glyphs.heavy_rule * each, rule_style),)),
        _Block(revision_line(state.revision_in(stage), draw)),
        _Block(_beside(stage, draw, forecast)),
    ]
    blocks += [_Block(condition_line(condition, draw)) for condition in stage.conditions]
    for action in stage.actions:
        blocks.extend(_action_blocks(action, draw, each))
    return blocks


def _beside(stage: Stage, draw: Draw, forecast: Forecast | None) -> Cell:
    """What to know of a stage besides its status: how often it was tried again, how long it takes."""
    return join((forecast_cell(stage, forecast, draw), cell(retries_words(stage.retries), "stale")))


def _gate_mark(state: PipelineState, stage: Stage, draw: Draw) -> Cell:
    glyphs = draw.glyphs
    closed = not stage.transition.enabled
    gate = cell(f"{glyphs.gate} closed", "gate.closed") if closed else cell(f"{glyphs.arrow} open", "gate.open")
    if not stage.inbound_id:
        return gate
    revision = queued(state, stage)
    behind = short_id(revision.id) if revision else clean(stage.inbound_id)[:8]
    more = f" +{len(stage.queue) - 1}" if len(stage.queue) > 1 else ""
    return join((gate, cell(f"{glyphs.queued} {behind} waits{more}", "gate.queued")), gap=" ")


def _action_blocks(action: Action, draw: Draw, each: int) -> list[_Block]:
    glyphs = draw.glyphs
    tone = f"tone.{'waiting' if action.waiting else action.status.tone.value}"
    glyph = glyphs.waiting if action.waiting else glyphs.of(action.status.tone)
    age = cell(draw.age(action.changed_at), "dim")
    room = each - (len(age[0][0]) + 1 if age else 0)
    name = fit(((f"{glyph} ", tone), *cell(action.ref.action, "strong")), room, ellipsis=glyphs.ellipsis)
    first = (*name, (" ", ""), *age) if age else name
    said = action_detail(action, draw)
    word = cell(action.status.word, tone)
    second = (("  ", ""), *join((word, said), gap=" "))
    blocks = [_Block(first, action.ref, "action")]
    if word or said:
        blocks.append(_Block(second))
    return blocks


def action_detail(action: Action, draw: Draw) -> Cell:
    """What to know of an action beside its status: its error, its expiry, its progress, its summary."""
    if action.status.failed:
        return cell(action.error_message or action.summary, "fault")
    if action.waiting:
        return cell(f"expires in {draw.countdown(action.expires)}" if action.expires else "", "tone.waiting")
    if action.status.moving and action.percent is not None:
        return cell(f"{action.percent} %", "dim")
    return cell(action.summary, "dim")


def _sentences(state: PipelineState, draw: Draw, room: int) -> list[Cell]:
    """The gates that are closed or hold a revision, in full."""
    told = [stage for stage in state.stages if not stage.transition.enabled or stage.inbound_id]
    if not told:
        return []
    widest = max(len(stage.name) for stage in told)
    lines: list[Cell] = [EMPTY]
    for stage in told:
        name = fit(cell(f" {stage.name}", "title"), min(widest, 30) + 3, ellipsis=draw.glyphs.ellipsis)
        lines.append(fit((*name, *gate_sentence(stage, draw, state)), room, ellipsis=draw.glyphs.ellipsis))
    return lines


# --- list ----------------------------------------------------------------------------------------------------------


def _list(state: PipelineState, draw: Draw, room: int, forecast: Forecast | None) -> Sheet:
    lines: list[Cell] = []
    items: list[Item] = []

    def add(content: Cell, index: int, ref: StageRef | ActionRef, part: Part) -> None:
        items.append(Item(ref, part, index, len(lines), 0, room))
        lines.append(fit(content, room, ellipsis=draw.glyphs.ellipsis))

    for index, stage in enumerate(state.stages):
        mark = draw.glyphs.arrow if stage.transition.enabled else ""
        gate = gate_sentence(stage, draw, state)
        add((("  ", ""), *(((f"{mark} ", "gate.open"),) if mark else ()), *gate), index, stage.ref, "gate")
        heading = join(
            (
                cell(stage.name, "title"),
                status_cell(stage.shown_status, draw),
                _beside(stage, draw, forecast),
                revision_line(state.revision_in(stage), draw),
            ),
            gap=" ",
        )
        add(heading, index, stage.ref, "stage")
        lines.extend(
            fit((("    ", ""), *condition_line(condition, draw)), room, ellipsis=draw.glyphs.ellipsis)
            for condition in stage.conditions
        )
        for action in stage.actions:
            add((("    ", ""), *action_line(action, draw)), index, action.ref, "action")
    return Sheet(tuple(lines), tuple(items))


# --- moving about --------------------------------------------------------------------------------------------------


def step(drawn: Sheet, at: Item | None, dx: int, dy: int) -> Item | None:
    """The item one comes to: ``dy`` within a stage (or down the list), ``dx`` to the neighbouring stages."""
    if not drawn.items:
        return None
    if at is None:
        return drawn.items[0]
    here = drawn.items.index(at)
    if dy:
        if not drawn.columns:
            return drawn.items[max(0, min(len(drawn.items) - 1, here + dy))]
        own = [item for item in drawn.items if item.stage == at.stage]
        return own[max(0, min(len(own) - 1, own.index(at) + dy))]
    stages = sorted({item.stage for item in drawn.items})
    target = stages[max(0, min(len(stages) - 1, stages.index(at.stage) + dx))]
    if target == at.stage:
        return at
    theirs = [item for item in drawn.items if item.stage == target]
    if not drawn.columns:
        return next((item for item in theirs if item.part == at.part), theirs[0])
    return min(theirs, key=lambda item: abs(item.line - at.line))
