"""Random queries over random events, against a slow evaluator that is obviously right."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from support import insights_plainly as plainly
from support.insights_running import run

_FIELDS = st.sampled_from(["n", "s", "in.k", "@message", "gone", "b"])
_LITERALS = st.sampled_from(["1", "2", "'a'", "'b'", "'1'", "'ERR'", "2.5", "'é'"])
_OPERANDS = (
    _FIELDS | _LITERALS | st.builds("strlen({})".format, _FIELDS) | st.builds("({} + {})".format, _FIELDS, _FIELDS)
)
_SIMPLE = (
    st.builds("{} {} {}".format, _OPERANDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), _OPERANDS)
    | st.builds(
        "{} {} {}".format,
        _FIELDS,
        st.sampled_from(["like", "not like"]),
        st.sampled_from(["'a'", "/ERR/", "/^.?a/", "'1'"]),
    )
    | st.builds("{} in [{}, {}]".format, _FIELDS, _LITERALS, _LITERALS)
    | st.builds("ispresent({})".format, _FIELDS)
)
_CONDITIONS = st.recursive(
    _SIMPLE,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("not ({})".format, inner)
    ),
    max_leaves=4,
)
_FILTERS = st.builds("filter {}".format, _CONDITIONS)
_SORTS = st.builds("sort {} {}".format, _FIELDS | st.just("@timestamp"), st.sampled_from(["asc", "desc", ""]))
_LIMITS = st.builds("limit {}".format, st.integers(1, 6))
_MADE = st.builds("fields @message, {} as made".format, _OPERANDS) | st.just("fields s, n") | st.just("display n, in.k")
_DEDUPS = st.builds("dedup {}".format, st.sampled_from(["s", "n", "s, n"]))
_AGGREGATIONS = st.sampled_from(
    [
        "count(*)",
        "count(n)",
        "sum(n)",
        "avg(n)",
        "min(n)",
        "max(s)",
        "count_distinct(s)",
        "earliest(s)",
        "latest(n)",
        "median(n)",
    ]
)
_STATS = st.builds(
    "stats {} as x{}{}".format,
    _AGGREGATIONS,
    st.builds(", {} as y".format, _AGGREGATIONS) | st.just(""),
    st.sampled_from(["", " by s", " by bin(1m)", " by s, bin(1m)", " by n", " by @message"]),
)
_TAILS = st.sampled_from(["", " | sort x desc", " | filter x > 1", " | sort x | limit 2", " | stats max(x) as z"])
_QUERIES = st.builds(
    lambda commands, tail: " | ".join(commands) + tail,
    st.lists(_FILTERS | _MADE | _SORTS | _DEDUPS, min_size=1, max_size=4),
    st.builds(" | {}{}".format, _STATS, _TAILS) | st.builds(" | {}".format, _LIMITS) | st.just(""),
)
_VALUES = st.sampled_from([1, 2, 2.5, "a", "b", "1", "1.0", 1.0, "ERR", "é", 'a"b', None, True])
_MESSAGES = st.sampled_from(["a", "ERR one", "b ERR", "1", ""]) | st.builds(
    lambda escaped, **given: json.dumps(
        {key.replace("_", "."): value for key, value in given.items() if value is not None and "_" not in key}
        | ({"in": {"k": given["in_k"]}} if given["in_k"] is not None else {}),
        ensure_ascii=escaped,
    ),
    escaped=st.booleans(),
    n=_VALUES,
    s=_VALUES,
    b=_VALUES,
    in_k=_VALUES,
)


@settings(max_examples=300, deadline=None)
@given(_QUERIES, st.lists(st.tuples(st.integers(0, 200_000), _MESSAGES), max_size=14), st.integers(1, 5))
def test_a_query_means_what_it_plainly_says(query: str, given_events: list[tuple[int, str]], batch: int) -> None:
    events = [(moment, number, message) for number, (moment, message) in enumerate(given_events, 1)]
    assert run(query, events, batch=batch) == plainly.run(query, events)


def test_a_number_and_its_text_are_one_group() -> None:
    """A JSON 1 and a "1" read the same, so there are not two rows of that name."""
    events = [(0, number, json.dumps({"n": one})) for number, one in enumerate(("1", 1, 1.0, "1.0"), 1)]
    for query in (
        "stats count(*) as x by n",
        "fields n | stats count(*) as x by n",
        "filter n > 0 | stats count(n) as x by n",
    ):
        assert run(query, events, batch=1) == [{"n": "1", "x": "3"}, {"n": "1.0", "x": "1"}]
