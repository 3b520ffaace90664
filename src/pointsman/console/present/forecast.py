"""How long a stage usually takes, and whether it is overdue, as text."""

from __future__ import annotations

from pointsman.console.present import ages
from pointsman.console.present.cells import EMPTY, Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.model.forecast import ENOUGH, Estimate, Forecast
from pointsman.model.pipelines import Stage


def usual_words(estimate: Estimate) -> str:
    """``usually 4m12s, 9 of 10 within 6m30s (12 runs)``."""
    if estimate.samples == 1:
        return f"took {ages.duration(estimate.p50)} the one time before"
    within = f", 9 of 10 within {ages.duration(estimate.p90)}" if estimate.samples >= ENOUGH else ""
    return f"usually {ages.duration(estimate.p50)}{within} ({estimate.samples} runs)"


def progress_cell(stage: Stage, forecast: Forecast, draw: Draw) -> Cell:
    """Where the run in a stage stands against earlier ones: to go, over the usual, overdue; empty when none runs."""
    ends, late = forecast.ends(stage), forecast.late_from(stage)
    if late is not None and draw.now >= late:
        age = draw.age(late)
        return cell(f"overdue {'' if age == 'now' else age}".rstrip(), "stale")
    if late is not None:
        draw.countdown(late)  # wakes the drawing when it becomes overdue
    if ends is None:
        return EMPTY
    if draw.now >= ends:
        return cell("longer than usual", "tone.waiting")
    return cell(f"about {draw.countdown(ends)} to go", "dim")


def forecast_cell(stage: Stage, forecast: Forecast | None, draw: Draw) -> Cell:
    """One short line for a stage's column: its progress while it runs, else what is usual."""
    if forecast is None:
        return EMPTY
    progress = progress_cell(stage, forecast, draw)
    if progress:
        return progress
    estimate = forecast.stage(stage.name)
    return cell(f"usually {ages.duration(estimate.p50)}", "dim") if estimate is not None else EMPTY


def forecast_row(stage: Stage, forecast: Forecast | None, draw: Draw) -> Cell:
    """The whole of it, for a stage's details."""
    if forecast is None:
        return EMPTY
    estimate = forecast.stage(stage.name)
    usual = cell(usual_words(estimate), "dim") if estimate is not None else EMPTY
    return join((progress_cell(stage, forecast, draw), usual))
