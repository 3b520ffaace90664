"""A program with X-Ray's SDK, as its users write them; run as a process by test_sdks.py."""

from __future__ import annotations

import sys
import time
from typing import Any

from aws_xray_sdk.core import xray_recorder

xray_recorder.configure(service="shop", sampling=True)


def rules_known(seconds: float = 20.0) -> None:
    """Wait for the sampling rules: until they are there, the SDK decides by rules of its own."""
    sampler: Any = xray_recorder.sampler
    sampler.start()
    deadline = time.monotonic() + seconds
    while not sampler._cache.rules:
        assert time.monotonic() < deadline, "no sampling rule came"
        time.sleep(0.02)


def buy(number: int, method: str = "POST") -> bool:
    """One request; whether it was sampled."""
    decision = xray_recorder.sampler.should_trace({"method": method, "path": "/buy", "host": "shop", "service": "shop"})
    if not decision:
        return False
    segment = xray_recorder.begin_segment("shop", sampling=1)
    segment.put_http_meta("method", method)
    segment.put_http_meta("url", "http://shop/buy")
    segment.put_annotation("number", number)
    segment.set_user("ann")
    for call in range(60):  # more than the SDK keeps together: it streams them ahead of the segment
        with xray_recorder.in_subsegment("cart", namespace="remote") as cart:
            cart.put_metadata("call", call)
    try:
        with xray_recorder.in_subsegment("charge"):
            raise OSError("card refused")
    except OSError:
        segment.put_http_meta("status", 502)
    xray_recorder.end_segment()
    return True


def main() -> None:
    """Two requests that a rule takes, one that another rule leaves out, and a report of what was sampled."""
    rules_known()
    assert [buy(1), buy(2), buy(3, "GET")] == [True, True, False]
    sampler: Any = xray_recorder.sampler
    reported = [rule for rule in sampler._cache.rules if rule.ever_matched()]
    targets, _ = sampler._connector.fetch_sampling_target(reported)
    told = sorted((name, target["rate"], target["quota"]) for name, target in targets.items())
    sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
