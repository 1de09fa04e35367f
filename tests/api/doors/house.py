"""A whole cloud in this process, furnished: one thing of every kind, owned by project demo.

Tests that are made from the route tables ask it. What a path's variables may be called, and what
they stand for here, is `House.ids`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.api.doors.asking import Answer, ask
from tests.api.doors.machines import equip
from tests.api.doors.samples import ALLOCATIONS, UUID
from tests.api.doors.volumes import carry, shelve
from unkai.baremetal.drivers.node_logs import CONSOLE
from unkai.baremetal.model import HistoryEntry, Inventory
from unkai.baremetal.store.bios_settings import save_bios_settings
from unkai.baremetal.store.history import HISTORY
from unkai.baremetal.store.inventories import put_inventory
from unkai.boot.cloud import Cloud, open_cloud
from unkai.boot.files import Passwords, passwords
from unkai.boot.progress import Progress
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database, Tx
from unkai.kit.http import Api, App, Route
from unkai.settings import IdentitySettings, ImageSettings, OperatorSettings, Settings

MARK = "owned-by-demo"
"""Part of the name of everything that project demo has."""
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA test"
TAGGED = {
    "networks": "network_id",
    "subnets": "subnet_id",
    "ports": "port_id",
    "routers": "router_id",
    "floatingips": "floatingip_id",
    "security-groups": "security_group_id",
    "subnetpools": "subnetpool_id",
}


@dataclass
class House:
    cloud: Cloud
    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """admin, demo (member), reader (of demo), other (member of another project)."""
    ids: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """By API and name of the variable."""
    demo_id: str = ""
    staged: dict[str, str] = field(default_factory=dict[str, str])
    """What stands in their place for the request that is next."""
    on_sqlite: bool = True
    drawn: int = 0
    generation: int = 0

    @property
    def app(self) -> App:
        return cast("App", self.cloud.app)

    def routes(self) -> Iterator[tuple[Api, Route]]:
        """Every route once; Nova's elder name and a project in Cinder's URL have the same ones."""
        for api in self.app.apis:
            if api.name not in ("compute-v2.0", "block-storage-of-project"):
                for route in api.routes:
                    yield api, route

    def names(self, api: Api) -> dict[str, str]:
        return {**self.ids.get(api.name, self.ids["compute"]), **self.staged}

    def path(self, api: Api, route: Route, **instead: str) -> str:
        """The route's path with real ids in it, or with `instead`."""

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in instead:
                return instead[name]
            if name == "resource_id":
                name = TAGGED[route.path.split("/")[2]]
            if "application_credentials" in route.path:
                name = f"own_{name}"
            if "resource_classes" in route.path:
                name = "class_name"
            return self.names(api)[name]

        return api.prefix + re.sub(r"{(\w+)}", fill, route.path)

    def owner(self, route: Route) -> str:
        """Who may do the most with this route: the cloud's admin, or a user with its own."""
        return "demo" if "application_credentials" in route.path else "admin"

    def version(self, api: Api, route: Route) -> dict[str, str]:
        """The newest microversion at which the route exists."""
        if api.microversions is None:
            return {}
        major, minor = min(route.last, api.microversions.highest)
        return {"OpenStack-API-Version": f"{api.microversions.service} {major}.{minor}"}

    def fill(self, api: Api, body: Any) -> Any:
        """The body with real ids, fresh names and numbers where it has words in braces."""
        if isinstance(body, str):
            return self._fill_word(api, body) if "{" in body else body
        if isinstance(body, list):
            return [self.fill(api, item) for item in cast("list[Any]", body)]
        if isinstance(body, dict):
            parts = cast("dict[Any, Any]", body)
            return {self.fill(api, key): self.fill(api, item) for key, item in parts.items()}
        return body

    def _fill_word(self, api: Api, text: str) -> Any:
        self.drawn += 1
        words = {
            **self.names(api),
            "unique": f"n{self.drawn}",
            "byte": str(self.drawn % 251),
            "mac": f"52:54:01:00:{self.drawn >> 8 & 255:02x}:{self.drawn & 255:02x}",
            "public_key": PUBLIC_KEY,
        }
        if text == "{number}":
            return self.drawn
        if text == "{generation}":
            return self.generation
        if text == "{allocations}":
            return self.fill(api, ALLOCATIONS)
        return re.sub(r"{(\w+)}", lambda found: words.get(found[1], str(self.drawn)), text)

    async def ask(
        self, who: str | None, method: str, path: str, body: Any = None, **headers: str
    ) -> Answer:
        if who is not None:
            headers["X-Auth-Token"] = self.tokens[who]
        content = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        return await ask(
            self.app, method, path, query=query.encode(), headers=headers, content=content
        )

    async def make(self, who: str, path: str, body: Any, **headers: str) -> Any:
        """POST and what it made."""
        answer = await self.ask(who, "POST", path, body, **headers)
        assert answer.status < 300, answer.content
        return next(iter(answer.json().values()))

    async def first(self, path: str, key: str = "id", **headers: str) -> str:
        """A member of the first thing in a list."""
        answer = await self.ask("admin", "GET", path, **headers)
        assert answer.status == 200, answer.content
        return str(next(value for value in answer.json().values() if value)[0][key])


