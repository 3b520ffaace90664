"""A morning's worth of model values for the screens: every state a row, a stage or a build can be in."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.errors import Fault, FaultKind
from pointsman.model.activity import Call, Deed
from pointsman.model.approvals import Shipment
from pointsman.model.batches import Batch, BatchList, Member
from pointsman.model.builds import Build, BuildList, EnvironmentVariable, Phase, Project
from pointsman.model.comparison import Commit, Comparison, RevisionChange
from pointsman.model.conditions import Condition, Retries, Rule, Trigger, TriggerFilter
from pointsman.model.forecast import Estimate, Forecast, Under
from pointsman.model.logs import LogChunk, LogLine
from pointsman.model.pipelines import (
    Action,
    ActionRun,
    Board,
    Execution,
    PipelineRow,
    PipelineState,
    Revision,
    Stage,
    Transition,
    Variable,
)
from pointsman.model.refs import (
    ActionRef,
    BatchRef,
    BuildRef,
    LogRef,
    PipelineRef,
    ProjectRef,
    ReportRef,
    StageRef,
)
from pointsman.model.reports import Coverage, FileCoverage, Findings, Report, TestCase, Trend
from pointsman.model.status import NOT_RUN, status
from pointsman.model.strips import RunStages

NOW = EPOCH

DENIED = Fault(
    FaultKind.DENIED,
    "AccessDeniedException: not authorized to perform codepipeline:GetPipelineState on search",
    "ask for codepipeline:GetPipelineState",
    "AccessDeniedException",
    "req-1",
    "codepipeline:GetPipelineState",
)
EXPIRED = Fault(
    FaultKind.EXPIRED,
    "The security token included in the request is expired",
    "run: aws sso login --profile prod",
    "ExpiredTokenException",
    "req-2",
    "codepipeline:ListPipelines",
)
THROTTLED = Fault(FaultKind.THROTTLED, "Rate exceeded", "waiting, then trying again", "ThrottlingException")


_REPORT = "arn:aws:codebuild:eu-west-1:123456789012:report/checkout-test"
TESTS = ReportRef(f"{_REPORT}-junit:aaaa1111-0000-4000-8000-000000000001")
LINES = ReportRef(f"{_REPORT}-lines:bbbb1111-0000-4000-8000-000000000002")
BATCH = BatchRef("checkout-test:5a5a5a5a-aaaa-bbbb-cccc-1234567890ab")


def ago(**since: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(**since)


def revision(commit: str, summary: str, author: str = "Ada Lovelace", **since: float) -> Revision:
    """A source revision."""
    return Revision("Source", commit, summary, "", ago(**since) if since else ago(hours=1), author)


A41 = revision("a41f9c2e5b7d1f0a9c3e", "round half to even", "Grace Hopper", minutes=9)
BB7 = revision("77e01bd0c4a2ff31e9aa", "invoice footer in two languages", minutes=30)
C9D = revision("c9d882177aa0be11cd02", "fix rounding of the [total] line", minutes=6)
OBE = revision("0be1f77aa23344556677", "gateway: close idle connections", "Alan Turing", hours=3)
OLD = revision("55aa10b2c3d4e5f60718", "first cut", hours=30)


def stage(
    pipeline: str,
    name: str,
    word: str = "",
    execution: str = "",
    actions: tuple[Action, ...] = (),
    inbound: str = "",
    transition: Transition | None = None,
) -> Stage:
    """A stage in the state AWS calls ``word``."""
    return Stage(StageRef(pipeline, name), status(word), execution, inbound, transition or Transition(), actions)


def action(
    pipeline: str, in_stage: str, name: str, category: str, provider: str, word: str = "", **more: object
) -> Action:
    """An action in the state AWS calls ``word``."""
    made = Action(ActionRef(pipeline, in_stage, name), category, provider, status=status(word))
    return replace(made, **more)


def checkout() -> PipelineState:
    """Failed in Test; the gate into Deploy is closed with a revision behind it; the old revision runs in Deploy."""
    name = "checkout"
    runs = (
        Execution("e1c2a41f-1111-4444-8888-000000000003", status("Failed"), ago(minutes=8), ago(minutes=4),
                  "Webhook", "", (A41,)),
        Execution("d0b1c9d8-1111-4444-8888-000000000002", status("InProgress"), ago(minutes=40), ago(minutes=20),
                  "StartPipelineExecution", "oncall", (C9D,)),
        Execution("c0ffee00-1111-4444-8888-000000000001", status("Superseded"), ago(hours=2), ago(hours=1),
                  "PollForSourceChanges", "", (BB7,)),
        Execution("b0000055-1111-4444-8888-000000000000", status("Succeeded"), ago(hours=30), ago(hours=29),
                  "CreatePipeline", "", (OLD,)),
    )  # fmt: skip
    build_id = "checkout-test:9f1c2d3e-aaaa-bbbb-cccc-1234567890ab"
    return PipelineState(
        PipelineRef(name), 4, "V2", "SUPERSEDED",
        (
            stage(name, "Source", "Succeeded", runs[0].id, (
                action(name, "Source", "Checkout", "Source", "CodeCommit", "Succeeded", changed_at=ago(minutes=8),
                       revision=A41, summary="round half to even"),)),
            stage(name, "Test", "Failed", runs[0].id, (
                action(name, "Test", "Unit", "Build", "CodeBuild", "Failed", changed_at=ago(minutes=4),
                       external_id=build_id, error_code="JobFailed", percent=None,
                       error_message="Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR,"
                                     " Message: Error while executing command: pytest -q. Reason: exit status 1"),
                action(name, "Test", "Lint", "Build", "CodeBuild", "Succeeded", changed_at=ago(minutes=5),
                       external_id="checkout-lint:11112222-aaaa-bbbb-cccc-1234567890ab"))),
            stage(name, "Deploy", "Succeeded", runs[3].id, (
                action(name, "Deploy", "Site", "Deploy", "S3", "Succeeded", changed_at=ago(hours=29)),),
                inbound=runs[1].id,
                transition=Transition(False, "arn:aws:iam::123456789012:user/oncall", ago(days=2),
                                      "freeze until the 25th")),
            stage(name, "Smoke", "", "", (action(name, "Smoke", "Ping", "Test", "CodeBuild"),)),
        ),
        ago(days=90), ago(days=12), runs[0], runs,
    )  # fmt: skip


def billing() -> PipelineState:
    """Waits for an approval."""
    name = "billing"
    run = Execution("77e01bd0-2222-4444-8888-000000000001", status("InProgress"), ago(minutes=25), ago(minutes=22),
                    "PollForSourceChanges", "", (BB7,))  # fmt: skip
    before = Execution("66e01bd0-2222-4444-8888-000000000000", status("Succeeded"), ago(days=1), ago(hours=23),
                       "PollForSourceChanges", "", (OLD,))  # fmt: skip
    return PipelineState(
        PipelineRef(name), 2, "V2", "SUPERSEDED",
        (
            stage(name, "Source", "Succeeded", run.id, (
                action(name, "Source", "Checkout", "Source", "CodeCommit", "Succeeded", changed_at=ago(minutes=25),
                       revision=BB7),)),
            stage(name, "Build", "Succeeded", run.id, (
                action(name, "Build", "Package", "Build", "CodeBuild", "Succeeded", changed_at=ago(minutes=22)),)),
            stage(name, "Release", "InProgress", run.id, (
                action(name, "Release", "Approve", "Approval", "Manual", "InProgress", changed_at=ago(minutes=22),
                       token="1a2b3c4d-token", timeout_minutes=60, summary="",
                       configuration=(("CustomData", "Check the invoice footers"),
                                      ("ExternalEntityLink", "https://example.com/preview"))),)),
            stage(name, "Live", "Succeeded", before.id, (
                action(name, "Live", "Site", "Deploy", "S3", "Succeeded", changed_at=ago(hours=23)),)),
        ),
        ago(days=60), ago(days=3), run, (run, before),
    )  # fmt: skip


def simple(name: str, words: tuple[str, ...], rev: Revision, **since: float) -> PipelineState:
    """A pipeline whose stages are in these states."""
    run_word = next((word for word in words if word in ("Failed", "InProgress", "Stopped")), "Succeeded")
    run = Execution(f"{rev.id[:8]}-3333-4444-8888-000000000000", status(run_word), ago(**since), ago(**since),
                    "Webhook", "", (rev,))  # fmt: skip
    names = ("Source", "Build", "Test", "Deploy", "Live", "Check")
    return PipelineState(
        PipelineRef(name), 1, "V1", "SUPERSEDED",
        tuple(stage(name, names[at], word, run.id if word else "") for at, word in enumerate(words)),
        ago(days=20), ago(days=2), run, (run,),
    )  # fmt: skip


def board() -> Board:
    """Every kind of row, in the account's order."""
    states = (
        billing(),
        checkout(),
        simple("gateway", ("Succeeded", "Succeeded", "Succeeded"), OBE, hours=2),
        simple("mailer", ("Succeeded", "Stopped", ""), OLD, hours=5),
        simple("reports", ("Succeeded", "InProgress", "", ""), C9D, minutes=1),
    )
    rows = [PipelineRow(one.ref, one.kind, one.mode, one.version, one.updated, one, None, NOW) for one in states]
    rows.append(PipelineRow(PipelineRef("search"), fault=DENIED))
    rows.append(PipelineRow(PipelineRef("warehouse-nightly-reconciliation-of-everything")))
    return Board(tuple(rows), True)


