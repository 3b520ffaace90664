"""Each fault is found in a world that has exactly that one, and a healthy world has none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.clock import EPOCH, ManualClock
from pointsman.diagnosing import diagnose, said
from pointsman.errors import UsageError
from pointsman.local.scenarios import Demo, open_demo
from pointsman.model import doctor
from pointsman.model.doctor import Diagnosis, Finding
from pointsman.model.endpoints import Endpoint
from pointsman.model.refs import BuildRef, DeploymentRef, MetricRef, PipelineRef, Ref
from pointsman.services.builds import Builds
from pointsman.services.deployments import Deployments
from pointsman.services.doctor import Doctor, thing
from pointsman.services.feeds import Feeds
from pointsman.services.metrics import Metrics
from pointsman.services.pipelines import Pipelines
from pointsman.services.sampling import SamplingRules
from support.backend import CheckedBackend


class Bundle:
    """What the doctor reads with."""

    world = "local"

    def __init__(self, session: Any, clock: ManualClock) -> None:
        self.clock = clock
        self.cloud = Cloud(session, clock, guard=Guard(read_only=True, clock=clock))
        assert self.cloud.prepare() is None
        self.feeds = Feeds(clock)
        self.pipelines = Pipelines(self.cloud, clock)
        self.builds = Builds(self.cloud, clock)
        self.deployments = Deployments(self.cloud, clock)
        self.metrics = Metrics(self.cloud, clock, free=True)
        self.sampling = SamplingRules(self.cloud, clock)


def of(backend: CheckedBackend, clock: ManualClock) -> Bundle:
    return Bundle(lambda: backend.session(region_name="eu-west-1"), clock)


async def look(bundle: Any, *words: str) -> Diagnosis:
    return await Doctor(bundle).look(thing(words))


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    made = open_demo(paused=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def floor(demo: Demo) -> Bundle:
    return Bundle(demo.session_factory, demo.clock)


def told(found: Diagnosis) -> str:
    return "\n".join(one.what for one in found.findings)


# --- what may be asked


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ((), None),
        (("traces",), "traces"),
        (("pipeline", "checkout"), PipelineRef("checkout")),
        (("build", "p:1"), BuildRef("p:1")),
        (("deployment", "d-1"), DeploymentRef("d-1")),
        (("metric", "AWS/CodeBuild/Builds"), MetricRef("AWS/CodeBuild", "Builds")),
        (("metric", "Shop/Orders", "b=2", "a=1"), MetricRef("Shop", "Orders", (("a", "1"), ("b", "2")))),
    ],
)
def test_what_is_asked_about(words: tuple[str, ...], meant: Ref | str | None) -> None:
    assert thing(words) == meant


@pytest.mark.parametrize("words", ["pipeline", "traces x", "metric Orders", "metric A/B c", "x y"])
def test_what_is_not_understood_says_what_is(words: str) -> None:
    with pytest.raises(UsageError) as refused:
        thing(tuple(words.split()))
    assert "pipeline NAME" in (refused.value.hint or "")


# --- a healthy world


async def test_an_empty_world_is_in_order_but_for_its_traces(backend: CheckedBackend, clock: ManualClock) -> None:
    found = await look(of(backend, clock))
    assert [(one.what, one.grave) for one in found.findings] == [("there are no traces", False)]
    assert found.looked[0].startswith("identity: arn:aws:")


async def test_a_pipeline_that_is_well_has_no_finding(floor: Bundle) -> None:
    found = await look(floor, "pipeline", "catalog")
    assert found.findings == ()
    assert "nothing is wrong" in said(found)


# --- pipelines, builds and deployments


async def test_a_closed_gate_with_a_revision_before_it_is_named(floor: Bundle) -> None:
    (found,) = (await look(floor, "pipeline", "gateway")).findings
    assert "the gate into gateway/Release is closed" in found.what
    assert found.evidence[0].startswith("closed by")
    assert "enable transition" in found.step


async def test_an_approval_that_waits_is_no_breakage(floor: Bundle) -> None:
    found = await look(floor, "pipeline", "billing")
    assert not found.grave
    assert "waits for an answer to Sign-off" in told(found)
    assert any("ends by itself in" in line for one in found.findings for line in one.evidence)


async def test_a_failed_pipeline_leads_to_the_line_of_its_build(floor: Bundle) -> None:
    found = await look(floor, "pipeline", "checkout")
    build = next(one for one in found.findings if isinstance(one.ref, BuildRef) and "failed in BUILD" in one.what)
    assert any("FAILED" in line or "Error" in line for line in build.evidence)
    assert found.grave


async def test_everything_is_looked_at(floor: Bundle) -> None:
    found = await look(floor)
    assert [line.partition(":")[0] for line in found.looked] == [
        "identity",
        "pipelines",
        "builds",
        "deployments",
        "traces",
    ]
    assert "gateway/Release is closed" in told(found)
    assert "waits for somebody to continue" in told(found)
    lines = said(found).splitlines()
    assert lines.index("BROKEN: " + doctor.graves_first(found.findings)[0].what) < len(lines)


async def test_a_pipeline_that_is_not_there_is_said(backend: CheckedBackend, clock: ManualClock) -> None:
    found = await look(of(backend, clock), "pipeline", "gone")
    assert found.grave
    assert "pipeline gone cannot be read" in told(found)


async def test_a_missing_artifact_bucket_is_named(backend: CheckedBackend, clock: ManualClock) -> None:
    client = backend.session(region_name="eu-west-1")
    client.client("codecommit").create_repository(repositoryName="web")
    source = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "nowhere", "S3ObjectKey": "a.zip"},
        "outputArtifacts": [{"name": "out"}],
    }
    approve = {
        "name": "Sign-off",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
    }
    stages = [{"name": "Source", "actions": [source]}, {"name": "Ask", "actions": [approve]}]
    pipeline = {
        "name": "web",
        "roleArn": "arn:aws:iam::123456789012:role/pipe",
        "artifactStore": {"type": "S3", "location": "nowhere"},
        "stages": stages,
    }
    client.client("codepipeline").create_pipeline(pipeline=pipeline)
    backend.settle()
    found = await look(of(backend, clock), "pipeline", "web")
    assert "web/Source: Source failed: a bucket it needs is not there" in told(found)


# --- metrics


def put(backend: CheckedBackend, clock: ManualClock) -> Bundle:
    client = backend.session(region_name="eu-west-1").client("cloudwatch")
    dimensions = [{"Name": "Region", "Value": "eu"}]
    client.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Orders", "Dimensions": dimensions, "Value": 1.0}]
    )
    clock.advance(60)
    return of(backend, clock)


@pytest.mark.parametrize(
    ("asked", "what", "evidence"),
    [
        (("metric", "Shop/Orders"), "not with these dimensions", "there: Region=eu"),
        (("metric", "Shop/Orders", "Region=us"), "not with these dimensions", "there: Region=eu"),
        (("metric", "Shop/Ordres", "Region=eu"), "has no metric Ordres", "there is Orders"),
        (("metric", "Shopp/Orders", "Region=eu"), "nothing is published in the namespace Shopp", "there is Shop"),
    ],
)
async def test_a_metric_without_data_says_why(
    backend: CheckedBackend, clock: ManualClock, asked: tuple[str, ...], what: str, evidence: str
) -> None:
    (found,) = (await look(put(backend, clock), *asked)).findings
    assert what in found.what
    assert evidence in found.evidence


async def test_a_metric_with_data_has_no_finding_and_one_that_stopped_has(
    backend: CheckedBackend, clock: ManualClock
) -> None:
    bundle = put(backend, clock)
    assert (await look(bundle, "metric", "Shop/Orders", "Region=eu")).findings == ()
    clock.advance(5 * 3600)
    (found,) = (await look(bundle, "metric", "Shop/Orders", "Region=eu")).findings
    assert "no datapoint in the last three hours" in found.what


# --- traces


async def test_rules_that_sample_nothing_are_why_there_are_no_traces(
    backend: CheckedBackend, clock: ManualClock
) -> None:
    client = backend.session(region_name="eu-west-1").client("xray")
    client.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 0.0, "ReservoirSize": 0})
    found = await look(of(backend, clock), "traces")
    assert told(found) == "every sampling rule samples nothing"


async def test_without_an_sdk_the_daemon_is_looked_for(backend: CheckedBackend, clock: ManualClock) -> None:
    (found,) = (await look(of(backend, clock), "traces")).findings
    assert "no SDK has asked for sampling rules" in found.evidence
    assert "AWS_XRAY_DAEMON_ADDRESS" in found.step


async def test_where_there_are_traces_nothing_is_missing(floor: Bundle) -> None:
    assert not (await look(floor, "traces")).grave


# --- who and when


@pytest.mark.parametrize(("minutes", "word"), [(-9, "behind"), (9, "ahead of")])
def test_a_clock_that_is_off_is_said(minutes: int, word: str) -> None:
    (found,) = doctor.of_skew(EPOCH + timedelta(minutes=minutes), EPOCH)
    assert f"9 minutes {word} AWS's" in found.what


@pytest.mark.parametrize("theirs", [None, EPOCH + timedelta(minutes=3)])
def test_a_clock_that_is_right_is_not(theirs: datetime | None) -> None:
    assert doctor.of_skew(EPOCH, theirs) == ()


# --- as text


def test_text_from_outside_is_text() -> None:
    found = Diagnosis(("a\x1b[31mb",), (Finding("\u202ex\x07", ("[red]y[/]\n",), "z", None),))
    text = said(found)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]y[/]" in text


def test_the_exit_code_says_whether_something_is_broken(tmp_path: Path) -> None:
    del tmp_path
    made = open_demo(paused=True)
    try:
        shown: list[str] = []
        bundle: Any = Bundle(made.session_factory, made.clock)
        assert diagnose(bundle, PipelineRef("catalog"), shown.append) == 0
        assert diagnose(bundle, PipelineRef("checkout"), shown.append) == 1
        assert "BROKEN: checkout/Test" in shown[1]
    finally:
        made.close()


# --- endpoints


class Knocked:
    """Services on AWS whose endpoints are as a test says."""

    def __init__(self, floor: Bundle, endpoints: tuple[Endpoint, ...]) -> None:
        self._floor, self._endpoints = floor, endpoints
        self.world = "aws"
        self.cloud = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._floor if hasattr(self._floor, name) else self._floor.cloud, name)

    async def endpoints(self, services: tuple[str, ...]) -> tuple[Endpoint, ...]:
        assert {"sts", "codepipeline", "xray"} <= set(services)
        return self._endpoints


async def test_endpoints_that_answer_are_counted_and_one_that_does_not_is_named(floor: Bundle) -> None:
    now = floor.clock.now()
    well = Endpoint("sts", "https://sts", seconds=0.02, said_at=now)
    found = await look(Knocked(floor, (well, Endpoint("logs", "https://logs", seconds=0.5))), "traces")
    assert found.looked[0] == "endpoints: 2 of 2 answer, the slowest logs in 500 ms" and not found.findings
    ill = Endpoint("xray", "https://xray", "proxy.example", problem="the proxy does not answer", detail="refused")
    (one,) = (await look(Knocked(floor, (well, ill)), "traces")).findings
    assert one.what == "xray: the proxy does not answer" and one.grave
    assert one.evidence == ("xray: https://xray through proxy.example", "refused") and "NO_PROXY" in one.step


async def test_a_clock_that_is_off_is_found_though_no_signature_is_taken(floor: Bundle) -> None:
    late = Endpoint("sts", "https://sts", seconds=0.02, said_at=floor.clock.now() + timedelta(minutes=9))
    assert "9 minutes behind" in told(await look(Knocked(floor, (late,)), "traces"))


@pytest.mark.parametrize(
    ("endpoints", "what", "step"),
    [
        ((Endpoint("logs", "u", problem="x certificate"), Endpoint("sts", "u", seconds=1)), "logs: x", "AWS_CA_BUNDLE"),
        ((Endpoint("logs", "u", problem="gone"), Endpoint("sts", "u", seconds=1)), "logs: gone", "endpoint_url"),
        ((Endpoint("logs", "u", problem="gone"), Endpoint("sts", "u", problem="gone")), "logs, sts: gone", "VPN"),
        ((Endpoint("logs", "u", seconds=3.2),), "answer slowly", "way"),
    ],
)
def test_each_way_an_endpoint_fails_has_its_step(endpoints: tuple[Endpoint, ...], what: str, step: str) -> None:
    (one,) = doctor.of_endpoints(endpoints, EPOCH)
    assert what in one.what and step in one.step
