"""Settings: one frozen value, read once by `boot.py` and handed down.

Three sources, later ones win: `DIR/unkai.toml`, the environment (`UNKAI_COMPUTE_FAKE_HOSTS`), the
command line. Paths, the cloud's id and its namespace follow from the state folder alone, so
that `down` finds what `up` made without asking anybody.

Rejected: a global configuration object (it hides what a function needs), and an option per
constant: what nobody would ever change is a constant beside its use.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import msgspec

from unkai.kit.errors import BadRequest

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8780
VOLUME_DRIVERS = ("file", "ceph")
_BACKEND_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
ROOT_STATE_DIR = Path("/var/lib/unkai")
ENVIRONMENT_PREFIX = "UNKAI_"

Scalar = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """Keystone's."""

    token_lifetime_s: int = 3600
    """How long a token is good for."""
    argon2_memory_kib: int = 19_456
    """Memory of one password hash; tests lower it."""


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Glance's."""

    max_image_mib: int = 20_480
    """Largest image taken."""
    guest_file: str = ""
    """The image that a new cloud comes with; empty: the one that `unkai up` builds."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Neutron's."""

    dns_servers: tuple[str, ...] = ()
    """Resolvers handed out by DHCP where a subnet names none."""
    external_cidr: str = "203.0.113.0/24"
    """Addresses of the seeded external network, floating IPs among them."""
    egress: bool = False
    """Whether guests may reach beyond this machine."""
    mtu: int = 1442
    """MTU of tenant networks: 1500 less the geneve header."""
    vlan_pool: str = "2000-2999"
    """VLANs of the physical network for overlay networks that machines join."""


@dataclass(frozen=True, slots=True)
class BlockStorageSettings:
    """Cinder's."""

    host_name: str = "unkai"
    """The name that cinder-volume's host has in os-services."""
    driver: str = "file"
    """What volumes are: "file", or "ceph" (images of a Ceph pool, which no other cloud uses)."""
    backends: tuple[str, ...] = ()
    """Further places of volumes: "fast=file:/srv/fast" (a folder, from the state folder on) or
    "shared=ceph:volumes" (a pool, with the same user and conf). The first place is the driver's."""
    folder: str = ""
    """Where volumes lie as files; empty: `volumes` in the state folder."""
    ceph_pool: str = "volumes"
    ceph_user: str = "unkai"
    """Who may use the pool ("profile rbd"), without "client."."""
    ceph_conf: str = "/etc/ceph/ceph.conf"
    """Must name the monitors (mon host)."""
    ceph_keyring: str = ""
    """Has the user's key; empty: /etc/ceph/ceph.client.USER.keyring."""
    backup_folder: str = ""
    """Where backups lie; empty: `backups` in the state folder. Better another disk."""
    iscsi_address: str = ""
    """Address at which other hosts reach volumes by iSCSI, in the cloud's namespace; empty: the
    gateway of the external network."""

    def check(self) -> None:
        """BadRequest (code "settings-invalid")."""
        if self.driver not in VOLUME_DRIVERS:
            known = " or ".join(VOLUME_DRIVERS)
            raise _invalid(f"block_storage.driver is {self.driver!r}, not {known}")
        self.further_backends()

    def further_backends(self) -> dict[str, tuple[str, str]]:
        """Driver and place of each backend beside the first, by its name. BadRequest."""
        found: dict[str, tuple[str, str]] = {}
        for one in self.backends:
            name, said, more = one.partition("=")
            driver, _, place = more.partition(":")
            wrong = None
            if not said or driver not in VOLUME_DRIVERS or not place:
                wrong = "must be NAME=file:FOLDER or NAME=ceph:POOL"
            elif not _BACKEND_NAME.fullmatch(name):
                wrong = "must have a name of small letters, digits, hyphens and underscores"
            elif name == self.driver or name in found:
                wrong = f"has the name {name}, which another backend has"
            if wrong is not None:
                raise _invalid(f"block_storage.backends has {one!r}, which {wrong}")
            found[name] = (driver, place)
        return found


@dataclass(frozen=True, slots=True)
class ComputeSettings:
    """Nova's and the hypervisor agent's."""

    cpu_allocation_ratio: float = 16.0
    ram_allocation_ratio: float = 1.5
    disk_allocation_ratio: float = 2.0
    reserved_ram_mib: int = 512
    """Memory of the host that no server may claim."""
    concurrent_boots: int = 0
    """Guests that may boot at once; 0: as many as the machine bears."""
    force_tcg: bool = False
    """Never use KVM, even where it works."""
    sample_s: float = 10.0
    """How often the use of processors, memory, disks and network is read for the graphs."""
    fake_hosts: int = 4
    """Hosts of a fake cloud."""
    console_ticket_s: int = 600
    """How long the address of a console is good for; it opens one connection."""


