"""A backend that works hard until somebody kills it: ``victim.py STATE ACKS ROUND``.

After each answered call it appends a line to ACKS, which a kill cannot take back. What stands there must be found
again after the next start.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from pointsman.local import Backend

BUILDSPEC = """
version: 0.2
phases:
  pre_build:
    commands:
      - (setsid sh -c 'exec sleep 300' &)
      - for n in 1 2 3 4 5 6 7 8; do echo "line $n"; sleep 0.03; done
  build:
    commands:
      - for n in 9 10 11 12 13 14 15 16; do echo "line $n"; sleep 0.03; done
      - for n in 17 18 19 20 21 22 23 24; do echo "line $n"; sleep 0.03; done
  post_build:
    commands:
      - echo result > result.txt
      - for n in 25 26 27 28 29 30 31 32; do echo "line $n"; sleep 0.03; done
artifacts:
  files: result.txt
"""
BATCHSPEC = """
version: 0.2
batch:
  build-graph:
    - identifier: first
    - identifier: second
      depend-on: [first]
phases: {build: {commands: ['for n in 1 2 3 4 5; do echo "line $n"; sleep 0.03; done']}}
"""
APPSPEC = """
version: 0.0
os: linux
files: [{source: app.txt, destination: /srv/app}]
hooks:
  AfterInstall: [{location: hook.sh}]
  ValidateService: [{location: hook.sh}]
