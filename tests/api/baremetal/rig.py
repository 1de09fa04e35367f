"""The bare-metal service on played machines: real database, no wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.api.baremetal.agents import PlayedAgents, PlayedImages
from tests.databases import with_tables
from unkai.baremetal.actions.provision import provision
from unkai.baremetal.actions.registry import register_operations
from unkai.baremetal.api import baremetal_apis
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.by_agent import AgentDeploy, AgentInspect
from unkai.baremetal.drivers.consoles import Consoles
from unkai.baremetal.drivers.fake import FakeMachine, FakeMachines
from unkai.baremetal.drivers.node_logs import NodeLogs
from unkai.baremetal.model import Node, Port
from unkai.baremetal.service import Baremetal, Drivers, fake_drivers
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import PORTS
from unkai.identity.service import make_identity
from unkai.image.actions.seed_image import seed_image
from unkai.image.drivers.fake import BelievingInspector
from unkai.image.drivers.file import FileStore
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Tx, open_database
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.network.service import NetworkService
from unkai.placement.service import Placement
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
VERSION = "1.115"


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("The token is not valid.")
    project = PROJECTS.get(token, "p-member")
    return Caller(
        f"u-{token}", token, "default", ROLES[token], project_id=project, request_id=request_id
    )


class Outside:
    """What a crash of the service leaves as it is: machines, their agents, the database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machines = FakeMachines()
        self.agents = PlayedAgents(self.machines)
        self.images = PlayedImages()


class Rig:
    """One life of the service, and requests to it in the name of anybody."""

    def __init__(self, baremetal: Baremetal, outside: Outside, client: httpx.AsyncClient) -> None:
        self.baremetal = baremetal
        self.outside = outside
        self.machines = outside.machines
        self.agents = outside.agents
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
        headers = {"X-OpenStack-Ironic-API-Version": version}
        if who != "nobody":
            headers["x-auth-token"] = who
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def enroll(self, **more: Any) -> str:
        made = await self.ask("POST", "/nodes", {"driver": "fake-hardware", **more}, status=201)
        return made["uuid"]

    async def provision(self, node: str, target: str, **more: Any) -> None:
        body = {"target": target, **more}
        await self.ask("PUT", f"/nodes/{node}/states/provision", body, status=202)

    async def begin(self, node: str, target: str, **more: Any) -> None:
        """A verb with what its action takes beside it."""
        instance_info = more.pop("instance_info", None)
        caller = await authenticate("admin", "req-test")
        await provision(
            self.baremetal,
            caller,
            node,
            target,
            request_id="req-test",
            input=more,
            instance_info=instance_info,
        )

    async def change(self, uuid: str, **values: Any) -> None:
        """Columns of a node, past its API."""

        async def write(tx: Tx) -> None:
            node = await nodes.get_node(tx, uuid)
            assert node is not None
            await nodes.change_node(tx, node, 0.0, **values)

        await self.baremetal.kit.database.transact(write)

    async def make_port(self, node: str, address: str, **more: Any) -> None:
        port = Port(uuid=Chance().uuid(), node_uuid=node, address=address, created_at=0.0, **more)
        await self.baremetal.kit.database.transact(lambda tx: PORTS.add(tx, port))

    async def node(self, uuid: str) -> Node:
        found = await nodes.get_node(self.baremetal.kit.database.reader, uuid)
        assert found is not None
        return found

    def machine(self, uuid: str) -> FakeMachine:
        return self.machines.by_uuid(uuid)

    async def has_boot(self, uuid: str) -> bool:
        return uuid in self.agents.boots

    async def is_writing(self, uuid: str) -> bool:
        boot = self.agents.boots.get(uuid)
        return boot is not None and any(one.status == "RUNNING" for one in boot.commands)

    async def agent_url(self, uuid: str) -> str | None:
        return (await self.node(uuid)).driver_internal_info.get("agent_url")

    async def until_state(self, uuid: str, state: str) -> None:
        async def there() -> bool:
            return (await self.node(uuid)).provision_state == state

        await self.until(there)

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


def with_agents(drivers: Drivers) -> Drivers:
    """Played machines whose deploy and inspection are an agent's work."""
    drivers.deploy["direct"] = AgentDeploy()
    drivers.inspect["agent"] = AgentInspect()
    return drivers


async def an_image(baremetal: Baremetal, path: Path) -> str:
    """The one image there is; the same one in a later life."""
    if not path.exists():
        path.write_bytes(bytes(1 << 20))
    return (await seed_image(baremetal.glance, "here", path, "raw", {}, "p-admin")).id


@asynccontextmanager
async def opened(
    outside: Outside, settings: BaremetalSettings | None = None
) -> AsyncGenerator[Rig]:
    """A life of the service; at its end everything of it stops where it is, as in a crash."""
    folder, machines = outside.folder, outside.machines
    clock, chance = Clock(), Chance()
    database = await open_database(with_tables(str(folder / "unkai.db")))
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events, observer=StepRecorder())
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    baremetal = Baremetal(
        kit=kit,
        settings=settings or BaremetalSettings(lock_patience_s=0.2),
        identity=make_identity(kit, IdentitySettings(argon2_memory_kib=8), folder / "keys"),
        glance=ImageService(
            kit,
            ImageSettings(),
            FileStore(folder / "images", reserve_bytes=0),
            BelievingInspector(),
        ),
        placement=Placement(kit),
        network=NetworkService(kit, NetworkSettings(), FakeDriver(FakeWire()), hosts=tuple),
        drivers=with_agents(fake_drivers(machines)),
        agent=outside.agents,
        images=outside.images,
        consoles=Consoles(NodeLogs(folder / "machines"), clock),
        bmcs=Bmcs(clock, chance),
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
            outside.agents.client = client
            outside.images.there = await an_image(baremetal, folder / "image.raw")
            yield Rig(baremetal, outside, client)
        finally:
            outside.agents.client = None
            await baremetal.consoles.close()
            await baremetal.bmcs.close()
            await operations.stop()
            await events.stop()
            await database.close()