@asynccontextmanager
async def open_house(
    folder: Path, database_url: str = "", operator: OperatorSettings | None = None
) -> AsyncGenerator[House]:
    settings = Settings(
        state_dir=folder,
        fake=True,
        database_url=database_url,
        identity=IdentitySettings(argon2_memory_kib=64),
        image=ImageSettings(guest_file=str(folder / "none")),
        operator=operator or OperatorSettings(),
    )
    async with open_cloud(settings, Progress(settings.progress_file, Clock())) as cloud:
        house = House(cloud, settings, on_sqlite=not settings.database_url)
        await _let_in(house, passwords(settings, Chance()))
        house.ids["network"] = await _network(house)
        house.ids["image"] = await _image(house)
        house.ids["compute"] = await _compute(house)
        house.ids["block-storage"] = await shelve(house, MARK)
        house.ids["placement"] = await _placement(house)
        house.ids["baremetal"] = await _baremetal(house)
        await _tag_all(house)
        house.ids["unkai"] = {
            **{name: house.ids["compute"][name] for name in ("flavor_id", "image_id")},
            "server_id": house.ids["compute"]["server_id"],
            "volume_id": house.ids["block-storage"]["volume_id"],
            "node_ident": house.ids["baremetal"]["node_ident"],
            "log_name": "console",
            "host_name": "fake-1",
        }
        logs = house.cloud.compute.baremetal.consoles.logs
        logs.append(house.ids["unkai"]["node_ident"], CONSOLE, f"{MARK} said this.\n".encode())
        yield house


async def _log_in(house: House, user: str, password: str, project: str) -> str:
    named = {"name": user, "password": password, "domain": {"id": "default"}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": named}},
            "scope": {"project": {"name": project, "domain": {"id": "default"}}},
        }
    }
    answer = await house.ask(None, "POST", "/identity/v3/auth/tokens", body)
    assert answer.status == 201, answer.content
    return answer.headers["x-subject-token"]


