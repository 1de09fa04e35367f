"""Services, hosts, hypervisors and availability zones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compute_nouns.conftest import PROJECTS, Client
from tests.api.compute_nouns.fill import add_host, add_server, uid
from unkai.compute.actions.register_host import register_host
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.hypervisor.model import Host
from unkai.placement.actions.usage import traits_of

pytestmark = pytest.mark.anyio
ADMINS_ONLY = (
    "/os-services",
    "/os-hypervisors",
    "/os-hypervisors/detail",
    f"/os-hypervisors/{uid(1)}",
    "/os-availability-zone/detail",
)


async def test_only_administrators_see_the_clouds_insides(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    for path in ADMINS_ONLY:
        await client.ask("GET", path)
        await client.ask("GET", path, token="member", status=403)
        await client.ask("GET", path, token=None, status=401)


async def test_services_are_listed_filtered_and_switched(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    found = (await client.ask("GET", "/os-services"))["services"]
    assert [one["binary"] for one in found] == ["nova-scheduler", "nova-conductor", "nova-compute"]
    query = "/os-services?host=host1&binary=nova-compute"
    ((service,),) = (await client.ask("GET", query)).values()
    assert (service["id"], service["zone"]) == (uid(1001), "nova")
    assert (service["state"], service["status"], service["forced_down"]) == ("up", "enabled", False)
    assert (await client.ask("GET", "/os-services?binary=x"))["services"] == []
    await client.ask("GET", "/os-services?x=y", status=400)

    path = f"/os-services/{uid(1001)}"
    off = {"status": "disabled", "disabled_reason": "repair", "forced_down": True}
    changed = (await client.ask("PUT", path, off))["service"]
    assert (changed["state"], changed["status"]) == ("down", "disabled")
    assert changed["disabled_reason"] == "repair"
    session = compute.kit.database.reader
    assert await traits_of(session, uid(1)) == {"COMPUTE_STATUS_DISABLED"}
    on = {"status": "enabled", "forced_down": False}
    assert (await client.ask("PUT", path, on))["service"]["disabled_reason"] is None
    assert await traits_of(session, uid(1)) == set()


async def test_services_are_switched_by_name_until_2_52(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    named = {"host": "host1", "binary": "nova-compute"}

    async def put(verb: str, body: dict[str, Any], version: str = "2.11", status: int = 200) -> Any:
        answer = await client.ask(
            "PUT", f"/os-services/{verb}", body, version=version, status=status
        )
        return answer.get("service")

    assert (await put("disable", named))["status"] == "disabled"
    reason = {**named, "disabled_reason": "old"}
    assert (await put("disable-log-reason", reason))["disabled_reason"] == "old"
    assert (await put("enable", named))["status"] == "enabled"
    assert (await put("force-down", {**named, "forced_down": True}))["forced_down"] is True
    await put("force-down", {**named, "forced_down": True}, version="2.10", status=404)
    await put("disable", {"host": "host9", "binary": "nova-compute"}, status=404)
    await put("disable", {"host": "controller", "binary": "nova-scheduler"}, status=400)
    await put("disable", {"host": "host1"}, status=400)
    old = (await client.ask("GET", "/os-services", version="2.10"))["services"]
    assert [one["id"] for one in old] == [1, 2, 3]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "enabled"}, 404),
        ({"status": "sleeping"}, 400),
        ({}, 400),
        ({"status": "enabled", "disabled_reason": "x"}, 400),
        ({"disabled_reason": "x"}, 400),
        ({"colour": "blue"}, 400),
    ],
)
async def test_bad_service_updates(client: Client, body: dict[str, Any], status: int) -> None:
    await client.ask("PUT", f"/os-services/{uid(77)}", body, status=status)


async def test_a_host_is_forgotten_once_it_is_empty(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    await add_host(compute, 2)
    await add_server(compute, 50, 1, PROJECTS["member"])
    await client.ask("DELETE", f"/os-services/{uid(1001)}", status=409)
    await client.ask("DELETE", f"/os-services/{uid(1002)}", status=204)
    await client.ask("DELETE", f"/os-services/{uid(1002)}", status=404)
    found = (await client.ask("GET", "/os-hypervisors"))["hypervisors"]
    assert [one["hypervisor_hostname"] for one in found] == ["host1"]


async def test_hypervisors_show_what_is_used(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    await add_host(compute, 2)
    server = await add_server(compute, 50, 1, PROJECTS["member"])

    old = (await client.ask("GET", "/os-hypervisors/1", version="2.1"))["hypervisor"]
    assert (old["vcpus"], old["vcpus_used"], old["running_vms"]) == (8, 2, 1)
    assert (old["free_ram_mb"], old["local_gb_used"]) == (3584, 10)
    assert (old["hypervisor_version"], old["hypervisor_type"]) == (7002015, "QEMU")
    assert isinstance(old["cpu_info"], str)
    middle = await client.ask("GET", f"/os-hypervisors/{uid(1)}", version="2.53")
    assert middle["hypervisor"]["cpu_info"]["arch"] == "x86_64"
    new = (await client.ask("GET", f"/os-hypervisors/{uid(1)}?with_servers=true"))["hypervisor"]
    assert new["servers"] == [{"uuid": server, "name": "server50"}]
    assert new["uptime"].split()[1] == "up"
    assert "vcpus" not in new
    await client.ask("GET", f"/os-hypervisors/{uid(9)}", status=404)
    await client.ask("GET", "/os-hypervisors/1", status=404)

    sums = await client.ask("GET", "/os-hypervisors/statistics", version="2.87")
    assert sums["hypervisor_statistics"]["vcpus"] == 16
    assert sums["hypervisor_statistics"]["count"] == 2
    await client.ask("GET", "/os-hypervisors/statistics", status=404)
    path = f"/os-hypervisors/{uid(1)}/uptime"
    assert "uptime" in (await client.ask("GET", path, version="2.87"))["hypervisor"]


async def test_hypervisors_are_searched_and_paged(client: Client, compute: Compute) -> None:
    for number in (1, 2, 3):
        await add_host(compute, number)
    await add_server(compute, 50, 2, PROJECTS["member"])

    async def names(path: str, version: str = "2.96") -> list[str]:
        found = await client.ask("GET", f"/os-hypervisors{path}", version=version)
        return [one["hypervisor_hostname"] for one in found["hypervisors"]]

    assert await names("/host2/search", "2.52") == ["host2"]
    await client.ask("GET", "/os-hypervisors/nohost/search", version="2.52", status=404)
    found = await client.ask("GET", "/os-hypervisors/host2/servers", version="2.52")
    assert found["hypervisors"][0]["servers"] == [{"uuid": uid(50), "name": "server50"}]
    assert await names("?hypervisor_hostname_pattern=st3") == ["host3"]
    await client.ask("GET", "/os-hypervisors?hypervisor_hostname_pattern=x", status=404)
    assert await names("?limit=2") == ["host1", "host2"]
    assert await names(f"/detail?limit=2&marker={uid(2)}") == ["host3"]
    assert await names("?limit=2&marker=1", "2.33") == ["host2", "host3"]
    await client.ask("GET", "/os-hypervisors?marker=9", status=400)


async def test_zones_follow_aggregates(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    await add_host(compute, 2)
    made = await client.ask(
        "POST", "/os-aggregates", {"aggregate": {"name": "a", "availability_zone": "east"}}
    )
    action = f"/os-aggregates/{made['aggregate']['id']}/action"
    await client.ask("POST", action, {"add_host": {"host": "host2"}})
    found = await client.ask("GET", "/os-availability-zone", token="reader")
    assert found["availabilityZoneInfo"] == [
        {"zoneName": name, "zoneState": {"available": True}, "hosts": None}
        for name in ("nova", "east")
    ]
    detail = await client.ask("GET", "/os-availability-zone/detail")
    zones = {one["zoneName"]: one["hosts"] for one in detail["availabilityZoneInfo"]}
    assert zones["east"]["host2"]["nova-compute"]["active"] is True
    assert "nova-scheduler" in zones["internal"]["controller"]


async def test_the_older_hosts_resource(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)

    async def ask(method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        return await client.ask(
            method, f"/os-hosts{path}", body, status=status, version="2.42", **more
        )

    assert {"host_name": "host1", "service": "compute", "zone": "nova"} in (await ask("GET", ""))[
        "hosts"
    ]
    assert (await ask("GET", "?zone=xxx"))["hosts"] == []
    resources = (await ask("GET", "/host1"))["host"]
    assert resources[0]["resource"]["memory_mb"] == 4096
    assert await ask("PUT", "/host1", {"status": "disable"}) == {
        "host": "host1",
        "status": "disabled",
    }
    await ask("PUT", "/host1", {"status": "invalid"}, 400)
    await ask("PUT", "/host1", {"maintenance_mode": "enable"}, 400)
    await ask("PUT", "/host1", {}, 400)
    await ask("PUT", "/host9", {"status": "enable"}, 404)
    for verb in ("reboot", "shutdown", "startup"):
        await ask("GET", f"/host9/{verb}", status=404)
        await ask("GET", f"/host1/{verb}", status=400)
        await ask("GET", f"/host1/{verb}", status=403, token="member")
    await ask("GET", "", status=403, token="member")
    await client.ask("GET", "/os-hosts", status=404, version="2.43")


async def test_a_disabled_host_stays_disabled_when_it_reports_itself_again(
    client: Client, compute: Compute
) -> None:
    facts = Host(
        hostname="host1",
        vcpus=8,
        memory_mib=4096,
        disk_gib=100,
        accelerator="tcg",
        accelerator_reason="a test",
        cpu_arch="x86_64",
        cpu_model="max",
        qemu_version="7.2.15",
        boot_id="boot",
    )
    await register_host(compute, facts)
    service = (await client.ask("GET", "/os-services?host=host1"))["services"][0]
    await client.ask("PUT", f"/os-services/{service['id']}", {"status": "disabled"})
    await register_host(compute, facts)
    (host,) = await hosts.list_hosts(compute.kit.database.reader)
    assert "COMPUTE_STATUS_DISABLED" in await traits_of(compute.kit.database.reader, host.id)
