"""What a fresh cloud starts with: domain, roles, admin, demo, catalog. Run at every start.

It makes what is missing and moves the endpoints to where the cloud answers now; whatever an
operator changed otherwise (passwords, descriptions, more roles) stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from unkai.identity.model import (
    DEFAULT_DOMAIN_ID,
    ROOT,
    SYSTEM,
    ActorType,
    Assignment,
    CatalogService,
    Endpoint,
    Project,
    Region,
    Role,
    SeededIdentity,
    SeedEndpoint,
    TargetType,
    User,
)
from unkai.identity.service import Identity
from unkai.identity.store import assignments, names, rows, schema
from unkai.identity.store.generation import forget_generations
from unkai.identity.store.rows import Page
from unkai.kit.db import Tx

ROLES = ("admin", "manager", "member", "reader", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
INTERFACES = ("public", "internal", "admin")


async def seed_identity(
    identity: Identity,
    admin_password: str,
    demo_password: str,
    endpoints: Sequence[SeedEndpoint],
    region: str,
) -> SeededIdentity:
    """Make what is missing. The passwords count only for users that are not there yet."""
    hashes = {
        "admin": await _hash_for(identity, "admin", admin_password),
        "demo": await _hash_for(identity, "demo", demo_password),
    }

    async def write(tx: Tx) -> SeededIdentity:
        await _default_domain(tx)
        roles = {name: await _role(identity, tx, name) for name in ROLES}
        for prior, implied in IMPLIED:
            await assignments.imply(tx, roles[prior], roles[implied])
        projects = {
            name: await _project(identity, tx, name, description)
            for name, description in (
                ("admin", "The cloud's administrators."),
                ("demo", "A project to try things in."),
                ("service", "What the cloud's own services keep."),
            )
        }
        users = {name: await _user(identity, tx, name, hashes[name], projects) for name in hashes}
        await _grant(tx, users["admin"], TargetType.PROJECT, projects["admin"], roles["admin"])
        await _grant(tx, users["admin"], TargetType.SYSTEM, SYSTEM, roles["admin"])
        await _grant(tx, users["demo"], TargetType.PROJECT, projects["demo"], roles["member"])
        if await rows.get(tx, schema.regions, Region, region) is None:
            await rows.add(tx, schema.regions, Region(id=region))
        for endpoint in endpoints:
            await _publish(identity, tx, endpoint, region)
        await identity.changed(tx)
        await forget_generations(tx)
        return SeededIdentity(
            domain_id=DEFAULT_DOMAIN_ID,
            region_id=region,
            admin_project_id=projects["admin"],
            admin_user_id=users["admin"],
            demo_project_id=projects["demo"],
            demo_user_id=users["demo"],
            service_project_id=projects["service"],
        )

    return await identity.kit.database.transact(write)


async def _hash_for(identity: Identity, name: str, password: str) -> str | None:
    reader = identity.kit.database.reader
    if await names.id_of(reader, schema.users, DEFAULT_DOMAIN_ID, name) is not None:
        return None
    return await identity.passwords.hash(password)


async def _default_domain(tx: Tx) -> None:
    if await rows.get(tx, schema.projects, Project, DEFAULT_DOMAIN_ID) is None:
        domain = Project(
            id=DEFAULT_DOMAIN_ID,
            name="Default",
            domain_id=ROOT,
            parent_id=None,
            is_domain=True,
            description="The default domain",
        )
        await rows.add(tx, schema.projects, domain)


async def _role(identity: Identity, tx: Tx, name: str) -> str:
    known = await names.id_of(tx, schema.roles, ROOT, name)
    if known is not None:
        return known
    role = Role(id=identity.new_id(), name=name, options={"immutable": True})
    await rows.add(tx, schema.roles, role)
    return role.id


async def _project(identity: Identity, tx: Tx, name: str, description: str) -> str:
    known = await names.id_of(tx, schema.projects, DEFAULT_DOMAIN_ID, name)
    if known is not None:
        return known
    project = Project(
        id=identity.new_id(),
        name=name,
        domain_id=DEFAULT_DOMAIN_ID,
        parent_id=DEFAULT_DOMAIN_ID,
        description=description,
    )
    await rows.add(tx, schema.projects, project)
    return project.id


async def _user(
    identity: Identity, tx: Tx, name: str, password_hash: str | None, projects: dict[str, str]
) -> str:
    known = await names.id_of(tx, schema.users, DEFAULT_DOMAIN_ID, name)
    if known is not None:
        return known
    user = User(
        id=identity.new_id(),
        name=name,
        domain_id=DEFAULT_DOMAIN_ID,
        default_project_id=projects[name],
        password_hash=password_hash,
        password_changed_at=identity.kit.clock.now(),
    )
    await rows.add(tx, schema.users, user)
    return user.id


async def _grant(tx: Tx, user_id: str, target: TargetType, target_id: str, role_id: str) -> None:
    await assignments.grant(
        tx,
        Assignment(
            actor_type=ActorType.USER,
            actor_id=user_id,
            target_type=target,
            target_id=target_id,
            role_id=role_id,
        ),
    )


async def _publish(identity: Identity, tx: Tx, seed: SeedEndpoint, region: str) -> None:
    same = Page(equal={"type": seed.type, "name": seed.name})
    known = await rows.find(tx, schema.services, CatalogService, same)
    if known:
        service = known[0]
    else:
        service = CatalogService(id=identity.new_id(), type=seed.type, name=seed.name)
        await rows.add(tx, schema.services, service)
    mine = Page(equal={"service_id": service.id, "region_id": region})
    present = {e.interface: e for e in await rows.find(tx, schema.endpoints, Endpoint, mine)}
    for interface in INTERFACES:
        endpoint = present.get(interface)
        if endpoint is None:
            await rows.add(
                tx,
                schema.endpoints,
                Endpoint(
                    id=identity.new_id(),
                    service_id=service.id,
                    interface=interface,
                    url=seed.url,
                    region_id=region,
                ),
            )
        elif endpoint.url != seed.url:
            await rows.change(tx, schema.endpoints, endpoint.id, {"url": seed.url})
