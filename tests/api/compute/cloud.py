"""A cloud down to hosts and a wire in memory, which a test can disturb, crash and open again.

`Outside` is what a crash leaves standing: the hosts with their machines, the wire, the disk with
the database and the image data. `Cloud` is one life of Unkai on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from msgspec import structs
from sqlalchemy import insert

from tests.api.baremetal.agents import PlayedImages
from tests.databases import with_tables
from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.actions.registry import register_operations as register_baremetal
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.consoles import Consoles
from unkai.baremetal.drivers.fake import FakeMachines
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.drivers.node_logs import NodeLogs
from unkai.baremetal.drivers.storage.cinder import CinderStorage
from unkai.baremetal.reconcilers import add_reconcilers as add_baremetal_reconcilers
from unkai.baremetal.service import Baremetal, Drivers, fake_drivers
from unkai.block_storage.actions.audit_volumes import audit_volumes
from unkai.block_storage.actions.volume_types import seed_types
from unkai.block_storage.drivers.backup_store import FileBackupStore
from unkai.block_storage.drivers.fake import FakeDriver as FakeVolumes
from unkai.block_storage.reconcilers import add_reconcilers as add_volume_reconcilers
from unkai.block_storage.service import BlockStorage
from unkai.boot.site import FakeWorld
from unkai.compute.actions.audit_compute import audit_compute
from unkai.compute.actions.registry import register_operations
from unkai.compute.api import compute_api
from unkai.compute.drivers.guests import AttachedGuests
from unkai.compute.model import Flavor
from unkai.compute.reconcilers import add_reconcilers
from unkai.compute.reconcilers.reconcile_hosts import reconcile_hosts
from unkai.compute.service import Compute
from unkai.compute.store import flavors as flavor_store
from unkai.compute.store import schema
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.fake import FakeHost, FakeHypervisor
from unkai.identity.service import Identity, make_identity
from unkai.image.actions.seed_image import seed_image
from unkai.image.drivers.fake import BelievingInspector
from unkai.image.drivers.file import FileStore
from unkai.image.model import Image
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Tx, open_database
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations, stalled
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.network.actions.audit_network import audit_network
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.create_subnet import SubnetRequest, create_subnet
from unkai.network.drivers.fake import FakeDriver
from unkai.network.reconcilers.put_on_wire import add_reconcilers as add_network_reconcilers
from unkai.network.service import NetworkService
from unkai.placement.actions.audit_placement import audit_placement
from unkai.placement.service import Placement
from unkai.settings import (
    BaremetalSettings,
    BlockStorageSettings,
    ComputeSettings,
    IdentitySettings,
    ImageSettings,
    NetworkSettings,
)
from unkai.timeline.actions.record import StepRecorder

ROLES = {
    "admin": frozenset({"admin", "manager", "member", "reader"}),
    "member": frozenset({"member", "reader"}),
    "reader": frozenset({"reader"}),
    "other": frozenset({"member", "reader"}),
}
PROJECTS = {"admin": "p-admin", "member": "p-member", "reader": "p-member", "other": "p-other"}
IMAGE_BYTES = bytes(1024 * 1024)
SMALL = Flavor(id="42", name="m1.nano", vcpus=1, ram=64, disk=1)
LARGE = Flavor(id="84", name="m1.micro", vcpus=2, ram=128, disk=2)
ENORMOUS = Flavor(id="9000", name="m1.enormous", vcpus=1, ram=64, disk=1_000_000)
HIDDEN = Flavor(id="77", name="hidden", vcpus=1, ram=64, disk=1, is_public=False)
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample test"
KEY = {
    "name": "key",
    "user_id": "u-member",
    "type": "ssh",
    "fingerprint": "aa:bb",
    "public_key": PUBLIC_KEY,
    "created_at": 0.0,
}
NOWHERE = "11111111-2222-4333-8444-555555555555"


def caller_of(name: str, request_id: str = "req-test") -> Caller:
    return Caller(
        f"u-{name}",
        name,
        "default",
        ROLES[name],
        project_id=PROJECTS[name],
        project_name=PROJECTS[name],
        request_id=request_id,
    )


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("The token is not valid.")
    return caller_of(token, request_id)


@dataclass
class Outside:
    folder: Path
    hosts: int = 2
    world: FakeWorld = field(default_factory=FakeWorld)
    machines: FakeMachines = field(default_factory=FakeMachines)
    volumes: FakeVolumes = field(default_factory=FakeVolumes)
    spare_volumes: FakeVolumes = field(default_factory=FakeVolumes)

    def __post_init__(self) -> None:
        for number in range(self.hosts):
            self.world.add_host(f"host-{number + 1}")

    def host(self, name: str) -> FakeHost:
        return next(host for host in self.world.hosts if host.hostname == name)


class Cloud:
    """One life of a cloud, and requests to it in the name of anybody."""

    def __init__(self, outside: Outside, compute: Compute, client: httpx.AsyncClient) -> None:
        self.outside = outside
        self.compute = compute
        self.client = client
        self.image_id = ""
        self.network_id = ""

    @property
    def kit(self) -> Kit:
        return self.compute.kit

    # --- requests

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str | None = "member",
        version: str = "2.96",
        status: int | None = None,
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"compute {version}"}
        if who is not None:
            headers["X-Auth-Token"] = who
        answer = await self.client.request(method, path, json=body, headers=headers)
        if status is not None:
            assert answer.status_code == status, answer.text
        return answer

    def body(self, **more: Any) -> dict[str, Any]:
        server = {
            "name": "web",
            "flavorRef": "42",
            "imageRef": self.image_id,
            "networks": [{"uuid": self.network_id}],
        }
        return {"server": {**server, **more}}

    async def create(self, *, who: str = "member", version: str = "2.96", **more: Any) -> str:
        """The id of a new server, which is in BUILD (or in ERROR)."""
        answer = await self.ask(
            "POST", "/servers", self.body(**more), who=who, version=version, status=202
        )
        return answer.json()["server"]["id"]

    async def show(
        self, server_id: str, *, who: str = "admin", version: str = "2.96"
    ) -> dict[str, Any]:
        answer = await self.ask("GET", f"/servers/{server_id}", who=who, version=version)
        assert answer.status_code == 200, answer.text
        return answer.json()["server"]

    async def act(
        self, server_id: str, action: str, value: object = None, *, status: int = 202, **more: Any
    ) -> httpx.Response:
        return await self.ask(
            "POST", f"/servers/{server_id}/action", {action: value}, status=status, **more
        )

    async def boot(self, **more: Any) -> str:
        """The id of a new server, which is ACTIVE."""
        server_id = await self.create(**more)
        await self.reach(server_id, "ACTIVE")
        return server_id

    # --- waiting

    async def until(self, check: Callable[[], Awaitable[Any]], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not await check():
                await asyncio.sleep(0.005)

    async def reach(self, server_id: str, status: str, seconds: float = 20) -> dict[str, Any]:
        """The server once it has the status and nothing is being done to it."""
        shown: dict[str, Any] = {}

        async def there() -> bool:
            nonlocal shown
            shown = await self.show(server_id)
            if shown["status"] == "ERROR" and status != "ERROR":
                raise AssertionError(f"in ERROR: {shown.get('fault')}")
            return shown["status"] == status and shown["OS-EXT-STS:task_state"] is None

        await self.until(there, seconds)
        return shown

    async def gone(self, server_id: str, seconds: float = 20) -> None:
        async def away() -> bool:
            answer = await self.ask("GET", f"/servers/{server_id}", who="admin")
            return answer.status_code == 404

        await self.until(away, seconds)

    async def noted(self, server_id: str, action: str) -> list[tuple[str, str]]:
        """Events and results of the action, once it is on the server's list."""
        path = f"/servers/{server_id}/os-instance-actions"
        found: list[str] = []

        async def listed() -> bool:
            actions = (await self.ask("GET", path)).json()["instanceActions"]
            found[:] = [one["request_id"] for one in actions if one["action"] == action]
            return bool(found)

        await self.until(listed)
        shown = await self.ask("GET", f"{path}/{found[0]}", who="admin")
        return [(one["event"], one["result"]) for one in shown.json()["instanceAction"]["events"]]

    async def idle(self) -> None:
        """No operation is under way."""

        async def quiet() -> bool:
            return not await self.kit.operations.list(self.kit.database.reader, active=True)

        await self.until(quiet)

    async def leftovers(self) -> list[tuple[str, str]]:
        await self.idle()
        reader, now = self.kit.database.reader, self.kit.clock.now()
        found = [
            *await audit_compute(self.compute),
            *await audit_network(self.compute.network, reader),
            *await audit_placement(self.compute.placement, reader),
            *await audit_volumes(self.compute.block_storage),
            *await stalled(reader, now),
        ]
        return [(one.kind, one.id) for one in found]

    # --- the world

    def host_of(self, server_id: str) -> FakeHost | None:
        return next((host for host in self.outside.world.hosts if server_id in host.machines), None)


