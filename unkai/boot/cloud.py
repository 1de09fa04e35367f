"""The wiring: every service with its tools, its neighbours and its door.

Services are made in the order of the chain, each handed only what it stands on. Nothing here
decides anything; a cloud in a test is wired by the same function, with a world of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

import unkai
from unkai.baremetal.actions.audit_baremetal import audit_baremetal
from unkai.baremetal.actions.open_console import NodeStreams
from unkai.baremetal.api.tenant_boot import TenantBoot
from unkai.block_storage.actions.audit_volumes import audit_volumes
from unkai.block_storage.drivers.backup_store import FileBackupStore
from unkai.block_storage.reconcilers import add_reconcilers as add_volume_reconcilers
from unkai.block_storage.service import BlockStorage
from unkai.boot.apis import every_api
from unkai.boot.exports import cloud_portal, open_exports
from unkai.boot.files import Passwords, passwords
from unkai.boot.machines import open_baremetal
from unkai.boot.progress import Progress
from unkai.boot.seed import seed
from unkai.boot.site import World, open_world
from unkai.boot.volumes import open_volume_drivers
from unkai.compute.actions.audit_compute import audit_compute
from unkai.compute.actions.open_console import ServerStreams
from unkai.compute.actions.registry import register_operations
from unkai.compute.api.metadata import MetadataApp
from unkai.compute.drivers.guests import AttachedGuests
from unkai.compute.reconcilers import add_reconcilers as add_compute_reconcilers
from unkai.compute.service import Compute
from unkai.dashboard.app import PREFIX as DASHBOARD
from unkai.dashboard.app import Dashboard
from unkai.dashboard.files import read_pages
from unkai.identity.actions.authenticate import authenticate
from unkai.identity.actions.seed import seed_identity
from unkai.identity.model import SeededIdentity, SeedEndpoint
from unkai.identity.service import Identity, make_identity
from unkai.image.actions.audit_images import audit_images
from unkai.image.drivers.file import FileStore
from unkai.image.drivers.inspection.sandboxed import SandboxedInspector
from unkai.image.reconcilers import add_reconcilers as add_image_reconcilers
from unkai.image.service import ImageService
from unkai.kit.changes import Feed
from unkai.kit.clock import Chance, Clock, iso
from unkai.kit.db import open_database
from unkai.kit.events import Events
from unkai.kit.http import Api, App, stream_door
from unkai.kit.http.stream_door import StreamDoor
from unkai.kit.operations import Operations, stalled
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.network.actions.audit_network import audit_network
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.reconcilers.put_on_wire import add_reconcilers as add_network_reconcilers
from unkai.network.service import NetworkService
from unkai.operator.service import Operator
from unkai.operator.streams import Streams
from unkai.placement.actions.audit_placement import audit_placement
from unkai.placement.service import Placement
from unkai.settings import Settings
from unkai.timeline.actions.record import StepRecorder
from unkai.timeline.reconcilers import add_reconcilers as add_timeline_reconcilers

CATALOG = (
    ("identity", "keystone", "/identity"),
    ("placement", "placement", "/placement"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/network"),
    ("baremetal", "ironic", "/baremetal"),
    ("block-storage", "cinder", "/volume/v3/$(project_id)s"),
    ("volumev3", "cinderv3", "/volume/v3/$(project_id)s"),
    ("compute", "nova", "/compute/v2.1"),
)
"""Type, name and path of every service in the catalog."""


PRUNE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud that works; `app` answers for all of its APIs, `feed` for its live streams."""

    app: ASGIApp
    kit: Kit
    compute: Compute
    world: World
    feed: Feed


class LateApp:
    """An ASGI application that is filled in once what it stands on exists."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app or PlainTextResponse("The cloud is starting.", status_code=503)
        await app(scope, receive, send)


@asynccontextmanager
async def open_cloud(
    settings: Settings, progress: Progress, world: World | None = None
) -> AsyncGenerator[Cloud]:
    """Everything up to the sockets. world: a played one of the caller's own."""
    clock, chance = Clock(), Chance()
    secret = passwords(settings, chance)
    async with AsyncExitStack() as stack:
        with progress.step("database"):
            kit = await _open_kit(settings, clock, chance, stack)
        with progress.step("identity"):
            identity = make_identity(kit, settings.identity, settings.state_dir / "token-keys")
            seeded = await _seed_identity(settings, identity, secret)
        metadata = LateApp()
        if world is None:
            door = MetadataServer(metadata)
            stack.push_async_callback(door.close_all)
            opening = open_world(settings, clock, progress, door)
            world = await stack.enter_async_context(opening)
        api = LateApp()
        compute = _services(settings, identity, world, stack, api)
        metadata.app = TenantBoot(compute.baremetal, MetadataApp(compute))
        operator = _operator(settings, compute, world)
        with progress.step("seed"):
            await seed(settings, compute, seeded)
        dashboard = Dashboard(await asyncio.to_thread(read_pages), chance)
        app = _app(settings, compute, every_api(identity, compute, operator), dashboard)
        api.app = app
        await stack.enter_async_context(_moving(kit))
        yield Cloud(app, kit, compute, world, operator.feed)


