"""The wiring of the bare-metal service: its drivers, and who looks after them."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack

from starlette.types import ASGIApp

from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.actions.registry import register_operations
from unkai.baremetal.drivers.agent import HttpAgent
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.by_agent import AgentDeploy, AgentInspect, RamdiskDeploy
from unkai.baremetal.drivers.consoles import Consoles
from unkai.baremetal.drivers.fake import FakeMachines
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.drivers.node_logs import NodeLogs
from unkai.baremetal.drivers.storage.cinder import CinderStorage
from unkai.baremetal.reconcilers import add_reconcilers
from unkai.baremetal.service import Baremetal, fake_drivers, guarded_drivers
from unkai.block_storage.service import BlockStorage
from unkai.boot.provisioning import open_provisioning
from unkai.boot.site import World
from unkai.identity.service import Identity
from unkai.image.service import ImageService
from unkai.network.service import NetworkService
from unkai.placement.service import Placement
from unkai.settings import Settings


def open_baremetal(
    settings: Settings,
    world: World,
    stack: AsyncExitStack,
    *,
    identity: Identity,
    images: ImageService,
    network: NetworkService,
    placement: Placement,
    block_storage: BlockStorage,
    api: ASGIApp,
) -> Baremetal:
    """What it opens is closed with `stack`. api: all of it, for agents to call a part of."""
    kit = images.kit
    calls = BmcCalls(kit.database)
    guard = Guard(kit.clock, calls)
    bmcs = Bmcs(kit.clock, kit.chance, world.namespace)
    stack.push_async_callback(calls.write)
    stack.push_async_callback(bmcs.close)
    logs = NodeLogs(settings.state_dir / "machines")
    consoles = Consoles(logs, kit.clock)
    stack.push_async_callback(consoles.close)
    served = open_provisioning(settings, world, stack, glance=images, network=network, api=api)
    drivers = fake_drivers(FakeMachines())
    drivers.boot |= served.boot
    drivers.network |= served.network
    drivers.deploy |= {"direct": AgentDeploy(), "ramdisk": RamdiskDeploy()}
    drivers.inspect["agent"] = AgentInspect()
    drivers.storage["cinder"] = CinderStorage(block_storage)
    drivers = guarded_drivers(drivers, bmcs, guard)
    served.managements.update(drivers.management)
    baremetal = Baremetal(
        kit=kit,
        settings=settings.baremetal,
        identity=identity,
        glance=images,
        network=network,
        placement=placement,
        drivers=drivers,
        agent=HttpAgent(world.namespace),
        images=served.images,
        consoles=consoles,
        bmcs=bmcs,
        conductor=socket.gethostname(),
        started_at=kit.clock.now(),
    )
    register_operations(baremetal)
    add_reconcilers(baremetal, guard, calls)
    return baremetal
