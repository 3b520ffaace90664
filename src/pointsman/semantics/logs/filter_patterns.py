"""Filter patterns: what metric filters, subscription filters, FilterLogEvents and Live Tail match events with.

Three kinds, told apart by their first character: terms (``ERROR -"timed out"``, ``?a ?b``, ``%regex%``), a condition
on JSON events (``{ $.status >= 500 && $.path = "/api*" }``), and fields between spaces (``[ip, ..., status=4*]``).
``parse`` reads one (``filter_pattern_grammar``); the pattern then answers for one message at a time.

What AWS leaves open is settled so: a condition on something that is missing, an array or an object is false, ``!=``
included; of fields between spaces the last one takes what is left of the line.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct

LONGEST: Final = 1024
"""Characters of a pattern."""

Test = Callable[[Any], bool]
"""Asked of a value of a JSON event, or of a field's text."""
Step = str | int | None
"""A part of a selector: a property, an element; None is every element."""

_FIELD = re.compile(r'"((?:\\.|[^"\\])*)"|\[([^\]]*)\]|(\S+)')
_MISSING: Final = object()


class PatternError(ValueError):
    """A pattern that is none.

    Args:
        sentence: What is wrong.
        column: Where, from 1.
    """

    def __init__(self, sentence: str, column: int = 1) -> None:
        super().__init__(f"{sentence} (column {column})")
        self.sentence = sentence
        self.column = column


class Pattern(ABC):
    """A pattern, ready to be asked."""

    literals: tuple[str, ...] = ()
    """Texts that every matching message contains."""
    exact: bool = False
    """Whether a message that contains all of ``literals`` matches."""
    regexes: int = 0
    """How many regular expressions it has."""

    @abstractmethod
    def matches(self, message: str) -> bool:
        """Whether a message matches.

        Raises:
            TooSlow: A regular expression takes too long over it.
        """

    def extract(self, message: str) -> dict[str, str]:
        """The values a matching message has for the pattern's names: ``$.user.id`` or ``$status``."""
        del message
        return {}

    def select(self, message: str, name: str) -> str | None:
        """What a message has for one selector or name, whether the pattern speaks of it or not."""
        return self.extract(message).get(name)


class Everything(Pattern):
    """The empty pattern."""

    exact = True

    def matches(self, message: str) -> bool:
        """Always."""
        del message
        return True


class Term(Struct, frozen=True):
    """One term: a word, a phrase or a regular expression."""

    mark: str
    """``?`` optional, ``-`` excluded, or empty."""
    text: str
    """The text it looks for; empty for a regular expression."""
    found: Callable[[str], bool]


class Terms(Pattern):
    """Terms, in any order.

    Optional terms (one of them has to be there) count only where no other term has to be.
    """

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self._all = tuple(term.found for term in terms if not term.mark)
        self._none = tuple(term.found for term in terms if term.mark == "-")
        self._any = tuple(term.found for term in terms if term.mark == "?") if not self._all else ()
        self.literals = tuple(term.text for term in terms if not term.mark and term.text)
        self.regexes = sum(not term.text for term in terms)
        self.exact = not self._none and not self._any and len(self.literals) == len(self._all)

    def matches(self, message: str) -> bool:
        """Whether everything asked for is there and nothing excluded is."""
        return (
            all(found(message) for found in self._all)
            and not any(found(message) for found in self._none)
            and (not self._any or any(found(message) for found in self._any))
        )


class Selector(Struct, frozen=True):
    """Where in a JSON event: ``$.a.b[0]``."""

    text: str
    steps: tuple[Step, ...]

    def values(self, event: Any) -> list[Any]:
        """Every value it points to."""
        found = [event]
        for step in self.steps:
            following: list[Any] = []
            for value in found:
                if step is None:
                    following += value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
                elif isinstance(step, str):
                    if isinstance(value, dict) and step in value:
                        following.append(value[step])
                elif isinstance(value, list) and step < len(value):
                    following.append(value[step])
            found = following
        return found

    def reader(self) -> Callable[[Any], Any]:
        """What gives the one value of a selector without wildcards, or a mark that there is none."""
        if len(self.steps) == 1 and isinstance(self.steps[0], str):
            name = self.steps[0]
            return lambda event: event.get(name, _MISSING)

        def read(event: Any) -> Any:
            found = self.values(event)
            return found[0] if found else _MISSING

        return read


