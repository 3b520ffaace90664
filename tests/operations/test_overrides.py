"""The form of a start: what is typed, read; and what of it goes into the call."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations import states
from pointsman.operations import build_entries, overrides


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("none", {"type": "NO_CACHE"}),
        ("local", {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}),
        ("local docker, source", {"type": "LOCAL", "modes": ["LOCAL_DOCKER_LAYER_CACHE", "LOCAL_SOURCE_CACHE"]}),
        ("s3://cache/web/", {"type": "S3", "location": "cache/web"}),
        ("cache/web", {"type": "S3", "location": "cache/web"}),
        ("local disk", None),
        ("none local", None),
        ("s3://A B", None),
    ],
)
def test_a_cache_is_read(text: str, found: dict[str, Any] | None) -> None:
    assert build_entries.cache_of(text) == found
    assert (build_entries.cache_problem(text) is None) == (found is not None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("none", {"type": "NO_ARTIFACTS"}),
        ("s3://out", {"type": "S3", "location": "out"}),
        ("s3://out/a/b zip", {"type": "S3", "location": "out", "path": "a/b", "packaging": "ZIP"}),
        ("none zip", None),
        ("s3://out tar", None),
    ],
)
def test_a_place_of_artifacts_is_read(text: str, found: dict[str, Any] | None) -> None:
    assert build_entries.artifacts_of(text) == found
    assert (build_entries.artifacts_problem(text) is None) == (found is not None)


def test_places_of_logs_are_read() -> None:
    assert build_entries.logs_of("off", "s3://logs/x") == {
        "cloudWatchLogs": {"status": "DISABLED"},
        "s3Logs": {"status": "ENABLED", "location": "logs/x"},
    }
    assert build_entries.logs_of("/builds:web", "") == {
        "cloudWatchLogs": {"status": "ENABLED", "groupName": "/builds", "streamName": "web"}
    }
    assert build_entries.logs_of("", "") == {}
    assert build_entries.logs_problem("s3://") == "off, or s3://bucket/prefix."


def test_secondary_sources_and_versions_are_read() -> None:
    sources, versions, problem = build_entries.secondary_of("tools=GITHUB https://x/y v1\nlib=main\ndocs=S3 b/k\n")
    assert sources == [
        {"type": "GITHUB", "location": "https://x/y", "sourceIdentifier": "tools"},
        {"type": "S3", "location": "b/k", "sourceIdentifier": "docs"},
    ]
    assert versions == [
        {"sourceIdentifier": "tools", "sourceVersion": "v1"},
        {"sourceIdentifier": "lib", "sourceVersion": "main"},
    ]
    assert problem == ""
    for wrong in ("tools", "a b=main", "tools=SVN x y", "tools="):
        assert build_entries.secondary_problem(wrong)


def test_what_is_empty_or_wrong_is_not_sent() -> None:
    assert overrides.parameters({}, batch=False) == {}
    wrong = {"timeout": "4", "compute": "big", "source_type": "svn", "cache": "?", "depth": "x", "retries": "11"}
    assert overrides.parameters(wrong, batch=False) == {}
    assert overrides.parameters({"timeout": "10", "retries": "1"}, batch=True) == {"buildTimeoutInMinutesOverride": 10}


def test_a_batch_has_no_automatic_retries() -> None:
    names = [{one.name for one in overrides.fields(states.project(), batch=batch)} for batch in (False, True)]
    assert names[0] - names[1] == {"retries"}


NAMES = sorted(one.name for one in overrides.fields(states.project(), batch=False))


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30)), st.booleans())
def test_no_text_breaks_the_form(answers: dict[str, str], batch: bool) -> None:
    overrides.parameters(answers, batch=batch)
    list(overrides.consequences(answers, noun="build"))
    for one in overrides.fields(states.project(), batch=batch):
        one.check(answers.get(one.name, ""))
