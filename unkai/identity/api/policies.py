"""Who may knock at which route; whose things they may see or change is the action's to say.

`domain_reader` and `domain_manager` let a domain's own people in; the action then keeps them to
their domain. Names are upstream's.
"""

from __future__ import annotations

from unkai.kit.policy import Caller, Policy, admin_reader, anyone


def domain_reader(caller: Caller) -> bool:
    """Who reads all, or reads one domain by a token for it."""
    return caller.reads_all or (caller.domain_id is not None and "reader" in caller.roles)


def domain_manager(caller: Caller) -> bool:
    """An administrator, or the manager of one domain by a token for it."""
    return caller.is_admin or (caller.domain_id is not None and "manager" in caller.roles)


IDENTITY_POLICY = Policy(
    {
        "identity:validate_token": anyone,
        "identity:revoke_token": anyone,
        "identity:get_auth_projects": anyone,
        "identity:get_auth_domains": anyone,
        "identity:get_auth_system": anyone,
        "identity:get_auth_catalog": anyone,
        "identity:list_revoke_events": admin_reader,
    }
)
