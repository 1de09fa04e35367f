"""Tenants of a real cloud and their guests, reached as people do: the public API and SSH."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.clouds import CHECKOUT, RunningCloud
from unkai.cli.waiting import Stopwatch, until
from unkai.kit import netns

BOOT_TIMEOUT_S = 180
SSH_PORT = 22
OUTSIDE = "203.0.113.1"
"""The address of the cloud itself on the external network."""


class Refused(AssertionError):
    """The cloud answered with an error."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} {response.request.url}: {response.text}")
        self.status = response.status_code


class Tenant:
    """A user in a project. Paths are as in the API references, below each service's prefix."""

    def __init__(self, cloud: RunningCloud, user: str, password: str, project: str) -> None:
        self.cloud = cloud
        self.credentials = {"username": user, "password": password, "project_name": project}
        self._client = httpx.Client(base_url=cloud.url, timeout=60, trust_env=False)
        domain = {"id": "default"}
        identity = {"user": {"name": user, "password": password, "domain": domain}}
        auth = {
            "identity": {"methods": ["password"], "password": identity},
            "scope": {"project": {"name": project, "domain": domain}},
        }
        answer = self._client.post("/identity/v3/auth/tokens", json={"auth": auth})
        if answer.is_error:
            raise Refused(answer)
        self._client.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self._client.headers["OpenStack-API-Version"] = "compute 2.96"

    def ask(self, method: str, path: str, body: object = None, **params: str) -> Any:
        answer = self._client.request(method, path, json=body, params=params)
        if answer.is_error:
            raise Refused(answer)
        return answer.json() if answer.content else None

    def get(self, path: str, **params: str) -> Any:
        return self.ask("GET", path, **params)

    def make(self, path: str, kind: str, /, **fields: Any) -> Any:
        """POST a thing of that kind and hand it back."""
        return self.ask("POST", path, {kind: fields})[kind]

    def network(self, path: str, kind: str, /, **fields: Any) -> Any:
        return self.make(f"/network/v2.0/{path}", kind, **fields)

    def delete(self, path: str) -> None:
        """Gone already is fine."""
        try:
            self.ask("DELETE", path)
        except Refused as refused:
            if refused.status != 404:
                raise

    def close(self) -> None:
        self._client.close()


def tenant_of(cloud: RunningCloud, name: str) -> Tenant:
    """One of those in the cloud's clouds.yaml."""
    auth = yaml.safe_load((cloud.state_dir / "clouds.yaml").read_text())["clouds"][name]["auth"]
    return Tenant(cloud, auth["username"], auth["password"], auth["project_name"])


@contextmanager
def new_tenant(admin: Tenant, name: str) -> Generator[Tenant]:
    """A project of its own with a member of its own."""
    password = f"{name}-knows-it"
    with ExitStack() as undo:
        project = admin.make("/identity/v3/projects", "project", name=name, domain_id="default")
        undo.callback(admin.delete, f"/identity/v3/projects/{project['id']}")
        user = admin.make("/identity/v3/users", "user", name=name, password=password)
        undo.callback(admin.delete, f"/identity/v3/users/{user['id']}")
        [member] = admin.get("/identity/v3/roles", name="member")["roles"]
        admin.ask(
            "PUT", f"/identity/v3/projects/{project['id']}/users/{user['id']}/roles/{member['id']}"
        )
        tenant = Tenant(admin.cloud, name, password, name)
        undo.callback(tenant.close)
        yield tenant
        for group in tenant.get("/network/v2.0/security-groups", project_id=project["id"])[
            "security_groups"
        ]:
            admin.delete(f"/network/v2.0/security-groups/{group['id']}")


@dataclass
class Wires:
    """A tenant's network behind a router, and a security group for its guests."""

    tenant: Tenant
    network: str
    subnet: str
    router: str
    group: str

    @property
    def outer_address(self) -> str:
        """The router's on the external network: where SNAT comes from."""
        router = self.tenant.get(f"/network/v2.0/routers/{self.router}")["router"]
        [fixed] = router["external_gateway_info"]["external_fixed_ips"]
        return str(fixed["ip_address"])

    def open_port(self, port: int, **more: Any) -> str:
        """A rule that lets TCP in; its id."""
        rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}
        rule |= {"port_range_min": port, "port_range_max": port, "security_group_id": self.group}
        made = self.tenant.network("security-group-rules", "security_group_rule", **(rule | more))
        return str(made["id"])

    def close_port(self, rule_id: str) -> None:
        self.tenant.delete(f"/network/v2.0/security-group-rules/{rule_id}")


