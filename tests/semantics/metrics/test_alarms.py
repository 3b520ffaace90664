"""AWS's tables of missing data, cell by cell; the reasons; the rules of composite alarms."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.semantics.metrics import alarm_reasons, alarm_rules
from pointsman.semantics.metrics.alarm_evaluation import Datapoint, Rule, Verdict, breaches, evaluate, undecided
from pointsman.semantics.metrics.alarm_rules import RuleError

KEEP = None
INSUFFICIENT = "INSUFFICIENT_DATA"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
TABLE: list[tuple[int, str, tuple[str | None, ...]]] = [
    (3, "0 - X - X", ("OK", "OK", "OK", "OK")),
    (3, "0 - - - -", ("OK", "OK", "OK", "OK")),
    (3, "- - - - -", (INSUFFICIENT, KEEP, "ALARM", "OK")),
    (3, "0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (3, "- - X - -", ("ALARM", KEEP, "ALARM", "OK")),
    (3, "X - - - -", ("ALARM", KEEP, "ALARM", "OK")),
    (3, "- - - - X", (INSUFFICIENT, KEEP, "ALARM", "OK")),
    (3, "- - - X -", (INSUFFICIENT, KEEP, "ALARM", "OK")),
    (2, "0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "0 - X - -", ("OK", "OK", "ALARM", "OK")),
    (2, "- - - - 0", ("OK", "OK", "ALARM", "OK")),
    (2, "- - - X -", ("ALARM", KEEP, "ALARM", "OK")),
    (2, "- - - - X", (INSUFFICIENT, KEEP, "ALARM", "OK")),
]
CELLS = [
    (m, line, treatment, state)
    for m, line, states in TABLE
    for treatment, state in zip(TREATMENTS, states, strict=True)
]


def points(line: str) -> list[Datapoint | None]:
    values = {"0": 1.0, "X": 9.0}
    return [
        None if mark == "-" else Datapoint(place * 60, values[mark], (5.0, 5.0), 1.0)
        for place, mark in enumerate(line.split())
    ]


@pytest.mark.parametrize(("m", "line", "treatment", "state"), CELLS)
def test_missing_data(m: int, line: str, treatment: str, state: str | None) -> None:
    assert evaluate(Rule(3, m, "GreaterThanThreshold", treatment), points(line)).state == state


MARKS = st.lists(st.sampled_from("0X-"), min_size=5, max_size=5).map(" ".join)


@given(MARKS, st.integers(1, 3))
def test_treatments_are_ordered(line: str, m: int) -> None:
    """What alarms without stand-ins alarms with breaching ones; what is ok with those is ok with any."""
    by = {treatment: evaluate(Rule(3, m, "GreaterThanThreshold", treatment), points(line)) for treatment in TREATMENTS}
    if by["notBreaching"].state == "ALARM":
        assert {verdict.state for verdict in by.values()} == {"ALARM"}
    if by["breaching"].state == "OK":
        assert {verdict.state for verdict in by.values()} <= {"OK", None}
    assert all(len(verdict.evaluated) + verdict.filled == 3 for verdict in by.values())


@pytest.mark.parametrize(
    ("operator", "at", "above"),
    [
        ("GreaterThanThreshold", False, True),
        ("GreaterThanOrEqualToThreshold", True, True),
        ("LessThanThreshold", False, False),
        ("LessThanOrEqualToThreshold", True, False),
        ("LessThanLowerOrGreaterThanUpperThreshold", False, True),
        ("LessThanLowerThreshold", False, False),
        ("GreaterThanUpperThreshold", False, True),
    ],
)
def test_operators(operator: str, at: bool, above: bool) -> None:
    assert breaches(operator, 5.0, (5.0, 5.0)) == at
    assert breaches(operator, 5.1, (5.0, 5.0)) == above
    assert breaches(operator, 4.9, (5.0, 5.0)) == operator.startswith("Less")


def test_a_sum_of_half_a_minute_decides_only_what_more_cannot_undo() -> None:
    assert not undecided("GreaterThanThreshold", "Sum", 9, (5, 5))
    assert undecided("GreaterThanThreshold", "Sum", 1, (5, 5))
    assert undecided("LessThanThreshold", "SampleCount", 1, (5, 5))
    assert not undecided("LessThanThreshold", "Sum", 9, (5, 5))
    assert not undecided("LessThanThreshold", "Minimum", 1, (5, 5))
    assert not undecided("LessThanThreshold", "Average", 1, (5, 5))


@pytest.mark.parametrize(
    ("rule", "line", "before", "expected"),
    [
        (
            Rule(1, 1, "GreaterThanThreshold"),
            "X",
            "OK",
            "Threshold Crossed: 1 datapoint [9.0 (01/01/70 00:00:00)] was greater than the threshold (5.0).",
        ),
        (
            Rule(1, 1, "GreaterThanThreshold"),
            "0",
            "ALARM",
            "Threshold Crossed: 1 datapoint [1.0 (01/01/70 00:00:00)] was not greater than the threshold (5.0).",
        ),
        (
            Rule(3, 2, "GreaterThanThreshold"),
            "X 0 X",
            "OK",
            "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (01/01/70 00:02:00), 9.0 (01/01/70 00:00:00)] "
            "were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (Rule(1, 1, "GreaterThanThreshold"), "-", "OK", "Insufficient Data: 1 datapoint was unknown."),
        (
            Rule(1, 1, "GreaterThanThreshold", "breaching"),
            "-",
            "OK",
            "Threshold Crossed: no datapoints were received for 1 period and "
            "1 missing datapoint was treated as [Breaching].",
        ),
        (
            Rule(2, 2, "GreaterThanThreshold", "notBreaching"),
            "- -",
            "ALARM",
            "Threshold Crossed: no datapoints were received for 2 periods and "
            "2 missing datapoints were treated as [NonBreaching].",
        ),
    ],
)
def test_reasons(rule: Rule, line: str, before: str, expected: str) -> None:
    assert alarm_reasons.sentence(rule, evaluate(rule, points(line)), before) == expected


def test_reason_data() -> None:
    verdict = evaluate(Rule(1, 1, "GreaterThanThreshold"), points("X"))
    made = alarm_reasons.data(verdict, queried=60.25, start=0, period=60, statistic="Average")
    assert json.loads(alarm_reasons.encoded(made)) == {
        "version": "1.0",
        "queryDate": "1970-01-01T00:01:00.250+0000",
        "startDate": "1970-01-01T00:00:00.000+0000",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [9.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [{"timestamp": "1970-01-01T00:00:00.000+0000", "sampleCount": 1.0, "value": 9.0}],
    }
    assert isinstance(verdict, Verdict)


@pytest.mark.parametrize(
    ("value", "text"), [(21.5, "21.5"), (0, "0.0"), (1e10, "1.0E10"), (1.25e-5, "1.25E-5"), (-3, "-3.0")]
)
def test_numbers(value: float, text: str) -> None:
    assert alarm_reasons.number(value) == text


STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "d e": "ALARM", 'q"x': "OK", "OK": "ALARM"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", True),
        ('ALARM("d e") AND OK("q\\"x")', True),
        ("ALARM(b) OR ALARM(a) AND ALARM(b)", False),
        ("NOT ALARM(b) AND ALARM(a)", True),
        ("NOT (ALARM(b) OR ALARM(a))", False),
        ("not alarm(b)", True),
        ("INSUFFICIENT_DATA(c) AND TRUE", True),
        ("FALSE", False),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", True),
        ('AT_LEAST(2, ALARM, ("a", b, "d e"))', True),
        ("AT_LEAST(50%, NOT OK, (a, b, c))", True),
        ("AT_LEAST(3, NOT OK, (a, b, c))", False),
        ("AT_LEAST(1, INSUFFICIENT_DATA, (a, b))", False),
        ("ALARM(OK)", True),
        ("(ALARM(a))OR(FALSE)", True),
    ],
)
def test_rules(rule: str, expected: bool) -> None:
    assert alarm_rules.holds(alarm_rules.read(rule), STATES.__getitem__) == expected


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "empty"),
        ("ALARM(a", "too early"),
        ("ALARM(a) ALARM(b)", "column 10"),
        ("MAYBE(a)", "column 1"),
        ("AT_LEAST(3, ALARM, (a, b))", "1 to 2"),
        ("AT_LEAST(0, ALARM, (a, b))", "1 to 2"),
        (" OR ".join(f"ALARM(x{number})" for number in range(101)), "100 children"),
        (" OR ".join(["TRUE"] * 500), "500 elements"),
        ("NOT " * 400 + "TRUE", "500 elements"),
        ("(" * 61 + "TRUE" + ")" * 61, "levels"),
        ("x" * 10_241, "10240"),
    ],
)
def test_rules_that_are_refused(rule: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        alarm_rules.read(rule)


def test_children_are_told_once_and_in_order() -> None:
    rule = alarm_rules.read("ALARM(b) OR NOT OK(a) OR AT_LEAST(1, OK, (b, c))")
    assert alarm_rules.children(rule) == ["b", "a", "c"]


@given(st.text('ALRMOK NTDE()"\\,5%', max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_rule_or_a_sentence(text: str) -> None:
    with contextlib.suppress(RuleError):
        alarm_rules.read(text)
