"""The interfaces of a hardware type: what can be asked of a machine, each a small Protocol.

Every method takes the Node as it is in the database and reads `driver_info` itself. Methods read
before they act and may be run twice. What a machine cannot do is `Unsupported`; a BMC that does not
answer is `Unavailable` (code "bmc-unreachable"), one that refuses the login is `Failed` (code
"bmc-login"); wrong or missing driver_info is BadRequest (code "driver-info") naming the keys.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from unkai.baremetal.model import (
    AgentCommand,
    DeployImage,
    Inventory,
    Node,
    Port,
    PowerState,
    SanVolume,
    VolumeTarget,
)
from unkai.kit.errors import BadRequest


class Unsupported(BadRequest):
    """The node's interface has no such ability."""

    default_code = "unsupported-interface"


def unsupported(node: Node, what: str) -> Unsupported:
    return Unsupported(
        f"Driver {node.driver} does not support {what} (disabled or not implemented)."
    )


class Driver(Protocol):
    """What all interfaces have in common."""

    def properties(self) -> dict[str, str]:
        """The keys of driver_info it reads: name to description."""
        ...

    def validate(self, node: Node) -> None:
        """BadRequest (code "driver-info") where driver_info is wrong; asks nobody."""
        ...


class Power(Driver, Protocol):
    async def get_power_state(self, node: Node) -> PowerState: ...

    async def set_power_state(self, node: Node, target: PowerState) -> None:
        """ON, OFF, REBOOT, SOFT_OFF or SOFT_REBOOT; returns when the BMC has taken it."""
        ...

    def supported_power_states(self, node: Node) -> Sequence[PowerState]: ...


class Management(Driver, Protocol):
    def supported_boot_devices(self, node: Node) -> Sequence[str]:
        """Of pxe, disk, cdrom, bios, safe, wanboot, floppy, ..."""
        ...

    async def get_boot_device(self, node: Node) -> tuple[str | None, bool | None]:
        """(device, persistent); None where the BMC does not say."""
        ...

    async def set_boot_device(self, node: Node, device: str, *, persistent: bool) -> None: ...

    async def get_boot_mode(self, node: Node) -> str | None:
        """Return bios or uefi."""
        ...

    async def set_boot_mode(self, node: Node, mode: str) -> None: ...

    async def get_secure_boot(self, node: Node) -> bool | None: ...

    async def set_secure_boot(self, node: Node, *, on: bool) -> None: ...

    async def inject_nmi(self, node: Node) -> None: ...

    async def set_indicator(self, node: Node, *, on: bool) -> None:
        """The light that helps to find the machine."""
        ...

    async def get_sensors(self, node: Node) -> dict[str, Any]:
        """Readings by sensor type and name."""
        ...

    async def insert_media(self, node: Node, device: str, url: str) -> None:
        """Virtual media: `device` is cdrom, floppy, disk, dvd."""
        ...

    async def eject_media(self, node: Node, device: str | None) -> None: ...

    async def list_media(self, node: Node) -> list[dict[str, Any]]: ...

    async def boot_from_url(self, node: Node, url: str) -> None:
        """Have the UEFI firmware fetch this at the next boot, and at that alone."""
        ...

    async def detect_vendor(self, node: Node) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Ramdisk:
    """What a machine is to boot for work on it.

    kernel, initramfs: URLs or image ids as driver_info gives them; empty: ours. arguments: more
    words for the kernel's command line. token: given only over a channel nobody else reads
    (virtual media), else None: the agent gets it at its first lookup.
    """

    mode: str
    """deploy, clean, inspect, rescue, service."""
    kernel: str = ""
    initramfs: str = ""
    iso: str = ""
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    token: str | None = None


class Boot(Driver, Protocol):
    """How a machine comes to boot what it should: iPXE, PXE, virtual media, HTTP."""

    async def prepare_ramdisk(self, node: Node, ports: Sequence[Port], ramdisk: Ramdisk) -> None:
        """Boot files and one-shot boot device, so that the next power on boots the ramdisk."""
        ...

    async def clean_up_ramdisk(self, node: Node, ports: Sequence[Port]) -> None: ...

    async def prepare_instance(
        self, node: Node, ports: Sequence[Port], volumes: Sequence[SanVolume] = ()
    ) -> None:
        """The next power on boots what is on the disk (or, for a ramdisk deploy, the image).

        With volumes every one boots over the network, from the volume of index 0 if there is one.
        BadRequest (code "boot-from-volume") where it cannot.
        """
        ...

    def script(self, node: Node) -> str | None:
        """For iPXE on its tenant's network; None where nothing is to be had there."""
        ...

    async def clean_up_instance(self, node: Node, ports: Sequence[Port]) -> None: ...

    async def leftovers(self, keep: Sequence[str], deployed: Sequence[str] = ()) -> list[str]:
        """Boot files of nodes that are not in `keep` (uuids with work under way).

        deployed: nodes that may have what their instances boot from.
        """
        ...


