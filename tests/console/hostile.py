"""Strings that want to be more than text, put in place of every string of a world."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

from console.fakes import WHO, World
from pointsman.model.conditions import Condition
from pointsman.model.refs import PipelineRef
from pointsman.model.reports import Report
from pointsman.semantics.traces.documents import Piece as Document

_PARTS: dict[str, str] = {
    "ansi": "\x1b[31mred\x1b[0m\x1b[2J\x1b[999;999H\x1b[?1049l\x9b31mc1\x9b0m",
    "osc": "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\\x9d0;c1\x9c",
    "dcs": "\x1bP$qm\x1b\\\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\\x90dcs\x9c",
    "control": "\x00\x01\x07\x08\x08\x7f\x80\x85 bell",
    "bidi": "\u202egnp.exe\u202c \u2066iso\u2069 \u200frtl \u061c",
    "invisible": "a\u200bb\u200dc\ufeffd\u2060e\u00adf\u034fg\U000e0041h\u115fi",
    "wide": "火車站🚉👩\u200d👩\u200d👧\u200d👦ｆｕｌｌ e\u0301\u0301\u0301",
    "lines": "one\r\ntwo\ntwo\x0bthree\x0cfour\x85five\u2028six\u2029seven\teight",
}
HOSTILE: dict[str, str] = {
    "markup": "[@click=app.quit]x[/] [bold red]y[/bold red] [link=https://evil.example]z[/link] [/] [",
    "sequences": _PARTS["ansi"] + _PARTS["osc"] + _PARTS["dcs"] + _PARTS["control"],
    "cut": "\x1b[38;5",
    "unended": "\x1b]0;never ended",
    "unicode": _PARTS["bidi"] + _PARTS["invisible"] + _PARTS["wide"],
    "lines": _PARTS["lines"],
}
"""What it tries, by name."""

_PLAIN = frozenset({"mode", "category", "provider"})
"""Fields whose words decide what is drawn at all: they are AWS's own, from short lists."""


def poisoned(value: Any, word: str, *, at: str = "") -> Any:
    """The same value with something hostile at the end of every string in it; equal strings stay equal."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value if at in _PLAIN or not value else f"{value}{word}"
    if isinstance(value, tuple):
        members = [poisoned(one, word, at=at) for one in value]
        return type(value)(*members) if hasattr(value, "_fields") else tuple(members)
    if isinstance(value, list):
        return [poisoned(one, word) for one in value]
    if isinstance(value, dict):
        return {poisoned(key, word): poisoned(one, word) for key, one in value.items()}
    if isinstance(value, Document):
        return msgspec.structs.replace(value, name=value.name + word, fields=_members(value.fields, word))
    if not isinstance(value, msgspec.Struct):
        return value
    changed = {name: poisoned(getattr(value, name), word, at=name) for name in value.__struct_fields__}
    if isinstance(value, Condition):
        changed["kind"] = value.kind
    if isinstance(value, Report):
        changed |= {"kind": value.kind, "counts": value.counts}
    return type(value)(**changed)


def _members(value: Any, word: str, at: str = "") -> Any:
    """A document's members: their own names stay, those that a program chose do not."""
    if isinstance(value, dict):
        chosen = at in ("annotations", "metadata")
        return {key + word if chosen else key: _members(one, word, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_members(one, word) for one in value]
    return value + word if isinstance(value, str) and at not in ("namespace", "type") else value


def poison(made: World, word: str) -> World:
    """A world in which every string from outside ends in ``word``."""
    services = made.services
    services.feeds.snapshots = {
        (key[0], *poisoned(key[1:], word)): msgspec.structs.replace(snapshot, value=poisoned(snapshot.value, word))
        for key, snapshot in services.feeds.snapshots.items()
        if isinstance(key, tuple)
    }
    pipelines, builds = services.pipelines, services.builds
    services.raw.documents = {
        PipelineRef(name): {name: [name, {name: name}]} for name in poisoned(list(pipelines.states), word)
    }
    pipelines.states = poisoned(pipelines.states, word)
    builds.builds = poisoned(builds.builds, word)
    builds.known = poisoned(builds.known, word)
    builds.batches.known = poisoned(builds.batches.known, word)
    services.logs.chunks = poisoned(services.logs.chunks, word)
    services.cloud.identity = poisoned(WHO, word)
    services.cloud.profile, services.cloud.region = f"prod{word}", f"eu{word}"
    services.cloud.trail.calls = poisoned(services.cloud.trail.calls, word)
    made.audit.deeds = tuple(
        msgspec.structs.replace(deed, said=deed.said + word, detail=deed.detail + word, identity=deed.identity + word)
        for deed in made.audit.deeds
    )
    return made