async def seed(cloud: Cloud) -> None:
    """Flavors, a keypair, an image and a network; the same ones in a later life."""
    compute = cloud.compute
    path = cloud.outside.folder / "image.raw"
    if not path.exists():
        path.write_bytes(IMAGE_BYTES)
    image: Image = await seed_image(compute.images, "cirros", path, "raw", {}, "p-admin")
    cloud.image_id = image.id
    await seed_types(compute.block_storage)

    async def write(tx: Tx) -> str:
        if await flavor_store.get_flavor(tx, SMALL.id) is None:
            made = [structs.asdict(one) for one in (SMALL, LARGE, ENORMOUS, HIDDEN)]
            await tx.execute(insert(schema.flavors), made)
            await tx.execute(insert(schema.keypairs).values(**KEY))
        return await a_network(compute.network, tx)

    name = cloud.outside.folder / "network"
    if name.exists():
        cloud.network_id = name.read_text()
        return
    cloud.network_id = await compute.kit.database.transact(write)
    name.write_text(cloud.network_id)


async def a_network(
    network: NetworkService, tx: Tx, *, who: str = "member", cidr: str = "10.1.0.0/16"
) -> str:
    caller = caller_of(who)
    made = await create_network(network, tx, caller, NetworkRequest(name="private"))
    subnet = SubnetRequest(network_id=made.id, cidr=cidr, ip_version=4)
    await create_subnet(network, tx, caller, subnet)
    return made.id


