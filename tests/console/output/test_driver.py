"""On a real terminal: the console's screens with lean output are what Textual's own would be, cell by cell."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from pointsman.console.standing import PACE
from support.play import play

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("terminal")]

DEMO = ["demo", "--paused", "--at", "600"]
DOWN, UP, RIGHT, PAGE, BACK = "\x1b[B", "\x1b[A", "\x1b[C", "\x1b[6~", "\x1b[5~"
WALK = ["2", DOWN, DOWN, "\r", DOWN, "\x1b", "3", DOWN, "\r", "l", UP, PAGE, BACK, "G", "\x1b", "8", "?", PAGE, "\x1b"]
WALK += ["i", "\x1b", ":", "th", "\x1b", "/", "a", "\x1b", "1", "\x0c"]


def logged(folder: Path) -> list[str]:
    file = folder / "pointsman" / "pointsman.log"
    return [json.loads(line)["message"] for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_screen_is_the_same(size: tuple[int, int], tmp_path: Path) -> None:
    with play(DEMO, tmp_path, size=size) as screen:
        screen.until("checkout")
        screen.check()
        for key in WALK:
            screen.press(key)
        assert screen.program.raw.count(b"\x1b[?2026h") == screen.program.raw.count(b"\x1b[?2026l") > 1
        lean, stock = len(screen.program.raw), screen._read
        assert lean < stock / 3
        screen.program.process.send_signal(signal.SIGTERM)
        assert screen.program.ended() == 143
        screen.check()
        assert screen.ours.modes[1049] is False
    assert not [one for one in logged(tmp_path) if "output" in one]


@pytest.mark.parametrize(
    ("environ", "sync", "answers"),
    [
        ({"TERM": "xterm-256color"}, False, True),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "vt220"}, False, False),
        ({"TERM": "screen-256color"}, False, True),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, True),
        ({"TERM": "linux", "COLORTERM": ""}, False, True),
    ],
)
def test_on_terminals_that_can_or_say_less(environ: dict[str, str], sync: bool, answers: bool, tmp_path: Path) -> None:
    with play(DEMO, tmp_path, environ=environ, sync=sync, answers=answers) as screen:
        screen.until("checkout")
        screen.check()
        for key in WALK[:7]:
            screen.press(key)
        asked = screen.program.raw.count(b"\x1b[6n")
        # Frames are acknowledged in the best way the terminal has: the mode's, else the cursor's, else none.
        assert asked > 4 if answers and not sync else asked == 1


def test_resizes_end_in_the_same_screen(tmp_path: Path) -> None:
    with play(DEMO, tmp_path) as screen:
        screen.until("checkout")
        for size in ((80, 24), (121, 41), (60, 15), (200, 50)):
            screen.resize(*size)
            screen.check()
        for turn in range(12):  # a storm of them
            screen.resize(70 + 9 * turn % 50, 20 + 5 * turn % 20)
            screen.look(0.01)
        screen.resize(100, 30)
        screen.settle()
        screen.press("2")
        screen.press(DOWN)


def test_suspended_and_resumed(tmp_path: Path) -> None:
    with play(DEMO, tmp_path) as screen:
        screen.until("checkout")
        screen.press("2")
        for _ in range(2):
            screen.program.send(":suspend\r")
            screen.wait(lambda: screen.state() == "T", "the stop")
            screen.settle()
            assert screen.ours.modes[1049] is False
            assert "checkout" not in screen.ours.text()
            screen.ours.feed(b"\x1b[1;1Hthe shell wrote this\r")
            screen.program.process.send_signal(signal.SIGCONT)
            screen.until("checkout")
            screen.check()
            screen.press(DOWN)


def test_stopped_in_the_midst_of_a_write(tmp_path: Path) -> None:
    more = """