def action_runs() -> tuple[ActionRun, ...]:
    """The action executions of checkout's failed run."""
    run = checkout().executions[0].id
    return (
        ActionRun("a3", run, ActionRef("checkout", "Test", "Unit"), status("Failed"), ago(minutes=7), ago(minutes=4),
                  "CodeBuild", "Build", external_id="checkout-test:9f1c2d3e-aaaa-bbbb-cccc-1234567890ab",
                  error_code="JobFailed", error_message="exit status 1", inputs=("Source",), outputs=("Site",)),
        ActionRun("a2", run, ActionRef("checkout", "Test", "Lint"), status("Succeeded"), ago(minutes=7),
                  ago(minutes=5), "CodeBuild", "Build", inputs=("Source",),
                  variables=(("CODEBUILD_BUILD_NUMBER", "41"),)),
        ActionRun("a1", run, ActionRef("checkout", "Source", "Checkout"), status("Succeeded"), ago(minutes=8),
                  ago(minutes=8), "CodeCommit", "Source", outputs=("Source",),
                  variables=(("CommitId", A41.id), ("AuthorName", "Grace Hopper"))),
    )  # fmt: skip


def phase(name: str, word: str, start: float, seconds: float, *contexts: tuple[str, str]) -> Phase:
    """A phase that began ``start`` seconds before now."""
    begun = NOW - timedelta(seconds=start)
    return Phase(name, status(word), begun, begun + timedelta(seconds=seconds), int(seconds), contexts)


