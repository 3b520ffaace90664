from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.clock import ManualClock
from pointsman.local import Backend
from pointsman.local.world import Scope
from pointsman.local.xray import search, table
from pointsman.semantics.traces import causes, facts, filter_match, filters
from pointsman.semantics.traces.assembly import assemble
from pointsman.semantics.traces.documents import Piece
from pointsman.semantics.traces.filters import Filter
from support.traces import pieces, terms, trace_id


@pytest.fixture(scope="module")
def scope() -> Iterator[Scope]:
    with Backend(clock=ManualClock()) as backend:
        yield backend.world.scope(backend.account, "us-east-1")


def _written(scope: Scope, found: list[list[Piece]]) -> list[tuple[facts.Facts, causes.Causes]]:
    database = scope.world.database
    for name in (*table.DERIVED, "xray_traces", "xray_services", "xray_shapes"):
        database.execute(f"DELETE FROM {name}")
    scope.world.tool(table.Interned).forget()
    about = []
    for number, one in enumerate(found):
        trace = assemble(one, infer=True)
        about.append((facts.derive(trace, scope.account), causes.derive(trace, scope.account)))
        database.execute(
            "INSERT INTO xray_traces (id, account, region, trace, epoch, sample, received)"
            " VALUES (?, ?, ?, ?, 0, 0, 0)",
            (number, scope.account, scope.region, trace_id(number)),
        )
        table.write(scope, number, *about[-1], b"{}")
    return about


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(found=st.lists(pieces(6), min_size=1, max_size=4), asked=st.lists(terms(), min_size=4, max_size=8))
def test_the_index_answers_what_the_rules_say(scope: Scope, found: list[list[Piece]], asked: list[Filter]) -> None:
    with scope.world.transaction():
        about = _written(scope, found)
        for term in asked:
            sql, values = search.condition(scope.world.database, term)
            rows = scope.world.database.execute(f"SELECT t.id FROM xray_traces t WHERE {sql} ORDER BY 1", tuple(values))
            expected = [number for number, one in enumerate(about) if filter_match.matches(term, *one)]
            assert [row[0] for row in rows] == expected, filters.spell(term)


def test_an_expression_of_a_thousand_terms(scope: Scope) -> None:
    term = filters.parse("ok " * 1000 + "OR " + " OR ".join(["fault"] * 700))
    with scope.world.transaction():
        sql, values = search.condition(scope.world.database, term)
        scope.world.database.execute(f"SELECT t.id FROM xray_traces t WHERE {sql}", tuple(values)).fetchall()


@pytest.mark.parametrize(
    "expression", ['service("shop") { fault }', "annotation[k] = 1", 'user = "ann"', 'edge("a", "b")', "duration > 3"]
)
def test_every_condition_is_a_search_by_trace(scope: Scope, expression: str) -> None:
    with scope.world.transaction():
        sql, values = search.condition(scope.world.database, filters.parse(expression))
        plan = scope.world.database.execute(
            "EXPLAIN QUERY PLAN SELECT t.id FROM xray_traces t WHERE t.account = ? AND t.region = ?"
            f" AND t.epoch >= ? AND t.epoch < ? AND {sql} ORDER BY t.epoch DESC, t.id DESC LIMIT 101",
            ("a", "r", 0, 1, *values),
        ).fetchall()
    steps = [row[3] for row in plan]
    assert any(step.startswith("SEARCH t") and "INDEX xray_traces_epoch" in step for step in steps)
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in steps), steps
