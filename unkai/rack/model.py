"""A rack and its machines as they are asked for, and where each part of them is found."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import uuid
from pathlib import Path
from typing import Literal

from msgspec import Struct

from unkai.kit.errors import BadRequest

IPMI_PORT = 623
REDFISH_PORT = 8000
USERNAME = "admin"

# On each machine's inner address, behind its BMC's.
SERIAL_PORT = 9100
DOOR_PORT = 6200

_NAME = re.compile(r"[a-z][a-z0-9-]{0,9}")
_NICS_MAX = 4
_DISKS_MAX = 4
_INNER = 1 << 16
_RUN_DIR_MAX = 80

BootDevice = Literal["none", "disk", "pxe", "http", "cdrom"]


class MachineSpec(Struct, frozen=True, kw_only=True):
    """A machine to have. Its disks are empty at first, and of one size.

    name: at most 10 of a-z, 0-9 and dash: it is part of an interface's name.
    firmware: "bios" is SeaBIOS with QEMU's network ROM, which is iPXE already; "uefi" is OVMF
    without any ROM, so the firmware itself asks DHCP and fetches by TFTP.
    """

    name: str
    bmc: Literal["ipmi", "redfish"] = "ipmi"
    firmware: Literal["bios", "uefi"] = "bios"
    vcpus: int = 1
    memory_mib: int = 768
    disk_gib: int = 8
    disks: int = 1
    nics: int = 1
    vendor: str = "Unkai"
    product: str = "Virtual Rack"


class RackSettings(Struct, frozen=True, kw_only=True):
    """Where a rack stands.

    state_dir: disks, consoles, what is known of the machines; run_dir: sockets, at most 80
    characters. Both are the rack's alone and go with it.
    namespace: the network namespace of all of it. switch_socket: the database of the Open vSwitch
    there; bridge: the rack's switch on it, made where it is missing.
    uplink: an interface to make in the namespace that leads to the switch, all VLANs tagged; "" for
    none. vlan: access VLAN of a machine's new port, 0 for none.
    bmc_network: loopback addresses of the BMCs, the machine's number being its host part.
    uid: user of the machines' processes; None: whoever starts the rack.
    """

    state_dir: Path
    run_dir: Path
    namespace: str
    switch_socket: Path
    bridge: str = "br-rack"
    uplink: str = ""
    vlan: int = 0
    bmc_network: str = "127.0.7.0/24"
    accelerator: Literal["tcg", "kvm"] = "tcg"
    uid: int | None = None

    @property
    def inside_address(self) -> str:
        """Where the rack's own inner services listen: the network's last address."""
        return str(ipaddress.ip_network(self.bmc_network)[-2])

    @property
    def control_socket(self) -> Path:
        return self.run_dir / "rack.sock"


class Bmc(Struct, frozen=True, kw_only=True):
    """How to reach a machine's BMC, from inside the namespace."""

    kind: Literal["ipmi", "redfish"]
    address: str
    port: int
    username: str
    password: str
    system_id: str

    @property
    def driver_info(self) -> dict[str, str | int | bool]:
        """In the words of the bare metal API."""
        if self.kind == "ipmi":
            return {
                "ipmi_address": self.address,
                "ipmi_port": self.port,
                "ipmi_username": self.username,
                "ipmi_password": self.password,
                "ipmi_cipher_suite": 3,
            }
        return {
            "redfish_address": f"http://{self.address}:{self.port}",
            "redfish_system_id": f"/redfish/v1/Systems/{self.system_id}",
            "redfish_username": self.username,
            "redfish_password": self.password,
            "redfish_auth_type": "basic",
        }


class Nic(Struct, frozen=True, kw_only=True):
    """A NIC and its end of the cable: the switch's port is named like its tap."""

    mac: str
    port: str


class Identity(Struct, frozen=True, kw_only=True):
    """What follows from a machine's place in its rack.

    address: its BMC's. inner_address: where the program behind that listens, on the same port: a
    BMC tells its clients the port to which they shall send the console's payload.
    """

    uuid: str
    serial: str
    address: str
    inner_address: str
    nics: tuple[Nic, ...]


class Inventory(Struct, frozen=True, kw_only=True):
    """A rack as it is written down. `key` opens the door of the power commands."""

    settings: RackSettings
    machines: tuple[MachineSpec, ...]
    password: str
    key: str

    def identity(self, name: str) -> Identity:
        number = next(i for i, spec in enumerate(self.machines) if spec.name == name)
        spec = self.machines[number]
        seed = f"{self.settings.state_dir}/{name}"
        digest = hashlib.sha256(seed.encode()).hexdigest()
        nics = tuple(
            Nic(mac=f"52:54:00:{digest[0:2]}:{digest[2:4]}:{i:02x}", port=f"{name}-nic{i}")
            for i in range(spec.nics)
        )
        address = ipaddress.ip_network(self.settings.bmc_network)[number + 1]
        return Identity(
            uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"file://{seed}")),
            serial=f"UR{digest[4:12].upper()}",
            address=str(address),
            inner_address=str(address + _INNER),
            nics=nics,
        )

    def bmc(self, name: str) -> Bmc:
        spec = next(spec for spec in self.machines if spec.name == name)
        identity = self.identity(name)
        return Bmc(
            kind=spec.bmc,
            address=identity.address,
            port=IPMI_PORT if spec.bmc == "ipmi" else REDFISH_PORT,
            username=USERNAME,
            password=self.password,
            system_id=identity.uuid,
        )


def check(settings: RackSettings, machines: tuple[MachineSpec, ...]) -> None:
    """Raises BadRequest that names what cannot be."""
    if len(str(settings.run_dir)) > _RUN_DIR_MAX:
        raise _wrong(f"the run folder {settings.run_dir} has more than {_RUN_DIR_MAX} characters")
    names = [spec.name for spec in machines]
    if len(set(names)) != len(names):
        raise _wrong("two machines have the same name")
    network = ipaddress.ip_network(settings.bmc_network)
    if (
        not network.is_loopback
        or not (network[-1] + _INNER).is_loopback
        or network.num_addresses < len(machines) + 3
    ):
        raise _wrong(f"{network} is not a loopback network with room for {len(machines)} BMCs")
    for spec in machines:
        if not _NAME.fullmatch(spec.name):
            raise _wrong(f"the name {spec.name!r} is not 1 to 10 of a-z, 0-9 and dash")
        if not 1 <= spec.nics <= _NICS_MAX:
            raise _wrong(f"{spec.name} has {spec.nics} NICs, not 1 to {_NICS_MAX}")
        if not 1 <= spec.disks <= _DISKS_MAX:
            raise _wrong(f"{spec.name} has {spec.disks} disks, not 1 to {_DISKS_MAX}")
        if min(spec.vcpus, spec.memory_mib, spec.disk_gib) < 1:
            raise _wrong(f"{spec.name} has no processor, memory or disk")


def _wrong(reason: str) -> BadRequest:
    return BadRequest(f"The rack cannot be so: {reason}.", code="rack-invalid")
