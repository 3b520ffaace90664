"""CodePipeline's variables: ``#{namespace.name}`` in an action's configuration.

This module owns the notation and its resolution. Which namespaces an action may see (``codepipeline``, ``variables``
and those of earlier actions) is the caller's knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

_REFERENCE: Final = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")

RESERVED: Final = ("codepipeline", "variables")
"""Namespaces that no action may take: the execution's own, and the pipeline-level variables."""


class Reference(Struct, frozen=True):
    """One mention of a variable."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"#{{{self.namespace}.{self.name}}}"


class Unresolved(LookupError):
    """A reference to a variable that has no value.

    Args:
        reference: Which.
    """

    def __init__(self, reference: Reference) -> None:
        super().__init__(f"{reference} could not be resolved")
        self.reference = reference


def references(text: str) -> Iterator[Reference]:
    """Every variable a text mentions, in order; what only looks like one (``#{a}``) is plain text."""
    for found in _REFERENCE.finditer(text):
        yield Reference(found[1], found[2])


def resolve(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    """The text with every variable filled in; values are not looked into again.

    Raises:
        Unresolved: The first reference without a value.
    """

    def value(found: re.Match[str]) -> str:
        try:
            return namespaces[found[1]][found[2]]
        except KeyError:
            raise Unresolved(Reference(found[1], found[2])) from None

    return _REFERENCE.sub(value, text)
