"""Metadata's door: an ASGI application behind one listening socket per network.

A guest asks 169.254.169.254; which network the socket belongs to and the source address tell which
guest it is. A hundred networks share one server configuration: each has its socket and, per
connection, a protocol object that adds `unkai.network_id` to the scope; there is no server object
per network.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

SCOPE_KEY: Final = "unkai.network_id"

Scope = MutableMapping[str, Any]
Application = Callable[
    [Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


class MetadataDoor(Protocol):
    """Who answers on the metadata sockets that a driver opens."""

    async def open(self, network_id: str, listener: socket.socket) -> None:
        """Serve a network; the socket listens already and belongs to the door from now on."""
        ...

    async def close(self, network_id: str) -> None:
        """Serve it no more and close the socket. Unknown is fine."""
        ...


class MetadataServer:
    """Serves one ASGI application on every network's socket.

    `scope["unkai.network_id"]` names the network, `scope["client"][0]` is the guest's address.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._servers: dict[str, asyncio.Server] = {}
        self._shared: tuple[Config, ServerState] | None = None

    async def open(self, network_id: str, listener: socket.socket) -> None:
        await self.close(network_id)
        make = self._protocol_factory(network_id)
        loop = asyncio.get_running_loop()
        self._servers[network_id] = await loop.create_server(make, sock=listener)

    async def close(self, network_id: str) -> None:
        server = self._servers.pop(network_id, None)
        if server is not None:
            server.close()

    async def close_all(self) -> None:
        """Close every socket and every connection."""
        for network_id in list(self._servers):
            await self.close(network_id)
        if self._shared is not None:
            for connection in list(self._shared[1].connections):
                connection.shutdown()

    def networks(self) -> set[str]:
        return set(self._servers)

    def _protocol_factory(self, network_id: str) -> Callable[[], asyncio.Protocol]:
        from uvicorn.config import Config
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
        from uvicorn.server import ServerState

        if self._shared is None:
            config = Config(
                self._application,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                interface="asgi3",
                proxy_headers=False,
                server_header=False,
            )
            config.load()
            self._shared = (config, ServerState())
        config, state = self._shared
        answer = self._for_network(network_id)

        def make() -> asyncio.Protocol:
            protocol = HttpToolsProtocol(config, state, {})
            protocol.app = answer
            return protocol

        return make

    def _for_network(self, network_id: str) -> Application:
        async def answer(
            scope: Scope,
            receive: Callable[[], Awaitable[Any]],
            send: Callable[[Any], Awaitable[None]],
        ) -> None:
            scope[SCOPE_KEY] = network_id
            await self._application(scope, receive, send)

        return answer
