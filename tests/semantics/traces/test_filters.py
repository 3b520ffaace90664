from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.traces import causes, documents, facts, filter_match, filters
from pointsman.semantics.traces.assembly import Trace, assemble
from pointsman.semantics.traces.documents import Piece
from pointsman.semantics.traces.filters import FilterError
from support.traces import SLOW, START, document, http, pieces, segment, subsegment, terms


def trace(*values: dict[str, Any]) -> Trace:
    found = [piece for value in values for one in documents.read(document(value)) for piece in one.pieces]
    return assemble(found, infer=True)


def asked(expression: str, *values: dict[str, Any]) -> bool:
    found = trace(*values)
    term = filters.parse(expression)
    return filter_match.matches(term, facts.derive(found, "1"), causes.derive(found, "1"))


TABLE = subsegment(
    4, "DynamoDB", namespace="aws", aws={"table_name": "carts"}, http=http(429), start=START + 0.1, lasts=0.7
)
CALL = subsegment(3, "cart.local", namespace="remote", http=http(500, url="http://cart.local/add"), lasts=0.9)
SHOP = segment(
    7,
    2,
    "shop",
    http=http(200, url="http://shop/buy", method="POST", user_agent="curl/8", client_ip="10.0.0.1"),
    origin="AWS::ECS::Container",
    user="ann",
    annotations={"gold": True, "items": 3, "plan": "free", "off": False, "a.b:c": 1},
    aws={"ec2": {"instance_id": "i-1", "availability_zone": "eu-west-1a"}},
    resource_arn="arn:aws:ecs:eu-west-1:1:service/shop",
    subsegments=[CALL],
)
CART = segment(
    7,
    5,
    "cart",
    parent=3,
    http=http(500),
    lasts=0.8,
    cause={"exceptions": [{"id": "1", "type": "Throttled", "message": "slow down"}]},
    subsegments=[TABLE],
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ok", True),
        ("fault", False),  # the fault is further down: the request itself was answered well
        ("service() { fault }", True),
        ('service("cart") { fault }', True),
        ('service("shop") { fault }', False),
        ("OK = true AND !(Error = true)", True),
        ("ok !partial duration <3", True),
        ("partial OR inferred", True),
        ("responseTime >= 1 AND responsetime <= 1", True),
        ("duration > 1", False),
        ("http.status = 200", True),
        ("http.status != 200", False),
        ('http.url CONTAINS "/buy" AND http.url BEGINSWITH "http://shop" AND http.url ENDSWITH "y"', True),
        ('http.url CONTAINS "/BUY"', False),
        ('http.method = "POST" http.useragent = "curl/8" http.clientip = "10.0.0.1"', True),
        ("http.url AND user", True),
        ('user CONTAINS ""', True),
        ('user = "bob"', False),
        ('availabilityzone = "eu-west-1a" AND instance.id = "i-1"', True),
        ('resource.arn ENDSWITH "/shop"', True),
        ("annotation.gold", True),
        ("annotation.off", False),  # set, but a boolean evaluates to its value
        ("!annotation.none", True),
        ("annotation[items] > 2.5", True),
        ('annotation[items] = "3"', False),
        ('annotation[plan] BEGINSWITH "fr"', True),
        ("annotation[gold] = true", True),
        ("annotation[a.b:c] = 1", True),
        ('service("carts")', True),
        ('service(id(name: "carts", type: "AWS::DynamoDB::Table")) { throttle AND inferred }', True),
        ('service(id(type: "AWS::ECS::Container")) { root }', True),
        ('service("cart") { root }', False),
        ('service(id(account.id: "1"))', True),
        ('service(id(account.id: "2"))', False),
        ('edge("shop", "cart") { fault AND http.status = 500 }', True),
        ('edge("cart", "shop")', False),
        ('edge("cart", "carts") { throttle }', True),
        ('edge(id(name: "shop", type: "client"), "shop") { ok }', True),
        ('rootcause.fault.service { last and name = "cart" }', True),
        ('rootcause.fault.service { first and name = "cart" }', False),
        ('rootcause.fault.exception { message CONTAINS "slow" }', True),
        ('rootcause.error.service { inferred and type = "AWS::DynamoDB::Table" }', True),
        ('rootcause.responsetime.entity { coverage >= 0.9 and name = "cart.local" and remote }', True),
        ('rootcause.responsetime.entity { last and name = "DynamoDB" }', True),
        ("rootcause.fault.service { index > 5 }", False),
        ('rootcause.json = #[{"Services": [{"Name": "shop"}, {"Name": "cart"}]}]', True),
        ('rootcause.json = #[{"Services": [{"Name": "shop"}]}]', False),
        ('json = #[{"ClientImpacting": false}]', True),
        ("json", True),
        ('service("cart") AND http.status = 500', False),
        ("", True),
    ],
)
def test_what_an_expression_means(expression: str, expected: bool) -> None:
    assert asked(expression, SHOP, CART) is expected


