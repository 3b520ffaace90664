"""What a target is given: AWS's examples of transformers, and paths that lead nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.events import inputs

EVENT: dict[str, Any] = {
    "version": "0",
    "time": "2015-11-11T21:29:54Z",
    "resources": ["arn:one", "arn:two"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "steps": [{"a": 1}, {"a": 2}, {}], "n": 4},
}
PATHS = {
    "timestamp": "$.time",
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "resource": "$.resources[0]",
    "none": "$.detail.none",
    "all": "$.detail.steps[*].a",
    "number": "$['detail'][\"n\"]",
}


def made(template: str) -> str:
    return inputs.transformed(EVENT, PATHS, template, "example", "arn:rule/example")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        ('"instance \\"<instance>\\" is in <state>"', '"instance \\"i-0123456789\\" is in RUNNING"'),
        ('{"instance" : <instance>, "state": <state>}', '{"instance" : "i-0123456789", "state": "RUNNING"}'),
        ('{"state": [ 9, <state>, true ]}', '{"state": [ 9, "RUNNING", true ]}'),
        ('{"rule": <aws.events.rule-name>}', '{"rule": "example"}'),
        ('"<aws.events.rule-name> triggered"', '"example triggered"'),
        ('{"arn": <aws.events.rule-arn>}', '{"arn": "arn:rule/example"}'),
        ('{"all": <all>, "n": <number>, "text": "<number>"}', '{"all": [1,2], "n": 4, "text": "4"}'),
        ('{"none": <none>, "in": "<none>"}', '{"none": "", "in": ""}'),
        ('"<resource>"', '"arn:one"'),
    ],
)
def test_an_example(template: str, said: str) -> None:
    assert made(template) == said


def test_the_event_itself_with_and_without_its_detail() -> None:
    assert json.loads(made('{"whole": <aws.events.event.json>}'))["whole"] == EVENT
    assert json.loads(made('{"bare": <aws.events.event>}'))["bare"] == {k: v for k, v in EVENT.items() if k != "detail"}


@pytest.mark.parametrize(
    ("paths", "template", "said"),
    [
        ({"a": "detail"}, "<a>", "begin with"),
        ({"a": "$..deep"}, "<a>", "not understood"),
        ({"a": "$.x[?(@.b)]"}, "<a>", "not understood"),
        ({"aws.events.rule-name": "$.x"}, "", "reserved"),
        ({}, "<who>", "placeholders that are not defined: who"),
    ],
)
def test_what_cannot_be_used_says_why(paths: dict[str, str], template: str, said: str) -> None:
    assert said in (inputs.problem(paths, template) or "")


def test_what_can_be_used_has_no_problem() -> None:
    assert inputs.problem(PATHS, '{"a": <instance>, "b": <aws.events.event>}') is None


@given(st.dictionaries(st.sampled_from("ab"), st.text() | st.integers() | st.lists(st.integers())))
def test_outside_quotes_every_value_is_json(event: dict[str, Any]) -> None:
    told = inputs.transformed(event, {"a": "$.a", "b": "$.b"}, '{"a": <a>, "b": [<b>]}', "r", "arn")
    assert json.loads(told) == {"a": event.get("a", ""), "b": [event.get("b", "")]}


@given(st.text())
def test_any_path_is_read_or_refused(text: str) -> None:
    try:
        steps = inputs.path(text)
    except inputs.InputError:
        return
    inputs.pick(EVENT, steps)
