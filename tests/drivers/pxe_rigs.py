"""A machine that boots from the network: QEMU on a port of the data centre's switch."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.drivers.machine_rigs import PHYSNET, Floor
from unkai.baremetal.api.boot_files import BootApp, Shelf
from unkai.baremetal.drivers.boot.files import BootFiles
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.provisioning.base import Reservation, ServedNetwork, Sighting
from unkai.baremetal.drivers.provisioning.engine import LOADERS, DnsmasqProvisioning, Place
from unkai.guests import debian
from unkai.kit import netns
from unkai.kit.clock import Chance, Clock
from unkai.network.drivers.metadata import MetadataServer

NETWORK_ID = "9a3b8a52-53a1-4a0f-9a30-0d6d5f2c1e11"
MAC = "52:54:00:12:34:56"
VLAN = 100
OVMF = Path("/usr/share/OVMF")
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "ramdisk up: $(/bin/busybox cat /proc/cmdline)"
/bin/busybox poweroff -f
"""


def served(**changes: object) -> ServedNetwork:
    fields: dict[str, object] = {
        "id": NETWORK_ID,
        "name": "provisioning",
        "physical_network": PHYSNET,
        "vlan": VLAN,
        "address": "10.1.0.2",
        "cidr": "10.1.0.0/24",
        "hosts": (Reservation(MAC, "10.1.0.7"),),
    }
    return ServedNetwork(**(fields | changes))  # type: ignore[arg-type]


def make_ramdisk(folder: Path, cache: Path) -> None:
    """A kernel, and an initramfs that says that it runs and ends."""
    from unkai.guests.parts import vmlinuz

    folder.mkdir()
    shutil.copy(vmlinuz(debian.kernel(cache)), folder / "kernel")
    tree = folder / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "proc").mkdir()
    shutil.copy("/bin/busybox", tree / "bin/busybox")
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    made = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(), cwd=tree,
        capture_output=True, check=True,
    )  # fmt: skip
    (folder / "initramfs").write_bytes(made.stdout)


@dataclass
class Station:
    """What serves machines, and everything it saw of them."""

    engine: DnsmasqProvisioning
    files: BootFiles
    seen: list[Sighting]
    folder: Path

    def story(self) -> list[str]:
        """What was seen, with seconds since the first."""
        seen = sorted(self.seen, key=lambda one: one.at)
        return [
            f"{one.at - seen[0].at:6.2f} {one.participant} {one.action}: {one.detail}"
            for one in seen
        ]


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """For boot files alone: whoever asks the API is told that there is none."""
    await PlainTextResponse("There is no API here.", status_code=404)(scope, receive, send)


@asynccontextmanager
async def open_station(
    floor: Floor,
    folder: Path,
    *,
    discovery: tuple[str, ...] | None = None,
    api: ASGIApp = nowhere,
) -> AsyncGenerator[Station]:
    clock, seen = Clock(), list[Sighting]()
    files = BootFiles(folder / "boot")
    files.open()
    published = PublishedFiles(folder / "published", Chance())
    published.open()
    shelf = Shelf(
        files=files,
        published=published,
        ramdisk=folder / "ramdisk",
        loaders=LOADERS,
        discovery=discovery,
    )
    door = MetadataServer(BootApp(shelf, api, clock, seen.append, "/baremetal"))
    site = floor.driver.site
    place = Place(
        namespace=site.namespace,
        switch_socket=site.switch_socket,
        folder=site.run_dir.parent / f"{site.namespace}-pv",
        bridges={PHYSNET: site.bridge_of(PHYSNET) or ""},
    )
    engine = DnsmasqProvisioning(place, clock=clock, recorder=seen.append, door=door)
    try:
        yield Station(engine, files, seen, place.folder)
    finally:
        await engine.stop()
        await door.close_all()


class Machine:
    """A QEMU with one NIC and no disk; `text` is what its serial line said so far."""

    def __init__(self, folder: Path, link: str) -> None:
        self._serial = folder / f"{link}.serial"
        self._link = link
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = folder

    @property
    def text(self) -> str:
        with suppress(FileNotFoundError):
            return self._serial.read_text(errors="replace")
        return ""

    def start(self, namespace: str, *, firmware: str = "bios") -> None:
        """firmware: bios, uefi, or uefi-http, which boots by HTTP alone."""
        uefi = firmware != "bios"
        tap = netns.open_tap(namespace, self._link, vnet_hdr=True, persistent=True)
        rom = ",romfile=" if uefi else ""
        command = [
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-m", "512", "-nographic",
            "-monitor", "none", "-no-reboot", "-serial", f"file:{self._serial}",
            "-netdev", f"tap,id=n0,fd={tap}",
            "-device", f"virtio-net-pci,netdev=n0,mac={MAC},bootindex=1{rom}",
        ]  # fmt: skip
        if uefi:
            variables = self._folder / "vars.fd"
            shutil.copy(OVMF / "OVMF_VARS_4M.fd", variables)
            code = OVMF / "OVMF_CODE_4M.fd"
            command += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"]
            command += ["-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
        if firmware == "uefi-http":
            for version in (4, 6):
                name = f"opt/org.tianocore/IPv{version}PXESupport"
                command += ["-fw_cfg", f"name={name},string=no"]
        with (self._folder / f"{self._link}.qemu").open("wb") as said:
            self._process = subprocess.Popen(
                command, pass_fds=(tap,), stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        os.close(tap)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
