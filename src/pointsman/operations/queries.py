"""What a person may do to saved queries: keep what lies on the workbench under a name, change it, forget it."""

from __future__ import annotations

from typing import Any

from pointsman.model.insights import SavedState
from pointsman.model.refs import Ref, SavedQueryRef
from pointsman.operations.declare import Answers, Confirm, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike

_LONGEST_NAME = 255
_LONGEST = 10_000


def _ref(ref: Ref) -> SavedQueryRef:
    if not isinstance(ref, SavedQueryRef):
        raise TypeError(f"{ref!r} is not a saved query")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> SavedState:
    number = _ref(ref).id
    saved = await services.insights.definition(number) if number else None
    return SavedState(saved, services.insights.bench.query)


def _touched(_: Ref) -> tuple[tuple[str, ...], ...]:
    return (("query-definitions",),)


def _unwritten(state: SavedState) -> str | None:
    if not state.draft.text.strip():
        return "There is no query to save."
    if len(state.draft.text) > _LONGEST:
        return f"A saved query has at most {_LONGEST:,} characters; this one has {len(state.draft.text):,}."
    return None


def _gone(ref: Ref) -> str:
    return f"{ref} is not saved (any more)."


def _name_problem(name: str) -> str | None:
    if not name.strip():
        return "a saved query needs a name"
    return f"a name has at most {_LONGEST_NAME} characters" if len(name) > _LONGEST_NAME else None


def _groups_line(groups: tuple[str, ...]) -> str:
    return (
        f"With {len(groups)} log group{'s' * (len(groups) != 1)}: {', '.join(groups)}."
        if groups
        else "For any log group."
    )


def _put(state: SavedState, name: str, number: str = "") -> WriteCall:
    draft = state.draft
    parameters: dict[str, Any] = {"name": name.strip(), "queryString": draft.text}
    if draft.groups and not draft.names_its_groups:
        parameters["logGroupNames"] = list(draft.groups)
    if number:
        parameters["queryDefinitionId"] = number
    return WriteCall("logs", "PutQueryDefinition", parameters)


def _made(answer: dict[str, Any], _ref: Ref) -> Ref | None:
    number = str(answer.get("queryDefinitionId") or "")
    return SavedQueryRef(number) if number else None


SAVE: Operation[SavedState] = Operation(
    id="query.save",
    title="Save as a new query",
    past="saved",
    key="s",
    target=SavedQueryRef,
    help="Keeps the query on the workbench under a name, in AWS, for everybody in the account.",
    calls=("logs:PutQueryDefinition",),
    read=_read,
    plan=lambda state, _ref, answers: _put(state, answers.get("name", "")),
    refuse=lambda state, _ref: _unwritten(state),
    fields=lambda _state, _ref: (
        Field("name", "Name", required=True, check=_name_problem, placeholder="folder/name makes a folder"),
    ),
    consequences=lambda state, _ref, _answers: (_groups_line(state.draft.groups), "Everybody in the account sees it."),
    touches=_touched,
    result=_made,
)


def _change_refuse(state: SavedState, ref: Ref) -> str | None:
    if not _ref(ref).id:
        return "This query was never saved: save it as a new one."
    if state.saved is None:
        return _gone(ref)
    if not state.saved.ours:
        return f"{ref} is written in {state.saved.language}, not in Logs Insights QL."
    return _unwritten(state) or (None if state.changed else f"{ref} is saved as it is.")


def _change_plan(state: SavedState, ref: Ref, answers: Answers) -> WriteCall:
    saved = state.saved
    return _put(state, answers.get("name") or (saved.name if saved is not None else str(ref)), _ref(ref).id)


def _saved_text(state: SavedState, _ref: Ref, _answers: Answers) -> dict[str, str]:
    return {"what is saved": state.saved.text if state.saved is not None else ""}


CHANGE: Operation[SavedState] = Operation(
    id="query.change",
    title="Save changes",
    past="changed",
    key="w",
    target=SavedQueryRef,
    help="Puts the query on the workbench in the place of what is saved.",
    calls=("logs:PutQueryDefinition",),
    read=_read,
    plan=_change_plan,
    refuse=_change_refuse,
    fields=lambda state, ref: (
        Field("name", "Name", state.saved.name if state.saved is not None else str(ref), True, check=_name_problem),
    ),
    consequences=lambda state, _ref, _answers: (
        "What is saved now is gone: AWS keeps no versions of it.",
        _groups_line(state.draft.groups),
    ),
    basis=_saved_text,
    touches=_touched,
    idempotency=True,
)

DELETE: Operation[SavedState] = Operation(
    id="query.delete",
    title="Delete saved query",
    past="deleted",
    key="x",
    target=SavedQueryRef,
    help="Forgets a saved query, for everybody in the account; what lies on the workbench stays.",
    calls=("logs:DeleteQueryDefinition",),
    read=_read,
    plan=lambda _state, ref, _answers: WriteCall("logs", "DeleteQueryDefinition", {"queryDefinitionId": _ref(ref).id}),
    refuse=lambda state, ref: (
        "This query was never saved." if not _ref(ref).id else _gone(ref) if state.saved is None else None
    ),
    confirm=lambda _state, _ref: Confirm.ASK,
    consequences=lambda _state, _ref, _answers: ("Nobody in the account finds it any more; AWS keeps no copy.",),
    basis=_saved_text,
    touches=_touched,
    danger=True,
    idempotency=True,
)

OPERATIONS = (SAVE, CHANGE, DELETE)