async def _let_in(house: House, secrets: Passwords) -> None:
    """Tokens, and one of everything identity has."""
    house.tokens["admin"] = await _log_in(house, "admin", secrets.admin, "admin")
    house.tokens["demo"] = await _log_in(house, "demo", secrets.demo, "demo")
    v3 = "/identity/v3"
    roles = {
        role["name"]: role["id"]
        for role in (await house.ask("admin", "GET", f"{v3}/roles")).json()["roles"]
    }
    demo_id = await house.first(f"{v3}/projects?name=demo")
    other = await house.make("admin", f"{v3}/projects", {"project": {"name": "other"}})
    ids = {"tag": "red", "own_user_id": await house.first(f"{v3}/users?name=demo")}
    for name, project, role in (("reader", demo_id, "reader"), ("other", other["id"], "member")):
        user = {"name": name, "password": "correct horse"}
        made = await house.make("admin", f"{v3}/users", {"user": user})
        grant = f"{v3}/projects/{project}/users/{made['id']}/roles/{roles[role]}"
        assert (await house.ask("admin", "PUT", grant)).status == 204
        project_name = "demo" if name == "reader" else "other"
        house.tokens[name] = await _log_in(house, name, "correct horse", project_name)
    victim = {"name": f"{MARK}-user", "password": "correct horse"}
    for plural, name, body in (
        ("domains", "domain_id", {"domain": {"name": MARK}}),
        ("projects", "project_id", {"project": {"name": MARK}}),
        ("users", "user_id", {"user": victim}),
        ("credentials", "credential_id", {"credential": {"type": "cert", "blob": "b"}}),
        ("groups", "group_id", {"group": {"name": MARK}}),
        ("roles", "role_id", {"role": {"name": MARK}}),
        ("roles", "implied_id", {"role": {"name": f"{MARK}-implied"}}),
        ("regions", "region_id", {"region": {"id": "north"}}),
        ("services", "service_id", {"service": {"type": "dns", "name": "names"}}),
        ("policies", "policy_id", {"policy": {"blob": "{}", "type": "application/json"}}),
    ):
        ids[name] = (await house.make("admin", f"{v3}/{plural}", body))["id"]
    endpoint = {"service_id": ids["service_id"], "interface": "public", "url": "http://cloud/dns"}
    made = await house.make("admin", f"{v3}/endpoints", {"endpoint": endpoint})
    ids["endpoint_id"] = made["id"]
    mine = f"{v3}/users/{ids['own_user_id']}/application_credentials"
    body = {"application_credential": {"name": MARK, "roles": [{"name": "reader"}]}}
    ids["own_credential_id"] = (await house.make("demo", mine, body))["id"]
    house.ids["identity"] = ids
    house.demo_id = demo_id


async def _network(house: House) -> dict[str, str]:
    v2 = "/network/v2.0"
    public = await house.first(f"{v2}/networks?router:external=true")
    ids = {
        "project_id": house.demo_id,
        "tag": "red",
        "alias": "router",
        "public_id": public,
    }

    async def make(plural: str, variable: str, **fields: Any) -> None:
        member = variable.removesuffix("_id")
        made = await house.make("demo", f"{v2}/{plural}", {member: fields})
        ids[variable] = made["id"]

    await make("networks", "network_id", name=MARK)
    await make(
        "subnets",
        "subnet_id",
        name=MARK,
        network_id=ids["network_id"],
        ip_version=4,
        cidr="10.8.0.0/24",
    )
    ids["free_subnet_id"] = ids["subnet_id"]
    await make(
        "subnets",
        "subnet_id",
        name=MARK,
        network_id=ids["network_id"],
        ip_version=4,
        cidr="10.9.0.0/24",
    )
    await make("ports", "port_id", name=MARK, network_id=ids["network_id"])
    gateway = {"network_id": public}
    await make("routers", "router_id", name=MARK, external_gateway_info=gateway)
    plug = f"{v2}/routers/{ids['router_id']}/add_router_interface"
    assert (await house.ask("demo", "PUT", plug, {"subnet_id": ids["subnet_id"]})).status == 200
    await make("floatingips", "floatingip_id", floating_network_id=public, description=MARK)
    await make("security-groups", "security_group_id", name=MARK)
    await make(
        "security-group-rules",
        "security_group_rule_id",
        security_group_id=ids["security_group_id"],
        direction="ingress",
        description=MARK,
    )
    await make("address-scopes", "address_scope_id", name=MARK, ip_version=4)
    await make("subnetpools", "subnetpool_id", name=MARK, prefixes=["10.64.0.0/16"])
    shared = {
        "object_type": "network",
        "object_id": ids["network_id"],
        "action": "access_as_shared",
        "target_tenant": "nobody",
    }
    made = await house.make("admin", f"{v2}/rbac-policies", {"rbac_policy": shared})
    ids["policy_id"] = made["id"]
    agents = (await house.ask("admin", "GET", f"{v2}/agents")).json()["agents"]
    ids["agent_id"] = agents[0]["id"] if agents else "none"
    return ids


