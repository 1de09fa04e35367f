"""What servers, hosts and machines used of late."""

from __future__ import annotations

import pytest

from tests.api.doors.house import House

pytestmark = pytest.mark.anyio

SERIES = {
    "cpu_percent",
    "memory_mib",
    "disk_read_bytes_s",
    "disk_write_bytes_s",
    "disk_read_ops_s",
    "disk_write_ops_s",
    "net_rx_bytes_s",
    "net_tx_bytes_s",
}


async def test_a_servers_hour(house: House) -> None:
    server_id = house.ids["unkai"]["server_id"]
    path = f"/unkai/v1/servers/{server_id}/metrics"
    for who in ("demo", "reader", "admin"):
        answer = await house.ask(who, "GET", path)
        assert answer.status == 200, answer.content
        found = answer.json()["metrics"]
        assert found["subject"] == f"server/{server_id}"
        assert set(found["series"]) == SERIES
        assert 300 < len(found["at"]) <= 360
        assert found["at"] == sorted(found["at"])
        assert all(len(values) == len(found["at"]) for values in found["series"].values())
        assert all(0 <= value <= 100 for value in found["series"]["cpu_percent"])
        assert len(set(found["series"]["cpu_percent"])) > 50
    middle = found["at"][100]
    answer = await house.ask("demo", "GET", f"{path}?since={middle}")
    later = answer.json()["metrics"]
    assert later["at"][: len(found["at"]) - 101] == found["at"][101:]


async def test_a_hosts_hour_is_its_administrators(house: House) -> None:
    path = "/unkai/v1/hosts/fake-1/metrics"
    assert (await house.ask("demo", "GET", path)).status == 403
    answer = await house.ask("admin", "GET", path)
    assert answer.status == 200, answer.content
    assert set(answer.json()["metrics"]["series"]) == SERIES
    assert (await house.ask("admin", "GET", "/unkai/v1/hosts/none/metrics")).status == 404


async def test_not_anothers(house: House) -> None:
    path = f"/unkai/v1/servers/{house.ids['unkai']['server_id']}/metrics"
    assert (await house.ask("other", "GET", path)).status == 404
    assert (await house.ask(None, "GET", path)).status == 401


@pytest.mark.parametrize("since", ["x", "-1", "nan", "inf", "1e300", "1e12x"])
async def test_odd_moments(house: House, since: str) -> None:
    path = f"/unkai/v1/servers/{house.ids['unkai']['server_id']}/metrics?since={since}"
    assert (await house.ask("demo", "GET", path)).status == 400


async def test_diagnostics_have_the_same_numbers(house: House) -> None:
    path = f"/compute/v2.1/servers/{house.ids['unkai']['server_id']}/diagnostics"
    newest = {"OpenStack-API-Version": "compute 2.96"}
    first, second = [(await house.ask("admin", "GET", path, **newest)).json() for _ in range(2)]
    assert first["state"] == "running"
    assert len(first["cpu_details"]) == first["num_cpus"]
    assert 0 <= first["cpu_details"][0]["utilisation"] <= 100
    assert first["memory_details"]["used"] <= first["memory_details"]["maximum"]
    assert second["disk_details"][0]["read_bytes"] >= first["disk_details"][0]["read_bytes"] > 0
    assert all(nic["rx_octets"] > 0 and nic["tx_octets"] > 0 for nic in first["nic_details"])
    old = (await house.ask("admin", "GET", path)).json()
    assert {"memory", "cpu0_time", "vda_read", "vda_write_req"} <= set(old)


async def test_a_machines_sensors_are_its_administrators(house: House) -> None:
    node = house.ids["unkai"]["node_ident"]
    path = f"/unkai/v1/nodes/{node}/metrics"
    answer = await house.ask("admin", "GET", path)
    assert answer.status == 200, answer.content
    assert answer.json()["metrics"]["subject"].startswith("node/")
    assert (await house.ask("demo", "GET", path)).status == 403
    assert (await house.ask("admin", "GET", "/unkai/v1/nodes/none/metrics")).status == 404
