"""The doors: one server, several sockets, the same address on both loopbacks.

The host's loopback and the loopback of the cloud's namespace carry the same address, so a program
inside the namespace sees the URLs of the catalog and the guests at the same time.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from unkai.kit import netns
from unkai.kit.errors import Conflict
from unkai.settings import Settings

BACKLOG = 2048
SOCKET_FRAME_BYTES = 1 << 20


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def make_server(app: ASGIApp) -> Server:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
        backlog=BACKLOG,
        ws_max_size=SOCKET_FRAME_BYTES,
        ws_per_message_deflate=False,  # screens are compressed already
    )
    return Server(config)


def host_socket(settings: Settings) -> socket.socket:
    """The API's socket on the host; Conflict if somebody else has the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
    except OSError as error:
        sock.close()
        raise Conflict(
            f"{settings.host}:{settings.port} is taken by another program.",
            code="port-in-use",
            remedy="Choose another with --port.",
        ) from error
    sock.listen(BACKLOG)
    sock.setblocking(False)
    return sock


def namespace_socket(settings: Settings) -> socket.socket:
    """The same address inside the cloud's namespace."""
    return netns.listen_tcp(settings.namespace, settings.host, settings.port, backlog=BACKLOG)