def failed_build() -> Build:
    """Failed in BUILD, after a slow INSTALL."""
    ref = BuildRef("checkout-test:9f1c2d3e-aaaa-bbbb-cccc-1234567890ab")
    return Build(
        ref, f"arn:aws:codebuild:eu-west-1:123456789012:build/{ref.id}", 41, status("FAILED"), "COMPLETED",
        (
            phase("SUBMITTED", "SUCCEEDED", 420, 0),
            phase("QUEUED", "SUCCEEDED", 420, 1),
            phase("PROVISIONING", "SUCCEEDED", 419, 12),
            phase("DOWNLOAD_SOURCE", "SUCCEEDED", 407, 3),
            phase("INSTALL", "SUCCEEDED", 404, 98),
            phase("PRE_BUILD", "SUCCEEDED", 306, 4),
            phase("BUILD", "FAILED", 302, 61, ("COMMAND_EXECUTION_ERROR",
                  "Error while executing command: pytest -q. Reason: exit status 1")),
            phase("POST_BUILD", "SUCCEEDED", 241, 0),
            phase("UPLOAD_ARTIFACTS", "SUCCEEDED", 241, 1),
            phase("FINALIZING", "SUCCEEDED", 240, 0),
            Phase("COMPLETED", NOT_RUN, NOW - timedelta(seconds=240)),
        ),
        NOW - timedelta(seconds=420), NOW - timedelta(seconds=240), True, "codepipeline/checkout",
        "arn:aws:s3:::artifacts/checkout/Source/abc.zip", A41.id,
        (EnvironmentVariable("STAGE", "test"), EnvironmentVariable("DB_PASSWORD", "/checkout/db", "PARAMETER_STORE")),
        (TESTS.arn, LINES.arn), "CODEPIPELINE", "",
        LogRef("/aws/codebuild/checkout-test", "9f1c2d3e-aaaa-bbbb-cccc-1234567890ab"),
        exported=(("VERSION", "1.4.41"),), image="aws/codebuild/standard:7.0", compute="BUILD_GENERAL1_SMALL",
        timeout_minutes=60, batch=BATCH.id, queued_minutes=480,
    )  # fmt: skip


