"""What a person may do to log groups: how long they keep events, making and deleting them and their metric filters."""

from __future__ import annotations

import re
from typing import Any

from pointsman.digits import digits
from pointsman.model.logs import GroupDetail, MetricFilter
from pointsman.model.refs import LogGroupRef, MetricFilterRef, Ref
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The days AWS lets a group keep its events."""
_GROUP = re.compile(r"[\.\-_/#A-Za-z0-9]{1,512}")
_FILTER = re.compile(r"[^:*]{1,512}")
_METRIC = re.compile(r"[^:*$]{1,255}")
_CLASSES = (
    Choice("STANDARD", "STANDARD", "everything works on it: live tail, metric filters, Insights"),
    Choice("INFREQUENT_ACCESS", "INFREQUENT_ACCESS", "half the price to write; no live tail, no metric filters"),
)
_UNITS = ("None", "Count", "Seconds", "Milliseconds", "Microseconds", "Bytes", "Kilobytes", "Megabytes", "Percent")


def _name(ref: Ref) -> str:
    if isinstance(ref, LogGroupRef):
        return ref.name
    if isinstance(ref, MetricFilterRef):
        return ref.group
    raise TypeError(f"{ref!r} is no log group")


async def _read(services: ServicesLike, ref: Ref) -> GroupDetail:
    return await services.logs.groups.fresh(LogGroupRef(_name(ref)))


def _touched(ref: Ref) -> tuple[tuple[str, ...], ...]:
    return ("log-groups",), ("log-group", _name(ref))


# --- retention ------------------------------------------------------------------------------------------


def _days(words: str) -> int:
    """What a choice means; 0 is for ever."""
    return int(words) if digits(words) else 0


def _kept(days: int) -> str:
    return f"{days:,} day{'s' if days > 1 else ''}" if days else "for ever"


def _retention_fields(state: GroupDetail, _ref: Ref) -> tuple[Field, ...]:
    now = state.group.retention
    choices = tuple(Choice(str(days), _kept(days), "as it is now" if days == now else "") for days in RETENTIONS)
    return (Field(name="days", label="Keep events", default=str(now) if now else "30", required=True, choices=choices),)


def _retention_refuse(state: GroupDetail, _ref: Ref) -> str | None:
    if state.group.group_class == "DELIVERY":
        return "A group of class DELIVERY keeps its events for two days, whatever is asked."
    return None


def _retention_consequences(state: GroupDetail, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    before, after = state.group.retention, _days(answers.get("days", ""))
    if before == after:
        return (f"Nothing changes: events are kept {_kept(after)} already.",)
    lines = [f"Events are kept {_kept(after)} instead of {_kept(before)}."]
    if not before or after < before:
        lines.append(f"What is older than {_kept(after)} is deleted, for good, within about three days.")
    else:
        lines.append("What has been deleted already does not come back.")
    return tuple(lines)


def _basis(state: GroupDetail, _ref: Ref, _answers: Answers) -> dict[str, str]:
    return {"kept now": _kept(state.group.retention)}


RETENTION: Operation[GroupDetail] = Operation(
    id="log-group.set-retention",
    title="Set retention",
    past="set the retention of",
    key="r",
    target=LogGroupRef,
    help="How long a group keeps its events; a shorter time deletes what is older.",
    calls=("logs:PutRetentionPolicy",),
    read=_read,
    plan=lambda _state, ref, answers: WriteCall(
        "logs", "PutRetentionPolicy", {"logGroupName": _name(ref), "retentionInDays": _days(answers.get("days", ""))}
    ),
    refuse=_retention_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=_retention_consequences,
    basis=_basis,
    fields=_retention_fields,
    touches=_touched,
    idempotency=True,
)


def _forever_refuse(state: GroupDetail, ref: Ref) -> str | None:
    if state.group.retention == 0 and state.group.group_class != "DELIVERY":
        return f"{state.group.name} never expires already."
    return _retention_refuse(state, ref)


FOREVER: Operation[GroupDetail] = Operation(
    id="log-group.keep-forever",
    title="Keep for ever",
    past="took the retention off",
    key="R",
    target=LogGroupRef,
    help="Takes a group's retention away: nothing is deleted by itself any more.",
    calls=("logs:DeleteRetentionPolicy",),
    read=_read,
    plan=lambda _state, ref, _answers: WriteCall("logs", "DeleteRetentionPolicy", {"logGroupName": _name(ref)}),
    refuse=_forever_refuse,
    consequences=lambda state, _ref, _answers: (
        f"Events are kept for ever instead of {_kept(state.group.retention)}.",
        "From now on nothing is deleted by itself: the group grows, and costs more each month.",
    ),
    basis=_basis,
    touches=_touched,
    idempotency=True,
)


# --- making and deleting groups -------------------------------------------------------------------------


def _group_problem(text: str) -> str | None:
    if not text or _GROUP.fullmatch(text.strip()):
        return None
    return "letters, digits and _ - / . # only, 512 of them at most"


def _create_plan(_state: GroupDetail, _ref: Ref, answers: Answers) -> WriteCall:
    parameters: dict[str, Any] = {"logGroupName": answers.get("name", "").strip()}
    if (chosen := answers.get("class", "")) and chosen != "STANDARD":
        parameters["logGroupClass"] = chosen
    return WriteCall("logs", "CreateLogGroup", parameters)


def _create_consequences(_state: GroupDetail, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    name = answers.get("name", "").strip() or "the group"
    lines = [f"{name} is made, empty; it never expires until a retention is set for it."]
    if answers.get("class") == "INFREQUENT_ACCESS":
        lines.append("Its class cannot be changed later: no live tail, no metric or subscription filters.")
    return tuple(lines)


CREATE: Operation[GroupDetail] = Operation(
    id="log-group.create",
    title="Create log group",
    past="created a log group beside",
    key="n",
    target=LogGroupRef,
    help="Makes a new log group, beside the one that is selected.",
    calls=("logs:CreateLogGroup",),
    read=_read,
    plan=_create_plan,
    consequences=_create_consequences,
    fields=lambda _state, ref: (
        Field(
            name="name",
            label="Name",
            default=_name(ref).rpartition("/")[0] + "/" if "/" in _name(ref) else "",
            required=True,
            check=_group_problem,
        ),
        Field(name="class", label="Class", default="STANDARD", choices=_CLASSES),
    ),
    touches=_touched,
)


def _delete_consequences(state: GroupDetail, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    group = state.group
    streams = f"{len(state.streams)}{'+' if state.more_streams else ''}"
    lines = [f"Every event of {group.name} is deleted, for good: {streams} streams, {group.stored or 0:,} bytes."]
    if state.filters:
        named = ", ".join(one.name for one in state.filters[:5])
        lines.append(
            f"Its metric filters go with it ({named}): their metrics get no more data, alarms on them neither."
        )
    if state.subscriptions:
        lines.append(f"Its subscriptions end: {', '.join(one.destination for one in state.subscriptions)}.")
    lines.append("A service that writes to it makes it anew with its next event, or fails where it may not.")
    return tuple(lines)


DELETE: Operation[GroupDetail] = Operation(
    id="log-group.delete",
    title="Delete log group",
    past="deleted",
    key="D",
    target=LogGroupRef,
    help="Deletes a log group with everything in it, for good.",
    calls=("logs:DeleteLogGroup",),
    read=_read,
    plan=lambda _state, ref, _answers: WriteCall("logs", "DeleteLogGroup", {"logGroupName": _name(ref)}),
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=_delete_consequences,
    basis=lambda state, _ref, _answers: {"metric filters": ", ".join(one.name for one in state.filters)},
    touches=_touched,
    danger=True,
)


# --- metric filters -------------------------------------------------------------------------------------


def _filter(state: GroupDetail, ref: Ref) -> MetricFilter | None:
    if not isinstance(ref, MetricFilterRef):
        return None
    return next((one for one in state.filters if one.name == ref.name), None)


def _number_problem(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        float(text)
    except ValueError:
        return "a number, or nothing"
    return None


def _value_problem(text: str) -> str | None:
    words = text.strip()
    return None if not words or words.startswith("$") or _number_problem(words) is None else "a number, or $field"


def dimensions_of(text: str) -> dict[str, str]:
    """``NAME=$field`` lines as a map."""
    pairs = (line.partition("=") for line in text.replace(",", "\n").splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _dimensions_problem(text: str) -> str | None:
    found = dimensions_of(text)
    if any(not name or not value.startswith("$") for name, value in found.items()):
        return "NAME=$field, one a line"
    return "three at most" if len(found) > 3 else None


def _pattern(pattern: re.Pattern[str], words: str) -> Any:
    return lambda text: None if not text or pattern.fullmatch(text.strip()) else words


def _filter_fields(now: MetricFilter | None) -> tuple[Field, ...]:
    named = (
        ()
        if now is not None
        else (
            Field(
                name="name", label="Name", required=True, check=_pattern(_FILTER, "no colon and no star, 512 at most")
            ),
        )
    )
    metric = _pattern(_METRIC, "no colon, star or dollar, 255 at most")
    return (
        *named,
        Field(
            name="pattern",
            label="Pattern",
            default=now.pattern if now is not None else "",
            placeholder="ERROR -retry, { $.status = 5* }; empty takes every event",
        ),
        Field(name="namespace", label="Namespace", required=True, default=now.namespace if now else "", check=metric),
        Field(name="metric", label="Metric", required=True, default=now.metric if now else "", check=metric),
        Field(
            name="value",
            label="Value",
            required=True,
            default=now.value if now else "1",
            check=_value_problem,
            placeholder="a number, or a field of the pattern: $.ms, $size",
        ),
        Field(
            name="default",
            label="Default value",
            default="" if now is None or now.default is None else f"{now.default:g}",
            check=_number_problem,
            placeholder="for a minute with events of which none matches; nothing sends nothing",
        ),
        Field(
            name="unit",
            label="Unit",
            default=now.unit if now is not None and now.unit else "None",
            choices=tuple(
                Choice(one, one) for one in dict.fromkeys((*_UNITS, *((now.unit,) if now and now.unit else ())))
            ),
        ),
        Field(
            name="dimensions",
            label="Dimensions",
            default="\n".join(f"{name}={value}" for name, value in now.dimensions) if now else "",
            check=_dimensions_problem,
            multiline=True,
            placeholder="NAME=$field, one a line; each value is a metric of its own, and is billed as one",
        ),
    )


def _put_plan(now: MetricFilter | None, ref: Ref, answers: Answers) -> WriteCall:
    made: dict[str, Any] = {
        "metricNamespace": answers.get("namespace", "").strip(),
        "metricName": answers.get("metric", "").strip(),
        "metricValue": answers.get("value", "").strip() or "1",
    }
    if text := answers.get("default", "").strip():
        made["defaultValue"] = float(text)
    if (unit := answers.get("unit", "None")) != "None":
        made["unit"] = unit
    if dimensions := dimensions_of(answers.get("dimensions", "")):
        made["dimensions"] = dimensions
    name = ref.name if isinstance(ref, MetricFilterRef) else answers.get("name", "").strip()
    parameters: dict[str, Any] = {
        "logGroupName": _name(ref),
        "filterName": name,
        "filterPattern": answers.get("pattern", "").strip(),
        "metricTransformations": [made],
    }
    if now is not None and now.transformed:
        parameters["applyOnTransformedLogs"] = True
    if now is not None and now.criteria:
        parameters["fieldSelectionCriteria"] = now.criteria
    if now is not None and now.system_fields:
        parameters["emitSystemFieldDimensions"] = list(now.system_fields)
    return WriteCall("logs", "PutMetricFilter", parameters)


def _put_consequences(state: GroupDetail, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    names = [answers.get(one, "").strip() for one in ("namespace", "metric")]
    metric = "/".join(names) if all(names) else "the metric"
    lines = [f"From now on, events that match give a value to {metric}; what is in the group already does not."]
    dimensions = dimensions_of(answers.get("dimensions", ""))
    if dimensions:
        lines.append(f"Each value of {', '.join(dimensions)} is a metric of its own, and is billed as one.")
        if answers.get("default", "").strip():
            lines.append("AWS refuses a default value together with dimensions.")
    if state.group.group_class == "INFREQUENT_ACCESS":
        lines.append("AWS refuses metric filters on groups of class INFREQUENT_ACCESS.")
    return tuple(lines)


def _put_refuse(state: GroupDetail, _ref: Ref) -> str | None:
    if state.group.group_class not in ("", "STANDARD"):
        return f"A group of class {state.group.group_class} has no metric filters."
    if len(state.filters) >= 100:
        return "The group has 100 metric filters already: AWS allows no more."
    return None


def _there(state: GroupDetail, ref: Ref) -> str | None:
    return None if _filter(state, ref) is not None else f"There is no metric filter {ref} any more."


MAKE_FILTER: Operation[GroupDetail] = Operation(
    id="log-group.create-filter",
    title="Create metric filter",
    past="made a metric filter of",
    key="m",
    target=LogGroupRef,
    help="Makes a metric of what matches a pattern; a filter of the same name is replaced.",
    calls=("logs:PutMetricFilter",),
    read=_read,
    plan=lambda _state, ref, answers: _put_plan(None, ref, answers),
    refuse=_put_refuse,
    consequences=_put_consequences,
    fields=lambda _state, _ref: _filter_fields(None),
    touches=_touched,
    idempotency=True,
)

CHANGE_FILTER: Operation[GroupDetail] = Operation(
    id="metric-filter.change",
    title="Change metric filter",
    past="changed",
    key="e",
    target=MetricFilterRef,
    help="Gives a metric filter another pattern, metric or value.",
    calls=("logs:PutMetricFilter",),
    read=_read,
    plan=lambda state, ref, answers: _put_plan(_filter(state, ref), ref, answers),
    refuse=_there,
    consequences=_put_consequences,
    basis=lambda state, ref, _answers: {"pattern now": one.pattern if (one := _filter(state, ref)) else ""},
    fields=lambda state, ref: _filter_fields(_filter(state, ref)),
    touches=_touched,
    idempotency=True,
)

DELETE_FILTER: Operation[GroupDetail] = Operation(
    id="metric-filter.delete",
    title="Delete metric filter",
    past="deleted",
    key="D",
    target=MetricFilterRef,
    help="Deletes a metric filter; the metric's data stays, and gets no more.",
    calls=("logs:DeleteMetricFilter",),
    read=_read,
    plan=lambda _state, ref, _answers: WriteCall(
        "logs", "DeleteMetricFilter", {"logGroupName": _name(ref), "filterName": getattr(ref, "name", "")}
    ),
    refuse=_there,
    confirm=lambda _state, _ref: Confirm.ASK,
    consequences=lambda state, ref, _answers: (
        f"{one.namespace}/{one.metric} gets no more data from it; an alarm on it goes to INSUFFICIENT_DATA."
        if (one := _filter(state, ref)) is not None
        else "It is gone already.",
    ),
    touches=_touched,
    danger=True,
)


OPERATIONS: tuple[Operation[Any], ...] = (
    RETENTION,
    FOREVER,
    MAKE_FILTER,
    CREATE,
    DELETE,
    CHANGE_FILTER,
    DELETE_FILTER,
)
