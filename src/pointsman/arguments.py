"""The command line's arguments: what there is to ask for, and what is said of a mistake."""

from __future__ import annotations

import argparse
import os

from pointsman import __version__
from pointsman import cli_text as text
from pointsman.ending import USAGE, say

TYPE_CHECKING = False  # typing's own costs milliseconds that --version does not have
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from pointsman.config.launch import Launch

_COMMANDS = ("demo", "local", "trace", "serve", "env", "doctor", "iam-policy")

_OPTIONS = {
    "--config": ("pointsman", "pointsman demo", "pointsman local", "pointsman trace", "pointsman doctor"),
    **dict.fromkeys(
        ("--read-only", "--plain-output", "--low-bandwidth"),
        ("pointsman", "pointsman demo", "pointsman local", "pointsman trace"),
    ),
    "--help": ("pointsman", *(f"pointsman {name}" for name in _COMMANDS)),
    "--version": ("pointsman",),
    **dict.fromkeys(("--profile", "--endpoint-url"), ("pointsman", "pointsman doctor")),
    "--region": ("pointsman", "pointsman local", "pointsman serve", "pointsman doctor"),
    **dict.fromkeys(("--seed", "--at", "--speed", "--paused", "--scenario"), ("pointsman demo",)),
    "--state": ("pointsman local", "pointsman serve", "pointsman env", "pointsman doctor"),
    **dict.fromkeys(("--load", "--account", "--trust"), ("pointsman local", "pointsman serve")),
    **dict.fromkeys(("--all", "--list"), ("pointsman iam-policy",)),
    "--listen": ("pointsman local",),
    "--xray-port": ("pointsman local", "pointsman serve"),
    **dict.fromkeys(("--host", "--port", "--expose", "--auth", "--allow-reset", "--ready-file"), ("pointsman serve",)),
}
"""Option -> where it goes, to say what a misplaced or misspelt one was meant to be; a test compares."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence with the way out, and nothing else."""

    more: Callable[[], str] | None = None
    """What the help ends with, where finding that out costs something."""

    def format_help(self) -> str:
        """The help, with its end."""
        return super().format_help() + (self.more() if self.more is not None else "")

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        if "invalid choice: " in message:
            from pointsman.config.checks import close

            word = message.split("invalid choice: ", 1)[1].split("'")[1]
            message = f'there is no "{self.prog} {word}"{close(word, _COMMANDS)}'
        say(message.removeprefix("argument "), f"{self.prog} --help shows what there is")
        raise SystemExit(USAGE)