@dataclass(frozen=True, slots=True)
class BaremetalSettings:
    """Ironic's."""

    automated_clean: bool = True
    """Whether a node is cleaned before it becomes available."""
    clean_step_priorities: tuple[str, ...] = ()
    """Priorities that count instead of the agent's own: "deploy.erase_devices=0"; 0 leaves out."""
    agent_timeout_s: int = 1800
    """How long a machine may take until its agent calls."""
    heartbeat_timeout_s: int = 300
    """How long a heartbeat of an agent counts; it beats three times as often."""
    power_timeout_s: int = 60
    """How long a BMC may take from a power command to the state it asks for."""
    lock_patience_s: float = 3.0
    """How long a request waits for a node that is held by short work (power, boot mode)."""
    power_sync_s: int = 45
    """How often the power state of every node is read; 0: never. Under the 60 s after which a BMC
    drops an idle session: opening one costs it and us more than a poll."""
    force_power_state_during_sync: bool = True
    """Whether a machine found on or off against the table is set back, else the table follows."""
    physical_network: str = "physnet1"
    """Name of the physical network that the machines' switch ports are on."""
    uplink: str = "rack0"
    """Interface in the cloud's namespace that leads to the machines' switch, all VLANs tagged."""
    switches: tuple[str, ...] = ()
    """Open vSwitches whose ports we move: "SWITCH_INFO=unix:/path/db.sock"; empty: the rack's."""
    provisioning_network: str = "provisioning"
    """Name or id of the network machines are deployed on."""
    cleaning_network: str = ""
    """Empty, as for the next three: the provisioning network."""
    inspection_network: str = ""
    rescuing_network: str = ""
    servicing_network: str = ""
    provisioning_cidr: str = "10.1.0.0/24"
    """Addresses of the seeded provisioning network."""
    provisioning_vlan: int = 100
    """Its VLAN on the physical network."""
    console_ticket_s: int = 600
    """How long the address of a console is good for; it opens one connection."""
    discovery: bool = False
    """Whether unknown machines that ask on the inspection network boot the inspection ramdisk and
    become nodes."""
    discovery_driver: str = "ipmi"
    """Hardware type of such a node."""
    nfs_export: str = ""
    """HOST:/PATH: an NFS export from which our agents read images; empty: they use HTTP."""
    nfs_folder: str = ""
    """The folder here that is exported so; give it the file system of the images."""
    ramdisk_dir: str = ""
    """Folder with the ramdisk's `kernel` and `initramfs`; empty: those that `unkai up` builds."""

    def clean_priorities(self) -> dict[str, int]:
        """By "interface.step". BadRequest (code "settings-invalid") for words that say nothing."""
        found: dict[str, int] = {}
        for words in self.clean_step_priorities:
            step, _, priority = (word.strip() for word in words.partition("="))
            if step.count(".") != 1 or not priority.isdecimal():
                raise _invalid(
                    f"baremetal.clean_step_priorities has {words!r}, which is not INTERFACE.STEP=N"
                )
            found[step] = int(priority)
        return found


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Those of /unkai/v1."""

    streams_per_user: int = 32
    """Live streams that one user may hold open."""
    stream_queue: int = 1000
    """Changes that wait for a slow client before it has to look anew."""
    heartbeat_s: float = 15.0
    """How often a quiet stream says that it lives, and looks whether its token still holds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a cloud is told from outside."""

    state_dir: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    fake: bool = False
    region: str = "RegionOne"
    database_url: str = ""
    """A PostgreSQL address; empty: SQLite in the state folder."""
    log_level: str = "info"
    console_origins: tuple[str, ...] = ()
    """Origins of other pages that may open consoles, as "https://dashboard.example"."""
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    image: ImageSettings = field(default_factory=ImageSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    block_storage: BlockStorageSettings = field(default_factory=BlockStorageSettings)
    compute: ComputeSettings = field(default_factory=ComputeSettings)
    baremetal: BaremetalSettings = field(default_factory=BaremetalSettings)
    operator: OperatorSettings = field(default_factory=OperatorSettings)

    @property
    def volume_dir(self) -> Path:
        """Where volumes lie."""
        return Path(self.block_storage.folder or self.state_dir / "volumes")

    @property
    def backup_dir(self) -> Path:
        """Where backups lie."""
        return Path(self.block_storage.backup_folder or self.state_dir / "backups")

    @property
    def export_dir(self) -> Path:
        """What is written down of volumes that are served by iSCSI."""
        return self.state_dir / "exports"

    @property
    def cloud_id(self) -> str:
        """8 hex digits that tell this cloud from any other on the machine."""
        return hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:8]

    @property
    def namespace(self) -> str:
        """Name of the network namespace that holds the cloud's data plane."""
        return "unkai" if self.state_dir == ROOT_STATE_DIR else f"unkai-{self.cloud_id}"

    @property
    def run_dir(self) -> Path:
        """Sockets and pid files: short, for a UNIX socket's path may have 107 bytes."""
        parent = "/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108
        return Path(parent) / f"unkai-{self.cloud_id}"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def cloud_file(self) -> Path:
        """Written when the cloud has its port: who it is and where."""
        return self.state_dir / "cloud.json"

    @property
    def clouds_yaml(self) -> Path:
        return self.state_dir / "clouds.yaml"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "log" / "unkai.log"

    @property
    def progress_file(self) -> Path:
        """JSON lines {"at", "step", "state", "detail"} of a starting cloud."""
        return self.state_dir / "progress.jsonl"

    @property
    def guest_image(self) -> Path:
        """The image a new cloud comes with: built once, for all clouds of this checkout."""
        if self.image.guest_file:
            return Path(self.image.guest_file)
        return Path(__file__).parents[1] / ".cache" / "guest.qcow2"

    @property
    def ramdisk_dir(self) -> Path:
        """Kernel and initramfs of the deploy ramdisk: built once, for all clouds of a checkout."""
        if self.baremetal.ramdisk_dir:
            return Path(self.baremetal.ramdisk_dir)
        return Path(__file__).parents[1] / ".cache" / "ramdisk"

    @property
    def database_file(self) -> Path:
        return self.state_dir / "unkai.db"

    @property
    def admin_password_file(self) -> Path:
        """Mode 0600; made at the first start."""
        return self.state_dir / "admin-password"

    @property
    def demo_password_file(self) -> Path:
        """Likewise."""
        return self.state_dir / "demo-password"

    @property
    def ssh_key_file(self) -> Path:
        """Private key of the keypair that the first server gets."""
        return self.state_dir / "first-server.key"


