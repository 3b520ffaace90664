"""What a person may do to a dashboard: save its JSON, and remove it."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import Any

from pointsman.model.dashboards import DashboardState
from pointsman.model.refs import DashboardRef, Ref
from pointsman.operations.declare import Answers, Confirm, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike
from pointsman.semantics.metrics.dashboards import problems

_MOST_LINES = 24
"""Lines of a difference that a dialog shows."""
_COMPARED = 6000
"""Lines of both texts together that are compared: the dialog does it at every key."""
_MOST_SAID = 3


def _ref(ref: Ref) -> DashboardRef:
    if not isinstance(ref, DashboardRef):
        raise TypeError(f"{ref!r} is not a dashboard")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> DashboardState:
    return await services.dashboards.fresh(_ref(ref))


def _touched(ref: Ref) -> tuple[tuple[Any, ...], ...]:
    return (("dashboards",), ("dashboard", _ref(ref).name, None, None))


def pretty(text: str) -> str:
    """A body as people read it, a line for each thing; one that is not JSON as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text.strip("\n")


def _basis(state: DashboardState, _ref: Ref, _answers: Answers) -> dict[str, str]:
    digest = hashlib.sha256(state.text.encode("utf-8", "replace")).hexdigest()[:12]
    return {"the dashboard": digest if state.there else ""}


# --- save -----------------------------------------------------------------------------------------------


def _wrong(text: str) -> str | None:
    """What cannot be a dashboard at all; of the rest CloudWatch is the judge, which may know more than we do."""
    return next((f"{one.message}." for one in problems(text) if not one.warning and not one.path), None)


def _doubts(text: str) -> list[str]:
    """What CloudWatch may refuse, or will note, as far as is known here."""
    found = problems(text)
    refused = [f"CloudWatch may refuse {one.path}: {one.message}" for one in found if not one.warning and one.path]
    more = [f"and {len(refused) - _MOST_SAID:,} more"] if len(refused) > _MOST_SAID else []
    noted = [one for one in found if one.warning]
    rest = f", and {len(noted) - 1:,} more" if len(noted) > 1 else ""
    return [
        *refused[:_MOST_SAID],
        *more,
        *(f"CloudWatch will note {one.path}: {one.message}{rest}" for one in noted[:1]),
    ]


def _fields(state: DashboardState, _ref: Ref) -> tuple[Field, ...]:
    text = pretty(state.text) if state.there else '{\n  "widgets": []\n}'
    return (Field("body", "The dashboard's JSON", text, required=True, check=_wrong, multiline=True),)


def _plan(_state: DashboardState, ref: Ref, answers: Answers) -> WriteCall:
    parameters = {"DashboardName": _ref(ref).name, "DashboardBody": answers.get("body", "")}
    return WriteCall("cloudwatch", "PutDashboard", parameters)


def _consequences(state: DashboardState, ref: Ref, answers: Answers) -> tuple[str, ...]:
    body = answers.get("body", "")
    if (wrong := _wrong(body)) is not None:
        return (wrong,)
    warnings = _doubts(body)
    if not state.there:
        return (f"A new dashboard, {_ref(ref).name}.", *warnings)
    before, after = pretty(state.text).splitlines(), pretty(body).splitlines()
    if len(before) + len(after) > _COMPARED:
        return (f"{len(before):,} lines become {len(after):,}: too many to compare here.", *warnings)
    changed = [
        line for line in difflib.unified_diff(before, after, lineterm="", n=1) if not line.startswith(("---", "+++"))
    ]
    if not changed:
        return ("Nothing of it changes.", *warnings)
    added, removed = (sum(line.startswith(sign) for line in changed) for sign in "+-")
    shown = changed[:_MOST_LINES]
    rest = (f"… {len(changed) - len(shown):,} more lines of difference",) if len(shown) < len(changed) else ()
    return (f"{added:,} line{'s' * (added != 1)} come{'s' * (added == 1)}, {removed:,} go:", *shown, *rest, *warnings)


SAVE: Operation[DashboardState] = Operation(
    id="dashboard.save",
    title="Save dashboard",
    past="saved",
    key="e",
    target=DashboardRef,
    help="Replaces a dashboard by the JSON that is given, or makes a new one of it.",
    calls=("cloudwatch:PutDashboard",),
    read=_read,
    plan=_plan,
    consequences=_consequences,
    basis=_basis,
    fields=_fields,
    touches=_touched,
    idempotency=True,
)


# --- delete ---------------------------------------------------------------------------------------------


def _delete_refuse(state: DashboardState, ref: Ref) -> str | None:
    return None if state.there else f"There is no dashboard {_ref(ref).name}."


def _delete_plan(_state: DashboardState, ref: Ref, _answers: Answers) -> WriteCall:
    return WriteCall("cloudwatch", "DeleteDashboards", {"DashboardNames": [_ref(ref).name]})


DELETE: Operation[DashboardState] = Operation(
    id="dashboard.delete",
    title="Delete dashboard",
    past="deleted",
    key="x",
    target=DashboardRef,
    help="Removes a dashboard; the metrics, alarms and logs it shows stay.",
    calls=("cloudwatch:DeleteDashboards",),
    read=_read,
    plan=_delete_plan,
    refuse=_delete_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=lambda state, _ref, _answers: (
        "CloudWatch keeps no copy: its JSON is gone with it.",
        f"It has {len(state.text):,} characters; J shows them first.",
    ),
    basis=_basis,
    touches=_touched,
    danger=True,
    idempotency=True,
)

OPERATIONS: tuple[Operation[DashboardState], ...] = (SAVE, DELETE)
