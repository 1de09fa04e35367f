"""What users keep for other programs. Everybody has their own; administrators have all.

Owner, project and type are for life: changing them would hand one user's secret to another. A token
of a restricted application credential makes and changes none, or it would outgrow its limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from unkai.identity.actions.create_user import find_user
from unkai.identity.actions.guard import check_unrestricted, denied, missing
from unkai.identity.model import Credential, Extra
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Forbidden
from unkai.kit.policy import Caller

FOR_LIFE = ("user_id", "project_id", "type")


async def create_credential(
    identity: Identity,
    caller: Caller,
    *,
    user_id: str | None,
    project_id: str | None,
    kind: str,
    blob: str,
    extra: Extra,
) -> Credential:
    """One's own, or anybody's for an administrator. Conflict for an EC2 key that is in use."""
    owner = user_id or caller.user_id
    if not caller.is_admin and owner != caller.user_id:
        raise denied()
    check_unrestricted(caller)
    key = identity.new_id()
    if kind == "ec2":
        key = hashlib.sha256(_access_key(blob).encode()).hexdigest()
        if project_id is None:
            raise BadRequest("An EC2 credential needs a project_id.")
    credential = Credential(
        id=key,
        user_id=owner,
        project_id=project_id,
        type=kind,
        sealed=identity.vault.seal(blob),
        extra=extra,
    )

    async def write(tx: Tx) -> Credential:
        await find_user(tx, owner)
        if await rows.get(tx, schema.credentials, Credential, key) is not None:
            raise Conflict("This access key is in use.", code="access-key-in-use")
        await rows.add(tx, schema.credentials, credential)
        return credential

    return await identity.kit.database.transact(write)


def _access_key(blob: str) -> str:
    try:
        content = msgspec.json.decode(blob)
    except msgspec.DecodeError as error:
        raise BadRequest("The blob of an EC2 credential is JSON.") from error
    given: Any = cast("dict[str, Any]", content).get("access") if type(content) is dict else None
    if not isinstance(given, str) or not given:
        raise BadRequest("The blob of an EC2 credential has an access key.")
    return given


async def list_credentials(
    identity: Identity, caller: Caller, page: rows.Page
) -> Sequence[Credential]:
    """Only one's own, whatever is asked for, unless the caller reads all."""
    equal = dict(page.equal)
    if not caller.reads_all:
        if equal.get("user_id", caller.user_id) != caller.user_id:
            return []
        equal["user_id"] = caller.user_id
    asked = rows.Page(equal=equal, like=page.like, marker=page.marker, limit=page.limit)
    return await rows.find(identity.kit.database.reader, schema.credentials, Credential, asked)


async def show_credential(identity: Identity, caller: Caller, credential_id: str) -> Credential:
    """NotFound for what is not there and for what is somebody else's."""
    reader = identity.kit.database.reader
    found = await rows.get(reader, schema.credentials, Credential, credential_id)
    if found is None or not (caller.reads_all or found.user_id == caller.user_id):
        raise missing("credential", credential_id)
    return found


async def update_credential(
    identity: Identity, caller: Caller, credential_id: str, changes: dict[str, Any], extra: Extra
) -> Credential:
    """Change the blob. Forbidden for owner, project and type."""
    check_unrestricted(caller)

    async def write(tx: Tx) -> Credential:
        present = await rows.get(tx, schema.credentials, Credential, credential_id)
        if present is None or not (caller.is_admin or present.user_id == caller.user_id):
            raise missing("credential", credential_id)
        given = dict(changes)
        for name in FOR_LIFE:
            if given.pop(name, getattr(present, name)) != getattr(present, name):
                raise Forbidden(f"The {name} of a credential is for life.", code="for-life")
        values: dict[str, Any] = {}
        if "blob" in given:
            values["sealed"] = identity.vault.seal(given["blob"])
        if extra:
            values["extra"] = {**present.extra, **extra}
        await rows.change(tx, schema.credentials, credential_id, values)
        changed = await rows.get(tx, schema.credentials, Credential, credential_id)
        assert changed is not None
        return changed

    return await identity.kit.database.transact(write)


async def delete_credential(identity: Identity, caller: Caller, credential_id: str) -> None:
    check_unrestricted(caller)

    async def write(tx: Tx) -> None:
        present = await rows.get(tx, schema.credentials, Credential, credential_id)
        if present is None or not (caller.is_admin or present.user_id == caller.user_id):
            raise missing("credential", credential_id)
        await rows.remove(tx, schema.credentials, credential_id)

    await identity.kit.database.transact(write)
