"""Which columns of a table show: a person hides what he does not need, never what says which row is which. Pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from pointsman.console.present.cells import Column, Columns, cell
from pointsman.console.present.look import Draw

__all__ = ["LIST", "Choice", "choices", "naming", "showing"]


def naming(columns: Columns) -> frozenset[str]:
    """The keys of what says which row is which: it always shows."""
    named = frozenset(one.key for one in columns if one.names)
    return named or frozenset([one.key for one in columns if one.header][:1] or [one.key for one in columns][:1])


def showing(columns: Columns, hidden: Collection[str]) -> Columns:
    """The columns that are not hidden."""
    if not hidden:
        return columns
    always = naming(columns)
    return tuple(one for one in columns if one.key not in hidden or one.key in always)


class Choice(Struct, frozen=True):
    """A column, to be shown or hidden."""

    key: str
    title: str
    shown: bool
    note: str = ""
    """What else is to be said of it."""
    fixed: bool = False
    """Whether it always shows."""


def choices(columns: Columns, hidden: Collection[str], placed: Collection[str], sort: str) -> tuple[Choice, ...]:
    """Every column, in its order.

    Args:
        columns: All of them.
        hidden: The keys of those that a person hid.
        placed: The keys of those there is room for.
        sort: The key of the one the rows are sorted by; empty for none.
    """
    always = naming(columns)
    made = []
    for one in columns:
        fixed, shown = one.key in always, one.key not in hidden or one.key in always
        notes = (
            "always shows" if fixed else "",
            "no room for it now" if shown and one.key not in placed else "",
            "sorts the rows" if one.key == sort else "",
        )
        made.append(Choice(one.key, one.header or f"({one.key})", shown, ", ".join(filter(None, notes)), fixed))
    return tuple(made)


def _box(choice: Choice, draw: Draw) -> tuple[tuple[str, str], ...]:
    if not choice.shown:
        return cell("")
    return cell(draw.glyphs.ok, "dim" if choice.fixed else "mark")


LIST: Columns = (
    Column[Choice]("shown", "", _box, least=2),
    Column[Choice]("title", "", lambda one, _: cell(one.title), least=12, most=30, share=1, names=True),
    Column[Choice]("note", "", lambda one, _: cell(one.note, "dim"), least=12, share=1),
)