def _check_options(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Refuse an option that does not exist or stands too early, before argparse takes what follows it for a world."""
    worlds = False
    for argument in arguments:
        worlds = worlds or argument in _COMMANDS
        option = argument.split("=", 1)[0]
        if not option.startswith("--"):
            continue
        if option not in _OPTIONS:
            from pointsman.config.checks import close

            parser.error(f"there is no {option}{close(option, _OPTIONS)}")
        if not worlds and parser.prog not in _OPTIONS[option]:
            _misplaced(parser, option)


def _misplaced(parser: argparse.ArgumentParser, option: str) -> None:
    where = " or ".join(_OPTIONS.get(option, ()))
    parser.error(f"{option} goes with {where}" if where else f'there is nothing to do with "{option}"')


def _number(least: float, most: float, kind: type[int] | type[float] = float) -> Any:
    def take(text: str) -> float:
        try:
            value = kind(text)
            good = least <= value <= most
        except ValueError:
            good = False
        if not good:
            whole = "a whole number" if kind is int else "a number"
            limits = f"{least} to {most}" if kind is int else f"{least:g} to {most:.0f}"
            raise argparse.ArgumentTypeError(f'"{text}" must be {whole} from {limits}')
        return value

    return take


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Help as wide as the terminal, to a limit; argparse would import half a compression library to find that out."""
    try:
        columns = os.get_terminal_size().columns
    except OSError:
        columns = 0
    return argparse.RawDescriptionHelpFormatter(prog, width=min(columns or 80, 110) - 2)


def _parser() -> argparse.ArgumentParser:
    shape: dict[str, Any] = {
        "formatter_class": _formatter,
        "allow_abbrev": False,
        "add_help": False,
    }
    helped = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    helped.add_argument("-h", "--help", action="help", help="show this and leave")
    everywhere = _Parser(add_help=False, argument_default=argparse.SUPPRESS, parents=[helped])
    everywhere.add_argument("--config", metavar="FILE", help="the configuration file; explained in sample_config/")
    everywhere.add_argument("--read-only", action="store_true", help="refuse every write, with no way to arm them")
    everywhere.add_argument(
        "--plain-output",
        action="store_true",
        help="write to the terminal as Textual does, whole regions and no scrolling",
    )
    everywhere.add_argument(
        "--low-bandwidth", action="store_true", help="cap the frames and bytes sent to the terminal"
    )
    parser = _Parser(prog="pointsman", description=text.ABOUT, epilog=text.EXAMPLES, parents=[everywhere], **shape)
    parser.add_argument("--version", action="version", version=f"pointsman {__version__}", help="say which this is")
    parser.add_argument("--profile", metavar="NAME", help="the AWS profile")
    parser.add_argument("--region", metavar="NAME", help="the AWS region")
    parser.add_argument("--endpoint-url", metavar="URL", help="where AWS's calls go")
    worlds = parser.add_subparsers(
        dest="world", metavar=f"[{' | '.join(_COMMANDS)}]", title="worlds", help="AWS when left out"
    )
    demo = worlds.add_parser(
        "demo", help="the seeded demo", description=text.DEMO, epilog=text.DEMO_EXAMPLES, parents=[everywhere], **shape
    )
    demo.more = _scenarios
    _demo(demo)
    _local(
        worlds.add_parser(
            "local",
            help="the local world",
            description=text.LOCAL,
            epilog=text.LOCAL_EXAMPLES,
            parents=[everywhere],
            **shape,
        ),
        listen=True,
    )
    _trace(
        worlds.add_parser(
            "trace",
            help="the traces in a file",
            description=text.TRACE,
            epilog=text.TRACE_EXAMPLES,
            parents=[everywhere],
            **shape,
        )
    )
    _serve(
        worlds.add_parser(
            "serve",
            help="the local world over HTTP",
            description=text.SERVE,
            epilog=text.SERVE_EXAMPLES,
            parents=[helped],
            **shape,
        )
    )
    _state(
        worlds.add_parser(
            "env", help="a shell's way to it", description=text.ENV, epilog=text.ENV_EXAMPLES, parents=[helped], **shape
        )
    )
    _doctor(
        worlds.add_parser(
            "doctor",
            help="what is wrong",
            description=text.DOCTOR,
            epilog=text.DOCTOR_EXAMPLES,
            parents=[helped],
            **shape,
        )
    )
    _policy(
        worlds.add_parser(
            "iam-policy",
            help="the least permissions",
            description=text.POLICY,
            epilog=text.POLICY_EXAMPLES,
            parents=[helped],
            **shape,
        )
    )
    return parser


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "about",
        nargs="*",
        metavar="THING",
        help="pipeline NAME, build ID, deployment ID, metric NAMESPACE/NAME [DIMENSION=VALUE ...], traces; everything",
    )
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the configuration file")
    parser.add_argument("--profile", metavar="NAME", default=argparse.SUPPRESS, help="the AWS profile")
    parser.add_argument("--region", metavar="NAME", default=argparse.SUPPRESS, help="the AWS region")
    parser.add_argument("--endpoint-url", metavar="URL", default=argparse.SUPPRESS, help="where AWS's calls go")
    parser.add_argument("--state", metavar="DIR", help="a local world's state folder, while somebody serves it")


def _policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help="an operation's id: approval.approve")
    parser.add_argument("--all", action="store_true", dest="every_operation", help="every operation")
    parser.add_argument("--list", action="store_true", dest="list_operations", help="the operations and their calls")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=_number(0, 2**31 - 1, int), default=0, metavar="N", help="which floor; 0")
    parser.add_argument(
        "--at",
        type=_number(0, 864_000, float),
        default=0.0,
        metavar="SECONDS",
        help="how far into the story to begin; 0",
    )
    parser.add_argument(
        "--speed", type=_number(0.01, 1000), default=1.0, metavar="X", help="how fast its clock runs; 1"
    )
    parser.add_argument("--paused", action="store_true", help="begin with its clock standing")
    parser.add_argument("--scenario", default="", metavar="NAME", help="which story to show, of those below; floor")


