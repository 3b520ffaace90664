"""``pointsman iam-policy``: the least permissions, as a policy document, from the declarations of the operations."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pointsman.config.checks import close
from pointsman.errors import UsageError

if TYPE_CHECKING:
    from pointsman.config.launch import Launch

WIDTH = 24
"""The least width of the column of ids."""


def run(asked: Launch, environ: Mapping[str, str] = os.environ) -> int:
    """Print what was asked for; the exit code.

    Raises:
        UsageError: There is no such operation.
    """
    del environ
    from pointsman.operations.permissions import policy_of, table
    from pointsman.operations.registry import default_registry

    registry = default_registry()
    if asked.list_operations:
        rows = table(registry)
        wide = max(WIDTH, *(len(name) for name, _, _ in rows))
        for name, title, calls in rows:
            print(f"{name:{wide}}  {title}: {', '.join(calls)}")
        return 0
    known = [one.id for one in registry]
    for name in asked.operations:
        if name not in known:
            raise UsageError(
                f'there is no operation "{name}"{close(name, known)}', "pointsman iam-policy --list shows what there is"
            )
    wanted = tuple(one for one in registry if asked.every_operation or one.id in asked.operations)
    print(json.dumps(policy_of(wanted), indent=2))
    return 0
