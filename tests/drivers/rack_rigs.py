"""A rack of a test's own: a namespace with a switch, machines, and clients of their BMCs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import struct
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.network_rigs import names, until
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.ovsdb import Ovsdb
from unkai.network.drivers.ovn import daemons, switch
from unkai.network.drivers.ovn.site import Site
from unkai.rack import Rack, RackMachine, RackSettings

PROGRAMS = ("ipmi_sim", "ipmitool", "qemu-system-x86_64", "ovs-vswitchd")
HAS_RACK = (
    os.geteuid() == 0
    and all(shutil.which(program) for program in PROGRAMS)
    and find_spec("sushy_tools") is not None
)
needs_rack = pytest.mark.skipif(not HAS_RACK, reason=f"needs root, sushy-tools, {PROGRAMS}")
FIRST_UID = 1 << 30
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 0x10


@asynccontextmanager
async def open_floor(tmp_path: Path) -> AsyncGenerator[RackSettings]:
    """A namespace with a switch, and where a rack may stand in it; nothing of it stays."""
    name = next(names())
    site = Site(
        namespace=name, run_dir=Path("/run") / name, state_dir=tmp_path / "ovs", chassis="h1"
    )
    settings = RackSettings(
        state_dir=tmp_path / "rack",
        run_dir=site.run_dir / "rack",
        namespace=name,
        switch_socket=site.switch_socket,
        uid=FIRST_UID,
    )
    supervisor = daemons.Supervisor(site, clock=Clock(), restarted=print)
    database = Ovsdb(f"unix:{site.switch_socket}", "Open_vSwitch", switch.TABLES, clock=Clock())
    try:
        await supervisor.prepare()
        await supervisor.ensure("ovsdb-switch")
        await database.start()
        await switch.configure(database, site)
        await supervisor.ensure("ovs-vswitchd")
        yield settings
    finally:
        await Rack(settings).stop()
        await database.stop()
        await supervisor.close()
        daemons.remove(site)


class Clients:
    """Stock clients of the machines' BMCs, inside the rack's namespace."""

    def __init__(self, rack: Rack) -> None:
        self.rack = rack

    async def ipmi(self, machine: str, *words: str, check: bool = True, password: str = "") -> str:
        """What ipmitool says; it waits a second for each answer and asks twice more."""
        bmc = self.rack.machines[machine].bmc
        command = ["ipmitool", "-I", "lanplus", "-C", "3", "-H", bmc.address, "-p", str(bmc.port)]
        command += [
            "-U",
            bmc.username,
            "-P",
            password or bmc.password,
            "-N",
            "1",
            "-R",
            "2",
            *words,
        ]

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

        done = await netns.run(self.rack.settings.namespace, run)
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    async def redfish(
        self,
        machine: str,
        method: str,
        path: str = "",
        body: object = None,
        *,
        password: str = "",
        timeout_s: float = 10,
    ) -> tuple[int, Any]:
        """Status and document of a request below the machine's own system."""
        bmc = self.rack.machines[machine].bmc
        url = f"http://{bmc.address}:{bmc.port}/redfish/v1/Systems/{bmc.system_id}{path}"
        login = b64encode(f"{bmc.username}:{password or bmc.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)

        def ask() -> tuple[int, Any]:
            try:
                with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                    return answer.status, json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read() or b"null")

        return await netns.run(self.rack.settings.namespace, ask)

    async def answers(self, machine: str) -> bool:
        """Whether the BMC says anything: a Redfish one needs a second after its start."""
        try:
            await self.is_on(machine)
        except (OSError, AssertionError):
            return False
        return True

    async def is_on(self, machine: str) -> bool:
        """What the BMC says."""
        if self.rack.machines[machine].bmc.kind == "ipmi":
            return "is on" in await self.ipmi(machine, "chassis", "power", "status")
        _, document = await self.redfish(machine, "GET")
        return document["PowerState"] == "On"


async def hear(rack: Rack, machine: str, *, link: str = "") -> set[str]:
    """What reaches the switch (or a link) from a machine until it has asked for an address thrice.

    "dhcp", "ipv6", and "vlan N" where it came tagged: the kernel hands the tag beside the frame.
    """
    [mac] = rack.machines[machine].macs
    bridge = link or rack.settings.bridge

    def listen() -> socket.socket:
        rtnetlink.set_link(bridge, up=True)
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        ear.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        ear.bind((bridge, 0))
        ear.settimeout(60)
        return ear

    def collect(ear: socket.socket) -> set[str]:
        heard: list[str] = []
        while heard.count("dhcp") < 3:
            frame, beside, _, _ = ear.recvmsg(2048, 128)
            if frame[6:12] == bytes.fromhex(mac.replace(":", "")):
                heard += _kinds(frame)
                heard += [f"vlan {tag}" for tag in _tags(beside)]
        return set(heard)

    with await netns.run(rack.settings.namespace, listen) as ear:
        return await asyncio.to_thread(collect, ear)


def _kinds(frame: bytes) -> list[str]:
    kind = frame[12:14].hex()
    if kind == "86dd":
        return ["ipv6"]
    is_dhcp = kind == "0800" and frame[36:38] == (67).to_bytes(2, "big")
    return ["dhcp"] if is_dhcp else [kind]


def _tags(beside: list[tuple[int, int, bytes]]) -> list[int]:
    found: list[int] = []
    for level, kind, data in beside:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tag, _ = struct.unpack("=IIIHHHH", data)
            found += [tag & 0xFFF] if status & TP_STATUS_VLAN_VALID else []
    return found


def write_boot_sector(disk: Path) -> None:
    """Make the disk one whose only program says BOOTED-FROM-DISK by the BIOS, and halts."""
    code = bytes.fromhex("31c08ed8be0000ac08c07406b40ecd10ebf5fbf4ebfc")
    text = b"BOOTED-FROM-DISK\r\n\0"
    code = code.replace(b"\xbe\0\0", b"\xbe" + (0x7C00 + len(code)).to_bytes(2, "little"))
    sector = (code + text).ljust(510, b"\0") + b"\x55\xaa"
    raw = disk.with_suffix(".raw")
    raw.write_bytes(sector.ljust(1 << 20, b"\0"))
    owner = disk.stat().st_uid
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, disk], check=True)
    os.chown(disk, owner, owner)
    raw.unlink()


async def says(machine: RackMachine, text: str, timeout_s: float = 60) -> None:
    """Wait until the machine's console has said that."""
    await until(lambda: text in machine.console(), timeout_s)
