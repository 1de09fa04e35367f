"""Where the virtual rack of a cloud stands: beside its data plane, in folders of its own."""

from __future__ import annotations

from unkai.boot.site import network_driver, uid_block
from unkai.kit.clock import Clock
from unkai.rack import RackSettings
from unkai.settings import Settings


def rack_settings(settings: Settings, *, vlan: int = 0) -> RackSettings:
    """vlan: access VLAN of the ports of new machines. Machines run as the block's last user."""
    site = network_driver(settings, Clock()).site
    return RackSettings(
        state_dir=settings.state_dir / "rack",
        run_dir=settings.run_dir / "rack",
        namespace=settings.namespace,
        switch_socket=site.switch_socket,
        vlan=vlan,
        uid=uid_block(settings)[-1],
    )
