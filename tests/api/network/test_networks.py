"""/networks"""

from __future__ import annotations

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from unkai.network.drivers.base import Ref

pytestmark = pytest.mark.anyio


async def test_a_network_is_made_shown_changed_and_deleted(cloud: Cloud) -> None:
    made = await cloud.make("network", name="lan", description="ours")

    assert made["name"] == "lan"
    assert made["status"] == "ACTIVE"
    assert made["admin_state_up"] is True
    assert made["project_id"] == made["tenant_id"] == "mine"
    assert made["router:external"] is False
    assert made["subnets"] == []
    assert await cloud.show("network", made["id"]) == made

    changed = await cloud.put("network", made["id"], name="wan", admin_state_up=False)
    assert changed["name"] == "wan"
    assert changed["admin_state_up"] is False
    assert changed["revision_number"] == made["revision_number"] + 1

    await cloud.settle()
    assert Ref("network", made["id"]) in cloud.wire.objects
    await cloud.remove("network", made["id"])
    await cloud.settle()
    assert cloud.wire.objects == {}
    await cloud.ask("GET", f"/networks/{made['id']}", status=404)


async def test_many_are_made_at_once_or_none(cloud: Cloud) -> None:
    body = {"networks": [{"name": "a"}, {"name": "b"}]}
    made = (await cloud.ask("POST", "/networks", body, status=201))["networks"]
    assert [one["name"] for one in made] == ["a", "b"]

    bad = {"networks": [{"name": "c"}, {"name": "d", "availability_zone_hints": ["mars"]}]}
    await cloud.ask("POST", "/networks", bad, status=400)
    assert len(await cloud.list("network")) == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"network": {"nom": "x"}}, "Unrecognized attribute(s) 'nom'"),
        ({"network": {"name": 7}}, "Invalid input for name"),
        ({"network": {"name": "x" * 256}}, "Invalid input for name"),
        ({"network": {"name": "a\x00b"}}, "NUL"),
        ({"network": {"mtu": 2**70}}, "too large"),
        ({"network": {"mtu": 2**40}}, "Invalid input for mtu"),
        ({"network": {"mtu": 9000}}, "too big"),
        ({"network": {"mtu": 1}}, "not between"),
        ({"network": "lan"}, "object"),
        ({"subnet": {}}, "Unable to find 'network'"),
        ({"networks": []}, "Resources required"),
        ({"network": {"project_id": "mine", "tenant_id": "theirs"}}, "do not match"),
    ],
)
async def test_a_bad_body_is_a_400(cloud: Cloud, body: object, words: str) -> None:
    said = await cloud.ask("POST", "/networks", body, status=400)

    assert words in said["NeutronError"]["message"]
    assert await cloud.list("network") == []


async def test_who_may_do_what(cloud: Cloud) -> None:
    made = await cloud.make("network", name="lan")
    path = f"/networks/{made['id']}"

    await cloud.ask("POST", "/networks", {"network": {}}, status=401, token=None)
    await cloud.ask("POST", "/networks", {"network": {}}, status=401, token="wrong")
    await cloud.ask("POST", "/networks", {"network": {}}, status=403, token="reader")
    await cloud.ask("PUT", path, {"network": {"name": "x"}}, status=403, token="reader")
    await cloud.ask("DELETE", path, status=403, token="reader")
    await cloud.ask("GET", path, status=404, token="other")
    await cloud.ask("PUT", path, {"network": {"name": "x"}}, status=404, token="other")
    await cloud.ask("DELETE", path, status=404, token="other")
    await cloud.ask("GET", path, status=200, token="reader")
    await cloud.ask("GET", f"/networks/{NOWHERE}", status=404)
    await cloud.ask("GET", "/networks/not-an-id", status=404)
    body = {"network": {"project_id": "theirs"}}
    await cloud.ask("POST", "/networks", body, status=403)
    assert (await cloud.make("network", "admin", project_id="theirs"))["project_id"] == "theirs"


async def test_what_only_an_administrator_sets_and_sees(cloud: Cloud) -> None:
    for field in ("shared", "router:external", "is_default"):
        await cloud.ask("POST", "/networks", {"network": {field: True}}, status=403)
        await cloud.ask("POST", "/networks", {"network": {field: False}}, status=201)
    await cloud.refused("network", 403, "PolicyNotAuthorized", provider__network_type="vlan")
    mine = await cloud.make("network")
    assert not [name for name in mine if name.startswith("provider:")]
    seen = await cloud.show("network", mine["id"], "admin")
    assert seen["provider:network_type"] == "geneve"
    assert seen["provider:segmentation_id"] > 0


