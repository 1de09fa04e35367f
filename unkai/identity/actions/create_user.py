"""Making and changing users, and their passwords.

A changed password ends every token of the user, and so does disabling. Hashing is done before the
transaction: it takes long and holds no lock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from unkai.identity.actions.guard import (
    check_administer,
    find_domain,
    merged_options,
    missing,
    own_domain,
    taken,
)
from unkai.identity.actions.issue_token import refused
from unkai.identity.actions.revoke_token import revoke
from unkai.identity.model import Extra, User, no_extra
from unkai.identity.service import Identity
from unkai.identity.store import names, projects, rows, schema, subjects
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.policy import Caller

OPTIONS = frozenset(
    {
        "ignore_change_password_upon_first_use",
        "ignore_lockout_failure_attempts",
        "ignore_password_expiry",
        "ignore_user_inactivity",
        "lock_password",
        "multi_factor_auth_enabled",
        "multi_factor_auth_rules",
    }
)
Rules = list[Annotated[list[str], msgspec.Meta(min_length=1)]]


@dataclass(frozen=True, slots=True)
class UserRequest:
    name: str
    domain_id: str | None = None
    password: str | None = None
    enabled: bool = True
    default_project_id: str | None = None
    options: Extra = field(default_factory=no_extra)
    extra: Extra = field(default_factory=no_extra)


async def create_user(identity: Identity, caller: Caller, request: UserRequest) -> User:
    """Conflict for a name that is in use in the domain."""
    domain_id = request.domain_id or own_domain(caller)
    check_administer(caller, domain_id)
    options = _options({}, request.options)
    password_hash = None
    if request.password is not None:
        password_hash = await identity.passwords.hash(request.password)

    async def write(tx: Tx) -> User:
        await find_domain(identity, tx, domain_id)
        await _check_default_project(tx, request.default_project_id)
        if await names.id_of(tx, schema.users, domain_id, request.name) is not None:
            raise taken("user", request.name)
        user = User(
            id=identity.new_id(),
            name=request.name,
            domain_id=domain_id,
            enabled=request.enabled,
            default_project_id=request.default_project_id,
            password_hash=password_hash,
            password_changed_at=identity.kit.clock.now(),
            options=options,
            extra=request.extra,
        )
        await rows.add(tx, schema.users, user)
        return user

    return await identity.kit.database.transact(write)


async def update_user(
    identity: Identity, caller: Caller, user_id: str, changes: dict[str, Any], extra: Extra
) -> User:
    """Change the named attributes; `password` is the new one, None takes it away."""
    given = dict(changes)
    password = given.pop("password", ...)
    if password is not ...:
        known = await identity.passwords.hash(password) if password is not None else None
        given["password_hash"] = known
        given["password_changed_at"] = identity.kit.clock.now()

    async def write(tx: Tx) -> User:
        present = await find_user(tx, user_id)
        check_administer(caller, present.domain_id)
        values = dict(given)
        if values.pop("domain_id", present.domain_id) != present.domain_id:
            raise BadRequest("A user stays in its domain.")
        if "options" in values:
            values["options"] = _options(present.options, values["options"])
        if extra:
            values["extra"] = {**present.extra, **extra}
        await _check_default_project(tx, values.get("default_project_id"))
        name = values.get("name", present.name)
        if await names.id_of(tx, schema.users, present.domain_id, name) not in (None, user_id):
            raise taken("user", name)
        await rows.change(tx, schema.users, user_id, values)
        ends = present.enabled and not values.get("enabled", True)
        if ends or "password_hash" in values:
            await revoke(identity, tx, user_id=user_id)
        await identity.changed(tx)
        return await find_user(tx, user_id)

    return await identity.kit.database.transact(write)


async def change_password(identity: Identity, user_id: str, original: str, password: str) -> None:
    """A user's own doing, without a token: the original password is the proof."""
    reader = identity.kit.database.reader
    found = await subjects.user_with_domain(reader, user_id)
    known = found[0].password_hash if found else None
    right = await identity.passwords.verify(known, original)
    if not right or found is None or not found[0].enabled or not found[1].enabled:
        raise refused()
    if found[0].options.get("lock_password"):
        raise BadRequest("An administrator has locked this password.", code="password-locked")
    new = await identity.passwords.hash(password)

    async def write(tx: Tx) -> None:
        if (await find_user(tx, user_id)).password_hash != known:
            raise refused()
        values = {"password_hash": new, "password_changed_at": identity.kit.clock.now()}
        await rows.change(tx, schema.users, user_id, values)
        await revoke(identity, tx, user_id=user_id)

    await identity.kit.database.transact(write)


async def find_user(session: Session, user_id: str) -> User:
    user = await rows.get(session, schema.users, User, user_id)
    if user is None:
        raise missing("user", user_id)
    return user


async def show_user(identity: Identity, caller: Caller, user_id: str) -> User:
    """Oneself, or anybody for who may look. Forbidden tells nothing about who exists."""
    user = await rows.get(identity.kit.database.reader, schema.users, User, user_id)
    in_own = user is not None and user.domain_id == caller.domain_id and "reader" in caller.roles
    if not (caller.reads_all or caller.user_id == user_id or in_own):
        raise Forbidden("You are not authorized to see this user.", code="policy")
    if user is None:
        raise missing("user", user_id)
    return user


async def _check_default_project(tx: Tx, project_id: str | None) -> None:
    """One that is not there is accepted, as upstream does; a domain is not."""
    project = await projects.get(tx, project_id) if project_id is not None else None
    if project is not None and project.is_domain:
        raise BadRequest(f"The default project {project_id} is a domain.")


def _options(present: Extra, given: Extra) -> Extra:
    rules = given.get("multi_factor_auth_rules")
    if rules is not None:
        try:
            msgspec.convert(rules, Rules)
        except msgspec.ValidationError as error:
            raise BadRequest(
                "multi_factor_auth_rules is a list of lists of method names."
            ) from error
    return merged_options(OPTIONS, present, given)
