from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.semantics.traces import sampling, sampling_file
from pointsman.semantics.traces.sampling import Request, Reservoir, Rule
from pointsman.semantics.traces.sampling_file import SamplingFileError

BASE = Rule("base", 100, 0.5, 1)
DEFAULT = Rule("Default", 10_000, 0.05, 1)


@given(st.text("aAb*?.", max_size=8), st.text("aAb.", max_size=10))
def test_wildcards_mean_what_a_regular_expression_says(pattern: str, text: str) -> None:
    spelled = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    assert sampling.wildcard(pattern, text) == bool(re.fullmatch(spelled, text, re.IGNORECASE))


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not sampling.wildcard("*a" * 60 + "b", "a" * 2000)


def test_the_first_rule_by_priority_and_name_that_matches_is_taken() -> None:
    rules = [DEFAULT, replace(BASE, name="b", url_path="/api/*"), replace(BASE, name="a", url_path="/api/*")]
    rules.append(replace(BASE, name="post", priority=1, http_method="post"))
    asked = Request("shop", "", "shop.local", "GET", "/api/x")
    assert [rule.name for rule in sampling.ordered(rules)] == ["post", "a", "b", "Default"]
    assert sampling.choose(rules, asked) == rules[2]
    assert sampling.choose(rules, replace(asked, http_method="POST")) == rules[3]
    assert sampling.choose(rules, replace(asked, url_path="/")) == DEFAULT
    assert sampling.choose([], asked) is None


def test_attributes_are_asked_of_what_is_known_at_the_start() -> None:
    rule = replace(BASE, attributes={"tenant": "gold*"})
    assert sampling.matches(rule, Request(attributes={"tenant": "Golden"}))
    assert not sampling.matches(rule, Request())


@pytest.mark.parametrize("key", ["http.status_code", "http.status", "http.response.status", "fault", "x.status_code"])
def test_a_rule_that_waits_for_the_answer_never_matches(key: str) -> None:
    assert key in sampling.never(replace(BASE, attributes={key: "5*"}))


def test_a_rule_that_another_leaves_nothing_is_said_to() -> None:
    wide = replace(BASE, name="wide", priority=1)
    assert "wide comes first" in sampling.never(BASE, [BASE, wide, DEFAULT])
    assert sampling.never(BASE, [BASE, replace(wide, host="a"), DEFAULT]) == ""
    assert sampling.never(DEFAULT, [replace(BASE, host="a"), DEFAULT]) == ""
    assert "empty" in sampling.never(replace(BASE, host=""))


def test_what_sdks_ignore() -> None:
    assert "attributes" in sampling.ignored_by_sdks(replace(BASE, attributes={"a": "b"}))
    assert "ARN" in sampling.ignored_by_sdks(replace(BASE, resource_arn="arn:x"))
    assert sampling.ignored_by_sdks(BASE) == ""


def test_one_a_second_is_borrowed_until_there_is_a_quota() -> None:
    rule, held = replace(BASE, fixed_rate=0.0), Reservoir()
    taken = []
    for now in (10.0, 10.5, 11.2):
        yes, held = sampling.decide(rule, held, now, 0.9)
        taken.append(yes)
    assert taken == [True, False, True]
    assert (held.requests, held.sampled, held.borrowed) == (3, 2, 2)
    held = replace(held, quota=2, expires=100.0)
    taken = []
    for now in (20.0, 20.1, 20.2, 21.0):
        yes, held = sampling.decide(rule, held, now, 0.9)
        taken.append(yes)
    assert taken == [True, True, False, True]
    assert held.borrowed == 2
    assert sampling.decide(rule, held, 101.0, 0.9)[0]  # expired: borrowed again
    assert not sampling.decide(replace(rule, reservoir_size=0), Reservoir(), 1.0, 0.9)[0]
    assert sampling.decide(replace(rule, fixed_rate=0.5, reservoir_size=0), Reservoir(), 1.0, 0.4)[0]


@given(st.integers(0, 1000), st.sets(st.text("abc", min_size=1), max_size=9))
def test_a_reservoir_is_shared_out_evenly_and_wholly(reservoir: int, clients: set[str]) -> None:
    found = sampling.share(reservoir, list(clients))
    assert set(found) == clients
    if clients:
        assert sum(found.values()) == reservoir
        assert max(found.values()) - min(found.values()) <= 1


def _file(*rules: dict[str, Any], version: int = 2) -> str:
    return json.dumps({"version": version, "rules": rules, "default": {"fixed_target": 1, "rate": 0.1}})


def _rule(**members: Any) -> dict[str, Any]:
    return {"host": "*", "http_method": "*", "url_path": "/x/*", "fixed_target": 0, "rate": 0.05, **members}


def test_a_file_of_the_sdks_is_read_in_its_order() -> None:
    found = sampling_file.read(_file(_rule(description="Moves!", host="a"), _rule(description="Moves!", host="b")))
    assert [(rule.name, rule.priority, rule.reservoir_size, rule.fixed_rate) for rule in found.rules] == [
        ("Moves", 10, 0, 0.05),
        ("Moves-2", 20, 0, 0.05),
        ("Default", 10_000, 1, 0.1),
    ]
    assert found.warnings == ()


def test_version_one_says_service_name_for_host() -> None:
    given = _rule(service_name="shop*")
    del given["host"]
    assert sampling_file.read(_file(given, version=1)).rules[0].host == "shop*"


def test_a_file_that_mixes_in_the_services_own_members_and_a_rule_that_can_never_match() -> None:
    mixed = {
        "RuleName": "errors",
        "Priority": 1,
        "FixedRate": 1.0,
        "ReservoirSize": 5,
        "ServiceName": "*",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "ResourceARN": "*",
        "Version": 1,
        "Attributes": {"http.status_code": "5*"},
    }
    found = sampling_file.read(_file(mixed))
    assert found.rules[0].attributes == {"http.status_code": "5*"}
    assert found.warnings[0].startswith("errors: It can never match: http.status_code is not known yet")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"version": 3}', "1 and 2"),
        (_file(_rule(rate=2)), "rule 1: its rate"),
        (_file(_rule(rate=True)), "rule 1: its rate"),
        (_file(_rule(fixed_target=-1)), "fixed target"),
        (_file(_rule(host=5)), "host is a text"),
        (_file(_rule(colour="red")), "unknown member colour"),
        (_file(_rule(priority=0)), "priority"),
        ('{"version": 2, "default": {"fixed_target": 1, "rate": 0.1, "host": "a"}}', "default"),
        (" " * 300_000, "too large"),
    ],
)
def test_a_mistake_in_a_file_names_the_rule(content: str, words: str) -> None:
    with pytest.raises(SamplingFileError, match=words):
        sampling_file.read(content)
