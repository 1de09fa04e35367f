"""Serving a host's agent to the cloud over HTTPS with mutual TLS.

The application itself checks nobody: whoever completes the TLS handshake holds a client certificate
of the cloud's own authority, and there is no other way in.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, TypeVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from unkai.hypervisor import tls, wire
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.console_socket import serve_console
from unkai.kit.errors import BadRequest, Failed, Fault
from unkai.kit.log import log

C = TypeVar("C")
Handler = Callable[[Request], Awaitable[Response]]
_JSON = "application/json"


@dataclass(frozen=True)
class _Verb:
    """A verb of the agent: what it is asked with, and how it is called."""

    name: str
    body: type[Any]
    call: Callable[[Hypervisor, Any], Awaitable[Any]]


_VERBS = (
    _Verb("describe", wire.Empty, lambda agent, _: agent.describe()),
    _Verb("cached-images", wire.Empty, lambda agent, _: agent.cached_images()),
    _Verb("evict-images", wire.EvictCall, lambda agent, ask: agent.evict_images(ask.image_ids)),
    _Verb("prepare", wire.MachineCall, lambda agent, ask: agent.prepare(ask.machine, ask.epoch)),
    _Verb("rebuild", wire.MachineCall, lambda agent, ask: agent.rebuild(ask.machine, ask.epoch)),
    _Verb("plug", wire.ServerCall, lambda agent, ask: agent.plug(ask.server_id, ask.epoch)),
    _Verb("unplug", wire.ServerCall, lambda agent, ask: agent.unplug(ask.server_id, ask.epoch)),
    _Verb(
        "start",
        wire.StartCall,
        lambda agent, ask: agent.start(
            ask.server_id, ask.epoch, paused=ask.paused, secrets=ask.secrets
        ),
    ),
    _Verb("resume", wire.ServerCall, lambda agent, ask: agent.resume(ask.server_id, ask.epoch)),
    _Verb("pause", wire.ServerCall, lambda agent, ask: agent.pause(ask.server_id, ask.epoch)),
    _Verb(
        "stop",
        wire.StopCall,
        lambda agent, ask: agent.stop(
            ask.server_id, ask.epoch, graceful_timeout_s=ask.graceful_timeout_s
        ),
    ),
    _Verb("reset", wire.ServerCall, lambda agent, ask: agent.reset(ask.server_id, ask.epoch)),
    _Verb(
        "attach-disk",
        wire.AttachCall,
        lambda agent, ask: agent.attach_disk(ask.server_id, ask.disk, ask.epoch, ask.secrets),
    ),
    _Verb(
        "detach-disk",
        wire.DetachCall,
        lambda agent, ask: agent.detach_disk(ask.server_id, ask.volume_id, ask.epoch),
    ),
    _Verb(
        "grow-disk",
        wire.GrowCall,
        lambda agent, ask: agent.grow_disk(ask.server_id, ask.volume_id, ask.size_bytes),
    ),
    _Verb(
        "switch-disk",
        wire.SwitchCall,
        lambda agent, ask: agent.switch_disk(ask.server_id, ask.disk),
    ),
    _Verb(
        "swap-disk",
        wire.SwapCall,
        lambda agent, ask: agent.swap_disk(
            ask.server_id, ask.had, ask.disk, ask.epoch, ask.secrets, copied=ask.copied
        ),
    ),
    _Verb(
        "keep-disk",
        wire.KeepCall,
        lambda agent, ask: agent.keep_disk(ask.server_id, ask.volume_id, ask.other, ask.epoch),
    ),
    _Verb("remove", wire.ServerCall, lambda agent, ask: agent.remove(ask.server_id, ask.epoch)),
    _Verb("status", wire.StatusCall, lambda agent, ask: agent.status(ask.server_id)),
    _Verb("list", wire.Empty, lambda agent, _: agent.list()),
    _Verb("metrics", wire.MetricsCall, lambda agent, ask: agent.metrics(ask.server_id, ask.since)),
    _Verb(
        "console-log",
        wire.ConsoleCall,
        lambda agent, ask: agent.console_log(ask.server_id, ask.lines),
    ),
)


def application(agent: Hypervisor) -> Starlette:
    async def cache_image(request: Request) -> Response:
        image = wire.image_of(request.headers.get(wire.IMAGE_HEADER, ""))
        body = request.stream()
        try:
            await agent.cache_image(image, body)
            async for _ in body:  # somebody else brought it meanwhile
                pass
        except ClientDisconnect as gone:
            raise BadRequest("The image's bytes broke off.", code="upload-broken") from gone
        return Response(b"null", media_type=_JSON)

    async def changes(request: Request) -> Response:
        return StreamingResponse(_lines(agent), media_type="application/jsonl")

    async def console(socket: WebSocket) -> None:
        await serve_console(agent, socket)

    routes: list[BaseRoute] = [
        *(Route(f"/{verb.name}", _answering(agent, verb), methods=["POST"]) for verb in _VERBS),
        Route("/cache-image", _refusing(cache_image), methods=["POST"]),
        Route("/changes", _refusing(changes), methods=["POST"]),
        WebSocketRoute(wire.CONSOLE_PATH, console),
    ]
    return Starlette(routes=routes)


@asynccontextmanager
async def serving(
    agent: Hypervisor, listener: socket, folder: Path, name: str
) -> AsyncGenerator[None]:
    """Serve on the listening socket, showing NAME's certificate from the folder."""
    config = uvicorn.Config(
        application(agent),
        ssl_certfile=str(folder / f"{name}.pem"),
        ssl_keyfile=str(folder / f"{name}.key"),
        ssl_ca_certs=str(folder / tls.CA_CERTIFICATE),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        ws_max_size=wire.CONSOLE_FRAME_BYTES,
        ws_per_message_deflate=False,
    )
    config.load()
    assert config.ssl is not None
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    server = uvicorn.Server(config)
    running = asyncio.create_task(_serve(server, listener))
    try:
        yield
    finally:
        server.should_exit = True
        await running


async def _serve(server: uvicorn.Server, listener: socket) -> None:
    """Without uvicorn's signal handlers: signals are the whole process's business."""
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    await server.serve([listener])


def _answering(agent: Hypervisor, verb: _Verb) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            ask = msgspec.json.decode(await request.body(), type=verb.body)
        except msgspec.DecodeError as error:
            raise BadRequest(f"The body is not a {verb.name}: {error}", code="bad-body") from error
        result = await verb.call(agent, ask)
        return Response(msgspec.json.encode(result), media_type=_JSON)

    return _refusing(answer)


def _refusing(handler: Handler) -> Handler:
    """Faults travel as they are; what nobody expected is logged here and named there."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Fault as fault:
            refused = fault
        except Exception:  # noqa: BLE001  # the door's last line of defence
            log.exception("hypervisor.failed", path=request.url.path)
            refused = Failed(f"The host failed at {request.url.path[1:]}; its log says how.")
        body = msgspec.json.encode(wire.refusal_of(refused))
        return Response(body, status_code=refused.status, media_type=_JSON)

    return answer


async def _lines(agent: Hypervisor) -> AsyncIterator[bytes]:
    """Each change as a line, and an empty line when there was none for a while."""
    changes = aiter(agent.changes())
    coming = asyncio.ensure_future(anext(changes))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=wire.HEARTBEAT_S)
            if not done:
                yield b"\n"
                continue
            yield msgspec.json.encode(coming.result()) + b"\n"
            coming = asyncio.ensure_future(anext(changes))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
