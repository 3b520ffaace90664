"""The ``:`` command line's language: what may be typed, how it completes, and what a line means.

Pure: the app looks a parsed line's ``name`` up among its own handlers.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field

__all__ = ["COMMANDS", "Command", "Line", "Names", "complete", "parse"]


MOST_SECONDS = 86_400
"""The longest step of a demo's clock."""
MOST_SPEED = 100
"""The fastest a demo's clock goes."""


class Names(Struct, frozen=True):
    """What is known by name, for completion; grows as the screens read."""

    pipelines: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Deployment groups, as ``application/group``."""
    traces: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    dashboards: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    """Log groups."""
    themes: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def _nothing(_: Names) -> tuple[str, ...]:
    return ()


def _optional(_: str) -> str | None:
    return None


def _required(what: str) -> Callable[[str], str | None]:
    return lambda argument: None if argument else f"which {what}?"


def _commit(argument: str) -> str | None:
    digits = argument.lower()
    if 4 <= len(digits) <= 64 and all(one in "0123456789abcdef" for one in digits):
        return None
    return "give the beginning of a commit's id: at least four hexadecimal digits"


def _dashboard(argument: str) -> str | None:
    if not argument:
        return "which dashboard?"
    fine = len(argument) <= 255 and argument.isascii() and all(one.isalnum() or one in "-_" for one in argument)
    return None if fine else "a dashboard's name has letters, digits, - and _"


def _minutes(argument: str) -> str | None:
    # Loaded when it is needed: the command line is part of the first paint, operations are not.
    from pointsman.operations.arming import minutes_problem

    return minutes_problem(argument)


def _on_off(argument: str) -> str | None:
    return None if argument in ("on", "off") else "say on or off"


def _number(argument: str, most: float, what: str) -> str | None:
    try:
        number = float(argument)
    except ValueError:
        number = 0.0
    return None if 0 < number <= most else f"give {what}"


def _seconds(argument: str) -> str | None:
    return _number(argument, MOST_SECONDS, f"the seconds, up to {MOST_SECONDS:,}")


def _speed(argument: str) -> str | None:
    return _number(argument, MOST_SPEED, f"a number above 0, up to {MOST_SPEED}")


class Command(Struct, frozen=True):
    """One word of the command line."""

    name: str
    help: str
    """One sentence."""
    argument: str = ""
    """What follows the word, as the help shows it; empty when nothing may."""
    names: Callable[[Names], tuple[str, ...]] = _nothing
    """What the argument completes to."""
    check: Callable[[str], str | None] = _optional
    """The argument -> what is wrong with it, or None."""
    aliases: tuple[str, ...] = field(default=())
    words: bool = False
    """Whether the argument is several words, each of which completes by itself."""


_STATES = ("@failed", "@waiting", "@moving", "@succeeded", "@stopped", "@rollback", "@overdue")
"""States that a filter of deployments may ask for."""

_SAMPLES = ("errors", "slowest", "errors-by-time", "events-by-time", "streams", "patterns", "new-patterns")
"""Queries to begin with, by name: the first of the samples."""

COMMANDS: tuple[Command, ...] = (
    Command("overview", "What is broken, what changed, what waits for me.", aliases=("home",)),
    Command(
        "pipelines", "Every pipeline, one row each; a word filters them.", "[FILTER]", lambda names: names.pipelines
    ),
    Command(
        "pipeline", "Open one pipeline.", "NAME", lambda names: names.pipelines, _required("pipeline"), aliases=("pl",)
    ),
    Command("approvals", "Every approval that waits, and what an answer would ship."),
    Command("builds", "Build projects and recent builds, of one project if named.", "[PROJECT]", lambda n: n.projects),
    Command("build", "Open one build.", "ID", lambda names: names.builds, _required("build")),
    Command("batches", "Batches of builds, of one project if named.", "[PROJECT]", lambda names: names.projects),
    Command("commit", "Every pipeline, stage and build that a commit is in.", "ID", check=_commit),
    Command(
        "deployments",
        "CodeDeploy's deployments; words filter them, @failed and the like by their state.",
        "[FILTER]",
        lambda names: (*_STATES, *names.groups),
        words=True,
    ),
    Command("deployment", "Open one deployment.", "ID", lambda names: names.deployments, _required("deployment")),
    Command(
        "fleet",
        "Which revision runs on which target: of a deployment group if one is named.",
        "[APPLICATION/GROUP]",
        lambda names: names.groups,
    ),
    Command("traces", "X-Ray's traces; a filter expression narrows them.", "[EXPRESSION]"),
    Command("trace", "Open one trace.", "ID", lambda names: names.traces, _required("trace")),
    Command(
        "insights",
        "Logs Insights: a saved query or a sample by name, or `in` and log groups.",
        "[NAME | in GROUP ...]",
        lambda _: _SAMPLES,
    ),
    Command("metrics", "CloudWatch's metrics: sparklines of what is watched; words filter them.", "[FILTER]"),
    Command("browse", "Every metric, by namespace and dimensions.", "[NAMESPACE]"),
    Command("alarms", "CloudWatch's alarms, worst first; words filter them.", "[FILTER]", lambda names: names.alarms),
    Command("alarm", "Open one alarm.", "NAME", lambda names: names.alarms, _required("alarm")),
    Command("map", "X-Ray's service map, of a group of traces if one is named.", "[GROUP]"),
    Command("sampling", "X-Ray's sampling rules, and what each would have taken.", "[RULE]"),
    Command(
        "compare",
        "Two traces: what got slower, what appeared, what vanished.",
        "ID ID",
        lambda names: names.traces,
        lambda argument: None if len(argument.split()) == 2 else "which two traces?",
        words=True,
    ),
    Command("dashboards", "CloudWatch's dashboards; a word filters them.", "[FILTER]", lambda names: names.dashboards),
    Command(
        "dashboard",
        "Draw one dashboard, or begin a new one.",
        "NAME",
        lambda names: names.dashboards,
        _dashboard,
        aliases=("db",),
    ),
    Command("logs", "CloudWatch Logs' groups; a word filters them.", "[FILTER]", lambda names: names.logs),
    Command(
        "tail",
        "Follow log groups together, or some of their streams.",
        "GROUP[:STREAM] …",
        lambda names: names.logs,
        _required("log groups"),
        words=True,
    ),
    Command(
        "group",
        "A log group's filters, with a test bench for patterns.",
        "GROUP",
        lambda names: names.logs,
        _required("log group"),
    ),
    Command("doctor", "What is wrong, with one thing or with everything, and what to do next.", "[THING]"),
    Command("activity", "What was done here, and every API call.", aliases=("audit",)),
    Command("arm", "Allow writes for some minutes.", "MINUTES", lambda _: ("5", "15", "30", "60"), _minutes),
    Command("disarm", "Back to read-only, now."),
    Command("pause", "Stop the demo's clock."),
    Command("resume", "Let the demo's clock go on."),
    Command(
        "step", "Let so many seconds of the demo pass at once.", "SECONDS", lambda _: ("10", "60", "600"), _seconds
    ),
    Command("speed", "How fast the demo's clock goes: 1 is real time.", "X", lambda _: ("1", "5", "20"), _speed),
    Command("tour", "The demo's tour, from its beginning."),
    Command("refresh", "Read what is shown again."),
    Command("theme", "Change the colours.", "NAME", lambda names: names.themes, _required("theme")),
    Command("profile", "Look through another profile.", "NAME", lambda names: names.profiles, _required("profile")),
    Command("region", "Look at another region.", "NAME", lambda names: names.regions, _required("region")),
    Command("meter", "Show or hide the bytes a second that go to the terminal."),
    Command("identity", "Who this console acts as.", aliases=("whoami",)),
    Command("errors", "What went wrong in this session."),
    Command("help", "Keys and commands.", aliases=("h",)),
    Command(
        "mouse",
        "Give the mouse to the terminal, for its own selection, or take it.",
        "on|off",
        lambda _: ("on", "off"),
        _on_off,
    ),
    Command("suspend", "Back to the shell; `fg` returns."),
    Command("quit", "Leave.", aliases=("q", "exit")),
)


class Line(Struct, frozen=True):
    """What a typed line means."""

    name: str = ""
    """The command's full name; empty when there is an error, or nothing was typed."""
    argument: str = ""
    error: str = ""
    """What is wrong, in a sentence."""


