"""The Install event on folders: what goes, what comes, what may stay, and what gets which mode."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codedeploy.appspec import server
from pointsman.local.codedeploy.installing import InstallError, install, matches


class Machine:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.archive = folder / "archive"
        self.notes = folder / "notes"
        for one in (self.root, self.archive, self.notes):
            one.mkdir()
        self.number = 0

    def bundle(self, **files: str) -> None:
        for name, text in files.items():
            place = self.archive / name.replace("__", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def install(self, spec: str, behavior: str = "DISALLOW", *, again: bool = False) -> list[str]:
        self.number += not again
        plan = self.notes / f"plan-{self.number}"
        return install(
            self.root, self.archive, server(f"version: 0.0\nos: linux\n{spec}"), behavior, self.notes / "cleanup", plan
        )

    def tree(self) -> list[str]:
        return sorted(str(one.relative_to(self.root)) for one in self.root.rglob("*"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


ALL = "files: [{source: /, destination: /srv}]"


def test_files_and_folders_go_where_the_guide_says(machine: Machine) -> None:
    machine.bundle(Config__config_txt="c", source__deep__a="a", b="b")
    machine.install(
        "files: [{source: Config/config_txt, destination: /etc/app}, {source: source, destination: /srv/app}]"
    )
    assert machine.tree() == [
        "etc", "etc/app", "etc/app/config_txt", "srv", "srv/app", "srv/app/deep", "srv/app/deep/a",
    ]  # fmt: skip


def test_what_the_last_deployment_installed_goes_and_nothing_else(machine: Machine) -> None:
    machine.bundle(old__a="1", keep="1")
    machine.install(ALL)
    (machine.root / "srv/made-by-a-script").write_text("x")
    (machine.archive / "old/a").unlink()
    (machine.archive / "old").rmdir()
    machine.install(ALL)
    assert machine.tree() == ["srv", "srv/keep", "srv/made-by-a-script"]


@pytest.mark.parametrize(("behavior", "text"), [("OVERWRITE", "new"), ("RETAIN", "old")])
def test_a_file_that_is_there_is_overwritten_or_retained(machine: Machine, behavior: str, text: str) -> None:
    machine.bundle(a="new")
    (machine.root / "srv").mkdir()
    (machine.root / "srv/a").write_text("old")
    with pytest.raises(InstallError, match="already exists at this location: /srv/a"):
        machine.install(ALL)
    machine.install(ALL, behavior)
    assert (machine.root / "srv/a").read_text() == text
    machine.bundle(b="x")
    (machine.archive / "a").unlink()
    machine.install(ALL)
    assert machine.tree() == ["srv", "srv/b"], "it belonged to the deployment"


def test_the_appspecs_own_behavior_wins(machine: Machine) -> None:
    machine.bundle(a="new")
    (machine.root / "srv").mkdir()
    (machine.root / "srv/a").write_text("old")
    machine.install(f"{ALL}\nfile_exists_behavior: OVERWRITE", "DISALLOW")
    assert (machine.root / "srv/a").read_text() == "new"


def test_a_restart_in_between_copies_on(machine: Machine) -> None:
    machine.bundle(a="1", b="2")
    machine.install(ALL)
    (machine.root / "srv/b").unlink()
    machine.install(ALL, again=True)
    assert machine.tree() == ["srv", "srv/a", "srv/b"]


def test_modes_are_set_and_owners_are_said(machine: Machine) -> None:
    machine.bundle(run_sh="x", other="x", deep__b_sh="x")
    said = machine.install(
        f"{ALL}\npermissions: [{{object: /srv, pattern: '*_sh', mode: 750, owner: web, group: www, acls: ['u:a:rw']}}]"
    )
    mode = {name: (machine.root / "srv" / name).stat().st_mode & 0o777 for name in ("run_sh", "other", "deep/b_sh")}
    assert mode["run_sh"] == 0o750
    assert mode["other"] != 0o750
    assert mode["deep/b_sh"] != 0o750, "a pattern is about one level"
    assert said == ["/srv: owner, group, acls recorded, not applied on this machine"]


def test_a_link_on_the_instance_cannot_lead_out_of_it(machine: Machine, tmp_path: Path) -> None:
    machine.bundle(a="x")
    (tmp_path / "outside").mkdir()
    (machine.root / "srv").symlink_to(tmp_path / "outside")
    with pytest.raises(InstallError, match="leads out of the instance"):
        machine.install(ALL)
    assert list((tmp_path / "outside").iterdir()) == []


def test_two_sources_for_one_place_and_a_source_that_is_not_there(machine: Machine) -> None:
    machine.bundle(a__x="1", b__x="2")
    with pytest.raises(InstallError, match="two files at /srv/x"):
        machine.install("files: [{source: a, destination: /srv}, {source: b, destination: /srv}]")
    with pytest.raises(InstallError, match="has no none"):
        machine.install("files: [{source: none, destination: /srv}]")


@given(st.text(alphabet="ab*?", max_size=12), st.text(alphabet="ab", max_size=12))
def test_simple_globs(glob: str, name: str) -> None:
    import re

    wanted = re.fullmatch(glob.replace("*", ".*").replace("?", "."), name) is not None
    assert matches(glob, name) == wanted
