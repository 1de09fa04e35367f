"""Events of a timeline and who takes part, by the names of the field."""

from __future__ import annotations

from dataclasses import dataclass

USER = "User"
HORIZON = "Horizon"
KEYSTONE = "Keystone"
NOVA_API = "NovaAPI"
NOVA_SCHEDULER = "NovaScheduler"
GLANCE_API = "GlanceAPI"
NEUTRON_API = "NeutronAPI"
CINDER_API = "CinderAPI"
COMPUTE_NODE = "ComputeNode"
HYPERVISOR = "Hypervisor"
IRONIC_API = "IronicAPI"
IRONIC_CONDUCTOR = "IronicConductor"
IRONIC_PROVISIONER = "IronicProvisioner"
BARE_METAL_NODE_BMC = "BareMetalNodeBMC"
BARE_METAL_NODE = "BareMetalNode"
DHCP = "DHCP"
TFTP = "TFTP"
HTTP = "HTTP"

ASKED_BY = {
    NOVA_API: USER,
    KEYSTONE: NOVA_API,
    NOVA_SCHEDULER: NOVA_API,
    COMPUTE_NODE: NOVA_API,
    GLANCE_API: COMPUTE_NODE,
    NEUTRON_API: COMPUTE_NODE,
    CINDER_API: COMPUTE_NODE,
    HYPERVISOR: COMPUTE_NODE,
    IRONIC_API: USER,
    IRONIC_CONDUCTOR: IRONIC_API,
    IRONIC_PROVISIONER: IRONIC_CONDUCTOR,
    BARE_METAL_NODE_BMC: IRONIC_PROVISIONER,
    BARE_METAL_NODE: BARE_METAL_NODE_BMC,
    DHCP: BARE_METAL_NODE,
    TFTP: BARE_METAL_NODE,
    HTTP: BARE_METAL_NODE,
}
"""Whose arrow leads to a participant in the sequence diagram."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a participant did. Times are seconds since 1970; ended_at is None while it goes on.

    outcome: ok, failed, undone, cancelled; None while it goes on.
    """

    id: int
    subject: str
    participant: str
    action: str
    started_at: float
    ended_at: float | None
    outcome: str | None
    detail: str | None
    request_id: str
    operation: str | None
    """The kind of the operation that did it, None outside one."""

    @property
    def seconds(self) -> float | None:
        return None if self.ended_at is None else self.ended_at - self.started_at


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is expected next, and for how long it has not come.

    within_s: how long it usually takes, None if unknown. says: a sentence to act on, where one is
    known.
    """

    participant: str
    action: str
    for_s: float
    within_s: float | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All events of a subject, oldest first, and what is awaited now."""

    subject: str
    events: tuple[Event, ...]
    awaited: tuple[Awaited, ...]
