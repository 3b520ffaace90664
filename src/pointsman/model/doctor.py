"""What is wrong, from what was read: a finding with its evidence and the next step. Pure.

Each judgement takes what one kind of thing is, and says only what follows from it; what could not be read is a finding,
too, and never a clean bill of health.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.errors import Fault, FaultKind
from pointsman.model.builds import Build
from pointsman.model.deployments import Rollout
from pointsman.model.endpoints import Endpoint
from pointsman.model.metrics import MetricList, Series
from pointsman.model.pipelines import Action, PipelineState, Stage
from pointsman.model.refs import BuildRef, DeploymentRef, MetricRef, Ref
from pointsman.model.sampling import SamplingRules
from pointsman.model.status import Tone
from pointsman.semantics.traces.sampling import never

__all__ = [
    "Diagnosis",
    "Finding",
    "of_build",
    "of_deployment",
    "of_endpoints",
    "of_fault",
    "of_metric",
    "of_pipeline",
    "of_skew",
    "of_traces",
]

SKEW = timedelta(minutes=4)
"""From this difference between two clocks on it is said; AWS refuses signatures from five minutes on."""
LONG = timedelta(hours=1)
"""How long a queued build or a silent target may take before it is strange."""


class Finding(Struct, frozen=True):
    """One thing that is wrong."""

    what: str
    """A sentence."""
    evidence: tuple[str, ...] = ()
    """What it rests on, a line each."""
    step: str = ""
    """What to do next."""
    ref: Ref | None = None
    """Where to look."""
    grave: bool = True
    """False: something to know, that breaks nothing by itself."""


class Diagnosis(Struct, frozen=True):
    """Everything that was looked at."""

    looked: tuple[str, ...] = ()
    """What was looked at, a line each."""
    findings: tuple[Finding, ...] = ()

    @property
    def grave(self) -> bool:
        """Whether something is broken."""
        return any(one.grave for one in self.findings)

    def __add__(self, other: Diagnosis) -> Diagnosis:
        return Diagnosis((*self.looked, *other.looked), (*self.findings, *other.findings))


def of_fault(doing: str, fault: Fault, ref: Ref | None = None) -> Finding:
    """Something that could not be read."""
    evidence = tuple(one for one in (fault.call, fault.code) if one)
    step = fault.hint or {
        FaultKind.DENIED: "pointsman iam-policy prints the permissions that looking needs",
        FaultKind.THROTTLED: "wait a minute: something in this account asks too often",
    }.get(fault.kind, "")
    return Finding(f"{doing} cannot be read: {fault.sentence}", evidence, step, ref)


def of_skew(ours: datetime, theirs: datetime | None) -> tuple[Finding, ...]:
    """This machine's clock against AWS's."""
    if theirs is None or abs(ours - theirs) < SKEW:
        return ()
    late = ours < theirs
    minutes = abs(ours - theirs).total_seconds() / 60
    return (
        Finding(
            f"this machine's clock is {minutes:.0f} minutes {'behind' if late else 'ahead of'} AWS's",
            (f"here {ours:%H:%M:%S}Z, there {theirs:%H:%M:%S}Z",),
            "set the clock (timedatectl set-ntp true): from five minutes on AWS refuses every signature",
        ),
    )


SLOW = 2.0
"""Seconds from which an endpoint is said to be slow."""


def of_endpoints(endpoints: Sequence[Endpoint], now: datetime) -> tuple[Finding, ...]:
    """Endpoints that do not answer, or slowly; and the clock, by what those say that do."""
    found: list[Finding] = []
    silent = [one for one in endpoints if one.problem]
    for problem in dict.fromkeys(one.problem for one in silent):
        met = [one for one in silent if one.problem == problem]
        names = ", ".join(one.service for one in met)
        evidence = [f"{one.service}: {one.url}{f' through {one.proxy}' if one.proxy else ''}" for one in met]
        step = "check the network, the VPN and the VPC's endpoints from this machine"
        if any(one.proxy for one in met):
            step = "check the proxy (HTTPS_PROXY, NO_PROXY)"
        elif "certificate" in problem:
            step = "name the bundle of who signs here: AWS_CA_BUNDLE, or ca_bundle in the AWS configuration"
        elif len(met) < len(endpoints):
            step = f"check the endpoint of {names}: a VPC endpoint, or endpoint_url in the AWS configuration"
        found.append(Finding(f"{names}: {problem}", (*evidence, met[0].detail), step))
    slow = [one for one in endpoints if one.seconds is not None and one.seconds >= SLOW]
    if slow:
        evidence = [f"{one.service}: {one.seconds:.1f} s" for one in slow]
        found.append(Finding("endpoints answer slowly", tuple(evidence), "look at the way there", None, False))
    said = next((one.said_at for one in endpoints if one.said_at is not None), None)
    return (*found, *of_skew(now, said))


# --- pipelines


def of_pipeline(state: PipelineState, now: datetime) -> tuple[Finding, ...]:
    """Why a pipeline does not move."""
    found: list[Finding] = []
    for stage in state.stages:
        found += _stage(state, stage, now)
    found += [of_fault(f"the {what} of {state.name}", fault, state.ref) for what, fault in state.missing]
    if not state.stages:
        found.append(Finding(f"{state.name} has no stages that could be read", (), "", state.ref))
    return tuple(found)


def _stage(state: PipelineState, stage: Stage, now: datetime) -> list[Finding]:
    found: list[Finding] = []
    name = f"{state.name}/{stage.name}"
    if not stage.transition.enabled and (stage.inbound_id or stage.queue):
        by = f" by {stage.transition.changed_by}" if stage.transition.changed_by else ""
        since = f"{stage.transition.changed_at:%Y-%m-%d %H:%M}Z" if stage.transition.changed_at is not None else ""
        found.append(
            Finding(
                f"the gate into {name} is closed, and a revision waits before it",
                tuple(one for one in (f'closed{by}: "{stage.transition.reason}"', since) if one),
                "open it when its reason holds no more: enable transition",
                stage.ref,
            )
        )
    elif stage.inbound_id and stage.status.tone is Tone.MOVING:
        found.append(
            Finding(
                f"a revision waits before {name} until the one in it is done",
                (f"waiting: {stage.inbound_id[:8]}", f"in it: {stage.execution_id[:8]}"),
                "wait, or stop the one that is in it",
                stage.ref,
                grave=False,
            )
        )
    for action in stage.actions:
        if action.waiting:
            evidence = [f"waits for {_span(now - action.changed_at)}"] if action.changed_at is not None else []
            evidence += [f"ends by itself in {_span(action.expires - now)}"] if action.expires is not None else []
            found.append(
                Finding(
                    f"{name} waits for an answer to {action.ref.action}",
                    tuple(evidence),
                    "approve or reject it",
                    action.ref,
                    grave=False,
                )
            )
        elif action.status.failed:
            found.append(_action(name, action))
    return found


_CAUSES = (
    (
        ("access denied", "accessdenied", "not authorized", "permission", "assume"),
        "a role lacks a permission",
        "give the role named below what it lacks, then retry the stage",
    ),
    (
        ("bucket", "artifact store", "artifactstore"),
        "a bucket it needs is not there, or not readable",
        "make the bucket again, or name another: in the action's configuration, or as the pipeline's artifact store",
    ),
    (
        ("configurationerror", "invalid configuration", "does not exist", "not found"),
        "something it names is not there",
        "compare the action's configuration with what there is",
    ),
    (("timed out", "timeout"), "it ran out of time", "look at what it waited for; its time-out is the action's own"),
)


def _action(stage: str, action: Action) -> Finding:
    said = f"{action.error_code} {action.error_message}".strip()
    low = said.lower()
    cause, step = next(
        ((cause, step) for words, cause, step in _CAUSES if any(word in low for word in words)),
        ("", "retry the stage once its cause is gone"),
    )
    ref: Ref = action.ref
    if action.external_id and action.provider == "CodeBuild":
        ref, step = BuildRef(action.external_id), (cause and step) or "look at its build"
    elif action.external_id and action.provider.startswith("CodeDeploy"):
        ref, step = DeploymentRef(action.external_id), (cause and step) or "look at its deployment"
    evidence = tuple(one for one in (said, f"{action.provider} {action.external_id}".strip()) if one)
    what = f"{stage}: {action.ref.action} failed"
    return Finding(f"{what}: {cause}" if cause else what, evidence, step, ref)


# --- builds


def of_build(build: Build, lines: Sequence[str], now: datetime) -> tuple[Finding, ...]:
    """Why a build failed, or does not begin.

    Args:
        build: The build.
        lines: The end of its log, oldest line first.
        now: The time.
    """
    if build.status.word == "QUEUED" or (not build.complete and build.phase == "QUEUED"):
        waits = now - build.started if build.started is not None else timedelta()
        if waits < LONG:
            return ()
        return (
            Finding(
                f"{build.ref} has been queued for {_span(waits)}",
                (),
                "its project's or the account's limit of builds at once is reached: end others, or raise it",
                build.ref,
            ),
        )
    if not build.status.failed:
        return ()
    phase = next((one for one in build.phases if one.status.failed), None)
    said = [f"{code}: {words}" if code else words for code, words in (phase.contexts if phase is not None else ())]
    errors = [line for line in lines if _wrong(line)]
    evidence = (*said[:3], *(errors[:4] or [line for line in lines[-4:] if line.strip()]))
    where = f" in {phase.name}" if phase is not None else ""
    return (Finding(f"{build.ref} failed{where}", evidence, _build_step(phase.name if phase else "", said), build.ref),)


def _wrong(line: str) -> bool:
    low = line.lower()
    return any(word in low for word in ("error", "fatal", "failed", "exception", "not found", "denied", "no such"))


def _build_step(phase: str, said: Sequence[str]) -> str:
    low = " ".join(said).lower()
    if "yaml" in low or "buildspec" in low:
        return "mend the buildspec: the sentence above names the line"
    if phase == "DOWNLOAD_SOURCE":
        return "look at where its source comes from, and whether its role may read it"
    if phase == "PROVISIONING":
        return "its image could not be started: look at its name and at who may pull it"
    if phase == "UPLOAD_ARTIFACTS":
        return "look at artifacts: in the buildspec, and at the bucket its project names"
    if "timed out" in low or "timeout" in low:
        return "raise its time-out, or find the slow phase: the phases are on its screen"
    return "the command of that phase is in its log, at the first error (e)"


# --- deployments


def of_deployment(rollout: Rollout, now: datetime) -> tuple[Finding, ...]:
    """Why a deployment failed, or does not end."""
    one = rollout.deployment
    found: list[Finding] = []
    silent = [
        target
        for target in rollout.targets
        if not target.status.failed and target.status.tone is Tone.MOVING and not any(e.started for e in target.events)
    ]
    began = one.started or one.created
    if not one.completed and began is not None and silent and now - began > timedelta(minutes=5):
        names = ", ".join(target.label or target.ref.target for target in silent[:4])
        found.append(
            Finding(
                f"{len(silent)} targets of {one.id} have not begun for {_span(now - began)}",
                (names,),
                "the CodeDeploy agent does not answer there: is it installed, running, and may it reach CodeDeploy?",
                one.ref,
            )
        )
    for target in rollout.targets:
        event = next((event for event in target.events if event.status.failed), None)
        if event is None:
            continue
        timed = "timed out" in event.message.lower() or "timeout" in event.error_code.lower()
        evidence = tuple(
            line for line in (event.error_code, event.script, event.message, *event.log_tail.splitlines()[-3:]) if line
        )
        step = (
            "raise the hook's timeout in appspec.yml, or find what it waits for" if timed else "mend the hook's script"
        )
        if "agent" in event.message.lower() or event.error_code == "AgentIssue":
            step = "look at the agent on that instance: it was lost while it worked"
        found.append(Finding(f"{event.name} failed on {target.label or target.ref.target}", evidence, step, target.ref))
        if len(found) >= 4:
            break
    if one.status.failed and not found:
        words = one.error_message or one.error_code or "CodeDeploy gives no reason"
        step = "no instance has the group's tags" if "no instances" in words.lower() else "look at its targets"
        found.append(Finding(f"deployment {one.id} failed", (words,), step, one.ref))
    if one.awaits_person:
        found.append(
            Finding(f"deployment {one.id} waits for somebody to continue it", (), "continue or stop it", one.ref, False)
        )
    return tuple(found)


# --- metrics


def of_metric(wanted: MetricRef, known: MetricList, series: Series | None) -> tuple[Finding, ...]:
    """Why a metric has no data.

    Args:
        wanted: The metric.
        known: The metrics there are.
        series: Its values of the last three hours; None where it could not be read.
    """
    if series is not None and series.values:
        return ()
    same = [one for one in known.metrics if one.namespace == wanted.namespace and one.name == wanted.name]
    if wanted in known.metrics:
        return (
            Finding(
                f"{wanted} has had no datapoint in the last three hours",
                ("CloudWatch knows it: something published it before",),
                "whoever publishes it has stopped, or stamps it too early: look at the publisher's clock",
                wanted,
            ),
        )
    if same:
        shown = tuple(", ".join(f"{key}={value}" for key, value in one.dimensions) or "none" for one in same[:5])
        return (
            Finding(
                f"{wanted.namespace} {wanted.name} is there, but not with these dimensions",
                (f"asked: {_dimensions(wanted)}", *(f"there: {one}" for one in shown)),
                "a metric is its dimensions, too: name every one of them",
                same[0],
            ),
        )
    namespaces = known.namespaces
    if wanted.namespace not in namespaces:
        close = difflib.get_close_matches(wanted.namespace, namespaces, 3, 0.5)
        return (
            Finding(
                f"nothing is published in the namespace {wanted.namespace}",
                tuple(f"there is {one}" for one in close) or tuple(f"there is {one}" for one in namespaces[:5]),
                "look at how it is written, and at the region",
                wanted,
            ),
        )
    names = sorted({one.name for one in known.metrics if one.namespace == wanted.namespace})
    close = difflib.get_close_matches(wanted.name, names, 3, 0.4)
    return (
        Finding(
            f"the namespace {wanted.namespace} has no metric {wanted.name}",
            tuple(f"there is {one}" for one in (close or names[:5])),
            "look at how it is written; a new one is listed some minutes after its first datapoint",
            wanted,
        ),
    )


def _dimensions(ref: MetricRef) -> str:
    return ", ".join(f"{key}={value}" for key, value in ref.dimensions) or "none"


# --- traces


def of_traces(rules: SamplingRules, count: int, hours: float, *, sought: bool = True) -> tuple[Finding, ...]:
    """Why traces are missing.

    Args:
        rules: The sampling rules.
        count: How many traces there were.
        hours: In how many hours.
        sought: Whether somebody asked for traces: where nobody does and nothing asks for sampling, none are missed.
    """
    found: list[Finding] = []
    listed = [one.rule for one in rules.rules]
    reasons = ((one.name, never(one, listed)) for one in listed)
    found += [
        Finding(f"the sampling rule {name} takes nothing", (reason,), "change or delete it", None, False)
        for name, reason in reasons
        if reason
    ]
    if count:
        return tuple(found)
    nothing = [one.name for one in listed if one.fixed_rate == 0 and one.reservoir_size == 0]
    evidence = [f"no trace in the last {hours:g} hours"]
    if listed and len(nothing) == len(listed):
        found.insert(0, Finding("every sampling rule samples nothing", tuple(nothing), "give one of them a rate", None))
        return tuple(found)
    asked = sum(one.taken.requests for one in rules.rules)
    evidence.append(f"{asked:,} requests asked for sampling" if asked else "no SDK has asked for sampling rules")
    step = (
        "requests are sampled and their segments do not arrive: is the daemon (UDP 2000) running and may it "
        "PutTraceSegments?"
        if asked
        else "nothing is traced: is the SDK in the program, its daemon's address right (AWS_XRAY_DAEMON_ADDRESS)?"
    )
    found.insert(0, Finding("there are no traces", tuple(evidence), step, None, sought or asked > 0))
    return tuple(found)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes < 2880 else f"{minutes // 1440} days"


def graves_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is broken before what is to be known."""
    return tuple(sorted(findings, key=lambda one: not one.grave))
