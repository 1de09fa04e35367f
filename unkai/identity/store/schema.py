"""The tables of identity."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from unkai.kit.db import Announced, Json, announce, metadata

ID = String(64)
NAME = String(255)

projects = Table(
    "identity_projects",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("domain_id", ID, nullable=False),
    Column("parent_id", ID, ForeignKey("identity_projects.id"), index=True),
    Column("is_domain", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint("domain_id", "is_domain", "name", name="identity_projects_name"),
)

project_tags = Table(
    "identity_project_tags",
    metadata,
    Column(
        "project_id", ID, ForeignKey("identity_projects.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("name", NAME, primary_key=True, index=True),
)

users = Table(
    "identity_users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("domain_id", ID, ForeignKey("identity_projects.id"), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("default_project_id", ID, index=True),
    Column("password_hash", String(255)),
    Column("password_changed_at", Float),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint("domain_id", "name", name="identity_users_name"),
)

groups = Table(
    "identity_groups",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("domain_id", ID, ForeignKey("identity_projects.id"), nullable=False),
    Column("description", Text, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint("domain_id", "name", name="identity_groups_name"),
)

memberships = Table(
    "identity_memberships",
    metadata,
    Column("user_id", ID, ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "group_id",
        ID,
        ForeignKey("identity_groups.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

roles = Table(
    "identity_roles",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("domain_id", ID, nullable=False),
    Column("description", Text),
    Column("options", Json, nullable=False),
    Column("extra", Json, nullable=False),
    UniqueConstraint("domain_id", "name", name="identity_roles_name"),
)

implications = Table(
    "identity_role_implications",
    metadata,
    Column("prior_id", ID, ForeignKey("identity_roles.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "implied_id",
        ID,
        ForeignKey("identity_roles.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

assignments = Table(
    "identity_assignments",
    metadata,
    Column("actor_type", String(8), primary_key=True),
    Column("actor_id", ID, primary_key=True),
    Column("target_type", String(8), primary_key=True),
    Column("target_id", ID, primary_key=True),
    Column(
        "role_id",
        ID,
        ForeignKey("identity_roles.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    Column("inherited", Boolean, primary_key=True),
    Index("identity_assignments_target", "target_id", "target_type"),
    Index("identity_assignments_actor", "actor_id", "actor_type"),
)

regions = Table(
    "identity_regions",
    metadata,
    Column("id", NAME, primary_key=True),
    Column("parent_region_id", NAME, ForeignKey("identity_regions.id"), index=True),
    Column("description", Text, nullable=False),
    Column("extra", Json, nullable=False),
)

services = Table(
    "identity_services",
    metadata,
    Column("id", ID, primary_key=True),
    Column("type", NAME, nullable=False, index=True),
    Column("name", NAME, index=True),
    Column("description", Text),
    Column("enabled", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
)

endpoints = Table(
    "identity_endpoints",
    metadata,
    Column("id", ID, primary_key=True),
    Column(
        "service_id",
        ID,
        ForeignKey("identity_services.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("interface", String(8), nullable=False),
    Column("url", Text, nullable=False),
    Column("region_id", NAME, ForeignKey("identity_regions.id"), index=True),
    Column("enabled", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
)

application_credentials = Table(
    "identity_application_credentials",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("user_id", ID, ForeignKey("identity_users.id", ondelete="CASCADE"), nullable=False),
    Column(
        "project_id",
        ID,
        ForeignKey("identity_projects.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("secret_hash", String(255), nullable=False),
    Column("description", Text),
    Column("expires_at", Float),
    Column("unrestricted", Boolean, nullable=False),
    Column("role_ids", Json, nullable=False),
    Column("access_rule_ids", Json, nullable=False),
    UniqueConstraint("user_id", "name", name="identity_application_credentials_name"),
)

revocations = Table(
    "identity_revocations",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("audit_id", String(64), index=True),
    Column("user_id", ID, index=True),
    Column("project_id", ID, index=True),
    Column("domain_id", ID, index=True),
    Column("issued_before", Float, nullable=False),
    Column("revoked_at", Float, nullable=False),
    Column("forget_at", Float, nullable=False, index=True),
)

changes = Table(
    "identity_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Float, nullable=False),
    sqlite_autoincrement=True,
)

credentials = Table(
    "identity_credentials",
    metadata,
    Column("id", ID, primary_key=True),
    Column(
        "user_id",
        ID,
        ForeignKey("identity_users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("project_id", ID, index=True),
    Column("type", NAME, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("extra", Json, nullable=False),
)

policies = Table(
    "identity_policies",
    metadata,
    Column("id", ID, primary_key=True),
    Column("type", NAME, nullable=False),
    Column("blob", Text, nullable=False),
    Column("extra", Json, nullable=False),
)

announce(
    projects,
    Announced("project", project="row.id", when="not row.is_domain"),
    Announced("domain", project="null", when="row.is_domain"),
)
announce(users, Announced("user", project="null", user="row.id"))
announce(groups, Announced("group", project="null"))
announce(memberships, Announced("group", key="row.group_id", project="null", as_changed=True))
announce(roles, Announced("role", project="null"))
announce(
    assignments,
    Announced(
        "role_assignment",
        key="row.target_id",
        project="null",
        user="row.actor_id",
        about="row.actor_id",
    ),
)
