"""What of a query can be asked before an event is even read: texts its message has to contain."""

from __future__ import annotations

import re

from msgspec import Struct

from pointsman.semantics.logs.insights import syntax
from pointsman.semantics.logs.insights.syntax import Expression
from pointsman.semantics.logs.insights.values import number
from pointsman.semantics.logs.regexes import alternatives, required

_SAFE = re.compile(r"[A-Za-z0-9_ \-]+")
_LITERAL = re.compile(r"[A-Za-z0-9_ ,:;=@/<>!&%'\"\-]+")

_CHOICES = 8
"""Texts of one choice that are looked for: more cost more than they spare."""


class Contained(Struct, frozen=True):
    """Texts of which every matching message contains one.

    Args:
        texts: The texts.
        escaped: Whether JSON may have them written with escapes: a message with a backslash has to be looked at.
    """

    texts: tuple[str, ...]
    escaped: bool = False

    def within(self, message: str) -> bool:
        """Whether a message may match."""
        return any(text in message for text in self.texts) or (self.escaped and "\\" in message)


class Needed(Struct, frozen=True):
    """What a condition needs.

    Args:
        contained: The texts, all of them needed.
        exact: Whether a message with all of them meets the condition.
    """

    contained: tuple[Contained, ...] = ()
    exact: bool = False


def needed(condition: Expression) -> Needed:
    """What a message needs to meet a condition on a bare event (no field was made before)."""
    match condition:
        case syntax.Binary("and", left, right):
            one, other = needed(left), needed(right)
            return Needed(one.contained + other.contained, one.exact and other.exact)
        case syntax.Like(syntax.Field("@message"), text, regex) if text and "\0" not in text:
            if not regex:
                return Needed((Contained((text,)),), exact=True)
            if _LITERAL.fullmatch(text):
                return Needed((Contained((text,)),), exact=True)
            return Needed(_of_regex(text))
        case syntax.Call("strcontains", (syntax.Field("@message"), syntax.Literal(str(text)))) if text:
            if "\0" not in text:
                return Needed((Contained((text,)),), exact=True)
        case syntax.Binary("=", syntax.Field(name), syntax.Literal(str(text))) if not name.startswith("@"):
            if _SAFE.fullmatch(text) and number(text) is None:
                return Needed((Contained((text,), escaped=True),))
    return Needed()


def _of_regex(text: str) -> tuple[Contained, ...]:
    plain = required(text)
    choices = [one for one in alternatives(text) if len(one) <= _CHOICES]
    return tuple(Contained(one) for one in [*choices, *([(plain,)] if plain else [])])
