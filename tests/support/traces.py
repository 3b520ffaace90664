"""Segment documents for tests: written out, and drawn by hypothesis."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pointsman.semantics.traces import filters
from pointsman.semantics.traces.documents import Piece

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
"""For what draws whole traces, on a machine that others use too."""

START = 1_767_603_600.0
"""2026-01-05T09:00:00Z, where a ManualClock starts."""


def trace_id(number: int, at: float = START) -> str:
    """A trace id of this time."""
    return f"1-{int(at):08x}-{number:024x}"


def segment(trace: str | int, number: int, name: str = "shop", **members: Any) -> dict[str, Any]:
    """A segment of a second, from START."""
    start = members.pop("start", START)
    lasts = members.pop("lasts", 1.0)
    found = {
        "trace_id": trace if isinstance(trace, str) else trace_id(trace),
        "id": f"{number:016x}",
        "name": name,
        "start_time": start,
    }
    if lasts is None:
        found["in_progress"] = True
    else:
        found["end_time"] = start + lasts
    if "parent" in members:
        found["parent_id"] = f"{members.pop('parent'):016x}"
    return found | members


def subsegment(number: int, name: str, **members: Any) -> dict[str, Any]:
    """A subsegment for inside a segment."""
    found = segment(0, number, name, **members)
    del found["trace_id"]
    return found


def document(value: dict[str, Any]) -> str:
    """As it is sent."""
    return json.dumps(value)


def http(status: int | None = None, **request: Any) -> dict[str, Any]:
    """An ``http`` member."""
    found: dict[str, Any] = {}
    if request:
        found["request"] = request
    if status is not None:
        found["response"] = {"status": status}
    return found


_NAMES = st.sampled_from(["shop", "cart", "billing", "DynamoDB", "mail"])
_STATUS = st.sampled_from([None, 200, 404, 429, 503])


def _fields() -> st.SearchStrategy[dict[str, Any]]:
    values = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "abc", "b\u202e"]))
    causes = st.fixed_dictionaries(
        {
            "exceptions": st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["E", "F"]), "message": st.sampled_from(["broken", "late"])}
                ),
                max_size=2,
            )
        }
    )
    https = st.builds(
        lambda status, url, method: http(status, url=url, method=method),
        _STATUS,
        st.sampled_from(["http://a/x", "http://b/y"]),
        st.sampled_from(["GET", "POST"]),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "fault": st.booleans(),
            "error": st.booleans(),
            "throttle": st.booleans(),
            "namespace": st.sampled_from(["aws", "remote"]),
            "http": https,
            "origin": st.sampled_from(["AWS::EC2::Instance", "AWS::ECS::Container"]),
            "user": st.sampled_from(["ann", "bob"]),
            "annotations": st.dictionaries(st.sampled_from(["k", "age", "gold"]), values, max_size=3),
            "aws": st.sampled_from(
                [{"table_name": "t"}, {"ec2": {"instance_id": "i-1", "availability_zone": "z"}}, {"account_id": "1"}]
            ),
            "cause": causes,
            "resource_arn": st.just("arn:aws:x"),
        },
    )


@st.composite
def pieces(draw: st.DrawFn, most: int = 12) -> list[Piece]:
    """Pieces of one trace, as bad as they come: missing parents, circles, ids used twice, pieces in progress."""
    count = draw(st.integers(1, most))
    ids = st.integers(1, max(2, count)).map(lambda number: f"{number:016x}")
    found: list[Piece] = []
    for _ in range(count):
        start = START + draw(st.integers(0, 5000)) / 1000
        lasts = draw(st.none() | st.integers(-100, 3000))
        end = None if lasts is None else start + lasts / 1000
        parent = draw(st.one_of(st.just(""), ids, ids))
        subsegment_ = bool(parent) and draw(st.booleans())
        found.append(Piece(draw(ids), parent, draw(_NAMES), start, end, subsegment_, draw(_fields())))
    return found


# -- filters ----------------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(["", "a", "shop", "cart", "http://a/x", "GET", "ann", "t", "E", 'q"\\', "DynamoDB", "client"])
_NUMBERS = st.sampled_from([0.0, 0.25, 1.0, 3.0, 200.0, 404.0, -1.0])


def _selectors(*, named: bool = False) -> st.SearchStrategy[filters.Selector]:
    names = st.sampled_from(["shop", "cart", "billing", "t"])
    types = st.sampled_from(["AWS::EC2::Instance", "AWS::DynamoDB::Table", "remote", "client"])
    return st.builds(
        filters.Selector,
        names if named else st.none() | names,
        st.none() | types,
        st.none() | st.sampled_from(["1", "123456789012"]),
    )


@st.composite
def terms(draw: st.DrawFn, place: filters.Place = filters.Place.TRACE, depth: int = 2) -> filters.Filter:
    """A filter that may stand at a place."""
    kinds = ["flag", "number", "text", "present"]
    if depth:
        kinds += ["all", "either", "not"]
    if place is filters.Place.TRACE:
        kinds += ["annotated", "annotated", "service", "edge", "cause", "json"]
    kind = draw(st.sampled_from(kinds))
    numbers, texts = st.sampled_from(filters.NUMBERS[place]), st.sampled_from(filters.TEXTS[place])
    if kind in ("all", "either"):
        inner = tuple(draw(st.lists(terms(place, depth - 1), min_size=2, max_size=3)))
        return filters.All(inner) if kind == "all" else filters.Either(inner)
    if kind == "not":
        inner_term = draw(terms(place, depth - 1).filter(lambda term: not isinstance(term, filters.Not)))
        return filters.Not(inner_term)
    if kind == "flag":
        return filters.Flag(draw(st.sampled_from(filters.FLAGS[place])))
    if kind == "number":
        return filters.Number(draw(numbers), draw(st.sampled_from(filters.NUMBER_OPERATORS)), draw(_NUMBERS))
    if kind == "text":
        return filters.Text(draw(texts), draw(st.sampled_from(filters.TEXT_OPERATORS)), draw(_WORDS))
    if kind == "present":
        return filters.Present(draw(numbers | texts))
    return draw(_complex(kind, depth))


def _complex(kind: str, depth: int) -> st.SearchStrategy[filters.Filter]:
    def below(place: filters.Place) -> st.SearchStrategy[filters.Filter | None]:
        return st.none() | terms(place, max(depth - 1, 0))

    if kind == "annotated":
        keys = st.sampled_from(["k", "age", "gold", "none"])
        return st.one_of(
            keys.map(filters.Annotated),
            st.builds(filters.Annotated, keys, st.sampled_from(filters.TEXT_OPERATORS), _WORDS),
            st.builds(filters.Annotated, keys, st.sampled_from(filters.NUMBER_OPERATORS), _NUMBERS),
            st.builds(filters.Annotated, keys, st.sampled_from(filters.BOOLEAN_OPERATORS), st.booleans()),
        )
    if kind == "service":
        return st.builds(filters.ServiceTerm, _selectors(), below(filters.Place.SERVICE))
    if kind == "edge":
        return st.builds(filters.EdgeTerm, _selectors(named=True), _selectors(named=True), below(filters.Place.EDGE))
    kinds = st.sampled_from(["fault", "error", "responsetime"])
    if kind == "cause":
        parts = [filters.Place.CAUSE_SERVICE, filters.Place.CAUSE_ENTITY, filters.Place.CAUSE_EXCEPTION]
        return st.one_of(
            *(
                st.builds(
                    filters.CauseTerm,
                    st.sampled_from(["fault", "error"]) if part is parts[2] else kinds,
                    st.just(part),
                    below(part),
                )
                for part in parts
            )
        )
    patterns = st.sampled_from([(), ({"Services": [{"Name": "shop"}]},), ({"ClientImpacting": True},)])
    return st.builds(filters.CauseJson, st.just("") | kinds, patterns)
