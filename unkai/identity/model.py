"""What identity speaks of, in the words of the Identity API v3.

A domain is a project with `is_domain` at the root of a tree, as upstream keeps it: one table, one
id space. `ROOT` stands for "no domain" where a column takes part in a unique key, because NULLs
never collide; the API shows it as null. `extra` holds the attributes that clients invent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from unkai.kit.policy import Caller
from unkai.kit.tokens import Payload

ROOT: Final = ""
DEFAULT_DOMAIN_ID: Final = "default"
SYSTEM: Final = "system"
"""Target id of assignments on the system: there is one."""

Extra = dict[str, Any]


def no_extra() -> Extra:
    return {}


class ActorType(StrEnum):
    USER = "user"
    GROUP = "group"


class TargetType(StrEnum):
    PROJECT = "project"
    DOMAIN = "domain"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project or a domain. domain_id is ROOT and parent_id None for a domain."""

    id: str
    name: str
    domain_id: str
    parent_id: str | None
    is_domain: bool = False
    enabled: bool = True
    description: str = ""
    options: Extra = field(default_factory=no_extra)
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """password_hash is an argon2id string; None: no password opens this account."""

    id: str
    name: str
    domain_id: str
    enabled: bool = True
    default_project_id: str | None = None
    password_hash: str | None = None
    password_changed_at: float | None = None
    options: Extra = field(default_factory=no_extra)
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    name: str
    domain_id: str
    description: str = ""
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """domain_id is ROOT for a global role; a domain's own role only implies others."""

    id: str
    name: str
    domain_id: str = ROOT
    description: str | None = None
    options: Extra = field(default_factory=no_extra)
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An actor has a role on a target; inherited: on the projects below it, not on itself."""

    actor_type: str
    actor_id: str
    target_type: str
    target_id: str
    role_id: str
    inherited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    id: str
    parent_region_id: str | None = None
    description: str = ""
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogService:
    """A kind of API in the catalog ("compute", "nova")."""

    id: str
    type: str
    name: str | None = None
    description: str | None = None
    enabled: bool = True
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a service answers; interface is public, internal or admin."""

    id: str
    service_id: str
    interface: str
    url: str
    region_id: str | None = None
    enabled: bool = True
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCredential:
    """A user's second secret, for one project and some of the user's roles there."""

    id: str
    name: str
    user_id: str
    project_id: str
    secret_hash: str
    description: str | None = None
    expires_at: float | None = None
    unrestricted: bool = False
    role_ids: tuple[str, ...] = ()
    access_rule_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Something a user keeps for other programs (an EC2 key pair); `sealed` is encrypted."""

    id: str
    user_id: str
    type: str
    sealed: str
    project_id: str | None = None
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBlob:
    """A text that services may keep here; nothing in it means anything to us."""

    id: str
    type: str
    blob: str
    extra: Extra = field(default_factory=no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Tokens of the one thing that is named, issued up to `issued_before`, are dead.

    forget_at: when no such token can live any more.
    """

    audit_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    issued_before: float
    revoked_at: float
    forget_at: float


@dataclass(frozen=True, slots=True)
class Subject:
    """A token that holds, with everything it names as it is now."""

    payload: Payload
    user: User
    user_domain: Project
    project: Project | None
    project_domain: Project | None
    domain: Project | None
    roles: tuple[Role, ...]
    credential: ApplicationCredential | None
    caller: Caller


@dataclass(frozen=True, slots=True)
class Reference:
    """Somebody or something by id, or by name within a domain (by its id or name)."""

    id: str | None = None
    name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is asked for. kind: project, domain, system, unscoped, or "" for the default."""

    kind: str = ""
    target: Reference = Reference()


@dataclass(frozen=True, slots=True)
class Proof:
    """How a user proves who they are; `methods` says which of the others are given."""

    methods: tuple[str, ...]
    user: Reference | None = None
    password: str = ""
    token: str = ""
    credential: Reference | None = None
    credential_user: Reference | None = None
    secret: str = ""


@dataclass(frozen=True, slots=True)
class SeedEndpoint:
    """A service to put into the catalog, at one URL for all interfaces."""

    type: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class SeededIdentity:
    domain_id: str
    region_id: str
    admin_project_id: str
    admin_user_id: str
    demo_project_id: str
    demo_user_id: str
    service_project_id: str
