"""What a target is given of an event: all of it, a part, a constant, or a template filled in from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

RESERVED: Final = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.event",
)
"""Variables that are always there."""
_STEP = re.compile(r"""\.([^.\[\]'"*$]+)|\[(\d{1,9})\]|\[\*\]|\['([^']*)'\]|\["([^"]*)"\]""")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")


class InputError(ValueError):
    """A path or a template that cannot be used: its message is the reason."""


def path(text: str) -> tuple[str | int | None, ...]:
    """The steps of a JSON path: names, places in arrays, None for every element.

    Raises:
        InputError: It is not understood.
    """
    if not text.startswith("$"):
        raise InputError(f"{text!r} does not begin with $")
    at, steps = 1, list[str | int | None]()
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise InputError(f"{text!r} is not understood from {text[at : at + 20]!r} on")
        name = next((one for one in (found[1], found[3], found[4]) if one is not None), None)
        steps.append(name if name is not None else int(found[2]) if found[2] is not None else None)
        at = found.end()
    return tuple(steps)


MISSING: Final = object()
"""What stands where nothing is."""


def pick(event: Any, steps: tuple[str | int | None, ...]) -> Any:
    """What is at a path in an event, or ``MISSING``."""
    value = event
    for at, step in enumerate(steps):
        if step is None:
            if not isinstance(value, list):
                return MISSING
            found = [pick(one, steps[at + 1 :]) for one in value]
            return [one for one in found if one is not MISSING]
        named = isinstance(step, str) and isinstance(value, Mapping) and step in value
        if not named and not (isinstance(step, int) and isinstance(value, list) and step < len(value)):
            return MISSING
        value = value[step]
    return value


def problem(paths: Mapping[str, str], template: str) -> str | None:
    """Why a transformer cannot be used; None when it can."""
    for name, text in paths.items():
        if name in RESERVED or name.startswith("aws."):
            return f"the variable {name} is reserved"
        try:
            path(text)
        except InputError as error:
            return str(error)
    unknown = sorted(set(_VARIABLE.findall(template)) - {*paths, *RESERVED})
    if unknown:
        return f"the template has placeholders that are not defined: {', '.join(unknown)}"
    return None


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A template with its variables filled in.

    Within quotes a text goes in as it is, and anything else as JSON; outside, everything goes in as JSON.

    Args:
        template: A JSON text with ``<variables>`` in it.
        values: By name; ``MISSING`` leaves nothing.
    """
    made: list[str] = []
    at, quoted = 0, False
    for found in _VARIABLE.finditer(template):
        between = template[at : found.start()]
        quoted = _quoted(between, quoted)
        made += [between, _said(values.get(found[1], MISSING), quoted=quoted)]
        at = found.end()
    return "".join([*made, template[at:]])


def _quoted(text: str, quoted: bool) -> bool:
    """Whether a JSON text is within quotes behind a piece of it."""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = quoted
        elif char == '"':
            quoted = not quoted
    return quoted


def _said(value: Any, *, quoted: bool) -> str:
    if value is MISSING:
        return "" if quoted else '""'
    if isinstance(value, str) and quoted:
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def transformed(event: Mapping[str, Any], paths: Mapping[str, str], template: str, rule: str, arn: str) -> str:
    """What a transformer makes of an event.

    Args:
        event: Whole.
        paths: The variables, as JSON paths.
        template: What they go into.
        rule: The rule's name.
        arn: The rule's ARN.
    """
    values = {name: pick(event, path(text)) for name, text in paths.items()}
    reserved = (arn, rule, event.get("time", ""), event, {key: one for key, one in event.items() if key != "detail"})
    return fill(template, {**dict(zip(RESERVED, reserved, strict=True)), **values})
