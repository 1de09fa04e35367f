"""Security groups: a port group each, with an ACL per rule, above one group that drops the rest.

Every port with port security is in the default-drop group. A group's addresses, which rules with a
remote group match, are an address set that OVN derives from the port group by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from unkai.network.drivers.ovn.rows import BASE, Key, RowSpec
from unkai.network.model import SecurityGroup, SecurityGroupRule

DROP: Final = Key(*BASE, "drop")

_PRIORITY_DROP, _PRIORITY_ALLOW = 1001, 1002
_PORTS: Final = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "sctp": "sctp", "132": "sctp"}
_ICMP: Final = frozenset({"icmp", "icmpv6", "ipv6-icmp", "1", "58"})
_NUMBERS: Final = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "igmp": 2, "ipip": 4, "ipv6-encap": 41,
    "ipv6-frag": 44, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89, "pgm": 113,
    "rsvp": 46, "udplite": 136, "vrrp": 112,
}  # fmt: skip
_DHCP_REQUEST: Final = "ip4 && ip4.dst == 255.255.255.255 && udp.src == 68 && udp.dst == 67"
_DHCPV6_REQUEST: Final = "ip6 && ip6.dst == ff02::1:2 && udp.src == 546 && udp.dst == 547"


def base() -> Iterator[RowSpec]:
    """The group that drops what no rule allows, but asking for an address."""
    yield RowSpec(key=DROP, table="Port_Group", columns={"name": "unkai_drop"})
    own_in, own_out = "outport == @unkai_drop", "inport == @unkai_drop"
    yield _acl(DROP, "drop-in", _act("to-lport", _PRIORITY_DROP, f"{own_in} && ip", "drop"))
    yield _acl(DROP, "drop-out", _act("from-lport", _PRIORITY_DROP, f"{own_out} && ip", "drop"))
    for part, match in (("dhcp", _DHCP_REQUEST), ("dhcpv6", _DHCPV6_REQUEST)):
        columns = _act("from-lport", _PRIORITY_ALLOW, f"{own_out} && {match}", "allow")
        yield _acl(DROP, part, columns)


def key(group_id: str) -> Key:
    return Key("security_group", group_id, "group")


def group_name(group_id: str) -> str:
    """OVN's identifiers have no hyphens."""
    return "pg_" + group_id.replace("-", "_")


def group_row(group_id: str, *, skeleton: bool = False) -> RowSpec:
    columns = {"name": group_name(group_id)}
    return RowSpec(key=key(group_id), table="Port_Group", columns=columns, skeleton=skeleton)


def security_group(group: SecurityGroup) -> Iterator[RowSpec]:
    yield group_row(group.id)
    action = "allow-related" if group.stateful else "allow-stateless"
    for rule in group.rules:
        if rule.remote_group_id is not None:
            yield group_row(rule.remote_group_id, skeleton=True)
        direction = "to-lport" if rule.direction == "ingress" else "from-lport"
        columns = _act(direction, _PRIORITY_ALLOW, rule_match(rule), action)
        yield _acl(key(group.id), f"rule:{rule.id}", columns)


def rule_match(rule: SecurityGroupRule) -> str:
    """The rule as an OVN expression."""
    is_ingress, version = rule.direction == "ingress", "6" if rule.ethertype == "IPv6" else "4"
    name = group_name(rule.security_group_id)
    parts = [f"outport == @{name}" if is_ingress else f"inport == @{name}", f"ip{version}"]
    remote = f"ip{version}.{'src' if is_ingress else 'dst'}"
    if rule.remote_ip_prefix is not None and not rule.remote_ip_prefix.endswith("/0"):
        parts.append(f"{remote} == {rule.remote_ip_prefix}")
    if rule.remote_group_id is not None:
        parts.append(f"{remote} == ${group_name(rule.remote_group_id)}_ip{version}")
    parts.extend(_protocol_match(rule, version))
    return " && ".join(parts)


def _protocol_match(rule: SecurityGroupRule, version: str) -> Iterator[str]:
    protocol = (rule.protocol or "any").lower()
    low, high = rule.port_range_min, rule.port_range_max
    if protocol in ("any", "-1"):
        return
    if protocol in _ICMP:
        yield f"icmp{version}"
        if low is not None:
            yield f"icmp{version}.type == {low}"
        if high is not None:
            yield f"icmp{version}.code == {high}"
    elif (word := _PORTS.get(protocol)) is not None:
        yield word
        if low is not None and low == high:
            yield f"{word}.dst == {low}"
        else:
            if low is not None:
                yield f"{word}.dst >= {low}"
            if high is not None:
                yield f"{word}.dst <= {high}"
    else:
        yield f"ip.proto == {_NUMBERS.get(protocol, protocol)}"


def _acl(group: Key, part: str, columns: dict[str, object]) -> RowSpec:
    return RowSpec(
        key=Key(group.kind, group.id, part), table="ACL", columns=columns, parent=(group, "acls")
    )


def _act(direction: str, priority: int, match: str, action: str) -> dict[str, object]:
    return {"direction": direction, "priority": priority, "match": match, "action": action}
