"""CodeCommit's answers -> the model."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from pointsman.model.comparison import Commit
from pointsman.services.reads.values import Answer, first_line, part, parts, text

_DATE = re.compile(r"(-?\d{1,12})(?: ([+-])(\d\d)(\d\d))?")


def commit(answer: Answer) -> Commit | None:
    """GetCommit."""
    one = part(answer, "commit")
    if not text(one, "commitId"):
        return None
    author, committer = part(one, "author"), part(one, "committer")
    message = text(one, "message")
    return Commit(
        id=text(one, "commitId"),
        summary=first_line(message),
        author=text(author, "name"),
        at=git_date(text(committer, "date")) or git_date(text(author, "date")),
        parents=tuple(str(parent) for parent in parts(one, "parents")),
        message=message,
    )


def git_date(words: str) -> datetime | None:
    """A date as git writes it, ``1484167798 -0800``, or as ISO 8601; None for anything else."""
    found = _DATE.fullmatch(words.strip())
    try:
        if found:
            sign = -1 if found[2] == "-" else 1
            zone = timezone(sign * timedelta(hours=int(found[3] or 0), minutes=int(found[4] or 0)))
            return datetime.fromtimestamp(int(found[1]), zone).astimezone(UTC)
        when = datetime.fromisoformat(words.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return when.astimezone(UTC) if when.tzinfo is not None else when.replace(tzinfo=UTC)
