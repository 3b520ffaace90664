"""A file of traces in X-Ray's place: what there is of them is answered, and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pointsman.errors import UsageError
from pointsman.local.answers import AwsError, Parameters
from pointsman.semantics.traces import assembly, causes, documents, facts, files, filters, graph
from pointsman.semantics.traces.documents import Unprocessed
from pointsman.semantics.traces.filter_match import matches
from pointsman.semantics.traces.filters import FilterError

if TYPE_CHECKING:
    from pointsman.local.plug import Session

__all__ = ["TraceFile"]

REGION: Final = "us-east-1"
_NOBODY: Final = "000000000000"
_WAYS: Final = "it takes what BatchGetTraces answers, a list of segment documents, or one document per line"


class TraceFile:
    """The traces of a file.

    Args:
        traces: Their documents, by trace id.
    """

    def __init__(self, traces: Mapping[str, Sequence[str]]) -> None:
        self.traces = {trace_id: tuple(texts) for trace_id, texts in traces.items()}
        self._known: dict[str, tuple[facts.Facts, causes.Causes]] = {}
        self._calls = 0

    @classmethod
    def open(cls, path: Path) -> TraceFile:
        """Read a file.

        Raises:
            UsageError: It cannot be read, or there is no trace in it.
        """
        try:
            content = _content(path)
            return cls(files.read(content))
        except OSError as error:
            raise UsageError(f"{path}: it cannot be read: {error.strerror or error}", _WAYS) from None
        except files.NoTraces as error:
            raise UsageError(f"{path}: {error}", _WAYS) from None

    @property
    def ids(self) -> tuple[str, ...]:
        """The traces, in the file's order."""
        return tuple(self.traces)

    @property
    def newest(self) -> float:
        """When the last of them began, in seconds since 1970."""
        return float(max(documents.epoch(one) for one in self.traces))

    def session(self, region: str = REGION) -> Session:
        """A boto3 session that is answered from here."""
        from pointsman.local.plug import session

        return session(self.ask, region)

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """The answer to a call, with its request id.

        Raises:
            AwsError: A file has no answer to it.
        """
        del region
        self._calls += 1
        answer = {
            ("xray", "BatchGetTraces"): self._batch,
            ("xray", "GetTraceSummaries"): self._summaries,
            ("xray", "GetTraceGraph"): self._trace_graph,
            ("xray", "GetServiceGraph"): self._service_graph,
            ("sts", "GetCallerIdentity"): _identity,
        }.get((service, operation))
        if answer is None:
            raise AwsError("NotImplemented", f"a trace file is open: nothing answers {service}:{operation}", 501)
        return answer(parameters), f"file-{self._calls}"

    # -- the answers --------------------------------------------------------------------------------------------------

    def _batch(self, parameters: Parameters) -> dict[str, Any]:
        wanted = [str(one).lower() for one in parameters["TraceIds"]]
        return {
            "Traces": [
                {
                    "Id": one,
                    "LimitExceeded": False,
                    "Segments": [{"Id": f"{at:016x}", "Document": text} for at, text in enumerate(self.traces[one])],
                }
                for one in wanted
                if one in self.traces
            ],
            "UnprocessedTraceIds": [],
        }

    def _summaries(self, parameters: Parameters) -> dict[str, Any]:
        """Every trace of the file that the filter takes: a file has no time range."""
        from pointsman.local.xray import summary

        try:
            term = filters.parse(parameters.get("FilterExpression", ""))
        except FilterError as error:
            raise AwsError("InvalidRequestException", f"Invalid filter expression: {error}") from None
        if filters.groups_of(term):
            raise AwsError("InvalidRequestException", "A file knows no groups.")
        told = [
            summary.decode(summary.encode(one, *known), len(self.traces[one]))
            for one in self.traces
            if matches(term, *(known := self._of(one)))
        ]
        return {"TraceSummaries": told, "TracesProcessedCount": len(self.traces)}

    def _trace_graph(self, parameters: Parameters) -> dict[str, Any]:
        return self._drawn([str(one).lower() for one in parameters["TraceIds"]], parameters)

    def _service_graph(self, parameters: Parameters) -> dict[str, Any]:
        return {
            **self._drawn(self.ids, parameters),
            "StartTime": parameters["StartTime"],
            "EndTime": parameters["EndTime"],
            "ContainsOldGroupVersions": False,
        }

    def _drawn(self, wanted: Sequence[str], parameters: Parameters) -> dict[str, Any]:
        from pointsman.local.xray import graphs

        return graphs.page(graph.of_traces(self._of(one)[0] for one in wanted if one in self.traces), parameters)

    def _of(self, trace_id: str) -> tuple[facts.Facts, causes.Causes]:
        found = self._known.get(trace_id)
        if found is None:
            pieces: list[documents.Piece] = []
            for text in self.traces[trace_id]:
                try:
                    pieces += [one for read in documents.read(text, largest=files.LARGEST) for one in read.pieces]
                except Unprocessed:
                    continue  # counted where the trace is opened
            trace = assembly.assemble(pieces, infer=True)
            found = self._known[trace_id] = (facts.derive(trace), causes.derive(trace))
        return found


def _identity(_: Parameters) -> dict[str, Any]:
    return {"Account": _NOBODY, "UserId": "trace-file", "Arn": f"arn:aws:iam::{_NOBODY}:user/trace-file"}


def _content(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        NoTraces: It is too large, or not a file.
        OSError: It cannot be read.
    """
    # Without O_NONBLOCK a pipe without a writer would be waited for.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise files.NoTraces("it is not a file")
        if about.st_size > files.LARGEST:
            raise files.NoTraces(f"it has {about.st_size:,} bytes; {files.LARGEST:,} are read")
        return file.read()