async def test_ossa_2014_031_a_user_cannot_reset_what_an_administrator_set(cloud: Cloud) -> None:
    made = await cloud.make("network", "admin", shared=True, project_id="mine")

    await cloud.put("network", made["id"], status=403, shared=False)
    await cloud.put("network", made["id"], status=403, router__external=False)

    assert (await cloud.show("network", made["id"]))["shared"] is True


async def test_shared_and_external_networks_are_seen_by_all(cloud: Cloud) -> None:
    shared = await cloud.make("network", "admin", shared=True)
    external = await cloud.make("network", "admin", router__external=True)
    await cloud.make("network", "other")

    seen = {one["id"] for one in await cloud.list("network")}
    assert seen == {shared["id"], external["id"]}
    found = await cloud.list("network", "router:external=True")
    assert [one["id"] for one in found] == [external["id"]]
    await cloud.put("network", shared["id"], status=403, name="mine now")
    await cloud.remove("network", shared["id"], status=403)


async def test_lists_filter_sort_and_page(cloud: Cloud) -> None:
    for name in ("b", "a", "c", "a"):
        await cloud.make("network", name=name)

    names = [one["name"] for one in await cloud.list("network", "sort_key=name&sort_dir=desc")]
    assert names == ["c", "b", "a", "a"]
    assert len(await cloud.list("network", "name=a&name=b")) == 3
    assert len(await cloud.list("network", "name=a&admin_state_up=false")) == 0
    assert await cloud.list("network", "name=c&fields=name") == [{"name": "c"}]
    assert await cloud.list("network", f"id={'x' * 300}") == []

    page = await cloud.ask("GET", "/networks?sort_key=name&limit=3", status=200)
    assert [one["name"] for one in page["networks"]] == ["a", "a", "b"]
    links = {link["rel"]: link["href"] for link in page["networks_links"]}
    rest = (await cloud.http.get(links["next"], headers={"X-Auth-Token": "member"})).json()
    assert [one["name"] for one in rest["networks"]] == ["c"]
    links = {link["rel"]: link["href"] for link in rest["networks_links"]}
    back = (await cloud.http.get(links["previous"], headers={"X-Auth-Token": "member"})).json()
    assert [one["name"] for one in back["networks"]] == ["a", "a", "b"]

    for bad in ("nom=x", "sort_key=nom", "limit=-1", "limit=many", "admin_state_up=maybe"):
        await cloud.ask("GET", f"/networks?{bad}", status=400)
    await cloud.ask("GET", f"/networks?marker={NOWHERE}", status=404)


async def test_a_network_with_ports_stays(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    port = await cloud.make("port", network_id=network["id"])

    said = await cloud.remove("network", network["id"], status=409)
    assert said["NeutronError"]["type"] == "NetworkInUse"
    assert port["id"] in said["NeutronError"]["message"]

    await cloud.remove("port", port["id"])
    await cloud.remove("network", network["id"])
    assert await cloud.list("subnet") == []
    await cloud.settle()
    assert {ref.kind for ref in cloud.wire.objects} == {"security_group"}


async def test_over_quota_is_a_409(cloud: Cloud) -> None:
    for _ in range(100):
        await cloud.make("network")

    said = await cloud.ask("POST", "/networks", {"network": {}}, status=409)
    assert said["NeutronError"]["type"] == "OverQuota"


async def test_an_old_revision_is_refused(cloud: Cloud) -> None:
    made = await cloud.make("network")
    path, body = f"/networks/{made['id']}", {"network": {"name": "x"}}

    await cloud.ask("PUT", path, body, status=412, headers={"If-Match": "revision_number=9"})
    await cloud.ask("PUT", path, body, status=200, headers={"If-Match": "revision_number=1"})


async def test_the_version_documents(cloud: Cloud) -> None:
    root = (await cloud.http.get("/network/")).json()
    assert root["versions"][0]["id"] == "v2.0"
    assert root["versions"][0]["status"] == "CURRENT"
    assert root["versions"][0]["links"][0]["href"] == "http://cloud/network/v2.0/"
    named = {one["name"] for one in (await cloud.http.get("/network/v2.0/")).json()["resources"]}
    assert {"network", "subnet", "port"} <= named


async def test_provider_networks(cloud: Cloud) -> None:
    provider = {"provider__network_type": "vlan", "provider__physical_network": "public"}
    made = await cloud.make("network", "admin", **provider, provider__segmentation_id=100)
    assert made["provider:segmentation_id"] == 100
    for wrong, status in (
        ({"provider__segmentation_id": 100}, 409),
        ({"provider__segmentation_id": 5000}, 400),
        ({"provider__physical_network": "mars", "provider__segmentation_id": 5}, 400),
        ({"provider__network_type": "carrier-pigeon"}, 400),
    ):
        sent = {n.replace("__", ":"): v for n, v in (provider | wrong).items()}
        await cloud.ask("POST", "/networks", {"network": sent}, status=status, token="admin")
