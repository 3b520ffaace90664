"""What the dialogs of deployments say, and which revision they would bring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from operations import deployed
from operations.fakes import FakeServices, runner
from operations.test_registry import REGISTRY
from pointsman.clock import EPOCH
from pointsman.model.deployments import Deployment, GroupHistory, RevisionLocation
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, Ref
from pointsman.operations.declare import Confirm
from pointsman.operations.preview import answer_problems, protecting, with_defaults
from pointsman.operations.releases import choices, location


def said(operation: str, state: Any, ref: Ref = deployed.REF, **answers: str) -> str:
    return "\n".join(REGISTRY.get(operation).consequences(state, ref, answers))


def planned(operation: str, state: Any, ref: Ref = deployed.REF, **answers: str) -> dict[str, Any]:
    return REGISTRY.get(operation).plan(state, ref, answers).parameters


def test_a_plain_stop_asks_for_no_rollback_and_says_that_the_fleet_is_mixed() -> None:
    assert planned("deployment.stop", deployed.moving())["autoRollbackEnabled"] is False
    text = said("deployment.stop", deployed.moving())
    assert "2 have or may have the new revision, 1 keep the old one" in text
    assert "Nothing is rolled back." in text


def test_a_group_that_rolls_back_on_a_stop_is_said() -> None:
    state = deployed.moving(rollback_events=("DEPLOYMENT_STOP_ON_REQUEST",))
    assert "AWS may bring back r2-vers (d-000000002" in said("deployment.stop", state)


def test_stopping_and_rolling_back_names_what_comes_back_and_asks_for_the_name() -> None:
    state = deployed.moving()
    assert planned("deployment.stop-roll-back", state)["autoRollbackEnabled"] is True
    text = said("deployment.stop-roll-back", state)
    assert "a new deployment brings back r2-vers (d-000000002" in text
    assert REGISTRY.get("deployment.stop-roll-back").confirm(state, deployed.REF) is Confirm.TYPE_NAME


def test_a_stop_while_the_originals_wait_leaves_the_traffic_where_it_is() -> None:
    assert "The traffic stays on the replacement" in said("deployment.stop", deployed.waiting())
    assert "the originals go on serving" in said("deployment.stop", deployed.ready())


def test_continuing_and_skipping_name_the_wait_they_end() -> None:
    assert planned("deployment.continue", deployed.ready())["deploymentWaitType"] == "READY_WAIT"
    assert "30 minutes after it has moved, the originals are terminated" in said(
        "deployment.continue", deployed.ready()
    )
    assert planned("deployment.skip-wait", deployed.waiting())["deploymentWaitType"] == "TERMINATION_WAIT"
    assert "cannot go back at once" in said("deployment.skip-wait", deployed.waiting())


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ("in place", "installed on the instances of the group in place, by OneAtATime"),
        ("blue/green", "a replacement fleet"),
        ("function", "by LambdaCanary10Percent5Minutes"),
        ("service", "A new task set starts beside the old one"),
    ],
)
def test_deploying_says_what_happens_on_its_platform(platform: str, words: str) -> None:
    state = deployed.history(**deployed.PLATFORMS[platform])
    text = said("group.deploy", state, deployed.GROUP, revision="d-000000001")
    assert words in text
    assert "A new deployment with an id of its own" in text
    assert "It takes the place of r2-vers" in text


def test_what_protects_from_failure_is_said() -> None:
    safe = deployed.history(rollback_events=("DEPLOYMENT_FAILURE",), alarms=("5xx", "latency"))
    text = said("group.deploy", safe, deployed.GROUP, revision="d-000000001")
    assert "comes back by itself" in text and "5xx, latency" in text
    assert "no automatic rollback" in said("group.deploy", deployed.history(), deployed.GROUP, revision="d-000000001")


def test_the_choices_are_what_was_good_then_what_was_never_deployed() -> None:
    again = deployed.deployment(3, rev="r1")
    state = deployed.history(
        again,
        deployed.deployment(2, "Failed"),
        deployed.deployment(1),
        registered=(deployed.revision("r2"), deployed.revision("fresh"), deployed.revision("r1")),
    )
    offered = choices(state)
    assert [one.value for one in offered] == ["d-000000003", "s3://artifacts/checkout.zip@fresh-version"]
    assert planned("group.deploy", state, deployed.GROUP, revision=offered[1].value)["revision"] == {
        "revisionType": "S3",
        "s3Location": {
            "bucket": "artifacts",
            "key": "checkout.zip",
            "bundleType": "zip",
            "version": "fresh-version",
        },
    }
    fields = REGISTRY.get("group.deploy").fields(state, deployed.GROUP)
    assert "not one of the choices" in answer_problems(fields, {"revision": "d-000000002"})[0][1]


def test_a_group_goes_back_to_what_was_good_before_what_was_attempted() -> None:
    failed = deployed.history(deployed.deployment(3, "Failed"), deployed.deployment(2), deployed.deployment(1))
    assert planned("group.roll-back", failed, deployed.GROUP)["revision"]["s3Location"]["version"] == "r2-version"
    good = deployed.history(deployed.deployment(3), deployed.deployment(2, rev="r3"), deployed.deployment(1))
    call = planned("group.roll-back", good, deployed.GROUP)
    assert call["revision"]["s3Location"]["version"] == "r1-version"
    assert call["description"] == "Back to the revision of d-000000001"


def test_rolling_a_good_deployment_back_brings_another_revision() -> None:
    state = deployed.state(deployed.deployment(3, rev="r2"))
    assert planned("deployment.roll-back", state)["revision"]["s3Location"]["version"] == "r1-version"


@pytest.mark.parametrize(
    "revision",
    [
        RevisionLocation("GitHub", repository="a/b", commit="c" * 40),
        RevisionLocation("AppSpecContent", content="version: 0.0", sha256="00"),
        RevisionLocation("String", content="{}"),
    ],
)
def test_every_kind_of_revision_goes_out_as_it_came(revision: RevisionLocation) -> None:
    from pointsman.services.reads.deployments import revision as read

    assert read(location(revision)) == revision


async def test_the_deployment_that_was_made_is_followed() -> None:
    services = FakeServices()
    services.cloud.answer = {"deploymentId": "d-NEW", "ResponseMetadata": {"RequestId": "r"}}
    state, ref, answers = deployed.RUNS["group.deploy"]
    services.deployments.history = state
    running = runner(services)
    operation = REGISTRY.get("group.deploy")
    shown = await running.preview(operation, ref, state, answers)
    deed = await running.run(operation, ref, answers, shown=shown)
    assert deed.result == DeploymentRef("d-NEW")
    assert getattr(deed.result, "group", None) == deployed.GROUP
    assert ("deployment", "d-NEW") in services.feeds.poked


async def test_a_write_is_refused_when_another_deployment_would_come_back() -> None:
    services = FakeServices()
    state = deployed.moving()
    other = deployed.state(deployed.deployment(3, "InProgress"), deployed.deployment(1))
    services.deployments.state = other
    running = runner(services)
    operation = REGISTRY.get("deployment.stop-roll-back")
    shown = await running.preview(operation, deployed.REF, state, {})
    with pytest.raises(Exception, match="What comes back has changed"):
        await running.run(operation, deployed.REF, {}, shown=shown)
    assert services.cloud.sent == []


@pytest.mark.parametrize("pattern", ["checkout", "prod", "checkout/prod"])
async def test_a_group_is_protected_by_its_name_and_its_application_s(pattern: str) -> None:
    assert pattern in protecting(deployed.REF)
    running = runner(FakeServices(), protected=(pattern,))
    operation = REGISTRY.get("deployment.stop")
    shown = await running.preview(operation, deployed.REF, deployed.moving(), {})
    assert shown.confirm is Confirm.TYPE_NAME
    assert shown.type_name == "checkout/prod"


DEPLOYMENTS = st.builds(
    lambda number, word, rev, bg, ends, creator: deployed.deployment(
        number,
        word,
        rev,
        blue_green=bg,
        termination_waiting=ends,
        creator=creator,
        created=EPOCH + timedelta(hours=number) if number % 3 else None,
    ),
    st.integers(1, 6),
    st.sampled_from(["", "Created", "Queued", "InProgress", "Baking", "Ready", "Succeeded", "Failed", "Stopped"]),
    st.sampled_from(["a", "b", "c"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["user", "codeDeployRollback", "CloudFormation", ""]),
)


@settings(max_examples=150, deadline=None)
@given(one=DEPLOYMENTS, others=st.lists(DEPLOYMENTS, max_size=4), platform=st.sampled_from(sorted(deployed.PLATFORMS)))
def test_no_history_makes_an_operation_stumble(one: Deployment, others: list[Deployment], platform: str) -> None:
    past = GroupHistory(deployed.group(**deployed.PLATFORMS[platform]), tuple(others), (deployed.revision("z"),))
    state = replace(deployed.moving(), deployment=one, history=past)
    for target, known in ((DeploymentRef, state), (DeploymentGroupRef, past)):
        ref: Ref = one.ref if target is DeploymentRef else deployed.GROUP
        for operation in REGISTRY.of(target):
            reason = operation.refuse(known, ref)
            assert reason is None or reason.endswith(".")
            fields = operation.fields(known, ref)
            answers = with_defaults(fields, {})
            lines = operation.consequences(known, ref, answers)
            assert all(line.strip() and "None" not in line for line in lines)
            operation.basis(known, ref, answers)
            call = operation.plan(known, ref, answers)
            assert f"{call.service}:{call.operation}" in operation.calls
            if reason is None:
                assert lines
                assert answer_problems(fields, answers) == ()
