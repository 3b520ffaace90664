"""CloudWatch's answers about alarms of both kinds."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from pointsman.local.answers import Parameters, answers
from pointsman.local.cloudwatch import alarms, composites, errors, evaluation, history, judging, metrics
from pointsman.local.cloudwatch.alarms import Alarm, CompositeAlarm, MetricAlarm
from pointsman.local.cloudwatch.errors import combination, invalid, not_found
from pointsman.local.cloudwatch.watched import Watched, looked_at
from pointsman.local.world import Scope
from pointsman.semantics.metrics import alarm_rules

PAGE: Final = 100
_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_TYPES: Final[dict[str, type[Any]]] = {"MetricAlarm": MetricAlarm, "CompositeAlarm": CompositeAlarm}


@answers("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make an alarm, or change one; its state stays."""
    name = parameters.pop("AlarmName")
    judging.name(name)
    labels = errors.tags_given(parameters.pop("Tags", []))
    judging.metric_alarm(scope, parameters)
    if scope.get(CompositeAlarm, name) is not None:
        raise invalid(f"A composite alarm with the name {name} exists")
    lists = _LISTS if "Metrics" in parameters else (*_LISTS, "Dimensions")
    settings = {"ActionsEnabled": True, **{key: [] for key in lists}, **parameters}
    former = scope.get(MetricAlarm, name)
    if former is not None:
        made = replace(former, settings=settings, configured=scope.now)
    else:
        now = scope.now
        made = MetricAlarm(name=name, settings=settings, configured=now, updated=now, transitioned=now, tags=labels)
    _keep(scope, former, made)
    watched = scope.world.tool(Watched)
    watched.put(scope, made)
    watched.touch(scope, looked_at(settings))
    scope.after(evaluation.SOON, evaluation.TOUCHED, {}, key=evaluation.TOUCHED)
    evaluation.schedule(scope)
    return {}


def _keep(scope: Scope, former: Alarm | None, made: Alarm) -> None:
    scope.put(made.name, made)
    done = "created" if former is None else "updated"
    data = {"version": "1.0", "type": "Create" if former is None else "Update", f"{done}Alarm": made.settings}
    history.add(scope, made.name, alarms.kind(made), "ConfigurationUpdate", f'Alarm "{made.name}" {done}', data)