def on_value(selector: Selector, test: Test) -> Test:
    """A test of what a selector points to: false when that is nothing, an array or an object."""
    if None in selector.steps:
        return lambda event: any(test(value) for value in selector.values(event) if not isinstance(value, list | dict))
    read = selector.reader()

    def ask(event: Any) -> bool:
        value = read(event)
        return value is not _MISSING and not isinstance(value, list | dict) and test(value)

    return ask


def on_absence(selector: Selector) -> Test:
    """NOT EXISTS."""
    return lambda event: not selector.values(event)


_decode = msgspec.json.Decoder().decode


def json_object(message: str) -> dict[str, Any] | None:
    """The object that a message is, or None."""
    if message.lstrip()[:1] != "{":
        return None
    try:
        event = _decode(message)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return event if isinstance(event, dict) else None


def text_of(value: Any) -> str | None:
    """A JSON value as a dimension or an extracted value shows it; None for what has no text."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, list | dict):
        return None
    return msgspec.json.encode(value).decode()


class Json(Pattern):
    """A condition on JSON events."""

    def __init__(self, test: Test, selectors: tuple[Selector, ...], regexes: int) -> None:
        self._test = test
        self._selectors = selectors
        self.regexes = regexes

    def matches(self, message: str) -> bool:
        """Whether the message is a JSON object that meets the condition."""
        event = json_object(message)
        return event is not None and self._test(event)

    def extract(self, message: str) -> dict[str, str]:
        """The values of the condition's selectors."""
        event = json_object(message)
        found: dict[str, str] = {}
        for selector in self._selectors if event is not None else ():
            for value in selector.values(event)[:1]:
                text = text_of(value)
                if text is not None:
                    found[selector.text] = text
        return found

    def select(self, message: str, name: str) -> str | None:
        """What one selector points to."""
        event = json_object(message)
        if event is None or not name.startswith("$"):
            return None
        values = selector(name).values(event)
        return text_of(values[0]) if values else None


class Field(Struct, frozen=True):
    """A field between spaces: its name, and what has to hold of its text."""

    name: str
    test: Test | None


class Spaced(Pattern):
    """Fields between spaces; quotes and brackets hold one together.

    Args:
        before: The fields up to the ellipsis, or all.
        after: Those behind it; None when there is no ellipsis.
        regexes: How many regular expressions there are.
    """

    def __init__(self, before: tuple[Field, ...], after: tuple[Field, ...] | None, regexes: int) -> None:
        self._before = before
        self._after = after
        self.regexes = regexes

    def matches(self, message: str) -> bool:
        """Whether there are that many fields, and each meets its condition."""
        found = self._pair(message)
        return found is not None and all(field.test is None or field.test(text) for field, text in found)

    def extract(self, message: str) -> dict[str, str]:
        """Each field's text under ``$name``."""
        return {f"${field.name}": text for field, text in self._pair(message) or ()}

    def _pair(self, message: str) -> list[tuple[Field, str]] | None:
        tokens = list(_FIELD.finditer(message))
        needed = len(self._before) + len(self._after or ())
        if len(tokens) < needed:
            return None
        texts = [next(text for text in token.groups() if text is not None) for token in tokens]
        if self._after is None:
            if len(tokens) > needed:
                texts[needed - 1 :] = [message[tokens[needed - 1].start() :].rstrip()]
            return list(zip(self._before, texts, strict=True))
        behind = texts[len(texts) - len(self._after) :]
        return [*zip(self._before, texts, strict=False), *zip(self._after, behind, strict=True)]


def selector(text: str) -> Selector:
    """Read a selector as metric values and dimensions have them.

    Raises:
        PatternError: It is none.
    """
    from pointsman.semantics.logs import filter_pattern_grammar

    return filter_pattern_grammar.read_selector(text)


@lru_cache(maxsize=256)
def parse(pattern: str) -> Pattern:
    """Read a pattern.

    Raises:
        PatternError: It is none; names the column.
    """
    if len(pattern) > LONGEST:
        raise PatternError(f"a filter pattern has at most {LONGEST} characters", LONGEST + 1)
    if not pattern.strip():
        return Everything()
    from pointsman.semantics.logs import filter_pattern_grammar

    return filter_pattern_grammar.read(pattern)
