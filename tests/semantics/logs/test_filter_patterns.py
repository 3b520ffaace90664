"""Filter patterns: AWS's documented examples with their stated results, and what a hostile pattern comes to."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.logs import regexes
from pointsman.semantics.logs.filter_pattern_grammar import wildcard
from pointsman.semantics.logs.filter_patterns import PatternError, parse

BAD, UNAUTHORIZED = "[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST"
MISSING, INVALID = "[ERROR 419] MISSING ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS"
SERVER = "[ERROR 500] INTERNAL SERVER ERROR"
LINES = [BAD, UNAUTHORIZED, MISSING, INVALID, SERVER]

TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "bandwidth": 80,
        "latency": 49.5,
        "responseTime": 5,
        "errorCode": 400,
        "ok": True,
        "number": [0.001],
        "odd key": "x",
    }
)
USERS = json.dumps(
    {
        "user": {"id": 1, "email": "John.Stiles@example.com"},
        "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
        "actions": ["GET", "PUT", "DELETE"],
        "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
    }
)
ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", LINES),
        ('" "', LINES),
        ("ERROR", LINES),
        ("error", []),
        ("ERROR ARGUMENTS", [MISSING, INVALID]),
        ("ARGUMENTS ERROR", [MISSING, INVALID]),
        ("?REQUEST ?ARGUMENTS", [BAD, UNAUTHORIZED, MISSING, INVALID]),
        ('"INTERNAL SERVER ERROR"', [SERVER]),
        ("ERROR -ARGUMENTS", [BAD, UNAUTHORIZED, SERVER]),
        ('-"BAD REQUEST" -ARGUMENTS', [UNAUTHORIZED, SERVER]),
        ("?BAD ?SERVER -REQUEST", [SERVER]),
        ("?BAD ARGUMENTS", [MISSING, INVALID]),  # an optional term next to one that has to be there says nothing
        ("%AUTHORIZED%", [UNAUTHORIZED]),
        (r"%4[0-9]{2}\] [BI]%", [BAD, INVALID]),
        ("ERROR -%ARG.MENTS%", [BAD, UNAUTHORIZED, SERVER]),
    ],
)
def test_terms_as_documented(pattern: str, expected: list[str]) -> None:
    found = parse(pattern)
    assert [line for line in LINES if found.matches(line)] == expected
    for line in expected:
        assert all(text in line for text in found.literals)
    if found.exact:
        assert expected == [line for line in LINES if all(text in line for text in found.literals)]


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', TRAIL, True),
        ('{ $.eventType = "Update*" }', TRAIL, True),
        ('{ $.eventType = "*date*" && $.sourceIPAddress != 123.123.* }', TRAIL, True),
        ("{ $.sourceIPAddress != 111.111.* }", TRAIL, False),
        ('{ $.arrayKey[0] = "value" }', TRAIL, True),
        ('{ $.arrayKey[1] = "value" }', TRAIL, False),
        ('{ $.arrayKey[*] = "another value" }', TRAIL, True),
        ("{ $.objectList[1].id = 2 }", TRAIL, True),
        ("{ $.objectList[*].id > 2 }", TRAIL, False),
        ("{ $.SomeObject IS NULL }", TRAIL, True),
        ("{ $.ok IS TRUE }", TRAIL, True),
        ("{ $.ok IS FALSE }", TRAIL, False),
        ("{ $.SomeOtherObject NOT EXISTS }", TRAIL, True),
        ("{ $.SomeObject NOT EXISTS }", TRAIL, False),
        ("{ $.bandwidth > 75 }", TRAIL, True),
        ("{ $.latency < 50 }", TRAIL, True),
        ("{ $.latency <= 49 }", TRAIL, False),
        ("{ $.responseTime >= 5 }", TRAIL, True),
        ("{ $.errorCode = 400}", TRAIL, True),
        ("{ $.errorCode = 4* }", TRAIL, True),
        ("{ $.errorCode != 500 }", TRAIL, True),
        ("{ $.number[0] = 1e-3 }", TRAIL, True),
        ("{ $.number[0] != 1e+3 }", TRAIL, True),
        ("{ $['odd key'] = x }", TRAIL, True),
        ("{ $.eventType = %Up[a-z]+Trail% }", TRAIL, True),
        ("{ $.eventType != %Up[a-z]+Trail% }", TRAIL, False),
        ("{ $.nothing != 1 }", TRAIL, False),
        ('{ $.objectList = "a" }', TRAIL, False),
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', USERS, True),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "no" }',
            USERS,
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "no" }',
            USERS,
            False,
        ),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', USERS, False),
        ("{ $.a = 1 }", "not JSON", False),
        ("{ $.a = 1 }", '{"a": 1', False),
        ("{ $.a = 1 }", "[1]", False),
    ],
)
def test_json_as_documented(pattern: str, event: str, expected: bool) -> None:
    assert parse(pattern).matches(event) is expected


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", ACCESS, True),
        ("[..., request =*.html*, status_code = 4*, bytes]", ACCESS, True),
        ("[..., status_code = 5*, bytes]", ACCESS, False),
        (
            "[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]",
            ACCESS,
            True,
        ),
        ("[ip, server, username, timestamp, request, status_code, bytes > 1000]", ACCESS, True),
        ("[ip, server, username, timestamp, request, status_code, bytes > 2000]", ACCESS, False),
        ("[ip=%127\\.0\\.[0-9]+%, ..., bytes]", ACCESS, True),
        ("[w1=ERROR, w2]", "ERROR Unable to connect", True),
        ("[w1=ERROR, w2]", "Unable to connect ERROR", False),
        ("[w1=ERROR || W1=WARNING, w2]", "WARNING low disk", True),
        ("[w1!=ERROR && w1!=WARNING, w2]", "WARNING low disk", False),
        ("[w1!=ERROR && w1!=WARNING, w2]", "INFO low disk", True),
        ("[a, b, c]", "one two", False),
        ("[a, ..., b]", "one two", True),
    ],
)
def test_fields_between_spaces_as_documented(pattern: str, line: str, expected: bool) -> None:
    assert parse(pattern).matches(line) is expected


def test_the_values_that_are_extracted() -> None:
    fields = parse("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]")
    assert fields.extract(ACCESS) == {
        "$bytes": "1534",
        "$status_code": "404",
        "$request": "GET /index.html HTTP/1.0",
        "$timestamp": "10/Oct/2000:13:25:15 -0700",
        "$username": "frank",
        "$user": "Prod",
        "$ip": "127.0.0.1",
    }
    event = parse("{ $.eventType = * && $.latency > 1 }")
    assert event.extract(TRAIL) == {"$.eventType": "UpdateTrail", "$.latency": "49.5"}
    assert event.select(TRAIL, "$.objectList[1].name") == "b"
    assert event.select(TRAIL, "$.objectList") is None
    assert parse('[timestamp=*Z, request_id="*-*", event]').extract('1Z a-b { "x": 1 }')["$event"] == '{ "x": 1 }'


@pytest.mark.parametrize(
    ("pattern", "sentence", "column"),
    [
        ("ERROR foo:bar", "Invalid character(s) in term 'foo:bar'", 10),
        ("{ $.a > b }", "no number", 9),
        ("{ $.a = 1", "ends too early", 10),
        ("{ $.a IS NOT }", "TRUE, FALSE or NULL", 10),
        ("{ $.a[*] = 1 || $.b[*] = 2 }", "wildcard", 17),
        ("{ $.a = %x% || $.b = %y% || $.c = %z% }", "at most 2", 1),
        ("[a, ..., b, ...]", "ellipsis", 13),
        ("%something!%", "may have letters", 1),
        ("%(a)%", "may have letters", 1),
        ("%[a%", "not understood", 1),
        ("[a b]", "does not belong", 4),
        ("x" * 1025, "at most 1024", 1025),
        ("{ " + "(" * 40 + "$.a = 1" + ")" * 40 + " }", "nested", 33),
    ],
)
def test_what_is_no_pattern_is_said(pattern: str, sentence: str, column: int) -> None:
    with pytest.raises(PatternError) as caught:
        parse(pattern)
    assert sentence in caught.value.sentence
    assert caught.value.column == column


def test_an_expression_that_never_ends_is_stopped() -> None:
    pattern = parse("%[ab]*[ab]*[ab]*[ab]*[ab]*[ab]*[cd]%")
    begun = time.perf_counter()
    with pytest.raises(regexes.TooSlow):
        pattern.matches("a" * 5000)
    assert time.perf_counter() - begun < 20 * regexes.PATIENCE


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=10))
def test_wildcards_mean_what_a_regular_expression_means(pattern: str, text: str) -> None:
    if "*" in pattern:
        expression = ".*".join(map(regex.escape, pattern.split("*")))
        assert wildcard(pattern)(text) is (regex.fullmatch(expression, text) is not None)


@given(st.text(max_size=60))
def test_any_text_is_a_pattern_or_a_sentence(text: str) -> None:
    with contextlib.suppress(PatternError):
        assert parse(text).matches("some line with 1 2 3") in (True, False)
