"""Calls that are answered soon are answered on the loop; the others, and those that wait, are not."""

from __future__ import annotations

import inspect
import threading
import time
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.local import Backend
from pointsman.local.endpoint import Endpoint
from pointsman.local.endpoint.models import protocols
from pointsman.local.endpoint.pacing import AGAIN, ENOUGH, SLOW, Pacing

_QUICK = SLOW / 2


def told(pacing: Pacing, *seconds: float, call: str = "Logs.Get") -> bool:
    for one in seconds:
        pacing.took(call, one)
    return pacing.is_quick(call)


def test_a_call_is_quick_after_some_that_were() -> None:
    pacing = Pacing()
    assert not told(pacing, *[_QUICK] * (ENOUGH - 1))
    assert told(pacing, _QUICK)
    assert not pacing.is_quick("Logs.Put")


def test_one_slow_answer_counts_for_long() -> None:
    pacing = Pacing()
    told(pacing, *[_QUICK] * ENOUGH)
    assert not told(pacing, SLOW)
    assert not told(pacing, *[_QUICK] * (AGAIN - 1))
    assert told(pacing, _QUICK)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_nothing_slow_is_among_the_last_ones(seconds: list[float]) -> None:
    slow = [place for place, one in enumerate(seconds) if one >= SLOW]
    since = len(seconds) - 1 - slow[-1] if slow else len(seconds)
    assert told(Pacing(), *seconds) is (since >= (AGAIN if slow else ENOUGH))


def test_many_names_are_not_all_remembered() -> None:
    pacing = Pacing()
    for number in range(5000):
        pacing.took(f"Logs.{number}", 0.0)
    assert len(pacing._lacking) <= 1000


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client, the names of the threads that answered it, and the backend."""
    threads: list[str] = []
    ask = Backend.ask

    def noted(self: Backend, *given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return ask(self, *given)

    monkeypatch.setattr(Backend, "ask", noted)
    with Backend() as backend, Endpoint(backend, keys=None) as endpoint:
        client = boto3.client(
            "ssm",
            endpoint_url=endpoint.address,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        yield client, threads, backend


def test_the_loop_answers_what_is_quick(answering: Any) -> None:
    client, threads, _ = answering
    for _ in range(ENOUGH + 5):
        client.describe_parameters()
    assert all("answer" in one for one in threads[:ENOUGH])
    assert threads[-1] == "pointsman-endpoint"


def test_the_loop_does_not_wait_for_whoever_is_being_answered(answering: Any) -> None:
    client, threads, backend = answering
    for _ in range(ENOUGH + 1):
        client.describe_parameters()
    done = threading.Event()

    def call() -> None:
        client.describe_parameters()
        done.set()

    with backend.world.lock:
        before = len(threads)
        thread = threading.Thread(target=call)
        thread.start()
        until = time.monotonic() + 10
        while len(threads) == before and time.monotonic() < until:
            time.sleep(0.005)
        assert "answer" in threads[-1]
        assert not done.is_set()
    thread.join(10)
    assert done.is_set()


def test_an_answer_that_takes_its_time_is_of_no_service_that_the_loop_answers() -> None:
    with Backend() as backend:
        table = backend.table._answers
        late = {service for (service, _), answer in table.items() if "Later(" in inspect.getsource(answer)}
    assert late == {"lambda"}
    assert all("json" not in protocols(service) for service in late)