def default_state_dir() -> Path:
    """/var/lib/unkai for root, else a folder of the user's own."""
    if os.geteuid() == 0:
        return ROOT_STATE_DIR
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "unkai"


def load_settings(
    state_dir: Path | None = None,
    *,
    port: int | None = None,
    fake: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the file and the environment; what is given here wins.

    Raises BadRequest (code "settings-invalid") that names the source and the key.
    """
    environ = os.environ if environ is None else environ
    if state_dir is None:
        given = environ.get("UNKAI_STATE_DIR")
        state_dir = Path(given) if given else default_state_dir()
    state_dir = state_dir.expanduser().resolve()
    settings = Settings(state_dir=state_dir)
    settings = _from_file(settings, state_dir / "unkai.toml")
    settings = _from_environment(settings, environ)
    if port is not None:
        settings = dataclasses.replace(settings, port=port)
    if fake:
        settings = dataclasses.replace(settings, fake=True)
    if not 0 < settings.port < 65536:
        raise _invalid(f"port {settings.port} is not between 1 and 65535")
    settings.baremetal.clean_priorities()  # says now what is wrong with them
    settings.block_storage.check()
    return settings


def _from_file(settings: Settings, path: Path) -> Settings:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return settings
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(f"{path} is not TOML: {error}") from error
    for key, value in content.items():
        leaves: dict[str, object] = {key: value}
        if isinstance(value, dict):
            section = cast("dict[str, object]", value)
            leaves = {f"{key}.{name}": leaf for name, leaf in section.items()}
        for leaf_key, leaf in leaves.items():
            settings = _set(settings, leaf_key, leaf, str(path))
    return settings


def _from_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    for name in sorted(environ):
        if not name.startswith(ENVIRONMENT_PREFIX) or name == "UNKAI_STATE_DIR":
            continue
        key = name.removeprefix(ENVIRONMENT_PREFIX).lower()
        section = next((one for one in _SECTIONS if key.startswith(f"{one}_")), "")
        if section:
            key = f"{section}.{key.removeprefix(f'{section}_')}"
        settings = _set(settings, key, environ[name], f"the environment ({name})")
    return settings


_SECTIONS = (
    "identity",
    "image",
    "network",
    "block_storage",
    "compute",
    "baremetal",
    "operator",
)


def _set(settings: Settings, key: str, value: object, source: str) -> Settings:
    """A copy with one value changed; `key` is "port" or "compute.fake_hosts"."""
    section, _, name = key.rpartition(".")
    owner = getattr(settings, section, None) if section in ("", *_SECTIONS) else None
    owner = settings if not section else owner
    known = {item.name for item in dataclasses.fields(owner)} if owner is not None else set[str]()
    if owner is None or name not in known or name in (*_SECTIONS, "state_dir"):
        raise _invalid(f"{source} sets {key!r}, which is not a setting")
    converted = _convert(getattr(owner, name), value, key, source)
    changed = dataclasses.replace(owner, **{name: converted})
    return dataclasses.replace(settings, **{section: changed}) if section else changed


def _convert(like: Scalar, value: object, key: str, source: str) -> object:
    """`value` as the type of the present value."""
    wanted = tuple[str, ...] if isinstance(like, tuple) else type(like)
    if isinstance(like, tuple) and isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, str) and isinstance(like, bool):
        value = value.lower()
    try:
        return msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(
            f"{source} sets {key} to {value!r}, which is not {_KINDS[type(like)]}"
        ) from error


_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    tuple: "a list of texts",
}


def _invalid(reason: str) -> BadRequest:
    return BadRequest(f"A setting is wrong: {reason}.", code="settings-invalid")
