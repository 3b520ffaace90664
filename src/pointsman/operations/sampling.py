"""What a person may do to sampling rules: make one, change one, take one away."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from pointsman.digits import digits
from pointsman.model.refs import Ref, SamplingRuleRef
from pointsman.model.sampling import SamplingRule, SamplingRules
from pointsman.operations.declare import Answers, Confirm, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike
from pointsman.semantics.traces import sampling
from pointsman.semantics.traces.sampling import DEFAULT, LOWEST, Rule

MOST = 25
"""Rules that an account may have in a region, beside the default one."""
_TEXTS = (
    ("service_name", "ServiceName", "Service name", 64),
    ("service_type", "ServiceType", "Service type", 64),
    ("host", "Host", "Host", 64),
    ("http_method", "HTTPMethod", "HTTP method", 10),
    ("url_path", "URLPath", "URL path", 128),
    ("resource_arn", "ResourceARN", "Resource ARN", 500),
)
"""Field, member of the call, what a person reads, the most characters."""


def _ref(ref: Ref) -> SamplingRuleRef:
    if not isinstance(ref, SamplingRuleRef):
        raise TypeError(f"{ref!r} is not a sampling rule")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> SamplingRules:
    _ref(ref)
    return await services.sampling.fresh()


def _touched(_: Ref) -> tuple[tuple[str, ...], ...]:
    return (("sampling-rules",),)


def _gone(state: SamplingRules, ref: Ref) -> str | None:
    return None if state.named(_ref(ref).name) is not None else f"There is no sampling rule {ref} any more."


# --- what a person writes --------------------------------------------------------------------------------------------


def _whole(least: int, most: int) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        text = value.strip()
        if digits(text, 12) and least <= int(text) <= most:
            return None
        return f"a whole number from {least:,} to {most:,}"

    return check


def rate_of(value: str) -> float | None:
    """A share of one, from a number of percent; None when it is none."""
    try:
        number = float(value.strip().removesuffix("%").strip())
    except ValueError:
        return None
    return number / 100 if math.isfinite(number) and 0 <= number <= 100 else None


def _rate(value: str) -> str | None:
    return None if rate_of(value) is not None else "a number of percent from 0 to 100"


def _text(most: int) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        if not value.strip():
            return "an empty one never matches; * is any"
        return None if len(value.strip()) <= most else f"at most {most} characters"

    return check


def attributes_of(value: str) -> dict[str, str]:
    """``NAME=value`` lines as attributes."""
    pairs = (line.partition("=") for line in value.splitlines() if line.strip())
    return {name.strip(): pattern.strip() for name, _, pattern in pairs}


def _attributes(value: str) -> str | None:
    lines = [line for line in value.splitlines() if line.strip()]
    if any("=" not in line for line in lines):
        return "a line is NAME=value"
    found = attributes_of(value)
    if len(found) > 5:
        return "at most 5 attributes"
    if any(not 1 <= len(part) <= 32 for pair in found.items() for part in pair):
        return "names and values have 1 to 32 characters"
    return None


def _percent(rate: float) -> str:
    return f"{rate * 100:.4f}".rstrip("0").rstrip(".")


def _form(rule: Rule) -> tuple[Field, ...]:
    """The fields of a rule, filled in as it is; of the default one only what can be changed."""
    numbers = (
        Field("fixed_rate", "Rate, in percent", _percent(rule.fixed_rate), required=True, check=_rate),
        Field(
            "reservoir_size", "Reservoir, a second", str(rule.reservoir_size), required=True, check=_whole(0, 2**31 - 1)
        ),
    )
    if rule.name == DEFAULT:
        return numbers
    patterns = tuple(
        Field(name, label, getattr(rule, name), required=True, check=_text(most), placeholder="*, ? and text")
        for name, _, label, most in _TEXTS
    )
    attributes = "\n".join(f"{name}={value}" for name, value in rule.attributes.items())
    return (
        Field(
            "priority", "Priority (1 is asked first)", str(rule.priority), required=True, check=_whole(1, LOWEST - 1)
        ),
        *numbers,
        *patterns,
        Field(
            "attributes",
            "Attributes",
            attributes,
            check=_attributes,
            multiline=True,
            placeholder="NAME=value, a line each; X-Ray's SDKs ignore rules with attributes",
        ),
    )


def _written(rule: Rule, answers: Answers) -> Rule:
    """The rule that a form says; what is not in it stays."""

    def said(name: str, former: str) -> str:
        return answers.get(name, former).strip()

    rate = rate_of(answers.get("fixed_rate", _percent(rule.fixed_rate)))
    reservoir = said("reservoir_size", str(rule.reservoir_size))
    changed = replace(
        rule,
        fixed_rate=rule.fixed_rate if rate is None else rate,
        reservoir_size=int(reservoir) if _whole(0, 2**31 - 1)(reservoir) is None else rule.reservoir_size,
    )
    if rule.name == DEFAULT:
        return changed
    priority = said("priority", str(rule.priority))
    texts: dict[str, Any] = {name: said(name, getattr(rule, name)) for name, *_ in _TEXTS}
    attributes = attributes_of(answers["attributes"]) if "attributes" in answers else rule.attributes
    number = int(priority) if _whole(1, LOWEST - 1)(priority) is None else rule.priority
    return replace(changed, priority=number, attributes=attributes, **texts)


def _members(rule: Rule) -> dict[str, Any]:
    """A rule as the calls take it."""
    found: dict[str, Any] = {"RuleName": rule.name, "FixedRate": rule.fixed_rate, "ReservoirSize": rule.reservoir_size}
    if rule.name != DEFAULT:
        found["Priority"] = rule.priority
        found |= {member: getattr(rule, name) for name, member, *_ in _TEXTS}
        found["Attributes"] = dict(rule.attributes)
    return found


def _follows(state: SamplingRules, rule: Rule) -> list[str]:
    """What will come of a rule as it would be."""
    others = [one.rule for one in state.rules if one.rule.name != rule.name]
    lines = [
        f"{rule.reservoir_size:,} requests a second are recorded, and of the rest {_percent(rule.fixed_rate)} %.",
        "Samplers hear of it within five minutes, at their next look.",
    ]
    if (why := sampling.never(rule, [*others, rule])) or (why := sampling.ignored_by_sdks(rule)):
        lines.append(why)
    hidden = [
        one.rule.name
        for one in state.rules
        if one.rule.name not in (rule.name, DEFAULT)
        and not state.never(one)
        and sampling.never(one.rule, [*others, rule])
    ]
    if hidden:
        lines.append(f"It takes everything from {', '.join(hidden)}, which would never be asked again.")
    return lines


# --- make ------------------------------------------------------------------------------------------------------------


def _template(state: SamplingRules, ref: Ref) -> Rule:
    """A new rule like the one it is made from, asked just before it."""
    found = state.named(_ref(ref).name)
    used = {one.rule.priority for one in state.rules}
    if found is None or found.default:
        priority = next((one for one in range(1000, LOWEST) if one not in used), 1000)
        return Rule("", priority, 0.05, 1)
    priority = next((one for one in range(found.rule.priority - 1, 0, -1) if one not in used), found.rule.priority)
    return replace(found.rule, name="", priority=priority)


def _name(state: SamplingRules) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        name = value.strip()
        if not 1 <= len(name) <= 32:
            return "a name of 1 to 32 characters"
        return f"there is a rule {name} already" if state.named(name) is not None else None

    return check


def _create_refuse(state: SamplingRules, _: Ref) -> str | None:
    made = sum(not one.default for one in state.rules)
    return f"There are {made} rules: X-Ray allows {MOST} beside the default one." if made >= MOST else None


def _create_fields(state: SamplingRules, ref: Ref) -> tuple[Field, ...]:
    return (Field("name", "Name", required=True, check=_name(state)), *_form(_template(state, ref)))


def _new(state: SamplingRules, ref: Ref, answers: Answers) -> Rule:
    return replace(_written(_template(state, ref), answers), name=answers.get("name", "").strip())


def _create_plan(state: SamplingRules, ref: Ref, answers: Answers) -> WriteCall:
    members = _members(_new(state, ref, answers)) | {"Version": 1}
    return WriteCall("xray", "CreateSamplingRule", {"SamplingRule": members})


def _made(answer: dict[str, Any], _: Ref) -> Ref | None:
    name = answer.get("SamplingRuleRecord", {}).get("SamplingRule", {}).get("RuleName")
    return SamplingRuleRef(name) if isinstance(name, str) and name else None


CREATE: Operation[SamplingRules] = Operation(
    id="sampling-rule.create",
    title="New rule",
    past="made a rule from",
    key="n",
    target=SamplingRuleRef,
    help="Makes a sampling rule that begins as the selected one is, and is asked just before it.",
    calls=("xray:CreateSamplingRule",),
    read=_read,
    plan=_create_plan,
    refuse=_create_refuse,
    fields=_create_fields,
    consequences=lambda state, ref, answers: tuple(_follows(state, _new(state, ref, answers))),
    touches=_touched,
    result=_made,
)


# --- change ----------------------------------------------------------------------------------------------------------


def _known(state: SamplingRules, ref: Ref) -> SamplingRule:
    found = state.named(_ref(ref).name)
    return found if found is not None else SamplingRule(Rule(_ref(ref).name, LOWEST - 1, 0.0, 0))


def _edit_plan(state: SamplingRules, ref: Ref, answers: Answers) -> WriteCall:
    members = _members(_written(_known(state, ref).rule, answers))
    return WriteCall("xray", "UpdateSamplingRule", {"SamplingRuleUpdate": members})


def _as_it_is(state: SamplingRules, ref: Ref, _: Answers) -> dict[str, str]:
    """What a person decides on: somebody else may change the rule meanwhile."""
    members = _members(_known(state, ref).rule)
    return {"the rule": ", ".join(f"{name} {value}" for name, value in members.items())}


EDIT: Operation[SamplingRules] = Operation(
    id="sampling-rule.edit",
    title="Change rule",
    past="changed",
    key="e",
    target=SamplingRuleRef,
    help="Changes what a sampling rule matches and how much it records; of the default one only how much.",
    calls=("xray:UpdateSamplingRule",),
    read=_read,
    plan=_edit_plan,
    refuse=_gone,
    fields=lambda state, ref: _form(_known(state, ref).rule),
    consequences=lambda state, ref, answers: tuple(_follows(state, _written(_known(state, ref).rule, answers))),
    basis=_as_it_is,
    touches=_touched,
    idempotency=True,
)


# --- take away -------------------------------------------------------------------------------------------------------


def _delete_refuse(state: SamplingRules, ref: Ref) -> str | None:
    if _ref(ref).name == DEFAULT:
        return "The default rule cannot be deleted; its rate and its reservoir can be changed."
    return _gone(state, ref)


def _delete_consequences(state: SamplingRules, ref: Ref, _: Answers) -> tuple[str, ...]:
    one = _known(state, ref)
    heirs = [other.rule for other in state.rules if other.rule.name != one.rule.name]
    # A request of just the kind that the rule names falls under the first later rule that may take it.
    later = next((rule for rule in heirs if rule.name == DEFAULT or rule.priority >= one.rule.priority), None)
    lines = [f"What it took falls under the rules after it: {later.name} is asked next."] if later is not None else []
    if one.taken.requests:
        lines.append(f"In the last minutes {one.taken.requests:,} requests fell under it.")
    return (*lines, "Samplers hear of it within five minutes, at their next look.")


DELETE: Operation[SamplingRules] = Operation(
    id="sampling-rule.delete",
    title="Delete rule",
    past="deleted",
    key="D",
    target=SamplingRuleRef,
    help="Takes a sampling rule away; its requests fall under the rules after it.",
    calls=("xray:DeleteSamplingRule",),
    read=_read,
    plan=lambda _state, ref, _answers: WriteCall("xray", "DeleteSamplingRule", {"RuleName": _ref(ref).name}),
    refuse=_delete_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=_delete_consequences,
    basis=_as_it_is,
    touches=_touched,
    danger=True,
    idempotency=True,
)

OPERATIONS: tuple[Operation[Any], ...] = (CREATE, EDIT, DELETE)