def _services(
    settings: Settings,
    identity: Identity,
    world: World,
    stack: AsyncExitStack,
    api: ASGIApp,
) -> Compute:
    """Every service with its neighbours, its operations and its reconcilers."""
    kit = identity.kit
    images = ImageService(
        kit, settings.image, FileStore(settings.state_dir / "images"), SandboxedInspector()
    )
    network = NetworkService(
        kit,
        settings.network,
        world.driver,
        hosts=lambda: tuple(world.agents),
        physical_networks=("public", settings.baremetal.physical_network),
    )
    placement = Placement(kit)
    block_storage = _open_block_storage(settings, identity, images, world=world, stack=stack)
    baremetal = open_baremetal(
        settings,
        world,
        stack,
        identity=identity,
        images=images,
        network=network,
        placement=placement,
        block_storage=block_storage,
        api=api,
    )
    compute = Compute(
        kit=kit,
        settings=settings.compute,
        identity=identity,
        placement=placement,
        images=images,
        network=network,
        block_storage=block_storage,
        baremetal=baremetal,
        agents=world.agents,
    )
    add_timeline_reconcilers(kit)
    add_image_reconcilers(images)
    add_network_reconcilers(network)
    add_volume_reconcilers(block_storage)
    add_compute_reconcilers(compute)
    register_operations(compute)
    return compute


def _open_block_storage(
    settings: Settings,
    identity: Identity,
    images: ImageService,
    *,
    world: World,
    stack: AsyncExitStack,
) -> BlockStorage:
    drivers = open_volume_drivers(settings, identity)
    exports, wakers = open_exports(settings, world, stack, identity.kit.clock)
    return BlockStorage(
        kit=identity.kit,
        settings=settings.block_storage,
        identity=identity,
        images=images,
        drivers=drivers,
        backups=FileBackupStore(settings.backup_dir),
        guests=AttachedGuests(world.agents),
        exports=exports,
        portal=cloud_portal(settings),
        export_wakers=wakers,
    )


def _operator(settings: Settings, compute: Compute, world: World) -> Operator:
    async def health() -> dict[str, str]:
        found = await world.driver.health()
        return {"database": "ok", **found.parts}

    reader = compute.kit.database.reader
    feed = Feed(compute.kit.database, compute.kit.clock, several=bool(settings.database_url))
    compute.kit.reconcilers.add("changes", feed.prune, PRUNE_EVERY_S)
    return Operator(
        kit=compute.kit,
        compute=compute,
        settings=settings.operator,
        feed=feed,
        streams=Streams(settings.operator.streams_per_user),
        audits={
            "baremetal": lambda: audit_baremetal(compute.baremetal),
            "block-storage": lambda: audit_volumes(compute.block_storage),
            "compute": lambda: audit_compute(compute),
            "image": lambda: audit_images(compute.images),
            "network": lambda: audit_network(compute.network, reader),
            "operations": lambda: stalled(reader, compute.kit.clock.now()),
            "placement": lambda: audit_placement(compute.placement, reader),
        },
        health=health,
        facts={
            "version": unkai.__version__,
            "url": settings.url,
            "namespace": world.namespace,
            "fake": settings.fake,
            "started_at": iso(compute.kit.clock.now()),
        },
    )


@asynccontextmanager
async def _moving(kit: Kit) -> AsyncGenerator[None]:
    """Operations, events and reconcilers run between this and its end."""
    kit.events.start()
    await kit.operations.start()
    kit.reconcilers.start()
    try:
        yield
    finally:
        await kit.reconcilers.stop()
        await kit.operations.stop()
        await kit.events.stop()


async def _open_kit(settings: Settings, clock: Clock, chance: Chance, stack: AsyncExitStack) -> Kit:
    database = await open_database(settings.database_url or str(settings.database_file))
    stack.push_async_callback(database.close)
    events = Events(database, clock)
    operations = Operations(
        database,
        clock,
        chance,
        events,
        observer=StepRecorder(),
        sole=not settings.database_url,
    )
    return Kit(database, clock, chance, events, operations, Reconcilers(clock))


async def _seed_identity(
    settings: Settings, identity: Identity, secret: Passwords
) -> SeededIdentity:
    endpoints = [SeedEndpoint(kind, name, settings.url + path) for kind, name, path in CATALOG]
    return await seed_identity(identity, secret.admin, secret.demo, endpoints, settings.region)


def _app(settings: Settings, compute: Compute, apis: tuple[Api, ...], dashboard: ASGIApp) -> App:
    identity = compute.identity

    async def who(token: str, request_id: str) -> Caller:
        return await authenticate(identity, token, request_id)

    kit = identity.kit
    streams = {"node": NodeStreams(compute.baremetal), "server": ServerStreams(compute)}
    mounts: dict[str, ASGIApp] = {
        stream_door.PATH: StreamDoor(kit.database, kit.clock, streams, settings.console_origins),
        DASHBOARD: dashboard,
        "/": dashboard,
    }
    return App(apis, who, kit.clock, kit.chance, mounts)
