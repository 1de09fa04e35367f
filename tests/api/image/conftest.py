"""A cloud of images alone: the real door, a real database, memory or files for the data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import with_tables
from unkai.image.api import image_api
from unkai.image.drivers.file import FileStore
from unkai.image.drivers.inspection.sandboxed import SandboxedInspector
from unkai.image.reconcilers import add_reconcilers
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import open_database
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.settings import ImageSettings

ROLES = {
    "admin": frozenset({"admin", "manager", "member", "reader"}),
    "member": frozenset({"member", "reader"}),
    "reader": frozenset({"reader"}),
    "other": frozenset({"member", "reader"}),
    "third": frozenset({"member", "reader"}),
}
PROJECTS = {
    "admin": "p-admin",
    "member": "p-member",
    "reader": "p-member",
    "other": "p-other",
    "third": "p-third",
}


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("Who are you?")
    return caller_of(token, request_id)


def caller_of(name: str, request_id: str = "req-test") -> Caller:
    return Caller(
        f"u-{name}", name, "default", ROLES[name], project_id=PROJECTS[name], request_id=request_id
    )


class Cloud:
    """The service, and requests to it in the name of anybody."""

    def __init__(self, image: ImageService, app: App) -> None:
        self.image = image
        self.app = app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://cloud/image"
        )

    async def call(self, method: str, path: str, who: str = "member", **more: Any) -> Any:
        headers = {"X-Auth-Token": who} | more.pop("headers", {})
        return await self.client.request(method, f"/v2{path}", headers=headers, **more)

    async def make(self, who: str = "member", **body: Any) -> dict[str, Any]:
        body = {"disk_format": "raw", "container_format": "bare"} | body
        answer = await self.call("POST", "/images", who, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def upload(self, image_id: str, data: Any, who: str = "member", **headers: str) -> Any:
        return await self.call(
            "PUT",
            f"/images/{image_id}/file",
            who,
            content=data,
            headers={"Content-Type": "application/octet-stream", **headers},
        )

    async def make_active(
        self, data: bytes = b"x" * 1024, who: str = "member", **body: Any
    ) -> dict[str, Any]:
        made = await self.make(who, **body)
        answer = await self.upload(made["id"], data, who)
        assert answer.status_code == 204, answer.text
        return await self.show(made["id"], who)

    async def show(self, image_id: str, who: str = "member") -> dict[str, Any]:
        answer = await self.call("GET", f"/images/{image_id}", who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def patch(self, image_id: str, *changes: dict[str, Any], who: str = "member") -> Any:
        return await self.call(
            "PATCH",
            f"/images/{image_id}",
            who,
            json=list(changes),
            headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
        )

    async def ids(self, query: str = "", who: str = "member") -> list[str]:
        answer = await self.call("GET", f"/images{query}", who)
        assert answer.status_code == 200, answer.text
        return [image["id"] for image in answer.json()["images"]]


@pytest.fixture
def image_database(tmp_path: Path) -> str:
    """SQLite; a module that overrides this with `database_url` runs on PostgreSQL too."""
    return str(tmp_path / "test.db")


MakeImageService = Callable[..., Awaitable[ImageService]]


@pytest.fixture
async def make_service(tmp_path: Path, image_database: str) -> AsyncIterator[MakeImageService]:
    """Make the service in tmp_path; arguments replace its parts."""
    database = await open_database(with_tables(image_database))
    clock, chance = Clock(), Chance()
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))

    async def make(**parts: Any) -> ImageService:
        given: dict[str, Any] = {
            "settings": ImageSettings(max_image_mib=64),
            "store": FileStore(tmp_path / "images", reserve_bytes=0),
            "inspector": SandboxedInspector(),
        } | parts
        image = ImageService(kit, **given)
        add_reconcilers(image)
        await operations.start()
        return image

    yield make
    await operations.stop()
    await database.close()


@pytest.fixture
async def shelf(cloud: Cloud) -> Cloud:
    """Five images of one project, made a second apart."""
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("a", {"disk_format": "raw", "tags": ["x"], "os_distro": "debian"}),
        ("b", {"disk_format": "raw", "tags": ["x", "y"], "os_distro": "fedora"}),
        ("c", {"disk_format": "iso", "min_ram": 512, "protected": True}),
        ("d,e", {"disk_format": "vmdk", "os_distro": "debian"}),
        ("hidden", {"disk_format": "raw", "os_hidden": True}),
    ]
    for at, (name, more) in enumerate(wanted):
        made = await cloud.make(name=name, **more)

        async def age(tx: Any, image_id: str = made["id"], name: str = name, at: int = at) -> None:
            moment = 1_700_000_000.25 + at
            await images.change(tx, image_id, created_at=moment, updated_at=moment)
            if name in ("a", "b"):
                await images.change(tx, image_id, status="active", size=1000 + at)

        await cloud.image.kit.database.transact(age)
    return cloud


@pytest.fixture
async def cloud(make_service: MakeImageService) -> AsyncIterator[Cloud]:
    image = await make_service()
    app = App([image_api(image)], authenticate, image.kit.clock, image.kit.chance)
    cloud = Cloud(image, app)
    yield cloud
    await cloud.client.aclose()
