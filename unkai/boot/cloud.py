"""The wiring: every service with its tools, its neighbours and its door.

Services are made in the order of the chain, each handed only what it stands on. Nothing here
decides anything; a cloud in a test is wired by the same function, with a world of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from unkai.boot.files import Passwords, passwords
from unkai.boot.progress import Progress
from unkai.boot.site import World, open_world
from unkai.identity.actions.authenticate import authenticate
from unkai.identity.actions.seed import seed_identity
from unkai.identity.api import identity_api
from unkai.identity.model import SeededIdentity, SeedEndpoint
from unkai.identity.service import Identity, make_identity
from unkai.image.api import image_api
from unkai.image.drivers.file import FileStore
from unkai.image.drivers.inspection.sandboxed import SandboxedInspector
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import open_database
from unkai.kit.events import Events
from unkai.kit.http import Api, App
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.placement.api import placement_apis
from unkai.placement.service import Placement
from unkai.settings import Settings
from unkai.timeline.actions.record import StepRecorder

CATALOG = (
    ("identity", "keystone", "/identity"),
    ("placement", "placement", "/placement"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/network"),
    ("compute", "nova", "/compute/v2.1"),
)
"""Type, name and path of every service in the catalog."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud that works; `app` answers for all of its APIs."""

    app: ASGIApp
    kit: Kit
    passwords: Passwords
    world: World


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
            await _seed_identity(settings, identity, secret)
        placement = Placement(kit)
        images = ImageService(
            kit,
            settings.image,
            FileStore(settings.state_dir / "images"),
            SandboxedInspector(),
        )
        if world is None:
            world = await stack.enter_async_context(open_world(settings, clock, progress))
        apis = (identity_api(identity), *placement_apis(placement), image_api(images))
        yield Cloud(_app(identity, apis), kit, secret, world)


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


def _app(identity: Identity, apis: tuple[Api, ...]) -> App:
    async def who(token: str, request_id: str) -> Caller:
        return await authenticate(identity, token, request_id)

    return App(apis, who, identity.kit.clock, identity.kit.chance)
