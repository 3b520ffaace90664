"""Live through the demonstration's three hours before second 0, and keep what they come to beside its script."""

from __future__ import annotations

from pointsman.local.scenarios import kept
from pointsman.local.scenarios.floor import Floor


def main() -> None:
    """Write the file that ``pointsman demo`` begins from."""
    floor = Floor(kept.SEED)
    try:
        floor.play()
        kept.FILE.write_bytes(kept.keep(floor))
    finally:
        floor.backend.close()


if __name__ == "__main__":
    main()
