"""A small AWS on this machine: a hundred pipelines, who one is, and nothing of anything else."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PIPELINES = [
    {"name": f"pipeline-{number:03d}", "version": 1, "pipelineType": "V2", "created": 1.76e9, "updated": 1.76e9}
    for number in range(100)
]
ACCOUNT = "123456789012"
_WHO = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/ada</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_SECRET_ACCESS_KEY": "dummy",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def _answer(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    name = asked.get("name") or asked.get("pipelineName") or ""
    if operation == "ListPipelines":
        return {"pipelines": _PIPELINES}
    if operation == "GetPipelineState":
        run = {"pipelineExecutionId": "e-1", "status": "Failed"}
        return {
            "pipelineName": name,
            "pipelineVersion": 1,
            "stageStates": [{"stageName": "Build", "latestExecution": run}],
        }
    if operation == "GetPipeline":
        action = {
            "name": "Compile",
            "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
        }
        stages = [{"name": "Build", "actions": [action]}]
        return {"pipeline": {"name": name, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "stages": stages, "version": 1}}
    if operation == "ListPipelineExecutions":
        run = {"pipelineExecutionId": "e-1", "status": "Failed", "startTime": 1.76e9, "lastUpdateTime": 1.76e9}
        return {"pipelineExecutionSummaries": [run]}
    return {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not body:
            return  # whoever asked was ended meanwhile
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        answer = json.dumps(_answer(target, json.loads(body))) if target else _WHO
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1" if target else "text/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked was ended meanwhile."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve while the context lasts; the endpoint's URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
