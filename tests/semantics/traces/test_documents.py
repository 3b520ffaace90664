from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.traces import deepjson, documents
from pointsman.semantics.traces.documents import Unprocessed
from support.traces import START, document, segment, subsegment, trace_id


def refused(value: Any) -> Unprocessed:
    with pytest.raises(Unprocessed) as caught:
        documents.read(value if isinstance(value, str | bytes) else json.dumps(value))
    return caught.value


def test_a_document_is_taken_apart_into_pieces_with_their_own_members() -> None:
    inner = subsegment(3, "call", namespace="remote", subsegments=[subsegment(4, "deeper")])
    whole = segment(1, 2, fault=True, annotations={"k": 1}, unknown=5, user=7, subsegments=[inner])
    [found] = documents.read(document(whole))
    assert found.trace_id == trace_id(1)
    assert [(piece.id[-1], piece.parent[-1:], piece.subsegment) for piece in found.pieces] == [
        ("2", "", False),
        ("3", "2", True),
        ("4", "3", True),
    ]
    assert found.pieces[0].fields == {"fault": True, "annotations": {"k": 1}}  # what has another type is left out
    assert found.pieces[1].fields == {"namespace": "remote"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": None}, "MissingId"),
        ({"id": "12"}, "InvalidId"),
        ({"id": 12}, "InvalidId"),
        ({"name": None}, "MissingName"),
        ({"name": ""}, "InvalidName"),
        ({"name": "a" * 201}, "InvalidName"),
        ({"name": "a\x1b[31m"}, "InvalidName"),
        ({"name": "who?"}, "InvalidName"),
        ({"trace_id": None}, "MissingTraceId"),
        ({"trace_id": "1-zz-a"}, "InvalidTraceId"),
        ({"start_time": None}, "MissingStartTime"),
        ({"start_time": "now"}, "InvalidStartTime"),
        ({"start_time": -1}, "InvalidStartTime"),
        ({"start_time": True}, "InvalidStartTime"),
        ({"end_time": 1e300}, "InvalidEndTime"),
        ({"end_time": None}, "MissingEndTime"),
        ({"end_time": None, "in_progress": False}, "MissingEndTime"),
        ({"parent_id": "x"}, "InvalidParentId"),
        ({"type": "subsegment"}, "MissingParentId"),
        ({"subsegments": [5]}, "MissingId"),
        ({"subsegments": [{}]}, "MissingId"),
        ({"subsegments": [{"id": "00000000000000aa", "name": "x", "start_time": 1}]}, "MissingEndTime"),
    ],
)
def test_what_is_missing_or_wrong_is_named(change: dict[str, Any], code: str) -> None:
    error = refused({key: value for key, value in (segment(1, 2) | change).items() if value is not None})
    assert error.code == code
    kind = "subsegment" if "subsegments" in change else "segment"
    assert error.message.startswith(f"Invalid {kind}. ErrorCode: {code}")


@pytest.mark.parametrize("text", ["", "{", "[1", "null", "5", '"x"', b"\xff{}", '{"a": NaN}', '{"id": "\\ud800"}'])
def test_what_is_no_json_object_is_a_parse_error(text: str | bytes) -> None:
    assert refused(text).code == "ParseError"


def test_an_empty_list_has_no_id() -> None:
    assert refused("[]").code == "MissingId"  # as X-Ray says it


def test_several_subsegments_may_come_in_a_list() -> None:
    one = segment(1, 2, type="subsegment", parent=9)
    assert len(documents.read(json.dumps([one, one | {"id": "0000000000000003"}]))) == 2


def test_size_is_counted_in_bytes() -> None:
    fits = segment(1, 2, metadata={"x": ""})
    room = documents.LARGEST - len(document(fits))
    assert documents.read(document(segment(1, 2, metadata={"x": "a" * room})))
    error = refused(document(segment(1, 2, metadata={"x": "a" * (room + 1)})))
    assert (error.code, error.segment_id) == ("DocumentTooLarge", f"{2:016x}")
    assert refused(json.dumps(segment(1, 2, metadata={"x": "é" * (room // 2 + 1)}), ensure_ascii=False)).code


def test_ten_megabytes_and_five_thousand_levels() -> None:
    deep = "".join(
        f'{{"id":"{number:016x}","trace_id":"{trace_id(1)}","name":"n","start_time":1,"end_time":2,"subsegments":['
        for number in range(1, 5001)
    )
    [found] = documents.read(deep + "]}" * 5000, largest=10_000_000)
    assert len(found.pieces) == 5000
    assert found.pieces[-1].parent == f"{4999:016x}"
    assert refused(b'{"x":"' + b"a" * 10_000_000 + b'"}').code == "DocumentTooLarge"


def test_values_nested_out_of_all_proportion_are_refused() -> None:
    assert refused('{"metadata":' * 20_000).code == "DocumentTooLarge"
    nested = document(segment(1, 2, metadata={"x": 1})).replace('{"x": 1}', '{"x":' * 5000 + "1" + "}" * 5000)
    assert refused(nested).code == "ParseError"


def test_the_age_of_a_trace_id() -> None:
    assert documents.epoch(trace_id(1)) == START
    assert documents.timely(trace_id(1), START + 29 * 86400)
    assert not documents.timely(trace_id(1), START + 31 * 86400)
    assert not documents.timely(trace_id(1), START - 2 * 86400)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([None, 1]))
def test_the_deep_reader_reads_what_the_quick_one_reads(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert deepjson.decode(text) == msgspec.json.decode(text)


@given(st.text(st.sampled_from('{}[]",:0123456789.eE+-truefalsn \\u"d8'), max_size=30))
def test_the_readers_agree_on_what_is_json(text: str) -> None:
    try:
        expected = msgspec.json.decode(text)
    except msgspec.DecodeError:
        with pytest.raises(ValueError):
            deepjson.decode(text)
    else:
        assert deepjson.decode(text) == expected


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(Unprocessed):
        documents.read(content)


@given(_JSON)
def test_what_the_deep_writer_writes_is_read_as_the_same_value(value: Any) -> None:
    # As a reader has it: a whole number beyond 64 bits has become a float there.
    told = msgspec.json.decode(json.dumps(value))
    assert msgspec.json.decode(deepjson.encode(told)) == told
    assert deepjson.encode(told) == msgspec.json.encode(told).decode()


def test_the_deep_writer_goes_as_deep_as_the_reader() -> None:
    text = '{"a":[' * 20_000 + "1,{}" + "]}" * 20_000
    assert deepjson.encode(deepjson.decode(text)) == text
