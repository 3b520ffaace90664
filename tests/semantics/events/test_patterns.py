"""Event patterns: every filter that AWS documents, its examples, and what no pattern is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.events.patterns import PatternError, parse, read

EVENT: dict[str, Any] = {
    "source": "aws.ec2",
    "time": "2017-10-02T16:24:49Z",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "six": "2001:db8::1",
        "state": "running",
        "file": "images/cat.PNG",
        "empty": "",
        "nothing": None,
        "yes": True,
        "steps": [{"name": "a", "ok": True}, {"name": "b", "ok": False}],
        "nested": {"c1": 100},
    },
}


def detail(**fields: Any) -> dict[str, Any]:
    return {"detail": {name.replace("_", "-"): value for name, value in fields.items()}}


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"source": ["aws.ec2"], "detail": {"state": ["initializing", "running"]}}, True),
        ({"source": ["aws.s3"]}, False),
        ({"resources": ["arn:two"]}, True),
        ({"resources": ["arn:three"]}, False),
        ({"time": [{"prefix": "2017-10-02"}]}, True),
        ({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}, True),
        ({"source": [{"suffix": "ec2"}]}, True),
        (detail(file=[{"suffix": ".png"}]), False),
        (detail(file=[{"suffix": {"equals-ignore-case": ".png"}}]), True),
        (detail(state=[{"equals-ignore-case": "RUNNING"}]), True),
        (detail(state=[{"wildcard": "run*g"}]), True),
        (detail(state=[{"wildcard": "run*x"}]), False),
        (detail(state=[{"wildcard": "*running"}]), True),
        (detail(state=[{"wildcard": "r*n*n*g"}]), True),
        (detail(state=[{"wildcard": "running*running"}]), False),
        (detail(state=[{"anything-but": "initializing"}]), True),
        (detail(state=[{"anything-but": ["running", "stopped"]}]), False),
        (detail(x_limit=[{"anything-but": [100, 200, 300]}]), True),
        (detail(c_count=[{"anything-but": 5}]), False),
        (detail(state=[{"anything-but": {"prefix": "init"}}]), True),
        (detail(state=[{"anything-but": {"prefix": ["init", "run"]}}]), False),
        (detail(file=[{"anything-but": {"suffix": ".PNG"}}]), False),
        (detail(state=[{"anything-but": {"equals-ignore-case": ["Running"]}}]), False),
        (detail(file=[{"anything-but": {"wildcard": "*/cat*"}}]), False),
        (detail(missing=[{"anything-but": "x"}]), False),
        (detail(c_count=[{"numeric": [">", 0, "<=", 5]}]), True),
        (detail(d_count=[{"numeric": ["<", 3]}]), False),
        (detail(x_limit=[{"numeric": ["=", 3.018e2]}]), True),
        (detail(state=[{"numeric": [">", 0]}]), False),
        (detail(yes=[{"numeric": [">", 0]}]), False),
        (detail(source_ip=[{"cidr": "10.0.0.0/24"}]), True),
        (detail(source_ip=[{"cidr": "10.0.1.0/24"}]), False),
        (detail(six=[{"cidr": "2001:db8::/32"}]), True),
        (detail(state=[{"cidr": "10.0.0.0/8"}]), False),
        (detail(c_count=[{"exists": True}]), True),
        (detail(c_count=[{"exists": False}]), False),
        (detail(other=[{"exists": False}]), True),
        (detail(other=[{"exists": True}]), False),
        (detail(other=["x", {"exists": False}]), True),
        ({"elsewhere": {"deep": {"field": [{"exists": False}]}}}, True),
        # Exists looks at leaves: an object is none.
        (detail(nested=[{"exists": True}]), False),
        (detail(nested=[{"exists": False}]), True),
        (detail(nothing=[None]), True),
        (detail(empty=[""]), True),
        (detail(empty=[None]), False),
        (detail(nothing=[""]), False),
        (detail(yes=[True]), True),
        (detail(yes=[1]), False),
        (detail(c_count=[True]), False),
        # Of an array of objects it must be one that has everything.
        (detail(steps={"name": ["a"], "ok": [True]}), True),
        (detail(steps={"name": ["a"], "ok": [False]}), False),
        ({"detail": {"$or": [{"c-count": [9]}, {"d-count": [{"numeric": ["<", 10]}]}]}}, True),
        ({"detail": {"$or": [{"c-count": [9]}, {"d-count": [9]}]}}, False),
        ({"source": ["aws.ec2"], "$or": [{"a": [1]}, {"b": [2], "c": [3]}, {"resources": ["arn:one"]}]}, True),
        ({"source": ["aws.s3"], "$or": [{"a": [1]}, {"resources": ["arn:one"]}]}, False),
    ],
)
def test_a_filter(pattern: dict[str, Any], fits: bool) -> None:
    assert read(pattern).matches(EVENT) is fits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "not an object"),
        ("{", "not JSON"),
        ("{}", "Empty objects"),
        ('{"a": {}}', "Empty objects"),
        ('{"a": []}', "Empty arrays"),
        ('{"a": "x"}', "must be an object or an array"),
        ('{"a": [[1]]}', "Match value must be"),
        ('{"a": [{"regex": "x"}]}', "Unrecognized match type regex"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"prefix": {"suffix": "x"}}]}', "Unsupported prefix pattern"),
        ('{"a": [{"wildcard": "a**b"}]}', "Consecutive wildcard"),
        ('{"a": [{"wildcard": "a\\\\b"}]}', "Invalid escape"),
        ('{"a": [{"exists": "yes"}]}', "either true or false"),
        ('{"a": [{"numeric": 5}]}', "must be an array"),
        ('{"a": [{"numeric": []}]}', "a comparison"),
        ('{"a": [{"numeric": ["<"]}]}', "a comparison"),
        ('{"a": [{"numeric": ["~", 5]}]}', "Unrecognized numeric"),
        ('{"a": [{"numeric": [">", 5, "<", 5]}]}', "less than top"),
        ('{"a": [{"numeric": [">", 6e9]}]}', "between -5.0E9"),
        ('{"a": [{"numeric": [">", true]}]}', "must be a number"),
        ('{"a": [{"cidr": "10.0.0.0"}]}', "CIDR"),
        ('{"a": [{"cidr": "10.0.0.0/99"}]}', "CIDR"),
        ('{"a": [{"anything-but": []}]}', "all values are number or string"),
        ('{"a": [{"anything-but": [1, "a"]}]}', "mixed type"),
        ('{"a": [{"anything-but": [null]}]}', "must be an array or single"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix"),
        ('{"a": [{"anything-but": {"numeric": [">", 1]}}]}', "Unsupported anything-but"),
        ('{"$or": {"a": [1]}}', "must be an Array"),
        ('{"$or": [{"a": [1]}]}', "at least 2"),
        ('{"$or": [{"a": [1]}, 2]}', "Only JSON object"),
        ('{"$or": [{"a": [1]}, {"prefix": ["x"]}]}', "reserved"),
        ('{"a":' * 500 + "[1]" + "}" * 500, "nested deeper|not JSON"),
        (
            "{" + ",".join(f'"f{at}": {{"$or": [{{"a": [1]}}, {{"b": [1]}}]}}' for at in range(10)) + "}",
            "1024 rule combinations",
        ),
    ],
)
def test_what_is_no_pattern_says_why(text: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        parse(text)


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab*\\", max_size=4)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
FILTERS = st.one_of(
    SCALARS,
    st.builds(lambda text: {"prefix": text}, st.text("ab", max_size=2)),
    st.builds(lambda text: {"anything-but": text}, st.text("ab", max_size=2)),
    st.builds(lambda yes: {"exists": yes}, st.booleans()),
    st.just({"numeric": [">", 0]}),
)
PATTERNS = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.lists(FILTERS, min_size=1, max_size=2), min_size=1, max_size=2),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=2)
        | st.builds(lambda one, two: {"$or": [one, two]}, inner, inner)
    ),
    max_leaves=4,
)


@given(PATTERNS, st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_or_is_one_or_the_other(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    both = read({"$or": [pattern, {"zz": [1]}]})
    assert both.matches(event) == read(pattern).matches(event)
    assert both.combinations == read(pattern).combinations + 1


@given(PATTERNS, JSON)
def test_any_event_is_judged(pattern: dict[str, Any], event: Any) -> None:
    assert isinstance(read(pattern).matches(event), bool)


@given(st.text("ab*\\", max_size=6), st.text("ab*\\", max_size=8))
def test_a_wildcard_is_what_a_regular_expression_says(text: str, value: str) -> None:
    expression, at = "", 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in ("*", "\\"):
            at += 1
            expression += re.escape(text[at])
        elif text[at] == "\\" or text[at : at + 2] == "**":
            with pytest.raises(PatternError):
                read({"a": [{"wildcard": text}]})
            return
        else:
            expression += ".*" if text[at] == "*" else text[at]
        at += 1
    fits = re.fullmatch(expression, value, re.DOTALL) is not None
    assert read({"a": [{"wildcard": text}]}).matches({"a": value}) is fits


@given(st.recursive(st.dictionaries(st.sampled_from("abc"), SCALARS, min_size=1, max_size=3),
                    lambda inner: st.dictionaries(st.sampled_from("abc"), SCALARS | inner, min_size=1, max_size=3),
                    max_leaves=8))  # fmt: skip
def test_an_event_fits_the_pattern_made_of_it(event: dict[str, Any]) -> None:
    def exact(value: Any) -> Any:
        return {name: exact(one) if isinstance(one, dict) else [one] for name, one in value.items()}

    assert read(exact(event)).matches(event)
    assert read(exact(event)).matches({**event, "more": 1})
    assert not read({**exact(event), "z": ["there is none"]}).matches(event)
