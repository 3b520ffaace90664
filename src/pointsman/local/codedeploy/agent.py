"""What the CodeDeploy agent does on an instance: download, install, run scripts. Blocking, on a thread of the crew.

The instance is a folder; the agent keeps its own files where the real one does, below ``opt/codedeploy-agent``. All of
it can be done again after a restart: a script whose end is written down is not run a second time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from pointsman.local.codedeploy import bundles, installing
from pointsman.local.codedeploy.appspec import AppSpec, AppSpecError, Hook, server
from pointsman.local.codedeploy.machine import Outcome
from pointsman.local.codedeploy.protocol import Bundle, EventOrder
from pointsman.local.granting import SECRETS
from pointsman.local.runners.lines import Mask
from pointsman.local.runners.process import confined
from pointsman.local.runners.rooms import Ended, Room, Script, outcome
from pointsman.local.store.blobs import Blobs

TAIL: Final = 2048
"""Characters of a log tail, at most."""
ARCHIVES: Final = 5
"""Deployments of a group whose files are kept on an instance."""
INSTANCE: Final = "POINTSMAN_INSTANCE_ROOT"
"""The variable that tells a script where its instance lies; every process of the instance has it."""

SCRIPT_MISSING, SCRIPT_TIMED_OUT, SCRIPT_FAILED, UNKNOWN = (
    "ScriptMissing",
    "ScriptTimedOut",
    "ScriptFailed",
    "UnknownError",
)


class _Failed(Exception):
    """An event has failed; carries its outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Agent:
    """The agent of one instance, for one event.

    Args:
        order: The event.
        blobs: Where bundles are.
        room: Where scripts run.
        access: The AWS variables of a script.
        again: Take up what an earlier backend has begun.
    """

    def __init__(self, order: EventOrder, blobs: Blobs, room: Room, access: dict[str, str], *, again: bool) -> None:
        self._order = order
        self._blobs = blobs
        self._room = room
        self._access = access
        self._again = again
        self._home = order.root / "opt" / "codedeploy-agent"
        self._deployments = self._home / "deployment-root"
        self._group = self._deployments / order.group_id
        self._own = self._group / order.deployment
        self._notes = self._deployments / "deployment-instructions"
        self._mask = Mask([value for name in SECRETS if (value := order.variables.get(name))])
        self._said = [f"LifecycleEvent - {order.event}"]

    def carry_out(self) -> Outcome:
        """Carry the event out."""
        try:
            if self._order.event == "DownloadBundle":
                self._download()
            elif self._order.event == "Install":
                self._install()
            else:
                return self._hook()
        except _Failed as failure:
            return failure.outcome
        except (AppSpecError, bundles.BundleError, installing.InstallError) as error:
            return self._broken(str(error))
        except OSError as error:
            return self._broken(f"{error.strerror or error}: {error.filename or self._order.root}")
        return Outcome(message="Succeeded")

    def _broken(self, sentence: str) -> Outcome:
        return Outcome(True, UNKNOWN, "", sentence, "\n".join([*self._said, sentence])[-TAIL:])

    # -- DownloadBundle ---------------------------------------------------------------------------------------------

    def _download(self) -> None:
        bundle = self._order.bundle
        if bundle is None:
            raise bundles.BundleError("The deployment has no revision to download.")
        archive = self._own / "deployment-archive"
        try:
            size = self._blobs.size(bundle.digest)
            with self._blobs.open(bundle.digest) as body:
                if bundle.kind in ("YAML", "JSON"):
                    self._bare(archive, body.read(1 << 20))
                else:
                    bundles.unpack(body, bundle.kind, size, archive)
        except KeyError:
            raise bundles.BundleError("The revision is not there any more: its object was deleted.") from None
        except BaseException:
            shutil.rmtree(archive, ignore_errors=True)
            raise
        self._note("most_recent_install")
        self._forget_old()

    @staticmethod
    def _bare(archive: Path, content: bytes) -> None:
        shutil.rmtree(archive, ignore_errors=True)
        archive.mkdir(mode=0o755, parents=True)
        (archive / "appspec.yml").write_bytes(content)

    def _note(self, kind: str) -> None:
        """Remember this deployment's archive on the instance."""
        self._notes.mkdir(mode=0o755, parents=True, exist_ok=True)
        place = self._notes / f"{self._order.group_id}_{kind}"
        fresh = place.with_name(f"{place.name}.new")
        fresh.write_text(str(self._own.relative_to(self._order.root)))
        fresh.replace(place)

    def _noted(self, kind: str) -> Path | None:
        """The deployment folder that was remembered; None when there is none."""
        try:
            text = (self._notes / f"{self._order.group_id}_{kind}").read_text()
        except OSError:
            return None
        place = self._order.root / text
        return place if place.is_dir() and place.is_relative_to(self._group) else None

    def _forget_old(self) -> None:
        """Keep a few archives, and the last that was installed."""
        kept = {self._own, self._noted("last_successful_install")}
        folders = [one for one in self._group.iterdir() if one.is_dir()]
        folders.sort(key=lambda one: one.stat().st_mtime, reverse=True)
        for old in [one for one in folders if one not in kept][ARCHIVES - len(kept - {None}) :]:
            shutil.rmtree(old, ignore_errors=True)

    # -- Install ----------------------------------------------------------------------------------------------------

    def _install(self) -> None:
        archive = self._own / "deployment-archive"
        said = installing.install(
            self._order.root,
            archive,
            self._spec(archive),
            self._order.file_exists,
            self._notes / f"{self._order.group_id}-cleanup",
            self._own / "install-plan.json",
        )
        self._note("last_successful_install")
        self._log(said)

    def _spec(self, archive: Path) -> AppSpec:
        for name in ("appspec.yml", "appspec.yaml"):
            place = archive / name
            if place.is_file():
                if not place.resolve().is_relative_to(archive.resolve()):
                    raise AppSpecError(f"The AppSpec file {name} is a link that leads out of the revision.")
                return server(place.read_bytes().decode("utf-8", "replace"))
        raise AppSpecError(
            "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at "
            'revision-relative path "appspec.yml". The revision was unpacked to directory '
            f'"{archive.relative_to(self._order.root)}", and the AppSpec file was expected but not found at path '
            f'"{(archive / "appspec.yml").relative_to(self._order.root)}".'
        )

    # -- scripts ----------------------------------------------------------------------------------------------------

    def _hook(self) -> Outcome:
        home = self._own
        if self._order.hooks_of != "new":
            kind = "last_successful_install" if self._order.hooks_of == "last" else "most_recent_install"
            found = self._noted(kind)
            if found is None:
                return Outcome(message="Succeeded")  # nothing was deployed here yet
            home = found
        archive = home / "deployment-archive"
        last = ""
        for number, hook in enumerate(self._spec(archive).scripts(self._order.event)):
            self._said.append(f"Script - {hook.location}")
            last = hook.location
            self._script(archive, hook, number)
        return Outcome(script=last, message="Succeeded", tail="\n".join(self._said)[-TAIL:] if last else "")

    def _script(self, archive: Path, hook: Hook, number: int) -> None:
        place = archive / hook.location
        ended = self._earlier(hook, number) if self._again else None
        if ended is None:
            if not place.is_file() or not place.resolve().is_relative_to(archive.resolve()):
                sentence = f"Script does not exist at specified location: {place}"
                self._fail(SCRIPT_MISSING, hook, sentence)
            if hook.runas:
                self._said.append(f"runas {hook.runas} is recorded: the script runs as {_who()}")
            if not os.access(place, os.X_OK):
                self._said.append(
                    f"Script at specified location: {hook.location} is not executable. Trying to make it executable."
                )
                place.chmod(place.stat().st_mode | 0o111)
            ended = self._room.run(self._order_of(place, hook, number))
        self._said += self._mask(ended.tail).splitlines()
        self._log(self._said[-40:])
        self._judge(hook, ended)

    def _earlier(self, hook: Hook, number: int) -> Ended | None:
        """What an earlier backend knew of this script."""
        ended = outcome(self._own / "runs", self._name(number))
        if ended is not None and ended.exit is None:
            self._fail(
                UNKNOWN,
                hook,
                f"The backend was stopped while the script {hook.location} ran; how far it came is not known.",
            )
        return ended

    def _name(self, number: int) -> str:
        return f"{self._order.event}-{number}"

    def _order_of(self, place: Path, hook: Hook, number: int) -> Script:
        runs = self._own / "runs"
        for folder in (runs, self._home / "home", self._home / "tmp"):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        order = self._order
        variables = {
            **self._access,
            "APPLICATION_NAME": order.application,
            "DEPLOYMENT_ID": order.deployment,
            "DEPLOYMENT_GROUP_NAME": order.group,
            "DEPLOYMENT_GROUP_ID": order.group_id,
            "LIFECYCLE_EVENT": order.event,
            INSTANCE: str(order.root),
            **_bundle_variables(order.bundle),
            **order.variables,
        }
        return Script(
            folder=runs,
            name=self._name(number),
            command=_command(place),
            environment=confined(self._home, variables, os.environ),
            directory=self._home,
            timeout=hook.timeout,
            log=self._logfile(),
        )

    def _judge(self, hook: Hook, ended: Ended) -> None:
        where = f"Script at specified location: {hook.location}"
        if ended.note == "timeout":
            self._fail(SCRIPT_TIMED_OUT, hook, f"{where} failed to complete in {hook.timeout} seconds")
        if ended.exit is None:
            self._fail(UNKNOWN, hook, f"{where} could not be run: {ended.note}")
        if ended.exit != 0:
            why = f"{where}{f' run as user {hook.runas}' if hook.runas else ''} failed with exit code {ended.exit}"
            self._fail(SCRIPT_FAILED, hook, f"{why} ({ended.note})" if ended.note else why)
        if ended.note.startswith("open "):
            self._fail(UNKNOWN, hook, f"{where} failed to close {ended.note.removeprefix('open ').replace(' ', ', ')}")

    def _fail(self, code: str, hook: Hook, sentence: str) -> None:
        tail = "\n".join(self._said)[-TAIL:]
        raise _Failed(Outcome(True, code, hook.location, sentence, tail))

    # -- the log ----------------------------------------------------------------------------------------------------

    def _logfile(self) -> Path:
        logs = self._own / "logs"
        logs.mkdir(mode=0o755, parents=True, exist_ok=True)
        return logs / "scripts.log"

    def _log(self, lines: list[str]) -> None:
        with contextlib.suppress(OSError), self._logfile().open("a") as log:
            log.writelines(f"{line}\n" for line in lines if not line.startswith("[std"))


def _bundle_variables(bundle: Bundle | None) -> dict[str, str]:
    return dict(bundle.variables) if bundle else {}


def _command(place: Path) -> list[str]:
    """How to start a script: as the kernel would, and by the shell when it has no interpreter line."""
    with place.open("rb") as file:
        head = file.read(4)
    if head.startswith(b"#!") or head == b"\x7fELF":
        return [str(place)]
    return ["/bin/sh", str(place)]


def _who() -> str:
    return "root, as the backend does" if os.getuid() == 0 else "the user of this backend"
