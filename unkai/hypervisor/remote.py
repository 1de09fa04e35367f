"""The agent of another host, reached over HTTPS with mutual TLS.

Nothing is tried twice here: every verb may be repeated, so the operation that asked asks again.
What became of a call without an answer is unknown, and `Unavailable` says so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from websockets.exceptions import WebSocketException

from unkai.hypervisor import wire
from unkai.hypervisor.client import ConsoleKind, ImageSource
from unkai.hypervisor.console_socket import open_remote_console
from unkai.hypervisor.model import (
    Census,
    Disk,
    Host,
    ImageRef,
    Machine,
    MachineStatus,
    Metrics,
    Secrets,
    SwapState,
)
from unkai.hypervisor.threads import in_thread
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.streams import ByteStream

R = TypeVar("R")
_CHUNK_BYTES = 1024 * 1024
_CONNECT_S = 5.0
_ANSWER_S = 120.0
_CONSOLE_S = 15.0
_TURN_S = 600.0  # a start may wait for its turn to boot


class RemoteHypervisor:
    """url: https://HOST:PORT of the agent; context: `tls.client_context`."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        self._url = url
        self._context = context
        self._http = httpx.AsyncClient(
            base_url=url, verify=context, timeout=_timeout(_ANSWER_S), trust_env=False
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def describe(self) -> Host:
        return await self._ask("describe", wire.Empty(), Host)

    async def cache_image(self, image: ImageRef, source: ImageSource) -> None:
        if image in await self.cached_images():
            return
        headers = {wire.IMAGE_HEADER: wire.describe_image(image)}
        content = _read(source) if isinstance(source, Path) else source
        await self._post("cache-image", content, headers=headers, timeout_s=_TURN_S)

    async def cached_images(self) -> list[ImageRef]:
        return await self._ask("cached-images", wire.Empty(), list[ImageRef])

    async def evict_images(self, image_ids: Collection[str]) -> list[str]:
        return await self._ask("evict-images", wire.EvictCall(list(image_ids)), list[str])

    async def prepare(self, machine: Machine, epoch: int) -> None:
        await self._tell("prepare", wire.MachineCall(machine, epoch))

    async def plug(self, server_id: str, epoch: int) -> None:
        await self._tell("plug", wire.ServerCall(server_id, epoch))

    async def unplug(self, server_id: str, epoch: int) -> None:
        await self._tell("unplug", wire.ServerCall(server_id, epoch))

    async def start(
        self,
        server_id: str,
        epoch: int,
        *,
        paused: bool = False,
        secrets: Mapping[str, Secrets] | None = None,
    ) -> None:
        await self._tell(
            "start",
            wire.StartCall(server_id, epoch, paused, dict(secrets or {})),
            timeout_s=_TURN_S,
        )

    async def resume(self, server_id: str, epoch: int) -> None:
        await self._tell("resume", wire.ServerCall(server_id, epoch), timeout_s=_TURN_S)

    async def pause(self, server_id: str, epoch: int) -> None:
        await self._tell("pause", wire.ServerCall(server_id, epoch))

    async def stop(self, server_id: str, epoch: int, *, graceful_timeout_s: float = 0) -> None:
        ask = wire.StopCall(server_id, epoch, graceful_timeout_s)
        await self._tell("stop", ask, timeout_s=_ANSWER_S + graceful_timeout_s)

    async def reset(self, server_id: str, epoch: int) -> None:
        await self._tell("reset", wire.ServerCall(server_id, epoch))

    async def rebuild(self, machine: Machine, epoch: int) -> None:
        await self._tell("rebuild", wire.MachineCall(machine, epoch))

    async def attach_disk(
        self, server_id: str, disk: Disk, epoch: int, secrets: Secrets | None = None
    ) -> None:
        await self._tell("attach-disk", wire.AttachCall(server_id, disk, epoch, secrets or {}))

    async def detach_disk(self, server_id: str, volume_id: str, epoch: int) -> None:
        ask = wire.DetachCall(server_id, volume_id, epoch)
        await self._tell("detach-disk", ask, timeout_s=_TURN_S)

    async def grow_disk(self, server_id: str, volume_id: str, size_bytes: int) -> None:
        await self._tell("grow-disk", wire.GrowCall(server_id, volume_id, size_bytes))

    async def switch_disk(self, server_id: str, disk: Disk) -> None:
        await self._tell("switch-disk", wire.SwitchCall(server_id, disk))

    async def swap_disk(
        self,
        server_id: str,
        had: Disk,
        disk: Disk,
        epoch: int,
        secrets: Secrets | None = None,
        *,
        copied: bool = False,
    ) -> SwapState:
        ask = wire.SwapCall(server_id, had, disk, epoch, secrets or {}, copied)
        return await self._ask("swap-disk", ask, SwapState, timeout_s=_TURN_S)

    async def keep_disk(self, server_id: str, volume_id: str, other: Disk, epoch: int) -> bool:
        ask = wire.KeepCall(server_id, volume_id, other, epoch)
        return await self._ask("keep-disk", ask, bool, timeout_s=_TURN_S)

    async def remove(self, server_id: str, epoch: int) -> None:
        await self._tell("remove", wire.ServerCall(server_id, epoch))

    async def status(self, server_id: str) -> MachineStatus:
        return await self._ask("status", wire.StatusCall(server_id), MachineStatus)

    async def list(self) -> Census:
        return await self._ask("list", wire.Empty(), Census)

    async def console_log(self, server_id: str, lines: int | None = None) -> str:
        return await self._ask("console-log", wire.ConsoleCall(server_id, lines), str)

    async def open_console(self, server_id: str, kind: ConsoleKind) -> ByteStream:
        try:
            async with asyncio.timeout(_CONSOLE_S):
                return await open_remote_console(self._url, self._context, server_id, kind)
        except (OSError, WebSocketException) as error:
            raise self._unreachable(error) from error

    async def metrics(self, server_id: str | None, since: float = 0.0) -> Metrics:
        return await self._ask("metrics", wire.MetricsCall(server_id, since), Metrics)

    async def changes(self) -> AsyncIterator[MachineStatus]:
        timeout = _timeout(3 * wire.HEARTBEAT_S)
        try:
            async with self._http.stream("POST", "/changes", timeout=timeout) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _fault(answer)
                async for line in answer.aiter_lines():
                    if line:
                        yield msgspec.json.decode(line, type=MachineStatus)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        raise self._unreachable(EOFError("the stream ended"))

    async def _tell(self, verb: str, ask: object, timeout_s: float = _ANSWER_S) -> None:
        await self._post(verb, msgspec.json.encode(ask), timeout_s=timeout_s)

    async def _ask(self, verb: str, ask: object, kind: type[R], timeout_s: float = _ANSWER_S) -> R:
        answer = await self._post(verb, msgspec.json.encode(ask), timeout_s=timeout_s)
        return msgspec.json.decode(answer, type=kind)

    async def _post(
        self,
        verb: str,
        content: Any,
        *,
        headers: dict[str, str] | None = None,
        timeout_s: float = _ANSWER_S,
    ) -> bytes:
        try:
            answer = await self._http.post(
                f"/{verb}", content=content, headers=headers, timeout=_timeout(timeout_s)
            )
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_error:
            raise _fault(answer)
        return answer.content

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"The host at {self._url} does not answer: {error or type(error).__name__}.",
            code="host-unreachable",
            remedy="Is its agent running, and does its certificate name this address?",
        )


def _timeout(answer_s: float) -> httpx.Timeout:
    return httpx.Timeout(answer_s, connect=_CONNECT_S)


def _fault(answer: httpx.Response) -> Exception:
    try:
        return wire.fault_of(msgspec.json.decode(answer.content, type=wire.Refusal))
    except msgspec.DecodeError:
        return Failed(f"The host answered {answer.status_code}.", code="host-failed")


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await in_thread(file.read, _CHUNK_BYTES):
            yield chunk
