"""Which resource classes and traits exist from the start, and how custom ones look.

Standard names are not rows: the lists below and the os-traits package are the truth, so a fresh
database starts empty and a newer list needs no migration.
"""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any

CUSTOM = re.compile(r"CUSTOM_[A-Z0-9_]+")
NAME_LENGTH_MAX = 255
SHARES_VIA_AGGREGATE = "MISC_SHARES_VIA_AGGREGATE"

RESOURCE_CLASSES = (
    "VCPU",
    "MEMORY_MB",
    "DISK_GB",
    "PCI_DEVICE",
    "SRIOV_NET_VF",
    "NUMA_SOCKET",
    "NUMA_CORE",
    "NUMA_THREAD",
    "NUMA_MEMORY_MB",
    "IPV4_ADDRESS",
    "VGPU",
    "VGPU_DISPLAY_HEAD",
    "NET_BW_EGR_KILOBIT_PER_SEC",
    "NET_BW_IGR_KILOBIT_PER_SEC",
    "PCPU",
    "MEM_ENCRYPTION_CONTEXT",
    "FPGA",
    "PGPU",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
)
STANDARD_CLASSES = frozenset(RESOURCE_CLASSES)


@functools.cache
def standard_traits() -> frozenset[str]:
    """Every trait of the os-traits package; loaded when first asked for."""
    package: Any = importlib.import_module("os_traits")
    return frozenset(package.get_traits())


def is_custom(name: str) -> bool:
    """Whether `name` may be made by a user: CUSTOM_ and capitals, digits, underscores."""
    return len(name) <= NAME_LENGTH_MAX and CUSTOM.fullmatch(name) is not None
