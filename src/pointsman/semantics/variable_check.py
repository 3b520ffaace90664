"""The ``VariableCheck`` rule of CodePipeline's conditions: one text judged by an operator."""

from __future__ import annotations

from typing import Final

OPERATORS: Final = ("EQ", "NE", "CONTAINS", "MATCHES")
PATIENCE: Final = 0.5
"""Seconds that a pattern may take."""


def judge(operator: str, variable: str, value: str) -> bool:
    """Whether a variable's value passes.

    Args:
        operator: One of ``OPERATORS``; MATCHES takes ``value`` as a regular expression for the whole text.
        variable: The variable's value.
        value: What it is compared with.

    Raises:
        ValueError: There is no such operator, or the pattern cannot be used; the message says why.
    """
    match operator:
        case "EQ":
            return variable == value
        case "NE":
            return variable != value
        case "CONTAINS":
            return value in variable
        case "MATCHES":
            return _matches(variable, value)
    raise ValueError(f"Operator must be one of {', '.join(OPERATORS)}, not {operator}")


def _matches(text: str, pattern: str) -> bool:
    import regex

    try:
        return regex.compile(pattern, regex.V1).fullmatch(text, timeout=PATIENCE) is not None
    except regex.error as problem:
        raise ValueError(f"Value is not a regular expression: {problem}") from None
    except TimeoutError:
        raise ValueError(f"The regular expression took longer than {PATIENCE} seconds") from None
