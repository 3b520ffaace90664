"""One shell under its supervisor: what persists, what it says, and that nothing of it is left."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pointsman.local.runners.lines import Mask
from pointsman.local.runners.shell import ShellSettings, SupervisedShell

Ending = tuple[int, int | None, str, Sequence[str]]


class Hearer:
    """Keeps what a shell says."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.batches = 0
        self.endings: queue.Queue[Ending] = queue.Queue()

    def printed(self, lines: list[str], taken: Callable[[], None]) -> None:
        self.lines += lines
        self.batches += 1
        taken()

    def complained(self, lines: list[str], taken: Callable[[], None]) -> None:
        self.errors += lines
        taken()

    def ended(self, number: int, status: int | None, note: str, values: Sequence[str]) -> None:
        self.endings.put((number, status, note, values))


class Shell:
    """A shell to talk to, one command after the other."""

    def __init__(self, program: str, folder: Path) -> None:
        self.hearer = Hearer()
        environment = {"PATH": os.environ["PATH"], "MARKER": str(folder)}
        settings = ShellSettings(folder / "runner", folder, [program], environment, grace=0.2)
        self.shell = SupervisedShell(settings, self.hearer, Mask([]))
        self.number = 0
        self.pause = threading.Event()

    def begin(self, text: str, **options: object) -> None:
        self.number += 1
        self.hearer.lines.clear()
        self.shell.run(self.number, text, {}, **options)  # type: ignore[arg-type]

    def do(self, text: str, **options: object) -> tuple[int | None, list[str]]:
        self.begin(text, **options)
        number, status, _, _ = self.hearer.endings.get(timeout=20)
        assert number == self.number
        return status, list(self.hearer.lines)

    def await_line(self, line: str) -> None:
        for _ in range(1000):
            if line in self.hearer.lines:
                return
            self.pause.wait(0.01)
        raise AssertionError(f"{line} was never printed")


@pytest.fixture(params=["/bin/sh", "/bin/bash"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    if not Path(request.param).exists():
        pytest.skip(f"no {request.param} here")
    made = Shell(request.param, tmp_path)
    yield made
    made.shell.stop()
    assert made.shell.join(20)
    assert not survivors(tmp_path)


def survivors(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"MARKER={folder}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_folder_variables_and_functions_persist(shell: Shell, tmp_path: Path) -> None:
    assert shell.do("mkdir in; cd in; export A=1; B=2; f() { echo f $1; }") == (0, [])
    assert shell.do("pwd; echo $A $B; f x") == (0, [str(tmp_path / "in"), "1 2", "f x"])


def test_output_and_errors_come_in_order_before_the_end(shell: Shell) -> None:
    assert shell.do("echo 1; echo 2 >&2; echo 3; printf 4") == (0, ["1", "2", "3", "4"])


def test_errors_come_apart_where_they_are_asked_for(shell: Shell) -> None:
    assert shell.do("echo 1; echo 2 >&2; printf 3 >&2; cd /", apart=True) == (0, ["1"])
    assert shell.hearer.errors == ["2", "3"]
    assert shell.do("echo 4 >&2; pwd") == (0, ["4", "/"]), "the next command's are together again"
    assert shell.do("nope; exit 5", apart=True)[0] == 5
    assert "nope" in shell.hearer.errors[-1]


@pytest.mark.parametrize(
    ("text", "status"),
    [("exit 7", 7), ("false", 1), ("(exit 9)", 9), ("kill -9 $$", 137), ('echo "open', 2), ("set -e; false", 1)],
)
def test_a_failure_is_told_and_the_next_command_runs(shell: Shell, tmp_path: Path, text: str, status: int) -> None:
    shell.do("mkdir on; cd on; export KEPT=yes")
    assert shell.do(text)[0] == status
    assert shell.do("echo $KEPT; pwd") == (0, ["yes", str(tmp_path / "on")])


def test_a_signal_is_named(shell: Shell) -> None:
    shell.begin("kill -9 $$")
    assert shell.hearer.endings.get(timeout=20)[2] == "signal: killed"


def test_standard_input_is_empty(shell: Shell) -> None:
    assert shell.do("cat; read x; echo done") == (0, ["done"])


def test_tracing_lasts_for_its_command_and_shows_nothing_of_ours(shell: Shell) -> None:
    status, lines = shell.do("set -x; echo traced")
    assert (status, [line.lstrip("+ ") for line in lines]) == (0, ["echo traced", "traced"])
    assert shell.do("echo plain") == (0, ["plain"])


def test_words_are_expanded_in_the_shell(shell: Shell) -> None:
    shell.do("V=1.2; OUT='two words'")
    shell.begin("", inquire=['app-$V-$(echo "a  b")', "${OUT-}", "${NOPE-}", 'say "hi" $V'])
    assert shell.hearer.endings.get(timeout=20)[3] == ["app-1.2-a  b", "two words", "", 'say "hi" 1.2']


def test_a_fresh_shell_forgets(shell: Shell, tmp_path: Path) -> None:
    shell.do("export A=1; cd /")
    assert shell.do("echo [$A]; pwd", fresh=True) == (0, ["[]", str(tmp_path)])


def test_many_lines_come_in_few_batches(shell: Shell) -> None:
    status, lines = shell.do("seq 50000")
    assert status == 0
    assert lines == [str(number) for number in range(1, 50001)]
    assert shell.hearer.batches <= 40


def test_a_background_flood_does_not_hold_up_the_next_command(shell: Shell) -> None:
    assert shell.do("yes flood &")[0] == 0
    assert shell.do("true")[0] == 0


def test_a_stop_ends_whatever_tries_to_stay(shell: Shell, tmp_path: Path) -> None:
    shell.do(
        "setsid sleep 600 & nohup sleep 601 & (trap '' TERM HUP; sleep 602; sleep 603) & (setsid sh -c 'sleep 604 &') &"
    )
    shell.begin("trap '' TERM; echo begun; sleep 605; sleep 606")
    shell.await_line("begun")
    assert len(survivors(tmp_path)) >= 5


def test_when_our_end_of_the_pipe_closes_everything_ends(shell: Shell, tmp_path: Path) -> None:
    shell.do("setsid sleep 600 & sleep 601 &")
    process = shell.shell._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert shell.shell.join(10)
    assert survivors(tmp_path) == []


def test_a_supervisor_that_dies_under_a_command_is_told(shell: Shell) -> None:
    shell.begin("setsid sleep 601 & echo begun; sleep 600")
    shell.await_line("begun")
    assert shell.shell.pid is not None
    os.kill(shell.shell.pid, 9)
    assert shell.hearer.endings.get(timeout=10)[1:3] == (None, "its supervisor ended")
    assert shell.do("echo too late")[0] is None


def test_a_shell_that_is_not_there_ends_its_command(tmp_path: Path) -> None:
    shell = Shell("/nowhere/sh", tmp_path)
    assert shell.do("true") == (127, ["/nowhere/sh: No such file or directory"])
    shell.shell.stop()
    assert shell.shell.join(10)
