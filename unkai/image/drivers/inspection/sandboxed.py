"""Starts the inspecting process, hands it one read-only descriptor, and takes its word or none."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import msgspec

import unkai
from unkai.image.drivers.inspection.child import ANSWER_BYTES
from unkai.image.model import Verdict
from unkai.kit.log import log

TIMEOUT_S = 15.0
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
        """What the process wrote into an anonymous file; nothing if it did not end in time."""
        answer = os.memfd_create("answer", os.MFD_CLOEXEC)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-S", "-c", START, ROOT, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=answer,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(fd,),
                env={},
                cwd="/",
            )
            try:
                async with asyncio.timeout(self._timeout_s):
                    await process.wait()
            except TimeoutError:
                return b""
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            return os.pread(answer, ANSWER_BYTES, 0)
        finally:
            os.close(answer)
