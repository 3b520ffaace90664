"""Write docs/operations.md from the registry: what a person may do, with keys, calls and permissions."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from pointsman.operations.permissions import READS
from pointsman.operations.registry import Registry, default_registry

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"

_HEAD = """\
# Operations

What a person may do from the console, by what it is done to: select it, press `a`, then the key. This page is written
from the declarations in `src/pointsman/operations/` by `python scripts/operations_page.py`; a test compares.

Before anything is sent, a dialog names account, region, identity, what will follow, the exact API call and its `aws`
command line. What may not run now is grey, and says why. After the confirmation the target is read again and the
caller looked up again; when either has changed in a way that matters, nothing is sent. A write is sent exactly once.
"""


_POLICY = """\
Doing needs the calls of what is done, besides. As IAM policies, the least for each case:

```sh
pointsman iam-policy                                        # looking
pointsman iam-policy approval.approve approval.reject       # looking, and answering approvals
pointsman iam-policy --all                                  # looking, and everything above
```
"""


def page(registry: Registry) -> str:
    """The page."""
    parts = [_HEAD]
    for target, operations in groupby(registry, key=lambda one: one.target):
        parts += [
            f"## On {_article(target.noun)} {target.noun}\n",
            "| key | operation | id | sends |",
            "|---|---|---|---|",
        ]
        notes = []
        for one in operations:
            sends = "<br>".join(f"`{call}`" for call in one.calls)
            parts.append(f"| `{one.key}` | {one.title} | `{one.id}` | {sends} |")
            notes.append(f"- **{one.title}**: {one.help}")
        parts += ["", *notes, ""]
    reads = "\n".join(f"- `{call}`" for call in READS)
    parts += ["## Permissions\n", f"Looking needs:\n\n{reads}\n", _POLICY]
    return "\n".join(parts)


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


if __name__ == "__main__":
    PAGE.write_text(page(default_registry()), encoding="utf-8")
