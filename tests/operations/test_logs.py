"""What the dialogs of log groups say, and what they send."""

from __future__ import annotations

from typing import Any

import pytest

from operations import logged
from operations.test_registry import REGISTRY
from pointsman.operations.declare import Confirm
from pointsman.operations.logs import RETENTIONS, dimensions_of
from pointsman.operations.preview import answer_problems, with_defaults
from support.shapes import service_model


def said(operation: str, state: Any = None, **answers: str) -> str:
    chosen = REGISTRY.get(operation)
    ref = logged.RUNS[operation][1]
    return "\n".join(chosen.consequences(state or logged.detail(), ref, answers))


def test_a_shorter_retention_says_that_it_deletes() -> None:
    assert "older than 7 days is deleted, for good" in said("log-group.set-retention", days="7")
    assert "for good" not in said("log-group.set-retention", days="90")
    assert "instead of for ever" in said("log-group.set-retention", logged.detail(retention=0), days="30")
    assert "Nothing changes" in said("log-group.set-retention", days="30")
    assert REGISTRY.get("log-group.set-retention").confirm(logged.detail(), logged.GROUP) is Confirm.TYPE_NAME


def test_the_retentions_are_those_aws_takes() -> None:
    documented = service_model("logs").shape_for("Days").documentation
    assert all(f" {days}" in documented for days in RETENTIONS)


def test_deleting_names_what_goes_with_it() -> None:
    text = said("log-group.delete")
    assert "for good: 1 streams, 4,200,000 bytes" in text
    assert "metric filters go with it (errors)" in text
    assert "function:siem" in text


def test_a_changed_filter_keeps_what_the_form_does_not_show() -> None:
    state, ref, answers = logged.RUNS["metric-filter.change"]
    change = REGISTRY.get("metric-filter.change")
    call = change.plan(state, ref, with_defaults(change.fields(state, ref), answers))
    assert call.parameters["applyOnTransformedLogs"] is True
    assert call.parameters["filterName"] == "errors"
    assert call.parameters["metricTransformations"] == [
        {
            "metricNamespace": "Shop",
            "metricName": "Latency",
            "metricValue": "$.ms",
            "defaultValue": 0.0,
            "unit": "Count",
        }
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "a:b", "no colon"),
        ("metric", "a$b", "no colon, star or dollar"),
        ("value", "fast", "a number, or $field"),
        ("default", "none", "a number, or nothing"),
        ("dimensions", "Path=path", "NAME=$field"),
        ("dimensions", "A=$.a\nB=$.b\nC=$.c\nD=$.d", "three at most"),
    ],
)
def test_a_form_says_what_is_wrong(field: str, value: str, words: str) -> None:
    make = REGISTRY.get("log-group.create-filter")
    fields = make.fields(logged.detail(), logged.GROUP)
    answers = {**logged.RUNS["log-group.create-filter"][2], field: value}
    assert any(name == field and words in sentence for name, sentence in answer_problems(fields, answers))


def test_dimensions_are_read_by_line() -> None:
    assert dimensions_of(" Path = $.path \n\nCode=$.status") == {"Path": "$.path", "Code": "$.status"}
