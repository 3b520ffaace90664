from __future__ import annotations

import re
from typing import Any

import boto3
import pytest

from pointsman.aws.guard import ALLOWED, NEVER, Guard, reads
from pointsman.clock import ManualClock
from pointsman.errors import CallFailed, FaultKind, Refused
from pointsman.model.snapshot import Identity
from support.shapes import service_model

SERVICES = ("codepipeline", "codebuild", "codedeploy", "xray", "cloudwatch", "logs", "s3", "codecommit")
ME = Identity("123456789012", "arn:aws:iam::123456789012:user/me", "eu-west-1")

MUTATES = re.compile(
    r"(?:Abort|Acknowledge|Add|Associate|Cancel|Complete|Continue|Copy|Create|Delete|Deregister|Disable|Disassociate"
    r"|Enable|Import|Invalidate|Merge|Override|Poll|Post|Put|Register|Remove|Rename|Restore|Retry|Rollback|Set|Skip"
    r"|Stop|Tag|Untag|Update|Upload|Write|BatchDelete|BatchAssociate|BatchDisassociate|Start)"
)


def operations() -> list[tuple[str, str]]:
    return [(service, name) for service in SERVICES for name in service_model(service).operation_names]


def test_no_operation_that_changes_something_passes_when_read_only() -> None:
    guard = Guard(read_only=True, clock=ManualClock())
    passed, refused = [], []
    for service, operation in operations():
        try:
            guard.check(service, operation)
        except CallFailed as error:
            refused.append(error.fault)
        else:
            passed.append((service, operation))
    assert {(fault.kind, fault.sent) for fault in refused} == {(FaultKind.READ_ONLY, False)}
    wrong = [one for one in passed if MUTATES.match(one[1]) and one not in ALLOWED]
    assert wrong == []
    assert set(passed).isdisjoint(NEVER)
    assert len(passed) > 150


def test_every_exception_names_an_operation_that_exists_and_a_reason() -> None:
    known = {(service, name) for service in (*SERVICES, "sts", "secretsmanager") for name in _names(service)}
    for table in (ALLOWED, NEVER):
        for (service, operation), reason in table.items():
            assert reason
            assert (service, operation) in known or service in ("sso-oidc", "signin")


def _names(service: str) -> list[str]:
    return list(service_model(service).operation_names)


@pytest.mark.parametrize(
    ("service", "operation"), [("codepipeline", "GetJobDetails"), ("secretsmanager", "GetSecretValue")]
)
def test_what_hands_out_secrets_never_passes_armed_or_not(service: str, operation: str) -> None:
    with pytest.raises(CallFailed, match="never called"):
        Guard(read_only=False, clock=ManualClock()).check(service, operation)


def test_a_name_that_only_begins_like_a_read_is_a_write() -> None:
    assert not reads("codepipeline", "Getaway")
    assert not reads("codepipeline", "ListenAndDelete")
    assert reads("codepipeline", "ListPipelines")


def test_arming_lets_writes_pass_for_its_time_and_its_caller_only() -> None:
    clock = ManualClock()
    guard = Guard(read_only=True, clock=clock)
    assert "arm" in (guard.why_not(clock.now()) or "")
    guard.arm(5, ME)
    guard.check("codepipeline", "PutApprovalResult")
    assert guard.why_not(clock.now(), ME) is None
    other = Identity("123456789012", "arn:aws:iam::123456789012:user/other", "eu-west-1")
    assert "user/other" in (guard.why_not(clock.now(), other) or "")
    clock.advance(300)
    assert guard.armed_until is None
    with pytest.raises(CallFailed):
        guard.check("codepipeline", "PutApprovalResult")


def test_a_console_started_read_only_cannot_be_armed() -> None:
    guard = Guard(clock=ManualClock(), locked=True)
    with pytest.raises(Refused, match="--read-only"):
        guard.arm(5, ME)


def test_a_write_is_refused_before_it_is_serialised_and_above_a_plug() -> None:
    session = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="y", region_name="eu-west-1")
    seen: list[str] = []

    def answer(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        seen.append(model.name)
        return type("Response", (), {"status_code": 200, "headers": {}})(), {"pipelines": []}

    session.events.register_first("before-call.*.*", answer)
    Guard(read_only=True, clock=ManualClock()).watch(session)
    client = session.client("codepipeline", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(CallFailed):
        client.delete_pipeline(name="checkout")
    client.list_pipelines()
    assert seen == ["ListPipelines"]