def block_storage_of(
    identity: Identity,
    images: ImageService,
    outside: Outside,
    agents: dict[str, Hypervisor],
) -> BlockStorage:
    return BlockStorage(
        kit=identity.kit,
        settings=BlockStorageSettings(),
        identity=identity,
        images=images,
        drivers={"fake": outside.volumes, "spare": outside.spare_volumes},
        backups=FileBackupStore(outside.folder / "backups"),
        guests=AttachedGuests(agents),
    )


def drivers_of(outside: Outside, block_storage: BlockStorage) -> Drivers:
    drivers = fake_drivers(outside.machines)
    drivers.storage["cinder"] = CinderStorage(block_storage)
    return drivers


@asynccontextmanager
async def opened(outside: Outside, *, reconcile: bool = True) -> AsyncGenerator[Cloud]:
    """A life of the cloud; at its end everything of it stops where it is, as in a crash."""
    clock, chance = Clock(), Chance()
    database = await open_database(with_tables(str(outside.folder / "unkai.db")))
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events, observer=StepRecorder())
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    driver = FakeDriver(outside.world.wire)
    await driver.start()
    keys = outside.folder / "token-keys"
    identity = make_identity(kit, IdentitySettings(argon2_memory_kib=8), keys)
    agents: dict[str, Hypervisor] = {
        host.hostname: FakeHypervisor(host, clock) for host in outside.world.hosts
    }
    store = FileStore(outside.folder / "images", reserve_bytes=0)
    images = ImageService(kit, ImageSettings(), store, BelievingInspector())
    network = NetworkService(kit, NetworkSettings(), driver, hosts=lambda: tuple(agents))
    placement = Placement(kit)
    block_storage = block_storage_of(identity, images, outside, agents)
    baremetal = Baremetal(
        kit=kit,
        settings=BaremetalSettings(),
        identity=identity,
        glance=images,
        network=network,
        placement=placement,
        drivers=drivers_of(outside, block_storage),
        agent=cast("Any", None),
        images=PlayedImages(),
        consoles=Consoles(NodeLogs(outside.folder / "machines"), clock),
        bmcs=Bmcs(clock, chance),
        conductor="conductor",
    )
    add_volume_reconcilers(block_storage)
    compute = Compute(
        kit=kit,
        settings=ComputeSettings(),
        identity=identity,
        placement=placement,
        images=images,
        network=network,
        block_storage=block_storage,
        baremetal=baremetal,
        agents=agents,
    )
    register_baremetal(baremetal)
    calls = BmcCalls(database)
    add_baremetal_reconcilers(baremetal, Guard(clock, calls), calls)
    register_operations(compute)
    add_network_reconcilers(compute.network)
    if reconcile:
        add_reconcilers(compute)
    app = App([compute_api(compute)], authenticate, clock, chance)
    transport = httpx.ASGITransport(app=app)
    url = "http://cloud/compute/v2.1"
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        cloud = Cloud(outside, compute, client)
        try:
            await reconcile_hosts(compute)
            await seed(cloud)
            events.start()
            kit.reconcilers.start()
            await operations.start()
            yield cloud
        finally:
            await operations.stop()
            await kit.reconcilers.stop()
            await events.stop()
            await driver.close()
            await database.close()
