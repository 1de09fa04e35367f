"""One dnsmasq per provisioning network, inside the cloud's namespace.

It is nobody's child: it outlives the process that started it and is adopted by the next. It is ours
if its pid file names a process whose command line names our configuration. It runs as `nobody`,
keeps its leases in memory alone, and what it writes to its log is followed from where the last
reader stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Final

from unkai.baremetal.drivers.provisioning import dnsmasq_config
from unkai.baremetal.drivers.provisioning.base import Recorder, ServedNetwork
from unkai.baremetal.drivers.provisioning.dnsmasq_log import LogReader
from unkai.baremetal.drivers.provisioning.release import release
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed
from unkai.kit.log import log

_POLL_S: Final = 0.25
_BLOCK_BYTES: Final = 1 << 20
_LOG_BYTES_MAX: Final = 4 << 20
_END_S: Final = 5.0


class Dnsmasq:
    """folder: of this network alone, readable by everybody on its way down."""

    def __init__(self, namespace: str, folder: Path, *, clock: Clock, recorder: Recorder) -> None:
        self._namespace = namespace
        self._folder = folder
        self._clock = clock
        self._recorder = recorder
        self._task: asyncio.Task[None] | None = None
        self._looked_at = clock.now()

    async def ensure(self, network: ServedNetwork, link: str) -> None:
        """Have it run with this configuration and these reservations."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        config = dnsmasq_config.config(network, link, self._folder)
        is_new = replace_file(self._folder / "conf", config)
        before = set(dnsmasq_config.read_hosts(_text(self._folder / "hosts")))
        has_new_hosts = replace_file(self._folder / "hosts", dnsmasq_config.hosts(network.hosts))
        pid = self.pid()
        if pid is not None and is_new:
            await _end(pid)
            pid = None
        if pid is None:
            await netns.run(self._namespace, self._start)
        elif has_new_hosts:
            gone = before - set(network.hosts)
            await netns.run(self._namespace, lambda: release(gone, network.address, link))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)
        if self._task is None:
            reader = LogReader(network.name)
            self._task = asyncio.create_task(self._follow(reader), name=f"follow {link}")

    def pid(self) -> int | None:
        """Of our process, if it runs."""
        try:
            pid = int((self._folder / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(f"--conf-file={self._folder}/conf") in command else None

    async def close(self) -> None:
        """Follow it no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def stop(self) -> None:
        await self.close()
        if (pid := self.pid()) is not None:
            await _end(pid)

    def _start(self) -> None:
        """Blocks until it has read its configuration and gone to the background."""
        command = ["dnsmasq", f"--conf-file={self._folder}/conf"]
        environment = {"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise Failed(
                "dnsmasq is not installed.",
                code="provisioning-program-missing",
                remedy="Install the package dnsmasq-base.",
            ) from None
        if done.returncode != 0:
            raise Failed(
                f"dnsmasq did not start: {done.stderr.strip()}", code="provisioning-dhcp-failed"
            )

    async def _follow(self, reader: LogReader) -> None:
        """Read the log as it grows; how far is kept in a file beside it."""
        path, mark = self._folder / "log", self._folder / "read"
        offset = _number(mark)
        while True:
            try:
                offset = self._read(path, mark, offset, reader)
            except Exception as error:  # noqa: BLE001  # whatever it is: try again, say so
                log.warning("provisioning.log_unread", why=str(error))
            await self._clock.sleep(_POLL_S)

    def _read(self, path: Path, mark: Path, offset: int, reader: LogReader) -> int:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return 0
        if size < offset:
            offset = 0
        # What is new came after the last look: so it stands before what it led to, over HTTP.
        then, self._looked_at = self._looked_at, self._clock.now()
        if size == offset:
            return offset
        with path.open("rb") as file:
            file.seek(offset)
            block = file.read(_BLOCK_BYTES)
        whole = block[: block.rfind(b"\n") + 1]
        for line in whole.decode(errors="replace").splitlines():
            for seen in reader.read(line, then):
                self._recorder(seen)
        for seen in reader.flush():
            self._recorder(seen)
        offset += len(whole)
        if offset > _LOG_BYTES_MAX and offset == path.stat().st_size:
            os.truncate(path, 0)
            offset = 0
        mark.write_text(str(offset))
        return offset


def replace_file(path: Path, text: str) -> bool:
    """Have the file say this, readable by everybody; whether it was different before."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_text() == text:
            return False
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.chmod(0o644)
    new.replace(path)
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdecimal() else 0


async def _end(pid: int) -> None:
    """End a process that is not our child, and wait until it is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        async with asyncio.timeout(_END_S):
            await ended.wait()
    except TimeoutError:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
