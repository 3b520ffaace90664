"""What was logged of a trace."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import tracing
from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.local import Backend
from pointsman.model.trace_logs import groups_of, log_groups
from pointsman.semantics.traces.documents import Piece
from pointsman.services.pace import Budget
from pointsman.services.reads.logs import found_lines
from pointsman.services.reads.traces import opened
from pointsman.services.trace_logs import MOST, PAGES, TraceLogs

AT = EPOCH.timestamp()


class Told:
    """Answers by group; a fault is raised."""

    def __init__(self, **groups: Any) -> None:
        self.groups = groups
        self.asked: list[dict[str, Any]] = []

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert (service, operation) == ("logs", "FilterLogEvents")
        self.asked.append(parameters)
        told = self.groups[parameters["logGroupName"]]
        if isinstance(told, Fault):
            raise CallFailed(told)
        page = int(parameters.get("nextToken", "0"))
        return {"events": told[page], **({"nextToken": str(page + 1)} if page + 1 < len(told) else {})}


def logs(cloud: Any) -> TraceLogs:
    return TraceLogs(cloud, Budget.unlimited(ManualClock()))


def event(at: float, text: str, stream: str = "s") -> dict[str, Any]:
    return {"timestamp": int(at * 1000), "message": f"{text}\n", "logStreamName": stream}


async def test_events_of_all_groups_stand_in_the_order_of_time() -> None:
    cloud = Told(a=[[event(AT + 2, "second")], [], [event(AT + 3, "third")]], b=[[event(AT + 1, "first")]])
    found = await logs(cloud).lines(tracing.CHECKOUT, ("a", "b"), AT, AT + 5)
    assert [one.text for one in found.lines] == ["first", "second", "third"]
    assert not found.more
    assert cloud.asked[0]["filterPattern"] == f'"{tracing.CHECKOUT.id}"'
    assert cloud.asked[0]["startTime"] == int((AT - 30) * 1000)
    assert cloud.asked[0]["endTime"] == int((AT + 35) * 1000)


async def test_a_group_that_is_gone_is_told_and_a_denied_one_fails() -> None:
    gone = Fault(FaultKind.NOT_FOUND, "there is no such group")
    found = await logs(Told(a=gone, b=[[event(AT, "x")]])).lines(tracing.CHECKOUT, ("a", "b"), AT, AT)
    assert (found.missing, len(found.lines)) == (("a",), 1)
    with pytest.raises(CallFailed):
        await logs(Told(a=Fault(FaultKind.DENIED, "no"))).lines(tracing.CHECKOUT, ("a",), AT, AT)


async def test_it_stops_where_there_is_too_much_and_says_so() -> None:
    endless = Told(a=[[]] * 50)
    assert (await logs(endless).lines(tracing.CHECKOUT, ("a",), AT, AT)).more
    assert len(endless.asked) == PAGES
    full = Told(a=[[event(AT, "x")] * MOST, [event(AT, "x")]])
    found = await logs(full).lines(tracing.CHECKOUT, ("a",), AT, AT)
    assert (len(found.lines), found.more, len(full.asked)) == (MOST, True, 1)


async def test_the_bundled_backend_finds_them() -> None:
    with Backend(clock=ManualClock()) as backend:
        client = backend.session("eu-west-1").client("logs")
        client.create_log_group(logGroupName="/shop")
        client.create_log_stream(logGroupName="/shop", logStreamName="i-1")
        lines = [f"paid for {tracing.CHECKOUT.id}", "something else"]
        client.put_log_events(
            logGroupName="/shop",
            logStreamName="i-1",
            logEvents=[{"timestamp": int(AT * 1000), "message": one} for one in lines],
        )

        class Cloud:
            async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
                return backend.ask("eu-west-1", service, operation, parameters)[0]

        found = await logs(Cloud()).lines(tracing.CHECKOUT, ("/shop",), AT, AT)
    assert [(one.text, one.stream, one.at) for one in found.lines] == [(lines[0], "i-1", EPOCH)]


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "timestamp": st.one_of(st.integers(), st.none(), st.text()),
                "message": st.one_of(st.text(), st.none()),
                "logStreamName": st.text(),
            },
        )
    )
)
def test_odd_events_are_lines_all_the_same(events: list[dict[str, Any]]) -> None:
    found = found_lines({"events": events}, "g")
    assert len(found) == len(events)
    assert all(one.at is None or one.at.tzinfo is UTC for one in found)


def piece(name: str = "shop", **fields: Any) -> Piece:
    return Piece("1" * 16, "", name, 1.0, 2.0, False, fields)


@pytest.mark.parametrize(
    ("made", "groups"),
    [
        (piece(), ()),
        (piece(aws={"cloudwatch_logs": [{"log_group": "/a"}, {"log_group": "/a"}, 3]}), ("/a",)),
        (piece(aws={"cloudwatch_logs": [{"arn": "arn:aws:logs:eu-west-1:1:log-group:/b:*"}]}), ("/b",)),
        (piece(aws={"cloudwatch_logs": {"log_group": "/a"}}), ()),
        (piece("pay", origin="AWS::Lambda::Function"), ("/aws/lambda/pay",)),
    ],
)
def test_where_a_segment_logs(made: Piece, groups: tuple[str, ...]) -> None:
    assert groups_of(made) == groups


def test_a_trace_has_its_segments_groups_once() -> None:
    tops = [
        {
            "trace_id": tracing.CHECKOUT.id,
            "id": f"{at:016x}",
            "name": "shop",
            "start_time": 1.0,
            "end_time": 2.0,
            "aws": {"cloudwatch_logs": [{"log_group": group}]},
        }
        for at, group in enumerate(("/a", "/b", "/a"))
    ]
    found = opened(tracing.CHECKOUT, [json.dumps(one) for one in tops], limit_exceeded=False, settled=True)
    assert log_groups(found) == ("/a", "/b")
