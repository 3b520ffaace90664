"""Insights queries: commands and functions with the results that AWS's documentation states."""

from __future__ import annotations

import json
import time

import pytest

from pointsman.semantics.logs import regexes
from support.insights_running import lines, run

TRAIL = json.dumps(
    {
        "eventName": "StartInstances",
        "awsRegion": "us-east-2",
        "userIdentity": {"type": "IAMUser", "userName": "Alice"},
        "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-abcde123"}]}},
        "@odd": "yes",
        "ok": True,
        "a-b": 1,
        "dotted.key": 5,
    }
)
REPORT = (
    "REPORT RequestId: 6f1-22\tDuration: 102.25 ms\tBilled Duration: 103 ms\tMemory Size: 128 MB"
    "\tMax Memory Used: 70 MB\tXRAY TraceId: 1-5f-6\tSegmentId: 77"
)


def one(query: str, *messages: str) -> dict[str, str]:
    (row,) = run(query, lines(*messages or ("x",)))
    return row


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("2 ^ 3", "8"),
        ("10 % 3", "1"),
        ("7 / 2", "3.5"),
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("-2 + 5", "3"),
        ("1 / 0", None),
        ("abs(-3)", "3"),
        ("ceil(2.1)", "3"),
        ("floor(2.9)", "2"),
        ("greatest(1, 5, 3)", "5"),
        ("least(4, 2)", "2"),
        ("log(1)", "0"),
        ("sqrt(16)", "4"),
        ("sqrt(-1)", None),
        ("ispresent(@message)", "1"),
        ("ispresent(nothing)", "0"),
        ("coalesce(nothing, 'b')", "b"),
        ("isempty(nothing)", "1"),
        ("isblank('  ')", "1"),
        ("isempty('  ')", "0"),
        ("concat('a', 1, 'c')", "a1c"),
        ('ltrim("xyZxyfooxyZ","xyZ")', "fooxyZ"),
        ('rtrim("xyZfooxyxyZ","xyZ")', "xyZfoo"),
        ('trim("xyZxyfooxyxyZ","xyZ")', "foo"),
        ("trim('  a ')", "a"),
        ("strlen('äöü')", "3"),
        ("toupper('aB')", "AB"),
        ("tolower('aB')", "ab"),
        ('substr("xyZfooxyZ",3, 3)', "foo"),
        ('substr("xyZfooxyZ",3)', "fooxyZ"),
        ("replace('smoke_test ok', 'smoke_test', 'Smoke')", "Smoke ok"),
        ("strcontains('abc', 'b')", "1"),
        ("strcontains('abc', 'x')", "0"),
        ("fromMillis(1642195111000)", "2022-01-14 21:18:31.000"),
        ("toMillis(@timestamp)", "1700000040000"),
        ("bin(5m)", "2023-11-14 22:10:00.000"),
        ("bin(1h)", "2023-11-14 22:00:00.000"),
        ("bin(1mo)", "2023-11-01 00:00:00.000"),
        ("bin(1q)", "2023-10-01 00:00:00.000"),
        ("bin(1y)", "2023-01-01 00:00:00.000"),
        ("datefloor(@timestamp, 1h)", "2023-11-14 22:00:00.000"),
        ("dateceil(@timestamp, 1h)", "2023-11-14 23:00:00.000"),
        ("dateceil(@timestamp, 1mo)", "2023-12-01 00:00:00.000"),
        ("now()", "1700000000"),
        ("isValidIp('10.0.0.1')", "1"),
        ("isValidIpV4('::1')", "0"),
        ("isValidIpV6('::1')", "1"),
        ("isIpInSubnet('192.0.2.7', '192.0.2.0/24')", "1"),
        ("isIpv4InSubnet('192.0.3.7', '192.0.2.0/24')", "0"),
        ("isIpv6InSubnet('2001:db8::1', '2001:db8::/32')", "1"),
        ("jsonStringify(jsonParse('{\"a\": [1, 2]}'))", '{"a":[1,2]}'),
        ("if(1 < 2, 'yes', 'no')", "yes"),
        ("case(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"),
        ("@message = 'x' and not 1 = 2", "1"),
        ("'abc' in ['x', 'abc']", "1"),
        ("'abc' not in ['x', 'abc']", "0"),
        ("true", "1"),
    ],
)
def test_functions_as_documented(expression: str, expected: str | None) -> None:
    assert one(f"fields {expression} as v").get("v") == expected


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("requestParameters.instancesSet.items.0.instanceId='i-abcde123'", True),
        ("userIdentity.type = 'IAMUser' and awsRegion='us-east-2'", True),
        ("@@odd = 'yes'", True),
        ("ok = 1", True),
        ("ok", True),
        ("not ok", False),
        ("`a-b` = '1.0'", True),
        ("dotted.key > 4", True),
        ("eventName like 'Start'", True),
        ("eventName like /(?i)START/", True),
        ("eventName =~ /^Start.*s$/", True),
        ("eventName not like 'Start'", False),
        ("eventName in ['StopInstances', 'StartInstances']", True),
        ("missing != 'x'", True),
        ("missing = 'x' or missing < 3 or missing like ''", False),
        ("userIdentity = 'x'", False),
    ],
)
def test_conditions(condition: str, found: bool) -> None:
    for command in ("filter", "FILTER", "filterIndex"):
        assert len(run(f"{command} {condition}", lines(TRAIL))) == found
    assert len(run(f"fields 1 as n | filter {condition}", lines(TRAIL))) == found


