"""A composite alarm's rule as a tree, whatever the rules say of one another."""

from __future__ import annotations

import pytest

from pointsman.clock import EPOCH
from pointsman.console.present.alarms import tree
from pointsman.console.present.look import Draw
from pointsman.model.alarms import Alarm, AlarmList
from pointsman.model.refs import AlarmRef


def composite(name: str, rule: str, state: str = "ALARM") -> Alarm:
    return Alarm(AlarmRef(name), composite=True, state=state, rule=rule, since=EPOCH)


def drawn(*alarms: Alarm) -> list[str]:
    """The tree of the first of some alarms."""
    draw = Draw(EPOCH)
    return ["".join(text for text, _ in line) for line in tree(alarms[0], AlarmList(tuple(alarms)), draw)]


def test_composites_in_a_circle_are_unfolded_once() -> None:
    found = drawn(composite("a", "ALARM(b)"), composite("b", "ALARM(c) OR ALARM(a)"), composite("c", "ALARM(b)"))
    assert [line.split()[1 if "ALARM" in line else 0] for line in found] == ["b", "OR", "c", "b", "a"]


def test_an_alarm_that_names_itself_is_a_line() -> None:
    assert len(drawn(composite("a", "ALARM(a)"))) == 1


def test_a_diamond_of_composites_is_as_long_as_its_alarms() -> None:
    each = [composite(f"c{at}", " OR ".join([f"ALARM(c{at + 1})"] * 100)) for at in range(7)]
    found = drawn(*each, composite("c7", "TRUE"))
    assert len(found) == 401
    assert found[-1].startswith("and more")
    narrow = [composite(f"c{at}", f"ALARM(c{at + 1}) OR ALARM(c{at + 1})") for at in range(7)]
    assert len(drawn(*narrow, composite("c7", "TRUE"))) < 40


@pytest.mark.parametrize(
    "rule", ["(" * 60 + "ALARM(a)" + ")" * 60, "NOT " * 50 + "ALARM(a)", "", "ALARM(", "x" * 10_240]
)
def test_odd_rules_are_drawn_or_said(rule: str) -> None:
    assert drawn(composite("top", rule), composite("a", rule))


def test_names_are_text() -> None:
    name = "[red]x[/]\x1b[31m\u202e"
    found = "".join(drawn(composite("top", f'ALARM("{name}")'), composite(name, "TRUE")))
    assert "[red]x[/]" in found
    assert "\x1b" not in found
    assert "\u202e" not in found
