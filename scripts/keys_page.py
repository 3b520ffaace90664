"""Write docs/keys.md from the declarations: every key that has an id, where it works, and how to change it."""

from __future__ import annotations

from pathlib import Path

from pointsman.console.keymap import catalogue
from pointsman.console.keys import written
from pointsman.operations.registry import default_registry

PAGE = Path(__file__).parents[1] / "docs" / "keys.md"

_HEAD = """\
# Keys

Every key by its id, with the screens and widgets that have it. This page is written from the declarations by
`python scripts/keys_page.py`; a test compares. In the console, `?` shows the keys of where you are.

Another key for any of them is a line under `keys` in the configuration; what is taken already where it would be used is
refused before a screen opens:

```yaml
keys:
  describe: f3
  down: [down, n]
  approval.approve: Y          # an operation's letter in the menu that `a` opens
```
"""


def page() -> str:
    """The page."""
    rows = ["| id | keys | does | where |", "|---|---|---|---|"]
    for one in catalogue().values():
        keys = " ".join(f"`{written(key)}`" for key in one.keys.split(","))
        rows.append(f"| `{one.id}` | {keys} | {one.does} | {', '.join(one.where)} |")
    operations = ["| id | key | does |", "|---|---|---|"]
    operations += [f"| `{one.id}` | `{one.key}` | {one.title} |" for one in default_registry()]
    return "\n".join([_HEAD, *rows, "", "## Operations\n", *operations, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