def running_build() -> Build:
    """In BUILD since half a minute."""
    ref = BuildRef("reports:22223333-aaaa-bbbb-cccc-1234567890ab")
    return Build(
        ref, "", 7, status("IN_PROGRESS"), "BUILD",
        (
            phase("SUBMITTED", "SUCCEEDED", 60, 0),
            phase("QUEUED", "SUCCEEDED", 60, 1),
            phase("PROVISIONING", "SUCCEEDED", 59, 9),
            phase("DOWNLOAD_SOURCE", "SUCCEEDED", 50, 2),
            phase("INSTALL", "SUCCEEDED", 48, 15),
            phase("PRE_BUILD", "SUCCEEDED", 33, 3),
            Phase("BUILD", NOT_RUN, NOW - timedelta(seconds=30)),
        ),
        NOW - timedelta(seconds=60), None, False, "oncall", "", C9D.id, source_type="CODECOMMIT",
        source_location="reports", log=LogRef("/aws/codebuild/reports", "22223333-aaaa-bbbb-cccc-1234567890ab"),
    )  # fmt: skip


def builds() -> BuildList:
    """Recent builds."""
    done = replace(
        failed_build(), ref=BuildRef("checkout-lint:11112222-aaaa-bbbb-cccc-1234567890ab"), status=status("SUCCEEDED"),
        number=88, phases=(phase("BUILD", "SUCCEEDED", 400, 31),),
    )  # fmt: skip
    return BuildList((running_build(), failed_build(), done), True)


def projects() -> tuple[Project, ...]:
    """Build projects."""
    made = builds().builds
    return (
        Project(ProjectRef("checkout-lint"), source_type="CODEPIPELINE", image="aws/codebuild/standard:7.0",
                updated=ago(days=3), latest=made[2]),
        Project(ProjectRef("checkout-test"), description="Unit tests of the checkout", source_type="CODEPIPELINE",
                image="aws/codebuild/standard:7.0", updated=ago(days=3), latest=made[1]),
        Project(ProjectRef("never-built"), source_type="S3", updated=ago(days=30)),
        Project(ProjectRef("reports"), source_type="CODECOMMIT", source_location="reports", latest=made[0],
                batches=True, cache="S3 caches/reports", artifacts="s3://artifacts/reports", concurrent_limit=2),
    )  # fmt: skip


