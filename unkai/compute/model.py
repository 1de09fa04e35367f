"""What compute speaks of, in the words of the Compute API reference.

Timestamps are seconds since 1970. Sizes carry their unit, except in `Flavor`, whose fields are the
API's own words: `ram` and `swap` in MiB, `disk` and `ephemeral` in GiB.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from unkai.hypervisor.model import ImageRef


class Flavor(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int = 0
    swap: int = 0
    rxtx_factor: float = 1.0
    is_public: bool = True
    disabled: bool = False
    description: str | None = None
    extra_specs: dict[str, str] = field(default_factory=dict[str, str])
    created_at: float = 0.0
    updated_at: float = 0.0


class Keypair(Struct, frozen=True, kw_only=True):
    name: str
    user_id: str
    type: str
    fingerprint: str
    public_key: str
    number: int = 0
    created_at: float = 0.0


class ServerKey(Struct, frozen=True):
    """The key a server was made with; it outlives its keypair."""

    type: str
    public_key: str


class ServerNic(Struct, frozen=True, kw_only=True):
    """created: compute made the port, so compute deletes it with the server."""

    port_id: str
    network_id: str
    mac: str
    mtu: int = 1500
    created: bool = True
    tag: str | None = None


class ServerFault(Struct, frozen=True, kw_only=True):
    code: int
    message: str
    created_at: float
    details: str = ""


VolumeState = Literal["attaching", "attached", "detaching", "swapping"]


class ServerVolume(Struct, frozen=True, kw_only=True):
    """A volume of a server. device: what its guest most likely calls it ("/dev/vdb").

    attachment_id: None while the volume is still being made. boot_index: 0 is the root's.
    request_id: of the request that is being worked on. next_*: what it is being swapped for.
    """

    id: str
    volume_id: str
    device: str
    attachment_id: str | None = None
    next_volume_id: str | None = None
    next_attachment_id: str | None = None
    boot_index: int | None = None
    delete_on_termination: bool = False
    tag: str | None = None
    state: VolumeState = "attached"
    request_id: str = ""


class Requested(Struct, frozen=True, kw_only=True):
    """What the user asked for and later verbs need again."""

    security_groups: list[str] = field(default_factory=list[str])
    scheduler_hints: dict[str, Any] = field(default_factory=dict[str, Any])
    host: str | None = None


class Server(Struct, frozen=True, kw_only=True):
    """A server; `host` is None until it has one, and after its boot failed.

    image: the root disk's image as hosts know it; it outlives the image itself.
    """

    id: str
    project_id: str
    user_id: str
    name: str
    hostname: str
    vm_state: str
    flavor: Flavor
    created_at: float
    updated_at: float
    description: str | None = None
    task_state: str | None = None
    power_state: int = 0
    host: str | None = None
    availability_zone: str | None = None
    image_id: str | None = None
    image: ImageRef | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    key_name: str | None = None
    key: ServerKey | None = None
    user_data: str | None = None
    config_drive: bool = False
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    disk_config: str = "MANUAL"
    locked_by: str | None = None
    locked_reason: str | None = None
    reservation_id: str = ""
    launch_index: int = 0
    nics: list[ServerNic] = field(default_factory=list[ServerNic])
    volumes: list[ServerVolume] = field(default_factory=list[ServerVolume])
    requested: Requested = Requested()
    server_group_id: str | None = None
    fault: ServerFault | None = None
    password: str | None = None
    generation: int = 0
    launched_at: float | None = None
    terminated_at: float | None = None
    deleted_at: float | None = None

    @property
    def root_volume(self) -> ServerVolume | None:
        """The volume it boots from; None where its root disk is a file of its host."""
        return next((one for one in self.volumes if one.boot_index == 0), None)

    @property
    def instance_name(self) -> str:
        """The name the host knows it by."""
        return f"instance-{self.id[:8]}"


class ComputeHost(Struct, frozen=True, kw_only=True):
    """A compute host as the cloud knows it. `facts` are the fields of `hypervisor.model.Host`.

    recovered_boot_id: the boot of the host after which all that should run was brought back.
    """

    hostname: str
    id: str
    number: int
    service_id: str
    facts: dict[str, Any]
    recovered_boot_id: str = ""
    disabled: bool = False
    disabled_reason: str | None = None
    forced_down: bool = False
    seen_at: float = 0.0
    created_at: float = 0.0
    updated_at: float = 0.0


class Aggregate(Struct, frozen=True, kw_only=True):
    number: int
    id: str
    name: str
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    hosts: list[str] = field(default_factory=list[str])
    created_at: float = 0.0
    updated_at: float | None = None


class ServerGroup(Struct, frozen=True, kw_only=True):
    id: str
    project_id: str
    user_id: str
    name: str
    policy: str
    rules: dict[str, Any] = field(default_factory=dict[str, Any])
    created_at: float = 0.0


class NetworkRequest(Struct, frozen=True, kw_only=True):
    """One element of a server's `networks`: a network, a port, or a network with an address."""

    network_id: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None
    tag: str | None = None


