"""JSON of any depth: reader and writer for documents that are nested deeper than recursive ones go.

A stack takes the place of recursion; strings are read by the standard library's own scanner. What it gives is what
``msgspec.json.decode`` would give, for every text that both can read.
"""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from math import isfinite
from typing import Any

import msgspec

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_LONGEST = 400
"""Digits of a number; longer ones are nobody's measurement."""


class NotJson(ValueError):
    """The text is not JSON; says where."""


def decode(text: str) -> Any:
    """The value a JSON text stands for.

    Raises:
        NotJson: It is none, a number of it is not finite, or a string of it holds half a surrogate pair.
    """
    return _Reader(text).read()


def encode(value: Any) -> str:
    """The JSON text of a value, compact.

    Raises:
        ValueError: A number in it cannot be written.
    """
    texts: list[str] = []
    stack: list[tuple[Any, bool]] = [(value, False)]
    while stack:
        one, written = stack.pop()
        if written:
            texts.append(one)
        elif isinstance(one, dict) and one:
            stack.append(("}", True))
            for key in reversed(one):
                stack += [(one[key], False), (f",{_plain(key)}:", True)]
            stack[-1] = ("{" + stack[-1][0][1:], True)
        elif isinstance(one, list) and one:
            stack.append(("]", True))
            for each in reversed(one):
                stack += [(each, False), (",", True)]
            stack[-1] = ("[", True)
        else:
            texts.append(_plain(one))
    return "".join(texts)


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class _Reader:
    """One text being read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._stack: list[tuple[Any, str]] = []
        """Each open container, and the key that the next value of an object goes to."""

    def read(self) -> Any:
        try:
            value = self._value()
            self._skip()
            if self._at != len(self._text):
                raise self._wrong("text behind the value")
            self._text.encode()
        except JSONDecodeError as error:
            raise NotJson(str(error)) from None
        except UnicodeEncodeError:
            raise NotJson("half a surrogate pair") from None
        return value

    def _wrong(self, what: str) -> NotJson:
        return NotJson(f"{what} at character {self._at}")

    def _skip(self) -> str:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _value(self) -> Any:
        while True:
            mark = self._skip()
            if mark in ("{", "["):
                opened = self._open(mark)
                if opened is not None:
                    continue
                value: Any = {} if mark == "{" else []
            else:
                value = self._scalar(mark)
            while True:
                if not self._stack:
                    return value
                done = self._place(value)
                if done is None:
                    break
                value = done

    def _open(self, mark: str) -> Any:
        """Open a container; None when it is empty and so already complete."""
        self._at += 1
        following = self._skip()
        if following == ("}" if mark == "{" else "]"):
            self._at += 1
            return None
        container: Any = {} if mark == "{" else []
        self._stack.append((container, self._key() if mark == "{" else ""))
        return container

    def _key(self) -> str:
        if self._skip() != '"':
            raise self._wrong("no key")
        key = self._string()
        if self._skip() != ":":
            raise self._wrong("no colon")
        self._at += 1
        return key

    def _place(self, value: Any) -> Any:
        """Put a value where it belongs; the container when that has come to its end, else None."""
        container, key = self._stack[-1]
        following = self._skip()
        if isinstance(container, dict):
            container[key] = value
            end = "}"
        else:
            container.append(value)
            end = "]"
        if following == ",":
            self._at += 1
            if end == "}":
                self._stack[-1] = (container, self._key())
            return None
        if following != end:
            raise self._wrong("no comma")
        self._at += 1
        self._stack.pop()
        return container

    def _scalar(self, mark: str) -> Any:
        if mark == '"':
            return self._string()
        word = _WORDS.get(mark)
        if word is not None and self._text.startswith(word[0], self._at):
            self._at += len(word[0])
            return word[1]
        found = _NUMBER.match(self._text, self._at)
        if found is None or len(found[0]) > _LONGEST:
            raise self._wrong("no value")
        self._at = found.end()
        if found[1] is None and found[2] is None:
            return int(found[0])
        number = float(found[0])
        if not isfinite(number):
            raise self._wrong("a number out of range")
        return number

    def _string(self) -> str:
        text: str
        text, self._at = scanstring(self._text, self._at + 1, True)
        if not text.isascii():
            text.encode()
        return text