def test_without_a_word_time_and_message_are_shown_newest_first() -> None:
    assert run("limit 2", lines("a", "b", "c")) == [
        {"@timestamp": "2023-11-14 22:16:00.000", "@message": "c"},
        {"@timestamp": "2023-11-14 22:15:00.000", "@message": "b"},
    ]
    assert [row["@message"] for row in run("sort @timestamp asc | fields @message | head 1", lines("a", "b"))] == ["a"]
    assert [row["@message"] for row in run("fields @message", lines(*"abc"), limit=2)] == ["c", "b"]


def test_the_last_display_wins_and_aliases_go_on() -> None:
    row = one("fields @message, strlen(@message) as n | display @message | display n * 2 as m", "abc")
    assert row == {"m": "6"}


def test_globs_and_expressions_are_parsed() -> None:
    glob = (
        'FIELDS @message | PARSE @message "* [*] *" as loggingTime, loggingType, loggingMessage'
        ' | FILTER loggingType IN ["ERROR", "INFO"] | DISPLAY loggingMessage, loggingType = "ERROR" as isError'
    )
    found = run(glob, lines("10:00 [ERROR] it broke", "10:01 [INFO] fine", "10:02 [DEBUG] no", "none"))
    assert found == [{"loggingMessage": "fine", "isError": "0"}, {"loggingMessage": "it broke", "isError": "1"}]
    requests = lines("user=ann, method:GET, latency := 10", "user=ann, method:GET, latency := 20", "else")
    assert run(
        'parse @message "user=*, method:*, latency := *" as @user, @method, @latency'
        " | filter ispresent(@user) | stats avg(@latency) by @method, @user",
        requests,
    ) == [{"@method": "GET", "@user": "ann", "avg(@latency)": "15"}]
    assert run(
        r"parse /user=(?<user2>.*?), method:(?<method2>\w+)/ | filter ispresent(user2) | stats count(*) by method2",
        requests,
    ) == [{"method2": "GET", "count(*)": "2"}]
    assert "user2" not in one("parse @message /(?<user2>u+)/ | display @message, user2", "else")


def test_lambda_reports_are_discovered() -> None:
    query = """filter @type = "REPORT"
    | stats max(@memorySize / 1000 / 1000) as provisionedMemoryMB,
        min(@maxMemoryUsed / 1000 / 1000) as smallestMemoryRequestMB,
        avg(@maxMemoryUsed / 1000 / 1000) as avgMemoryUsedMB,
        provisionedMemoryMB - avgMemoryUsedMB as overProvisionedMB"""
    assert one(query, "START RequestId: 6f1-22 Version: 1", REPORT) == {
        "provisionedMemoryMB": "128",
        "smallestMemoryRequestMB": "70",
        "avgMemoryUsedMB": "70",
        "overProvisionedMB": "58",
    }
    assert one("fields @requestId, @duration, @billedDuration, @xrayTraceId, @xraySegmentId", REPORT) == {
        "@requestId": "6f1-22",
        "@duration": "102.25",
        "@billedDuration": "103",
        "@xrayTraceId": "1-5f-6",
        "@xraySegmentId": "77",
    }
    assert one("fields level, @requestId", 'RequestId x {"level": "warn"} rest') == {"level": "warn"}


def test_every_aggregation() -> None:
    events = lines(*[json.dumps({"n": n, "s": s}) for n, s in ((4, "b"), (8, "a"), (6, "c"), (2, "a"))], "no JSON")
    assert one(
        "stats count(*), count(n), count_distinct(s), sum(n), avg(n), min(n), max(n), pct(n, 75), median(n), stddev(n),"
        " earliest(s), latest(s), sortsFirst(s), sortsLast(s), percentile(n, 100), min(@timestamp) as first",
        *[message for _, _, message in events],
    ) == {
        "count(*)": "5",
        "count(n)": "4",
        "count_distinct(s)": "3",
        "sum(n)": "20",
        "avg(n)": "5",
        "min(n)": "2",
        "max(n)": "8",
        "pct(n, 75)": "6",
        "median(n)": "4",
        "stddev(n)": "2.23606797749979",
        "earliest(s)": "b",
        "latest(s)": "a",
        "sortsFirst(s)": "a",
        "sortsLast(s)": "c",
        "percentile(n, 100)": "8",
        "first": "2023-11-14 22:14:00.000",
    }
    assert one("stats count(*), avg(n) as a", *()) == {"count(*)": "1"}
    assert run("stats count(*) as c, max(n)", []) == [{"c": "0"}]
    assert run("stats count(*) by n", []) == []


