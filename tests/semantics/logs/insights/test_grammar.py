"""What is no query is said with line, column and what was expected."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.logs.insights import syntax
from pointsman.semantics.logs.insights.grammar import read
from pointsman.semantics.logs.insights.syntax import InsightsError


@pytest.mark.parametrize(
    ("query", "line", "column", "sentence"),
    [
        ("filter @message like", 1, 21, "expected a quoted text, a regular expression"),
        ("fields @a\n| foo", 2, 3, "unexpected 'foo'; expected dedup, diff, display"),
        ("filter a = = b", 1, 12, "unexpected '='"),
        ("stats cont(*)", 1, 7, "there is no function 'cont'"),
        ("filter abs(1, 2) = 1", 1, 8, "abs takes 1 arguments, not 2"),
        ("stats a by b", 1, 1, "no aggregation around 'a'"),
        ("filter count(*) > 1", 1, 8, "count stands in stats only"),
        ("stats avg(count(*))", 1, 11, "count stands in stats only"),
        ("stats pct(a, 101)", 1, 7, "from 0 to 100"),
        ("stats count(*) by bin(5)", 1, 19, "a period such as 5m"),
        ("stats count(*) by bin(5x)", 1, 23, "is no period"),
        ("limit 0", 1, 7, "whole number above 0"),
        ("limit 1.5", 1, 7, "whole number above 0"),
        ("parse @message 'a * b' as x, y", 1, 16, "1 * in the pattern, but 2 names"),
        ("parse @message /x/", 1, 16, "no named group"),
        ("filter a like /(/", 1, 15, "not understood"),
        ("diff", 1, 1, "diff stands behind pattern"),
        ("pattern @message | diff lastYear", 1, 20, "previousDay"),
        ("stats count(*) | stats count(*) | stats count(*)", 1, 35, "at most 2 stats"),
        ("fields @message | anomaly", 1, 19, "does not run 'anomaly'"),
        ("", 1, 1, "ends too early"),
        ("filter " + "(" * 99, 1, 68, "nested deeper"),
        ("fields " + "a" * 10_000, 1, 10_001, "at most 10,000"),
    ],
)
def test_errors_say_where_and_what(query: str, line: int, column: int, sentence: str) -> None:
    with pytest.raises(InsightsError) as caught:
        read(query)
    assert sentence in caught.value.sentence
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.start <= len(query) and caught.value.end > caught.value.start


def test_sources() -> None:
    chosen = read("SOURCE logGroups(namePrefix: ['/aws/lambda', 'x'], class: 'STANDARD') | fields @message").source
    assert chosen == syntax.Source(prefixes=("/aws/lambda", "x"), group_class="STANDARD")
    assert read('source "a", "b" | limit 1').source == syntax.Source(names=("a", "b"))


@given(st.text(max_size=80) | st.text(alphabet="fieldsltr |,()@a1\"'/=.* ", max_size=60))
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    with contextlib.suppress(InsightsError):
        assert isinstance(read(text), syntax.Query)
