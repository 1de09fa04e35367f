"""Statuses as the Networking API words them, and what follows from a port's owner."""

from __future__ import annotations

from typing import Final

from unkai.network.model import (
    OWNER_DHCP,
    OWNER_FLOATING_IP,
    OWNER_METADATA,
    OWNER_ROUTER_GATEWAY,
    OWNER_ROUTER_INTERFACE,
)

ACTIVE: Final = "ACTIVE"
DOWN: Final = "DOWN"
NOT_APPLICABLE: Final = "N/A"

ROUTER_OWNERS: Final = (OWNER_ROUTER_INTERFACE, OWNER_ROUTER_GATEWAY)

OWNERS_OF_THE_CLOUD: Final = (
    OWNER_ROUTER_INTERFACE,
    OWNER_ROUTER_GATEWAY,
    OWNER_FLOATING_IP,
    OWNER_METADATA,
    OWNER_DHCP,
)
"""Ports that come and go with something else, never by DELETE /ports."""

DELETED_WITH_NETWORK: Final = (OWNER_METADATA, OWNER_DHCP)
"""Ports that do not keep their network or subnet from being deleted."""

FIRST_STATUS: Final = {
    OWNER_ROUTER_INTERFACE: ACTIVE,
    OWNER_ROUTER_GATEWAY: ACTIVE,
    OWNER_FLOATING_IP: NOT_APPLICABLE,
}
"""Status of a port that no machine plugs; all others are DOWN until their wire is up."""


def first_status(device_owner: str) -> str:
    return FIRST_STATUS.get(device_owner, DOWN)


def is_trusted(device_owner: str) -> bool:
    """Whether ports of this owner are the cloud's own and carry no security groups."""
    return device_owner.startswith("network:")
