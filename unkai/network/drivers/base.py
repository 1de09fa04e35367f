"""The wire side of the network service: what the tables ask of whoever moves packets.

Level-triggered: `apply` is told how things shall be, never what happened. It may be told twice, in
any order and in any mixture; it compares with what is there and writes what differs, so the same
call also repairs. A `Desired` carries everything its rendering needs, so a driver never reads a
table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from unkai.kit.errors import Failed
from unkai.network.model import (
    OWNER_DHCP,
    OWNER_FLOATING_IP,
    VNIC_MACHINE,
    FloatingIP,
    Network,
    Port,
    Router,
    SecurityGroup,
    Segment,
    Subnet,
)

Kind: TypeAlias = Literal["network", "subnet", "port", "router", "floating_ip", "security_group"]
KINDS: Final[tuple[Kind, ...]] = (
    "network",
    "subnet",
    "security_group",
    "port",
    "router",
    "floating_ip",
)


@dataclass(frozen=True, slots=True)
class Ref:
    """What a thing on the wire belongs to."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class DesiredNetwork:
    """A network. For an external one, its subnets' gateways are answered by the cloud itself.

    segments: where an overlay network reaches physical machines.
    """

    network: Network
    subnets: tuple[Subnet, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref("network", self.network.id)


@dataclass(frozen=True, slots=True)
class DesiredSubnet:
    """A subnet's DHCP. `metadata_ip`: the address of the network's metadata port in it, if any."""

    subnet: Subnet
    network: Network
    metadata_ip: str | None = None
    dns_nameservers: tuple[str, ...] = ()
    """Handed out where the subnet names none of its own."""

    @property
    def ref(self) -> Ref:
        return Ref("subnet", self.subnet.id)


@dataclass(frozen=True, slots=True)
class DesiredPort:
    """A port with its network and the subnets of its fixed IPs (for DHCP).

    The kind of port follows from `device_owner`: a router's, the network's metadata port
    (`network:distributed`), or a guest's. See `has_wire` for those that need nothing.
    """

    port: Port
    network: Network
    subnets: tuple[DesiredSubnet, ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref("port", self.port.id)


@dataclass(frozen=True, slots=True)
class RouterPort:
    """A router's interface or gateway: its port, and the subnets of the port's fixed IPs."""

    port: Port
    network: Network
    subnets: tuple[Subnet, ...]


@dataclass(frozen=True, slots=True)
class DesiredRouter:
    """A router with its interfaces and its gateway. Its ports are applied as ports, too."""

    router: Router
    interfaces: tuple[RouterPort, ...] = ()
    gateway: RouterPort | None = None

    @property
    def ref(self) -> Ref:
        return Ref("router", self.router.id)


@dataclass(frozen=True, slots=True)
class DesiredFloatingIP:
    """A floating IP; one that is associated with nothing needs nothing on the wire."""

    floating_ip: FloatingIP

    @property
    def ref(self) -> Ref:
        return Ref("floating_ip", self.floating_ip.id)


@dataclass(frozen=True, slots=True)
class DesiredSecurityGroup:
    """A security group with all its rules."""

    group: SecurityGroup

    @property
    def ref(self) -> Ref:
        return Ref("security_group", self.group.id)


Desired: TypeAlias = (
    DesiredNetwork
    | DesiredSubnet
    | DesiredPort
    | DesiredRouter
    | DesiredFloatingIP
    | DesiredSecurityGroup
)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether packets move. `parts`: each daemon or database and what is wrong with it ("ok")."""

    ok: bool
    parts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, order=True)
class Stranger:
    """Something on the wire that says of nothing in the tables that it is its.

    what: row, interface, link or namespace, or the same "missing". name: as it is called there.
    """

    what: str
    name: str


class Refused(Failed):
    """Some objects cannot be put on the wire; all others of the batch were. `reasons` has why."""

    default_code = "network-wire-refused"

    def __init__(self, reasons: Mapping[Ref, str]) -> None:
        first, why = next(iter(reasons.items()))
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        super().__init__(f"{first.kind} {first.id} cannot be put on the wire: {why}{more}")
        self.reasons = dict(reasons)


PortWatcher: TypeAlias = Callable[[str, bool], None]
"""Told (port_id, up) in the event loop; must not block."""


class NetworkDriver(Protocol):
    async def start(self) -> None:
        """Bring up what is missing and adopt what is there. Raises Failed with the remedy."""
        ...

    async def close(self) -> None:
        """Let go: the wire stays as it is, for the next process to adopt."""
        ...

    async def stop(self) -> None:
        """Remove all of it: processes, namespaces, interfaces, folders. Works without `start`."""
        ...

    async def apply(self, objects: Sequence[Desired], removed: Sequence[Ref] = ()) -> None:
        """Make the wire look like `objects`, and take away what belongs to `removed`.

        One batch is one transaction. Idempotent; unknown `removed` are fine. Raises Unavailable
        where the wire cannot be reached (call again), Refused where objects make no sense.
        """
        ...

    def present(self) -> set[Ref]:
        """Everything that has something on the wire; compare with the tables to find leftovers."""
        ...

    def differing(self, objects: Sequence[Desired]) -> set[Ref]:
        """Those that `apply` would change something of: too little of them is there, or too much.

        `objects` are all that shall be there; what belongs to none of them is not looked at.
        """
        ...

    async def strangers(self) -> list[Stranger]:
        """What `present` cannot name: it is on the wire, and nobody's."""
        ...

    def port_up(self, port_id: str) -> bool:
        """Whether packets of the port move now."""
        ...

    def watch_ports(self, watcher: PortWatcher) -> Callable[[], None]:
        """Hear of every port that comes up or goes down; returns the way to stop it."""
        ...

    async def wait_applied(self, timeout_s: float = 10.0) -> None:
        """Until everything applied so far works on every host. Raises Unavailable."""
        ...

    async def health(self) -> Health: ...


DHCPV6: Final = ("dhcpv6-stateful", "dhcpv6-stateless")


def has_dhcp(subnet: Subnet) -> bool:
    """Whether the wire answers DHCP in the subnet: it has nothing else to show of one."""
    return subnet.enable_dhcp and (subnet.ip_version == 4 or subnet.ipv6_address_mode in DHCPV6)


def is_machine(port: Port) -> bool:
    """Whether the port is a physical machine's, behind a switch of the data centre."""
    return port.binding_vnic_type == VNIC_MACHINE and port.binding_host_id != ""


def has_wire(port: Port) -> bool:
    """Whether a port has something on the wire at all: a floating IP's is a line in a router."""
    return port.device_owner not in (OWNER_FLOATING_IP, OWNER_DHCP)
