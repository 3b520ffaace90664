"""Reading a buildspec: every key, and mistakes with their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codebuild.buildspec import ArtifactSpec, BuildspecError, OnFailure, parse

WHOLE = """
version: 0.2
run-as: builder
env:
  shell: bash
  variables: {A: 1, B: "two"}
  parameter-store: {P: /p}
  secrets-manager: {S: "id:key"}
  exported-variables: [A]
  git-credential-helper: yes
phases:
  install:
    runtime-versions: {python: 3.11}
    commands:
      - one
      - |
        two
        three
    finally: [last]
  build:
    on-failure: RETRY-2-timed out
    commands: [echo]
artifacts:
  files: ['**/*']
  name: web-$(date +%F)
  base-directory: dist
  discard-paths: yes
  exclude-paths: '*.map'
  secondary-artifacts:
    docs: {files: [docs/*]}
cache: {paths: [x]}
"""


def test_a_whole_buildspec() -> None:
    spec = parse(WHOLE)
    assert (spec.version, spec.run_as, spec.shell) == ("0.2", "builder", "bash")
    assert spec.variables == (("A", "1"), ("B", "two"))
    assert spec.parameters == (("P", "/p"),)
    assert spec.secrets == (("S", "id:key"),)
    assert spec.exported == ("A",)
    assert spec.git_credential_helper
    assert spec.phase("INSTALL").commands == ("one", "two\nthree\n")
    assert spec.phase("INSTALL").finally_ == ("last",)
    assert spec.phase("INSTALL").runtime_versions == (("python", "3.11"),)
    assert spec.phase("BUILD").on_failure == OnFailure("RETRY", 2, "timed out")
    assert spec.artifacts == ArtifactSpec("", ("**/*",), "web-$(date +%F)", "dist", True, ("*.map",))
    assert spec.secondary == (ArtifactSpec("docs", ("docs/*",)),)
    assert spec.ignored == ("cache",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the buildspec is empty"),
        ("version: 0.2\nphases: [\n", "line 3: not YAML"),
        ("phases: {}", "version, line 1: is missing"),
        ("version: 0.3\nphases: {}", "version, line 1: is 0.3"),
        ("version: 0.2", "phases, line 1: is missing"),
        ("version: 0.2\nphases:\n  test: {}", "phases.test, line 3: Invalid buildspec phase name: test"),
        ("version: 0.2\nphases: {build: {commands: ls}}", "phases.build.commands, line 2: must be a list"),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - ls\n      - echo a: b",
            r"phases.build.commands\[1\], line 6: must be text",
        ),
        ("version: 0.2\nphases: {build: {on-failure: PANIC}}", "phases.build.on-failure, line 2: is PANIC"),
        ("version: 0.2\nphases: {build: {on-failure: 'RETRY-('}}", "is not a regular expression"),
        ("version: 0.2\nphases: {}\nenv:\n  variables: {CODEBUILD_X: 1}", "env.variables.CODEBUILD_X, line 4"),
        ("version: 0.2\nphases: {}\nenv: {exported-variables: [AWS_X]}", "AWS_X: variables that begin with AWS_"),
        ("version: 0.2\nphases: {}\nartifacts:\n  name: x", "artifacts, line 4: files is missing"),
    ],
)
def test_mistakes_are_named_with_key_and_line(text: str, message: str) -> None:
    with pytest.raises(BuildspecError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ABORT", OnFailure("ABORT")),
        ("RETRY", OnFailure("RETRY", 3, ".*")),
        ("RETRY-5", OnFailure("RETRY", 5, ".*")),
        ("RETRY-con.*reset", OnFailure("RETRY", 3, "con.*reset")),
    ],
)
def test_on_failure(text: str, rule: OnFailure) -> None:
    assert parse(f"version: 0.2\nphases: {{build: {{on-failure: '{text}'}}}}").phase("BUILD").on_failure == rule


@given(st.text(alphabet=st.sampled_from("version: 0.2\nphases{}[]&*!|>'\"-#,build")))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        parse(text)
    except BuildspecError as mistake:
        sentence = str(mistake)
    else:
        return
    assert "line " in sentence or "YAML" in sentence
