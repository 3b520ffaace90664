"""Saved queries in every state that an operation on them meets."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.insights import Query, SavedQuery, SavedState
from pointsman.model.refs import Ref, SavedQueryRef

NEW = SavedQueryRef("", "a new query")
ERRORS = SavedQueryRef("11111111-2222-3333-4444-555555555555", "errors")
SAVED = SavedQuery(ERRORS.id, "errors", "filter level = 'ERROR'", ("/app/web",), EPOCH)
CHANGED = SavedState(SAVED, Query("filter level = 'FATAL'", ("/app/web", "/app/worker")))
UNSAVED = SavedState(None, CHANGED.draft)
NOTHING = SavedState(None, Query("  \n"))

RUNS: dict[str, tuple[Any, Ref, dict[str, str]]] = {
    "query.save": (UNSAVED, NEW, {"name": "team/fatal"}),
    "query.change": (CHANGED, ERRORS, {"name": "errors"}),
    "query.delete": (CHANGED, ERRORS, {}),
}
REFUSES: dict[str, tuple[tuple[Any, Ref, str], ...]] = {
    "query.save": (
        (NOTHING, NEW, "no query to save"),
        (SavedState(None, Query("x" * 10_001)), NEW, "at most 10,000 characters"),
    ),
    "query.change": (
        (UNSAVED, NEW, "never saved"),
        (UNSAVED, ERRORS, "not saved (any more)"),
        (SavedState(SAVED, Query(SAVED.text, SAVED.groups)), ERRORS, "saved as it is"),
        (replace(CHANGED, saved=replace(SAVED, language="SQL")), ERRORS, "written in SQL"),
        (replace(CHANGED, draft=Query()), ERRORS, "no query to save"),
    ),
    "query.delete": ((UNSAVED, NEW, "never saved"), (UNSAVED, ERRORS, "not saved (any more)")),
}
