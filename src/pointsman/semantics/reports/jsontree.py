"""JSON that a build has written."""

from __future__ import annotations

import json
from typing import Any

from pointsman.semantics.reports.values import ReportProblem
from pointsman.semantics.reports.xmltree import LONGEST


def parse(body: bytes) -> Any:
    """The value of a document.

    Raises:
        ReportProblem: It is not JSON, too long, or nested without end.
    """
    if len(body) > LONGEST:
        raise ReportProblem(f"it is longer than {LONGEST // 1024 // 1024} MiB")
    try:
        return json.loads(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ReportProblem(f"line {error.lineno}: it is not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise ReportProblem("it is not JSON: it is not UTF-8") from None
    except RecursionError:
        raise ReportProblem("its values are nested too deeply") from None
    except ValueError:  # a number of more digits than Python reads
        raise ReportProblem("it holds a number that is too long") from None


def items(value: Any) -> list[Any]:
    """A list as it is; anything else as an empty one."""
    return value if isinstance(value, list) else []


def fields(value: Any) -> dict[str, Any]:
    """An object as it is; anything else as an empty one."""
    return value if isinstance(value, dict) else {}
