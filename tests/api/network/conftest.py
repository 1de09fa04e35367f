"""A network service of its own: real database, a wire in memory, no other service."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import with_tables
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import open_database
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.network.api import network_api
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.network.reconcilers.put_on_wire import CompareWire, PutOnWire
from unkai.network.service import NetworkService
from unkai.settings import NetworkSettings

ROLES = {
    "admin": {"admin", "manager", "member", "reader"},
    "member": {"member", "reader"},
    "reader": {"reader"},
    "other": {"member", "reader"},
}
PROJECTS = {"admin": "admin-project", "member": "mine", "reader": "mine", "other": "theirs"}
NOWHERE = "11111111-2222-4333-8444-555555555555"


def caller(token: str) -> Caller:
    return Caller(token, token, "default", frozenset(ROLES[token]), project_id=PROJECTS[token])


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("The token is not valid.")
    return caller(token)


@asynccontextmanager
async def opened(url: str, wire: FakeWire) -> AsyncGenerator[NetworkService]:
    database = await open_database(with_tables(url))
    clock, chance = Clock(), Chance()
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    driver = FakeDriver(wire)
    await driver.start()
    try:
        yield NetworkService(kit, NetworkSettings(), driver, hosts=lambda: ("host-1", "host-2"))
    finally:
        await database.close()


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()


@pytest.fixture
async def network(tmp_path: Path, wire: FakeWire) -> AsyncIterator[NetworkService]:
    async with opened(str(tmp_path / "unkai.db"), wire) as service:
        yield service


@pytest.fixture
async def either(database_url: str, wire: FakeWire) -> AsyncIterator[NetworkService]:
    """The service on SQLite, and once more on PostgreSQL."""
    async with opened(database_url, wire) as service:
        yield service


@dataclass
class Cloud:
    """Asks as a member unless told otherwise; bodies are wrapped and unwrapped."""

    http: httpx.AsyncClient
    service: NetworkService
    wire: FakeWire
    compare: CompareWire = field(init=False)

    def __post_init__(self) -> None:
        self.compare = CompareWire(self.service)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | None = None,
        token: str | None = "member",
        headers: dict[str, str] | None = None,
    ) -> Any:
        sent = dict(headers or {})
        if token is not None:
            sent["X-Auth-Token"] = token
        response = await self.http.request(method, f"/network/v2.0{path}", json=body, headers=sent)
        if status is not None:
            assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def make(self, noun: str, token: str = "member", **values: Any) -> dict[str, Any]:
        """A resource; `noun` as in the body, colons of field names as double underscores."""
        sent = {name.replace("__", ":"): value for name, value in values.items()}
        found = await self.ask("POST", path_of(noun), {noun: sent}, status=201, token=token)
        return found[noun]

    async def put(
        self, noun: str, id: str, token: str = "member", status: int = 200, **values: Any
    ) -> dict[str, Any]:
        sent = {name.replace("__", ":"): value for name, value in values.items()}
        found = await self.ask(
            "PUT", f"{path_of(noun)}/{id}", {noun: sent}, status=status, token=token
        )
        return found.get(noun, found)

    async def show(self, noun: str, id: str, token: str = "member") -> dict[str, Any]:
        found = await self.ask("GET", f"{path_of(noun)}/{id}", status=200, token=token)
        return found[noun]

    async def list(self, noun: str, query: str = "", token: str = "member") -> list[dict[str, Any]]:
        path = path_of(noun)
        found = await self.ask("GET", f"{path}?{query}", status=200, token=token)
        return found[path[1:].replace("-", "_")]

    async def remove(self, noun: str, id: str, token: str = "member", status: int = 204) -> Any:
        return await self.ask("DELETE", f"{path_of(noun)}/{id}", status=status, token=token)

    async def refused(
        self, noun: str, status: int, kind: str, token: str = "member", **values: Any
    ) -> str:
        """What a POST that must fail says."""
        sent = {name.replace("__", ":"): value for name, value in values.items()}
        found = await self.ask("POST", path_of(noun), {noun: sent}, status=status, token=token)
        assert found["NeutronError"]["type"] == kind, found
        return found["NeutronError"]["message"]

    async def settle(self) -> None:
        """Have the wire told everything."""
        await PutOnWire(self.service).run()

    async def lan(self, cidr: str = "10.0.0.0/24", token: str = "member", **more: Any) -> Any:
        """A network with a subnet: (network, subnet)."""
        network = await self.make("network", token, name="lan")
        subnet = await self.make(
            "subnet",
            token,
            network_id=network["id"],
            cidr=cidr,
            ip_version=6 if ":" in cidr else 4,
            **more,
        )
        return network, subnet


def path_of(noun: str) -> str:
    words = noun.replace("_", "-")
    return "/rbac-policies" if noun == "rbac_policy" else f"/{words}s"


@pytest.fixture
async def cloud(network: NetworkService, wire: FakeWire) -> AsyncIterator[Cloud]:
    app = App([network_api(network)], authenticate, Clock(), Chance())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud") as http:
        yield Cloud(http, network, wire)
