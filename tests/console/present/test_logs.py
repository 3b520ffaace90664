"""Build log lines are recognised as what they are."""

from __future__ import annotations

import pytest

from pointsman.console.present.logs import ERROR_HINTS, WARNING_HINTS, Kind, classify, line_cell, phase_entered, stamp

STAMP = "[Container] 2026/01/05 09:00:00.123456 "


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (STAMP + "Entering phase BUILD", Kind.PHASE),
        (STAMP + "Phase complete: BUILD State: SUCCEEDED", Kind.PHASE_DONE),
        (STAMP + "Phase complete: BUILD State: FAILED", Kind.PHASE_FAILED),
        (STAMP + "Phase context status code:  Message: ", Kind.CONTAINER),
        (STAMP + "Phase context status code: COMMAND_EXECUTION_ERROR Message: make exit 2", Kind.ERROR),
        (STAMP + "Running command make error-report", Kind.COMMAND),
        (STAMP + "Command did not exit successfully make test exit status 2", Kind.ERROR),
        ("Traceback (most recent call last):", Kind.ERROR),
        ("ValueError: bad", Kind.ERROR),
        ("E       assert 1 == 2", Kind.ERROR),
        ("src/a.c:3:1: error: expected ';'", Kind.ERROR),
        ("FAILED tests/test_a.py::test_b", Kind.ERROR),
        ("1 failed, 11 passed in 0.2s", Kind.ERROR),
        ("npm ERR! code 1", Kind.ERROR),
        ("sh: 1: foo: command not found", Kind.ERROR),
        ("0 errors, 0 warnings", Kind.PLAIN),
        ("Tests: 12 passed, no failures", Kind.PLAIN),
        ("errors: 0", Kind.PLAIN),
        ("compiling error_handler.c", Kind.PLAIN),
        ("warning: unused variable", Kind.WARNING),
        ("DeprecationWarning: old", Kind.WARNING),
        ("all good", Kind.PLAIN),
        ("", Kind.PLAIN),
    ],
)
def test_kinds(line: str, kind: Kind) -> None:
    assert classify(line) is kind
    if kind in (Kind.ERROR, Kind.WARNING) and not line.startswith("[Container]"):
        assert any(hint in line.lower() for hint in ERROR_HINTS + WARNING_HINTS)


def test_the_phase_that_begins_is_named() -> None:
    assert phase_entered(STAMP + "Entering phase PRE_BUILD") == "PRE_BUILD"
    assert phase_entered("Entering phase BUILD") == ""


@pytest.mark.parametrize(
    "said", ["Running command make", "Entering phase BUILD", "Waiting for agent ping", "Running command "]
)
def test_a_drawn_line_keeps_its_text(said: str) -> None:
    line = STAMP + said
    assert "".join(text for text, _ in line_cell(line, classify(line))) == line


def test_times_are_utc_to_the_millisecond() -> None:
    assert stamp(1767603727123) == "09:02:07.123"
