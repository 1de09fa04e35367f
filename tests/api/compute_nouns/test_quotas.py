"""Limits: of projects, of users, of everybody, and how they are shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compute_nouns.conftest import PROJECTS, Client
from unkai.compute.actions.check_quota import check_quota
from unkai.compute.service import Compute
from unkai.kit.db import Tx
from unkai.kit.errors import QuotaExceeded

pytestmark = pytest.mark.anyio
MEMBER = f"/os-quota-sets/{PROJECTS['member']}"


async def quotas(client: Client, path: str = MEMBER, token: str = "admin", **more: Any) -> Any:
    return (await client.ask("GET", path, token=token, **more))["quota_set"]


async def test_limits_are_set_shown_and_dropped(client: Client) -> None:
    before = await quotas(client, token="member")
    assert (before["id"], before["instances"], before["ram"]) == (PROJECTS["member"], 10, 51200)
    assert before == await quotas(client, f"{MEMBER}/defaults", token="member")
    changed = await client.ask("PUT", MEMBER, {"quota_set": {"ram": "5120", "cores": -1}})
    assert (changed["quota_set"]["ram"], changed["quota_set"]["cores"]) == (5120, -1)
    assert (await quotas(client, f"{MEMBER}/detail"))["ram"] == {
        "limit": 5120,
        "in_use": 0,
        "reserved": 0,
    }
    await client.ask("PUT", f"{MEMBER}?user_id=member", {"quota_set": {"ram": 2048}})
    assert (await quotas(client, f"{MEMBER}?user_id=member"))["ram"] == 2048
    assert (await quotas(client))["ram"] == 5120
    await client.ask("DELETE", MEMBER, status=202)
    assert await quotas(client, f"{MEMBER}?user_id=member") == before


async def test_who_may(client: Client) -> None:
    other = f"/os-quota-sets/{PROJECTS['other']}"
    await client.ask("GET", other, token="member", status=403)
    for method, path in (
        ("PUT", MEMBER),
        ("DELETE", MEMBER),
        ("PUT", "/os-quota-class-sets/default"),
    ):
        body: dict[str, Any] = {"quota_set" if path == MEMBER else "quota_class_set": {}}
        await client.ask(method, path, body, token="member", status=403)
        await client.ask(method, path, body, token=None, status=401)
    await client.ask("GET", "/os-quota-class-sets/default", token="member", status=403)


@pytest.mark.parametrize(
    "body",
    [{"ram": -2}, {"ram": 2**31}, {"ram": "much"}, {"colour": 1}, {"fixed_ips": 1}, {"force": "x"}],
)
async def test_bad_limits_are_refused(client: Client, body: dict[str, Any]) -> None:
    await client.ask("PUT", MEMBER, {"quota_set": body}, status=400)
    await client.ask("PUT", "/os-quota-sets/nobody", {"quota_set": {"ram": 1}}, status=400)


async def test_versions_speak_of_different_limits(client: Client) -> None:
    assert "fixed_ips" in await quotas(client, version="2.35")
    assert "fixed_ips" not in await quotas(client, version="2.36")
    assert "injected_files" in await quotas(client, version="2.56")
    assert "injected_files" not in await quotas(client, version="2.57")
    old = {"quota_set": {"fixed_ips": 5, "injected_files": 7, "force": True}}
    changed = await client.ask("PUT", MEMBER, old, version="2.1")
    assert (changed["quota_set"]["fixed_ips"], changed["quota_set"]["injected_files"]) == (5, 7)
    absolute = (await client.ask("GET", "/limits", version="2.1"))["limits"]["absolute"]
    assert {"maxTotalFloatingIps", "maxImageMeta", "maxPersonality"} <= absolute.keys()


async def test_the_class_holds_where_a_project_has_none(client: Client) -> None:
    body = {"quota_class_set": {"cores": 7}}
    changed = await client.ask("PUT", "/os-quota-class-sets/default", body)
    assert changed["quota_class_set"]["cores"] == 7
    await client.ask("PUT", "/os-quota-class-sets/gold", body, status=400)
    assert (await quotas(client))["cores"] == 7
    absolute = (await client.ask("GET", "/limits", token="member"))["limits"]["absolute"]
    assert (absolute["maxTotalCores"], absolute["totalCoresUsed"]) == (7, 0)
    asked = f"/limits?tenant_id={PROJECTS['other']}"
    await client.ask("GET", asked)
    await client.ask("GET", asked, token="member", status=403)


async def test_more_than_there_is_is_refused(compute: Compute, client: Client) -> None:
    async def check(tx: Tx) -> None:
        await check_quota(compute, tx, PROJECTS["member"], {"instances": 1, "cores": 21})

    with pytest.raises(QuotaExceeded, match="Requested 21, but already used 0 of 20 cores"):
        await compute.kit.database.transact(check)
    await client.ask("PUT", MEMBER, {"quota_set": {"cores": -1}})
    await compute.kit.database.transact(check)
