"""What the dashboard screens do with snapshots and keys."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button

from console import dashing
from console.driving import console
from pointsman.console.app import ConsoleApp
from pointsman.console.command_line import parse
from pointsman.console.dialogs.confirm import ConfirmDialog
from pointsman.console.editing import editor_of
from pointsman.console.screens.dashboard import DashboardPlace
from pointsman.console.screens.dashboards import Dashboards
from pointsman.console.widgets.dashboard_canvas import DashboardCanvas
from pointsman.errors import Fault, FaultKind
from pointsman.model.refs import DashboardRef
from pointsman.model.snapshot import Snapshot


async def opened(user: Any, line: str) -> Any:
    await user.press("colon")
    await user.type(line)
    await user.press("enter")
    return user.app.screen


def canvas(user: Any) -> DashboardCanvas:
    found: DashboardCanvas = user.app.screen.query_one("#canvas", DashboardCanvas)
    return found


# --- the list


async def test_the_list_says_name_size_and_when_it_was_changed() -> None:
    async with console(size=(80, 24)) as user:
        place = await opened(user, "dashboards")
        assert isinstance(place, Dashboards)
        line = next(line for line in user.lines if "developers" in line)
        assert "14h" in line and "10.8 kB" in line


async def test_words_filter_the_list_and_enter_draws_one() -> None:
    async with console() as user:
        await opened(user, "dashboards mix")
        assert "1 of 5 shown" in user.text
        await user.press("enter")
        place = user.app.screen
        assert isinstance(place, DashboardPlace)
        assert place.ref == dashing.MIXED
        await user.press("escape")
        assert isinstance(user.app.screen, Dashboards)


async def test_names_complete_on_the_command_line() -> None:
    async with console() as user:
        await opened(user, "dashboards")
        place = await opened(user, "dashboard oper")
        assert isinstance(place, DashboardPlace)


# --- one


async def test_every_kind_of_widget_is_drawn() -> None:
    async with console(size=(120, 60)) as user:
        await opened(user, "dashboard mixed")
        wanted = ["The shop [bold]as it is[/bold]", "timeSeries", "1 DE", "ALARM 4m", "there is no such alarm"]
        wanted += ["access denied", "web-1/stream", "there is no widget", "last 3h", "period auto", "13 widgets"]
        assert [words for words in wanted if words not in user.text] == []


async def test_tab_goes_from_widget_to_widget_and_enter_where_it_leads() -> None:
    async with console() as user:
        place = await opened(user, "dashboard mixed")
        first = canvas(user).widget
        assert first is not None and first.number == 0
        assert place.why_not("enter") == "this widget leads nowhere"
        await user.press("tab", "tab")
        second = canvas(user).widget
        assert second is not None and second.number == 2
        await user.press("shift+tab")
        one = canvas(user).widget
        assert one is not None and one.number == 1
        assert place.why_not("enter") is None
        await user.press("d")
        assert '"title": "timeSeries"' in user.text
        await user.press("escape")


async def test_what_is_selected_is_scrolled_into_sight() -> None:
    async with console(size=(80, 24)) as user:
        await opened(user, "dashboard mixed")
        assert "holograph" not in user.text
        await user.press("left")
        assert "holograph" in user.text
        await user.press("g")
        assert "The shop" in user.text


async def test_range_and_period_are_other_feeds() -> None:
    async with console() as user:
        await opened(user, "dashboard mixed")
        assert ("dashboard", "mixed", None, None) in user.world.feeds.heard()
        await user.press("t", "down", "enter")
        assert ("dashboard", "mixed", timedelta(hours=1), None) in user.world.feeds.heard()
        await user.press("p", "down", "down", "down", "enter")
        assert ("dashboard", "mixed", timedelta(hours=1), 60) in user.world.feeds.heard()


async def test_a_variable_is_chosen_from_its_values_or_written() -> None:
    async with console() as user:
        await opened(user, "dashboard mixed")
        assert "Country as it is" in user.text and "shop name Shop" in user.text
        await user.press("V", "enter")
        assert "Country: 2 values" in user.text and "Germany" in user.text
        await user.press("down", "down", "enter")
        assert ("dashboard", "mixed", None, None, ("country", "FR")) in user.world.feeds.heard()
        user.world.fresh("dashboard", "mixed", None, None, ("country", "FR"), value=dashing.mixed())
        await user.settle()
        await user.press("V", "down", "enter")
        await user.type("Store")
        await user.press("enter")
        expected = ("dashboard", "mixed", None, None, ("country", "FR"), ("shop", "Store"))
        assert expected in user.world.feeds.heard()


async def test_a_dashboard_without_variables_says_so() -> None:
    async with console() as user:
        await opened(user, "dashboard business")
        await user.press("V")
        assert any("has no variables" in one for one in user.toasts)


async def test_moments_are_drawn_with_their_labels_as_text() -> None:
    async with console(size=(160, 50)) as user:
        await opened(user, "dashboard mixed")
        assert "[b]deploy[/b]" in user.text


async def test_a_partial_dashboard_says_how_far_it_is() -> None:
    async with console() as user:
        bare = dashing.of("mixed", json.dumps(dashing.MIXED_BODY))
        half = type(bare)(bare.ref, bare.text, bare.body, bare.start, bare.end)
        user.world.fresh("dashboard", "mixed", None, None, value=half, partial="0 of 10 widgets read")
        await opened(user, "dashboard mixed")
        assert "0 of 10 widgets read" in user.text
        assert "reading…" in user.text


# --- changing one


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An editor that is a line of shell; the terminal is given away without one."""
    file = tmp_path / "editor.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(file))
    monkeypatch.setattr(ConsoleApp, "suspend", lambda _: nullcontext())


