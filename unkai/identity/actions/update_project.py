"""Changing projects and domains, and their tags."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from unkai.identity.actions.create_project import OPTIONS
from unkai.identity.actions.guard import (
    check_administer,
    check_mutable,
    find_domain,
    find_project,
    merged_options,
    missing,
    taken,
)
from unkai.identity.actions.revoke_token import revoke
from unkai.identity.model import Extra, Project
from unkai.identity.service import Identity
from unkai.identity.store import names, projects, rows, schema, subjects
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.policy import Caller

TAGS_MAX = 80


async def update_project(
    identity: Identity,
    caller: Caller,
    project_id: str,
    changes: dict[str, Any],
    extra: Extra,
    *,
    domain: bool = False,
) -> Project:
    """Change the named attributes. Disabling ends its tokens, also should it be enabled again.

    Forbidden: disabling over enabled children, enabling under a disabled parent, moving.
    """

    async def write(tx: Tx) -> Project:
        find = find_domain if domain else find_project
        present = await find(identity, tx, project_id)
        check_administer(caller, present.domain_id)
        given = dict(changes)
        check_mutable("project", project_id, present.options, given.get("options"))
        _check_place(present, given)
        tags = given.pop("tags", None)
        if "options" in given:
            given["options"] = merged_options(OPTIONS, present.options, given["options"])
        if given.get("description", "") is None:
            given["description"] = ""
        if extra:
            given["extra"] = {**present.extra, **extra}
        await _check_name(tx, present, given)
        await _check_enabled(identity, tx, present, given)
        await rows.change(tx, schema.projects, project_id, given)
        if tags is not None:
            await projects.set_tags(tx, project_id, dict.fromkeys(tags))
        await identity.changed(tx)
        return await find_project(identity, tx, project_id)

    return await identity.kit.database.transact(write)


def _check_place(present: Project, given: dict[str, Any]) -> None:
    if given.pop("is_domain", present.is_domain) != present.is_domain:
        raise BadRequest("A project does not become a domain, nor a domain a project.")
    if (given.pop("domain_id", None) or present.domain_id) != present.domain_id:
        raise BadRequest("A project stays in its domain.")
    if given.pop("parent_id", present.parent_id) != present.parent_id:
        raise Forbidden("A project stays under its parent.", code="project-parent")


async def _check_name(tx: Tx, present: Project, given: dict[str, Any]) -> None:
    name = given.get("name", present.name)
    if name != present.name:
        other = await names.id_of(tx, schema.projects, present.domain_id, name)
        if other not in (None, present.id):
            raise taken("project", name)


async def _check_enabled(
    identity: Identity, tx: Tx, present: Project, given: dict[str, Any]
) -> None:
    enabled = given.get("enabled", present.enabled)
    if enabled == present.enabled:
        return
    if enabled:
        above = await rows.get_many(
            tx, schema.projects, Project, await subjects.ancestors_of(tx, present)
        )
        disabled = [p.id for p in above.values() if not p.enabled and not p.is_domain]
        if disabled:
            raise Forbidden(f"The project is under a disabled one, {disabled[0]}.")
    elif present.is_domain:
        await revoke(identity, tx, domain_id=present.id)
    else:
        if await projects.has_children(tx, present.id, enabled=True):
            raise Forbidden(
                f"Project {present.id} has enabled projects under it.", code="project-has-children"
            )
        await revoke(identity, tx, project_id=present.id)


async def set_tags(
    identity: Identity, caller: Caller, project_id: str, tags: Collection[str]
) -> None:
    """Replace a project's tags."""

    async def write(tx: Tx) -> None:
        present = await find_project(identity, tx, project_id)
        check_administer(caller, present.domain_id)
        check_mutable("project", project_id, present.options)
        await projects.set_tags(tx, project_id, dict.fromkeys(tags))

    await identity.kit.database.transact(write)


async def change_tag(
    identity: Identity, caller: Caller, project_id: str, tag: str, *, there: bool
) -> None:
    """Add or take away one tag; NotFound for taking away what is not there."""

    async def write(tx: Tx) -> None:
        present = await find_project(identity, tx, project_id)
        check_administer(caller, present.domain_id)
        check_mutable("project", project_id, present.options)
        tags = set((await projects.tags_of(tx, [project_id]))[project_id])
        if not there and tag not in tags:
            raise missing("project tag", tag)
        changed = tags | {tag} if there else tags - {tag}
        if len(changed) > TAGS_MAX:
            raise BadRequest(f"A project has at most {TAGS_MAX} tags.")
        await projects.set_tags(tx, project_id, sorted(changed))

    await identity.kit.database.transact(write)
