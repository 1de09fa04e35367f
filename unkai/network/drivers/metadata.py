"""Metadata's door: an ASGI application behind one listening socket per network.

A guest asks 169.254.169.254; which network the socket belongs to and the source address tell which
guest it is. A hundred networks share one server configuration: each has its socket and, per
connection, a protocol object that adds `unkai.network_id` to the scope; no server runs per network.
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
    Guests are not trusted: each network has so many connections, headers have a size, and who
    says nothing is sent away, so one network's guests cannot shut out another's.
    """

    def __init__(
        self, application: Application, *, connections_max: int = 100, silence_s: float = 10.0
    ) -> None:
        self._application = application
        self._connections_max = connections_max
        self._silence_s = silence_s
        self._config: Config | None = None
        self._servers: dict[str, tuple[asyncio.Server, ServerState]] = {}

    async def open(self, network_id: str, listener: socket.socket) -> None:
        await self.close(network_id)
        make, state = self._protocols(network_id)
        server = await asyncio.get_running_loop().create_server(make, sock=listener)
        self._servers[network_id] = (server, state)

    async def close(self, network_id: str) -> None:
        """Close the socket and end its connections, each after the answer it is giving."""
        if network_id in self._servers:
            server, state = self._servers.pop(network_id)
            server.close()
            for connection in list(state.connections):
                connection.shutdown()

    async def close_all(self) -> None:
        for network_id in list(self._servers):
            await self.close(network_id)

    def networks(self) -> set[str]:
        return set(self._servers)

    def connections(self, network_id: str) -> int:
        """How many connections of a network are open."""
        return len(self._servers[network_id][1].connections) if network_id in self._servers else 0

    def _protocols(self, network_id: str) -> tuple[Callable[[], asyncio.Protocol], ServerState]:
        from uvicorn.config import Config
        from uvicorn.server import ServerState

        from unkai.network.drivers.metadata_protocol import GuestProtocol

        if self._config is None:
            self._config = Config(
                self._application,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                interface="asgi3",
                proxy_headers=False,
                server_header=False,
                h11_max_incomplete_event_size=16_384,
            )
            self._config.load()
        config, state = self._config, ServerState()

        def make() -> asyncio.Protocol:
            protocol = GuestProtocol(config, state, {})
            protocol.app = self._for_network(network_id)
            protocol.connections_max = self._connections_max
            protocol.silence_s = self._silence_s
            return protocol

        return make, state

    def _for_network(self, network_id: str) -> Application:
        async def answer(
            scope: Scope,
            receive: Callable[[], Awaitable[Any]],
            send: Callable[[Any], Awaitable[None]],
        ) -> None:
            scope[SCOPE_KEY] = network_id
            await self._application(scope, receive, send)

        return answer
