"""Traces in files: every form gives the same documents, and nothing odd gets through as a trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.traces import assembly, documents
from pointsman.semantics.traces.files import NoTraces, read
from pointsman.semantics.traces.writing import write
from support.traces import SLOW, pieces, segment, subsegment, trace_id

DOCUMENTS = [
    segment(1, 1, subsegments=[subsegment(2, "DynamoDB", namespace="aws")]),
    segment(1, 3, "cart", parent=2),
]


def batch(*traces: list[dict[str, Any]], text: bool = True) -> dict[str, Any]:
    return {
        "Traces": [
            {
                "Id": one[0]["trace_id"],
                "Segments": [{"Id": each["id"], "Document": json.dumps(each) if text else each} for each in one],
            }
            for one in traces
        ],
        "UnprocessedTraceIds": [],
    }


def lines(*documents: Any) -> str:
    return "\n".join(json.dumps(one) for one in documents)


FORMS = {
    "what BatchGetTraces answers": json.dumps(batch(DOCUMENTS), indent=1),
    "with documents that are no texts": json.dumps(batch(DOCUMENTS, text=False)),
    "one of its traces": json.dumps(batch(DOCUMENTS)["Traces"][0]),
    "a list of traces": json.dumps(batch(DOCUMENTS)["Traces"]),
    "a list of documents": json.dumps(DOCUMENTS),
    "a list of texts": json.dumps([json.dumps(one) for one in DOCUMENTS]),
    "a document per line": lines(*DOCUMENTS) + "\n\n",
    "what SDKs send to the daemon": lines({"format": "json", "version": 1}, DOCUMENTS[0], DOCUMENTS[1]),
    "with a byte order mark": "\ufeff" + json.dumps(DOCUMENTS),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_documents(form: str) -> None:
    found = read(FORMS[form].encode())
    assert list(found) == [trace_id(1)]
    assert [json.loads(one) for one in found[trace_id(1)]] == DOCUMENTS


def test_documents_of_several_traces_are_told_apart_and_strangers_are_kept_to_be_counted() -> None:
    others = [segment(2, 1), {"id": "no trace of its own"}]
    found = read(lines(*DOCUMENTS, *others).encode())
    assert {one: len(texts) for one, texts in found.items()} == {trace_id(1): 3, trace_id(2): 1}
    late = {**segment(2, 5), "end_time": "never"}
    assert len(read(lines(DOCUMENTS[0], late).encode())[trace_id(2)]) == 1, "what X-Ray refuses belongs to its trace"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b" \n ", "it is empty"),
        (b"\xff\xfe\x00", "byte 0 is not UTF-8"),
        (b"{nope", "it is not JSON"),
        (b'{"a": 1}\nnope', "line 2 is no JSON document"),
        (b"3", "neither a trace nor a segment document"),
        (b"[]", "it holds no segment of a trace"),
        (b'{"Traces": []}', "it holds no segment of a trace"),
        (b'[{"a": 1}]', "the first document has MissingId"),
        (b'["no json"]', "it is not JSON"),
        (b'[{"id": "1234567890123456", "name": "x", "start_time": 1, "end_time": 2}]', "MissingTraceId"),
    ],
)
def test_what_is_no_file_of_traces_says_why(content: bytes, words: str) -> None:
    with pytest.raises(NoTraces, match=words):
        read(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Traces", "Segments", "Document", "Id", "id", "trace_id", "format"]), inner, max_size=3
        )
    ),
)


@SLOW
@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_odd_breaks_it(content: bytes) -> None:
    try:
        found = read(content)
    except NoTraces:
        return
    assert all(documents.is_trace_id(one) for one in found)


@SLOW
@given(pieces())
def test_what_is_written_is_read_as_the_same_tree(found: list[documents.Piece]) -> None:
    trace = assembly.assemble(found)
    texts = [text for _, text in write(trace, trace_id(1))]
    again = read(json.dumps([json.loads(one) for one in texts]).encode())[trace_id(1)]
    apart = [piece for one in again for document in documents.read(one) for piece in document.pieces]
    # A circle of parents was cut, and stays cut: its first member names a parent that stands below it.
    assert {span.id for span in assembly.assemble(apart).spans} == {span.id for span in trace.spans}
    assert assembly.assemble(apart).spans == trace.spans


def test_five_thousand_levels_written_as_objects_are_read() -> None:
    deep = "".join(
        f'{{"id":"{number:016x}","trace_id":"{trace_id(1)}","name":"n","start_time":1,"end_time":2,"subsegments":['
        for number in range(1, 5001)
    )
    (texts,) = read(f"[{deep}{']}' * 5000}]".encode()).values()
    (found,) = documents.read(texts[0], largest=10_000_000)
    assert len(found.pieces) == 5000
