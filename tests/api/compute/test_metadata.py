"""What a guest reads of itself, at the metadata address and on its config drive."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.api.compute.cloud import PUBLIC_KEY, Cloud
from unkai.compute.actions.render_metadata import config_drive_files
from unkai.compute.api.metadata import MetadataApp
from unkai.compute.store import servers

pytestmark = pytest.mark.anyio
SCRIPT = b"#!/bin/sh\necho hello\n"


async def booted(cloud: Cloud) -> str:
    return await cloud.boot(
        key_name="key",
        user_data=base64.b64encode(SCRIPT).decode(),
        metadata={"role": "web"},
        networks=[{"uuid": cloud.network_id, "fixed_ip": "10.1.0.50", "tag": "lan"}],
    )


def guest(cloud: Cloud, network_id: str, address: str = "10.1.0.50") -> httpx.AsyncClient:
    """A program inside a guest, as the listener of its network sees it."""
    app = MetadataApp(cloud.compute)

    async def listener(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "unkai.network_id": network_id}, receive, send)

    transport = httpx.ASGITransport(app=listener, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://169.254.169.254")


async def test_openstack_form(cloud: Cloud) -> None:
    server_id = await booted(cloud)
    async with guest(cloud, cloud.network_id) as http:
        versions = (await http.get("/openstack")).text.split()
        assert versions[0] == "2012-08-10" and versions[-1] == "latest"
        told = (await http.get("/openstack/latest/meta_data.json")).json()
        assert told["uuid"] == server_id
        assert told["hostname"] == "web.novalocal"
        assert told["public_keys"] == {"key": PUBLIC_KEY}
        assert told["keys"] == [{"name": "key", "type": "ssh", "data": PUBLIC_KEY}]
        assert told["meta"] == {"role": "web"}
        assert told["devices"][0]["tags"] == ["lan"]
        assert len(base64.b64decode(told["random_seed"])) == 512
        assert (await http.get("/openstack/latest/user_data")).content == SCRIPT
        network = (await http.get("/openstack/latest/network_data.json")).json()
        assert network["links"][0]["ethernet_mac_address"].startswith("fa:16:3e")
        assert network["networks"][0]["type"] == "ipv4_dhcp"
        assert (await http.get("/openstack/latest/vendor_data.json")).json() == {}
        old = await http.get("/openstack/2012-08-10/network_data.json")
        assert old.status_code == 404
        listed = (await http.get("/openstack/latest/")).text.split()
        assert {"meta_data.json", "user_data", "network_data.json", "password"} <= set(listed)


async def test_ec2_form(cloud: Cloud) -> None:
    await booted(cloud)
    async with guest(cloud, cloud.network_id) as http:
        assert "latest" in (await http.get("/")).text
        names = (await http.get("/latest/meta-data/")).text.split()
        assert {"instance-id", "local-ipv4", "public-keys/", "placement/"} <= set(names)
        assert (await http.get("/latest/meta-data/local-ipv4")).text == "10.1.0.50"
        assert (await http.get("/2009-04-04/meta-data/hostname")).text == "web.novalocal"
        assert (await http.get("/latest/meta-data/public-keys/")).text == "0=key"
        key = await http.get("/latest/meta-data/public-keys/0/openssh-key")
        assert key.text == PUBLIC_KEY
        assert (await http.get("/latest/user-data")).content == SCRIPT
        assert (await http.get("/latest/meta-data/none")).status_code == 404


async def test_who_asks_is_told_by_network_and_address(cloud: Cloud) -> None:
    await booted(cloud)
    async with guest(cloud, cloud.network_id, "10.1.0.51") as http:
        answer = await http.get("/openstack/latest/meta_data.json")
        assert answer.status_code == 404
        forged = {"X-Forwarded-For": "10.1.0.50"}
        assert (await http.get("/latest/user-data", headers=forged)).status_code == 404
    async with guest(cloud, "another-network") as http:
        assert (await http.get("/latest/meta-data/")).status_code == 404


async def test_a_password_is_posted_once(cloud: Cloud) -> None:
    server_id = await booted(cloud)
    async with guest(cloud, cloud.network_id) as http:
        path = "/openstack/latest/password"
        assert (await http.post(path, content=b"x" * 5000)).status_code == 413
        assert (await http.post(path, content=b"encrypted")).status_code == 200
        assert (await http.post(path, content=b"again")).status_code == 409
        assert (await http.get(path)).text == "encrypted"
        assert (await http.post("/latest/user-data", content=b"x")).status_code == 405
        assert (await http.delete(path)).status_code == 405
    shown = await cloud.ask("GET", f"/servers/{server_id}/os-server-password", status=200)
    assert shown.json() == {"password": "encrypted"}


async def test_the_config_drive_says_the_same(cloud: Cloud) -> None:
    server_id = await booted(cloud)
    server = await servers.get_server(cloud.kit.database.reader, server_id)
    assert server is not None
    files = await config_drive_files(cloud.compute, server)
    assert files["openstack/latest/user_data"] == SCRIPT
    assert json.loads(files["openstack/latest/meta_data.json"])["uuid"] == server_id
    assert json.loads(files["ec2/latest/meta-data.json"])["local-ipv4"] == "10.1.0.50"
    assert "openstack/2018-08-27/network_data.json" in files
    assert "openstack/2012-08-10/network_data.json" not in files
