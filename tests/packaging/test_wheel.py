"""The wheel is whole and works from an empty folder; so does the checkout."""

from __future__ import annotations

import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pointsman
from pointsman.config.assets import folder
from support.terminal import terminal
from support.wheel import Installed

pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SAMPLE = "sample_config/webapp"


def skipped(file: Path) -> bool:
    return any(part == "__pycache__" or part.startswith(".") for part in file.relative_to(ROOT).parts)


def test_it_carries_its_folders_and_its_type_marker(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    assert {"pointsman/py.typed", "pointsman/sample_config/pointsman.yml"} <= names
    for top in ("themes", "sample_config"):
        for file in (ROOT / top).rglob("*"):
            if file.is_file() and not skipped(file):
                assert f"pointsman/{file.relative_to(ROOT)}" in names
    for file in (ROOT / "src" / "pointsman").rglob("*"):
        if file.is_file() and not skipped(file):
            assert str(file.relative_to(ROOT / "src")) in names


def test_it_carries_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"pointsman", f"pointsman-{pointsman.__version__}.dist-info"}


def test_its_command_answers_from_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    command = str(installed.site / "bin" / "pointsman")
    assert installed.run(command, "--version", cwd=tmp_path).stdout == f"pointsman {pointsman.__version__}\n"
    assert "pointsman demo" in installed.run(command, "--help", cwd=tmp_path).stdout
    assert list(tmp_path.iterdir()) == []


def test_it_finds_its_own_folders(installed: Installed, tmp_path: Path) -> None:
    code = "from pointsman.config.assets import folder; print(folder('themes'), folder('sample_config'))"
    for found in installed.python(code, tmp_path).split():
        assert Path(found).parent == installed.site / "pointsman"


@pytest.mark.parametrize(
    ("arguments", "shown"), [(["demo", "--paused"], "checkout"), (["local", "--trust", "--load", SAMPLE], "webapp")]
)
def test_its_worlds_open_from_an_empty_folder(
    installed: Installed, tmp_path: Path, arguments: list[str], shown: str
) -> None:
    environ = {"PYTHONPATH": str(installed.site), "PYTHONSAFEPATH": "1"}
    with terminal(arguments, environ=environ, cwd=tmp_path) as screen:
        screen.until(f"{shown} ")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143
    assert list(tmp_path.iterdir()) == []


def test_its_sample_configuration_loads(installed: Installed, tmp_path: Path) -> None:
    code = (
        "from pointsman.config.assets import folder\nfrom pointsman.config.loader import load\n"
        "print(load(folder('sample_config') / 'pointsman.yml').read_only)"
    )
    assert installed.python(code, tmp_path) == "False"


def test_its_library_answers(installed: Installed, tmp_path: Path) -> None:
    code = (
        "from pointsman.local import Backend\n"
        "with Backend() as backend: print(backend.session().client('codepipeline').list_pipelines()['pipelines'])"
    )
    assert installed.python(code, tmp_path) == "[]"


def test_every_module_of_it_can_be_imported(installed: Installed, tmp_path: Path) -> None:
    code = (
        "import importlib, pkgutil, pointsman\n"
        "for module in pkgutil.walk_packages(pointsman.__path__, 'pointsman.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
        "print(pointsman.__file__)"
    )
    assert Path(installed.python(code, tmp_path)) == installed.site / "pointsman" / "__init__.py"


def test_the_checkout_answers_from_an_empty_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pointsman", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"pointsman {pointsman.__version__}\n"


@pytest.mark.parametrize("name", ["themes", "sample_config"])
def test_the_checkout_finds_its_folders(name: str) -> None:
    assert folder(name) == ROOT / name


def test_a_folder_that_is_missing_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no folder scenery"):
        folder("scenery")
