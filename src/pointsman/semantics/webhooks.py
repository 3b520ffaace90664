"""Whether a webhook starts a build: an event held against a webhook's filter groups. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

EVENTS = (
    "PUSH",
    "PULL_REQUEST_CREATED",
    "PULL_REQUEST_UPDATED",
    "PULL_REQUEST_REOPENED",
    "PULL_REQUEST_MERGED",
    "PULL_REQUEST_CLOSED",
    "RELEASED",
    "PRERELEASED",
    "WORKFLOW_JOB_QUEUED",
)
_PATIENCE = 0.2
"""Seconds that a pattern, which a user has written, may take."""


class WebhookFilter(Struct, frozen=True):
    """One filter of a group."""

    type: str
    pattern: str
    exclude: bool = False
    """An event that does not match is what passes."""


class WebhookEvent(Struct, frozen=True):
    """What happened in a repository."""

    kind: str
    """One of ``EVENTS``."""
    head_ref: str = ""
    """``refs/heads/main``, ``refs/tags/v1``."""
    base_ref: str = ""
    """Of a pull request."""
    actor: str = ""
    """The id of whoever did it."""
    files: Sequence[str] = ()
    """The paths that changed."""
    message: str = ""
    """The head commit's."""
    repository: str = ""
    organization: str = ""
    release: str = ""
    """The name of a release."""

    @property
    def branch(self) -> str:
        """The branch that was pushed to; empty for a tag."""
        return self.head_ref.removeprefix("refs/heads/") if self.head_ref.startswith("refs/heads/") else ""

    @property
    def tag(self) -> str:
        """The tag that was pushed; empty for a branch."""
        return self.head_ref.removeprefix("refs/tags/") if self.head_ref.startswith("refs/tags/") else ""


def problem(groups: Sequence[Sequence[WebhookFilter]]) -> str:
    """Why filter groups cannot be: a sentence; empty when they can."""
    import regex  # the engine that will run them: a user's pattern needs one that can be given a time-out

    for group in groups:
        if not any(one.type == "EVENT" for one in group):
            return "each filter group must have a filter of type EVENT"
        for one in group:
            if one.type == "EVENT":
                unknown = [word for word in _events(one.pattern) if word not in EVENTS]
                if unknown or not _events(one.pattern):
                    return f"{', '.join(unknown) or 'an empty pattern'} is no webhook event"
                continue
            try:
                regex.compile(one.pattern)
            except regex.error as error:
                return f"the pattern {one.pattern} of {one.type} is not a regular expression: {error.msg}"
    return ""


def passes(groups: Sequence[Sequence[WebhookFilter]], branch_filter: str, event: WebhookEvent) -> bool:
    """Whether an event starts a build: one of the groups passes with all its filters.

    Args:
        groups: The filter groups; none lets every push pass that ``branch_filter`` lets pass.
        branch_filter: A pattern that the branch must match; empty is every branch.
        event: What happened.
    """
    if groups:
        return any(all(_passes(one, event) for one in group) for group in groups)
    if event.kind != "PUSH":
        return False
    return not branch_filter or (bool(event.branch) and _matches(branch_filter, [event.branch]))


def _events(pattern: str) -> list[str]:
    return [word.strip() for word in pattern.split(",") if word.strip()]


def _passes(one: WebhookFilter, event: WebhookEvent) -> bool:
    if one.type == "EVENT":
        matched = event.kind in _events(one.pattern)
    else:
        matched = _matches(one.pattern, _subjects(one.type, event))
    return matched != one.exclude


def _subjects(kind: str, event: WebhookEvent) -> Sequence[str]:
    """The texts of an event that a filter of a type looks at; none when the event has no such thing."""
    single = {
        "ACTOR_ACCOUNT_ID": event.actor,
        "HEAD_REF": event.head_ref,
        "BASE_REF": event.base_ref,
        "COMMIT_MESSAGE": event.message,
        "TAG_NAME": event.tag,
        "RELEASE_NAME": event.release,
        "WORKFLOW_NAME": "",
        "REPOSITORY_NAME": event.repository,
        "ORGANIZATION_NAME": event.organization,
    }
    if kind == "FILE_PATH":
        return event.files
    text = single.get(kind, "")
    return [text] if text else []


def _matches(pattern: str, texts: Sequence[str]) -> bool:
    """Whether a pattern is found in one of some texts; one that takes too long is not."""
    import regex

    try:
        compiled = regex.compile(pattern)
        return any(compiled.search(text, timeout=_PATIENCE) is not None for text in texts)
    except (regex.error, TimeoutError):
        return False