async def test_what_the_editor_leaves_is_shown_as_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, """sed -i 's/"start": "-PT12H"/"start": "-PT1H"/' "$1" """)
    async with console(size=(120, 50)) as user:
        await opened(user, "dashboard operations")
        await user.press("E")
        assert isinstance(user.app.screen, ConfirmDialog)
        for words in ("1 line comes, 1 go", '- "start": "-PT12H"', '+ "start": "-PT1H"', "cloudwatch:PutDashboard"):
            assert words in user.text, words
        user.app.screen.query_one("#go", Button).press()
        await user.settle()
        ((operation, ref, answers),) = user.world.runner.ran
        assert (operation, ref) == ("dashboard.save", DashboardRef("operations"))
        assert json.loads(answers["body"])["start"] == "-PT1H"


async def test_an_editor_that_changes_nothing_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, "true")
    async with console() as user:
        await opened(user, "dashboard mixed")
        await user.press("E")
        assert isinstance(user.app.screen, DashboardPlace)
        assert "nothing was changed" in user.text
        editor(tmp_path, monkeypatch, "echo x > $1; exit 1")
        await user.press("E")
        assert isinstance(user.app.screen, DashboardPlace), "an editor that gives up saves nothing"


async def test_what_is_wrong_with_the_json_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, """echo '{"widgets": [{"type": "cake"}]}' > "$1" """)
    async with console(size=(120, 50)) as user:
        await opened(user, "dashboard mixed")
        await user.press("E")
        assert "CloudWatch may refuse /widgets/0/type: Should be equal to one of the allowed" in user.text
        assert not user.app.screen.query_one("#go").disabled, "CloudWatch is the judge of that"
        await user.press("escape")
        editor(tmp_path, monkeypatch, """echo '{"widgets": ' > "$1" """)
        await user.press("E")
        assert "must be a valid JSON object" in user.text
        assert user.app.screen.query_one("#go").disabled


async def test_without_an_editor_the_dialog_takes_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "/nowhere/editor")
    monkeypatch.setattr(ConsoleApp, "suspend", lambda _: nullcontext())
    async with console() as user:
        await opened(user, "dashboard mixed")
        await user.press("E")
        assert isinstance(user.app.screen, ConfirmDialog)


async def test_a_dashboard_that_is_not_there_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, """echo '{"widgets": []}' > "$1" """)
    async with console(size=(120, 40)) as user:
        gone = Fault(FaultKind.NOT_FOUND, "Dashboard new does not exist", call="cloudwatch:GetDashboard")
        user.world.feeds.snapshots["dashboard", "new", None, None] = Snapshot(fault=gone, failures=1)
        place = await opened(user, "dashboard new")
        assert "Dashboard new does not exist" in user.text
        assert place.why_not("edit") is None
        await user.press("E")
        assert "A new dashboard, new." in user.text


async def test_deleting_one_takes_its_name() -> None:
    async with console() as user:
        await opened(user, "dashboard mixed")
        await user.press("a", "x")
        assert "CloudWatch keeps no copy" in user.text
        assert user.app.screen.query_one("#go").disabled
        user.app.screen.query_one("#name").focus()
        await user.type("mixed")
        assert not user.app.screen.query_one("#go").disabled


def test_the_editor_is_the_persons_own() -> None:
    assert editor_of({"EDITOR": "nano"}) == ["nano"]
    assert editor_of({"VISUAL": "code -w", "EDITOR": "nano"}) == ["code", "-w"]
    assert editor_of({"VISUAL": "'broken", "EDITOR": ""}) == ["vi"]


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 256])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    assert parse(f"dashboard {name}").error
    assert not parse("dashboard my-Board_1").error


def test_refs_of_dashboards_are_names() -> None:
    assert str(DashboardRef("x")) == "x"
