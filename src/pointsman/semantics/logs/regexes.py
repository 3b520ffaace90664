"""Regular expressions that users write: on an engine with a time-out, so that none can hold the process.

The time-out costs more than most searches do. An expression whose worst case over a text can be told from its form is
searched without one where that worst case is short: that is what ``UserRegex.safe`` says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import regex

PATIENCE: Final = 0.25
"""Seconds that one search of one text may take."""
_STEPS: Final = 20_000_000
"""Steps of a search that take well under the patience."""
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[a-zA-Z-]+\)|\(\??P?<\w+>|\(\?:|\{[0-9]*,?[0-9]*\}|.", re.DOTALL
)

_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_PLAIN = re.compile(r"[A-Za-z0-9_ :;,=/@-]")


class RegexError(ValueError):
    """An expression that is none: its message is the reason."""


class TooSlow(Exception):
    """An expression took longer over one text than it may."""


class UserRegex:
    """An expression, compiled.

    Args:
        text: The expression.

    Raises:
        RegexError: It is none.
    """

    __slots__ = ("fast", "groups", "safe", "text")

    def __init__(self, text: str) -> None:
        try:
            expression: Any = regex.compile(text, cache_pattern=False)
        except (regex.error, OverflowError, RecursionError, ValueError) as error:
            raise RegexError(f"the regular expression {text!r} is not understood: {error}") from None
        self.text = text
        self.groups: dict[str, int] = dict(expression.groupindex)
        """Named groups and their numbers."""
        self.safe = safe_length(text)
        """The length of texts that need no time-out."""
        self.fast: Any = expression.search
        """What searches without a time-out: for texts no longer than ``safe``."""

    def search(self, text: str) -> Any:
        """The first match in a text, or None.

        Raises:
            TooSlow: It takes too long.
        """
        if len(text) <= self.safe:
            return self.fast(text)
        try:
            return self.fast(text, timeout=PATIENCE)
        except TimeoutError:
            sentence = f"the regular expression {self.text!r} takes longer than {PATIENCE} s over one log event"
            raise TooSlow(sentence) from None


@lru_cache(maxsize=256)
def compiled(text: str) -> UserRegex:
    """Compile an expression.

    Raises:
        RegexError: It is none.
    """
    return UserRegex(text)


def safe_length(text: str) -> int:
    """How long a text may be for a search of it to be short in the worst case; 0 when that cannot be told.

    Backtracking takes at most as many ways as there are lengths for each repetition, and two for each choice, from
    every place of the text. Repeated groups, references and assertions can do worse, and are not judged.
    """
    repeats, choices = 0, 0
    before = ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in ("*", "+") or (token[0] == "{" and len(token) > 1):
            if before == ")":
                return 0
            repeats += 1
        elif token == "?":
            if before in (")", "("):
                return 0
            choices += 1
        elif token == "|":
            choices += 1
        elif token == "{" or (token[0] == "\\" and token[1] in "123456789gkKGLNpPRXmM"):
            return 0
        before = token
    return int(min((_STEPS / 2**choices) ** (1 / (repeats + 1)), 1_000_000))


def required(text: str) -> str:
    """The longest text that every match of an expression plainly contains; empty when none is plain."""
    best = run = ""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "{" or (token == "|" and depth == 0):
            return ""
        if token[0] == "(":
            if _FLAGS.fullmatch(token):
                return ""
            depth += 1
        if depth == 0 and _PLAIN.fullmatch(token):
            run += token
            best = max(best, run, key=len)
            continue
        if depth == 0 and (token in ("*", "?") or token[0] == "{"):
            # what is repeated may be there no time at all
            best = best[:-1] if best == run else best
        run = ""
        depth -= token == ")"
    return best


def alternatives(text: str) -> list[tuple[str, ...]]:
    """Plain texts of which every match of an expression contains one: a tuple for each group of nothing else."""
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    found: list[tuple[str, ...]] = []
    depth, at = 0, 0
    while at < len(tokens):
        token = tokens[at]
        if token == "{" or (token == "|" and depth == 0) or _FLAGS.fullmatch(token):
            return []
        opens = token[0] == "("
        end = _plain_group(tokens, at) if opens and depth == 0 else None
        if end is not None:
            follows = tokens[end + 1] if end + 1 < len(tokens) else ""
            if follows not in ("*", "?") and follows[:1] != "{":
                words = tuple("".join(tokens[at + 1 : end]).split("|"))
                found += [words] if all(words) else []
            at = end
        else:
            depth += opens - (token == ")")
        at += 1
    return found


def _plain_group(tokens: list[str], at: int) -> int | None:
    """Where a group ends that has nothing but plain characters and choices in it."""
    for place in range(at + 1, len(tokens)):
        if tokens[place] == ")":
            return place
        if tokens[place] != "|" and not _PLAIN.fullmatch(tokens[place]):
            return None
    return None


def escaped(text: str) -> str:
    """An expression that means a text."""
    return str(regex.escape(text))
