"""The machine room on real scripts: ends, time-outs, what is left behind, and what a restart can read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.local.runners.rooms import Ended, Room, Script, outcome
from pointsman.local.runners.sweep import await_gone, strays


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "room", grace=0.3, largest=1 << 20)
    yield made
    made.close()


def script(folder: Path, text: str, name: str = "s", timeout: float | None = 20, **environment: str) -> Script:
    path = folder / f"{name}.sh"
    path.write_text(text)
    runs = folder / "runs"
    runs.mkdir(exist_ok=True)
    given = {"PATH": os.environ["PATH"], **environment}
    return Script(runs, name, ["/bin/sh", str(path)], given, folder, timeout, folder / "log")


def test_output_and_status_come_back_and_are_written_down(room: Room, tmp_path: Path) -> None:
    ended = room.run(script(tmp_path, "echo out; echo err >&2; exit 3"))
    assert ended.exit == 3
    assert sorted(ended.tail.splitlines()) == ["[stderr]err", "[stdout]out"]
    assert outcome(tmp_path / "runs", "s") == ended
    assert sorted((tmp_path / "log").read_text().splitlines()) == ["[stderr]err", "[stdout]out"]
    assert outcome(tmp_path / "runs", "other") is None


def test_a_time_out_ends_the_whole_group(room: Room, tmp_path: Path) -> None:
    ended = room.run(script(tmp_path, "trap '' TERM; sleep 60 & echo $! > child; wait; sleep 60", timeout=1))
    assert ended.note == "timeout"
    child = int((tmp_path / "child").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_server_that_lets_go_of_its_output_stays_until_its_instance_is_swept(room: Room, tmp_path: Path) -> None:
    text = "setsid sleep 60 >/dev/null 2>&1 & echo $! > daemon"
    ended = room.run(script(tmp_path, text, POINTSMAN_INSTANCE="one"))
    assert ended == Ended(0)
    daemon = int((tmp_path / "daemon").read_text())
    os.kill(daemon, 0)
    room.sweep("POINTSMAN_INSTANCE=two")
    os.kill(daemon, 0)
    room.sweep("POINTSMAN_INSTANCE=one")
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)


def test_output_that_stays_open_is_told(room: Room, tmp_path: Path) -> None:
    ended = room.run(script(tmp_path, "sleep 60 2>/dev/null & exit 0"))
    assert (ended.exit, ended.note) == (0, "open STDOUT")


def test_a_flood_costs_neither_memory_nor_disk(room: Room, tmp_path: Path) -> None:
    ended = room.run(script(tmp_path, "head -c 200000000 /dev/zero | tr '\\0' 'x' | fold -w 200; echo; echo last"))
    assert ended.exit == 0
    assert ended.tail.endswith("[stdout]last\n")
    assert len(ended.tail) <= 4096
    assert (tmp_path / "log").stat().st_size < 6 << 20


def test_a_file_that_fills_the_disk_is_cut_off(room: Room, tmp_path: Path) -> None:
    ended = room.run(script(tmp_path, "cat /dev/zero > big"))
    assert ended.exit not in (0, None)
    assert (tmp_path / "big").stat().st_size <= 1 << 20


def test_a_program_that_is_not_there_says_so(room: Room, tmp_path: Path) -> None:
    ended = room.run(Script(tmp_path, "s", ["/nonexistent/program"], {}, tmp_path))
    assert ended.exit == 126
    assert "No such file" in ended.tail


def test_a_script_can_be_ended(room: Room, tmp_path: Path) -> None:
    found: list[Ended] = []
    name = room.start(script(tmp_path, "sleep 60", timeout=None), found.append)
    room.end(name)
    room.close()
    assert [one.note for one in found] in (["ended"], ["the machine room was lost under it"])


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_nobody_survives_the_room(tmp_path: Path) -> None:
    room = Room(tmp_path / "room", grace=0.3)
    daemon = "setsid sh -c 'echo > up; sleep 60' >/dev/null 2>&1 &"
    room.run(script(tmp_path, f"{daemon} until [ -e up ]; do :; done"))
    assert strays(tmp_path / "room")
    room.close()
    assert not strays(tmp_path / "room")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_room_that_is_killed_loses_its_scripts_and_says_so(tmp_path: Path) -> None:
    room = Room(tmp_path / "room", grace=0.3)
    ended = room.run(script(tmp_path, "kill -9 $PPID; sleep 60"))
    assert ended == Ended(None, "the machine room was lost under it")
    await_gone(tmp_path / "room")
    assert not strays(tmp_path / "room")
    assert outcome(tmp_path / "runs", "s") == Ended(None, "stopped")
    assert room.run(script(tmp_path, "exit 0", "again")).exit == 0
    room.close()
