"""A cloud of volumes and images alone: the real door, a real database, volumes in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.image.conftest import authenticate, caller_of
from tests.databases import with_tables
from unkai.block_storage.actions import attach_volume as attaching
from unkai.block_storage.actions.encryption import SealedKeys
from unkai.block_storage.actions.volume_types import seed_types
from unkai.block_storage.api import block_storage_apis
from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.backup_store import FileBackupStore
from unkai.block_storage.drivers.base import Guest
from unkai.block_storage.drivers.fake import FakeDriver
from unkai.block_storage.model import Attachment
from unkai.block_storage.reconcilers import add_reconcilers
from unkai.block_storage.service import BlockStorage
from unkai.identity.service import make_identity
from unkai.image.actions.create_image import create_image
from unkai.image.actions.upload_image import upload_image
from unkai.image.drivers.fake import BelievingInspector
from unkai.image.drivers.file import FileStore
from unkai.image.model import Image
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import open_database
from unkai.kit.errors import Unavailable
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.settings import BlockStorageSettings, IdentitySettings, ImageSettings

GIB = 1 << 30
SERVER = "99999999-2222-3333-4444-555555555555"


class PlayedGuest:
    """Remembers what it was told; `away` plays a host that cannot be reached."""

    def __init__(self) -> None:
        self.switched: list[Connection] = []
        self.grown: list[Connection] = []
        self.away = False

    def of(self, attachments: tuple[Attachment, ...]) -> Guest:
        return self

    async def switch(self, connection: Connection) -> None:
        self._check()
        self.switched.append(connection)

    async def grow(self, connection: Connection) -> None:
        self._check()
        self.grown.append(connection)

    def _check(self) -> None:
        if self.away:
            raise Unavailable("The host does not answer.")


class Cloud:
    """The service, and requests to it in the name of anybody."""

    def __init__(self, block: BlockStorage, app: App, folder: Path) -> None:
        self.block = block
        self.folder = folder
        self.app = app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://cloud/volume/v3"
        )

    @property
    def driver(self) -> FakeDriver:
        return self.driver_of("fake")

    def driver_of(self, backend: str) -> FakeDriver:
        driver = self.block.drivers[backend]
        assert isinstance(driver, FakeDriver)
        return driver

    @property
    def guest(self) -> PlayedGuest:
        assert isinstance(self.block.guests, PlayedGuest)
        return self.block.guests

    async def call(
        self, method: str, path: str, who: str = "member", *, version: str = "3.71", **more: Any
    ) -> httpx.Response:
        headers = {"X-Auth-Token": who, "OpenStack-API-Version": f"volume {version}"}
        return await self.client.request(method, path, headers=headers, **more)

    async def act(
        self, volume_id: str, name: str, said: Any = None, who: str = "member", **more: Any
    ) -> httpx.Response:
        return await self.call(
            "POST", f"/volumes/{volume_id}/action", who, json={name: said}, **more
        )

    async def make(self, who: str = "member", *, rest: str = "available", **body: Any) -> Any:
        """A volume, at rest."""
        answer = await self.call("POST", "/volumes", who, json={"volume": {"size": 1} | body})
        assert answer.status_code == 202, answer.text
        return await self.settled("volumes", answer.json()["volume"]["id"], rest, who)

    async def snap(self, volume_id: str, *, rest: str = "available", **body: Any) -> Any:
        said = {"snapshot": {"volume_id": volume_id} | body}
        answer = await self.call("POST", "/snapshots", json=said)
        assert answer.status_code == 202, answer.text
        return await self.settled("snapshots", answer.json()["snapshot"]["id"], rest)

    async def show(self, kind: str, thing_id: str, who: str = "member") -> Any:
        answer = await self.call("GET", f"/{kind}/{thing_id}", who)
        assert answer.status_code == 200, answer.text
        return answer.json()[kind.removesuffix("s")]

    async def settled(self, kind: str, thing_id: str, rest: str, who: str = "member") -> Any:
        """The thing, once it has this status."""
        async with asyncio.timeout(5):
            while (found := await self.show(kind, thing_id, who))["status"] != rest:
                await asyncio.sleep(0.002)
        return found

    async def gone(self, kind: str, thing_id: str, who: str = "admin") -> None:
        async with asyncio.timeout(5):
            while (await self.call("GET", f"/{kind}/{thing_id}", who)).status_code != 404:
                await asyncio.sleep(0.002)

    async def image(self, data: bytes = b"boot", **values: Any) -> Image:
        """A public image of this data."""
        given: dict[str, Any] = {"disk_format": "raw", "container_format": "bare"} | values
        draft = Image(id="", owner=None, **given)
        caller = caller_of("member")
        made = await create_image(self.block.images, caller, draft)

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        return await upload_image(self.block.images, caller, made.id, chunks())

    async def ids(self, path: str, who: str = "member", **more: Any) -> list[str]:
        answer = await self.call("GET", path, who, **more)
        assert answer.status_code == 200, answer.text
        kind = path.split("?", maxsplit=1)[0].strip("/").split("/")[0]
        return [one["id"] for one in answer.json()[kind]]


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    database = await open_database(with_tables(str(tmp_path / "test.db")))
    clock, chance = Clock(), Chance()
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    images = ImageService(
        kit, ImageSettings(), FileStore(tmp_path / "images", reserve_bytes=0), BelievingInspector()
    )
    identity = make_identity(kit, IdentitySettings(argon2_memory_kib=8), tmp_path / "keys")
    sealed = SealedKeys(database, identity.vault)
    drivers = {name: FakeDriver(tmp_path, sealed) for name in ("fake", "spare")}
    block = BlockStorage(
        kit=kit,
        settings=BlockStorageSettings(),
        identity=identity,
        images=images,
        drivers=drivers,
        backups=FileBackupStore(tmp_path / "backups"),
        guests=PlayedGuest(),
    )
    add_reconcilers(block)
    await seed_types(block)
    await operations.start()
    cloud = Cloud(block, App(block_storage_apis(block), authenticate, clock, chance), tmp_path)
    yield cloud
    await cloud.client.aclose()
    await operations.stop()
    await database.close()


async def attach(cloud: Cloud, volume_id: str) -> str:
    """As compute does; the attachment's id."""
    block = cloud.block
    made = await block.kit.database.transact(
        lambda tx: attaching.reserve_volume(block, tx, caller_of("member"), volume_id, SERVER)
    )
    await attaching.connect_volume(block, made.id, host="host-1", mountpoint="/dev/vdb")
    await block.kit.database.transact(lambda tx: attaching.complete_attach(block, tx, made.id))
    return made.id