def log_chunk(lines: int = 12, *, ended: bool = True) -> LogChunk:
    """What a build prints: containers, phases, one failure."""
    texts = [
        "[Container] 2026/01/05 08:53:00 Waiting for agent ping",
        "[Container] 2026/01/05 08:53:01 Entering phase INSTALL",
        "[Container] 2026/01/05 08:53:01 Running command pip install -r requirements.txt",
        "Collecting pytest",
        "\x1b[32mSuccessfully installed\x1b[0m pytest-8.3.4",
        "[Container] 2026/01/05 08:54:40 Phase complete: INSTALL State: SUCCEEDED",
        "[Container] 2026/01/05 08:54:44 Entering phase BUILD",
        "[Container] 2026/01/05 08:54:44 Running command pytest -q",
        "FAILED tests/test_total.py::test_half - assert 2 == 3",
        "1 failed, 40 passed in 3.02s",
        "[Container] 2026/01/05 08:55:41 Command did not exit successfully pytest -q exit status 1",
        "[Container] 2026/01/05 08:55:41 Phase complete: BUILD State: FAILED",
    ]
    start = int(ago(minutes=7).timestamp() * 1000)
    return LogChunk(
        tuple(LogLine(start + at * 500, texts[at % len(texts)]) for at in range(lines)), "f/12", ended=ended
    )


def calls() -> tuple[Call, ...]:
    """A few API calls, newest last."""
    return (
        Call(ago(seconds=50), "sts", "GetCallerIdentity", 41.2, "ok", "r-1"),
        Call(ago(seconds=49), "codepipeline", "ListPipelines", 88.0, "ok", "r-2"),
        Call(ago(seconds=48), "codepipeline", "GetPipelineState", 61.5, "AccessDeniedException", "r-3"),
        Call(ago(seconds=20), "codepipeline", "PutApprovalResult", 120.3, "ok", "r-4", write=True),
    )


def deeds() -> tuple[Deed, ...]:
    """What was done: one of each outcome, newest last."""
    who = ("123456789012", "eu-west-1", "OnCall")
    cli = "aws codepipeline put-approval-result --pipeline-name billing"
    return (
        Deed("1", ago(minutes=3), "approval.approve", "approved billing / Release / Approve", *who, cli,
             outcome="done", request_id="r-4", ended=ago(minutes=3)),
        Deed("2", ago(minutes=2), "pipeline.start", "start checkout", *who, outcome="unknown",
             detail="the answer never came; the execution may have started"),
        Deed("3", ago(minutes=1), "pipeline.stop", "stop reports", *who, outcome="refused",
             detail="the execution has already ended"),
    )  # fmt: skip


# --- conditions, queues, runs side by side


def orders() -> PipelineState:
    """QUEUED, V2: a condition was not met before Deploy, a stage was retried, two runs wait."""
    name = "orders"
    runs = tuple(
        Execution(f"0{at}de7000-1111-4444-8888-00000000000{at}", status(word), ago(minutes=minutes), ago(minutes=at),
                  "WebhookV2", "", (rev,), mode="QUEUED")
        for at, (word, rev, minutes) in enumerate((("InProgress", A41, 3), ("InProgress", BB7, 8),
                                                  ("InProgress", C9D, 20), ("Failed", OBE, 40)))
    )  # fmt: skip
    entry = Condition(
        "BEFORE_ENTRY", status("Failed"), "1 of 2 rules failed", ago(minutes=12), "FAIL",
        (
            Rule("Hours", "DeploymentWindow", status("Succeeded"), changed_at=ago(minutes=13)),
            Rule("Quiet", "CloudWatchAlarm", status("Failed"), changed_at=ago(minutes=12),
                 error_message="the alarm checkout-5xx is in ALARM"),
        ),
    )  # fmt: skip
    after = Condition("ON_SUCCESS", result="ROLLBACK", rules=(Rule("Healthy", "CloudWatchAlarm"),))
    build = stage(name, "Build", "InProgress", runs[2].id, (
        action(name, "Build", "Package", "Build", "CodeBuild", "InProgress", changed_at=ago(minutes=9)),),
        inbound=runs[1].id)  # fmt: skip
    deploy = stage(name, "Deploy", "Failed", runs[3].id, (action(name, "Deploy", "Site", "Deploy", "S3"),))
    return PipelineState(
        PipelineRef(name), 4, "V2", "QUEUED",
        (
            stage(name, "Source", "Succeeded", runs[0].id, (
                action(name, "Source", "Checkout", "Source", "CodeStarSourceConnection", "Succeeded",
                       changed_at=ago(minutes=3), revision=A41),)),
            replace(build, queue=(runs[1].id, runs[0].id), retries=Retries(1, 2, "ManualStageRetry")),
            replace(deploy, conditions=(entry, after), on_failure="ROLLBACK"),
        ),
        ago(days=40), ago(days=4), runs[0], runs,
        variables=(Variable("REGION", "eu-west-1", "where it goes"), Variable("TICKET")),
        triggers=(Trigger("Checkout", "CodeStarSourceConnection", (
            TriggerFilter("push", (("branches", ("main", "release/*"), ()), ("paths", (), ("docs/**",)))),
            TriggerFilter("pull request open, updated", (("branches", ("main",), ()),)),
        )),),
    )  # fmt: skip