class Network(Driver, Protocol):
    """Which network the machine's ports are on; each call is idempotent.

    purpose: provisioning, cleaning, inspection, rescuing or servicing.
    """

    async def plug(self, node: Node, ports: Sequence[Port], purpose: str) -> dict[str, str]:
        """Put the PXE ports onto the network for this purpose: port uuid to Neutron port id."""
        ...

    async def unplug(self, node: Node, ports: Sequence[Port], purpose: str) -> None: ...

    async def plug_tenant(self, node: Node, ports: Sequence[Port]) -> None:
        """Put each port that has a VIF onto that VIF's network."""
        ...

    async def unplug_tenant(self, node: Node, ports: Sequence[Port]) -> None: ...

    async def switch_called(self, switch_id: str, port_id: str) -> str | None:
        """Our name ("switch_info") of the switch that calls itself and a port so; None: unknown."""
        ...

    async def leftovers(self, busy: Collection[str], deployed: Collection[str]) -> list[str]:
        """Ports that nobody needs: `busy` nodes may have any, `deployed` ones their tenants'."""
        ...


class Storage(Driver, Protocol):
    """Where the volumes of a node's targets are, and how they come to it."""

    @property
    def has_volumes(self) -> bool:
        """Whether nodes have any by this interface."""
        ...

    async def attach(
        self, node: Node, ports: Sequence[Port], targets: Sequence[VolumeTarget], initiator: str
    ) -> dict[str, dict[str, Any]]:
        """Serve them to the node: what an initiator needs, by the target's uuid. Idempotent.

        BadRequest, NotFound, Conflict where a volume cannot come to this node.
        """
        ...

    async def detach(self, node: Node, targets: Sequence[VolumeTarget]) -> None:
        """Nobody reaches them as this node any more. Idempotent."""
        ...

    async def leftovers(self, keep: Collection[str]) -> list[str]:
        """Volumes of nodes that are not in `keep`."""
        ...

    async def take_back(self, known: Callable[[], Awaitable[Collection[str]]]) -> None:
        """Volumes of nodes that are no more are nobody's. known: the nodes there are, by uuid."""
        ...


class Deploy(Driver, Protocol):
    """How the image gets onto the machine."""

    @property
    def uses_agent(self) -> bool:
        """Whether a ramdisk with an agent does the work; else the machine boots at once."""
        ...


class Inspect(Driver, Protocol):
    @property
    def uses_agent(self) -> bool:
        """Whether the machine boots a ramdisk that tells; else `inspect` asks its BMC."""
        ...

    async def inspect(self, node: Node) -> Inventory: ...


class Agent(Protocol):
    """The agent in a machine's ramdisk, at `driver_internal_info["agent_url"]`.

    Speaks ironic-python-agent's protocol. Unavailable (code "agent-unreachable") while it does not
    answer; Failed (code "agent-command") with the agent's own words where it refuses.
    """

    async def start(self, node: Node, command: str, params: dict[str, Any]) -> AgentCommand:
        """Begin `extension.command`; it goes on by itself. Conflict while another one runs."""
        ...

    async def ask(self, node: Node, command: str, params: dict[str, Any]) -> dict[str, Any]:
        """Run a short command and wait for its result."""
        ...

    async def commands(self, node: Node) -> list[AgentCommand]:
        """All of this boot, oldest first."""
        ...


class Images(Protocol):
    """Where agents fetch what they shall write."""

    async def publish(self, node: Node, image_id: str) -> DeployImage:
        """Offer an image of Glance's to this node alone; NotFound if there is none."""
        ...

    async def withdraw(self, node: Node) -> None:
        """Take back whatever was offered to it."""
        ...

    def leftovers(self, keep: Sequence[str]) -> list[str]:
        """What is offered to nodes that are not in `keep`."""
        ...


class Console(Driver, Protocol):
    async def open(self, node: Node) -> ConsoleStream:
        """A session on the machine's serial line; one at a time."""
        ...


class ConsoleStream(Protocol):
    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


class Bios(Driver, Protocol):
    async def get_settings(self, node: Node) -> dict[str, dict[str, Any]]:
        """Name to {"value", and what the registry says of it}."""
        ...

    async def apply_settings(self, node: Node, settings: dict[str, str]) -> bool:
        """Whether the machine must be reset for it."""
        ...

    async def factory_reset(self, node: Node) -> bool: ...


@dataclass(frozen=True, slots=True)
class HardwareType:
    """A kind of machine: per kind of interface, the names it may use, the default first."""

    name: str
    interfaces: dict[str, tuple[str, ...]]

    def default(self, kind: str) -> str:
        return self.interfaces[kind][0]
