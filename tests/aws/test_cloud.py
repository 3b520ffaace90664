from __future__ import annotations

import asyncio
import threading
from typing import Any

import botocore.exceptions as boto
import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.aws.sessions import for_aws
from pointsman.aws.trail import Trail
from pointsman.clock import ManualClock
from pointsman.console.troubles import fault_of
from pointsman.errors import CallFailed, FaultKind
from support.cloud import Refusal, scripted

WHO = {"UserId": "u", "Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/Deployer/me"}


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


def cloud(answer: Any, clock: ManualClock, **options: Any) -> Cloud:
    return Cloud(lambda: scripted(answer), clock, sleep=at_once, **options)


async def test_a_read_that_is_throttled_is_tried_again_and_every_attempt_is_in_the_trail(clock: ManualClock) -> None:
    calls = []

    def answer(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        calls.append(operation)
        if len(calls) < 3:
            raise Refusal("ThrottlingException", "Rate exceeded")
        return {"pipelines": [{"name": "checkout"}]}

    made = cloud(answer, clock)
    found = await made.read("codepipeline", "ListPipelines")
    assert found["pipelines"] == [{"name": "checkout"}]
    assert [(call.outcome, call.attempt, call.write) for call in made.trail.calls] == [
        ("ThrottlingException", 1, False),
        ("ThrottlingException", 2, False),
        ("ok", 3, False),
    ]
    assert made.trail.per_minute(clock.now()) == 3


@pytest.mark.parametrize(
    ("error", "kind", "attempts"),
    [
        (boto.ReadTimeoutError(endpoint_url="x"), FaultKind.TIMEOUT, 4),
        (boto.EndpointConnectionError(endpoint_url="x"), FaultKind.UNREACHABLE, 4),
        (Refusal("InternalFailure", status=500), FaultKind.UNKNOWN, 4),
        (Refusal("AccessDeniedException"), FaultKind.DENIED, 1),
        (Refusal("NotImplemented", status=501), FaultKind.NOT_BUILT, 1),
    ],
)
async def test_a_read_is_tried_again_only_where_that_may_help(
    clock: ManualClock, error: Exception, kind: FaultKind, attempts: int
) -> None:
    tried = []

    def answer(*_: Any) -> dict[str, Any]:
        tried.append(1)
        raise error

    made = cloud(answer, clock)
    with pytest.raises(CallFailed) as caught:
        await made.read("codepipeline", "ListPipelines")
    assert caught.value.fault.kind is kind
    assert len(tried) == attempts


async def test_a_write_is_sent_exactly_once_whatever_comes_back(clock: ManualClock) -> None:
    sent = []

    def answer(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        sent.append(parameters)
        raise boto.ReadTimeoutError(endpoint_url="x")

    made = cloud(answer, clock)
    with pytest.raises(CallFailed) as caught:
        await made.write("codepipeline", "StartPipelineExecution", {"name": "checkout"})
    assert len(sent) == 1
    assert caught.value.fault.sent
    assert made.pending_writes == ()


async def test_a_write_finishes_and_is_recorded_when_nobody_waits_for_it_any_more(clock: ManualClock) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def answer(*_: Any) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(5)
        return {"pipelineExecutionId": "e-1"}

    made = cloud(answer, clock)
    waiting = asyncio.ensure_future(made.write("codepipeline", "StartPipelineExecution", {"name": "checkout"}))
    await asyncio.to_thread(begun.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert made.pending_writes == ("codepipeline:StartPipelineExecution",)
    assert not made.wait_for_writes(0)
    go_on.set()
    assert await asyncio.to_thread(made.wait_for_writes, 5)
    assert [(call.operation, call.outcome, call.write) for call in made.trail.calls] == [
        ("StartPipelineExecution", "ok", True)
    ]


async def test_a_write_is_refused_on_the_wire_while_read_only(clock: ManualClock) -> None:
    made = cloud(lambda *_: {}, clock, guard=Guard(read_only=True, clock=clock))
    with pytest.raises(CallFailed) as caught:
        await made.write("codepipeline", "DeletePipeline", {"name": "checkout"})
    assert caught.value.fault.kind is FaultKind.READ_ONLY
    assert made.trail.calls == ()


async def test_a_read_cannot_be_used_to_write(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="not a read"):
        await cloud(lambda *_: {}, clock).read("codepipeline", "DeletePipeline", name="checkout")


async def test_pages_are_followed_to_the_end(clock: ManualClock) -> None:
    def answer(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        number = int(parameters.get("nextToken", 0))
        page: dict[str, Any] = {"pipelines": [{"name": f"p{number}"}]}
        return {**page, "nextToken": str(number + 1)} if number < 2 else page

    made = cloud(answer, clock)
    found = [page["pipelines"][0]["name"] async for page in made.pages("codepipeline", "ListPipelines")]
    assert found == ["p0", "p1", "p2"]


async def test_pages_that_never_end_are_a_fault(clock: ManualClock) -> None:
    made = cloud(lambda *_: {"pipelines": [], "nextToken": "same"}, clock)
    with pytest.raises(CallFailed, match="again and again"):
        _ = [page async for page in made.pages("codepipeline", "ListPipelines")]


async def test_the_caller_is_asked_for_once_unless_fresh(clock: ManualClock) -> None:
    made = cloud(lambda *_: WHO, clock, profile="prod")
    first = await made.whoami()
    assert (first.account, first.role, first.region, first.profile) == ("123456789012", "Deployer", "eu-west-1", "prod")
    await made.whoami()
    assert len(made.trail.calls) == 1
    await made.whoami(fresh=True)
    assert len(made.trail.calls) == 2


async def test_without_credentials_no_client_is_made_and_each_call_says_what_to_run(clock: ManualClock) -> None:
    made: list[Any] = []

    def factory() -> Any:
        session = scripted(lambda *_: {}, keys=False)
        session.client = lambda *_, **__: made.append(1)
        return session

    without = Cloud(factory, clock, profile="prod", sleep=at_once)
    fault = without.prepare()
    assert fault is not None
    assert fault.kind is FaultKind.NO_CREDENTIALS
    with pytest.raises(CallFailed) as caught:
        await without.read("codepipeline", "ListPipelines")
    assert "--profile prod" in caught.value.fault.hint
    assert made == []
    assert without.trail.calls == ()


async def test_settings_that_no_client_can_be_made_of_are_said_and_are_no_mistake_of_ours(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_CA_BUNDLE", " ")):
        monkeypatch.setenv(name, value)
    made = Cloud(lambda: for_aws(region="eu-west-1"), clock, sleep=at_once)
    with pytest.raises(CallFailed) as caught:
        made.prepare()
    assert "the AWS configuration cannot be used" in caught.value.fault.sentence
    assert "AWS_CA_BUNDLE" in caught.value.fault.sentence
    assert fault_of(caught.value) == caught.value.fault
    with pytest.raises(CallFailed, match="AWS_CA_BUNDLE"):
        await made.read("codepipeline", "ListPipelines")


async def test_new_credentials_are_picked_up_at_the_next_read_and_void_what_was_armed(clock: ManualClock) -> None:
    has_keys = False

    def factory() -> Any:
        return scripted(lambda *_: WHO, keys=has_keys)

    made = Cloud(factory, clock, guard=Guard(read_only=True, clock=clock), sleep=at_once)
    made.prepare()
    has_keys = True
    with pytest.raises(CallFailed):
        await made.whoami()
    clock.advance(3)
    me = await made.whoami()
    assert me.account == "123456789012"
    assert made.generation == 1
    assert made.guard.armed_until is None


async def test_expired_credentials_are_said_and_looked_for_again_without_a_restart(clock: ManualClock) -> None:
    expired = True
    made_sessions = []

    def answer(*_: Any) -> dict[str, Any]:
        if expired:
            raise Refusal("ExpiredTokenException", "The security token included in the request is expired")
        return WHO

    def factory() -> Any:
        made_sessions.append(scripted(answer))
        return made_sessions[-1]

    made = Cloud(factory, clock, sleep=at_once)
    made.prepare()
    with pytest.raises(CallFailed) as caught:
        await made.whoami()
    assert caught.value.fault.kind is FaultKind.EXPIRED
    assert caught.value.fault.hint
    with pytest.raises(CallFailed):  # within the pause nothing is asked
        await made.whoami()
    assert len(made.trail.calls) == 1
    expired = False
    clock.advance(3)
    await made.whoami()
    assert len(made_sessions) == 2


async def test_a_cancelled_read_is_dropped(clock: ManualClock) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def answer(*_: Any) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(5)
        return {}

    made = cloud(answer, clock)
    reading = asyncio.ensure_future(made.read("codepipeline", "ListPipelines"))
    await asyncio.to_thread(begun.wait, 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    go_on.set()


async def test_a_trail_listener_is_called_on_its_own_loop(clock: ManualClock) -> None:
    made = cloud(lambda *_: {"pipelines": []}, clock)
    heard: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    release = made.trail.listen(lambda call: heard.put_nowait((call.operation, threading.get_ident())))
    await made.read("codepipeline", "ListPipelines")
    assert await heard.get() == ("ListPipelines", threading.get_ident())
    release()
    await made.read("codepipeline", "ListPipelines")
    await asyncio.sleep(0)
    assert heard.empty()


def test_a_trail_keeps_the_newest_calls_only(clock: ManualClock) -> None:
    from pointsman.model.activity import Call

    trail = Trail(clock, keep=2)
    for number in range(3):
        trail.record(Call(clock.now(), "logs", f"Get{number}", 1.0, "ok"))
    assert [call.operation for call in trail.calls] == ["Get1", "Get2"]
    clock.advance(61)
    assert trail.per_minute(clock.now()) == 0
