"""What the bare-metal service speaks of. Times are seconds since 1970; names are the API's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct


class State(StrEnum):
    ENROLL = "enroll"
    VERIFYING = "verifying"
    MANAGEABLE = "manageable"
    AVAILABLE = "available"
    ACTIVE = "active"
    DEPLOYING = "deploying"
    DEPLOY_WAIT = "wait call-back"
    DEPLOY_FAIL = "deploy failed"
    DEPLOY_HOLD = "deploy hold"
    DELETING = "deleting"
    ERROR = "error"
    CLEANING = "cleaning"
    CLEAN_WAIT = "clean wait"
    CLEAN_FAIL = "clean failed"
    CLEAN_HOLD = "clean hold"
    INSPECTING = "inspecting"
    INSPECT_WAIT = "inspect wait"
    INSPECT_FAIL = "inspect failed"
    ADOPTING = "adopting"
    ADOPT_FAIL = "adopt failed"
    RESCUING = "rescuing"
    RESCUE_WAIT = "rescue wait"
    RESCUE_FAIL = "rescue failed"
    RESCUE = "rescue"
    UNRESCUING = "unrescuing"
    UNRESCUE_FAIL = "unrescue failed"
    SERVICING = "servicing"
    SERVICE_WAIT = "service wait"
    SERVICE_FAIL = "service failed"
    SERVICE_HOLD = "service hold"


class PowerState(StrEnum):
    ON = "power on"
    OFF = "power off"
    REBOOT = "rebooting"
    SOFT_REBOOT = "soft rebooting"
    SOFT_OFF = "soft power off"
    ERROR = "error"


INTERFACES = (
    "bios",
    "boot",
    "console",
    "deploy",
    "firmware",
    "inspect",
    "management",
    "network",
    "power",
    "raid",
    "rescue",
    "storage",
    "vendor",
)
"""The kinds of interface a hardware type is made of; a node names one of each."""


class Node(Struct, frozen=True, kw_only=True):
    """A physical machine: one row. None where the API shows null."""

    uuid: str
    name: str | None = None
    driver: str
    driver_info: dict[str, Any] = {}
    driver_internal_info: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    instance_uuid: str | None = None
    instance_name: str | None = None
    instance_info: dict[str, Any] = {}
    network_data: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    interfaces: dict[str, str] = {}
    """Kind ("power") to the name of its implementation ("ipmitool"); all of INTERFACES."""
    chassis_uuid: str | None = None
    resource_class: str | None = None
    traits: list[str] = []
    conductor: str | None = None
    conductor_group: str = ""
    allocation_uuid: str | None = None
    owner: str | None = None
    lessee: str | None = None
    shard: str | None = None
    parent_node: str | None = None
    description: str | None = None
    provision_state: State = State.ENROLL
    target_provision_state: State | None = None
    provision_updated_at: float | None = None
    last_error: str | None = None
    power_state: PowerState | None = None
    target_power_state: PowerState | None = None
    power_changed_at: float | None = None
    boot_mode: str | None = None
    secure_boot: bool | None = None
    maintenance: bool = False
    maintenance_reason: str | None = None
    fault: str | None = None
    health: str | None = None
    console_enabled: bool = False
    protected: bool = False
    protected_reason: str | None = None
    retired: bool = False
    retired_reason: str | None = None
    automated_clean: bool | None = None
    disable_power_off: bool = False
    clean_step: dict[str, Any] = {}
    deploy_step: dict[str, Any] = {}
    service_step: dict[str, Any] = {}
    raid_config: dict[str, Any] = {}
    target_raid_config: dict[str, Any] = {}
    inspection_started_at: float | None = None
    inspection_finished_at: float | None = None
    agent_token: str | None = None
    """What the agent of this boot got at its first lookup, and what we show to it; never shown."""
    generation: int = 0
    created_at: float
    updated_at: float | None = None

    def interface(self, kind: str) -> str:
        return self.interfaces[kind]


class Port(Struct, frozen=True, kw_only=True):
    """A NIC of a node."""

    uuid: str
    node_uuid: str
    address: str
    """MAC, lower case."""
    name: str | None = None
    description: str | None = None
    portgroup_uuid: str | None = None
    pxe_enabled: bool = True
    local_link_connection: dict[str, Any] = {}
    physical_network: str | None = None
    is_smartnic: bool = False
    category: str | None = None
    vendor: str | None = None
    available_for_dynamic_portgroup: bool = False
    extra: dict[str, Any] = {}
    internal_info: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class Portgroup(Struct, frozen=True, kw_only=True):
    uuid: str
    node_uuid: str
    name: str | None = None
    address: str | None = None
    mode: str | None = None
    properties: dict[str, Any] = {}
    standalone_ports_supported: bool = True
    physical_network: str | None = None
    category: str | None = None
    dynamic_portgroup: bool = False
    extra: dict[str, Any] = {}
    internal_info: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class Chassis(Struct, frozen=True, kw_only=True):
    uuid: str
    description: str | None = None
    extra: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class Allocation(Struct, frozen=True, kw_only=True):
    uuid: str
    name: str | None = None
    node_uuid: str | None = None
    state: Literal["allocating", "active", "error"] = "allocating"
    last_error: str | None = None
    resource_class: str | None = None
    traits: list[str] = []
    candidate_nodes: list[str] = []
    owner: str | None = None
    extra: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class StepTemplate(Struct, frozen=True, kw_only=True):
    """A step of a deploy template or runbook."""

    interface: str
    step: str
    args: dict[str, Any] = {}
    priority: int | None = None
    order: int | None = None


class DeployTemplate(Struct, frozen=True, kw_only=True):
    uuid: str
    name: str
    steps: list[StepTemplate]
    extra: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class Runbook(Struct, frozen=True, kw_only=True):
    uuid: str
    name: str
    description: str | None = None
    steps: list[StepTemplate]
    traits: list[str] = []
    disable_ramdisk: bool = False
    owner: str | None = None
    public: bool = False
    extra: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class InspectionRule(Struct, frozen=True, kw_only=True):
    uuid: str
    description: str | None = None
    scope: str | None = None
    priority: int = 0
    sensitive: bool = False
    phase: str | None = "main"
    conditions: list[dict[str, Any]] = []
    actions: list[dict[str, Any]] = []
    created_at: float
    updated_at: float | None = None


class VolumeConnector(Struct, frozen=True, kw_only=True):
    uuid: str
    node_uuid: str
    type: str
    connector_id: str
    extra: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class VolumeTarget(Struct, frozen=True, kw_only=True):
    uuid: str
    node_uuid: str
    volume_type: str
    volume_id: str
    boot_index: int
    properties: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    created_at: float
    updated_at: float | None = None


class SanVolume(Struct, frozen=True, kw_only=True):
    """A volume as a machine's firmware reaches it by iSCSI. boot_index 0: it boots from this."""

    volume_id: str
    boot_index: int
    portal: str
    iqn: str
    lun: int
    username: str
    password: str
    initiator: str


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One thing that happened to a node, as `GET /v1/nodes/{id}/history` lists it."""

    uuid: str
    node_uuid: str
    conductor: str
    event: str
    event_type: str
    severity: Literal["INFO", "ERROR"]
    user: str | None = None
    project: str | None = None
    state: str | None = None
    """The provision state that the node was in, and its target."""
    target_provision_state: str | None = None
    duration_seconds: int | None = None
    """How long it had been in that state."""
    created_at: float


@dataclass(frozen=True, slots=True)
class Carrier:
    """The node of an instance, and whether it is on as far as is known."""

    uuid: str
    power_state: PowerState | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an inspection found, as the agent or the BMC told it."""

    inventory: dict[str, Any]
    plugin_data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class DeployImage:
    """An image where an agent can fetch it. disk_format: raw (compressed or not) or qcow2."""

    id: str
    url: str
    os_hash_algo: str
    os_hash_value: str
    disk_format: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """A command as the agent tells of it. status: RUNNING, SUCCEEDED, FAILED, ..."""

    id: str
    name: str
    status: str
    result: dict[str, Any]
    error: str | None