import os, signal
from pointsman.console.app import ConsoleApp
def interrupt(self):
    with self._driver._writer_thread._queue.mutex:
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.getsignal(signal.SIGTSTP)  # written in Python: the handler runs no later than where it begins
ConsoleApp.action_interrupt = interrupt
"""
    with play(DEMO, tmp_path, more=more) as screen:
        screen.until("checkout")
        screen.program.send("\x03")
        screen.wait(lambda: screen.state() == "T", "the stop")
        screen.settle()
        assert screen.ours.modes[1049] is False
        screen.program.process.send_signal(signal.SIGCONT)
        screen.until("checkout")


def test_stopped_without_being_asked(tmp_path: Path) -> None:
    with play(DEMO, tmp_path) as screen:
        screen.until("checkout")
        screen.press("2")
        threads = Path(f"/proc/{screen.program.process.pid}/task")
        before = len(list(threads.iterdir()))
        for _ in range(3):
            screen.program.process.send_signal(signal.SIGSTOP)
            screen.wait(lambda: screen.state() == "T", "the stop")
            screen.ours.feed(b"\x1b[1;1Hthe shell wrote this\r")
            screen.program.process.send_signal(signal.SIGCONT)
            screen.settle()
            screen.check()
            assert "checkout" in screen.ours.text()
            screen.press(DOWN)
        assert len(list(threads.iterdir())) <= before


def test_the_meter_shows_and_comes_to_rest_itself(tmp_path: Path) -> None:
    with play(DEMO, tmp_path) as screen:
        screen.until("checkout")
        screen.program.send(":meter\r")
        screen.wait(lambda: " B/s" in screen.ours.text().splitlines()[0], "the meter")
        screen.wait(lambda: " 0 B/s" in screen.ours.text().splitlines()[0], "rest")
        screen.check()
        screen.program.send("i")
        screen.wait(lambda: "B/s now" in screen.ours.text(), "the report")
        assert "there and back" in " ".join(screen.ours.text().split())


def test_nothing_is_sent_at_rest(tmp_path: Path) -> None:
    with play(DEMO, tmp_path) as screen:
        screen.until("checkout")
        screen.settle(quiet=PACE + 1)  # the last calls are counted in the header once the pace of that is over
        before = len(screen.program.raw)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            screen.look()
        assert len(screen.program.raw) == before


def test_what_is_not_known_passes_through_and_is_said_once(tmp_path: Path) -> None:
    more = """
from pointsman.console.app import ConsoleApp
def strange(self):
    for _ in range(3):
        self._driver.write("\\x1b[5;5H\\x1b[31mraw\\x1b[0m\\x1b[2G")
        self._driver.write("\\x1b[1;1H\\x1b[0mframe\\x1b[3G\\x1b[1;1H")
ConsoleApp.action_interrupt = strange
"""
    with play(DEMO, tmp_path, more=more) as screen:
        screen.until("checkout")
        screen.press("\x03")
        assert "raw" in screen.ours.text()
        screen.press(DOWN)
        screen.press("2")
        screen.press("\x0c")
        assert "raw" not in screen.ours.text()
    said = [one for one in logged(tmp_path) if "passed through" in one]
    assert len(said) == 2
    assert all("[2G" in one or "[3G" in one for one in said)


def test_a_mistake_of_ours_is_textuals_bytes_and_a_line_in_the_log(tmp_path: Path) -> None:
    more = """
from pointsman.console.output.stage import Stage
give, turns = Stage.give, []
def fails(self):
    turns.append(1)
    if len(turns) in (3, 4, 9):
        raise ZeroDivisionError
    return give(self)
Stage.give = fails
"""
    with play(DEMO, tmp_path, more=more) as screen:
        screen.until("checkout")
        for key in WALK[:9]:
            screen.press(key)
    assert [one for one in logged(tmp_path) if "a mistake: ZeroDivisionError" in one]


def test_a_screen_that_breaks_gives_the_terminal_back(tmp_path: Path) -> None:
    more = """
from pointsman.console.screens.overview import Overview
def boom(self): raise ZeroDivisionError("on the way in")
Overview.compose = boom
"""
    with play(["demo"], tmp_path, more=more) as screen:
        assert screen.program.ended() == 1
        screen.settle()
        assert screen.ours.modes[1049] is False
        assert screen.ours.modes[25] is screen.ours.modes[7] is True


def test_a_terminal_that_takes_nothing_gets_the_newest_frame(tmp_path: Path) -> None:
    with play(DEMO, tmp_path) as screen:
        screen.until("checkout")
        screen.press("2")
        for _ in range(40):  # nobody reads: the frames of these keys replace each other
            screen.program.send("?")
            time.sleep(0.01)
            screen.program.send("\x1b")
            time.sleep(0.04)
        screen.settle()
        screen.check()
        screen.press("?")


def test_low_bandwidth_caps_frames(tmp_path: Path) -> None:
    with play(["demo", "--paused", "--at", "600", "--low-bandwidth"], tmp_path) as screen:
        screen.until("checkout")
        screen.settle(quiet=3)
        before = screen.program.raw.count(b"\x1b[?2026$p")
        begun = time.monotonic()
        for _ in range(20):
            screen.program.send(DOWN)
            screen.look(0.05)
        took = time.monotonic() - begun
        screen.settle(quiet=2)
        frames = screen.program.raw.count(b"\x1b[?2026$p") - before
        assert 1 <= frames <= 5 * took + 4
        screen.check()


def test_plain_output_is_textuals_own(tmp_path: Path) -> None:
    with play([*DEMO, "--plain-output"], tmp_path) as screen:
        screen.until("checkout")
        assert screen._read == 0, "no lean driver was made"
