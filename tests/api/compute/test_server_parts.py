"""What hangs on a server: metadata, tags, NICs, security groups, password, diagnostics."""

from __future__ import annotations

import pytest

from tests.api.compute.cloud import NOWHERE, Cloud

pytestmark = pytest.mark.anyio


async def test_metadata(cloud: Cloud) -> None:
    path = f"/servers/{await cloud.boot(metadata={'a': '1'})}/metadata"
    assert (await cloud.ask("GET", path, status=200)).json() == {"metadata": {"a": "1"}}
    added = await cloud.ask("POST", path, {"metadata": {"b": "2"}}, status=200)
    assert added.json() == {"metadata": {"a": "1", "b": "2"}}
    await cloud.ask("PUT", path, {"metadata": {"c": "3"}}, status=200)
    one = await cloud.ask("PUT", f"{path}/d", {"meta": {"d": "4"}}, status=200)
    assert one.json() == {"meta": {"d": "4"}}
    assert (await cloud.ask("GET", f"{path}/c", status=200)).json() == {"meta": {"c": "3"}}
    await cloud.ask("DELETE", f"{path}/c", status=204)
    await cloud.ask("DELETE", f"{path}/c", status=404)
    await cloud.ask("GET", f"{path}/c", status=404)
    assert (await cloud.ask("GET", path, status=200)).json() == {"metadata": {"d": "4"}}
    await cloud.ask("PUT", f"{path}/d", {"meta": {"e": "4"}}, status=400)
    await cloud.ask("PUT", f"{path}/d", {"meta": {"d": "4", "e": "5"}}, status=400)
    for bad in ({"metadata": None}, {}, {"metadata": {"a": None}}, {"metadata": {"a" * 256: "b"}}):
        await cloud.ask("POST", path, bad, status=400)
    many = {"metadata": {str(number): "x" for number in range(129)}}
    await cloud.ask("POST", path, many, status=403)
    await cloud.ask("GET", path, who="other", status=404)
    await cloud.ask("POST", path, {"metadata": {}}, who="reader", status=403)
    await cloud.ask("GET", f"/servers/{NOWHERE}/metadata", status=404)


async def test_tags(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    path = f"/servers/{server_id}/tags"
    made = await cloud.ask("PUT", f"{path}/one", status=201)
    assert made.headers["location"].endswith(f"{path}/one")
    await cloud.ask("PUT", f"{path}/one", status=204)
    await cloud.ask("GET", f"{path}/one", status=204)
    await cloud.ask("GET", f"{path}/two", status=404)
    replaced = await cloud.ask("PUT", path, {"tags": ["b", "a"]}, status=200)
    assert sorted(replaced.json()["tags"]) == ["a", "b"]
    await cloud.ask("DELETE", f"{path}/a", status=204)
    await cloud.ask("DELETE", f"{path}/a", status=404)
    assert (await cloud.ask("GET", path, status=200)).json() == {"tags": ["b"]}
    await cloud.ask("PUT", path, {"tags": [str(number) for number in range(51)]}, status=400)
    await cloud.ask("PUT", f"{path}/{'x' * 61}", status=400)
    await cloud.ask("DELETE", path, status=204)
    await cloud.ask("GET", path, version="2.25", status=404)


async def test_interfaces(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    path = f"/servers/{server_id}/os-interface"
    (first,) = (await cloud.ask("GET", path, status=200)).json()["interfaceAttachments"]
    assert (first["net_id"], first["port_state"]) == (cloud.network_id, "ACTIVE")
    added = await cloud.ask(
        "POST", path, {"interfaceAttachment": {"net_id": cloud.network_id}}, status=200
    )
    port_id = added.json()["interfaceAttachment"]["port_id"]
    await cloud.idle()
    host = cloud.host_of(server_id)
    assert host is not None and len(host.machines[server_id].machine.nics) == 2
    shown = await cloud.ask("GET", f"{path}/{port_id}", status=200)
    assert shown.json()["interfaceAttachment"]["port_id"] == port_id
    await cloud.ask("DELETE", f"{path}/{port_id}", status=202)
    await cloud.idle()
    await cloud.ask("GET", f"{path}/{port_id}", status=404)
    await cloud.ask("DELETE", f"{path}/{NOWHERE}", status=404)
    assert (await cloud.show(server_id))["status"] == "ACTIVE"
    for bad in (
        {"net_id": cloud.network_id, "port_id": NOWHERE},
        {"fixed_ips": [{"ip_address": "10.1.0.9"}]},
        {"net_id": NOWHERE},
        {"net_id": "x"},
    ):
        await cloud.ask("POST", path, {"interfaceAttachment": bad}, status=400)
    assert await cloud.leftovers() == []


async def test_security_groups(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    path = f"/servers/{server_id}/os-security-groups"
    (group,) = (await cloud.ask("GET", path, status=200)).json()["security_groups"]
    assert group["name"] == "default"
    await cloud.act(server_id, "removeSecurityGroup", {"name": "default"})
    assert (await cloud.ask("GET", path, status=200)).json() == {"security_groups": []}
    await cloud.act(server_id, "removeSecurityGroup", {"name": "default"}, status=404)
    await cloud.act(server_id, "addSecurityGroup", {"name": group["id"]})
    assert (await cloud.show(server_id))["security_groups"] == [{"name": "default"}]
    await cloud.act(server_id, "addSecurityGroup", {"name": "none-such"}, status=404)
    await cloud.act(server_id, "addSecurityGroup", {}, status=400)


async def test_what_else_there_is(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    path = f"/servers/{server_id}"
    password = await cloud.ask("GET", f"{path}/os-server-password", status=200)
    assert password.json() == {"password": ""}
    await cloud.ask("DELETE", f"{path}/os-server-password", status=204)
    found = await cloud.ask("GET", f"{path}/diagnostics", who="admin", status=200)
    assert (found.json()["state"], found.json()["num_cpus"]) == ("running", 1)
    await cloud.ask("GET", f"{path}/diagnostics", status=403)
    volumes = await cloud.ask("GET", f"{path}/os-volume_attachments", status=200)
    assert volumes.json() == {"volumeAttachments": []}
    moves = await cloud.ask("GET", "/os-migrations", who="admin", status=200)
    assert moves.json() == {"migrations": []}
    await cloud.ask("GET", f"{path}/migrations", who="admin", status=200)
