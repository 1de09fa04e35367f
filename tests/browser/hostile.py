"""A cloud whose every name is an attack: what is offered to a page that takes text for more."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.clouds import RunningCloud

EVIL = """'"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}$t(title)"""
"""Markup for whoever puts text into a page as HTML, templates for whoever fills in words twice."""
IMG = "<img src=x onerror=alert(3)>"
"""Where slashes and commas are refused."""
LOG = f"\x1b[31mlogin:\x1b[0m {EVIL}\n"
BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
PUBLIC_KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()} {IMG}"
V21, NET, V1, V3 = "/compute/v2.1", "/network/v2.0", "/baremetal/v1", "/identity/v3"
VOL = "/volume/v3"
WAIT_S = 20.0
Make = Callable[..., Any]


@contextmanager
def signed_in(cloud: RunningCloud) -> Generator[httpx.Client]:
    """As the administrator, in the administrator's project."""
    secret = (Path(cloud.state_dir) / "admin-password").read_text().strip()
    who = {"name": "admin", "domain": {"id": "default"}, "password": secret}
    auth = {
        "identity": {"methods": ["password"], "password": {"user": who}},
        "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
    }
    with httpx.Client(base_url=cloud.url, timeout=30) as client:
        answer = client.post(f"{V3}/auth/tokens", json={"auth": auth})
        client.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        client.headers["OpenStack-API-Version"] = "compute 2.96, volume 3.71"
        client.headers["X-OpenStack-Ironic-API-Version"] = "1.115"
        yield client


def attacked(cloud: RunningCloud) -> dict[str, str]:
    """Make one of everything; page of the dashboard by what it shows."""
    with signed_in(cloud) as client:

        def make(path: str, body: Any, method: str = "POST") -> Any:
            answer = client.request(method, path, json=body)
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
            found: dict[str, Any] = answer.json() if answer.content else {}
            return next(iter(found.values())) if len(found) == 1 else found

        return {
            **_identity(make),
            **_network(make),
            **_images(client, make),
            **_compute(client, make),
            **_bare_metal(make),
            **_volumes(client, make),
        }


def _identity(make: Make) -> dict[str, str]:
    said = {"name": EVIL[:64], "description": EVIL}
    project = make(f"{V3}/projects", {"project": said})
    make(f"{V3}/users", {"user": {**said, "email": EVIL, "password": "correct horse"}})
    make(f"{V3}/groups", {"group": said})
    return {"projects": EVIL[:40], "users": EVIL[:40], f"projects/{project['id']}": EVIL[:64]}


def _network(make: Make) -> dict[str, str]:
    said = {"name": EVIL, "description": EVIL}
    network = make(f"{NET}/networks", {"network": said})["id"]
    subnet = {**said, "network_id": network, "cidr": "10.66.0.0/24", "ip_version": 4}
    make(f"{NET}/subnets", {"subnet": subnet})
    port = make(f"{NET}/ports", {"port": {**said, "network_id": network}})["id"]
    router = make(f"{NET}/routers", {"router": said})["id"]
    group = make(f"{NET}/security-groups", {"security_group": said})["id"]
    rule = {"security_group_id": group, "direction": "ingress", "description": EVIL}
    make(f"{NET}/security-group-rules", {"security_group_rule": rule})
    for kind, key in (("networks", network), ("routers", router), ("ports", port)):
        make(f"{NET}/{kind}/{key}/tags", {"tags": [IMG]}, "PUT")
    return {
        "networks": EVIL,
        "ports": EVIL,
        "routers": EVIL,
        "security-groups": EVIL,
        "topology": EVIL,
        f"networks/{network}": EVIL,
        f"ports/{port}": EVIL,
        f"routers/{router}": EVIL,
        f"security-groups/{group}": EVIL,
    }


def _images(client: httpx.Client, make: Make) -> dict[str, str]:
    body = {"name": EVIL, "disk_format": "raw", "container_format": "bare", "tags": [IMG]}
    answer = client.post("/image/v2/images", json={**body, "os_distro": EVIL, IMG: EVIL})
    assert answer.is_success, answer.text
    return {"images": EVIL, f"images/{answer.json()['id']}": EVIL}


