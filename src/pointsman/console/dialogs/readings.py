"""What the reading dialogs say: the keys of a place, who one is, what went wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.binding import Binding

from pointsman.console.command_line import COMMANDS
from pointsman.console.dialogs.words import words_in
from pointsman.console.keys import key_words
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.faults import fault_lines
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells
from pointsman.console.troubles import Trouble
from pointsman.errors import Fault
from pointsman.model.snapshot import Identity
from pointsman.operations.declare import Operation

__all__ = ["error_lines", "help_lines", "identity_lines"]


def _pairs(rows: Iterable[tuple[str, str]], width: int, style: str = "key") -> list[Cell]:
    rows = [(left, right) for left, right in rows if right]
    room = min(24, max((cells(left) for left, _ in rows), default=0)) + 2
    lines: list[Cell] = []
    for left, right in rows:
        parts = words_in(right, max(10, width - room))
        gap = " " * max(1, room - cells(left))
        lines.append((*cell(left, style), (gap, ""), *cell(parts[0])))
        lines += [((" " * room, ""), *cell(part)) for part in parts[1:]]
    return lines


def help_lines(
    title: str,
    about: str,
    sections: Sequence[tuple[str, Sequence[Binding]]],
    operations: Sequence[tuple[Operation[object], str | None]],
    width: int,
) -> list[Cell]:
    """The help of a place: what it shows, its keys, what can be done with the selection, the commands."""
    lines: list[Cell] = [cell(title, "title"), *(cell(part) for part in words_in(about, width))]
    seen: set[str] = set()
    for heading, bindings in sections:
        rows = []
        for binding in bindings:
            if binding.description and binding.key not in seen:
                seen.add(binding.key)
                rows.append((key_words(binding), binding.description))
        if rows:
            lines += [(), cell(heading, "strong"), *_pairs(rows, width)]
    if operations:
        lines += [(), cell("With what is selected (a opens them)", "strong")]
        for operation, reason in operations:
            words = operation.help if reason is None else f"{operation.help} Not now: {reason}"
            lines += _pairs([(f"{operation.key}  {operation.title}", words)], width)
    lines += [(), cell("Commands", "strong")]
    rows = [(f":{one.name} {one.argument}".strip(), one.help) for one in COMMANDS]
    return [*lines, *_pairs(rows, width)]


def identity_lines(
    identity: Identity | None, fault: Fault | None, facts: Sequence[tuple[str, str]], draw: Draw, width: int
) -> list[Cell]:
    """Who this console acts as."""
    if identity is None:
        if fault is not None:
            return fault_lines(fault, draw)
        return [cell("not known yet", "dim"), *_pairs(facts, width, "dim")]
    left = f"{draw.countdown(identity.expires)} left" if identity.expires is not None else ""
    return _pairs(
        (
            ("account", identity.account),
            ("as", identity.role),
            ("ARN", identity.arn),
            ("region", identity.region),
            ("profile", identity.profile or "the default chain"),
            ("credentials", left),
            *facts,
        ),
        width,
        "dim",
    )


def error_lines(entries: Sequence[Trouble], draw: Draw, width: int) -> list[Cell]:
    """What went wrong in this session, newest first."""
    if not entries:
        return [cell("nothing went wrong so far", "dim")]
    lines: list[Cell] = []
    for one in reversed(entries):
        times = f" {one.times} times" if one.times > 1 else ""
        lines.append(cell(f"{draw.zone.marked(one.at, '%H:%M:%S')}  {one.doing}{times}", "strong"))
        fault = one.fault
        said = f"{fault.kind.value}: {fault.sentence}"
        lines += [cell(f"  {part}", "fault") for part in words_in(said, width - 2)]
        if fault.hint:
            words = words_in(f"{draw.glyphs.arrow} {fault.hint}", width - 2)
            lines += [cell(f"  {part}", "hint") for part in words]
        tail = "  ".join(part for part in (fault.call, fault.code, fault.request_id) if part)
        if tail:
            lines.append(cell(f"  {tail}", "dim"))
        lines.append(())
    return lines
