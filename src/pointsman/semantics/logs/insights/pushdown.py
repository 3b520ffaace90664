"""What of a query can be asked before an event is even read: texts its message has to contain."""

from __future__ import annotations

import re

from msgspec import Struct

from pointsman.semantics.logs.insights import syntax
from pointsman.semantics.logs.insights.syntax import Expression
from pointsman.semantics.logs.insights.values import number
from pointsman.semantics.logs.regexes import required

_SAFE = re.compile(r"[A-Za-z0-9_ \-]+")
_LITERAL = re.compile(r"[A-Za-z0-9_ ,:;=@/<>!&%'\"\-]+")


class Contained(Struct, frozen=True):
    """A text every matching message contains.

    Args:
        text: The text.
        escaped: Whether JSON may have it written with escapes: a message with a backslash has to be looked at.
    """

    text: str
    escaped: bool = False

    def within(self, message: str) -> bool:
        """Whether a message may match."""
        return self.text in message or (self.escaped and "\\" in message)


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
                return Needed((Contained(text),), exact=True)
            if _LITERAL.fullmatch(text):
                return Needed((Contained(text),), exact=True)
            plain = required(text)
            if plain:
                return Needed((Contained(plain),))
        case syntax.Call("strcontains", (syntax.Field("@message"), syntax.Literal(str(text)))) if text:
            if "\0" not in text:
                return Needed((Contained(text),), exact=True)
        case syntax.Binary("=", syntax.Field(name), syntax.Literal(str(text))) if not name.startswith("@"):
            if _SAFE.fullmatch(text) and number(text) is None:
                return Needed((Contained(text, escaped=True),))
    return Needed()
