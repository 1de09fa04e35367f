"""Starts the inspecting process, hands it one read-only descriptor, and takes its word or none."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

import unkai
from unkai.image.model import Verdict
from unkai.kit.log import log

TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 16 << 10
ROOT = str(Path(unkai.__file__).parent.parent)
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from unkai.image.drivers.inspection.child import main; main()"
)
UNANSWERED = Verdict(None, None, "it could not be inspected within the time and memory allowed")


class SandboxedInspector:
    """See `child` for what the process may do; `at_once` of them run at a time."""

    def __init__(self, timeout_s: float = TIMEOUT_S, at_once: int = 4) -> None:
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(at_once)

    async def inspect(self, fd: int, disk_format: str, container_format: str, size: int) -> Verdict:
        async with self._turns:
            own = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                arguments = (str(own), str(size), disk_format, container_format)
                answer = await self._ask(own, arguments)
            finally:
                os.close(own)
        try:
            return msgspec.json.decode(answer, type=Verdict)
        except msgspec.DecodeError:
            log.warning("image inspection gave no answer", disk_format=disk_format, size=size)
            return UNANSWERED

    async def _ask(self, fd: int, arguments: tuple[str, ...]) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-c", START, ROOT, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(fd,),
            env={},
            cwd="/",
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await _first_bytes(process.stdout)
                await process.wait()
                return answer
        except TimeoutError:
            return b""
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _first_bytes(stream: Any) -> bytes:
    """Up to the limit; whoever says more says nothing of worth."""
    answer = b""
    while len(answer) < ANSWER_BYTES_MAX:
        more = await stream.read(ANSWER_BYTES_MAX - len(answer))
        if not more:
            break
        answer += more
    return answer
