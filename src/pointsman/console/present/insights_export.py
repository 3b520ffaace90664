"""Rows as CSV, JSON and Markdown, for files and clipboards. Pure; for a thread: there may be 100,000."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

from pointsman.console.present.text import clean, clean_block
from pointsman.model.insights import Results

__all__ = ["FORMATS", "exported"]

FORMATS = ("CSV", "JSON", "Markdown")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?[0-9][0-9.]*([eE][-+]?[0-9]+)?\Z")
_NAME = re.compile(r"@?[\w.@ -]*\Z")


def exported(results: Results, form: str) -> Iterator[str]:
    """The lines of results in a form of ``FORMATS``, without their line ends."""
    return {"CSV": _csv, "JSON": _json, "Markdown": _markdown}[form](results)


def guarded(text: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    text = clean_block(text)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.match(text) else text


def _csv(results: Results) -> Iterator[str]:
    yield _csv_line([name if _NAME.match(name) else guarded(name) for name in results.columns])
    for row in results.rows:
        yield _csv_line([guarded(value) for value in row])


def _csv_line(values: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _json(results: Results) -> Iterator[str]:
    """Objects with the fields that a row has, as texts; whatever is no ASCII is escaped, control characters too."""
    last = len(results.rows) - 1
    yield "["
    for at, row in enumerate(results.rows):
        found = {name: value for name, value in zip(results.columns, row, strict=True) if value}
        yield f"  {json.dumps(found)}{',' if at < last else ''}"
    yield "]"


def _markdown(results: Results) -> Iterator[str]:
    yield _markdown_line(results.columns)
    yield "|" + " --- |" * len(results.columns)
    for row in results.rows:
        yield _markdown_line(row)


def _markdown_line(values: tuple[str, ...]) -> str:
    return "|" + "".join(f" {_inert(value)} |" for value in values)


def _inert(value: str) -> str:
    """Text that stays in its cell, and text."""
    text = clean(value.replace("\n", " "))
    for mark in "\\`|*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("&", "&amp;").replace("<", "&lt;")
