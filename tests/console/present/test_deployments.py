"""Deployments as text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import releases, samples
from pointsman.console.command_line import Names, complete, parse
from pointsman.console.present import attention
from pointsman.console.present.cells import plain, width
from pointsman.console.present.deployments import brief, progress_bar, rows_of, what
from pointsman.console.present.glyphs import ASCII, UNICODE
from pointsman.console.present.look import Draw
from pointsman.console.present.rollout import about, matrix, note, spot_lines, target_lines
from pointsman.console.screens.deployment_words import STATES, deployment_forms
from pointsman.model.deployments import Counts, LifecycleEvent, Target
from pointsman.model.refs import TargetRef
from pointsman.model.rollout import event_names, last_good
from pointsman.model.status import status

COUNT = st.integers(0, 1200)


@given(counts=st.builds(Counts, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT), room=st.integers(6, 60))
def test_a_bar_is_as_wide_as_asked_and_shows_every_kind_there_is(counts: Counts, room: int) -> None:
    for glyphs in (UNICODE, ASCII):
        bar = progress_bar(counts, Draw(samples.NOW, glyphs), room)
        assert width(bar) == room
        kinds = sum(
            bool(one)
            for one in (
                counts.pending, counts.in_progress, counts.succeeded, counts.failed, counts.skipped, counts.ready,
            )
        )  # fmt: skip
        assert len({text[0] for text, _ in bar}) == max(1, kinds)


def test_what_to_know_next_is_said_in_a_few_words() -> None:
    draw = Draw(samples.NOW)
    said = {row.deployment.id: plain(what(row, draw)) for row in rows_of(releases.listed().deployments, {})}
    assert said["d-5TTR0BILL"] == "rolled back by d-9QWE1BILL"
    assert said["d-9QWE1BILL"] == "takes d-5TTR0BILL back"
    assert said["d-BLUEGREEN"] == "waits for Continue"
    assert said["d-8KQ2XW1AA"] == "total: round half to even"
    assert "activated" in said["d-ALARMSTOP"]


def test_a_line_counts_what_failed_waits_and_moves() -> None:
    assert plain(brief(releases.listed().deployments)) == "1 waits, 2 in progress"
    newest = replace(releases.rollback(), status=status("Failed"))
    assert plain(brief((newest,))) == "1 failed"
    assert plain(brief(())) == "nothing moves"


def test_attention_tells_of_the_newest_of_a_group_only() -> None:
    items = attention.from_deployments(releases.listed().deployments)
    assert [(item.what, item.tone.value) for item in items] == [("shop/web waits for Continue", "waiting")]
    alone = [one for one in releases.listed().deployments if one.id != "d-9QWE1BILL"]
    assert "billing/prod d-5TTR0BILL failed" in [item.what for item in attention.from_deployments(alone)]


def test_the_lines_above_the_matrix_fit_and_say_the_urgent_first() -> None:
    for rollout in releases.rollouts():
        one = rollout.deployment
        earlier = releases.history(next(group for group in releases.groups() if group.ref == one.group)).deployments
        row = next(row for row in rows_of(releases.listed().deployments, {}) if row.deployment.id == one.id)
        lines = about(row, rollout, last_good(earlier, before=one), Draw(samples.NOW), 76)
        assert plain(lines[0]).startswith(one.id)
        assert len(lines) <= 9


def test_names_are_written_out_where_all_of_them_fit() -> None:
    targets = releases.rollouts()[0].targets
    names = event_names(targets)
    narrow, wide = (matrix(names, targets, room) for room in (78, 160))
    assert [one.header for one in narrow][1:5] == ["Stop", "Bundle", "Before", "Install"]
    assert [one.header for one in wide][1:8] == list(names)
    assert all(len(one.header) <= one.least for one in narrow)


def test_a_target_s_log_is_shown_from_its_end_and_without_control_sequences() -> None:
    target = next(one for one in releases.rollouts()[0].targets if one.name == "web-3")
    draw = Draw(samples.NOW)
    lines = [plain(line) for line in spot_lines(target, None, draw, 76, 6)]
    assert lines[0].startswith("── web-3 ▸ BeforeInstall ▸ scripts/deps.sh")
    assert lines[-1] == "[stderr]deps.sh: giving up"
    assert len(lines) == 6
    assert plain(note(target, draw)).startswith("BeforeInstall: deps.sh: Script at")
    assert not any("\x1b" in plain(line) for line in target_lines(target, draw, 70))


def test_hostile_names_and_logs_are_text() -> None:
    event = LifecycleEvent("Install", status("Failed"), script="\x1b]0;x\x07[b]s[/b]", log_tail="\x1b[2J\u202eevil\r\n")
    target = Target(TargetRef("d-1", "arn:aws:x/\x1b[31mi-1"), status("Failed"), events=(event,))
    for line in (*spot_lines(target, event, Draw(samples.NOW), 60, 8), *target_lines(target, Draw(samples.NOW), 60)):
        assert not set(plain(line)) & {"\x1b", "\u202e", "\r", "\n", "\x07"}


def test_a_filter_completes_word_by_word() -> None:
    names = Names(deployments=("d-1",), groups=("checkout/prod", "search/canary"))
    assert complete("deployments @f", names) == ("deployments @failed",)
    assert complete("deployments checkout @mo", names) == ("deployments checkout @moving",)
    assert "deployments @failed checkout/prod" in complete("deployments @failed ch", names)
    assert complete("fleet sea", names) == ("fleet search/canary",)
    assert parse("deployments checkout @failed").argument == "checkout @failed"
    assert parse("deployment").error == ":deployment: which deployment?"
    assert set(STATES) <= {line.removeprefix("deployments ") for line in complete("deployments ", names)}


def test_a_deployment_is_copied_as_id_cli_line_url_and_revision() -> None:
    from console.fakes import WHO

    one = releases.failed()
    forms = dict(deployment_forms(one.ref, one, WHO))
    assert forms["deployment id"] == "d-5TTR0BILL"
    assert forms["CLI line"] == "aws deploy get-deployment --deployment-id d-5TTR0BILL"
    assert forms["console URL"].endswith("codedeploy/deployments/d-5TTR0BILL?region=eu-west-1")
    assert forms["revision"] == "s3://artifacts/billing/Bundle.zip@77e01bd0"
