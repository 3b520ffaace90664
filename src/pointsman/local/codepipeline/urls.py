"""The consoles' addresses, as AWS gives them for a region."""

from __future__ import annotations

from urllib.parse import quote


def _console(region: str, rest: str) -> str:
    return f"https://{region}.console.aws.amazon.com/{rest}"


def pipeline(region: str, name: str) -> str:
    """A pipeline's page."""
    return _console(region, f"codesuite/codepipeline/pipelines/{name}/view?region={region}")


def approval(region: str, name: str, stage: str, action: str, token: str) -> str:
    """The page on which a person answers an approval."""
    return _console(
        region, f"codesuite/codepipeline/pipelines/{name}/view?region={region}#/{stage}/{action}/approve/{token}"
    )


def commit(region: str, repository: str, commit_id: str) -> str:
    """A commit of a CodeCommit repository."""
    return _console(region, f"codesuite/codecommit/repositories/{repository}/commit/{commit_id}?region={region}")


def branch(region: str, repository: str, name: str) -> str:
    """A branch of a CodeCommit repository."""
    where = f"refs/heads/{quote(name, safe='')}"
    return _console(region, f"codesuite/codecommit/repositories/{repository}/browse/{where}?region={region}")


def s3_object(region: str, bucket: str, key: str) -> str:
    """An object."""
    return _console(region, f"s3/object/{bucket}?region={region}&prefix={quote(key, safe='')}")


def s3_bucket(region: str, bucket: str) -> str:
    """A bucket."""
    return _console(region, f"s3/buckets/{bucket}?region={region}")


def project(region: str, account: str, name: str) -> str:
    """A build project."""
    return _console(region, f"codesuite/codebuild/{account}/projects/{quote(name)}?region={region}")


def deployment_group(region: str, application: str, name: str) -> str:
    """A deployment group."""
    where = f"applications/{quote(application)}/deployment-groups/{quote(name)}"
    return _console(region, f"codesuite/codedeploy/{where}?region={region}")


def deployment(region: str, deployment_id: str) -> str:
    """A deployment."""
    return _console(region, f"codesuite/codedeploy/deployments/{deployment_id}?region={region}")


def build(region: str, account: str, build_id: str) -> str:
    """A build."""
    return _run(region, account, build_id, "build")


def batch(region: str, account: str, batch_id: str) -> str:
    """A batch build."""
    return _run(region, account, batch_id, "batch")


def _run(region: str, account: str, identity: str, kind: str) -> str:
    project_name, run = quote(identity.partition(":")[0]), quote(identity, safe="")
    path = f"codesuite/codebuild/{account}/projects/{project_name}/{kind}/{run}/?region={region}"
    return _console(region, path)