def test_bins_and_chained_stats() -> None:
    events = lines(*(["Exception"] * 7), "fine")
    assert run("filter @message like /Exception/ | stats count(*) as n by bin(5m)", events) == [
        {"bin(5m)": "2023-11-14 22:20:00.000", "n": "1"},
        {"bin(5m)": "2023-11-14 22:15:00.000", "n": "5"},
        {"bin(5m)": "2023-11-14 22:10:00.000", "n": "1"},
    ]
    assert run(
        "filter @message like /Exception/ | stats count(*) as n by bin(5m) as t | stats max(n) as most, max(t) as last",
        events,
    ) == [{"most": "5", "last": "2023-11-14 22:20:00.000"}]
    assert run("stats count(*) as n by @message | sort n desc | limit 1", events) == [
        {"@message": "Exception", "n": "7"}
    ]


def test_dedup_keeps_the_first_in_order() -> None:
    events = lines('{"s":"a","n":1}', '{"s":"b","n":2}', '{"s":"a","n":3}', "none", "none")
    assert [row.get("n") for row in run("fields s, n | dedup s", events)] == [None, None, "3", "2"]
    assert [row.get("n") for row in run("fields s, n | filter ispresent(s) | sort n asc | dedup s", events)] == [
        "1",
        "2",
    ]


def test_lists_are_unnested() -> None:
    message = '{"events": [{"name": "exception"}, {"name": "user action"}], "id": 7}'
    query = (
        "fields jsonParse(@message) as json_message | unnest json_message.events into event | display event.name, id"
    )
    assert run(query, lines(message)) == [
        {"event.name": "exception", "id": "7"},
        {"event.name": "user action", "id": "7"},
    ]
    assert one("fields jsonParse(@message) as js | display js.events[1].name as n", message) == {"n": "user action"}
    assert one("fields jsonParse(@message) as js | unnest js.id into i | display i", message) == {"i": "7"}


def test_comments_and_unmask_change_nothing() -> None:
    query = "fields @timestamp, @message\n    # | filter @message like /delay/\n | unmask(@message) | limit 20"
    assert [row["@message"] for row in run(query, lines("a"))] == ["a"]


def test_planted_clusters_are_found() -> None:
    logins = [f"INFO login of user u{n * 37} from 10.0.{n % 7}.{n} took {n * 3} ms" for n in range(40)]
    faults = [f"ERROR cannot write block {n:x}{n}f to disk sda{n % 3}: no space left" for n in range(20)]
    mixed = [line for pair in zip(logins, faults * 2, strict=True) for line in pair][:60]
    rows = run("pattern @message", lines(*mixed))
    counts = {row["@pattern"]: (int(row["@sampleCount"]), row["@severityLabel"], row["@ratio"]) for row in rows}
    assert len(counts) == 2
    (login,) = (found for pattern, found in counts.items() if pattern.startswith("INFO login of user <"))
    (fault,) = (found for pattern, found in counts.items() if pattern.startswith("ERROR cannot write block <"))
    assert login == (30, "Info", "0.5") and fault == (30, "Error", "0.5")
    assert any("from <IP-2> took <Number-3> ms" in pattern for pattern in counts)


def test_diff_says_what_is_new_and_what_is_gone() -> None:
    minute = 60_000
    old = [(n * 1000, n, f"served page {n}") for n in range(10)] + [
        (n * 1000, 100 + n, "old job done") for n in range(3)
    ]
    new = [(minute + n * 1000, 200 + n, f"served page {n}") for n in range(20)] + [(minute + 5, 300, "disk is full")]
    rows = run("pattern @message | diff", old + new, start=minute, end=2 * minute - 1)
    said = {
        row["@pattern"]: (row["@sampleCount"], row["@differenceCount"], row["@differenceDescription"]) for row in rows
    }
    assert said == {
        "served page <Number-1>": ("20", "10", "100% more"),
        "old job done": ("0", "-3", "Gone"),
        "disk is full": ("1", "1", "New"),
    }


def test_an_expression_that_never_ends_ends_the_query() -> None:
    begun = time.perf_counter()
    with pytest.raises(regexes.TooSlow, match="takes longer"):
        run("filter @message like /[ab]*[ab]*[ab]*[ab]*[ab]*[ab]*[cd]/", lines("a" * 5000))
    assert time.perf_counter() - begun < 20 * regexes.PATIENCE
