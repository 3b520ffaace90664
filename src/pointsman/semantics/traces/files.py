"""Traces in a file: BatchGetTraces' answer, a list of segment documents, or one document per line.

What a file holds is taken apart by trace; documents stay the texts they are, so that what X-Ray would not take is
counted where the trace is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from pointsman.semantics.traces import deepjson, documents
from pointsman.semantics.traces.documents import Unprocessed, is_trace_id

__all__ = ["NoTraces", "read"]

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a file."""
_DAEMON: Final = frozenset(("format", "version"))
"""The members of the line that the daemon's format has before each document."""


class NoTraces(ValueError):
    """What is wrong with a file, in a sentence."""


def read(content: bytes) -> dict[str, list[str]]:
    """The documents of every trace in a file, in the file's order.

    Raises:
        NoTraces: There is none that can be read.
    """
    found: dict[str, list[str]] = {}
    strangers: list[str] = []
    reason = ""
    for trace_id, text in _documents(content):
        known = trace_id
        if not known:
            known, said = _whose(text)
            reason = reason or said
        if known:
            found.setdefault(known, []).append(text)
        else:
            strangers.append(text)
    if not found:
        raise NoTraces(f"it holds no segment of a trace{reason}")
    if code := _unreadable(text for texts in found.values() for text in texts):
        raise NoTraces(f"it holds no segment that can be read: the first has {code}")
    # What cannot be told apart is counted as unread where the first trace is opened.
    next(iter(found.values())).extend(strangers)
    return found


def _unreadable(texts: Iterable[str]) -> str:
    """What is wrong with the first document where every one of them is wrong; empty as soon as one can be read."""
    code = ""
    for text in texts:
        try:
            documents.read(text, largest=LARGEST)
        except Unprocessed as error:
            code = code or error.code
        else:
            return ""
    return code


def _whose(text: str) -> tuple[str, str]:
    """The trace of a document; else why it has none."""
    try:
        return documents.read(text, largest=LARGEST)[0].trace_id, ""
    except Unprocessed as error:
        try:
            value = documents.decode(text)
        except ValueError:
            return "", ": it is not JSON"
        told = value.get("trace_id") if isinstance(value, dict) else None
        if isinstance(told, str) and is_trace_id(told):
            return told.lower(), ""
        return "", f": the first document has {error.code}"


def _documents(content: bytes) -> Iterator[tuple[str, str]]:
    """(trace id where the file says it beside the document, document)."""
    text = _text(content)
    try:
        value = documents.decode(text)
    except ValueError as error:
        yield from _lines(text, str(error))
        return
    yield from _of_value(value)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoTraces(f"it is not text: byte {error.start:,} is not UTF-8") from None
    if not text.strip():
        raise NoTraces("it is empty")
    return text


def _of_value(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and isinstance(value.get("Traces"), list):
        for one in value["Traces"]:
            yield from _of_value(one)
    elif isinstance(value, dict) and isinstance(value.get("Segments"), list):
        told = value.get("Id")
        known = told.lower() if isinstance(told, str) and is_trace_id(told) else ""
        for one in value["Segments"]:
            inner = one.get("Document") if isinstance(one, dict) else None
            yield known, inner if isinstance(inner, str) else _written(inner if inner is not None else one)
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, str):
                yield "", one
            else:
                yield from _of_value(one)
    elif isinstance(value, dict):
        yield "", _written(value)
    else:
        raise NoTraces("it is JSON, but neither a trace nor a segment document")


def _lines(text: str, wrong: str) -> Iterator[tuple[str, str]]:
    """A document per line; the daemon's header lines are passed over.

    Raises:
        NoTraces: A line is no JSON, and so is the whole.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = documents.decode(line)
        except ValueError:
            where = wrong if number == 1 else f"line {number:,} is no JSON document"
            raise NoTraces(f"it is not JSON: {where}") from None
        if isinstance(value, dict) and value.keys() == _DAEMON:
            continue
        yield from _of_value(value)


def _written(value: Any) -> str:
    try:
        try:
            return msgspec.json.encode(value).decode()
        except RecursionError:
            return deepjson.encode(value)
    except ValueError as error:
        raise NoTraces(f"a document in it cannot be read: {error}") from None