@pytest.mark.parametrize(
    ("expression", "column", "words"),
    [
        ("ok AND", 7, "ends too early"),
        ("foo", 1, "no keyword"),
        ("ok && ok", 4, "not understood"),
        ("durration > 3", 1, "did you mean duration"),
        ('duration > "3"', 12, "a number"),
        ("http.url = 3", 12, "double quotes"),
        ("user = bob", 8, "'bob'"),
        ('http.url > "a"', 10, "CONTAINS"),
        ("duration CONTAINS 3", 10, "CONTAINS does not compare"),
        ("ok = 1", 6, "true or false"),
        ("first", 1, "cannot be asked of a trace"),
        ('service("a") { annotation.x }', 16, "annotations"),
        ('service("a") { service("b") }', 16, "inside"),
        ('edge("a")', 1, "destination"),
        ('service("a", "b")', 1, "one service"),
        ('service(id(nam: "x"))', 12, "id() knows"),
        ("rootcause.json = #[{]", 21, "JSON"),
        ("rootcause.json = #[5]", 19, "objects"),
        ("ok (fault", 10, "ends too early"),
        ("(" * 31 + "ok" + ")" * 31, 31, "levels"),
        ("ok " * 4000, 10_001, "characters long"),
        ("annotation.x = #[{}]", 16, "annotation"),
    ],
)
def test_an_error_points_at_its_column(expression: str, column: int, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        filters.parse(expression)
    assert caught.value.column == column
    assert words in caught.value.sentence


def test_as_deep_and_as_long_as_is_allowed() -> None:
    deep = "(" * 30 + "!" * 3000 + "ok" + ")" * 30
    assert filters.parse(deep) == filters.Flag("ok")
    assert isinstance(filters.parse("ok " * 3333), filters.All)


@given(terms())
def test_an_expression_reads_as_it_is_spelled(term: filters.Filter) -> None:
    assert filters.parse(filters.spell(term)) == term


@SLOW
@given(terms(), pieces())
def test_a_filter_and_its_opposite_never_agree(term: filters.Filter, found: list[Piece]) -> None:
    whole = assemble(found, infer=True)
    about = facts.derive(whole), causes.derive(whole)
    assert filter_match.matches(term, *about) is not filter_match.matches(filters.Not(term), *about)


@given(st.text(st.sampled_from('ok errfault.=!<>(){}[]"#, 01annotationservice:\\\n'), max_size=60))
def test_any_text_is_read_or_refused_at_a_column(text: str) -> None:
    column = 1
    try:
        filters.parse(text)
    except FilterError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


def test_groups_stand_for_their_filters() -> None:
    term = filters.parse('group.name = "slow" AND user = "ann"')
    assert term is not None
    found = filters.resolve(term, lambda by, value: filters.parse("duration > 5") if value == "slow" else None)
    assert found == filters.parse('duration > 5 AND user = "ann"')
    assert filters.groups_of(term)
    assert not filters.groups_of(found)


def test_an_entity_selector() -> None:
    assert filters.selector('service("a")') == filters.ServiceTerm(filters.Selector("a"), None)
    assert filters.selector('id(name: "a", type: "b")') == filters.ServiceTerm(filters.Selector("a", "b"), None)
    assert isinstance(filters.selector('edge("a", "b")'), filters.EdgeTerm)
    assert filters.selector("") is None
    with pytest.raises(FilterError):
        filters.selector("ok")
