"""Dashboards read: bodies as people write them and as nobody should, and a whole one over the bundled backend."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.aws.cloud import Cloud
from pointsman.clock import ManualClock
from pointsman.errors import FaultKind
from pointsman.model.dashboard_variables import FIRST, Variable
from pointsman.model.dashboards import (
    AlarmsAsked,
    Body,
    DashboardView,
    LogAsked,
    Mark,
    MetricAsked,
    Moment,
    Refused,
    TextAsked,
    auto_period,
    target_of,
)
from pointsman.model.refs import AlarmRef, DashboardRef, LogGroupRef, MetricRef
from pointsman.semantics.metrics.dashboards import problems
from pointsman.services.dashboards import Dashboards
from pointsman.services.reads.dashboards import body, span
from support.backend import CheckedBackend

SAMPLES = Path(__file__).parents[2] / "sample_config" / "dashboards"
REGION = "eu-west-1"
ARN = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:"


def metric(**properties: Any) -> dict[str, Any]:
    return {"type": "metric", "properties": properties}


def asked(**properties: Any) -> MetricAsked:
    found = body(json.dumps({"widgets": [metric(**properties)]})).widgets[0].asked
    assert isinstance(found, MetricAsked)
    return found


# --- bodies


def test_dots_repeat_what_the_metric_before_has() -> None:
    found = asked(
        metrics=[
            ["AWS/X", "A", "Stage", "prod", "Zone", "a"],
            [".", "B", ".", ".", ".", "b", {"stat": "p99", "label": "the b", "yAxis": "right", "visible": False}],
            ["...", "c"],
            ["..."],
            [{"expression": "m1 / 2", "id": "e1", "label": "half"}],
            ["...", "d", {"period": 300}],
        ],
        stat="Sum",
        period=60,
    ).lines
    said = [(one.namespace, one.name, one.dimensions) for one in found]
    assert said == [
        ("AWS/X", "A", (("Stage", "prod"), ("Zone", "a"))),
        ("AWS/X", "B", (("Stage", "prod"), ("Zone", "b"))),
        ("AWS/X", "B", (("Stage", "prod"), ("Zone", "c"))),
        ("AWS/X", "B", (("Stage", "prod"), ("Zone", "c"))),
        ("", "", ()),
        ("AWS/X", "B", (("Stage", "prod"), ("Zone", "d"))),
    ]
    assert [one.stat for one in found] == ["Sum", "p99", "Sum", "Sum", "Sum", "Sum"]
    assert (found[1].label, found[1].right, found[1].visible) == ("the b", True, False)
    assert (found[4].id, found[4].expression, found[5].period) == ("e1", "m1 / 2", 300)
    assert len({one.id for one in found}) == len(found)


def test_annotations_and_axes() -> None:
    band = [{"value": 1, "label": "low"}, {"value": 9, "yAxis": "right"}]
    found = asked(
        metrics=[["N", "m"]],
        annotations={
            "horizontal": [{"value": 5, "label": "most"}, band, {"value": 7, "visible": False}, {"value": "x"}]
        },
        yAxis={"left": {"min": 0, "max": 100, "label": "%"}, "right": 5},
    )
    assert found.marks == (Mark(5.0, "most"), Mark(1.0, "low"), Mark(9.0, right=True))
    assert (found.left.low, found.left.high, found.left.label, found.right.low) == (0.0, 100.0, "%", None)


def test_vertical_annotations_are_moments_and_stretches() -> None:
    found = asked(
        metrics=[["N", "m"]],
        annotations={
            "vertical": [
                {"value": "2026-01-05T08:30:00Z", "label": "deploy"},
                [{"value": "2026-01-05T08:00:00.000Z"}, {"value": "2026-01-05T10:00:00+01:00", "label": "freeze"}],
                {"value": "2026-01-05T08:45:00", "visible": False},
                {"value": "soon"},
                {"value": 5},
                [],
                3,
            ]
        },
    )
    at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert found.moments == (
        Moment(at + timedelta(minutes=30), "deploy"),
        Moment(at, "freeze", at + timedelta(hours=1)),
    )


VARIABLES: list[Any] = [
    {"type": "property", "property": "FunctionName", "id": "fn", "label": "Function", "defaultValue": "pay"},
    {
        "type": "pattern",
        "pattern": "stage-[a-z]+",
        "id": "stage",
        "inputType": "select",
        "values": [{"value": "stage-b"}],
    },
    {"type": "property", "property": "region", "id": "where", "visible": False},
    {"type": "other"},
    5,
]
VARIED = {
    "variables": VARIABLES,
    "widgets": [
        metric(metrics=[["AWS/Lambda", "Errors", "FunctionName", "x", {"region": "eu"}], ["...", "FunctionName"]]),
        {"type": "text", "properties": {"markdown": "stage-a and stage-c, FunctionName"}},
    ],
}


def test_variables_are_at_their_defaults_or_where_a_person_has_put_them() -> None:
    def at(**chosen: str) -> tuple[Body, Any, str]:
        found = body(json.dumps(VARIED), chosen)
        text = found.widgets[1].asked
        assert isinstance(text, TextAsked)
        return found, found.widgets[0].asked, text.markdown

    found, lines, text = at()
    assert [(one.id, one.name, one.visible) for one in found.variables] == [
        ("fn", "Function", True),
        ("stage", "stage", True),
        ("where", "where", False),
    ]
    assert found.chosen == (("fn", "pay"),)
    assert lines.lines[0].dimensions == (("FunctionName", "pay"),) and lines.lines[0].region == "eu"
    assert text == "stage-a and stage-c, FunctionName", "a property is no text"
    found, lines, text = at(fn="", stage="stage-b", where="us")
    assert lines.lines[0].dimensions == (("FunctionName", "x"),) and lines.lines[0].region == "us"
    assert text == "stage-b and stage-b, FunctionName"
    assert not found.notes


def test_a_pattern_that_never_ends_is_given_up() -> None:
    evil = {"type": "pattern", "pattern": "(a|aa)+$", "id": "evil", "defaultValue": "x"}
    text = {"type": "text", "properties": {"markdown": "a" * 60 + "!"}}
    found = body(json.dumps({"widgets": [text], "variables": [evil]}))
    assert any("takes too long" in note for note in found.notes)
    assert found.widgets[0].asked == TextAsked("a" * 60 + "!")


@pytest.mark.parametrize(
    ("query", "groups", "rest"),
    [
        ("SOURCE '/a' | fields @message", ("/a",), "fields @message"),
        ("SOURCE '/a' | SOURCE \"/b\" | filter x", ("/a", "/b"), "filter x"),
        ("source '/a', '/b' | filter x", ("/a", "/b"), "filter x"),
        ("fields @message", (), "fields @message"),
    ],
)
def test_sources_of_a_log_widget(query: str, groups: tuple[str, ...], rest: str) -> None:
    widget = {"type": "log", "properties": {"query": query, "region": "x"}}
    found = body(json.dumps({"widgets": [widget]})).widgets[0].asked
    assert isinstance(found, LogAsked)
    assert (found.groups, found.query, found.region) == (groups, rest, "x")


def test_what_is_not_drawn_says_so_by_name() -> None:
    kinds = ["explorer", "custom", "hologram", "", 5]
    widgets: list[Any] = [{"type": kind, "properties": {}} for kind in kinds]
    widgets += [None, [], {"type": "metric", "properties": {"view": "cake", "metrics": []}}]
    found = [one.asked for one in body(json.dumps({"widgets": widgets})).widgets]
    assert all(isinstance(one, Refused) for one in found)
    said = [one.reason for one in found if isinstance(one, Refused)]
    assert "tags of resources" in said[0]
    assert "Lambda" in said[1]
    assert "'hologram'" in said[2]
    assert "no type" in said[3]
    assert "not a JSON object" in said[5]
    assert "'cake'" in said[7]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "no list of widgets"),
        ('{"widgets": {}}', "no list of widgets"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "too deep"),
        (json.dumps({"widgets": [metric(metrics=[["N", "m"]])] * 600}), "600 widgets; the first 500"),
        ('{"widgets": [], "variables": [{"type": "pattern", "pattern": "(", "defaultValue": "x"}]}', "cannot be used"),
    ],
)
def test_a_body_that_is_odd_says_so(text: str, said: str) -> None:
    assert said in " ".join(body(text).notes)


def test_a_body_of_two_megabytes_is_read() -> None:
    text = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "x" * 2_000_000}}]})
    (widget,) = body(text).widgets
    assert isinstance(widget.asked, TextAsked)
    assert len(widget.asked.markdown) == 2_000_000


ODD = ("1e360", "-1e360", "NaN", "Infinity", "-Infinity", "1" + "0" * 400, "-0.0", "true", '"x"', "null", "[]", "{}")
EVERYWHERE = """{"widgets": [{"type": "metric", "x": @, "y": @, "width": @, "height": @, "properties": {
  "metrics": [["A", "b", {"period": @, "stat": @, "yAxis": @, "id": @, "label": @, "visible": @}], [@, @, @], ["..."]],
  "period": @, "stat": @, "title": @, "yAxis": {"left": {"min": @, "max": @, "label": @}, "right": @},
  "annotations": {"horizontal": [{"value": @, "label": @}, [{"value": @}, {"value": @}]], "vertical": [{"value": @}],
  "alarms": @}}}], "start": @, "variables": [{"type": "property", "property": @, "id": @, "values": [@]}, @]}"""


@pytest.mark.parametrize("odd", ODD)
def test_numbers_that_are_none_anywhere_in_a_body_are_left_out(odd: str) -> None:
    (widget,) = body(EVERYWHERE.replace("@", odd)).widgets
    assert 1 <= widget.width <= 24 and 1 <= widget.height <= 1000
    assert isinstance(widget.asked, MetricAsked)
    bounds = (widget.asked.left.low, widget.asked.left.high, *(one.value for one in widget.asked.marks))
    assert all(one is None or math.isfinite(one) for one in bounds)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-45", "", "now"])
def test_a_moment_that_is_none_is_left_out(at: str) -> None:
    text = json.dumps({"widgets": [metric(annotations={"vertical": [{"value": at}, {"value": "2026-01-05"}]})]})
    (widget,) = body(text).widgets
    assert isinstance(widget.asked, MetricAsked)
    assert [one.at.year for one in widget.asked.moments] == [2026]


@pytest.mark.parametrize(
    "widgets",
    [
        [{"type": "text", "properties": {"markdown": "x" * 160}}] * 12_000,
        [{"type": "text", "properties": {"markdown": "# a [b]\n" * 250_000}}],
        [metric(metrics=[["A", f"m{at}", "d", "v" * 20] for at in range(50_000)])],
        [metric(title="t" * 2_000_000)],
    ],
    ids=["many widgets", "many lines", "many metrics", "a title"],
)
def test_two_megabytes_of_anything_are_read_and_cut(widgets: list[Any]) -> None:
    text = json.dumps({"widgets": widgets})
    assert len(text) > 1_900_000
    found = body(text)
    assert 1 <= len(found.widgets) <= 500
    assert all(len(one.asked.lines) <= 500 for one in found.widgets if isinstance(one.asked, MetricAsked))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("metrics", "view", "stat", "period", "yAxis", "annotations", "markdown", "query", "alarms", "title", "stacked")


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["metric", "text", "log", "alarm", "custom"]) | JSON,
                "properties": st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6) | JSON,
            },
            optional=dict.fromkeys(("x", "y", "width", "height"), JSON),
        ),
        max_size=4,
    )
)
def test_anything_is_a_body(widgets: list[Any]) -> None:
    text = json.dumps({"widgets": widgets, "start": 5})
    found = body(text)
    assert len(found.widgets) == len(widgets)
    for one in found.widgets:
        assert 1 <= one.width <= 24 and 1 <= one.height <= 1000
        target_of(one.asked)


@pytest.mark.parametrize(
    ("said", "lasts"),
    [
        ("-PT3H", timedelta(hours=3)),
        ("-PT5M", timedelta(minutes=5)),
        ("-P1D", timedelta(days=1)),
        ("-P2W", timedelta(days=14)),
        ("-P1DT12H", timedelta(hours=36)),
        ("-P9999Y", timedelta(days=455)),
        ("-P", None),
        ("-PT0S", None),
        ("2026-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_a_relative_start(said: str, lasts: timedelta | None) -> None:
    assert span(said) == lasts


def test_a_period_is_long_enough_to_be_read() -> None:
    assert auto_period(60, timedelta(hours=3)) == 60
    assert auto_period(1, timedelta(hours=3)) == 10
    assert auto_period(60, timedelta(days=14)) == 900
    assert auto_period(60, timedelta(days=20)) == 3600
    assert auto_period(60, timedelta(days=70)) == 21600
    assert auto_period(60, timedelta(days=70), inherit=True) == 60


@pytest.mark.parametrize("name", ["developers", "operations", "business"])
def test_a_sample_is_whole(name: str) -> None:
    text = (SAMPLES / f"{name}.json").read_text()
    assert [one for one in problems(text) if not one.warning] == []
    found = body(text)
    assert found.notes == ()
    assert found.span is not None
    assert len(found.widgets) >= 5
    assert not any(isinstance(one.asked, Refused) for one in found.widgets)


def test_where_widgets_lead() -> None:
    assert target_of(asked(metrics=[["N", "m", "b", "1", "a", "2"]])) == MetricRef("N", "m", (("a", "2"), ("b", "1")))
    assert target_of(AlarmsAsked((ARN + "a:b",))) == AlarmRef("a:b")
    assert target_of(LogAsked("x", ("/a",))) == LogGroupRef("/a")
    assert target_of(TextAsked("x")) is None


# --- over the bundled backend


@pytest.fixture
def cloud(backend: CheckedBackend, clock: ManualClock) -> Cloud:
    made = Cloud(lambda: backend.session(region_name=REGION), clock)
    assert made.prepare() is None
    return made


class Shop:
    """A backend with something to show."""

    def __init__(self, backend: CheckedBackend, cloud: Cloud, clock: ManualClock) -> None:
        session = backend.session(region_name=REGION)
        self.cloudwatch: Any = session.client("cloudwatch")
        self.logs: Any = session.client("logs")
        self.clock = clock
        self.waits = 0
        self.services = Dashboards(cloud, clock, region=lambda: cloud.region, sleep=self._sleep)
        for minute in range(60):
            when = clock.now() - timedelta(minutes=60 - minute)
            if 20 <= minute < 30:
                continue
            data = [{"MetricName": "Orders", "Timestamp": when, "Value": float(minute)}]
            self.cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)

    async def _sleep(self, seconds: float) -> None:
        self.waits += 1
        self.clock.advance(seconds)

    def put(self, *widgets: Any, **more: Any) -> DashboardRef:
        self.cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps({"widgets": widgets, **more}))
        return DashboardRef("shop")

    async def view(self, *widgets: Any, **more: Any) -> DashboardView:
        ref = self.put(*widgets, **more)
        return await self.services.view(ref).read(lambda *_: None)


@pytest.fixture
def shop(backend: CheckedBackend, cloud: Cloud, clock: ManualClock) -> Shop:
    return Shop(backend, cloud, clock)


async def test_a_list_is_read(shop: Shop) -> None:
    shop.put()
    listed = await shop.services.listed().read(lambda *_: None)
    (one,) = listed.entries
    assert (one.ref, one.size) == (DashboardRef("shop"), len('{"widgets": []}'))
    assert one.modified == shop.clock.now()


async def test_metrics_are_read_with_their_gaps(shop: Shop) -> None:
    sums = {"expression": "m1 * 2", "id": "e1", "label": "twice"}
    view = await shop.view(
        metric(metrics=[["Shop", "Orders", {"id": "m1", "label": "orders"}], [sums]], stat="Sum", period=60),
        start="-PT1H",
    )
    orders, twice = view.found[0].lines
    assert (orders.label, twice.label) == ("orders", "twice")
    assert len(orders.points) == 50
    assert orders.last == 59.0 and twice.last == 118.0
    times = [time for time, _ in orders.points]
    assert times == sorted(times)


async def test_what_is_in_another_region_is_said(shop: Shop) -> None:
    lines = [["Shop", "Orders", {"region": "us-east-1"}], ["Shop", "Orders"]]
    view = await shop.view(metric(metrics=lines, region=REGION), metric(metrics=lines[1:], region="us-west-2"))
    assert view.found[0].notes == (f"it looks at us-east-1; this console looks at {REGION}",)
    assert len(view.found[0].lines) == 1
    assert view.found[1].lines == ()
    assert "us-west-2" in view.found[1].notes[0]


async def test_a_widget_that_fails_leaves_the_others(shop: Shop) -> None:
    broken = metric(metrics=[[{"expression": "NONE(", "id": "e1"}]])
    view = await shop.view(broken, metric(metrics=[["Shop", "Orders"]]))
    assert view.found[0].fault is not None
    assert len(view.found[1].lines) == 1


async def test_alarms_have_their_states_and_their_metric(shop: Shop) -> None:
    shop.cloudwatch.put_metric_alarm(
        AlarmName="orders",
        Namespace="Shop",
        MetricName="Orders",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=40.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    shop.cloudwatch.set_alarm_state(AlarmName="orders", StateValue="ALARM", StateReason="a drill")
    away = ARN.replace(REGION, "us-east-1") + "far"
    view = await shop.view(
        {"type": "alarm", "properties": {"alarms": [ARN + "orders", ARN + "gone", away]}},
        metric(annotations={"alarms": [ARN + "orders"]}),
    )
    faces = {one.name: (one.state, one.reason) for one in view.found[0].alarms}
    assert faces == {
        "orders": ("ALARM", "a drill"),
        "gone": ("", "there is no such alarm"),
        "far": ("", "in us-east-1"),
    }
    drawn = view.found[1]
    assert drawn.marks == (Mark(40.0, "orders"),)
    assert len(drawn.lines) == 1 and len(drawn.lines[0].points) == 50


async def test_a_log_widget_runs_its_query_once_in_a_while(shop: Shop) -> None:
    shop.logs.create_log_group(logGroupName="/shop")
    shop.logs.create_log_stream(logGroupName="/shop", logStreamName="web")
    now = int(shop.clock.now().timestamp() * 1000)
    lines = [{"timestamp": now - 1000 * at, "message": f"order {at}"} for at in range(5, 0, -1)]
    shop.logs.put_log_events(logGroupName="/shop", logStreamName="web", logEvents=lines)
    query = "SOURCE '/shop' | filter @message like /order/ | stats count(*) as orders"
    widget = {"type": "log", "properties": {"query": query}}
    view = await shop.view(widget, {"type": "log", "properties": {"query": "fields @message"}})
    assert (view.found[0].columns, view.found[0].rows) == (("orders",), (("5",),))
    assert "names no log group" in view.found[1].notes[0]
    more = [{"timestamp": now, "message": "order 6"}]
    shop.logs.put_log_events(logGroupName="/shop", logStreamName="web", logEvents=more)
    shop.clock.advance(60)
    assert (await shop.view(widget)).found[0].rows == (("5",),)
    shop.clock.advance(300)
    assert (await shop.view(widget)).found[0].rows == (("6",),)


async def test_the_values_of_a_variable_are_looked_up_in_the_metrics_of_its_search(shop: Shop) -> None:
    for country in ("FR", "DE"):
        data = {"MetricName": "Sold", "Dimensions": [{"Name": "Country", "Value": country}], "Value": len(country)}
        shop.cloudwatch.put_metric_data(Namespace="Shop", MetricData=[data])
    shop.clock.advance(120)
    variable = Variable("c", "property", "Country", search="{Shop,Country} Sold", populate="Country", default=FIRST)
    values = shop.services.values
    assert await values(variable) == (("DE", "DE"), ("FR", "FR"))
    assert await values(replace(variable, search="{Shop} Nothing")) == ()
    assert await values(replace(variable, search="((")) == ()
    assert await values(replace(variable, values=(("one", "1"),))) == (("one", "1"),)
    given = {"type": "property", "property": "Country", "search": variable.search, "populateFrom": "Country"}
    line = metric(metrics=[["Shop", "Sold", "Country", "XX"]])
    view = await shop.view(line, variables=[{**given, "id": "c", "inputType": "select", "defaultValue": FIRST}])
    assert view.body.chosen == (("c", "DE"),) and view.found[0].lines
    chosen = await shop.services.view(view.ref, chosen=(("c", "FR"),)).read(lambda *_: None)
    assert chosen.body.chosen == (("c", "FR"),)


async def test_widgets_come_one_after_the_other(shop: Shop) -> None:
    ref = shop.put(*[metric(metrics=[["Shop", "Orders"]])] * 3)
    told: list[tuple[int, str]] = []
    source = shop.services.view(ref)
    assert source.billed
    view = await source.read(lambda value, words: told.append((len(value.found), words)))
    assert told == [(0, "0 of 3 widgets read"), (1, "1 of 3 widgets read"), (2, "2 of 3 widgets read")]
    assert len(view.found) == 3


async def test_a_fresh_text_is_read_and_a_missing_one_is_known(shop: Shop) -> None:
    ref = shop.put()
    assert (await shop.services.fresh(ref)).text == '{"widgets": []}'
    state = await shop.services.fresh(DashboardRef("none"))
    assert (state.text, state.there) == ("", False)


async def test_a_dashboard_that_is_not_there_is_a_fault_of_its_own_kind(shop: Shop) -> None:
    from pointsman.errors import CallFailed

    with pytest.raises(CallFailed) as caught:
        await shop.services.view(DashboardRef("none")).read(lambda *_: None)
    assert caught.value.fault.kind is FaultKind.NOT_FOUND


async def test_the_samples_are_loaded_by_a_world_file_and_read(
    backend: CheckedBackend, shop: Shop, tmp_path: Path
) -> None:
    world = tmp_path / "world.yml"
    names = ("developers", "operations", "business")
    calls = "\n".join(
        f"      - {{DashboardName: {name}, DashboardBody: !file {SAMPLES / (name + '.json')}}}" for name in names
    )
    world.write_text(f"region: {REGION}\ncalls:\n  - cloudwatch:\n      put_dashboard:\n{calls}\n")
    backend.load(world)
    listed = await shop.services.listed().read(lambda *_: None)
    assert [one.ref.name for one in listed.entries] == sorted(names)
    for name in names:
        view = await shop.services.view(DashboardRef(name)).read(lambda *_: None)
        assert all(found.fault is None or name == "developers" for found in view.found.values()), name
