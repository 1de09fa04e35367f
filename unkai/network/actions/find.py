"""Finding what a request names, as its caller sees it.

What the caller may not see does not exist (404); what it may see but not change is forbidden.
"""

from __future__ import annotations

from unkai.kit.db import Session
from unkai.kit.errors import Forbidden, NotFound
from unkai.kit.policy import Caller
from unkai.network.fields import is_uuid
from unkai.network.model import FloatingIP, Network, Port, Router, SecurityGroup, Subnet
from unkai.network.store import floating_ips, networks, ports, routers, security_groups, subnets


async def network_of(session: Session, caller: Caller, network_id: str) -> Network:
    found = None
    if is_uuid(network_id):
        found = await networks.find_network(session, network_id, caller)
    if found is None:
        raise NotFound(f"Network {network_id} could not be found.", code="network-not-found")
    return found


async def subnet_of(session: Session, caller: Caller, subnet_id: str) -> Subnet:
    found = None
    if is_uuid(subnet_id):
        found = await subnets.find_subnet(session, subnet_id, caller)
    if found is None:
        raise NotFound(f"Subnet {subnet_id} could not be found.", code="subnet-not-found")
    return found


async def port_of(session: Session, caller: Caller, port_id: str) -> Port:
    found = await ports.find_port(session, port_id, caller) if is_uuid(port_id) else None
    if found is None:
        raise NotFound(f"Port {port_id} could not be found.", code="port-not-found")
    return found


async def security_group_of(session: Session, caller: Caller, group_id: str) -> SecurityGroup:
    found = None
    if is_uuid(group_id):
        found = await security_groups.find_group(session, group_id, caller)
    if found is None:
        raise NotFound(f"Security group {group_id} does not exist", code="security-group-not-found")
    return found


async def router_of(session: Session, caller: Caller, router_id: str) -> Router:
    found = await routers.get_router(session, router_id) if is_uuid(router_id) else None
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(f"Router {router_id} could not be found.", code="router-not-found")
    return found


async def floating_ip_of(session: Session, caller: Caller, floating_ip_id: str) -> FloatingIP:
    found = None
    if is_uuid(floating_ip_id):
        found = await floating_ips.get_floating_ip(session, floating_ip_id)
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(
            f"Floating IP {floating_ip_id} could not be found.", code="floating-i-p-not-found"
        )
    return found


def must_own(caller: Caller, project_id: str, what: str) -> None:
    """Forbidden unless the thing, which the caller sees, is the caller's to change."""
    if not caller.may_touch(project_id):
        raise Forbidden(
            f"{what} belongs to another project; only it or an administrator may do this.",
            code="policy",
        )


def may_create_for(caller: Caller, project_id: str) -> None:
    """Forbidden where a caller would make something for another project."""
    if not caller.may_touch(project_id):
        raise Forbidden(
            "Only an administrator may create resources for another project.",
            code="policy",
        )
