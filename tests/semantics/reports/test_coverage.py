"""Coverage in all four formats, and the arithmetic of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.reports import COVERAGE_FORMATS, CoveredFile, ReportProblem, percentage, read_coverage

CLOVER = b"""<coverage generated="1"><project><package name="shop">
  <file name="Cart.php" path="/src/Cart.php">
    <metrics statements="6" coveredstatements="5" conditionals="2" coveredconditionals="1" elements="9"/></file>
  <file name="Pay.php"><line num="1" type="stmt" count="1"/><line num="2" type="stmt" count="0"/>
    <line num="3" type="cond" truecount="2" falsecount="0"/><line num="4" type="method" count="1"/></file>
</package></project></coverage>"""

COBERTURA = b"""<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="0.9"><packages><package><classes>
  <class name="Cart" filename="shop/cart.py">
    <methods><method><lines><line number="1" hits="1"/></lines></method></methods>
    <lines><line number="1" hits="1"/><line number="2" hits="0"/>
    <line number="3" hits="4" branch="true" condition-coverage="50% (1/2)"/></lines></class>
  <class name="Cart.Item" filename="shop/cart.py">
    <lines><line number="2" hits="2"/><line number="9" hits="0"/></lines></class>
</classes></package></packages></coverage>"""

JACOCO = b"""<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">
<report name="shop"><group name="g"><package name="com/shop">
  <class name="com/shop/Cart"><counter type="LINE" missed="9" covered="9"/></class>
  <sourcefile name="Cart.java"><line nr="1" mi="0" ci="1"/><counter type="LINE" missed="1" covered="10"/>
  <counter type="BRANCH" missed="1" covered="1"/></sourcefile>
  <sourcefile name="Empty.java"/></package></group></report>"""

SIMPLECOV = json.dumps(
    {
        "RSpec": {
            "coverage": {
                "/app/cart.rb": {"lines": [1, None, 0], "branches": {"[:if, 0]": {"[:then, 1]": 2, "[:else, 2]": 0}}},
                "/app/pay.rb": [0, 0, None],
            }
        },
        "Minitest": {"coverage": {"/app/pay.rb": [0, 3, None]}},
    }
).encode()


@pytest.mark.parametrize(
    ("form", "body", "files"),
    [
        ("CLOVERXML", CLOVER, [CoveredFile("/src/Cart.php", 5, 1, 1, 1), CoveredFile("Pay.php", 1, 1, 1, 1)]),
        ("COBERTURAXML", COBERTURA, [CoveredFile("shop/cart.py", 3, 1, 1, 1)]),
        ("JACOCOXML", JACOCO, [CoveredFile("com/shop/Cart.java", 10, 1, 1, 1), CoveredFile("com/shop/Empty.java")]),
        ("SIMPLECOV", SIMPLECOV, [CoveredFile("/app/cart.rb", 1, 1, 1, 1), CoveredFile("/app/pay.rb", 1, 1)]),
    ],
)
def test_formats(form: str, body: bytes, files: list[CoveredFile]) -> None:
    assert read_coverage(form, body) == files


@pytest.mark.parametrize(("covered", "missed", "told"), [(5, 1, 83.33), (10, 1, 90.9), (0, 0, 0.0), (3, 0, 100.0)])
def test_percentages_are_cut_not_rounded(covered: int, missed: int, told: float) -> None:
    assert percentage(covered, missed) == told


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_a_percentage_is_one(covered: int, missed: int) -> None:
    assert 0 <= percentage(covered, missed) <= 100


def test_simplecov_json_is_told_apart() -> None:
    with pytest.raises(ReportProblem, match="not of simplecov-json"):
        read_coverage("SIMPLECOV", b'{"timestamp": 1, "files": []}')


def read(form: str, body: bytes) -> list[CoveredFile]:
    """The files, none when the report is refused; nothing else may happen."""
    try:
        return read_coverage(form, body)
    except ReportProblem:
        return []


@given(st.sampled_from(COVERAGE_FORMATS), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(form: str, body: bytes) -> None:
    read(form, body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["coverage", "lines", "branches", "a"]), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    found = read("SIMPLECOV", json.dumps(value).encode())
    assert all(one.lines_covered >= 0 and one.branches_missed >= 0 for one in found)