@contextmanager
def wires_of(tenant: Tenant, name: str, cidr: str) -> Generator[Wires]:
    with ExitStack() as undo:

        def made(path: str, kind: str, /, **fields: Any) -> str:
            one = tenant.network(path, kind, name=name, **fields)
            undo.callback(tenant.delete, f"/network/v2.0/{path}/{one['id']}")
            return str(one["id"])

        public = external_network(tenant)
        network = made("networks", "network")
        base = cidr.rsplit(".", 1)[0]  # below the pool are the addresses that tests ask for
        pools = [{"start": f"{base}.100", "end": f"{base}.200"}]
        asked = {"network_id": network, "cidr": cidr, "ip_version": 4, "allocation_pools": pools}
        subnet = made("subnets", "subnet", **asked)
        gateway = {"network_id": public}
        router = made("routers", "router", external_gateway_info=gateway)
        plug = f"/network/v2.0/routers/{router}"
        tenant.ask("PUT", f"{plug}/add_router_interface", {"subnet_id": subnet})
        undo.callback(tenant.ask, "PUT", f"{plug}/remove_router_interface", {"subnet_id": subnet})
        group = made("security-groups", "security_group")
        wires = Wires(tenant, network, subnet, router, group)
        wires.open_port(SSH_PORT)
        rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "icmp"}
        tenant.network(
            "security-group-rules", "security_group_rule", security_group_id=group, **rule
        )
        yield wires


def external_network(tenant: Tenant) -> str:
    found = tenant.get("/network/v2.0/networks", **{"router:external": "true"})["networks"]
    return str(found[0]["id"])


@dataclass(frozen=True)
class Key:
    """A key pair in a folder of its own, where SSH's control sockets live as well."""

    name: str
    folder: Path
    public: str

    @property
    def path(self) -> Path:
        return self.folder / "key"


@contextmanager
def new_key(name: str) -> Generator[Key]:
    with tempfile.TemporaryDirectory(prefix="unkai-key-") as folder:
        path = Path(folder) / "key"
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(words, check=True)
        yield Key(name, Path(folder), path.with_name("key.pub").read_text().strip())