def orders_forecast() -> Forecast:
    """Build is overdue."""
    run = orders().executions[2].id
    return Forecast(
        (("Source", Estimate(12, timedelta(seconds=5), timedelta(seconds=9))),
         ("Build", Estimate(12, timedelta(seconds=252), timedelta(seconds=390))),
         ("Deploy", Estimate(2, timedelta(seconds=40), timedelta(seconds=55)))),
        (Under(run, "Build", since=ago(minutes=9)),),
    )  # fmt: skip


def matrix() -> PipelineState:
    """PARALLEL: three runs side by side."""
    name = "matrix"
    runs = tuple(
        Execution(f"0{at}a77000-1111-4444-8888-00000000000{at}", status(word), ago(minutes=minutes), ago(minutes=1),
                  "WebhookV2", "", (rev,), mode="PARALLEL")
        for at, (word, rev, minutes) in enumerate((("InProgress", A41, 2), ("InProgress", BB7, 4),
                                                  ("InProgress", C9D, 6), ("Succeeded", OBE, 40)))
    )  # fmt: skip
    return PipelineState(
        PipelineRef(name), 1, "V2", "PARALLEL",
        (
            stage(name, "Source", "Succeeded", runs[0].id),
            stage(name, "Test", "InProgress", runs[0].id),
            stage(name, "Deploy", "Succeeded", runs[3].id),
        ),
        ago(days=9), ago(days=2), runs[0], runs,
    )  # fmt: skip


def matrix_strips() -> tuple[RunStages, ...]:
    """Each run of matrix by itself."""
    words = (("Succeeded", "InProgress", ""), ("Succeeded", "Failed", ""), ("Succeeded", "Succeeded", "InProgress"),
             ("Succeeded", "Succeeded", "Succeeded"))  # fmt: skip
    names = ("Source", "Test", "Deploy")
    return tuple(
        RunStages(run.id, tuple((name, status(word)) for name, word in zip(names, told, strict=True)))
        for run, told in zip(matrix().executions, words, strict=True)
    )


# --- what an approval ships


def shipment() -> Shipment:
    """What approving billing lets through."""
    state = billing()
    waiting, before = state.executions
    commits = (
        Commit(BB7.id, BB7.summary, "Ada Lovelace", ago(minutes=30)),
        Commit("5e1f00d1234567890abc", "footer: load the translations once", "Grace Hopper", ago(hours=5)),
        Commit("c0de00d1234567890abc", "bump the template", "Alan Turing", ago(hours=9)),
    )
    change = RevisionChange("Source", before.revisions[0], waiting.revisions[0], commits)
    return Shipment(
        ActionRef("billing", "Release", "Approve"), waiting.id, before.id,
        Comparison(state.ref, before, waiting, (change,)),
    )  # fmt: skip


# --- reports and batches


