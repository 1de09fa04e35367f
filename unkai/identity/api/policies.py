"""Who may knock at which route; whose things they may see or change is the action's to say.

`domain_reader` and `domain_manager` let a domain's own people in; the action then keeps them to
their domain. Names are upstream's.
"""

from __future__ import annotations

from unkai.kit.policy import Caller, Policy, Rule, admin, admin_reader, anyone


def domain_reader(caller: Caller) -> bool:
    """Who reads all, or reads one domain by a token for it."""
    return caller.reads_all or (caller.domain_id is not None and "reader" in caller.roles)


def domain_manager(caller: Caller) -> bool:
    """An administrator, or the manager of one domain by a token for it."""
    return caller.is_admin or (caller.domain_id is not None and "manager" in caller.roles)


RULES: dict[Rule, tuple[str, ...]] = {
    anyone: (
        "validate_token",
        "revoke_token",
        "get_auth_projects",
        "get_auth_domains",
        "get_auth_system",
        "get_auth_catalog",
        # The action compares the user or project with the caller's own.
        "get_project",
        "list_project_tags",
        "get_project_tag",
        "get_domain",
        "get_user",
        "list_groups_for_user",
        "list_user_projects",
        "create_application_credential",
        "list_application_credentials",
        "get_application_credential",
        "delete_application_credential",
        "create_credential",
        "list_credentials",
        "get_credential",
        "update_credential",
        "delete_credential",
        "list_regions",
        "get_region",
    ),
    domain_reader: (
        "list_projects",
        "list_domains",
        "list_users",
        "list_groups",
        "get_group",
        "list_users_in_group",
        "check_user_in_group",
        "list_roles",
        "get_role",
        "list_grants",
        "check_grant",
        "list_role_assignments",
    ),
    domain_manager: (
        "create_project",
        "update_project",
        "delete_project",
        "update_project_tags",
        "delete_project_tags",
        "create_project_tag",
        "delete_project_tag",
        "create_user",
        "update_user",
        "delete_user",
        "create_group",
        "update_group",
        "delete_group",
        "add_user_to_group",
        "remove_user_from_group",
        "create_grant",
        "revoke_grant",
    ),
    admin_reader: (
        "list_revoke_events",
        "list_services",
        "get_service",
        "list_endpoints",
        "get_endpoint",
        "list_policies",
        "get_policy",
        "list_implied_roles",
        "get_implied_role",
        "check_implied_role",
        "list_role_inference_rules",
        "list_system_grant_for_users",
        "list_system_grant_for_groups",
        "check_system_grant_for_user",
        "check_system_grant_for_group",
    ),
    admin: (
        "create_domain",
        "update_domain",
        "delete_domain",
        "create_role",
        "update_role",
        "delete_role",
        "create_implied_role",
        "delete_implied_role",
        "create_service",
        "update_service",
        "delete_service",
        "create_endpoint",
        "update_endpoint",
        "delete_endpoint",
        "create_policy",
        "update_policy",
        "delete_policy",
        "create_region",
        "update_region",
        "delete_region",
        "create_system_grant_for_user",
        "create_system_grant_for_group",
        "revoke_system_grant_for_user",
        "revoke_system_grant_for_group",
    ),
}

IDENTITY_POLICY = Policy(
    {f"identity:{name}": rule for rule, names in RULES.items() for name in names}
)
