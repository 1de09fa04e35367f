"""The bare-metal service on played machines: real database, no wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from unkai.baremetal.actions.registry import register_operations
from unkai.baremetal.api import baremetal_apis
from unkai.baremetal.drivers.fake import FakeMachines
from unkai.baremetal.service import Baremetal, fake_drivers
from unkai.identity.service import make_identity
from unkai.image.drivers.fake import BelievingInspector
from unkai.image.drivers.file import FileStore
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import open_database
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.network.service import NetworkService
from unkai.settings import BaremetalSettings, IdentitySettings, ImageSettings, NetworkSettings
from unkai.timeline.actions.record import StepRecorder

ROLES = {
    "admin": frozenset({"admin", "manager", "member", "reader"}),
    "manager": frozenset({"manager", "member", "reader"}),
    "member": frozenset({"member", "reader"}),
    "reader": frozenset({"reader"}),
    "other": frozenset({"member", "reader"}),
}
PROJECTS = {"admin": "p-admin", "other": "p-other"}
VERSION = "1.109"


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("The token is not valid.")
    project = PROJECTS.get(token, "p-member")
    return Caller(
        f"u-{token}", token, "default", ROLES[token], project_id=project, request_id=request_id
    )


class Rig:
    """One life of the service, and requests to it in the name of anybody."""

    def __init__(
        self, baremetal: Baremetal, machines: FakeMachines, client: httpx.AsyncClient
    ) -> None:
        self.baremetal = baremetal
        self.machines = machines
        self.client = client

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        who: str = "admin",
        version: str = VERSION,
    ) -> Any:
        headers = {"x-auth-token": who, "X-OpenStack-Ironic-API-Version": version}
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def enroll(self, **more: Any) -> str:
        made = await self.ask("POST", "/nodes", {"driver": "fake-hardware", **more}, status=201)
        return made["uuid"]

    async def provision(self, node: str, target: str, **more: Any) -> None:
        body = {"target": target, **more}
        await self.ask("PUT", f"/nodes/{node}/states/provision", body, status=202)

    async def until(self, check: Callable[[], Awaitable[Any]], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not await check():
                await asyncio.sleep(0.005)

    async def reach(self, node: str, state: str, seconds: float = 20) -> dict[str, Any]:
        """The node, once it rests in this provision state with nothing under way."""
        shown: dict[str, Any] = {}

        async def there() -> bool:
            shown.update(await self.ask("GET", f"/nodes/{node}"))
            return shown["provision_state"] == state and shown["reservation"] is None

        try:
            await self.until(there, seconds)
        except TimeoutError:
            said = {name: shown[name] for name in ("provision_state", "last_error", "reservation")}
            raise AssertionError(f"{node} is not {state}: {said}") from None
        return shown


@asynccontextmanager
async def opened(folder: Path, machines: FakeMachines | None = None) -> AsyncGenerator[Rig]:
    """A life of the service; at its end everything of it stops where it is, as in a crash."""
    machines = machines or FakeMachines()
    clock, chance = Clock(), Chance()
    database = await open_database(str(folder / "unkai.db"))
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events, observer=StepRecorder())
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    baremetal = Baremetal(
        kit=kit,
        settings=BaremetalSettings(),
        identity=make_identity(kit, IdentitySettings(argon2_memory_kib=8), folder / "keys"),
        glance=ImageService(
            kit,
            ImageSettings(),
            FileStore(folder / "images", reserve_bytes=0),
            BelievingInspector(),
        ),
        network=NetworkService(kit, NetworkSettings(), FakeDriver(FakeWire()), hosts=tuple),
        drivers=fake_drivers(machines),
        conductor="test-conductor",
    )
    register_operations(baremetal)
    app = App(baremetal_apis(baremetal), authenticate, clock, chance)
    transport = httpx.ASGITransport(app=app)
    url = "http://cloud/baremetal/v1"
    events.start()
    await operations.start()
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        try:
            yield Rig(baremetal, machines, client)
        finally:
            await operations.stop()
            await events.stop()
            await database.close()
