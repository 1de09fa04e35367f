"""What a small company's cloud holds: a web shop, its data, its machines. Filled in by the API."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

PROJECT = "web-shop"
V21, NET, V1, V3, IMAGE, VOL = (
    "/compute/v2.1",
    "/network/v2.0",
    "/baremetal/v1",
    "/identity/v3",
    "/image",
    "/volume/v3",
)
DEADLINE_S = 60.0
PEOPLE = (
    ("aiko.tanaka", "Aiko Tanaka, platform"),
    ("ben.okafor", "Ben Okafor, storefront"),
    ("clara.novak", "Clara Novak, data"),
    ("deploy-bot", "Continuous delivery"),
)
PROJECTS = (
    (PROJECT, "The shop that customers see"),
    ("data-platform", "Reports and recommendations"),
    ("office", "What runs inside the house"),
)
IMAGES = (
    ("debian-13", "debian", "13", 12, {}),
    ("ubuntu-24.04", "ubuntu", "24.04", 16, {"hw_firmware_type": "uefi"}),
    ("rocky-9", "rocky", "9.6", 14, {}),
    ("shop-frontend-2026.11", "debian", "13", 18, {"git_commit": "4c1d9e7"}),
)
METAL = {"resources:CUSTOM_COMPUTE": "1"} | {
    f"resources:{one}": "0" for one in ("VCPU", "MEMORY_MB", "DISK_GB")
}
FLAVORS = (
    ("shop.small", 2, 2048, 20, {}),
    ("shop.medium", 4, 8192, 40, {}),
    ("db.large", 8, 32768, 200, {}),
    ("gpu.large", 16, 65536, 200, {"trait:CUSTOM_GPU_A100": "required"}),
    ("metal.compute", 32, 131072, 900, METAL),
)
SERVERS = (  # name, flavor, image, network, groups, role
    ("shop-web-1", "shop.small", "shop-frontend-2026.11", "frontend", ["web"], "web"),
    ("shop-web-2", "shop.small", "shop-frontend-2026.11", "frontend", ["web"], "web"),
    ("shop-web-3", "shop.small", "shop-frontend-2026.11", "frontend", ["web"], "web"),
    ("checkout-api-1", "shop.medium", "debian-13", "backend", ["ssh-from-office"], "api"),
    ("checkout-api-2", "shop.medium", "debian-13", "backend", ["ssh-from-office"], "api"),
    ("orders-db", "db.large", "debian-13", "backend", ["database"], "database"),
    ("orders-db-replica", "db.large", "debian-13", "backend", ["database"], "database"),
    ("search-1", "shop.medium", "ubuntu-24.04", "backend", ["ssh-from-office"], "search"),
    ("mail-relay", "m1.small", "debian-13", "backend", ["ssh-from-office"], "mail"),
    ("bastion", "m1.tiny", "debian-13", "frontend", ["ssh-from-office"], "bastion"),
    ("load-test", "shop.small", "rocky-9", "frontend", ["web"], "test"),
    ("recommendations-train", "gpu.large", "ubuntu-24.04", "backend", ["ssh-from-office"], "ml"),
)
NODES = (  # name, resource class, rack, how far it comes
    ("rack-a-01", "compute", "rack-a", "active"),
    ("rack-a-02", "compute", "rack-a", "active"),
    ("rack-a-03", "compute", "rack-a", "available"),
    ("rack-a-04", "compute", "rack-a", "available"),
    ("rack-a-05", "compute", "rack-a", "maintenance"),
    ("rack-a-06", "storage", "rack-a", "active"),
    ("rack-b-01", "storage", "rack-b", "available"),
    ("rack-b-02", "storage", "rack-b", "manageable"),
    ("rack-b-03", "storage", "rack-b", "manageable"),
    ("rack-b-04", "gpu", "rack-b", "inspected"),
    ("rack-b-05", "gpu", "rack-b", "unreachable"),
    ("rack-b-06", "gpu", "rack-b", "enroll"),
)
VOLUMES = (  # name, GiB, type, who has it, what is said of it
    ("orders-data", 200, "fast", "orders-db", "PostgreSQL of the shop"),
    ("orders-data-replica", 200, "fast", "orders-db-replica", "Its copy"),
    ("customer-uploads", 80, None, "shop-web-1", "Pictures that customers send in"),
    ("product-pictures", 400, "archive", None, "Originals; the shop serves smaller ones"),
    ("old-warehouse", 120, "archive", None, "Kept until the audit in March"),
)
GROUPS = {
    "web": "Browsers may come in",
    "ssh-from-office": "Administrators may log in from the office",
    "database": "PostgreSQL for the servers behind the shop",
}
CLOUD_INIT = b"#cloud-config\npackages: [nginx]\n"


@dataclass
class Showcase:
    """The filled cloud: who signs in where, and the ids of what has pages of its own, by name."""

    url: str
    password: str
    ids: dict[str, str] = field(default_factory=dict[str, str])

    def fill(self) -> None:
        with self._client("admin") as admin:
            self._people(admin)
        with self._client(PROJECT) as own:
            self._images(own)
            self._networks(own)
            self._compute(own)
            self._volumes(own)
            self._machines(own)
            self._metal_server(own)

    @contextmanager
    def _client(self, project: str) -> Iterator[Api]:
        who = {"name": "admin", "domain": {"id": "default"}, "password": self.password}
        scope = {"project": {"name": project, "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": who}}
        with httpx.Client(base_url=self.url, timeout=60) as client:
            answer = client.post(
                f"{V3}/auth/tokens", json={"auth": {"identity": identity, "scope": scope}}
            )
            client.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
            client.headers["OpenStack-API-Version"] = "compute 2.96"
            client.headers["X-OpenStack-Ironic-API-Version"] = "1.109"
            yield Api(client)

    def _people(self, api: Api) -> None:
        roles = {one["name"]: one["id"] for one in api.get(f"{V3}/roles")}
        admin = api.get(f"{V3}/users?name=admin")[0]["id"]
        room = {"cores": 160, "ram": 512 * 1024, "instances": 40}
        for name, description in PROJECTS:
            body = {"project": {"name": name, "description": description}}
            self.ids[f"project {name}"] = project = api.post(f"{V3}/projects", body)["id"]
            api.put(f"{V3}/projects/{project}/users/{admin}/roles/{roles['admin']}")
            api.put(f"{V21}/os-quota-sets/{project}", {"quota_set": room})
        for name, description in PEOPLE:
            user = {"name": name, "description": description, "password": "Correct-Horse-9"}
            user |= {"email": f"{name}@example.com"}
            made = api.post(f"{V3}/users", {"user": user})["id"]
            project = self.ids[f"project {PROJECT}"]
            role = roles["member" if name != "deploy-bot" else "reader"]
            api.put(f"{V3}/projects/{project}/users/{made}/roles/{role}")

    def _images(self, api: Api) -> None:
        for name, distro, version, size_mib, more in IMAGES:
            body = {"name": name, "disk_format": "raw", "container_format": "bare", **more}
            body |= {"os_distro": distro, "os_version": version, "visibility": "public"}
            image = api.post(f"{IMAGE}/v2/images", body)["id"]
            api.upload(f"{IMAGE}/v2/images/{image}/file", bytes(size_mib << 20))
            self.ids[f"image {name}"] = image
        body = {"name": "windows-2025-eval", "disk_format": "vhd", "container_format": "bare"}
        api.post(f"{IMAGE}/v2/images", {**body, "os_distro": "windows"})

    def _networks(self, api: Api) -> None:
        public = api.get(f"{NET}/networks?router:external=True")[0]["id"]
        router = {"name": "shop-router", "external_gateway_info": {"network_id": public}}
        self.ids["router"] = api.post(f"{NET}/routers", {"router": router})["id"]
        for name, cidr in (("frontend", "10.20.0.0/24"), ("backend", "10.20.1.0/24")):
            network = api.post(f"{NET}/networks", {"network": {"name": name}})["id"]
            subnet = {"name": f"{name}-v4", "network_id": network, "cidr": cidr, "ip_version": 4}
            subnet |= {"dns_nameservers": ["10.20.0.53"]}
            made = api.post(f"{NET}/subnets", {"subnet": subnet})["id"]
            api.put(f"{NET}/routers/{self.ids['router']}/add_router_interface", {"subnet_id": made})
            self.ids[f"network {name}"] = network
        rules = (("web", 80, "0.0.0.0/0"), ("web", 443, "0.0.0.0/0"))
        rules += (("ssh-from-office", 22, "198.51.100.0/24"), ("database", 5432, "10.20.1.0/24"))
        for name, port, source in rules:
            if f"group {name}" not in self.ids:
                body = {"security_group": {"name": name, "description": GROUPS[name]}}
                self.ids[f"group {name}"] = api.post(f"{NET}/security-groups", body)["id"]
            rule = {"security_group_id": self.ids[f"group {name}"], "direction": "ingress"}
            rule |= {"protocol": "tcp", "port_range_min": port, "port_range_max": port}
            rule |= {"remote_ip_prefix": source}
            api.post(f"{NET}/security-group-rules", {"security_group_rule": rule})

    def _compute(self, api: Api) -> None:
        for name, vcpus, ram, disk, specs in FLAVORS:
            flavor = {"name": name, "vcpus": vcpus, "ram": ram, "disk": disk}
            made = api.post(f"{V21}/flavors", {"flavor": flavor})["id"]
            if specs:
                api.post(f"{V21}/flavors/{made}/os-extra_specs", {"extra_specs": specs})
        self._keys(api)
        flavors = {one["name"]: one["id"] for one in api.get(f"{V21}/flavors/detail")}
        for name, flavor, image, network, groups, role in SERVERS:
            server = {
                "name": name,
                "flavorRef": flavors[flavor],
                "imageRef": self.ids[f"image {image}"],
                "networks": [{"uuid": self.ids[f"network {network}"]}],
                "security_groups": [{"name": one} for one in groups],
                "metadata": {"role": role, "team": "storefront"},
                "tags": ["production"],
                "key_name": "aiko-laptop",
                "user_data": base64.b64encode(CLOUD_INIT).decode(),
            }
            together = self.ids.get(f"policy of {name.rsplit('-', 1)[0]}")
            hints = {"os:scheduler_hints": {"group": together}} if together else {}
            self.ids[name] = api.post(f"{V21}/servers", {"server": server, **hints})["id"]
        for name, *_ in SERVERS:
            wanted = "ERROR" if name == "recommendations-train" else "ACTIVE"
            self._until(api, f"{V21}/servers/{self.ids[name]}", "status", wanted)
        deeds: dict[str, dict[str, Any]] = {
            "load-test": {"os-stop": None},
            "mail-relay": {"pause": None},
            "search-1": {"suspend": None},
        }
        for name, deed in deeds.items():
            api.post(f"{V21}/servers/{self.ids[name]}/action", deed)
        self._until(api, f"{V21}/servers/{self.ids['load-test']}", "status", "SHUTOFF")
        for name in ("shop-web-1", "bastion"):
            self._floating_ip(api, self.ids[name])

    def _volumes(self, api: Api) -> None:
        for name, said, specs in (
            ("fast", "For databases", {"multiattach": "<is> True"}),
            ("archive", "For what is seldom read", {}),
        ):
            body = {"volume_type": {"name": name, "description": said, "extra_specs": specs}}
            self.ids[f"type {name}"] = api.post(f"{VOL}/types", body)["id"]
        room = {"volumes": 20, "gigabytes": 4000, "backups": 20, "backup_gigabytes": 2000}
        project = self.ids[f"project {PROJECT}"]
        api.put(f"{VOL}/os-quota-sets/{project}", {"quota_set": room})
        for name, size, kind, user, said in VOLUMES:
            volume = {"name": name, "size": size, "volume_type": kind, "description": said}
            volume |= {"metadata": {"team": "storefront"}}
            made = api.post(f"{VOL}/volumes", {"volume": volume})["id"]
            self.ids[f"volume {name}"] = made
            self._until(api, f"{VOL}/volumes/{made}", "status", "available")
            if user:
                body = {"volumeAttachment": {"volumeId": made}}
                api.post(f"{V21}/servers/{self.ids[user]}/os-volume_attachments", body)
                self._until(api, f"{VOL}/volumes/{made}", "status", "in-use")
        self._copies(api)

    def _copies(self, api: Api) -> None:
        volume = self.ids["volume orders-data"]
        for name in ("before-schema-12", "before-black-friday"):
            body = {"snapshot": {"name": name, "volume_id": volume, "force": True}}
            made = api.post(f"{VOL}/snapshots", body)["id"]
            self._until(api, f"{VOL}/snapshots/{made}", "status", "available")
        for name, partial in (("sunday", False), ("monday", True), ("tuesday", True)):
            said = {"name": f"orders-{name}", "incremental": partial, "force": True}
            made = api.post(f"{VOL}/backups", {"backup": {**said, "volume_id": volume}})["id"]
            self._until(api, f"{VOL}/backups/{made}", "status", "available")

    def _keys(self, api: Api) -> None:
        for name in ("aiko-laptop", "ben-laptop", "deploy-bot"):
            blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + name.encode().ljust(32, b"\0")
            key = f"ssh-ed25519 {base64.b64encode(blob).decode()} {name}"
            api.post(
                f"{V21}/os-keypairs", {"keypair": {"name": name, "type": "ssh", "public_key": key}}
            )
        for name in ("shop-web", "checkout-api"):
            group = {"server_group": {"name": f"{name}-apart", "policy": "anti-affinity"}}
            self.ids[f"policy of {name}"] = api.post(f"{V21}/os-server-groups", group)["id"]
        credential = {"name": "terraform-ci", "description": "Plans and applies from the pipeline"}
        user = api.get(f"{V3}/users?name=admin")[0]["id"]
        api.post(
            f"{V3}/users/{user}/application_credentials", {"application_credential": credential}
        )

    def _floating_ip(self, api: Api, server: str) -> None:
        port = api.get(f"{NET}/ports?device_id={server}")[0]["id"]
        public = api.get(f"{NET}/networks?router:external=True")[0]["id"]
        body = {"floating_network_id": public, "port_id": port}
        api.post(f"{NET}/floatingips", {"floatingip": body})

    def _machines(self, api: Api) -> None:
        for number, (name, kind, rack, goal) in enumerate(NODES):
            node: dict[str, Any] = {
                "name": name,
                "driver": "ipmi" if goal == "unreachable" else "fake-hardware",
                "resource_class": kind,
                "shard": rack,
                "properties": {"cpus": 32, "memory_mb": 131072, "local_gb": 960},
                "description": f"Unit {number % 6 * 2 + 1} of {rack}",
            }
            if goal == "unreachable":
                node["driver_info"] = {"ipmi_address": "127.0.0.1", "ipmi_port": 9}
                node["driver_info"] |= {"ipmi_username": "root", "ipmi_password": "secret"}
            key = api.post(f"{V1}/nodes", node)["uuid"]
            self.ids[name] = key
            mac = {"node_uuid": key, "address": f"52:54:00:a0:00:{number:02x}"}
            api.post(f"{V1}/ports", {**mac, "physical_network": "physnet1"})
            self._bring(api, key, goal)

    def _bring(self, api: Api, key: str, goal: str) -> None:
        ways = {
            "enroll": [],
            "unreachable": [("manage", "enroll")],
            "manageable": [("manage", "manageable")],
            "inspected": [("manage", "manageable"), ("inspect", "manageable")],
        }
        steps = ways.get(goal, ways["manageable"])
        if goal in ("available", "active", "maintenance"):
            steps = [*steps, ("provide", "available")]
        for verb, state in steps:
            api.put(f"{V1}/nodes/{key}/states/provision", {"target": verb})
            self._until(api, f"{V1}/nodes/{key}", "provision_state", state)
        if goal == "maintenance":
            reason = {"reason": "Fan 3 is loud; a new one comes on Thursday"}
            api.put(f"{V1}/nodes/{key}/maintenance", reason)

    def _metal_server(self, api: Api) -> None:
        """Nodes of the class compute become servers of the project."""
        flavors = {one["name"]: one["id"] for one in api.get(f"{V21}/flavors/detail")}
        for number in (1, 2):
            server = {
                "name": f"orders-warehouse-{number}",
                "flavorRef": flavors["metal.compute"],
                "imageRef": self.ids["image debian-13"],
                "networks": "none",
                "key_name": "aiko-laptop",
            }
            key = api.post(f"{V21}/servers", {"server": server})["id"]
            self._until(api, f"{V21}/servers/{key}", "status", "ACTIVE")

    def _until(self, api: Api, path: str, word: str, wanted: str) -> None:
        until = time.monotonic() + DEADLINE_S
        while True:
            found = api.get(path)
            if found[word] == wanted and not found.get("reservation"):
                return
            if time.monotonic() > until:
                raise AssertionError(f"{path}: {word} is {found[word]}, not {wanted}")
            time.sleep(0.05)


class Api:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._ask("POST", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self._ask("PUT", path, body)

    def upload(self, path: str, content: bytes) -> None:
        kind = {"Content-Type": "application/octet-stream"}
        answer = self._client.put(path, content=content, headers=kind)
        assert answer.is_success, f"{path}: {answer.text}"

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        found = answer.json() if answer.content else {}
        if not isinstance(found, dict):
            return found
        known = {word: value for word, value in found.items() if word not in ("links", "next")}
        return next(iter(known.values())) if len(known) == 1 else found
