"""A dashboard's variables: what they change in its body, and to what. Pure.

A property variable gives every property of its name in the widgets another value: a dimension of metrics as well as a
field such as ``region``. A pattern variable puts a value in the place of whatever a regular expression finds in their
texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

__all__ = ["FIRST", "Variable", "substituted"]

FIRST = "__FIRST"
"""The default that stands for the first value there is."""
_PATIENCE = 0.05
"""Seconds that a pattern may take over one text."""


class Variable(Struct, frozen=True):
    """One variable."""

    id: str
    kind: str
    """``property`` or ``pattern``."""
    what: str
    """The name of the property, or the regular expression."""
    label: str = ""
    input: str = "input"
    """``input``, ``select`` or ``radio``."""
    default: str = ""
    values: tuple[tuple[str, str], ...] = ()
    """(label, value)."""
    search: str = ""
    """The metrics that its values are looked up in, …"""
    populate: str = ""
    """… and the dimension that has them."""
    visible: bool = True

    @property
    def name(self) -> str:
        """What it is called."""
        return self.label or self.id or self.what


def substituted(widgets: Sequence[Any], values: Sequence[tuple[Variable, str]]) -> tuple[list[Any], list[str]]:
    """The widgets of a body with variables at values, and what could not be done, a sentence each."""
    import regex  # a user's pattern needs an engine that can be given a time-out

    made, problems = list(widgets), []
    for variable, value in values:
        if variable.kind == "property":
            made = [_property(one, variable.what, value) for one in made]
            continue
        try:
            pattern = regex.compile(variable.what)
            made = [_pattern(one, pattern, value) for one in made]
        except (regex.error, TimeoutError) as error:
            why = "takes too long" if isinstance(error, TimeoutError) else str(error)
            problems.append(f"the pattern of {variable.name} cannot be used: {why}")
    return made, problems


def _property(node: Any, name: str, value: str) -> Any:
    if isinstance(node, Mapping):
        return {
            key: value if key == name and isinstance(inner, str) else _property(inner, name, value)
            for key, inner in node.items()
        }
    if isinstance(node, list):
        made = [_property(one, name, value) for one in node]
        # A metric as an array: namespace, name, then names and values of dimensions in turn.
        if len(made) > 3 and all(isinstance(one, str) for one in made[:2]):
            for at in range(2, len(made) - 1, 2):
                if made[at] == name and isinstance(made[at + 1], str):
                    made[at + 1] = value
        return made
    return node


def _pattern(node: Any, pattern: Any, value: str) -> Any:
    if isinstance(node, Mapping):
        return {key: _pattern(inner, pattern, value) for key, inner in node.items()}
    if isinstance(node, list):
        return [_pattern(one, pattern, value) for one in node]
    if isinstance(node, str):
        return pattern.sub(lambda _: value, node, timeout=_PATIENCE)
    return node
