"""What a build's processes are given, and what they are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pointsman.errors import UsageError
from pointsman.local.runners.process import ProcessRunner, confined, sandboxed
from pointsman.local.runners.protocol import BuildRunner


def test_the_environment_is_made_from_nothing(tmp_path: Path) -> None:
    operator = {
        "PATH": "/opt/bin",
        "LANG": "de_DE.UTF-8",
        "SSH_AUTH_SOCK": "/s",
        "AWS_PROFILE": "p",
        "HOME": "/home/me",
    }
    found = confined(tmp_path, {"A": "1", "LANG": "C"}, operator)
    assert found["PATH"] == "/opt/bin"
    assert found["LANG"] == "C"
    assert found["HOME"] == str(tmp_path / "home")
    assert found["A"] == "1"
    assert not {"SSH_AUTH_SOCK", "AWS_PROFILE"} & set(found)
    assert "/home/me" not in found.values()


def test_a_sandbox_that_is_not_installed_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match="bwrap is not installed"):
        ProcessRunner(tmp_path, sandbox="bwrap")


def test_in_the_sandbox_only_the_builds_folder_is_writable(tmp_path: Path) -> None:
    command = sandboxed("/usr/bin/bwrap", ["/bin/sh"], tmp_path, Path("/home/me"))
    assert command[-2:] == ["--", "/bin/sh"]
    assert command[command.index("--ro-bind") :][:3] == ["--ro-bind", "/", "/"]
    assert command[command.index("--bind") :][:3] == ["--bind", str(tmp_path), str(tmp_path)]
    assert "/home/me" in command


def test_the_process_runner_is_a_build_runner(tmp_path: Path) -> None:
    runner: BuildRunner = ProcessRunner(tmp_path)
    assert isinstance(runner, BuildRunner)
    assert (
        runner.missing_shell("no-such-shell")
        == "the buildspec asks for the shell no-such-shell, and this machine has none"
    )
    assert runner.missing_shell("/bin/sh") == ""
