"""/servers: what is made, shown, changed and refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.api.compute.cloud import ENORMOUS, HIDDEN, NOWHERE, Cloud
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio


async def refused(cloud: Cloud, status: int, words: str = "", **more: Any) -> None:
    """The request is refused, in these words, and nothing of it is left."""
    keywords = {name: more.pop(name) for name in ("who", "version") if name in more}
    answer = await cloud.ask("POST", "/servers", cloud.body(**more), **keywords)
    assert answer.status_code == status, answer.text
    (fault,) = answer.json().values()
    assert words in fault["message"], fault
    assert (await cloud.ask("GET", "/servers?all_tenants=1", who="admin")).json() == {"servers": []}
    assert await cloud.leftovers() == []


async def test_everything_a_server_may_be_made_with(cloud: Cloud) -> None:
    answer = await cloud.ask(
        "POST",
        "/servers",
        cloud.body(
            key_name="key",
            user_data=base64.b64encode(b"#!/bin/sh\n").decode(),
            metadata={"a": "b"},
            tags=["one", "two"],
            description="described",
            hostname="web.example.org",
            config_drive=True,
            accessIPv4="1.1.1.1",
            accessIPv6="0000:0000:0000:0000:0000:babe:220.12.22.2",
            security_groups=[{"name": "default"}],
            adminPass="secret",
            **{"OS-DCF:diskConfig": "AUTO"},
        ),
        status=202,
    )
    made = answer.json()["server"]
    assert made["adminPass"] == "secret"
    assert made["security_groups"] == [{"name": "default"}]
    assert made["OS-DCF:diskConfig"] == "AUTO"
    assert answer.headers["location"].endswith(f"/servers/{made['id']}")
    assert answer.headers["x-compute-request-id"].startswith("req-")

    shown = await cloud.reach(made["id"], "ACTIVE")
    assert shown["key_name"] == "key"
    assert shown["metadata"] == {"a": "b"}
    assert shown["tags"] == ["one", "two"]
    assert shown["description"] == "described"
    assert shown["config_drive"] == "True"
    assert shown["accessIPv6"] == "::babe:dc0c:1602"
    assert shown["OS-EXT-SRV-ATTR:hostname"] == "web.example.org"
    assert shown["security_groups"] == [{"name": "default"}]
    assert shown["flavor"]["original_name"] == "m1.nano"
    assert shown["host_status"] == "UP"
    assert shown["pinned_availability_zone"] is None
    host = cloud.host_of(made["id"])
    assert host is not None and host.machines[made["id"]].machine.config_drive is not None


@pytest.mark.parametrize(
    ("version", "there", "missing"),
    [
        ("2.1", {"OS-EXT-STS:vm_state", "progress"}, {"locked", "description", "tags"}),
        ("2.3", {"OS-EXT-SRV-ATTR:hostname"}, {"locked"}),
        ("2.9", {"locked"}, {"host_status", "description"}),
        ("2.19", {"description", "host_status"}, {"tags"}),
        ("2.26", {"tags"}, {"trusted_image_certificates"}),
        ("2.73", {"locked_reason", "server_groups"}, {"pinned_availability_zone"}),
        ("2.96", {"pinned_availability_zone", "trusted_image_certificates"}, set[str]()),
    ],
)
async def test_fields_by_microversion(
    cloud: Cloud, version: str, there: set[str], missing: set[str]
) -> None:
    server_id = await cloud.boot()
    shown = await cloud.show(server_id, version=version)
    assert there <= set(shown)
    assert not missing & set(shown)
    assert ("id" in shown["flavor"]) == (version not in ("2.73", "2.96"))


async def test_others_see_less_and_nothing_of_other_projects(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    mine = await cloud.show(server_id, who="member")
    assert "OS-EXT-SRV-ATTR:host" not in mine and "host_status" not in mine
    assert mine["OS-EXT-SRV-ATTR:hostname"] == "web"
    assert mine["hostId"]
    path = f"/servers/{server_id}"
    await cloud.ask("GET", path, who="other", status=404)
    await cloud.ask("PUT", path, {"server": {"name": "x"}}, who="other", status=404)
    await cloud.ask("DELETE", path, who="other", status=404)
    await cloud.ask("DELETE", path, who="reader", status=403)
    await cloud.ask("GET", path, who=None, status=401)
    await cloud.ask("POST", "/servers", cloud.body(), who="reader", status=403)


@pytest.mark.parametrize(
    ("status", "words", "more"),
    [
        (400, "Invalid flavorRef", {"flavorRef": "none-such"}),
        (400, "Invalid flavorRef", {"flavorRef": HIDDEN.id}),
        (400, "Can not find requested image", {"imageRef": NOWHERE}),
        (400, "Invalid imageRef", {"imageRef": "x"}),
        (400, "Invalid imageRef", {"imageRef": ""}),
        (400, "Invalid key_name", {"key_name": "none-such"}),
        (400, "could not be found", {"networks": [{"uuid": NOWHERE}]}),
        (400, "could not be found", {"networks": [{"port": NOWHERE}]}),
        (400, "Invalid input", {"networks": "some"}),
        (400, "not found", {"security_groups": [{"name": "none-such"}]}),
        (400, "not available", {"availability_zone": "mars"}),
        (400, "base64", {"user_data": "#!/bin/sh"}),
        (400, "", {"user_data": "A" * 65536}),
        (400, "", {"name": ""}),
        (400, "", {"name": "x" * 256}),
        (400, "", {"name": "a\x00b"}),
        (400, "", {"name": 12}),
        (400, "", {"metadata": {"a": "b" * 256}}),
        (400, "", {"metadata": {"": "b"}}),
        (400, "", {"metadata": "x"}),
        (400, "", {"tags": ["a,b"]}),
        (400, "", {"tags": ["a" * 61]}),
        (400, "", {"accessIPv4": "1.1.1"}),
        (400, "", {"accessIPv6": "zz"}),
        (400, "", {"min_count": 0}),
        (400, "", {"min_count": 3, "max_count": 2}),
        (400, "", {"max_count": 10**30}),
        (400, "", {"colour": "blue"}),
        (400, "", {"personality": [{"path": "/x", "contents": "eA=="}]}),
        (400, "", {"hostname": "bad_name"}),
        (400, "verified", {"trusted_image_certificates": [NOWHERE]}),
        (
            400,
            "volumes",
            {
                "block_device_mapping_v2": [
                    {"source_type": "blank", "destination_type": "volume", "boot_index": 0}
                ]
            },
        ),
        (403, "Maximum number of metadata items", {"metadata": {str(n): "x" for n in range(129)}}),
        (403, "Quota exceeded for instances", {"min_count": 11, "max_count": 11}),
        (403, "forced_host", {"availability_zone": "nova:host-1"}),
        (403, "forced_host", {"host": "host-1"}),
    ],
)
async def test_a_refusal_leaves_nothing(
    cloud: Cloud, status: int, words: str, more: dict[str, Any]
) -> None:
    await refused(cloud, status, words, **more)


async def test_bodies_that_are_none(cloud: Cloud) -> None:
    bodies: list[Any] = [None, [], {}, {"server": None}, {"server": []}, {"servers": {}}, "x", 1]
    for body in bodies:
        await cloud.ask("POST", "/servers", body, status=400)
    body = cloud.body()
    del body["server"]["networks"]
    await cloud.ask("POST", "/servers", body, status=400)
    await cloud.ask("POST", "/servers", cloud.body(), version="2.999", status=406)
    big = cloud.body(user_data="A" * (2 << 20))
    await cloud.ask("POST", "/servers", big, status=413)


async def test_no_host_fits(cloud: Cloud) -> None:
    """The server is there in ERROR with the reason, and holds nothing."""
    server_id = await cloud.create(flavorRef=ENORMOUS.id, who="admin", networks="none")
    shown = await cloud.show(server_id)
    assert shown["status"] == "ERROR"
    assert shown["fault"]["message"].startswith("No valid host was found.")
    assert await cloud.leftovers() == []
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204, who="admin")
    await cloud.gone(server_id)


async def test_several_servers_at_once(cloud: Cloud) -> None:
    answer = await cloud.ask(
        "POST",
        "/servers",
        cloud.body(min_count=2, max_count=3, return_reservation_id=True),
        status=202,
    )
    reservation = answer.json()["reservation_id"]
    listed = await cloud.ask("GET", f"/servers/detail?reservation_id={reservation}", status=200)
    servers = listed.json()["servers"]
    assert sorted(server["name"] for server in servers) == ["web-1", "web-2", "web-3"]
    for server in servers:
        await cloud.reach(server["id"], "ACTIVE")
    hosts = {(await cloud.show(server["id"]))["OS-EXT-SRV-ATTR:host"] for server in servers}
    assert hosts == {"host-1", "host-2"}


async def test_max_count_takes_what_the_quota_leaves(cloud: Cloud) -> None:
    await cloud.create(min_count=1, max_count=50, networks="none")
    listed = (await cloud.ask("GET", "/servers")).json()["servers"]
    assert len(listed) == 10
    await cloud.ask("POST", "/servers", cloud.body(), status=403)


async def test_where_an_admin_wants_it(cloud: Cloud) -> None:
    for wish in ({"host": "host-2"}, {"availability_zone": "nova:host-2"}):
        server_id = await cloud.boot(who="admin", networks="none", **wish)
        assert (await cloud.show(server_id))["OS-EXT-SRV-ATTR:host"] == "host-2"
    await cloud.ask(
        "POST", "/servers", cloud.body(host="none", networks="none"), who="admin", status=400
    )


async def test_networks(cloud: Cloud) -> None:
    without = await cloud.boot(networks="none")
    assert (await cloud.show(without))["addresses"] == {}
    fixed = [{"uuid": cloud.network_id, "fixed_ip": "10.1.7.7"}]
    server_id = await cloud.boot(networks=fixed)
    assert (await cloud.show(server_id))["addresses"]["private"][0]["addr"] == "10.1.7.7"
    await cloud.ask("POST", "/servers", cloud.body(networks=fixed), status=400)
    unsaid = await cloud.ask(
        "POST",
        "/servers",
        {"server": {"name": "x", "flavorRef": 42, "imageRef": cloud.image_id}},
        version="2.1",
        status=202,
    )
    shown = await cloud.reach(unsaid.json()["server"]["id"], "ACTIVE")
    assert "private" in shown["addresses"]
    assert shown["description"] == "x"
    auto = await cloud.boot(networks="auto")
    assert "private" in (await cloud.show(auto))["addresses"]
    ips = (await cloud.ask("GET", f"/servers/{server_id}/ips", status=200)).json()
    assert ips == {"addresses": {"private": [{"version": 4, "addr": "10.1.7.7"}]}}
    one = await cloud.ask("GET", f"/servers/{server_id}/ips/private", status=200)
    assert one.json() == ips["addresses"]
    await cloud.ask("GET", f"/servers/{server_id}/ips/other", status=404)


async def test_update(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    change = {"name": "neu", "description": "d", "accessIPv4": "2.2.2.2", "hostname": "h"}
    answer = await cloud.ask("PUT", f"/servers/{server_id}", {"server": change}, status=200)
    shown = answer.json()["server"]
    assert (shown["name"], shown["description"]) == ("neu", "d")
    assert shown["accessIPv4"] == "2.2.2.2"
    assert shown["OS-EXT-STS:vm_state"] == "active"
    old = await cloud.ask(
        "PUT", f"/servers/{server_id}", {"server": {"name": "alt"}}, version="2.1", status=200
    )
    assert "OS-EXT-STS:vm_state" not in old.json()["server"]
    for bad in ({"name": ""}, {"description": "x"}, {"colour": 1}):
        await cloud.ask("PUT", f"/servers/{server_id}", {"server": bad}, version="2.18", status=400)
    await cloud.ask("PUT", f"/servers/{NOWHERE}", {"server": {"name": "x"}}, status=404)
    await cloud.ask("GET", "/servers/x", status=404)


async def test_delete_of_what_is_not_there(cloud: Cloud) -> None:
    await cloud.ask("DELETE", f"/servers/{NOWHERE}", status=404)
    await cloud.ask("DELETE", "/servers/-1", status=404)
    server_id = await cloud.boot()
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    await cloud.ask("DELETE", f"/servers/{server_id}", status=404)


async def test_the_timeline_names_everyone(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    timeline = await read_timeline(
        cloud.kit.database.reader, cloud.kit.clock, f"server/{server_id}"
    )
    participants = {event.participant for event in timeline.events}
    assert participants >= {
        "User",
        "Keystone",
        "NovaAPI",
        "NovaScheduler",
        "NeutronAPI",
        "GlanceAPI",
        "ComputeNode",
        "Hypervisor",
    }
    assert all(event.outcome == "ok" for event in timeline.events), timeline
