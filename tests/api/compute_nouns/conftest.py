"""Compute's smaller resources on a database of their own: no hosts, images or network are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.databases import with_tables
from unkai.compute.api import compute_apis
from unkai.compute.service import Compute
from unkai.identity.model import DEFAULT_DOMAIN_ID, ROOT, Project
from unkai.identity.service import make_identity
from unkai.identity.store import rows, schema
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Tx, open_database
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.placement.service import Placement
from unkai.settings import ComputeSettings, IdentitySettings

ROLES = {
    "admin": {"admin", "manager", "member", "reader"},
    "member": {"member", "reader"},
    "other": {"member", "reader"},
    "reader": {"reader"},
}
PROJECTS = {"admin": "a" * 32, "member": "b" * 32, "reader": "b" * 32, "other": "c" * 32}


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ROLES:
        raise Unauthorized("The token is not valid.")
    roles = frozenset(ROLES[token])
    return Caller(token, token, "default", roles, project_id=PROJECTS[token])


@pytest.fixture
async def compute(tmp_path: Path) -> AsyncIterator[Compute]:
    database = await open_database(with_tables(str(tmp_path / "unkai.db")))
    clock, chance = Clock(), Chance()
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    identity = make_identity(kit, IdentitySettings(argon2_memory_kib=64), tmp_path / "keys")

    async def write(tx: Tx) -> None:
        domain = Project(id=DEFAULT_DOMAIN_ID, name="d", domain_id=ROOT, parent_id=None)
        await rows.add(tx, schema.projects, domain)
        for project_id in sorted(set(PROJECTS.values())):
            one = Project(
                id=project_id,
                name=project_id,
                domain_id=DEFAULT_DOMAIN_ID,
                parent_id=DEFAULT_DOMAIN_ID,
            )
            await rows.add(tx, schema.projects, one)

    await database.transact(write)
    absent = cast("Any", None)
    placement = Placement(kit)
    yield Compute(
        kit, ComputeSettings(), identity, placement, absent, absent, absent, absent, agents={}
    )
    await database.close()


class Client(httpx.AsyncClient):
    """Asks as admin at 2.96 unless told otherwise."""

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int | None = 200,
        version: str = "2.96",
        token: str | None = "admin",
    ) -> Any:
        """The body of the answer, decoded; None where it has none."""
        headers = {"OpenStack-API-Version": f"compute {version}"}
        if token is not None:
            headers["X-Auth-Token"] = token
        response = await self.request(method, f"/compute/v2.1{path}", json=body, headers=headers)
        if status is not None:
            assert response.status_code == status, response.text
        return response.json() if response.content else None


@pytest.fixture
async def client(compute: Compute) -> AsyncIterator[Client]:
    app = App(compute_apis(compute), authenticate, Clock(), Chance())
    transport = httpx.ASGITransport(app=app)
    async with Client(transport=transport, base_url="http://cloud") as one:
        yield one
