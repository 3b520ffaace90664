from __future__ import annotations

from typing import Any

from hypothesis import given

from pointsman.semantics.traces import assembly, causes, documents, facts, graph
from pointsman.semantics.traces.assembly import Trace, assemble
from pointsman.semantics.traces.documents import Piece
from pointsman.semantics.traces.facts import Service
from support.traces import SLOW, START, document, http, pieces, segment, subsegment


def trace(*values: dict[str, Any]) -> Trace:
    found = [piece for value in values for one in documents.read(document(value)) for piece in one.pieces]
    return assemble(found, infer=True)


SHOP, CART = Service("shop", "AWS::ECS::Container", "1"), Service("cart", "", "1")
TABLE = Service("carts", "AWS::DynamoDB::Table", "1")


def purchase() -> Trace:
    table = subsegment(4, "DynamoDB", namespace="aws", aws={"table_name": "carts"}, start=START + 0.2, lasts=0.3)
    call = subsegment(3, "cart.local", namespace="remote", http=http(500), start=START + 0.1, lasts=0.6)
    late = segment(1, 6, "mail", type="subsegment", parent=2, start=START + 1, lasts=4)
    shop = segment(1, 2, "shop", origin=SHOP.type, http=http(502, url="http://shop/"), subsegments=[call])
    cart = segment(1, 5, "cart", parent=3, fault=True, start=START + 0.15, lasts=0.5, subsegments=[table])
    return trace(cart, late, shop)


def test_times_and_marks_of_a_trace() -> None:
    found = facts.derive(purchase(), "1")
    assert (found.start, found.duration, found.response) == (START, 5.0, 1.0)
    assert found.flags == assembly.FAULT | assembly.INFERRED
    assert (found.partial, found.throttled) == (False, False)
    assert (found.entry, found.http.status, found.http.url) == (SHOP, 502, "http://shop/")
    assert found.services == tuple(sorted([SHOP, CART, TABLE]))


def test_a_segment_lasts_until_the_end_of_what_it_did_and_answers_at_its_own() -> None:
    shop = next(visit for visit in facts.derive(purchase(), "1").visits if visit.service == SHOP)
    assert (shop.response, shop.duration, shop.root) == (1.0, 5.0, True)


def test_an_edge_is_seen_by_the_caller_and_a_node_by_itself() -> None:
    found = {(one.source.name, one.target.name): one for one in facts.derive(purchase(), "1").crossings}
    assert set(found) == {("shop", "shop"), ("shop", "cart"), ("cart", "carts")}
    assert found["shop", "cart"].response == 0.6
    assert found["shop", "shop"].source.type == facts.CLIENT


def test_the_types_of_what_sends_no_segments() -> None:
    calls = [
        subsegment(3, "pay.example.com", namespace="remote", http=http(200)),
        subsegment(4, "orders@db.local", namespace="remote", sql={"url": "jdbc:postgresql://db.local/orders"}),
        subsegment(5, "rdsdataservice", namespace="aws"),
        subsegment(6, "SQS", namespace="aws", aws={"queue_url": "https://sqs/1/mail"}),
    ]
    found = facts.derive(trace(segment(1, 2, subsegments=calls)), "1").services
    assert set(found) == {
        Service("shop", "", "1"),
        Service("pay.example.com", "remote"),
        Service("orders@db.local", "Database::SQL"),
        Service("rdsdataservice", "AWS::rdsdataservice", "1"),
        Service("https://sqs/1/mail", "AWS::SQS::Queue", "1"),
    }


def test_a_request_that_is_still_served_is_partial_and_has_no_response_time() -> None:
    found = facts.derive(trace(segment(1, 2, lasts=None, annotations={"k": "v"})))
    assert (found.response, found.partial, found.duration) == (None, True, 0.0)


def test_annotations_keep_their_type_and_their_services_and_only_fifty_are_indexed() -> None:
    values = {"t": True, "n": 1, "s": "1", "list": [1], "none": None}
    found = facts.derive(trace(segment(1, 2, annotations=values))).annotations
    assert [(one.key, one.value, one.services[0].name) for one in found] == [
        ("n", 1.0, "shop"),
        ("s", "1", "shop"),
        ("t", True, "shop"),
    ]
    many = facts.derive(trace(segment(1, 2, annotations={f"k{n}": n for n in range(70)}))).annotations
    assert len(many) == facts.ANNOTATIONS


def test_the_cause_of_a_fault_is_where_nothing_below_is_at_fault() -> None:
    found = causes.derive(purchase(), "1")
    [cause] = found.fault
    assert [(one.service.name, [entity.name for entity in one.path]) for one in cause.services] == [
        ("shop", ["shop", "cart.local"]),
        ("cart", ["cart"]),
    ]
    assert cause.client_impacting
    assert found.error == ()


def test_the_way_of_a_response_time_follows_the_longest_calls() -> None:
    [cause] = causes.derive(purchase(), "1").response
    assert [[(entity.name, entity.coverage) for entity in one.path] for one in cause.services] == [
        [("shop", 1.0), ("mail", 1.0)]
    ]


def test_a_fault_that_was_handled_did_not_reach_the_client() -> None:
    call = subsegment(3, "cart", fault=True)
    [cause] = causes.derive(trace(segment(1, 2, subsegments=[call]))).fault
    assert not cause.client_impacting


def test_the_graph_counts_every_request_once_by_how_it_ended() -> None:
    failed, served = purchase(), trace(segment(2, 2, "shop", origin=SHOP.type, http=http(429)))
    found = graph.of_traces([facts.derive(failed, "1"), facts.derive(served, "1")])
    shop = found.nodes[SHOP]
    assert (shop.tally.faults, shop.tally.throttled, shop.tally.errors, shop.tally.ok) == (1, 1, 0, 0)
    assert (shop.root, shop.active, found.nodes[TABLE].active) == (True, True, False)
    assert shop.tally.responses == {1.0: 2}
    assert shop.edges[CART].tally.faults == 1
    assert next(node.service.type for node in found.ordered()) == facts.CLIENT


@SLOW
@given(pieces())
def test_whatever_the_pieces_what_is_derived_of_them_is_sound(found: list[Piece]) -> None:
    whole = assemble(found, infer=True)
    about = facts.derive(whole, "1")
    assert about.duration >= 0
    assert (about.entry is None) == (not about.visits)
    assert len(about.visits) == sum(1 for span in whole.spans if not span.has(assembly.SUBSEGMENT))
    assert sum(visit.root for visit in about.visits) >= (1 if about.visits else 0)
    for cause in (*(derived := causes.derive(whole, "1")).fault, *derived.error, *derived.response):
        assert cause.services
        assert all(one.path for one in cause.services)
    drawn = graph.of_traces([about])
    finished = [visit for visit in about.visits if visit.end is not None]
    assert sum(node.tally.total for node in drawn.nodes.values()) == len(finished)
