"""Filter groups held against pushes and pull requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.webhooks import EVENTS, WebhookEvent, WebhookFilter, passes, problem

PUSH = WebhookEvent(
    "PUSH",
    "refs/heads/main",
    actor="ann@example.com",
    files=("src/app.py", "README.md"),
    message="Fix the cart [CodeBuild]",
    repository="shop",
    organization="acme",
)
TAG = WebhookEvent("PUSH", "refs/tags/v1.2")
MERGED = WebhookEvent("PULL_REQUEST_MERGED", "refs/heads/fix", base_ref="refs/heads/main")


def one(kind: str, pattern: str, exclude: bool = False) -> WebhookFilter:
    return WebhookFilter(kind, pattern, exclude)


ANY = one("EVENT", "PUSH, PULL_REQUEST_MERGED")


@pytest.mark.parametrize(
    ("filters", "event", "passed"),
    [
        ([one("EVENT", "PUSH")], PUSH, True),
        ([one("EVENT", "PULL_REQUEST_CREATED,PUSH")], PUSH, True),
        ([one("EVENT", "PULL_REQUEST_CREATED")], PUSH, False),
        ([ANY, one("HEAD_REF", "^refs/heads/main$")], PUSH, True),
        ([ANY, one("HEAD_REF", "^refs/heads/mai$")], PUSH, False),
        ([ANY, one("HEAD_REF", "^refs/tags/.*", exclude=True)], PUSH, True),
        ([ANY, one("HEAD_REF", "^refs/tags/.*", exclude=True)], TAG, False),
        ([ANY, one("TAG_NAME", "^v1")], TAG, True),
        ([ANY, one("TAG_NAME", "^v1")], PUSH, False),
        ([ANY, one("BASE_REF", "main")], PUSH, False),
        ([ANY, one("BASE_REF", "main")], MERGED, True),
        ([ANY, one("FILE_PATH", "^src/")], PUSH, True),
        ([ANY, one("FILE_PATH", "^docs/")], PUSH, False),
        ([ANY, one("FILE_PATH", r"\.md$", exclude=True)], PUSH, False),
        ([ANY, one("COMMIT_MESSAGE", r"\[CodeBuild\]")], PUSH, True),
        ([ANY, one("ACTOR_ACCOUNT_ID", "ann@")], PUSH, True),
        ([ANY, one("ACTOR_ACCOUNT_ID", "ann@", exclude=True)], PUSH, False),
        ([ANY, one("REPOSITORY_NAME", "^shop$"), one("ORGANIZATION_NAME", "acme")], PUSH, True),
        ([ANY, one("COMMIT_MESSAGE", "(x+x+)+y")], WebhookEvent("PUSH", message="x" * 4000), False),
    ],
)
def test_filters(filters: list[WebhookFilter], event: WebhookEvent, passed: bool) -> None:
    assert passes([filters], "", event) is passed


def test_one_group_that_passes_is_enough() -> None:
    groups = [[one("EVENT", "PULL_REQUEST_MERGED")], [one("EVENT", "PUSH"), one("HEAD_REF", "main")]]
    assert passes(groups, "", PUSH)
    assert passes(groups, "", MERGED)
    assert not passes(groups, "", TAG)


@pytest.mark.parametrize(("pattern", "event", "passed"), [("", TAG, True), ("^ma", PUSH, True), ("^v", TAG, False)])
def test_without_groups_the_branch_filter_judges(pattern: str, event: WebhookEvent, passed: bool) -> None:
    assert passes([], pattern, event) is passed


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ([one("HEAD_REF", "x")], "must have a filter of type EVENT"),
        ([one("EVENT", "PUSHED")], "PUSHED is no webhook event"),
        ([one("EVENT", " , ")], "an empty pattern"),
        ([ANY, one("HEAD_REF", "(")], "is not a regular expression"),
        ([ANY, one("HEAD_REF", "x")], ""),
    ],
)
def test_what_filter_groups_cannot_be(filters: list[WebhookFilter], words: str) -> None:
    found = problem([filters])
    assert words in found
    assert bool(found) == bool(words)


FILTERS = st.builds(
    WebhookFilter,
    st.sampled_from(["EVENT", "HEAD_REF", "FILE_PATH", "COMMIT_MESSAGE", "BASE_REF", "RELEASE_NAME"]),
    st.sampled_from(["PUSH", "main", "^refs/", "(", ".*", ""]),
    st.booleans(),
)


@given(st.lists(FILTERS, min_size=1, max_size=4), st.sampled_from(EVENTS), st.text(max_size=10))
def test_more_filters_never_let_more_pass(filters: list[WebhookFilter], kind: str, ref: str) -> None:
    event = WebhookEvent(kind, f"refs/heads/{ref}", files=(ref,), message=ref)
    if passes([filters], "", event):
        assert passes([filters[:-1] or filters], "", event)
        assert passes([[one("EVENT", "none")], filters], "", event)
