"""Calls out of the cloud: HTTP and UDP whose sockets are born in a network namespace.

Machines, their BMCs and their agents may live behind the cloud's own namespace. A socket keeps the
namespace it was born in (`kit.netns`), so the client here opens each one there and then works in
the loop as any other; the process never moves. None means the namespace of this process.

Rejected: httpx's own transport, which leaves no room for a socket made elsewhere; a proxy inside
the namespace, one more process to watch.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, TypeVar, cast

import httpcore
import httpx

from unkai.kit import netns

T = TypeVar("T")

READ_BUFFER = 256 << 10


def http_client(
    namespace: str | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    timeout_s: float = 10.0,
    connections: int = 100,
    keepalive_s: float = 30.0,
    auth: tuple[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.AsyncClient:
    """An HTTP client whose connections are opened in the namespace; close it with `aclose()`.

    It follows no redirects and reads no proxy settings of the environment. tls: for https; None
    trusts the usual roots. connections: at most so many to one host. Raises what httpx raises
    (`httpx.TransportError` for the network).
    """
    dialer = _Dialer(namespace)

    def make_pool() -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keepalive_s,
            network_backend=dialer,
        )

    return httpx.AsyncClient(
        transport=_Transport(make_pool),
        timeout=timeout_s,
        auth=auth,
        headers=headers,
        trust_env=False,
    )


async def udp_socket(
    namespace: str | None = None, *, host: str = "0.0.0.0", port: int = 0, receive_bytes: int = 0
) -> socket.socket:
    """A non-blocking UDP socket of the namespace, for `loop.create_datagram_endpoint(sock=...)`.

    host: "::" for IPv6. receive_bytes: how much may wait unread in the kernel; 0 leaves its own.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    def make() -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if receive_bytes:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            made.bind((host, port))
            made.setblocking(False)
        except OSError:
            made.close()
            raise
        return made

    return await _in(namespace, make)


async def tcp_socket(namespace: str | None, host: str, port: int) -> socket.socket:
    """A connected, non-blocking TCP socket of the namespace; the addresses are tried in turn."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    last: OSError | None = None
    for family, kind, protocol, _, address in found:
        made = await _in(namespace, lambda: socket.socket(family, kind, protocol))  # noqa: B023
        try:
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(made, address)
            return made
        except OSError as error:
            made.close()
            last = error
        except BaseException:
            made.close()
            raise
    raise last or OSError(f"{host} has no address")


async def _in(namespace: str | None, make: Callable[[], T]) -> T:
    return make() if namespace is None else await netns.run(namespace, make)


class _Dialer(httpcore.AsyncNetworkBackend):
    def __init__(self, namespace: str | None) -> None:
        self._namespace = namespace

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                sock = await tcp_socket(self._namespace, host, port)
                pair = await asyncio.open_connection(sock=sock, limit=READ_BUFFER)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host}:{port} did not answer in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host}:{port}: {error.strerror or error}") from error
        return _Stream(*pair)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.UnsupportedProtocol("UNIX sockets are not dialled here")

    async def sleep(self, seconds: float) -> None:
        """Between httpcore's own retries, which are off."""


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("no answer in time") from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout("the request was not taken in time") from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError as error:
            self._writer.transport.abort()
            raise httpcore.ConnectTimeout("TLS was not agreed in time") from error
        except (OSError, ssl.SSLError) as error:
            self._writer.transport.abort()
            raise httpcore.ConnectError(str(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: whether an idle connection has anything to read (it was shut)."""
        if info == "is_readable":
            return self._reader.at_eof() or self._writer.is_closing()
        if info == "ssl_object":
            return self._writer.get_extra_info("ssl_object")
        return None


class _Transport(httpx.AsyncBaseTransport):
    """httpcore's pools as httpx wants them: requests, answers and errors by their httpx names.

    A pool for each host: httpcore walks through all connections of a pool at every request, which
    for a thousand hosts in one pool costs more than the request.
    """

    def __init__(self, make_pool: Callable[[], httpcore.AsyncConnectionPool]) -> None:
        self._make_pool = make_pool
        self._pools: dict[tuple[bytes, bytes, int | None], httpcore.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=cast("AsyncIterable[bytes]", request.stream),
            extensions=request.extensions,
        )
        try:
            answer = await self._pool(url).handle_async_request(asked)
        except Exception as error:
            raise _as_httpx(error) from error
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=cast("dict[str, Any]", answer.extensions),  # pyright: ignore[reportUnknownMemberType]
        )

    def _pool(self, url: httpx.URL) -> httpcore.AsyncConnectionPool:
        key = (url.raw_scheme, url.raw_host, url.port)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._make_pool()
        return pool

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._answer.aiter_stream():
                yield part
        except Exception as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


def _as_httpx(error: Exception) -> Exception:
    """The httpx error of the same name; anything that is not httpcore's stays what it is."""
    for kind in type(error).__mro__:
        if kind.__module__.startswith("httpcore") and issubclass(kind, Exception):
            found = getattr(httpx, kind.__name__, None)
            if isinstance(found, type) and issubclass(found, httpx.TransportError):
                return found(str(error))
    return error
