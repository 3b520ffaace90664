"""``Endpoint``: a backend, reachable by the stock AWS CLI and every SDK.

::

    with Backend(state=folder) as backend, Endpoint(backend, keys=of_folder(backend.root)) as endpoint:
        print(endpoint.address)
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from pointsman.clock import Clock, SystemClock
from pointsman.errors import UsageError
from pointsman.local.answers import AwsError, Parameters
from pointsman.local.backend import Backend
from pointsman.local.endpoint.app import Application, Doors, Secret
from pointsman.local.endpoint.guard import LOOPBACK
from pointsman.local.endpoint.intake import Intake
from pointsman.local.endpoint.keys import Key
from pointsman.local.endpoint.server import Server
from pointsman.local.pages import Pages, Shown, Visit
from pointsman.local.ports import bind_http, is_loopback
from pointsman.local.reach import Reach
from pointsman.local.s3 import objects
from pointsman.local.sts import keys as session_keys

WORKERS = 4
_WILD = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Endpoint:
    """A backend behind a port.

    Args:
        backend: What answers; it is not closed with the endpoint.
        host: The address to listen on: a loopback one, unless ``exposed``.
        port: The port; 0 takes a free one.
        keys: What requests are signed with; None takes any key, from processes of this user, on loopback only.
        hosts: Further names requests may be addressed to.
        exposed: Listening beyond loopback is meant.
        reset: What ``POST /_pointsman/reset`` does; None leaves it out.
        about: What ``GET /_pointsman/health`` says beside what is answered.
        clock: What signatures' times are held against; None is the wall clock, whatever the backend's is.
        listener: A socket bound to ``host`` already; None has ``start`` bind one.
        eager: Answer as fast as can be; not where a console beside it wants its share of the machine.

    Raises:
        UsageError: An address beyond loopback that was not meant, or without keys.
    """

    def __init__(
        self,
        backend: Backend,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        keys: Key | None,
        hosts: Iterable[str] = (),
        exposed: bool = False,
        reset: Callable[[], None] | None = None,
        about: Callable[[], Mapping[str, Any]] = dict,
        clock: Clock | None = None,
        listener: socket.socket | None = None,
        eager: bool = True,
    ) -> None:
        loopback = is_loopback(host)
        if not loopback and keys is None:
            raise UsageError("an endpoint without signatures listens on a loopback address only", "--host 127.0.0.1")
        if not loopback and not exposed:
            raise UsageError(
                f"{host} can be reached from other machines, and whoever has the keys can run commands here",
                "--host 127.0.0.1, or say that it is meant",
            )
        self._backend = backend
        self._keys = keys
        self._reset = reset
        self._host = host
        self._port = port
        self._listener = listener
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="pointsman-answer")
        doors = Doors(
            None if keys is None else self._secret,
            LOOPBACK | {host.lower()} | {name.lower() for name in hosts},
            own_user=keys is None,
            reset=reset is not None,
        )
        self._app = Application(
            _Asked(backend, reset, about),
            backend.table.services(),
            doors,
            clock or SystemClock(),
            self._workers,
            eager=eager,
        )
        self._server: Server | None = None
        self._reached = ""

    def _secret(self, access_key: str) -> Secret | None:
        if self._keys is not None and access_key == self._keys.access_key_id:
            return Secret(self._keys.secret_access_key)
        if not access_key.startswith("ASIA"):
            return None
        world = self._backend.world
        with world.lock:
            found = session_keys.find(world.scope(self._backend.account, ""), access_key)
        return None if found is None else Secret(found.secret_access_key, found.session_token, found.expires)

    def start(self) -> None:
        """Bind the port and answer from now on.

        Raises:
            StateError: The port cannot be had.
        """
        listener = self._listener or bind_http(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._server = Server(self._app, listener)
        self._server.start()
        self._reached = self._near()
        self._backend.world.tool(Reach).opened(self._reached)

    def _near(self) -> str:
        """The address as processes of this machine write it; one for all addresses is on the loopback one too."""
        near = _WILD.get(self._host)
        if near is None:
            return self.address
        return f"http://[{near}]:{self._port}" if ":" in near else f"http://{near}:{self._port}"

    @property
    def port(self) -> int:
        """The port; what was asked for until ``start`` has bound one."""
        return self._port

    @property
    def address(self) -> str:
        """What ``AWS_ENDPOINT_URL`` is set to."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def backend(self) -> Backend:
        """What answers."""
        return self._backend

    @property
    def keys(self) -> Key | None:
        """What requests are signed with; None when any key does."""
        return self._keys

    def close(self) -> None:
        """Let go of every client and of the port. Closing twice is harmless."""
        if self._server is not None:
            self._backend.world.tool(Reach).closed(self._reached)
            self._server.stop()
            self._server = None
        self._workers.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Asked:
    """The backend as the application sees it."""

    def __init__(
        self, backend: Backend, reset: Callable[[], None] | None, about: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._backend = backend
        self._reset = reset
        self.about = about

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        return self._backend.ask(region, service, operation, parameters)

    def is_free(self) -> bool:
        lock = self._backend.world.lock
        free = lock.acquire(blocking=False)
        if free:
            lock.release()
        return free

    def request_id(self) -> str:
        return self._backend.world.request_id()

    def keep(self, intake: Intake) -> object:
        path = intake.path
        if path is None:
            return intake.body()
        return objects.keep(self._backend.world.blobs, path)

    def has_page(self, name: str, method: str) -> bool:
        page = self._backend.world.tool(Pages).find(name)
        return page is not None and page.method == method

    def visit(self, name: str, method: str, visit: Visit) -> Shown | None:
        return self._backend.visit(name, method, visit)

    def reset(self) -> None:
        if self._reset is None:
            raise AwsError("NotImplemented", "reset was not allowed", 501)
        self._reset()
