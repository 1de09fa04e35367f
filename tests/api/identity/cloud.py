"""An identity service on a database of its own, reached in process as clients reach it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.databases import with_tables
from unkai.identity.actions.authenticate import authenticate
from unkai.identity.actions.issue_token import issue_token
from unkai.identity.actions.seed import seed_identity
from unkai.identity.api import identity_api
from unkai.identity.model import Proof, Reference, Scope, SeededIdentity, SeedEndpoint
from unkai.identity.service import Identity, make_identity
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import open_database
from unkai.kit.events import Events
from unkai.kit.http import App
from unkai.kit.operations import Operations
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.settings import IdentitySettings

ENDPOINTS = (
    SeedEndpoint("identity", "keystone", "http://cloud/identity"),
    SeedEndpoint("compute", "nova", "http://cloud/compute/v2.1"),
    SeedEndpoint("volumev3", "cinder", "http://cloud/volume/v3/$(project_id)s"),
)
PASSWORDS = {"admin": "the-admin-password", "demo": "the-demo-password"}


class Watch(Clock):
    """The machine's clock, moved forward by hand."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


@dataclass
class Cloud:
    identity: Identity
    seeded: SeededIdentity
    http: httpx.AsyncClient
    watch: Watch

    async def token(
        self,
        name: str = "admin",
        scope: Scope | None = None,
        password: str | None = None,
        domain_id: str = "default",
    ) -> str:
        """A token by password; project-scoped to the project of the user's name by default."""
        if scope is None:
            scope = Scope("project", Reference(name=name, domain_id="default"))
        proof = Proof(
            ("password",),
            user=Reference(name=name, domain_id=domain_id),
            password=password or PASSWORDS[name],
        )
        return (await issue_token(self.identity, proof, scope))[0]

    async def call(
        self, method: str, path: str, token: str | None = None, **options: Any
    ) -> httpx.Response:
        """A request below /identity/v3; `token` goes into X-Auth-Token."""
        headers = {**options.pop("headers", {}), **({"X-Auth-Token": token} if token else {})}
        return await self.http.request(method, f"/identity/v3{path}", headers=headers, **options)

    async def make(self, token: str, kind: str, **attributes: Any) -> dict[str, Any]:
        """A resource by POST to /{kind}s."""
        answer = await self.call("POST", f"/{kind}s", token, json={kind: attributes})
        assert answer.status_code == 201, answer.text
        return answer.json()[kind]

    async def status(self, method: str, path: str, token: str | None = None, **options: Any) -> int:
        return (await self.call(method, path, token, **options)).status_code

    async def names(self, path: str, token: str, key: str) -> list[str]:
        """Names in a list, sorted."""
        answer = await self.call("GET", path, token)
        assert answer.status_code == 200, answer.text
        return sorted(item["name"] for item in answer.json()[key])

    async def role_id(self, name: str) -> str:
        reader = self.identity.kit.database.reader
        graph = await self.identity.cache.role_graph(reader)
        return next(role.id for role in graph.roles.values() if role.name == name)

    async def give(self, admin: str, user_id: str, role: str, target: str) -> None:
        """`target`: projects/ID, domains/ID or system."""
        path = f"/{target}/users/{user_id}/roles/{await self.role_id(role)}"
        assert await self.status("PUT", path, admin) == 204

    async def take(self, admin: str, user_id: str, role: str, target: str) -> None:
        path = f"/{target}/users/{user_id}/roles/{await self.role_id(role)}"
        assert await self.status("DELETE", path, admin) == 204


def on_project(project_id: str) -> Scope:
    return Scope("project", Reference(id=project_id))


def on_domain(domain_id: str) -> Scope:
    return Scope("domain", Reference(id=domain_id))


SYSTEM = Scope("system")
UNSCOPED = Scope("unscoped")


@asynccontextmanager
async def open_cloud(folder: Path, url: str) -> AsyncGenerator[Cloud]:
    """A fresh cloud on the database at `url`; its keys are in `folder`."""
    watch, chance = Watch(), Chance()
    database = await open_database(with_tables(url))
    events = Events(database, watch)
    operations = Operations(database, watch, chance, events)
    kit = Kit(database, watch, chance, events, operations, Reconcilers(watch))
    identity = make_identity(kit, IdentitySettings(argon2_memory_kib=64), folder / "keys")
    seeded = await seed_identity(
        identity, PASSWORDS["admin"], PASSWORDS["demo"], ENDPOINTS, "RegionOne"
    )
    app = App([identity_api(identity)], partial(authenticate, identity), watch, chance)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud") as http:
        yield Cloud(identity, seeded, http, watch)
    await database.close()