def _compute(client: httpx.Client, make: Make) -> dict[str, str]:
    flavor = {"name": EVIL, "ram": 64, "vcpus": 1, "disk": 1, "description": EVIL}
    flavor_id = make(f"{V21}/flavors", {"flavor": flavor})["id"]
    make(f"{V21}/flavors/{flavor_id}/os-extra_specs", {"extra_specs": {"evil": EVIL}})
    make(f"{V21}/os-aggregates", {"aggregate": {"name": EVIL}})
    make(f"{V21}/os-server-groups", {"server_group": {"name": EVIL, "policy": "affinity"}})
    make(f"{V21}/os-keypairs", {"keypair": {"name": "k", "type": "ssh", "public_key": PUBLIC_KEY}})
    image = client.get("/image/v2/images?sort=created_at:asc").json()["images"][0]["id"]
    network = client.get(f"{NET}/networks?name=private").json()["networks"][0]["id"]
    server = {
        "name": EVIL,
        "description": EVIL,
        "metadata": {"evil": EVIL},
        "tags": [IMG],
        "imageRef": image,
        "flavorRef": flavor_id,
        "networks": [{"uuid": network}],
        "user_data": base64.b64encode(EVIL.encode()).decode(),
    }
    key = make(f"{V21}/servers", {"server": server})["id"]
    page = f"servers/{key}"
    tabs = ("placement", "actions", "network", "metadata")
    return {
        "": EVIL,
        "servers": EVIL,
        "servers/launch": EVIL,
        "server-groups": EVIL,
        "admin/flavors": EVIL,
        page: EVIL,
        **{f"{page}?tab={tab}": EVIL for tab in tabs},
        f"{page}?tab=log": EVIL,
    }


def _bare_metal(make: Make) -> dict[str, str]:
    node = {
        "driver": "fake-hardware",
        "name": "hostile",
        "description": EVIL,
        "extra": {IMG: EVIL},
        "properties": {"vendor": EVIL},
        "instance_info": {"image_source": EVIL},
        "driver_info": {"username": EVIL},
    }
    key = make(f"{V1}/nodes", {**node})["uuid"]
    page = f"nodes/{key}"
    make(f"{V1}/nodes/{key}/maintenance", {"reason": EVIL}, "PUT")
    return {page: EVIL, f"{page}?tab=settings": EVIL}


def _volumes(client: httpx.Client, make: Make) -> dict[str, str]:
    said = {"name": EVIL, "description": EVIL}
    kind = make(f"{VOL}/types", {"volume_type": {**said, "extra_specs": {"evil": EVIL}}})["id"]
    body = {**said, "size": 1, "metadata": {IMG: EVIL}}
    key = make(f"{VOL}/volumes", {"volume": body})["id"]
    wait_for(client, f"{VOL}/volumes/{key}")
    snapshot = make(f"{VOL}/snapshots", {"snapshot": {**said, "volume_id": key}})["id"]
    wait_for(client, f"{VOL}/snapshots/{snapshot}")
    backup = make(f"{VOL}/backups", {"backup": {**said, "volume_id": key}})["id"]
    wait_for(client, f"{VOL}/backups/{backup}")
    group_type = make(f"{VOL}/group_types", {"group_type": said})["id"]
    group = {**said, "group_type": group_type, "volume_types": [kind]}
    make(f"{VOL}/groups", {"group": group})
    make(f"{VOL}/qos-specs", {"qos_specs": {"name": EVIL, "evil": EVIL}})
    return {
        "volume-groups": EVIL,
        "volumes": EVIL,
        "snapshots": EVIL,
        "backups": EVIL,
        "volume-types": EVIL,
        f"volumes/{key}": EVIL,
        f"volume-types/{kind}": EVIL,
    }


def wait_for(client: httpx.Client, path: str) -> None:
    """Until it is available."""
    until = time.monotonic() + WAIT_S
    while True:
        [found] = client.get(path).json().values()
        if found["status"] == "available":
            return
        assert time.monotonic() < until, f"{path} is {found['status']}"
