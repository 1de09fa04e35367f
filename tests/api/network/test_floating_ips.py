"""/floatingips"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from tests.api.network.test_routers import outside, plug, unplug
from unkai.network.drivers.base import Ref

pytestmark = pytest.mark.anyio


class Scene:
    """A port behind a router to the outside."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def build(self) -> Scene:
        cloud = self.cloud
        self.public = await outside(cloud)
        self.network, self.subnet = await cloud.lan()
        self.router = await cloud.make(
            "router", external_gateway_info={"network_id": self.public["id"]}
        )
        await plug(cloud, self.router, subnet_id=self.subnet["id"])
        self.port = await cloud.make("port", network_id=self.network["id"])
        return self

    async def float(self, token: str = "member", **values: Any) -> dict[str, Any]:
        return await self.cloud.make(
            "floatingip", token, floating_network_id=self.public["id"], **values
        )


@pytest.fixture
async def scene(cloud: Cloud) -> Scene:
    return await Scene(cloud).build()


async def test_a_floating_ip_comes_moves_and_goes(cloud: Cloud, scene: Scene) -> None:
    made = await scene.float(description="mine")
    assert (made["status"], made["port_id"], made["router_id"]) == ("DOWN", None, None)
    assert made["floating_ip_address"].startswith("203.0.113.")
    assert made["port_details"] is None
    assert await cloud.show("floatingip", made["id"]) == made

    tied = await cloud.put("floatingip", made["id"], port_id=scene.port["id"])
    assert (tied["status"], tied["port_id"]) == ("ACTIVE", scene.port["id"])
    assert tied["router_id"] == scene.router["id"]
    assert tied["fixed_ip_address"] == scene.port["fixed_ips"][0]["ip_address"]
    assert tied["port_details"]["mac_address"] == scene.port["mac_address"]
    await cloud.settle()
    assert Ref("floating_ip", made["id"]) in cloud.wire.objects
    kept = await cloud.put("floatingip", made["id"], description="x")
    assert kept["port_id"] == scene.port["id"]

    loose = await cloud.put("floatingip", made["id"], port_id=None)
    assert (loose["status"], loose["port_id"], loose["router_id"]) == ("DOWN", None, None)
    await cloud.settle()
    assert Ref("floating_ip", made["id"]) not in cloud.wire.objects
    await cloud.remove("floatingip", made["id"])
    owned = await cloud.list("port", "device_owner=network:floatingip", "admin")
    assert owned == []


async def test_its_port_is_the_clouds(cloud: Cloud, scene: Scene) -> None:
    made = await scene.float()

    (port,) = await cloud.list("port", "device_owner=network:floatingip", "admin")

    assert port["device_id"] == made["id"]
    assert (port["status"], port["project_id"]) == ("N/A", "")
    assert port["fixed_ips"][0]["ip_address"] == made["floating_ip_address"]
    await cloud.remove("port", port["id"], "admin", status=409)
    assert await cloud.list("port", "device_owner=network:floatingip") == []


async def test_it_lets_go_of_a_port_that_goes(cloud: Cloud, scene: Scene) -> None:
    made = await scene.float(port_id=scene.port["id"])
    moved = await cloud.put("port", scene.port["id"], fixed_ips=[{"subnet_id": scene.subnet["id"]}])
    same = moved["fixed_ips"] == scene.port["fixed_ips"]
    assert (await cloud.show("floatingip", made["id"]))["port_id"] == (
        scene.port["id"] if same else None
    )
    await cloud.put("floatingip", made["id"], port_id=scene.port["id"])

    await cloud.remove("port", scene.port["id"])

    after = await cloud.show("floatingip", made["id"])
    assert (after["port_id"], after["fixed_ip_address"], after["status"]) == (None, None, "DOWN")


