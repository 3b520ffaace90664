"""What of a list of traces a filter may speak of: services, annotations, values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces.filter_completion import Seen
from pointsman.semantics.traces.filters import quote

__all__ = ["seen_in"]

_MOST = 50
"""Values of a keyword that are proposed."""
_BARE = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false")


def seen_in(traces: Iterable[TraceSummary], services: Iterable[str] = ()) -> Seen:
    """What was seen in some traces, beside services known from elsewhere."""
    names: dict[str, None] = {}
    annotations: dict[str, dict[str, None]] = {}
    values: dict[str, dict[str, None]] = {}
    for one in traces:
        names.update(dict.fromkeys(one.services))
        for key, value in one.annotations:
            annotations.setdefault(key, {})[value if _BARE.fullmatch(value) else quote(value)] = None
        for keyword, said in (("http.url", one.url), ("http.method", one.method)):
            if said:
                values.setdefault(keyword, {})[quote(said)] = None
        if one.status is not None:
            values.setdefault("http.status", {})[str(one.status)] = None
    names.update(dict.fromkeys(services))
    names.pop("", None)
    told = {key: tuple(sorted(found)[:_MOST]) for key, found in sorted(annotations.items())}
    return Seen(tuple(sorted(names)), told, {key: tuple(sorted(found)[:_MOST]) for key, found in values.items()})
