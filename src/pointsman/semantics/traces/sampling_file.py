"""Sampling-rule files of the SDKs: JSON of version 1 or 2, read into rules.

::

    {"version": 2,
     "rules": [{"description": "Moves", "host": "*", "http_method": "*", "url_path": "/api/move/*",
                "fixed_target": 0, "rate": 0.05}],
     "default": {"fixed_target": 1, "rate": 0.1}}

Version 1 says ``service_name`` where version 2 says ``host``. Files that mix in the members of the service's own
rules (``RuleName``, ``Priority``, ``Attributes``, …, in any spelling of case and underscores) are understood too.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final

from msgspec import Struct

from pointsman.semantics.traces import documents, sampling
from pointsman.semantics.traces.sampling import DEFAULT, LOWEST, Rule

LARGEST: Final = 200_000
_STEP: Final = 10
"""Between the priorities of rules that name none: the file's order counts."""
_FIELDS: Final = {
    "description": "name",
    "rulename": "name",
    "name": "name",
    "priority": "priority",
    "rate": "fixed_rate",
    "fixedrate": "fixed_rate",
    "fixedtarget": "reservoir_size",
    "reservoirsize": "reservoir_size",
    "reservoir": "reservoir_size",
    "host": "host",
    "servicename": "service_name",
    "servicetype": "service_type",
    "httpmethod": "http_method",
    "method": "http_method",
    "urlpath": "url_path",
    "path": "url_path",
    "resourcearn": "resource_arn",
    "attributes": "attributes",
    "version": "",
    "rulearn": "",
}
_TEXTS: Final = ("host", "service_name", "service_type", "http_method", "url_path", "resource_arn")


class SamplingFileError(ValueError):
    """The file is no sampling-rule file; a sentence that names the rule."""


class SamplingFile(Struct, frozen=True):
    """A file, read."""

    rules: tuple[Rule, ...]
    """As they are asked; the default rule last, when the file has one."""
    warnings: tuple[str, ...]
    """What cannot work as it stands: a sentence each, with the rule's name."""


def read(content: str | bytes) -> SamplingFile:
    """Read a file.

    Raises:
        SamplingFileError: It is none.
    """
    if len(content) > LARGEST:
        raise SamplingFileError("this is too large for a sampling-rule file")
    try:
        value = documents.decode(content)
    except ValueError as error:
        raise SamplingFileError(f"this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise SamplingFileError("a sampling-rule file is a JSON object")
    version = value.get("version", value.get("Version"))
    if version not in (1, 2) or isinstance(version, bool):
        raise SamplingFileError(f"version is {version!r}; 1 and 2 are known")
    listed = value.get("rules", [])
    if not isinstance(listed, list):
        raise SamplingFileError("rules is a list")
    names: set[str] = {DEFAULT}
    rules = [_rule(one, place, int(version), names) for place, one in enumerate(listed)]
    if "default" in value:
        rules.append(_default(value["default"]))
    rules = sampling.ordered(rules)
    warnings = [f"{rule.name}: {why}" for rule in rules if (why := sampling.never(rule, rules))]
    return SamplingFile(tuple(rules), tuple(warnings))


def _rule(given: Any, place: int, version: int, names: set[str]) -> Rule:
    what = f"rule {place + 1}"
    fields = _fields(given, what)
    if version == 1 and "host" not in fields and "service_name" in fields:
        fields["host"] = fields.pop("service_name")
    name = _name(fields.get("name"), place, names)
    priority = fields.get("priority", (place + 1) * _STEP)
    if type(priority) is not int or not 1 <= priority < LOWEST:
        raise SamplingFileError(f"{what}: its priority is a whole number from 1 to {LOWEST - 1}")
    attributes = fields.get("attributes", {})
    if not isinstance(attributes, dict) or not all(isinstance(one, str) for one in attributes.values()):
        raise SamplingFileError(f"{what}: its attributes are texts by name")
    texts: dict[str, str] = {}
    for key in _TEXTS:
        text = fields.get(key, "*")
        if not isinstance(text, str):
            raise SamplingFileError(f"{what}: its {key.replace('_', ' ')} is a text")
        texts[key] = text
    rate, reservoir = _numbers(fields, what)
    return Rule(name, priority, rate, reservoir, attributes=dict(attributes), **texts)


def _default(given: Any) -> Rule:
    fields = _fields(given, "default")
    wrong = sorted(key for key in (*_TEXTS, "attributes") if fields.get(key, "*") not in ("*", {}))
    if wrong:
        raise SamplingFileError(f"default: it takes every request, so {wrong[0].replace('_', ' ')} cannot be set")
    rate, reservoir = _numbers(fields, "default")
    return Rule(DEFAULT, LOWEST, rate, reservoir)


def _fields(given: Any, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise SamplingFileError(f"{what}: an object belongs here")
    found: dict[str, Any] = {}
    for key, value in given.items():
        field = _FIELDS.get(key.replace("_", "").lower())
        if field is None:
            raise SamplingFileError(f"{what}: unknown member {key}")
        if field:
            found[field] = value
    return found


def _numbers(fields: dict[str, Any], what: str) -> tuple[float, int]:
    rate, reservoir = fields.get("fixed_rate"), fields.get("reservoir_size")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not isfinite(rate) or not 0 <= rate <= 1:
        raise SamplingFileError(f"{what}: its rate is a number from 0 to 1")
    if isinstance(reservoir, bool) or not isinstance(reservoir, int) or not 0 <= reservoir < 2**31:
        raise SamplingFileError(f"{what}: its fixed target is a whole number, 0 or more")
    return float(rate), reservoir


def _name(given: Any, place: int, names: set[str]) -> str:
    wanted = re.sub(r"[^\w\s.:/%&#=+\\\-@]", "", given, flags=re.ASCII).strip() if isinstance(given, str) else ""
    stem = wanted[:32].strip() or f"rule-{place + 1}"
    name, number = stem, 1
    while name in names:
        number += 1
        name = f"{stem[: 31 - len(str(number))]}-{number}"
    names.add(name)
    return name
