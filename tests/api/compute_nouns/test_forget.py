"""What is left of a project or user once identity has deleted it: nothing."""

from __future__ import annotations

import pytest

from tests.api.compute_nouns.conftest import PROJECTS, Client
from tests.api.compute_nouns.test_keypairs import KEY
from unkai.compute.reconcilers.forget_the_gone import forget_the_gone
from unkai.compute.service import Compute
from unkai.kit.db import Tx

pytestmark = pytest.mark.anyio


async def test_projects_and_users_leave_nothing(client: Client, compute: Compute) -> None:
    forget_the_gone(compute)
    project = PROJECTS["member"]
    flavor = {"name": "f", "id": "1", "ram": 1, "vcpus": 1, "disk": 0}
    private = {"flavor": {**flavor, "os-flavor-access:is_public": False}}
    await client.ask("POST", "/flavors", private)
    await client.ask("POST", "/flavors/1/action", {"addTenantAccess": {"tenant": project}})
    await client.ask("PUT", f"/os-quota-sets/{project}", {"quota_set": {"cores": 3}})
    group = {"server_group": {"name": "g", "policy": "affinity"}}
    await client.ask("POST", "/os-server-groups", group, token="member")
    key = {"keypair": {"name": "k", "public_key": KEY}}
    await client.ask("POST", "/os-keypairs", key, token="member", status=201)

    async def gone(tx: Tx) -> None:
        await compute.kit.events.emit(tx, "project.deleted", project)
        await compute.kit.events.emit(tx, "user.deleted", "member")

    await compute.kit.database.transact(gone)
    assert await compute.kit.events.deliver_pending() == 2
    assert await client.ask("GET", "/flavors/1/os-flavor-access") == {"flavor_access": []}
    quota = (await client.ask("GET", f"/os-quota-sets/{project}"))["quota_set"]
    assert quota["cores"] == 20
    assert (await client.ask("GET", "/os-server-groups?all_projects=1"))["server_groups"] == []
    assert (await client.ask("GET", "/os-keypairs", token="member"))["keypairs"] == []