class BlockDevice(Struct, frozen=True, kw_only=True):
    """A disk asked for with a server, on a volume. source_id: of the image, volume or snapshot.

    boot_index: 0 is the root, None is not booted from. size: GiB.
    """

    source: Literal["image", "volume", "snapshot", "blank"]
    source_id: str | None = None
    boot_index: int | None = None
    size: int | None = None
    delete_on_termination: bool = False
    volume_type: str | None = None
    tag: str | None = None


class ServerRequest(Struct, frozen=True, kw_only=True):
    """`POST /servers` in its newest shape, whatever the client spoke.

    networks: "auto", "none", a list, or None where the client did not say (the project's only
    network). disks: volumes; with one to boot from there is no image. zone, host: parts of
    `availability_zone`, or given apart. user_data is base64.
    """

    name: str
    flavor_id: str
    image_id: str | None = None
    count_min: int = 1
    count_max: int = 1
    networks: list[NetworkRequest] | str | None = None
    disks: list[BlockDevice] = field(default_factory=list[BlockDevice])
    security_groups: list[str] = field(default_factory=list[str])
    key_name: str | None = None
    user_data: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    tags: list[str] = field(default_factory=list[str])
    description: str | None = None
    hostname: str | None = None
    config_drive: bool = False
    zone: str | None = None
    host: str | None = None
    hypervisor_hostname: str | None = None
    scheduler_hints: dict[str, Any] = field(default_factory=dict[str, Any])
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    disk_config: str = "MANUAL"


class ServerAction(Struct, frozen=True, kw_only=True):
    """A request about a server, as `os-instance-actions` lists it, with what was done for it.

    event: Nova's word for the work, None where there was none; ended_at is None while it goes on.
    """

    server_id: str
    action: str
    request_id: str
    project_id: str | None
    user_id: str | None
    started_at: float
    updated_at: float
    message: str | None = None
    event: str | None = None
    ended_at: float | None = None
    result: str | None = None
    host: str | None = None
    details: str | None = None


class HostVerdict(Struct, frozen=True, kw_only=True):
    """Why a host was taken or not; `score` only where it was a candidate."""

    host: str
    taken: bool
    reason: str
    score: float | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """A placement decision as it was made. `request` says what was asked for."""

    server_id: str
    made_at: float
    request: dict[str, Any]
    chosen: str | None
    hosts: list[HostVerdict]


class BootTime(Struct, frozen=True, kw_only=True):
    """One boot that reached ACTIVE. resource_class: of the node it deployed, "" for a guest."""

    flavor_id: str
    image_id: str
    resource_class: str
    project_id: str
    took_s: float


class ExpectedBoot(Struct, frozen=True, kw_only=True):
    """How long boots of a flavor and an image took of late, from the request to ACTIVE.

    resource_class: of the nodes they were deployed on, "" for guests. samples: boots looked at,
    the newest 100 at most. Times are seconds.
    """

    flavor_id: str
    image_id: str
    resource_class: str
    median_s: float
    p95_s: float
    samples: int