@answers("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a composite alarm, or change one; it is evaluated at once."""
    name = parameters.pop("AlarmName")
    judging.name(name)
    labels = errors.tags_given(parameters.pop("Tags", []))
    judging.common(parameters)
    if scope.get(MetricAlarm, name) is not None:
        raise invalid(f"A metric alarm with the name {name} exists")
    _check_rule(scope, name, parameters["AlarmRule"])
    _check_suppressor(scope, name, parameters)
    settings = {"ActionsEnabled": True, **{key: [] for key in _LISTS}, **parameters}
    former = scope.get(CompositeAlarm, name)
    if former is not None:
        composites.unlink(scope, former)
        made = composites.forget(scope, replace(former, settings=settings, configured=scope.now))
    else:
        now = scope.now
        made = CompositeAlarm(name=name, settings=settings, configured=now, updated=now, transitioned=now, tags=labels)
    _keep(scope, former, made)
    composites.link(scope, made)
    composites.evaluate(scope, name)
    return {}


def _check_rule(scope: Scope, name: str, text: str) -> None:
    try:
        rule = alarm_rules.read(text)
    except alarm_rules.RuleError as error:
        raise invalid(str(error)) from None
    children = alarm_rules.children(rule)
    unknown = [child for child in children if child != name and alarms.find(scope, child) is None]
    if unknown:
        words = f"alarms [{', '.join(unknown)}] in the alarm rule do not exist"
        raise invalid(f"Could not save the composite alarm as {words}")
    if name in children:
        raise invalid(f"The composite alarm {name} cannot look at itself")


def _check_suppressor(scope: Scope, name: str, given: Parameters) -> None:
    waits = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    if not given.get("ActionsSuppressor"):
        for key in waits:
            if key in given:
                raise combination(f"{key} needs ActionsSuppressor")
        return
    for key in waits:
        if key not in given:
            raise combination(f"{key} is required when ActionsSuppressor is specified")
        if given[key] < 0:
            raise invalid(f"{key} must be 0 or more")
    suppressor = alarms.name_of(given["ActionsSuppressor"])
    if suppressor == name:
        raise invalid("An alarm cannot suppress its own actions")
    if alarms.find(scope, suppressor) is None:
        raise invalid(f"ActionsSuppressor names an alarm that does not exist: {suppressor}")


@answers("cloudwatch", "DescribeAlarms")
def describe_alarms(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Alarms by name, prefix, state, action or kin; metric alarms alone unless others are asked for."""
    names, prefix = parameters.get("AlarmNames", []), parameters.get("AlarmNamePrefix", "")
    if names and prefix:
        raise combination("AlarmNames and AlarmNamePrefix exclude each other")
    wanted = parameters.get("AlarmTypes", ["MetricAlarm"])
    for one in wanted:
        if one == "LogAlarm":
            raise errors.not_built("Log alarms")
        errors.member(one, "alarmTypes.1.member", list(_TYPES))
    kin: list[str] = [key for key in ("ChildrenOfAlarmName", "ParentsOfAlarmName") if key in parameters]
    if kin:
        return _kin(scope, kin, parameters)
    limit = parameters.get("MaxRecords", PAGE)
    after = errors.place(parameters.get("NextToken"), str)
    types = tuple(_TYPES[one] for one in dict.fromkeys(wanted))
    candidates: Iterator[Alarm]
    if names:
        known = (alarms.find(scope, name) for name in sorted(set(names)))
        candidates = iter([one for one in known if one is not None and isinstance(one, types)])
    else:
        most = -1 if {"StateValue", "ActionPrefix"} & parameters.keys() else limit + 1
        scans: list[Iterator[tuple[str, Alarm]]] = [scope.scan(kind, prefix, after=after, limit=most) for kind in types]
        candidates = (one for _, one in heapq.merge(*scans, key=lambda pair: pair[0]))
    found = []
    for one in candidates:
        if _wanted(one, parameters) and (after is None or one.name > after):
            found.append(one)
        if len(found) > limit:
            break
    answer = _shapes(scope, found[:limit])
    if len(found) > limit:
        answer["NextToken"] = errors.token(found[limit - 1].name)
    return answer


def _kin(scope: Scope, kin: list[str], parameters: Parameters) -> dict[str, Any]:
    """The alarms that a composite looks at, or the composites that look at an alarm: names and states only."""
    allowed = {*kin, "MaxRecords", "NextToken", "AlarmTypes"}
    if len(kin) > 1 or set(parameters) - allowed:
        raise combination(f"{kin[0]} excludes every other parameter but MaxRecords and NextToken")
    name = alarms.name_of(parameters[kin[0]])
    alarm = alarms.find(scope, name)
    if alarm is None or (kin[0].startswith("Children") and not isinstance(alarm, CompositeAlarm)):
        raise not_found(f"There is no {'composite ' if kin[0].startswith('C') else ''}alarm {name}")
    if kin[0].startswith("Children"):
        names = alarm_rules.children(alarm_rules.read(alarm.settings["AlarmRule"]))
    else:
        names = [parent for parent, found in composites.parents(scope, name) if found.rule]
    after = errors.place(parameters.get("NextToken"), str) or ""
    limit = parameters.get("MaxRecords", PAGE)
    there = [one for child in sorted(names) if child > after and (one := alarms.find(scope, child)) is not None]
    answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
    for one in there[:limit]:
        shape = {"AlarmName": one.name, "AlarmArn": alarms.arn(scope, one.name), "StateValue": one.state}
        shape["StateUpdatedTimestamp"] = one.updated  # type: ignore[assignment]
        answer[f"{alarms.kind(one)}s"].append(shape)
    if len(there) > limit:
        answer["NextToken"] = errors.token(there[limit - 1].name)
    return answer


def _shapes(scope: Scope, found: list[Alarm]) -> dict[str, Any]:
    answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
    for one in found:
        answer[f"{alarms.kind(one)}s"].append(shape(scope, one))
    return answer


def _wanted(one: Alarm, parameters: Parameters) -> bool:
    if parameters.get("StateValue", one.state) != one.state:
        return False
    prefix = parameters.get("ActionPrefix", "")
    actions = [action for key in _LISTS for action in one.settings[key]]
    return not prefix or any(action.startswith(prefix) for action in actions)


def shape(scope: Scope, one: Alarm) -> dict[str, Any]:
    """An alarm in AWS's shape."""
    made = {
        "AlarmName": one.name,
        "AlarmArn": alarms.arn(scope, one.name),
        "AlarmConfigurationUpdatedTimestamp": one.configured,
        "StateValue": one.state,
        "StateReason": one.reason,
        "StateUpdatedTimestamp": one.updated,
        "StateTransitionedTimestamp": one.transitioned,
        **one.settings,
    }
    if one.reason_data:
        made["StateReasonData"] = one.reason_data
    if isinstance(one, CompositeAlarm) and one.suppressed_by:
        made |= {"ActionsSuppressedBy": one.suppressed_by, "ActionsSuppressedReason": one.suppressed_reason}
    return made


@answers("cloudwatch", "DescribeAlarmsForMetric")
def describe_alarms_for_metric(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The alarms on one metric; on expressions over it when no statistic, period or unit is asked for."""
    metric = metrics.of_shape(parameters)
    asked = [key for key in ("Statistic", "ExtendedStatistic", "Period", "Unit") if key in parameters]
    found = []
    for name in scope.world.tool(Watched).on(scope, metric):
        one = scope.get(MetricAlarm, name)
        if one is not None and all(one.settings.get(key) == parameters[key] for key in asked):
            found.append(shape(scope, one))
    return {"MetricAlarms": found}


@answers("cloudwatch", "SetAlarmState")
def set_alarm_state(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Put an alarm into a state by hand; the next evaluation puts a metric alarm where it belongs."""
    state = parameters["StateValue"]
    errors.member(state, "stateValue", alarms.STATES)
    found = alarms.find(scope, parameters["AlarmName"])
    if found is None:
        raise not_found()
    alarms.set_state(scope, found, state, parameters["StateReason"], parameters.get("StateReasonData", ""))
    return {}


@answers("cloudwatch", "EnableAlarmActions")
def enable_alarm_actions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Let alarms act; names that are not there are passed over."""
    return _switch(scope, parameters["AlarmNames"], on=True)


@answers("cloudwatch", "DisableAlarmActions")
def disable_alarm_actions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep alarms from acting; they are evaluated all the same."""
    return _switch(scope, parameters["AlarmNames"], on=False)


def _switch(scope: Scope, names: list[str], *, on: bool) -> dict[str, Any]:
    for name in dict.fromkeys(names):
        former = alarms.find(scope, name)
        if former is not None and former.settings["ActionsEnabled"] != on:
            settings = {**former.settings, "ActionsEnabled": on}
            _keep(scope, former, replace(former, settings=settings, configured=scope.now))
    return {}


@answers("cloudwatch", "DeleteAlarms")
def delete_alarms(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove alarms; those that are not there are passed over, those that a composite looks at are refused."""
    names = parameters["AlarmNames"]
    if len(names) > PAGE:
        raise invalid(f"At most {PAGE} alarms can be deleted at a time")
    found = [one for name in dict.fromkeys(names) if (one := alarms.find(scope, name)) is not None]
    if sum(isinstance(one, CompositeAlarm) for one in found) > 1:
        raise invalid("At most one composite alarm can be deleted at a time")
    for one in found:
        looking = [parent for parent, _ in composites.parents(scope, one.name) if parent not in names]
        if looking:
            raise invalid(f"Unable to delete {one.name}: the composite alarms [{', '.join(looking)}] depend on it")
    for one in found:
        _remove(scope, one)
    evaluation.schedule(scope)
    return {}


def _remove(scope: Scope, one: Alarm) -> None:
    if isinstance(one, CompositeAlarm):
        composites.unlink(scope, one)
        composites.forget(scope, one)
    else:
        scope.world.tool(Watched).remove(scope, one.name)
    scope.delete(type(one), one.name)
    data = {"version": "1.0", "type": "Delete", "deletedAlarm": one.settings}
    history.add(scope, one.name, alarms.kind(one), "ConfigurationUpdate", f'Alarm "{one.name}" deleted', data)
