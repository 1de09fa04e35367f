"""A real BMC for the tests: OpenIPMI's `ipmi_sim` over a machine that is three small files."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from unkai.baremetal.model import Node, State
from unkai.kit.netns import open_udp

IPMI_SIM = shutil.which("ipmi_sim")
needs_ipmi_sim = pytest.mark.skipif(IPMI_SIM is None, reason="ipmi_sim (openipmi) is missing")
USER, PASSWORD = "admin", "password"
CONTROL = """#!/bin/sh
# get/set of power and boot device as files; "check" answers nothing
cd "$(dirname "$0")" || exit 1
verb=$1; shift
case $verb in
get) for word in "$@"; do echo "$word:$(cat "$word")"; done ;;
set) while [ $# -gt 1 ]; do
       echo "$1 $2" >> calls
       case $1 in
       power|boot) echo "$2" > "$1" ;;
       shutdown) echo 0 > power ;;
       esac
       shift 2
     done ;;
esac
"""
LAN = """name "tested"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{control}"
  sol "tcp:127.0.0.1:{console}" 115200 history=4000
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""
EMULATION = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sensor_add 0x20 0 1 0x01 0x01
sensor_set_value 0x20 0 1 0x2a 0
sensor_set_threshold 0x20 0 1 settable 111000 0xa0 0x90 0x70 00 00 00
sensor_set_event_support 0x20 0 1 enable scanning per-state 000111111000000 000111111000000 \
000111111000000 000111111000000
main_sdr_add 0x20 0x00 0x00 0x51 0x01 0x2f 0x20 0x00 0x01 0x07 0x01 0x7f 0x48 0x01 0x01 0x80 \
0x0a 0x80 0x7a 0x38 0x38 0x00 0x01 0x00 0x00 0x01 0x00 0x00 0x00 0x00 0x00 0x07 0x2a 0x60 0x00 \
0xff 0x00 0xa0 0x90 0x70 0x00 0x00 0x00 0x02 0x02 0x00 0x00 0x00 0xc4 0x54 0x45 0x4d 0x50
mc_enable 0x20
"""


def free_udp_port() -> int:
    with open_udp(None, "127.0.0.1", 0) as sock:
        return sock.getsockname()[1]


def ipmi_node(port: int, **info: object) -> Node:
    return Node(
        uuid="5f0e0c9a-0000-4000-8000-000000000001",
        driver="ipmi",
        driver_info={
            "ipmi_address": "127.0.0.1",
            "ipmi_port": port,
            "ipmi_username": USER,
            "ipmi_password": PASSWORD,
            **info,
        },
        interfaces={"power": "ipmitool", "management": "ipmitool", "console": "ipmitool-socat"},
        provision_state=State.MANAGEABLE,
        created_at=0,
    )


@dataclass
class SimulatedBmc:
    """One `ipmi_sim` process; it can be stopped and started again on its port."""

    folder: Path
    port: int = field(default_factory=free_udp_port)
    console_port: int = 9
    process: subprocess.Popen[bytes] | None = None

    @property
    def node(self) -> Node:
        return ipmi_node(self.port)

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def start(self) -> None:
        control = self.folder / "control"
        if not control.exists():
            control.write_text(CONTROL)
            control.chmod(0o755)
            (self.folder / "power").write_text("0\n")
            (self.folder / "boot").write_text("none\n")
        words = {"port": self.port, "console": self.console_port, "control": control}
        lan, emulation = self.folder / "lan.conf", self.folder / "sim.emu"
        lan.write_text(LAN.format(**words, user=USER, password=PASSWORD))
        emulation.write_text(EMULATION)
        state = self.folder / "state"
        shutil.rmtree(state, ignore_errors=True)  # kept records would be there twice
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [IPMI_SIM or "", "-n", "-c", lan, "-f", emulation, "-s", state],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_for_port()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _wait_for_port(self) -> None:
        """Until something answers an ASF ping."""
        ping = bytes.fromhex("0600ff06000011be80000000")
        end = time.monotonic() + 20
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.1)
            sock.connect(("127.0.0.1", self.port))
            while time.monotonic() < end:
                with contextlib.suppress(OSError):
                    sock.send(ping)
                    sock.recv(64)
                    return
        sys.stderr.write((self.folder / "log").read_text())
        raise AssertionError("ipmi_sim does not answer")


class LossyRelay(asyncio.DatagramProtocol):
    """Between a client and a BMC: forwards, loses one datagram in `lose_every`, or is silent."""

    def __init__(self, target_port: int) -> None:
        self.lose_every = 0
        self.silent = False
        self.passed = self.lost = 0
        self._target = ("127.0.0.1", target_port)
        self._clients: dict[tuple[str, int], _Back] = {}
        self._transport: asyncio.DatagramTransport
        self._count = 0

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.takes():
            if addr not in self._clients:
                sock = open_udp(None, "127.0.0.1", 0)
                sock.connect(self._target)
                loop = asyncio.get_running_loop()
                self._clients[addr] = _Back(self, sock, addr, loop)
            self._clients[addr].send(data)

    def back(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.takes():
            self._transport.sendto(data, addr)

    def takes(self) -> bool:
        self._count += 1
        if self.silent or (self.lose_every and self._count % self.lose_every == 0):
            self.lost += 1
            return False
        self.passed += 1
        return True

    def close(self) -> None:
        for one in self._clients.values():
            one.close()
        self._transport.close()


class _Back:
    """The far side of one client: a socket of its own, so that the BMC tells clients apart."""

    def __init__(
        self,
        relay: LossyRelay,
        sock: socket.socket,
        addr: tuple[str, int],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._relay, self._sock, self._addr, self._loop = relay, sock, addr, loop
        loop.add_reader(sock, self._readable)

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sock.send(data)

    def close(self) -> None:
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _readable(self) -> None:
        with contextlib.suppress(OSError):
            self._relay.back(self._sock.recv(4096), self._addr)


@contextlib.asynccontextmanager
async def relay_to(port: int) -> AsyncGenerator[LossyRelay]:
    loop = asyncio.get_running_loop()
    sock = open_udp(None, "127.0.0.1", 0)
    _, made = await loop.create_datagram_endpoint(lambda: LossyRelay(port), sock=sock)
    try:
        yield made
    finally:
        made.close()