def find(word: str, commands: Sequence[Command] = COMMANDS) -> Command | None:
    """The command of this name, alias or unambiguous beginning."""
    for command in commands:
        if word == command.name or word in command.aliases:
            return command
    begun = [command for command in commands if command.name.startswith(word)]
    return begun[0] if word and len(begun) == 1 else None


def parse(text: str, commands: Sequence[Command] = COMMANDS) -> Line:
    """What a line means, or what is wrong with it."""
    word, _, argument = text.strip().removeprefix(":").strip().partition(" ")
    argument = argument.strip()
    if not word:
        return Line()
    command = find(word.lower(), commands)
    if command is None:
        begun = [one.name for one in commands if one.name.startswith(word.lower())]
        close = begun or difflib.get_close_matches(word.lower(), [one.name for one in commands], 3, 0.5)
        return Line(error=f"no command {word!r}" + (f"; did you mean {_either(close)}?" if close else "; try :help"))
    if argument and not command.argument:
        return Line(error=f":{command.name} takes nothing after it")
    wrong = command.check(argument)
    return Line(error=f":{command.name}: {wrong}") if wrong else Line(command.name, argument)


def complete(text: str, names: Names, commands: Sequence[Command] = COMMANDS) -> tuple[str, ...]:
    """Whole lines the text could become, best first; at most a few dozen."""
    text = text.removeprefix(":").lstrip()
    word, space, argument = text.partition(" ")
    if not space:
        return tuple(command.name for command in commands if command.name.startswith(word.lower()))
    command = find(word.lower(), commands)
    if command is None:
        return ()
    kept, part = "", argument.strip()
    if command.words:
        kept, part = argument[: len(argument) - len(argument.split(" ")[-1])], argument.split(" ")[-1]
    return tuple(f"{command.name} {kept}{value}" for value in _matching(part, command.names(names)))[:50]


def _matching(part: str, values: Iterable[str]) -> list[str]:
    low = part.lower()
    values = list(values)
    heads = [value for value in values if value.lower().startswith(low)]
    return heads + [value for value in values if low in value.lower() and not value.lower().startswith(low)]


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