def reports() -> tuple[Report, ...]:
    """What failed_build reports: failing tests, coverage."""
    build = f"arn:aws:codebuild:eu-west-1:123456789012:build/{failed_build().ref.id}"
    group = "arn:aws:codebuild:eu-west-1:123456789012:report-group/checkout-test"
    return (
        Report(TESTS, "TEST", "junit", f"{group}-junit", build, status("FAILED"), ago(minutes=4), total=43,
               counts=(("SUCCEEDED", 40), ("FAILED", 2), ("SKIPPED", 1)), took=timedelta(seconds=12.4)),
        Report(LINES, "CODE_COVERAGE", "lines", f"{group}-lines", build, status("SUCCEEDED"), ago(minutes=4),
               coverage=Coverage(81.4, 1628, 372, 64.0, 64, 36)),
    )  # fmt: skip


def findings() -> Findings:
    """The failed cases of the test report."""
    said = (
        "AssertionError: assert 2 == 3\n\n    def test_half():\n>       assert total(2.5) == 3\n"
        "E       assert 2 == 3\n\ntests/test_total.py:12: AssertionError"
    )
    return Findings(
        TESTS,
        (
            TestCase(TESTS, "test_half", "tests.test_total", "", status("FAILED"), timedelta(milliseconds=31), said,
                     "reports/junit.xml"),
            TestCase(TESTS, "test_currency[JPY]", "tests.test_money", "", status("FAILED"), timedelta(seconds=1.2),
                     "KeyError: 'JPY'", "reports/junit.xml"),
        ),
    )  # fmt: skip


def covered() -> Findings:
    """The files of the coverage report."""
    files = (("src/checkout/refunds.py", 12.5, 5, 35), ("src/checkout/total.py", 76.0, 76, 24),
             ("src/checkout/api.py", 98.1, 207, 4))  # fmt: skip
    return Findings(
        LINES,
        files=tuple(
            FileCoverage(f"f{at}", path, Coverage(part, yes, no, 50.0, 1, 1))
            for at, (path, part, yes, no) in enumerate(files)
        ),
    )


def trend() -> Trend:
    """Nine reports before: the share that passed."""
    earlier = tuple(
        replace(reports()[0], ref=ReportRef(f"{TESTS.arn[:-1]}{at + 2}"), created=ago(hours=30 - at),
                counts=(("SUCCEEDED", passed), ("FAILED", 42 - passed)))
        for at, passed in enumerate((38, 40, 42, 42, 41, 42, 42, 42))
    )  # fmt: skip
    return Trend("checkout-test-junit", (*earlier, reports()[0]))


def batch() -> Batch:
    """A graph: two tests side by side, then a package, then a deploy that has not begun."""
    known = failed_build().ref
    return Batch(
        BATCH, f"arn:aws:codebuild:eu-west-1:123456789012:build-batch/{BATCH.id}", 12, status("IN_PROGRESS"),
        "IN_PROGRESS", (), ago(minutes=8), None, False, "ada", "main", A41.id,
        members=(
            Member("lint", status=status("SUCCEEDED"), requested=ago(minutes=8),
                   build=BuildRef("checkout-lint:11112222-aaaa-bbbb-cccc-1234567890ab")),
            Member("unit", status=status("FAILED"), build=known, requested=ago(minutes=8), ignore_failure=True,
                   earlier=(BuildRef("checkout-test:00002222-aaaa-bbbb-cccc-1234567890ab"),)),
            Member("package", ("lint", "unit"), status=status("IN_PROGRESS"),
                   build=BuildRef("checkout-test:33332222-aaaa-bbbb-cccc-1234567890ab"), requested=ago(minutes=2)),
            Member("deploy", ("package", "lint")),
        ),
    )  # fmt: skip


def batches() -> BatchList:
    """Recent batches."""
    ended = replace(batch(), ref=BatchRef("checkout-test:4b4b4b4b-aaaa-bbbb-cccc-1234567890ab"), number=11,
                    status=status("SUCCEEDED"), complete=True, phase="SUCCEEDED", ended=ago(hours=2),
                    started=ago(hours=3), members=batch().members[:1])  # fmt: skip
    return BatchList((batch(), ended))
