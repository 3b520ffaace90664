"""Reading a buildspec: every key, and mistakes with their place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codebuild.batchspec import BatchSpec, GroupSpec
from pointsman.local.codebuild.buildspec import (
    ArtifactSpec,
    BuildspecError,
    CacheSpec,
    OnFailure,
    ReportSpec,
    parse,
)

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
cache:
  paths: ['node_modules/**/*', '/root/.m2/**/*']
  key: 'npm-$(codebuild-hash-files package-lock.json)'
  fallback-keys: [npm-]
  action: save
proxy: {upload-artifacts: no, logs: no}
reports:
  unit:
    files: ['out/*.xml']
    base-directory: target
    discard-paths: yes
  arn:aws:codebuild:us-east-1:123456789012:report-group/cover:
    files: coverage.xml
    file-format: CoberturaXml
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
    assert spec.cache == CacheSpec(
        ("node_modules/**/*", "/root/.m2/**/*"),
        "npm-$(codebuild-hash-files package-lock.json)",
        ("npm-",),
        "save",
    )
    assert spec.reports == (
        ReportSpec("unit", ("out/*.xml",), "JUNITXML", "target", True),
        ReportSpec("arn:aws:codebuild:us-east-1:123456789012:report-group/cover", ("coverage.xml",), "COBERTURAXML"),
    )
    assert spec.ignored == ("proxy",)


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
        (
            "version: 0.2\nphases: {}\nreports: {r: {files: [x], file-format: TAP}}",
            "reports.r.file-format, line 3: is TAP",
        ),
        ("version: 0.2\nphases: {}\nreports: {r: {}}", "reports.r, line 3: files is missing"),
        (
            "version: 0.2\nphases: {}\ncache: {action: keep}",
            "cache.action, line 3: is keep; it must be save or restore",
        ),
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


def bomb(levels: int) -> str:
    """Merges of merges: few lines that mean very many pairs."""
    lines = (f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 9)}]}}" for level in range(1, levels))
    return "\n".join(["version: 0.2", "a0: &a0 {x: 1}", *lines, f"env: {{variables: *a{levels - 1}}}", "phases: {}"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (bomb(12), "aliases make more than 100000 values"),
        ("version: 0.2\nphases: &p {<<: *p}", "nested deeper than 100, or holds itself"),
        ("version: 0.2\nphases: " + "[" * 5000, "YAML"),
        ("version: 0.2\nphases: {}\n" + "#" * 1_100_000, "longer than 1024 KiB"),
    ],
    ids=["merges", "itself", "brackets", "long"],
)
def test_yaml_that_never_ends_is_refused_soon(text: str, words: str) -> None:
    with pytest.raises(BuildspecError, match=words):
        parse(text)


def batch(text: str) -> BatchSpec:
    spec = parse(f"version: 0.2\nphases: {{}}\nbatch: {text}").batch
    assert spec is not None
    return spec


def test_a_build_graph() -> None:
    spec = batch(
        "{fast-fail: true, build-graph: [{identifier: a, env: {compute-type: L, variables: {X: 1}}},"
        " {identifier: b, buildspec: b.yml, depend-on: [a], ignore-failure: true}]}"
    )
    assert spec == BatchSpec(
        "build-graph",
        (
            GroupSpec("a", variables=(("X", "1"),), environment={"computeType": "L"}),
            GroupSpec("b", "b.yml", depends_on=("a",), ignore_failure=True),
        ),
        fast_fail=True,
    )


def test_a_build_matrix_is_every_combination() -> None:
    spec = batch(
        "{build-matrix: {static: {ignore-failure: true, env: {variables: {S: s}, privileged-mode: true}},"
        " dynamic: {buildspec: [one.yml, two.yml], env: {image: [i], variables: {V: [1, 2, 3]}}}}}"
    )
    assert [(one.identifier, one.buildspec, dict(one.variables)["V"]) for one in spec.groups] == [
        ("build1", "one.yml", "1"),
        ("build2", "one.yml", "2"),
        ("build3", "one.yml", "3"),
        ("build4", "two.yml", "1"),
        ("build5", "two.yml", "2"),
        ("build6", "two.yml", "3"),
    ]
    assert all(one.environment == {"privilegedMode": True, "image": "i"} for one in spec.groups)
    assert all(one.ignore_failure and ("S", "s") in one.variables for one in spec.groups)


def test_a_build_fan_out() -> None:
    assert [one.identifier for one in batch("{build-fanout: {parallelism: 3}}").groups] == [
        "build1",
        "build2",
        "build3",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "must have one of build-list"),
        ("{build-list: []}", "has no builds"),
        ("{build-list: [{buildspec: x}]}", "identifier is missing"),
        ("{build-list: [{identifier: a b}]}", "is a b; it must be up to 128 letters"),
        ("{build-list: [{identifier: a}, {identifier: a}]}", "the identifier a twice"),
        ("{build-graph: [{identifier: a, depend-on: [b]}]}", "a depends on b, which is not in the batch"),
        (
            "{build-graph: [{identifier: a, depend-on: [b]}, {identifier: b, depend-on: [a]}]}",
            "a, b depend on each other",
        ),
        ("{build-graph: [{identifier: a, debug-session: true}]}", "debug sessions are not built"),
        ("{build-list: [{identifier: a}], build-fanout: {parallelism: 1}}", "a batch is of one type"),
        ("{build-matrix: {dynamic: {env: {variables: {A: [" + ", ".join("x" * 101) + "]}}}}}", "makes 101 builds"),
        ("{build-fanout: {parallelism: 0}}", "must be a whole number from 1 to 100"),
        ("{build-fanout: {}}", "parallelism is missing"),
    ],
)
def test_a_wrong_batch_is_named_with_key_and_line(text: str, words: str) -> None:
    with pytest.raises(BuildspecError, match=f"batch.*line 3: .*{words}"):
        batch(text)


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab-*&!", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "files",
                    "paths",
                    "key",
                    "identifier",
                    "env",
                    "variables",
                    "dynamic",
                    "static",
                    "buildspec",
                    "depend-on",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(["reports", "cache", "batch", "env", "artifacts", "phases"]), YAML)
def test_sections_of_any_shape_are_read_or_refused(section: str, value: object) -> None:
    text = json.dumps({"version": "0.2", "phases": {}, section: value})
    try:
        spec = parse(text)
    except BuildspecError as mistake:
        sentence = str(mistake)
    else:
        assert spec.version == "0.2"
        return
    assert "line 1: " in sentence