@dataclass
class Guest:
    """A server; reached by its floating IP, or through a neighbour that has one."""

    wires: Wires
    key: Key
    id: str
    name: str
    address: str
    asked: Stopwatch
    floating: str = ""
    through: Guest | None = None
    took: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def tenant(self) -> Tenant:
        return self.wires.tenant

    @property
    def path(self) -> str:
        return f"/compute/v2.1/servers/{self.id}"

    def show(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.tenant.get(self.path)["server"]
        return shown

    def ports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.tenant.get("/network/v2.0/ports", device_id=self.id)[
            "ports"
        ]
        return found

    def wait(self, status: str) -> dict[str, Any]:
        """Until the server has the status and nothing is under way."""

        def look() -> dict[str, Any] | None:
            server = self.show()
            assert server["status"] != "ERROR" or status == "ERROR", server.get("fault")
            done = server["status"] == status and server["OS-EXT-STS:task_state"] is None
            return server if done else None

        found = until(look, timeout_s=BOOT_TIMEOUT_S, interval_s=0.1)
        assert found is not None, f"{self.name} is {self.show()['status']}, not {status}"
        self.took.setdefault(status, self.asked.seconds)
        return found

    def act(self, action: str, body: object = None, *, until_status: str) -> None:
        self.hang_up()
        self.tenant.ask("POST", f"{self.path}/action", {action: body})
        self.wait(until_status)

    def console(self) -> str:
        body: dict[str, Any] = {"os-getConsoleOutput": {}}
        return str(self.tenant.ask("POST", f"{self.path}/action", body)["output"])

    def wait_console(self, words: str, times: int = 1) -> str:
        def look() -> str | None:
            log = self.console()
            return log if log.count(words) >= times else None

        found = until(look, timeout_s=BOOT_TIMEOUT_S, interval_s=0.2)
        assert found is not None, f"{self.name} never said {words!r}:\n{self.console()[-3000:]}"
        return found

    # --- SSH

    def _ssh(self) -> list[str]:
        words = ["ssh", "-i", str(self.key.path), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        words += ["-o", "LogLevel=ERROR", "-o", "ConnectTimeout=15"]
        words += ["-o", "ControlMaster=auto", "-o", "ControlPersist=120"]
        words += ["-o", f"ControlPath={self.key.folder}/{self.id[:8]}"]
        if self.through is not None:
            jump = [*self.through._ssh(), "-W", "%h:%p", f"cirros@{self.through.floating}"]
            words += ["-o", "ProxyCommand=" + " ".join(jump)]
        return words

    def try_run(self, script: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a shell script in the guest, over a connection that stays for the next one."""
        namespace = self.tenant.cloud.namespace
        assert namespace is not None
        return subprocess.run(
            [
                *("nsenter", f"--net={netns.path(namespace)}"),
                *(*self._ssh(), f"cirros@{self.floating or self.address}", script),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def run(self, script: str, timeout_s: float = 60) -> str:
        done = self.try_run(script, timeout_s)
        assert done.returncode == 0, f"{self.name}: {script}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def wait_ssh(self) -> None:
        """Until it lets us in. The port is knocked at first: it is cheaper, and it says more."""
        door = self.through or self
        assert until(
            lambda: greets(door, door.floating, SSH_PORT), timeout_s=BOOT_TIMEOUT_S, interval_s=0.2
        ), f"{door.name} does not greet at {door.floating}:\n{door.console()[-3000:]}"

        def log_in() -> bool:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.try_run("true", timeout_s=30).returncode == 0
            return False

        assert until(log_in, timeout_s=BOOT_TIMEOUT_S, interval_s=0.5), (
            f"{self.name} lets nobody in: {self.try_run('true').stderr}\n{self.console()[-3000:]}"
        )
        self.took.setdefault("SSH", self.asked.seconds)

    def hang_up(self) -> None:
        """End the connection that is kept: the guest is about to forget it."""
        words = [*self._ssh(), "-O", "exit", f"cirros@{self.floating or self.address}"]
        subprocess.run(words, check=False, capture_output=True)


def greets(guest: Guest, address: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether a TCP connection from outside comes about (and SSH's port says so)."""
    namespace = guest.tenant.cloud.namespace

    def knock() -> bool:
        try:
            with socket.create_connection((address, port), timeout_s) as made:
                return port != SSH_PORT or made.recv(4) == b"SSH-"
        except OSError:
            return False

    return netns.call(namespace, knock)


@contextmanager
def new_guest(wires: Wires, key: Key, name: str, address: str, **more: Any) -> Generator[Guest]:
    """POST /servers, and away with it at the end. `more` goes into the request."""
    tenant = wires.tenant
    [image] = tenant.get("/image/v2/images", name="cirros")["images"]
    flavors = tenant.get("/compute/v2.1/flavors/detail")["flavors"]
    flavor = min(flavors, key=lambda one: (one["ram"], one["disk"]))
    asked = Stopwatch()
    made = tenant.make(
        "/compute/v2.1/servers",
        "server",
        name=name,
        imageRef=image["id"],
        flavorRef=flavor["id"],
        key_name=key.name,
        networks=[{"uuid": wires.network, "fixed_ip": address}],
        security_groups=[{"name": wires.group}],
        **more,
    )
    guest = Guest(wires, key, made["id"], name, address, asked)
    try:
        yield guest
    finally:
        guest.hang_up()
        tenant.delete(guest.path)
        assert until(lambda: _is_gone(guest), timeout_s=60), f"{name} is not gone"


def _is_gone(guest: Guest) -> bool:
    try:
        guest.show()
    except Refused as refused:
        return refused.status == 404
    return False


@contextmanager
def floating_ip(guest: Guest) -> Generator[str]:
    """The id of a floating IP for the guest's first port."""
    [port, *_] = guest.ports()
    made = guest.tenant.network(
        "floatingips",
        "floatingip",
        floating_network_id=external_network(guest.tenant),
        port_id=port["id"],
    )
    guest.floating = made["floating_ip_address"]
    try:
        yield made["id"]
    finally:
        guest.tenant.delete(f"/network/v2.0/floatingips/{made['id']}")


def openstack(tenant: Tenant, *commands: str) -> list[tuple[str, int, str, str]]:
    """Run commands of the stock client, one after another in one process."""
    program = (
        "import contextlib, io, json, sys\n"
        "from openstackclient import shell\n"
        "said = []\n"
        "for words in json.load(sys.stdin):\n"
        "    out, err = io.StringIO(), io.StringIO()\n"
        "    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):\n"
        "        code = shell.main(words.split())\n"
        "    said.append((words, code, out.getvalue(), err.getvalue()))\n"
        "json.dump(said, sys.stdout)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(commands),
        env={
            "PATH": "/usr/bin:/bin",
            "OS_CLIENT_CONFIG_FILE": str(tenant.cloud.state_dir / "clouds.yaml"),
            "OS_CLOUD": "unkai-demo",
        },
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [tuple(each) for each in json.loads(done.stdout)]
