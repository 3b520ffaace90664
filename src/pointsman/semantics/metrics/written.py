"""A metric in words: ``NAMESPACE/NAME [DIMENSION=VALUE ...]``, as a shell would split them. Pure."""

from __future__ import annotations

import shlex

__all__ = ["FORM", "metric_written"]

FORM = "NAMESPACE/NAME [DIMENSION=VALUE ...]"

Written = tuple[str, str, tuple[tuple[str, str], ...]]


def metric_written(text: str) -> Written | None:
    """Namespace, name and dimensions in order of their names; None where it is no metric.

    A namespace may have slashes (``AWS/CodeBuild/Builds``), a value quotes around it (``Path='/a b'``).
    """
    try:
        head, *rest = shlex.split(text)
    except ValueError:
        return None
    namespace, _, name = head.rpartition("/")
    pairs = [one.partition("=") for one in rest]
    if not namespace or not name or not all(key and sign and value for key, sign, value in pairs):
        return None
    return namespace, name, tuple(sorted((key, value) for key, _, value in pairs))
