"""Where one cloud's OVN lives: its namespace, folders, sockets and the names it goes by."""

from __future__ import annotations

import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

INTEGRATION_BRIDGE = "br-int"

DatapathChoice = Literal["auto", "system", "netdev"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One cloud on one host.

    namespace: name of the network namespace that holds all of it.
    run_dir: sockets and pid files, at most 80 characters; removed by `stop`, so nobody else's.
    state_dir: databases and logs; removed by `stop`, too.
    chassis: what this host is called in OVN, and `binding:host_id` of its ports.
    datapath: "auto" is the kernel's where its module loads, else userspace.
    physnets: physical networks, the first of them served by the bridge br-ex.
    uplinks: (physical network, interface): what leads out of its bridge; may appear later.
    several_hosts: other hosts take part: geneve tunnels from `encap_ip`, ports pinned to hosts,
    no segmentation offload in a userspace datapath (its tunnels break TCP with it).
    """

    namespace: str
    run_dir: Path
    state_dir: Path
    chassis: str
    datapath: DatapathChoice = "auto"
    physnets: tuple[str, ...] = ("public",)
    uplinks: tuple[tuple[str, str], ...] = ()
    several_hosts: bool = False
    encap_ip: str = "127.0.0.1"

    @property
    def db_dir(self) -> Path:
        return self.state_dir / "db"

    @property
    def log_dir(self) -> Path:
        return self.state_dir / "log"

    @property
    def switch_socket(self) -> Path:
        """The database of the switch itself, where interfaces are added to `br-int`."""
        return self.run_dir / "db.sock"

    @property
    def north_socket(self) -> Path:
        return self.run_dir / "ovnnb_db.sock"

    @property
    def south_socket(self) -> Path:
        return self.run_dir / "ovnsb_db.sock"

    @property
    def environment(self) -> dict[str, str]:
        """What keeps the daemons and tools of OVS and OVN out of the machine's own folders."""
        run, db, log, etc = (
            str(p) for p in (self.run_dir, self.db_dir, self.log_dir, self.state_dir / "etc")
        )
        return {
            **{f"{which}_RUNDIR": run for which in ("OVS", "OVN")},
            **{f"{which}_DBDIR": db for which in ("OVS", "OVN")},
            **{f"{which}_LOGDIR": log for which in ("OVS", "OVN")},
            **{f"{which}_SYSCONFDIR": etc for which in ("OVS", "OVN")},
            "OVN_NB_DB": f"unix:{self.north_socket}",
            "OVN_SB_DB": f"unix:{self.south_socket}",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }

    def bridge_of(self, physnet: str) -> str | None:
        """The bridge that serves a physical network, or None where this host does not."""
        if physnet not in self.physnets:
            return None
        return "br-ex" if physnet == self.physnets[0] else f"br-{physnet}"[:15]

    @property
    def datapath_type(self) -> Literal["system", "netdev"]:
        """What "auto" comes to on this machine."""
        if self.datapath == "auto":
            return "system" if has_kernel_datapath() else "netdev"
        return self.datapath

    @property
    def offloads(self) -> bool:
        """Whether a userspace datapath takes segmentation offload (15 times faster)."""
        return self.datapath_type == "netdev" and not self.several_hosts

    @property
    def needs_full_checksums(self) -> bool:
        """Whether interfaces must not leave checksums to the switch."""
        return self.datapath_type == "netdev" and not self.offloads


@functools.cache
def has_kernel_datapath() -> bool:
    """Whether the kernel has Open vSwitch's module, loading it where it can."""
    if Path("/sys/module/openvswitch").exists():
        return True
    tried = subprocess.run(
        ["modprobe", "-q", "openvswitch"], check=False, capture_output=True, timeout=10
    )
    return tried.returncode == 0 and Path("/sys/module/openvswitch").exists()
