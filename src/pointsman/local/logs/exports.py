"""Export tasks: a group's events of a time as gzipped lines in a bucket, a file for each stream."""

from __future__ import annotations

import gzip
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.logs import reading
from pointsman.local.logs.names import group_of, invalid, millis
from pointsman.local.s3 import objects
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics.logs.insights.values import moment

DONE: Final = "logs.exported"
_PAGE = 50
_BATCH = 500
_UNDER_WAY = ("PENDING", "RUNNING")


class ExportTask(msgspec.Struct, frozen=True):
    """An export; key: its id. Times in milliseconds."""

    id: str
    name: str
    group: str
    first: int
    last: int
    bucket: str
    prefix: str
    created: int
    status: str = "RUNNING"
    message: str = ""
    completed: int = 0


@answers("logs", "CreateExportTask")
def create_export_task(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Begin an export; one at a time."""
    group = group_of(scope, parameters["logGroupName"])
    first, last = parameters["from"], parameters["to"]
    if first > last:
        raise invalid("The specified time range is not valid: from is behind to")
    if any(task.status in _UNDER_WAY for _, task in scope.scan(ExportTask)):
        raise AwsError("LimitExceededException", "Resource limit exceeded.")
    bucket = parameters["destination"]
    try:
        objects.bucket_of(scope, bucket)
    except AwsError:
        raise invalid(f"The given bucket does not exist. Please make sure the bucket {bucket} is valid.") from None
    task = ExportTask(
        scope.world.uuid(),
        parameters.get("taskName", ""),
        group.name,
        first,
        last,
        bucket,
        parameters.get("destinationPrefix", "exportedlogs").strip("/"),
        millis(scope),
    )
    scope.put(task.id, task)
    low = max(first, reading.expiry(scope, group))
    streams = parameters.get("logStreamNamePrefix", "")
    scope.job(DONE, lambda: _written(scope, task, low, streams))
    return {"taskId": task.id}


def _written(scope: Scope, task: ExportTask, low: int, streams: str) -> Payload:
    """Write the files; the payload names them as S3 keeps them."""
    world = scope.world
    reader = world.database.reader()
    kept: list[tuple[str, objects.Kept]] = []
    try:
        if reader is not None:
            reader.execute("BEGIN")
        execute = world.database.execute if reader is None else reader.execute
        with world.lock:
            parts = reading.parts(execute, scope, task.group, low, task.last, prefix=streams)
        with tempfile.TemporaryDirectory(prefix="pointsman-export-") as folder:
            for number, part in enumerate(parts):
                events = reading.merged(execute, [part], low, task.last, forward=True)
                file = Path(folder) / f"{number}.gz"
                if _one(world, events, file, waiting=reader is None):
                    name = part.stream.name.replace("/", "-")
                    kept.append((f"{task.prefix}/{task.id}/{name}/000000.gz", objects.keep(world.blobs, file)))
    except OSError as error:
        return {"id": task.id, "files": [], "error": f"the files cannot be written: {error}"}
    finally:
        if reader is not None:
            reader.close()
    return {"id": task.id, "files": kept, "error": ""}


def _one(world: World, events: Any, file: Path, *, waiting: bool) -> bool:
    """Write one stream's file; False when there is nothing to write."""
    some = False
    with file.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
        while True:
            if waiting:
                with world.lock:
                    batch = list(islice(events, _BATCH))
            else:
                batch = list(islice(events, _BATCH))
            if not batch:
                return some
            some = True
            for _, (time, _, _, message) in batch:
                stamp = (moment(time) or "").replace(" ", "T")
                packed.write(f"{stamp}Z {message}\n".encode("utf-8", "replace"))


def done(scope: Scope, payload: Payload) -> None:
    """Put the files into the bucket, and end the task."""
    task = scope.get(ExportTask, payload.get("id", ""))
    if task is None or task.status not in _UNDER_WAY:
        return
    problem = payload["error"]
    try:
        if not problem:
            objects.put(scope, task.bucket, f"{task.prefix}/aws-logs-write-test", b"Permission Check Successful")
        for key, kept in payload["files"]:
            objects.put(scope, task.bucket, key, kept)
    except AwsError as error:
        problem = str(error)
    status = "FAILED" if problem else "COMPLETED"
    message = problem or "Completed successfully"
    scope.put(task.id, msgspec.structs.replace(task, status=status, message=message, completed=millis(scope)))


@answers("logs", "CancelExportTask")
def cancel_export_task(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """End an export that is under way; nothing of it is put into the bucket."""
    task = scope.get(ExportTask, parameters["taskId"])
    if task is None:
        raise AwsError("ResourceNotFoundException", "The specified export task does not exist.")
    if task.status not in _UNDER_WAY:
        raise AwsError("InvalidOperationException", f"The specified export task is {task.status}.")
    ended = msgspec.structs.replace(task, status="CANCELLED", message="Cancelled", completed=millis(scope))
    scope.put(task.id, ended)
    return {}


@answers("logs", "DescribeExportTasks")
def describe_export_tasks(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Export tasks, in pages."""
    number, status = parameters.get("taskId", ""), parameters.get("statusCode", "")
    limit = min(parameters.get("limit", _PAGE), _PAGE)
    found = (
        task
        for _, task in scope.scan(ExportTask, after=parameters.get("nextToken"))
        if number in ("", task.id) and status in ("", task.status)
    )
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {"exportTasks": [_shape(task) for task in page[:limit]]}
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1].id
    return answer


def _shape(task: ExportTask) -> dict[str, Any]:
    execution = {"creationTime": task.created}
    if task.completed:
        execution["completionTime"] = task.completed
    shape: dict[str, Any] = {
        "taskId": task.id,
        "logGroupName": task.group,
        "from": task.first,
        "to": task.last,
        "destination": task.bucket,
        "destinationPrefix": task.prefix,
        "status": {"code": task.status, "message": task.message or "Started successfully"},
        "executionInfo": execution,
    }
    if task.name:
        shape["taskName"] = task.name
    return shape


def resume(world: World) -> None:
    """After a restart: an export that was under way has failed."""
    for account, region in world.records.places(ExportTask):
        scope = world.scope(account, region)
        for _, task in list(scope.scan(ExportTask)):
            if task.status in _UNDER_WAY:
                why = "the backend was stopped while the export was under way"
                scope.put(task.id, msgspec.structs.replace(task, status="FAILED", message=why))
