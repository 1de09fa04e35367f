"""Who asks, and what they may: a Caller, and rules as data.

Rules are named as upstream names them ("os_compute_api:servers:create"), so that an operator's
knowledge carries over. A route names its rule; the door checks it before the body is read, without
a target: "may a caller like this do such a thing at all". The action checks the target's project
with `Caller.may_touch`, so that calls between services are checked too.

A project-scoped admin is the cloud's admin, and so is a system-scoped one. Roles imply lower ones:
admin > manager > member > reader; identity expands them before a Caller is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from unkai.kit.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    """A validated token, as every action receives it.

    scope: project_id, domain_id or system is set, or none of them (unscoped).
    elevated: a service acts on its own account inside this request; explicit, never from a token.
    """

    user_id: str
    user_name: str
    user_domain_id: str
    roles: frozenset[str]
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    domain_id: str | None = None
    system: bool = False
    request_id: str = ""
    token_id: str = ""
    elevated: bool = False
    extra: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_admin(self) -> bool:
        return self.elevated or "admin" in self.roles

    @property
    def reads_all(self) -> bool:
        """Whether the caller sees every project's resources."""
        return self.is_admin or (self.system and "reader" in self.roles)

    def may_touch(self, project_id: str | None) -> bool:
        """Whether resources of this project are the caller's to change."""
        return self.is_admin or (project_id is not None and project_id == self.project_id)

    def may_see(self, project_id: str | None) -> bool:
        return self.reads_all or (project_id is not None and project_id == self.project_id)

    def elevate(self) -> Caller:
        """This request, with the service's own rights; say why at the call."""
        return replace(self, elevated=True)


def service_caller(name: str, request_id: str) -> Caller:
    """Unkai itself, acting outside any request (reconcilers, operations)."""
    return Caller(
        user_id=name,
        user_name=name,
        user_domain_id="default",
        roles=frozenset({"admin", "service"}),
        system=True,
        request_id=request_id,
        elevated=True,
    )


Rule = Callable[[Caller], bool]


def anyone(caller: Caller) -> bool:
    """Any valid token."""
    return True


def admin(caller: Caller) -> bool:
    return caller.is_admin


def manager(caller: Caller) -> bool:
    return caller.is_admin or ("manager" in caller.roles and caller.project_id is not None)


def member(caller: Caller) -> bool:
    """May change things of a project."""
    return caller.is_admin or ("member" in caller.roles and caller.project_id is not None)


def reader(caller: Caller) -> bool:
    """May see things of a project, or as a system reader of all."""
    return caller.reads_all or ("reader" in caller.roles and caller.project_id is not None)


def admin_reader(caller: Caller) -> bool:
    return caller.reads_all


def service(caller: Caller) -> bool:
    return caller.is_admin or "service" in caller.roles


def nobody(caller: Caller) -> bool:
    return False


class Policy:
    """The rules of one service: name to rule."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.rules = dict(rules)

    def allows(self, caller: Caller, rule: str) -> bool:
        return self.rules[rule](caller)

    def check(self, caller: Caller, rule: str) -> None:
        """Forbidden if the rule says no."""
        if not self.rules[rule](caller):
            raise Forbidden(f"Policy doesn't allow {rule} to be performed.", code="policy")
