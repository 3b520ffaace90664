"""The scenarios there are, each a declaration of pipelines and happenings."""

from __future__ import annotations

from typing import Final

from pointsman.local.scenarios.plot import Plot, Track, abandon, answer, close_gate, push

_TESTED: Final = ("Build", "Test", "Release")
_PLAIN: Final = ("Build", "Release")
_SIGNED: Final = ("Build", "Approve", "Release")

FLOOR: Final = Plot(
    "floor",
    tracks=(
        Track("billing", _SIGNED, approval_minutes=60, watched=False),
        Track("catalog", _TESTED),
        Track("checkout", _TESTED),
        Track("gateway", _TESTED),
        Track("mobile-api", _SIGNED, approval_minutes=240),
        Track("notifications", _PLAIN),
        Track("profiles", _PLAIN),
        Track("search", _TESTED),
    ),
    story=(
        answer(-138.5, "billing"),
        answer(-122.0, "mobile-api"),
        close_gate(-118.0, "gateway", "Release", "freeze until the 25th"),
        push(-101.2, "search"),
        push(-95.6, "profiles"),
        push(-80.4, "checkout"),
        push(-66.1, "gateway"),
        push(-52.7, "mobile-api"),
        abandon(-49.2, "mobile-api", "wrong branch"),
        push(-47.3, "catalog"),
        push(-36.4, "notifications"),
        push(-35.5, "notifications"),
        push(-34.6, "notifications"),
        push(-25.1, "billing"),
        push(-19.8, "gateway"),
        push(-8.2, "checkout", "checkout-test"),
        push(-1.4, "search"),
    ),
    fleet=True,
    shop=(-22.0, -17.0),
)
"""The release floor: at second 0 there is something of everything. A failed test, an approval that waits and will
expire, a build under way, a closed gate with a revision queued behind it and an older one superseded there, a stopped
release, green ones."""

CALM: Final = Plot(
    "calm",
    tracks=(
        Track("accounts", _TESTED, servers=4),
        Track("catalog", _TESTED),
        Track("checkout", _TESTED, servers=6),
        Track("notifications", _PLAIN),
        Track("profiles", _PLAIN),
        Track("search", _TESTED),
    ),
    story=(
        push(-118.2, "catalog"),
        push(-96.4, "checkout"),
        push(-71.8, "profiles"),
        push(-58.3, "accounts"),
        push(-40.7, "notifications"),
        push(-26.9, "checkout"),
        push(-1.4, "search"),
    ),
    seconds=(240, 600),
    breaks=0.0,
)
"""A calm day: nothing needs anybody, one build runs."""

BAD_RELEASE: Final = Plot(
    "bad-release",
    tracks=(
        Track("accounts", _TESTED, servers=4),
        Track("catalog", _TESTED),
        Track("checkout", _TESTED, servers=6),
        Track("notifications", _PLAIN),
        Track("search", _TESTED),
    ),
    story=(
        push(-104.6, "search"),
        push(-83.1, "accounts"),
        push(-61.4, "checkout"),
        push(-44.2, "catalog"),
        push(-24.3, "checkout", "deploy"),
        close_gate(-13.5, "checkout", "Release", "rolled back (ask Ines)"),
        push(-11.2, "checkout"),
    ),
    shop=(-21.0, -15.0),
    seconds=(180, 420),
    breaks=0.1,
)
"""A bad release: its tests passed, its deployment failed on the first servers and was rolled back; somebody has closed
the gate, and the next commit is queued behind it."""

APPROVALS: Final = Plot(
    "approvals",
    tracks=(
        Track("billing", _SIGNED, approval_minutes=60, watched=False),
        Track("catalog", _TESTED),
        Track("gateway", _SIGNED, approval_minutes=240, watched=False),
        Track("invoices", _SIGNED, approval_minutes=20, watched=False),
        Track("mobile-api", _SIGNED, approval_minutes=240, watched=False),
        Track("payments", _SIGNED, approval_minutes=7 * 24 * 60, watched=False),
        Track("search", _TESTED),
    ),
    story=(
        answer(-166.0, "billing"),
        answer(-159.0, "gateway"),
        answer(-154.0, "invoices"),
        answer(-148.0, "mobile-api"),
        answer(-142.0, "payments"),
        close_gate(-118.0, "gateway", "Release", "freeze until the 25th"),
        push(-110.3, "payments"),
        push(-95.2, "mobile-api"),
        push(-82.7, "mobile-api"),
        push(-70.4, "gateway"),
        push(-64.9, "mobile-api"),
        answer(-61.0, "gateway"),
        push(-49.6, "billing"),
        push(-31.5, "search"),
        push(-18.1, "invoices"),
    ),
    seconds=(420, 900),
    breaks=0.0,
)
"""An approval queue: one about to expire, one within the quarter of an hour, others with hours and days; a revision
superseded before it was looked at; an approved one that a closed gate holds."""

PLOTS: Final = {plot.name: plot for plot in (FLOOR, CALM, BAD_RELEASE, APPROVALS)}
"""Every scenario by its name."""