async def test_associations_that_cannot_be(cloud: Cloud, scene: Scene) -> None:
    made = await scene.float(port_id=scene.port["id"])
    second = await scene.float()
    inner, subnet = await cloud.lan("10.8.0.0/24")
    lost = await cloud.make("port", network_id=inner["id"])
    bare = await cloud.make("port", network_id=scene.network["id"], fixed_ips=[])
    twice = await cloud.make(
        "port",
        network_id=scene.network["id"],
        fixed_ips=[{"subnet_id": scene.subnet["id"]}] * 2,
    )

    async def refused(status: int, kind: str, **change: Any) -> None:
        said = await cloud.put("floatingip", second["id"], status=status, **change)
        assert said["NeutronError"]["type"] == kind

    await refused(409, "FloatingIPPortAlreadyAssociated", port_id=scene.port["id"])
    await refused(404, "ExternalGatewayForFloatingIPNotFound", port_id=lost["id"])
    await refused(404, "PortNotFound", port_id=NOWHERE)
    await refused(400, "HTTPBadRequest", port_id=bare["id"])
    await refused(400, "HTTPBadRequest", port_id=twice["id"])
    await refused(400, "HTTPBadRequest", port_id=twice["id"], fixed_ip_address="10.0.0.250")
    await refused(400, "HTTPBadRequest", fixed_ip_address="10.0.0.250")
    await refused(400, "HTTPBadRequest", floating_ip_address="203.0.113.77")
    chosen = twice["fixed_ips"][1]["ip_address"]
    tied = await cloud.put("floatingip", second["id"], port_id=twice["id"], fixed_ip_address=chosen)
    assert tied["fixed_ip_address"] == chosen
    assert (await cloud.show("floatingip", made["id"]))["port_id"] == scene.port["id"]
    assert subnet["id"]


async def test_floating_ips_that_cannot_be(cloud: Cloud, scene: Scene) -> None:
    public = scene.public["id"]
    chosen = "203.0.113.200"
    await cloud.refused(
        "floatingip", 400, "HTTPBadRequest", floating_network_id=scene.network["id"]
    )
    await cloud.refused("floatingip", 404, "NetworkNotFound", floating_network_id=NOWHERE)
    await cloud.refused(
        "floatingip",
        403,
        "PolicyNotAuthorized",
        floating_network_id=public,
        floating_ip_address=chosen,
    )
    made = await scene.float("admin", floating_ip_address=chosen)
    assert made["floating_ip_address"] == chosen
    await cloud.refused(
        "floatingip",
        409,
        "IpAddressInUse",
        "admin",
        floating_network_id=public,
        floating_ip_address=chosen,
    )
    await cloud.refused(
        "floatingip",
        404,
        "PortNotFound",
        floating_network_id=public,
        port_id=NOWHERE,
    )
    assert len(await cloud.list("floatingip", token="admin")) == 1


async def test_what_a_floating_ip_needs_stays(cloud: Cloud, scene: Scene) -> None:
    await scene.float(port_id=scene.port["id"])

    said = await unplug(cloud, scene.router, 409, subnet_id=scene.subnet["id"])
    assert said["NeutronError"]["type"] == "RouterInterfaceInUseByFloatingIP"
    said = await cloud.put("router", scene.router["id"], status=409, external_gateway_info={})
    assert said["NeutronError"]["type"] == "RouterExternalGatewayInUseByFloatingIp"


async def test_who_may_do_what(cloud: Cloud, scene: Scene) -> None:
    made = await scene.float()
    path = f"/floatingips/{made['id']}"
    body = {"floatingip": {"floating_network_id": scene.public["id"]}}

    for token, status in ((None, 401), ("reader", 403)):
        await cloud.ask("POST", "/floatingips", body, status=status, token=token)
        await cloud.ask("DELETE", path, status=status, token=token)
        await cloud.ask("PUT", path, {"floatingip": {}}, status=status, token=token)
    await cloud.ask("GET", path, status=404, token="other")
    await cloud.ask("DELETE", path, status=404, token="other")
    await cloud.ask("PUT", path, {"floatingip": {"port_id": None}}, status=404, token="other")
    theirs = await scene.float("other")
    body = {"floatingip": {"port_id": scene.port["id"]}}
    await cloud.ask("PUT", f"/floatingips/{theirs['id']}", body, status=404, token="other")
    assert await cloud.list("floatingip", token="other") == [theirs]


async def test_unused_ones_go_with_their_network(cloud: Cloud) -> None:
    public = await outside(cloud)
    made = await cloud.make("floatingip", floating_network_id=public["id"])

    await cloud.remove("network", public["id"], "admin")

    await cloud.ask("GET", f"/floatingips/{made['id']}", status=404)


async def test_the_external_network_is_used_up(cloud: Cloud) -> None:
    public = await outside(cloud, "203.0.113.0/29")
    for _ in range(5):
        await cloud.make("floatingip", floating_network_id=public["id"])

    await cloud.refused(
        "floatingip", 400, "ExternalIpAddressExhausted", floating_network_id=public["id"]
    )
