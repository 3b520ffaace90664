"""How an expression may go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.traces import filters
from pointsman.semantics.traces.filter_completion import MOST, Seen, complete
from pointsman.semantics.traces.filters import FilterError, Place
from support.traces import SLOW, terms

SEEN = Seen(
    ("carts", 'odd "one"', "shop"),
    {"tenant": ('"gold"', '"silver"'), "items": ("3",)},
    {"http.status": ("200", "500"), "http.url": ('"http://shop/x"',)},
)


@pytest.mark.parametrize(
    ("text", "proposals"),
    [
        ("", ("ok", "error", "throttle")),
        ("fau", ("fault", "rootcause.fault.service")),
        ("fault ", ("AND", "OR")),
        ("FAULT A", ("AND",)),
        ("fault AND resp", ("responsetime", "rootcause.responsetime.service")),
        ("!", ("ok", "error")),
        ("(fault OR ", ("ok", "error")),
        ("responsetime ", ("=", "!=", "<")),
        ("http.status = ", ("200", "500")),
        ("http.status >= 5", ("500",)),
        ("http.url ", ("=", "!=", "CONTAINS")),
        ("http.url CONTAINS ", ('"http://shop/x"',)),
        ("annotation", ("annotation[tenant]", "annotation[items]")),
        ("annotation[te", ("annotation[tenant]",)),
        ("annotation[tenant] = ", ('"gold"', '"silver"')),
        ('annotation[tenant] = "s', ('"silver"',)),
        ("annotation[items] > ", ("3",)),
        ("serv", ("service(",)),
        ("service(", ('"carts"', '"odd \\"one\\""', '"shop"')),
        ('service("ca', ('"carts"',)),
        ('service("carts"', ()),
        ('service("carts" ', (")",)),
        ('service("carts") ', ("{", "AND", "OR")),
        ('service("carts") { ', ("ok", "error")),
        ('service("carts") { ro', ("root",)),
        ('service("carts") { fault ', ("AND", "OR", "}")),
        ('edge("shop" ', (",",)),
        ('edge("shop", ', ('"carts"',)),
        ('edge("a", "b") { user', ("http.useragent",)),
        ("rootcause.fault.exception { ", ("first", "last", "index")),
        ("nonsense ", ("AND", "OR")),
        ("zzz", ()),
    ],
)
def test_what_may_follow(text: str, proposals: tuple[str, ...]) -> None:
    assert complete(text, len(text), SEEN).proposals[: len(proposals)] == proposals


def test_what_is_taken_stands_in_the_place_of_what_was_begun() -> None:
    text = "fau AND ok"
    found = complete(text, 3, SEEN)
    assert found.taken(text, 3, "fault") == ("fault AND ok", 5)


@SLOW
@given(terms())
def test_every_beginning_of_an_expression_can_be_asked(term: filters.Filter) -> None:
    text = filters.spell(term)
    for at in range(len(text) + 1):
        found = complete(text, at, SEEN)
        assert 0 <= found.start <= at
        assert len(found.proposals) <= MOST


@given(st.text(max_size=30))
def test_nothing_typed_breaks_it(text: str) -> None:
    found = complete(text, len(text), SEEN)
    for one in found.proposals:
        taken, at = found.taken(text, len(text), one)
        assert taken[:at].endswith(one)


@pytest.mark.parametrize("keyword", filters.FLAGS[Place.TRACE])
def test_what_is_proposed_is_an_expression(keyword: str) -> None:
    assert keyword in complete("", 0, SEEN).proposals
    filters.parse(keyword)


@given(st.text(alphabet="abc\"\\ ]'", max_size=8))
def test_names_are_quoted(name: str) -> None:
    (first, *_) = complete("service(", 8, Seen((name,))).proposals
    try:
        filters.parse(f"service({first})")
    except FilterError as error:
        raise AssertionError(first) from error