async def _tag_all(house: House) -> None:
    """A tag on everything that takes one, and the image shared with nobody in particular."""
    network, image = house.ids["network"], house.ids["image"]
    paths = [f"/network/v2.0/{plural}/{network[name]}" for plural, name in TAGGED.items()]
    paths += [f"/image/v2/images/{image['image_id']}"]
    for path in paths:
        answer = await house.ask("demo", "PUT", f"{path}/tags/red")
        assert answer.status < 300, answer.content
    server = f"/compute/v2.1/servers/{house.ids['compute']['server_id']}"
    newest = {"OpenStack-API-Version": "compute 2.96"}
    answer = await house.ask("demo", "PUT", f"{server}/tags/red", **newest)
    assert answer.status < 300, answer.content
    await house.make("demo", f"{paths[-1]}/members", {"member": image["member_id"]})


async def _image(house: House) -> dict[str, str]:
    body = {"name": MARK, "disk_format": "raw", "container_format": "bare"}
    answer = await house.ask("demo", "POST", "/image/v2/images", body)
    assert answer.status == 201, answer.content
    image_id = answer.json()["id"]
    loaded = await ask(
        house.app,
        "PUT",
        f"/image/v2/images/{image_id}/file",
        headers={
            "X-Auth-Token": house.tokens["demo"],
            "Content-Type": "application/octet-stream",
        },
        content=bytes(4096),
    )
    assert loaded.status == 204, loaded.content
    return {
        "image_id": image_id,
        "member_id": house.demo_id,
        "name": "image",
        "tag": "red",
        "task_id": image_id,
    }


async def _compute(house: House) -> dict[str, str]:
    v21 = "/compute/v2.1"
    network = house.ids["network"]
    newest = {"OpenStack-API-Version": "compute 2.53"}
    flavor = {
        "name": MARK,
        "vcpus": 1,
        "ram": 64,
        "disk": 1,
        "os-flavor-access:is_public": False,
    }
    flavor_id = (await house.make("admin", f"{v21}/flavors", {"flavor": flavor}))["id"]
    for_demo = {"addTenantAccess": {"tenant": house.demo_id}}
    await house.make("admin", f"{v21}/flavors/{flavor_id}/action", for_demo)
    server = {
        "name": MARK,
        "flavorRef": flavor_id,
        "imageRef": house.ids["image"]["image_id"],
        "networks": [{"port": network["port_id"]}],
        "metadata": {"colour": MARK},
    }
    server_id = (await house.make("demo", f"{v21}/servers", {"server": server}))["id"]
    await _reach_active(house, server_id)
    await house.make(
        "demo", f"{v21}/os-keypairs", {"keypair": {"name": MARK, "public_key": PUBLIC_KEY}}
    )
    group = {"server_group": {"name": MARK, "policies": ["affinity"]}}
    aggregate = {"aggregate": {"name": "shelf", "availability_zone": "here"}}
    audits = f"{v21}/servers/{server_id}/os-instance-actions"
    return {
        "server_id": server_id,
        "image_id": house.ids["image"]["image_id"],
        "network_id": network["network_id"],
        "flavor_id": flavor_id,
        "port_id": network["port_id"],
        "project_id": network["project_id"],
        "keypair_name": MARK,
        "group_id": (await house.make("demo", f"{v21}/os-server-groups", group))["id"],
        "aggregate_id": str((await house.make("admin", f"{v21}/os-aggregates", aggregate))["id"]),
        "hypervisor_id": await house.first(f"{v21}/os-hypervisors", **newest),
        "service_id": await house.first(f"{v21}/os-services?binary=nova-compute", **newest),
        "host_name": await house.first(f"{v21}/os-hypervisors", "hypervisor_hostname"),
        "request_id": await house.first(audits, "request_id"),
        "key": "colour",
        "tag": "red",
        "class_name": "default",
        "network_label": MARK,
        "migration_id": "1",
        "alias": "servers",
        "before": "2026-01-01",
        "console_token": await _console(house, f"{v21}/servers/{server_id}"),
        **await carry(house, f"{v21}/servers/{server_id}", MARK),
    }


