"""What a person types into forms, and the rule for a closed gate's reason."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.operations.declare import Field, WriteCall
from pointsman.operations.entries import (
    Entry,
    environment_entries,
    environment_problem,
    execution_problem,
    variable_entries,
    variable_problem,
)
from pointsman.operations.redaction import hide, redacted, secrets_in, sensitive
from pointsman.semantics.transitions import REASON_LIMIT, REASON_PATTERN, reason_problem
from support.shapes import service_model


def test_pipeline_variables_are_lines() -> None:
    text = "REGION = eu\n\nURL=https://x/?a=b\n"
    assert variable_entries(text) == (Entry("REGION", "eu"), Entry("URL", "https://x/?a=b"))
    assert variable_problem(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("REGION", "not NAME=value"),
        ("a b=c", "cannot be a variable's name"),
        ("A=", "no value"),
        ("A=1\nA=2", "given twice"),
        ("A=" + "x" * 1001, "at most 1000"),
        ("\n".join(f"V{number}=1" for number in range(51)), "at most 50"),
    ],
)
def test_wrong_pipeline_variables_are_named(text: str, words: str) -> None:
    assert words in (variable_problem(text) or "")


def test_a_builds_variables_have_kinds() -> None:
    text = "A=1\nparameter-store:DB=/shop/db\nSECRETS_MANAGER:KEY=shop:api-key\nssm:X=/y\nE=\nURL=a:b"
    assert [(one.name, one.value, one.kind) for one in environment_entries(text)] == [
        ("A", "1", "PLAINTEXT"),
        ("DB", "/shop/db", "PARAMETER_STORE"),
        ("KEY", "shop:api-key", "SECRETS_MANAGER"),
        ("X", "/y", "PARAMETER_STORE"),
        ("E", "", "PLAINTEXT"),
        ("URL", "a:b", "PLAINTEXT"),
    ]
    assert environment_problem(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CODEBUILD_X=1", "CodeBuild's own"),
        ("1A=1", "not beginning with a digit"),
        ("vault:A=1", "not a kind"),
        ("ssm:A=", "names no parameter"),
        ("secret:A=", "names no secret"),
        ("A", "not NAME=value"),
    ],
)
def test_wrong_build_variables_are_named(text: str, words: str) -> None:
    assert words in (environment_problem(text) or "")


@given(st.text())
def test_entries_and_problems_never_fail(text: str) -> None:
    """Whatever is typed: it is read, or what is wrong is said; a good text loses no line."""
    for entries, problem in ((variable_entries, variable_problem), (environment_entries, environment_problem)):
        found = entries(text)
        if problem(text) is None:
            assert len(found) == sum(bool(line.strip()) for line in text.splitlines())


def test_an_execution_id_is_a_uuid() -> None:
    assert execution_problem("11111111-0000-4000-8000-111111111111") is None
    assert execution_problem("latest") is not None


@given(st.text(max_size=REASON_LIMIT + 5))
def test_the_reason_of_a_closed_gate_is_what_the_service_takes(text: str) -> None:
    shape = service_model("codepipeline").shape_for("DisabledReason")
    assert shape.metadata["pattern"] == REASON_PATTERN and shape.metadata["max"] == REASON_LIMIT
    taken = re.fullmatch(REASON_PATTERN, text) is not None and 1 <= len(text) <= REASON_LIMIT
    assert (reason_problem(text) is None) == taken


@given(st.text("abcXYZ019!@ ().*?-", min_size=1, max_size=REASON_LIMIT))
def test_a_reason_within_the_rule_is_taken(text: str) -> None:
    assert reason_problem(text) is None


def test_the_sentence_names_the_characters() -> None:
    assert "remove ',' '/'" in (reason_problem("a, b/c") or "")
    assert "301" in (reason_problem("x" * 301) or "")
    assert "required" in (reason_problem("") or "")


def test_names_that_tell_a_secret() -> None:
    assert all(sensitive(name) for name in ("DB_PASSWORD", "GITHUB_TOKEN", "MyApiKey", "AWS_SECRET_ACCESS_KEY", "PASS"))
    assert not any(sensitive(name) for name in ("STAGE", "KEYBOARD", "COMPASS_ROSE", "PASSENGERS", "MONKEY"))


def test_every_line_of_a_secret_field_is_hidden() -> None:
    fields = (Field("env", "Env", secret=True, multiline=True), Field("note", "Note"))
    secrets = secrets_in(fields, {"env": "A=one\nB=two", "note": "three"})
    call = WriteCall("s", "O", {"list": [{"a": "one"}, "two"], "note": "three"})
    assert redacted(call, secrets).parameters == {"list": [{"a": "***"}, "***"], "note": "three"}
    assert hide("one or two", secrets) == "*** or ***"
