"""JSON in log lines: unfolded into rows, cut into columns; what is not JSON stays text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from pointsman.console.present.cells import Cell, Piece, fit
from pointsman.console.present.text import clean_line

MOST_ROWS = 400
"""Rows that one unfolded line takes at most."""
DEEPEST = 6
"""How deep fields are offered as columns."""
_WIDEST, _NARROWEST = 40, 4
_LONG = 16_384
"""Characters from which a line is a long one."""


def looks_json(text: str) -> bool:
    """Whether a line may be a JSON object or list: cheap, and not the last word."""
    return len(text) > 1 and ((text[0] == "{" and text[-1] == "}") or (text[0] == "[" and text[-1] == "]"))


def parsed(text: str) -> Any:
    """What a line says as JSON; None when it is none, or a bare scalar."""
    if not looks_json(text):
        return None
    return _parsed(text) if len(text) <= _LONG else _parsed_long(text)


def _loaded(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


_parsed, _parsed_long = lru_cache(512)(_loaded), lru_cache(48)(_loaded)
"""Of short lines many, of long ones as many as a screen shows: an event may have 256 KB."""


def unfolded(text: str) -> tuple[str, ...]:
    """A JSON line's rows, indented; empty when it is no JSON, or too small to be unfolded."""
    found = parsed(text)
    if not found:
        return ()
    try:
        rows = json.dumps(found, indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        return ()
    shown = [clean_line(row) for row in rows[:MOST_ROWS]]
    return (*shown, f"… {len(rows) - MOST_ROWS:,} more rows") if len(rows) > MOST_ROWS else tuple(shown)


def row_cell(row: str) -> Cell:
    """A row of an unfolded line: the name of a member stands out."""
    bare = row.lstrip()
    if bare.startswith('"') and (end := bare.find('": ')) > 0:
        cut = len(row) - len(bare) + end + 2
        return ((row[:cut], "log.container"), (row[cut:], ""))
    return ((row, ""),)


def fields(text: str) -> dict[str, str]:
    """A JSON object's scalar members by their paths (``http.status``), as text."""
    found = parsed(text)
    return dict(_walk(found, "", 0)) if isinstance(found, dict) else {}


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and depth < DEEPEST:
        for name, inner in value.items():
            yield from _walk(inner, f"{path}.{name}" if path else name, depth + 1)
    elif path:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return clean_line(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return clean_line(json.dumps(value, ensure_ascii=False))


def known_fields(texts: Sequence[str]) -> tuple[str, ...]:
    """The fields that some lines have, the commonest first."""
    counts: dict[str, int] = {}
    for text in texts:
        for name in fields(text):
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def column_widths(texts: Sequence[str], columns: Sequence[str]) -> tuple[int, ...]:
    """How wide each column is, by what some lines have in it."""
    widths = [max(_NARROWEST, len(name)) for name in columns]
    for text in texts:
        found = fields(text)
        for at, name in enumerate(columns):
            widths[at] = max(widths[at], min(_WIDEST, len(found.get(name, ""))))
    return tuple(min(_WIDEST, width) for width in widths)


def columns_cell(text: str, columns: Sequence[str], widths: Sequence[int], style: str, ellipsis: str) -> Cell | None:
    """A line as columns; None when it has none of them."""
    found = fields(text)
    if not any(name in found for name in columns):
        return None
    pieces: list[Piece] = []
    for at, (name, width) in enumerate(zip(columns, widths, strict=True)):
        last = at == len(columns) - 1
        content = ((found.get(name, ""), style),) if found.get(name) else (("·", "dim"),)
        pieces += content if last else fit(content, width, ellipsis=ellipsis)
        if not last:
            pieces.append(("  ", ""))
    return tuple(pieces)
