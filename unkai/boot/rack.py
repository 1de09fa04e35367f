"""Where the virtual rack of a cloud stands: beside its data plane, in folders of its own."""

from __future__ import annotations

from unkai.boot.site import network_driver, uid_block
from unkai.kit.clock import Clock
from unkai.rack import RackSettings
from unkai.settings import Settings

UPLINK = "rack0"
"""Leads to the rack's switch where the settings do not name the interface that does."""


def rack_settings(settings: Settings, *, vlan: int | None = None) -> RackSettings:
    """vlan: access VLAN of the ports of new machines; None: the provisioning network's.

    Machines run as the last user of the cloud's block.
    """
    machines = settings.baremetal
    site = network_driver(settings, Clock()).site
    return RackSettings(
        state_dir=settings.state_dir / "rack",
        run_dir=settings.run_dir / "rack",
        namespace=settings.namespace,
        switch_socket=site.switch_socket,
        uplink=machines.uplink or UPLINK,
        vlan=machines.provisioning_vlan if vlan is None else vlan,
        uid=uid_block(settings)[-1],
    )
