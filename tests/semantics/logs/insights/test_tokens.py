"""The words of a query, whole or half typed, against the grammar that decides what is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.insights_samples import FIRST, SAMPLES
from pointsman.semantics.logs.insights import catalogue, grammar, guide
from pointsman.semantics.logs.insights.tokens import COMMANDS, ELSEWHERE, KEYWORDS, Kind, tokens

QUERIES = (
    FIRST,
    *(one.text for one in SAMPLES),
    "fields a.b[0], `x y`.c, @@z # a comment | not a pipe\n| filter a =~ /^x\\/y|z$/ and not (b in ['u', \"v\"])",
    "stats avg(a / b / 2) as m, count_distinct(c) by bin(5m), d | sort m asc | head 10",
    'parse "a * b" as x | parse @message /(?<y>\\d+)/ | display x, y | order by y desc | dedup x',
    'SOURCE logGroups(namePrefix: ["/aws"], class: "STANDARD") | filter -a ^ 2 % 3 >= 1e3 or a != 5',
    "fields jsonParse(@message) as j | unnest j.items into item | unmask item | filterIndex a = 1",
    "filter a not like 'x' | fields if(a > 1, 'b', 'c') as d | pattern d | diff previousDay",
)
KINDS = {
    "FIELD": {Kind.FIELD},
    "STRING": {Kind.STRING},
    "REGEX": {Kind.REGEX},
    "NUMBER": {Kind.NUMBER},
    "PERIOD": {Kind.NUMBER},
    "CALL": {Kind.FUNCTION, Kind.AGGREGATION},
    "VBAR": {Kind.PIPE},
    "ORDER": {Kind.KEYWORD},
}


def kinds_of(name: str) -> set[Kind]:
    """What a word of the grammar may be here."""
    if name in KINDS:
        return KINDS[name]
    if name.startswith("_") and name != "_MATCH":
        return {Kind.KEYWORD} if name.strip("_").lower() in KEYWORDS else {Kind.COMMAND}
    return {Kind.OPERATOR}


@pytest.mark.parametrize("query", QUERIES)
def test_words_are_those_of_the_grammar(query: str) -> None:
    """The grammar's own lexer, which knows the sentence, finds the same words at the same places."""
    interactive = grammar._parser().parse_interactive(query)
    found = {(one.start, one.end): one.kind for one in tokens(query)}
    seen = 0
    for word in interactive.iter_parse():
        name, place = word.type, (word.start_pos or 0, word.end_pos or 0)
        if name == "_SORT" and place not in found:  # two words here, one there
            assert found[place[0], place[0] + 5] is found[place[1] - 2, place[1]] is Kind.COMMAND
            seen += 2
            continue
        assert found[place] in kinds_of(name), (name, str(word), found[place])
        seen += 1
    assert seen == sum(kind is not Kind.COMMENT for kind in found.values())


@given(st.text(alphabet="fields |stats/\"'`@#()\n\\.a5m=~[]é\x1b", max_size=60))
def test_any_text_is_words_and_space(text: str) -> None:
    place = 0
    for one in tokens(text):
        assert text[place : one.start].strip() == ""
        assert one.end > one.start
        assert one.text == text[one.start : one.end]
        place = one.end
    assert text[place:].strip() == ""


def test_the_guide_knows_every_word_and_no_other() -> None:
    assert set(guide.COMMANDS) == set(COMMANDS)
    assert {name.lower() for name in guide.FUNCTIONS} == set(catalogue.FUNCTIONS)
    assert {name.lower() for name in guide.AGGREGATIONS} == set(catalogue.AGGREGATIONS)
    assert not set(ELSEWHERE) & set(COMMANDS)


@pytest.mark.parametrize("text", ["a * b", "filter", "x /", "'", "/", "`"])
def test_half_words_are_words(text: str) -> None:
    assert tokens(text)
