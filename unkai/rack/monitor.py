"""One machine's QEMU monitor (QMP): few words, each with a limit on its time."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Final

from qemu.qmp import EventListener, ExecuteError, QMPClient, QMPError

from unkai.kit.errors import Failed

_ANSWER_S: Final = 10.0


class Monitor:
    def __init__(self, client: QMPClient) -> None:
        self._client = client

    @classmethod
    async def connect(cls, socket: Path) -> Monitor:
        client = QMPClient(socket.name)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await client.connect(str(socket))
        except (OSError, QMPError, TimeoutError) as error:
            raise Failed("QEMU does not answer its monitor.", code="monitor-silent") from error
        return cls(client)

    async def execute(self, command: str, **arguments: Any) -> Any:
        """Names get their dashes back. Raises Failed with QEMU's words."""
        named = {key.replace("_", "-"): value for key, value in arguments.items()}
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await self._client.execute(command, named or None)
        except ExecuteError as error:
            raise Failed(f"QEMU refused {command}: {error}.", code="qemu-refused") from error
        except (QMPError, OSError, TimeoutError) as error:
            raise Failed("QEMU does not answer its monitor.", code="monitor-silent") from error

    async def reset(self) -> None:
        """Press the reset button and wait until it has been felt."""
        resets = EventListener("RESET")
        self._client.register_listener(resets)
        try:
            await self.execute("system_reset")
            async with asyncio.timeout(_ANSWER_S):
                await resets.get()
        except TimeoutError as error:
            raise Failed("QEMU does not reset the machine.", code="monitor-silent") from error
        finally:
            self._client.remove_listener(resets)

    async def set_boot_order(self, devices: list[str]) -> None:
        """For the next reset: indexes are unique, so all are taken away first."""
        for number, device in [*((-1, d) for d in devices), *enumerate(devices, 1)]:
            path = f"/machine/peripheral/{device}"
            await self.execute("qom-set", path=path, property="bootindex", value=number)

    async def close(self) -> None:
        with contextlib.suppress(QMPError, OSError, EOFError):
            await self._client.disconnect()
