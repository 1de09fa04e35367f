"""Rules of security groups."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network import ip
from unkai.network.actions.find import may_create_for, must_own, security_group_of
from unkai.network.actions.quotas import check_quota
from unkai.network.drivers.base import Ref
from unkai.network.fields import AddressText, Id, Int32, ProjectId, Text, is_uuid, project_of
from unkai.network.model import SecurityGroupRule
from unkai.network.service import NetworkService
from unkai.network.store import security_groups as store

PROTOCOLS: Final = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "icmpv6": 58,
    "igmp": 2,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
WITH_PORTS: Final = (6, 17, 33, 132, 136)
ICMP: Final = (1, 58)
ONLY_IPV6: Final = (58, 41, 43, 44, 59, 60)


class SecurityGroupRuleRequest(Struct, kw_only=True, frozen=True):
    security_group_id: Id
    direction: Literal["ingress", "egress"]
    ethertype: Text | None = "IPv4"
    protocol: Text | Int32 | None = None
    port_range_min: Int32 | None = None
    port_range_max: Int32 | None = None
    remote_ip_prefix: AddressText | None = None
    remote_group_id: Text | None = None
    remote_address_group_id: None = None
    description: Text = ""
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


async def create_security_group_rule(
    network: NetworkService, tx: Tx, caller: Caller, request: SecurityGroupRuleRequest
) -> SecurityGroupRule:
    """Raises NotFound (group), QuotaExceeded, BadRequest, Conflict (there is such a rule)."""
    group = await security_group_of(tx, caller, request.security_group_id.lower())
    must_own(caller, group.project_id, f"Security group {group.id}")
    project_id = project_of(request.project_id, request.tenant_id, group.project_id)
    may_create_for(caller, project_id)
    await check_quota(tx, "security_group_rule", project_id)
    now = network.kit.clock.now()
    rule = SecurityGroupRule(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        security_group_id=group.id,
        direction=request.direction,
        created_at=now,
        updated_at=now,
        description=request.description,
        **_match(request),
    )
    if rule.remote_group_id is not None:
        await security_group_of(tx, caller, rule.remote_group_id)
    for other in group.rules:
        if _key(other) == _key(rule):
            raise Conflict(
                f"Security group rule already exists. Rule id is {other.id}.",
                code="security-group-rule-exists",
            )
    await store.insert_rule(tx, rule)
    await store.touch_group(tx, group.id, now)
    await network.changed(tx, Ref("security_group", group.id))
    return rule


async def delete_security_group_rule(
    network: NetworkService, tx: Tx, caller: Caller, rule_id: str
) -> None:
    rule = await rule_of(tx, caller, rule_id)
    must_own(caller, rule.project_id, f"Security group rule {rule_id}")
    await store.delete_rule(tx, rule_id)
    await store.touch_group(tx, rule.security_group_id, network.kit.clock.now())
    await network.changed(tx, Ref("security_group", rule.security_group_id))


async def rule_of(session: Session, caller: Caller, rule_id: str) -> SecurityGroupRule:
    """A rule that the caller sees: its own, or one of a group it sees."""
    rule = await store.get_rule(session, rule_id) if is_uuid(rule_id) else None
    if rule is not None and not caller.may_see(rule.project_id):
        group = await store.find_group(session, rule.security_group_id, caller)
        rule = None if group is None else rule
    if rule is None:
        raise NotFound(
            f"Security group rule {rule_id} does not exist", code="security-group-rule-not-found"
        )
    return rule


def _match(request: SecurityGroupRuleRequest) -> dict[str, Any]:
    """What the rule matches, in canonical form."""
    ethertype = _ethertype(request.ethertype)
    protocol, number = _protocol(request.protocol, ethertype)
    _check_ports(request.port_range_min, request.port_range_max, protocol, number)
    prefix = None
    if request.remote_ip_prefix is not None:
        if request.remote_group_id is not None:
            raise BadRequest(
                "Only remote_ip_prefix or remote_group_id or remote_address_group_id may be "
                "provided.",
                code="security-group-multiple-remote-entities-used",
            )
        parsed = ip.parse_prefix(request.remote_ip_prefix, "remote_ip_prefix")
        if f"IPv{parsed.version}" != ethertype:
            raise BadRequest(
                f"Conflicting value ethertype {ethertype} for CIDR {request.remote_ip_prefix}.",
                code="security-group-rule-parameter-conflict",
            )
        prefix = str(parsed)
    remote = request.remote_group_id
    return {
        "ethertype": ethertype,
        "protocol": protocol,
        "port_range_min": request.port_range_min,
        "port_range_max": request.port_range_max,
        "remote_ip_prefix": prefix,
        "remote_group_id": remote.lower() if remote else None,
    }


def _ethertype(text: str | None) -> str:
    known = {"ipv4": "IPv4", "ipv6": "IPv6"}
    found = known.get((text or "IPv4").lower())
    if found is None:
        raise BadRequest(
            f"Security group rule for ethertype '{text}' not supported. Allowed values are "
            f"{list(known.values())}.",
            code="security-group-rule-invalid-ethertype",
        )
    return found


def _protocol(given: str | int | None, ethertype: str) -> tuple[str | None, int | None]:
    """(as the API shows it, its number); None and "any" are every protocol."""
    if given is None or str(given).lower() in ("any", "-1", ""):
        return None, None
    text = str(given).lower()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None
    if number is None:
        number = PROTOCOLS.get(text)
    if number is None or number > 255:
        raise BadRequest(
            f"Security group rule protocol {given} not supported. Only protocol values "
            f"{sorted(PROTOCOLS)} and integer representations [0 to 255] are supported.",
            code="security-group-rule-invalid-protocol",
        )
    if number in ONLY_IPV6 and ethertype == "IPv4":
        raise BadRequest(
            f"Invalid ethertype {ethertype} for protocol {given}.",
            code="security-group-ethertype-conflict-with-protocol",
        )
    return text, number


def _check_ports(
    low: int | None, high: int | None, protocol: str | None, number: int | None
) -> None:
    if low is None and high is None:
        return
    if number is None:
        raise BadRequest(
            "Must also specify protocol if port range is given.",
            code="security-group-protocol-required-with-ports",
        )
    if number in ICMP:
        _check_icmp(low, high)
        return
    if number not in WITH_PORTS:
        raise BadRequest(
            f"Invalid protocol {protocol} for port range, only valid for {list(WITH_PORTS)}.",
            code="security-group-invalid-protocol-for-port",
        )
    for value in (low, high):
        if value is not None and not 1 <= value <= 65535:
            raise BadRequest(
                f"Invalid value for port {value}.", code="security-group-invalid-port-value"
            )
    if low is None or high is None or low > high:
        raise BadRequest(
            "For TCP/UDP protocols, port_range_min must be <= port_range_max.",
            code="security-group-invalid-port-range",
        )


def _check_icmp(kind: int | None, code: int | None) -> None:
    for name, value in (("type", kind), ("code", code)):
        if value is not None and not 0 <= value <= 255:
            raise BadRequest(
                f"Invalid value for ICMP {name} ({value}). It must be 0 to 255.",
                code="security-group-invalid-icmp-value",
            )
    if kind is None:
        raise BadRequest(
            f"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is "
            "missing.",
            code="security-group-missing-icmp-type",
        )


def _key(rule: SecurityGroupRule) -> tuple[object, ...]:
    """Equal for rules that match the same packets."""
    number = None
    if rule.protocol is not None:
        number = PROTOCOLS.get(rule.protocol)
        number = int(rule.protocol) if number is None else number
    everything = "0.0.0.0/0" if rule.ethertype == "IPv4" else "::/0"
    prefix = None if rule.remote_ip_prefix == everything else rule.remote_ip_prefix
    return (
        rule.direction,
        rule.ethertype,
        number,
        rule.port_range_min,
        rule.port_range_max,
        prefix,
        rule.remote_group_id,
    )