def _scenarios() -> str:
    from pointsman.local.scenarios import NAMES

    return "\nscenarios:\n" + "".join(f"  {name:<14}{what}\n" for name, what in NAMES.items())


def _state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", metavar="DIR", help="the state folder; $XDG_STATE_HOME/pointsman/local")


def _trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a trace, segment documents, or one document per line")


def _serve(parser: argparse.ArgumentParser) -> None:
    _local(parser)
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen; %(default)s")
    parser.add_argument(
        "--port", type=_number(0, 65535, int), default=0, metavar="N", help="the port; 0, the default, takes a free one"
    )
    parser.add_argument(
        "--expose",
        action="store_true",
        help="allow a --host that other machines reach: with the keys they run commands",
    )
    parser.add_argument(
        "--auth",
        type=_auth,
        default="sigv4",
        metavar="HOW",
        help="sigv4, or none: any key, from processes of yours on this machine; %(default)s",
    )
    parser.add_argument(
        "--allow-reset", action="store_true", help="have POST /_pointsman/reset kill all work and empty the world"
    )
    parser.add_argument(
        "--ready-file", metavar="FILE", help="a file with address and pid, there once every port answers"
    )


def _auth(text: str) -> str:
    if text not in ("sigv4", "none"):
        raise argparse.ArgumentTypeError(f'"{text}" must be sigv4 or none')
    return text


def _local(parser: argparse.ArgumentParser, *, listen: bool = False) -> None:
    parser.add_argument(
        "--state",
        metavar="DIR",
        help="the state folder, made when absent; "
        "$XDG_STATE_HOME/pointsman/local. Files in it that are not ours are left alone",
    )
    parser.add_argument(
        "--load",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="world files, or folders with a world.yml, to apply; applying one twice changes nothing",
    )
    parser.add_argument(
        "--region", default=argparse.SUPPRESS, metavar="NAME", help="the region its clients are in; us-east-1"
    )
    parser.add_argument("--account", default="123456789012", metavar="ID", help="the account's number; %(default)s")
    parser.add_argument("--trust", action="store_true", help="run what the world files name without asking")
    if listen:
        parser.add_argument(
            "--listen",
            type=_number(0, 65535, int),
            default=0,
            metavar="N",
            help="the loopback port its backend answers on; 0, the default, takes a free one",
        )
    parser.add_argument(
        "--xray-port",
        type=_number(0, 65535, int),
        metavar="N",
        help="bind X-Ray's port on loopback, UDP and TCP; 0 takes a free one, left out there is none",
    )


def parse(arguments: Sequence[str]) -> Launch:
    """What a command line asks for.

    Raises:
        SystemExit: Help or version was asked for and printed, or something is wrong and was said.
    """
    parser = _parser()
    _check_options(parser, arguments)
    known, strangers = parser.parse_known_args(arguments)
    given = vars(known)
    if strangers:
        _misplaced(parser, strangers[0].split("=", 1)[0])
    from pathlib import Path

    from pointsman.config import checks
    from pointsman.config.launch import Launch, World

    world = World(given.pop("world") or "aws")
    for option in ("profile", "endpoint_url", "region"):
        if given.get(option) and world is not World.AWS and f"pointsman {world}" not in _OPTIONS[_spelt(option)]:
            parser.error(f"{_spelt(option)} goes with AWS: pointsman {world} makes no call to AWS")
        given[option] = given.get(option) or ""
    for option in ("config", "read_only", "plain_output", "low_bandwidth"):
        if given.get(option) and world in (World.SERVE, World.ENV, World.IAM_POLICY):
            _misplaced(parser, _spelt(option))
    if given.get("account") and (wrong := checks.account(given["account"])) is not None:
        parser.error(wrong)
    for option in ("config", "state", "ready_file", "file"):
        if given.get(option) is not None:
            given[option] = Path(given[option])
    given["operations"] = tuple(given.get("operations", ()))
    given["about"] = tuple(given.get("about", ()))
    given["load"] = tuple(Path(file) for file in given.get("load", ()))
    return Launch(world=world, **given)


def _spelt(option: str) -> str:
    return f"--{option.replace('_', '-')}"