"""
HOOK = "#!/bin/sh\n(setsid sh -c 'exec sleep 300' &)\nsleep 0.3\n"
INSTANCES = ("web-1", "web-2", "web-3")
ROLE = "arn:aws:iam::123456789012:role/r"
ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}


def action(category: str, provider: str, configuration: dict[str, str], give: str = "", take: str = "") -> Any:
    return {
        "name": provider,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
        "outputArtifacts": [{"name": give}] if give else [],
        "inputArtifacts": [{"name": take}] if take else [],
    }


def found(backend: Backend) -> None:
    """What the writes go to."""
    s3, build, pipeline = (backend.session().client(one) for one in ("s3", "codebuild", "codepipeline"))
    s3.create_bucket(Bucket="things")
    s3.create_bucket(Bucket="store")
    s3.put_bucket_versioning(Bucket="things", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="things", Key="source.zip", Body=_zip())
    backend.session().client("codecommit").create_repository(repositoryName="notes")
    for name, kind, spec in (
        ("alone", "NO_SOURCE", BUILDSPEC),
        ("piped", "CODEPIPELINE", BUILDSPEC),
        ("many", "NO_SOURCE", BATCHSPEC),
    ):
        build.create_project(
            name=name,
            source={"type": kind, "buildspec": spec},
            artifacts={"type": "NO_ARTIFACTS" if kind == "NO_SOURCE" else kind},
            environment=ENVIRONMENT,
            serviceRole=ROLE,
            buildBatchConfig={"serviceRole": ROLE},
        )
    servers(backend)
    source = {"S3Bucket": "things", "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"}
    pipeline.create_pipeline(
        pipeline={
            "name": "line",
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": "store"},
            "stages": [
                {"name": "Source", "actions": [action("Source", "S3", source, give="code")]},
                {"name": "Build", "actions": [action("Build", "CodeBuild", {"ProjectName": "piped"}, "out", "code")]},
                {
                    "name": "Release",
                    "actions": [action("Deploy", "S3", {"BucketName": "things", "Extract": "true"}, take="out")],
                },
            ],
        }
    )

    body = {"pipeline": pipeline.get_pipeline(name="line")["pipeline"]}
    beside = {**body["pipeline"], "name": "beside", "pipelineType": "V2", "executionMode": "PARALLEL"}
    beside.pop("version")
    approval = {"name": "Gate", "actions": [action("Approval", "Manual", {})]}
    pipeline.create_pipeline(pipeline={**beside, "stages": [beside["stages"][0], approval]})


def servers(backend: Backend) -> None:
    """Instances that a group deploys a revision to, one after the other."""
    deploy, s3 = backend.session().client("codedeploy"), backend.session().client("s3")
    s3.put_object(
        Bucket="things", Key="app.zip", Body=_zip(**{"appspec.yml": APPSPEC, "app.txt": "x", "hook.sh": HOOK})
    )
    for name in INSTANCES:
        deploy.register_on_premises_instance(instanceName=name, iamUserArn=f"arn:aws:iam::123456789012:user/{name}")
    deploy.add_tags_to_on_premises_instances(instanceNames=list(INSTANCES), tags=[{"Key": "role", "Value": "web"}])
    deploy.create_application(applicationName="shop")
    deploy.create_deployment_group(
        applicationName="shop",
        deploymentGroupName="web",
        serviceRoleArn=ROLE,
        deploymentConfigName="CodeDeployDefault.OneAtATime",
        onPremisesInstanceTagFilters=[{"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}],
    )


def _zip(**files: str) -> bytes:
    import io
    import zipfile

    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        for name, text in (files or {"readme.txt": "to be built"}).items():
            about = zipfile.ZipInfo(name)
            about.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            bundle.writestr(about, text)
    return body.getvalue()


class Worker:
    """One kind of write, again and again."""

    def __init__(self, backend: Backend, acks: int, turn: str) -> None:
        self.client = backend.session().client
        self._acks = acks
        self.turn = turn

    def ack(self, *what: Any) -> None:
        """Answered: say so where a kill cannot take it back."""
        os.write(self._acks, (json.dumps(what) + "\n").encode())

    def parameters(self) -> None:
        ssm = self.client("ssm")
        for n in itertools.count():
            ssm.put_parameter(Name=f"/r{self.turn}/{n}", Value=f"value {n}", Type="String")
            self.ack("parameter", f"/r{self.turn}/{n}", f"value {n}")

    def objects(self) -> None:
        s3 = self.client("s3")
        for n in itertools.count():
            body = f"body {n} ".encode() * 2000
            etag = s3.put_object(Bucket="things", Key=f"r{self.turn}/{n}", Body=body)["ETag"]
            self.ack("object", f"r{self.turn}/{n}", etag)

    def lines(self) -> None:
        logs = self.client("logs")
        stream = {"logGroupName": "/survival", "logStreamName": self.turn}
        try:
            logs.create_log_group(logGroupName="/survival")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        logs.create_log_stream(**stream)
        for n in itertools.count():
            now = int(time.time() * 1000)
            events = [{"timestamp": now, "message": str(3 * n + k)} for k in range(3)]
            answer = logs.put_log_events(**stream, logEvents=events)
            assert "rejectedLogEventsInfo" not in answer, answer
            self.ack("lines", self.turn, 3 * n + 3)

    def commits(self) -> None:
        git = self.client("codecommit")
        parent = {}
        try:
            parent = {"parentCommitId": git.get_branch(repositoryName="notes", branchName="main")["branch"]["commitId"]}
        except ClientError as error:
            if error.response["Error"]["Code"] != "BranchDoesNotExistException":
                raise
        for n in itertools.count():
            made = git.put_file(
                repositoryName="notes", branchName="main", filePath=f"{self.turn}/{n}", fileContent=b"note", **parent
            )["commitId"]
            parent = {"parentCommitId": made}
            self.ack("commit", made)

    def builds(self) -> None:
        build, pipeline = self.client("codebuild"), self.client("codepipeline")
        ids: list[str] = []
        while True:
            going = [one for one in ids if not build.batch_get_builds(ids=[one])["builds"][0]["buildComplete"]]
            if len(going) < 2:
                ids.append(build.start_build(projectName="alone")["build"]["id"])
                self.ack("build", ids[-1])
                self.ack("execution", pipeline.start_pipeline_execution(name="line")["pipelineExecutionId"])
            self.seen(ids[-1])

    def deployments(self) -> None:
        """A deployment after the other; what is refused because one runs is tried again."""
        deploy, build = self.client("codedeploy"), self.client("codebuild")
        where = {"bucket": "things", "key": "app.zip", "bundleType": "zip"}
        revision = {"revisionType": "S3", "s3Location": where}
        while True:
            try:
                made = deploy.create_deployment(applicationName="shop", deploymentGroupName="web", revision=revision)
                self.ack("deployment", made["deploymentId"])
                self.ack("batch", build.start_build_batch(projectName="many")["buildBatch"]["id"])
            except ClientError as error:
                if error.response["Error"]["Code"] not in (
                    "DeploymentLimitExceededException",
                    "AccountLimitExceededException",
                ):
                    raise
                time.sleep(0.05)

    def requests(self) -> None:
        """Pull requests opened and closed, webhooks, and runs side by side that wait for a person."""
        git, pipeline = self.client("codecommit"), self.client("codepipeline")
        for n in itertools.count():
            hook = {
                "name": f"hook-{self.turn}-{n}",
                "targetPipeline": "line",
                "targetAction": "S3",
                "filters": [{"jsonPath": "$.ref"}],
                "authentication": "UNAUTHENTICATED",
                "authenticationConfiguration": {},
            }
            self.ack("webhook", hook["name"], pipeline.put_webhook(webhook=hook)["webhook"]["url"])
            if n < 8:
                self.ack("beside", pipeline.start_pipeline_execution(name="beside")["pipelineExecutionId"])
            try:
                tip = git.get_branch(repositoryName="notes", branchName="main")["branch"]["commitId"]
                git.create_branch(repositoryName="notes", branchName=f"b-{self.turn}-{n}", commitId=tip)
                target = {
                    "repositoryName": "notes",
                    "sourceReference": f"b-{self.turn}-{n}",
                    "destinationReference": "main",
                }
                made = git.create_pull_request(title=f"{self.turn}-{n}", targets=[target])["pullRequest"]
                self.ack("request", made["pullRequestId"], made["title"])
                git.update_pull_request_status(pullRequestId=made["pullRequestId"], pullRequestStatus="CLOSED")
                self.ack("closed", made["pullRequestId"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "BranchDoesNotExistException":
                    raise
            time.sleep(0.1)

    def seen(self, build_id: str) -> None:
        """What a reader has read of a log is answered too."""
        about = self.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0].get("logs", {})
        if about.get("streamName"):
            page = self.client("logs").get_log_events(
                logGroupName=about["groupName"], logStreamName=about["streamName"], startFromHead=True
            )
            self.ack("seen", about["groupName"], about["streamName"], [one["message"] for one in page["events"]][-20:])


def main() -> None:
    """Work until killed."""
    state, acks, turn = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    handle = os.open(acks, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    backend = Backend(state=state)
    if turn == "0":
        found(backend)
    worker = Worker(backend, handle, turn)
    worker.ack("ready", turn)
    works = [worker.parameters, worker.objects, worker.lines, worker.commits, worker.builds]
    works += [worker.deployments, worker.requests]
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
