"""Serves the web beside the reading of logs, in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from gctail.board import Board
from gctail.errors import UsageError
from gctail.web.guard import Access

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from gctail.web.app import Around

STOP_WITHIN_S = 2.0


class Address(Struct, frozen=True):
    """Where to listen, and with which certificate."""

    host: str
    port: int
    certificate: str | None = None
    key: str | None = None

    @property
    def loopback(self) -> bool:
        """Only this machine can reach it."""
        return self.host in {"127.0.0.1", "localhost", "::1"}

    @property
    def url(self) -> str:
        """What to type into a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}/"


def parse_address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9464`, `[::1]:9464`, `:9464` (this machine only). Raises UsageError where it is none."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {text}: write an address and a port, such as 127.0.0.1:9464")
    return host, int(port)


class Server:
    """The web, from `start` to `stop`. Needs the extra `gctail[web]`."""

    def __init__(self, board: Board, address: Address, access: Access, around: Around | None = None) -> None:
        self.address = address
        self._socket = _bound(address)
        self._over = threading.Event()
        port = self._socket.getsockname()[1]
        self.address = Address(address.host, port, address.certificate, address.key)
        try:
            app = _application(board, access, around, self._over.is_set)
            self._server = _server(app, self.address)
        except UsageError:
            self._socket.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="gctail-web", daemon=True)

    def start(self) -> None:
        """From now on it answers."""
        self._socket.listen(128)
        self._thread.start()

    def stop(self) -> None:
        """Answer nothing more; streams end, and what does not end soon is cut, which is no error then."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._over.set()
        self._server.should_exit = True
        self._thread.join(STOP_WITHIN_S)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _bound(address: Address) -> socket.socket:
    """The address is taken at once, so that a port in use is said before anything is read."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address.host, address.port))
    except OSError as error:
        bound.close()
        where = f"{address.host}:{address.port}"
        raise UsageError(f"--listen {where}: {error.strerror}; choose another port, or stop who has it") from error
    return bound


def _application(board: Board, access: Access, around: Around | None, over: Callable[[], bool]) -> ASGIApp:
    try:
        import uvicorn  # noqa: F401 - so that whatever is missing is said here

        from gctail.web.app import application

        return application(board, access, around, over)
    except ImportError as error:
        raise UsageError("--listen needs more packages: pip install 'gctail[web]'") from error


def _server(app: ASGIApp, address: Address) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        timeout_graceful_shutdown=1,
        limit_concurrency=200,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise UsageError(f"--listen: the certificate or its key cannot be used: {error}") from error
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # signals belong to the main thread
    return server