async def _console(house: House, server: str) -> str:
    """A token that opens a console; nobody does."""
    body = {"remote_console": {"protocol": "serial", "type": "serial"}}
    newest = {"OpenStack-API-Version": "compute 2.96"}
    made = await house.make("demo", f"{server}/remote-consoles", body, **newest)
    return made["url"].partition("token=")[2]


async def _reach_active(house: House, server_id: str) -> None:
    async with asyncio.timeout(20):
        while True:
            answer = await house.ask("demo", "GET", f"/compute/v2.1/servers/{server_id}")
            server = answer.json()["server"]
            assert server["status"] != "ERROR", server
            if server["status"] == "ACTIVE":
                return
            await asyncio.sleep(0.01)


async def _baremetal(house: House) -> dict[str, str]:
    """A node of the demo project's."""
    newest = {"X-OpenStack-Ironic-API-Version": "1.109"}
    body = {"driver": "fake-hardware", "name": f"{MARK}-node", "owner": house.demo_id}
    made = await house.ask("admin", "POST", "/baremetal/v1/nodes", body, **newest)
    assert made.status == 201, made.content
    node = made.json()["uuid"]
    entry = await _known_of(house.cloud.kit.database, node)
    return {
        "node_ident": node,
        "event_uuid": entry,
        "indicator": "led@system",
        "method": "shout",
        "setting_name": "virtualization",
        "state": "mood",
        "trait": "CUSTOM_DOORS",
        "vif_ident": "vif",
        **await equip(house, MARK, node),
    }


async def _known_of(database: Database, node: str) -> str:
    """What an inspection, its BMC and a failure would have told of it; the failure's id."""
    entry = HistoryEntry(
        uuid=UUID,
        node_uuid=node,
        conductor="conductor",
        event=f"{MARK} failed.",
        event_type="clean-node",
        severity="ERROR",
        user=None,
        created_at=1.0,
    )

    async def write(tx: Tx) -> None:
        await HISTORY.add(tx, entry)
        await put_inventory(tx, node, Inventory({"cpu": {"count": 1}}), 1.0)
        await save_bios_settings(tx, node, {"virtualization": {"value": "on"}}, 1.0)

    await database.transact(write)
    return entry.uuid


async def _placement(house: House) -> dict[str, str]:
    """A provider of nobody's; hosts keep their own in order."""
    newest = {"OpenStack-API-Version": "placement 1.39"}
    providers = "/placement/resource_providers"
    made = await house.ask("admin", "POST", providers, {"name": "shelf"}, **newest)
    uuid = made.json()["uuid"]
    stock = {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 64}}}
    await house.ask("admin", "PUT", f"{providers}/{uuid}/inventories", stock, **newest)
    await house.ask("admin", "PUT", "/placement/resource_classes/CUSTOM_SHELF", **newest)
    return {
        "uuid": uuid,
        "consumer_uuid": UUID,
        "resource_class": "VCPU",
        "name": "HW_CPU_X86_AVX",
        "class_name": "CUSTOM_SHELF",
    }
