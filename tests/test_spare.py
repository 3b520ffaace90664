"""Free memory goes back to the system, where the C library knows how."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from pointsman.spare import give_back


def resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="the others keep no such account")
def test_what_is_free_between_what_is_used_goes_back() -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("not glibc")
    used, free = [], []
    for _ in range(4_000):
        free.append(bytearray(20_000))
        used.append(bytearray(600))
    held = resident()
    free.clear()
    give_back()
    assert held - resident() > 40_000_000
    assert len(used) == 4_000


@pytest.mark.parametrize("wrong", [OSError("no library"), AttributeError("malloc_trim")])
def test_another_library_keeps_it(wrong: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: object) -> object:
        raise wrong

    monkeypatch.setattr(ctypes, "CDLL", none)
    give_back()


def test_another_system_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    give_back()
