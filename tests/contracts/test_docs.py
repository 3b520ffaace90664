"""The documents say what is so."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from pointsman.clock import ManualClock
from pointsman.config.loader import parse
from pointsman.local import Backend
from pointsman.operations.registry import default_registry

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)\)")
_PATH = re.compile(r"`((?:src|tests|docs|scripts|sample_config|themes)/[\w./-]+)`")


def blocks(page: str, language: str) -> list[str]:
    return [text for kind, text in _BLOCK.findall((ROOT / page).read_text()) if kind == language]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_operations_page_is_the_registry() -> None:
    page: str = script("operations_page").page(default_registry())
    assert (ROOT / "docs" / "operations.md").read_text() == page, "run: python scripts/operations_page.py"


def test_the_keys_page_is_the_catalogue() -> None:
    page: str = script("keys_page").page()
    assert (ROOT / "docs" / "keys.md").read_text() == page, "run: python scripts/keys_page.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_at_exists(page: Path) -> None:
    text = page.read_text()
    targets = [page.parent / link for link in _LINK.findall(text) if "://" not in link]
    targets += [ROOT / path for path in _PATH.findall(text)]
    assert [str(target) for target in targets if not target.exists()] == []


def test_the_readmes_configuration_loads() -> None:
    for text in blocks("README.md", "yaml"):
        assert parse(text)[1] == []


@pytest.mark.parametrize("page", ["README.md", "docs/local-backend.md", "docs/traces.md"])
@pytest.mark.timeout(120)
def test_the_library_examples_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = blocks(page, "python")
    assert examples
    for example in examples:
        exec(compile(example, page, "exec"), {"__name__": "example", "Backend": Backend, "ManualClock": ManualClock})
    said = capsys.readouterr().out
    for expected in re.findall(r"# prints (.*)", "\n".join(examples)):
        assert expected in said


def test_every_package_is_on_the_map() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    packages = [path.name for path in (ROOT / "src" / "pointsman").iterdir() if (path / "__init__.py").exists()]
    packages += [
        path.name for path in (ROOT / "src" / "pointsman" / "local").iterdir() if (path / "__init__.py").exists()
    ]
    assert [name for name in packages if name not in text] == []
