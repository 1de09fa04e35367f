"""A placement service of its own: real database, no other service."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

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
from unkai.placement.api import placement_apis
from unkai.placement.service import Placement

ROLES = {
    "admin": {"admin", "manager", "member", "reader"},
    "member": {"member", "reader"},
    "reader": {"reader"},
}


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("The token is not valid.")
    return Caller(token, token, "default", frozenset(ROLES[token]), project_id=f"{token}-project")


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Placement]:
    database = await open_database(with_tables(url))
    clock, chance = Clock(), Chance()
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    yield Placement(Kit(database, clock, chance, events, operations, Reconcilers(clock)))
    await database.close()


@pytest.fixture
async def placement(tmp_path: Path) -> AsyncIterator[Placement]:
    async with opened(str(tmp_path / "unkai.db")) as service:
        yield service


@pytest.fixture
async def either(database_url: str) -> AsyncIterator[Placement]:
    """The service on SQLite, and once more on PostgreSQL."""
    async with opened(database_url) as service:
        yield service


class Client(httpx.AsyncClient):
    """Asks as admin at the newest microversion unless told otherwise."""

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | None = None,
        version: str = "1.39",
        token: str | None = "admin",
    ) -> httpx.Response:
        headers = {"OpenStack-API-Version": f"placement {version}"}
        if token is not None:
            headers["X-Auth-Token"] = token
        response = await self.request(method, f"/placement{path}", json=body, headers=headers)
        if status is not None:
            assert response.status_code == status, response.text
        return response


@pytest.fixture
async def client(placement: Placement) -> AsyncIterator[Client]:
    app = App(placement_apis(placement), authenticate, Clock(), Chance())
    transport = httpx.ASGITransport(app=app)
    async with Client(transport=transport, base_url="http://cloud") as one:
        yield one
