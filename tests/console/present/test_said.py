"""Faults, headers, keys, activity: one line each, whole and clean."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from console.widgets.shown import ago
from pointsman.clock import EPOCH
from pointsman.console.present.activity import CALLS, DEEDS
from pointsman.console.present.cells import plain, width
from pointsman.console.present.faults import corner, fault_lines, freshness
from pointsman.console.present.header import HeaderFacts, header_line
from pointsman.console.present.keys import KeyHint, key_line
from pointsman.console.present.look import Draw
from pointsman.errors import Fault, FaultKind
from pointsman.model.activity import Call, Deed
from pointsman.model.snapshot import Snapshot

THROTTLED = Fault(FaultKind.THROTTLED, "Rate exceeded")
DENIED = Fault(
    FaultKind.DENIED,
    "no permission",
    "ask for codepipeline:ListPipelines",
    code="AccessDenied",
    call="codepipeline:ListPipelines",
)


@pytest.mark.parametrize(
    ("snapshot", "said", "short"),
    [
        (Snapshot(), "loading pipelines…", "loading"),
        (Snapshot(["a"], ago(seconds=6)), "", "5s"),
        (Snapshot(["a"], EPOCH, partial="312 of 1,000 read"), "312 of 1,000 read", "312 of 1,000 read  now"),
        (Snapshot([], EPOCH), "no pipelines", "now"),
        (
            Snapshot(["a"], ago(minutes=4), THROTTLED, 3, EPOCH + timedelta(seconds=12)),
            "as of 4m ago  ✗ throttled: Rate exceeded  next try in 12s",
            "▲ stale 4m: throttled",
        ),
        (
            Snapshot(fault=DENIED, failures=1),
            "✗ access denied: no permission  → ask for codepipeline:ListPipelines",
            "✗ access denied",
        ),
    ],
)
def test_the_five_states_in_a_line_and_in_a_corner(snapshot: Snapshot[list[str]], said: str, short: str) -> None:
    assert plain(freshness(snapshot, Draw(EPOCH), "pipelines")) == said
    assert plain(corner(snapshot, Draw(EPOCH))) == short


def test_a_fault_in_full_says_what_was_called() -> None:
    assert [plain(one) for one in fault_lines(DENIED, Draw(EPOCH))] == [
        "✗ access denied",
        "no permission",
        "→ ask for codepipeline:ListPipelines",
        "call  codepipeline:ListPipelines",
        "code  AccessDenied",
    ]


FACTS = HeaderFacts(
    "", "prod-eu", "123456789012", "eu-west-1", "OnCall", EPOCH + timedelta(minutes=42), calls_per_minute=12
)


def test_the_header_says_where_as_whom_and_whether_one_may_write() -> None:
    said = plain(header_line(FACTS, Draw(EPOCH), 120))
    assert said.startswith(" pointsman  prod-eu ▸ 123456789012 ▸ eu-west-1  role OnCall 42m left")
    assert said.endswith("READ-ONLY  api 12/min  09:00Z ")


@pytest.mark.parametrize("room", [60, 80, 100, 120, 200])
def test_the_mode_is_never_dropped(room: int) -> None:
    line = header_line(FACTS, Draw(EPOCH), room)
    assert width(line) == room
    assert "READ-ONLY" in plain(line)
    assert "eu-west-1" in plain(line)


def test_arming_counts_down_in_seconds_only_at_the_end() -> None:
    from msgspec.structs import replace

    armed = replace(FACTS, armed_until=EPOCH + timedelta(minutes=9, seconds=30))
    assert " ARMED 9m " in plain(header_line(armed, Draw(EPOCH), 120))
    assert " ARMED 30s " in plain(header_line(armed, Draw(EPOCH + timedelta(minutes=9)), 120))
    assert "READ-ONLY" in plain(header_line(armed, Draw(EPOCH + timedelta(minutes=10)), 120))


def test_a_greyed_key_reads_as_greyed_without_colour() -> None:
    line, placed = key_line([KeyHint("a", "actions"), KeyHint("r", "retry", "it runs", shown="R")], 80)
    assert plain(line) == " a actions  (R retry)"
    assert [(one.hint.key, plain(line)[one.start : one.end]) for one in placed] == [
        ("a", "a actions"),
        ("r", "(R retry)"),
    ]


def test_keys_that_do_not_fit_are_left_out_whole() -> None:
    assert plain(key_line([KeyHint("a", "actions"), KeyHint("b", "builds")], 15)[0]).strip() == "a actions"


def test_calls_and_deeds_as_rows() -> None:
    call = Call(EPOCH, "codepipeline", "PutApprovalResult", 1234.4, "AccessDenied", "req-1", write=True, attempt=2)
    said = {column.key: plain(column.cell(call, Draw(EPOCH))) for column in CALLS}
    assert said == {
        "time": "09:00:00", "call": "codepipeline:PutApprovalResult", "outcome": "✗ AccessDenied", "ms": "1,234",
        "kind": "write", "attempt": "2", "request": "req-1",
    }  # fmt: skip
    deed = Deed(
        "1",
        EPOCH,
        "pipeline.start",
        "start checkout",
        "1",
        "eu-west-1",
        "arn:aws:sts::1:assumed-role/R/ann",
        outcome="unknown",
    )
    done = {column.key: plain(column.cell(deed, Draw(EPOCH))) for column in DEEDS}
    assert (done["outcome"], done["by"], done["where"]) == ("? outcome unknown", "ann", "1 eu-west-1")


def test_the_meter_says_so_when_a_budget_is_nearly_used_up() -> None:
    quiet = replace(FACTS, calls_per_minute=9, share=lambda _: 0.49)
    loud = replace(FACTS, calls_per_minute=280, share=lambda _: 0.93)
    assert "budget" not in plain(header_line(quiet, Draw(EPOCH), 160))
    assert "api 280/min 93% of the budget" in plain(header_line(loud, Draw(EPOCH), 160))


@pytest.mark.parametrize("room", range(20, 161, 7))
def test_on_a_narrow_screen_the_way_here_goes_before_the_mode_does(room: int) -> None:
    facts = replace(FACTS, protected=True, crumbs=("Pipelines", "a-pipeline-with-a-very-long-name-indeed", "d0b1c9d8"))
    said = plain(header_line(facts, Draw(EPOCH), room))
    assert width(header_line(facts, Draw(EPOCH), room)) <= room
    assert ("d0b1c9d8" in said) or room < 70
