"""The approvals inbox as text: a line per approval."""

from __future__ import annotations

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import short_id
from pointsman.console.present.text import cells, clean
from pointsman.model.approvals import EXPIRED, Entry
from pointsman.model.refs import ActionRef


def entry_key(entry: Entry) -> tuple[ActionRef, str]:
    """A line's key."""
    return entry.key


def entry_words(entry: Entry) -> str:
    """The text a filter looks at, in lower case."""
    one = entry.pending
    revision = one.revision
    said = (revision.id, revision.summary, revision.author) if revision is not None else ()
    return " ".join((str(one.ref), one.asked, one.link, entry.fate, *said)).lower()


def _state(entry: Entry, draw: Draw) -> Cell:
    one = entry.pending
    if entry.fate:
        word = clean(entry.fate).split(" ", 1)[0].rstrip(":")
        glyph = {"approved": draw.glyphs.ok, "rejected": draw.glyphs.failed}.get(word, draw.glyphs.stopped)
        return cell(f"{glyph} {word}", "fault" if entry.fate == EXPIRED else "dim")
    if one.expires is None:
        return cell(f"{draw.glyphs.waiting} waits", "tone.waiting")
    left = draw.countdown(one.expires)
    return cell(f"{draw.glyphs.waiting} {left} left", "tone.waiting")


def _name(entry: Entry, _draw: Draw) -> Cell:
    return cell(str(entry.pending.ref), "dim" if entry.fate else "strong")


def _revision(entry: Entry, _draw: Draw) -> Cell:
    revision = entry.pending.revision
    text = short_id(revision.id) if revision is not None else entry.pending.execution_id[:8]
    return cell(text, "dim" if entry.fate else "")


def _age(entry: Entry, draw: Draw) -> Cell:
    return cell(draw.age(entry.pending.since), "dim")


def _asked(entry: Entry, draw: Draw) -> Cell:
    one = entry.pending
    if entry.fate:
        return cell(entry.fate, "dim")
    if one.asked:
        return cell(" ".join(one.asked.split()))
    revision = one.revision
    opening, closing = draw.glyphs.quotes
    return cell(f"{opening}{revision.summary}{closing}", "dim") if revision is not None and revision.summary else EMPTY


INBOX: Columns = (
    Column[Entry]("name", "Approval", _name, least=16, most=48, measure=lambda one: cells(clean(str(one.pending.ref)))),
    Column[Entry]("revision", "Revision", _revision, least=8, priority=1),
    Column[Entry]("age", "Age", _age, least=4, align="right"),
    Column[Entry]("state", "Expires", _state, least=12, most=14),
    Column[Entry]("asked", "Asked", _asked, least=16, share=1, priority=2),
)
"""The inbox, what expires first first."""
