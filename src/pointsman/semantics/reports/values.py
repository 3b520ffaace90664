"""What every reader of a report makes, and the arithmetic of numbers in it."""

from __future__ import annotations

import math
import re

from msgspec import Struct

TEST_FORMATS = ("JUNITXML", "NUNITXML", "NUNIT3XML", "TESTNGXML", "CUCUMBERJSON", "VISUALSTUDIOTRX")
COVERAGE_FORMATS = ("CLOVERXML", "COBERTURAXML", "JACOCOXML", "SIMPLECOV")
FORMATS = TEST_FORMATS + COVERAGE_FORMATS

SUCCEEDED, FAILED, ERROR, SKIPPED, UNKNOWN = "SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"
STATUSES = (SUCCEEDED, FAILED, ERROR, SKIPPED, UNKNOWN)

_MOST_NANOSECONDS = 2**62
_CLOCK = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")


class ReportProblem(Exception):
    """A report file is not what its format says; the message is a sentence."""


class TestResult(Struct, frozen=True):
    """One test that was, or was not, run."""

    __test__ = False  # not a test of ours

    name: str
    status: str
    """One of ``STATUSES``."""
    prefix: str = ""
    """What groups it: its class, fixture or feature."""
    suite: str = ""
    nanoseconds: int = 0
    message: str = ""


class CoveredFile(Struct, frozen=True):
    """How much of one source file the tests have run."""

    path: str
    lines_covered: int = 0
    lines_missed: int = 0
    branches_covered: int = 0
    branches_missed: int = 0


def percentage(covered: int, missed: int) -> float:
    """Per cent covered, cut after two digits as CodeBuild does (10 of 11 is 90.9); 0 when there is nothing to cover."""
    total = covered + missed
    return covered * 10_000 // total / 100 if total else 0.0


def count(text: object) -> int:
    """A whole number of things out of text, 0 when it is none."""
    try:
        number = int(str(text).strip() or 0)
    except ValueError:
        return 0
    return min(max(number, 0), 2**31 - 1)


def nanoseconds(seconds: object, factor: float = 1e9) -> int:
    """A time in nanoseconds; what is no number, or not one a clock could show, is 0.

    Args:
        seconds: Text or number; a comma between thousands is taken away.
        factor: What one of it is in nanoseconds.
    """
    try:
        found = float(str(seconds).replace(",", "")) * factor
    except ValueError:
        return 0
    return round(found) if math.isfinite(found) and 0 <= found < _MOST_NANOSECONDS else 0


def clock_nanoseconds(text: str) -> int:
    """``d.hh:mm:ss.fffffff`` in nanoseconds; 0 when it is not."""
    found = _CLOCK.fullmatch(text.strip()) if len(text) < 64 else None
    if found is None:
        return 0
    days, hours, minutes, seconds = found.groups()
    whole = (int(days or 0) * 24 + int(hours)) * 60 + int(minutes)
    return nanoseconds(whole * 60 + float(seconds))


def message(*parts: str | None) -> str:
    """What is told of a failure, each part once, on lines of their own."""
    said: list[str] = []
    for part in parts:
        text = (part or "").strip("\n")
        if text.strip() and not any(text.strip() in one for one in said):
            said = [one for one in said if one.strip() not in text]
            said.append(text)
    return "\n".join(said)


def parent(name: str) -> str:
    """``a.b`` of ``a.b.c`` and of ``a.b.c(1.5)``."""
    head, _, _ = name.partition("(")
    return head.rpartition(".")[0]
