"""Live through the three hours before second 0 of every scenario, and keep what they come to beside its script."""

from __future__ import annotations

from pointsman.local.scenarios import kept
from pointsman.local.scenarios.floor import Floor
from pointsman.local.scenarios.plots import PLOTS


def main() -> None:
    """Write the files that ``pointsman demo`` begins from."""
    for plot in PLOTS.values():
        floor = Floor(kept.SEED, plot=plot)
        try:
            floor.play()
            kept.file(plot.name).write_bytes(kept.keep(floor))
        finally:
            floor.backend.close()


if __name__ == "__main__":
    main()
