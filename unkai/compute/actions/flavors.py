"""Flavors: make, describe, open to projects, tune, delete.

A server keeps its flavor as it was, so a flavor may go while servers of it run.
"""

from __future__ import annotations

from unkai.compute.model import Flavor
from unkai.compute.service import Compute
from unkai.compute.store import flavors
from unkai.identity.actions.get_project import get_project
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller


def no_flavor(flavor_id: str) -> NotFound:
    return NotFound(f"Flavor {flavor_id} could not be found.", code="flavor-not-found")


async def get_flavor(session: Session, caller: Caller, flavor_id: str) -> Flavor:
    """A flavor the caller may see: a public one, or one open to its project; NotFound else."""
    flavor = await flavors.get_flavor(session, flavor_id)
    if flavor is None:
        raise no_flavor(flavor_id)
    if not flavor.is_public and not caller.reads_all:
        project_id = caller.project_id or ""
        if not await flavors.has_access(session, flavor_id, project_id):
            raise no_flavor(flavor_id)
    return flavor


async def create_flavor(compute: Compute, tx: Tx, flavor: Flavor) -> None:
    """Conflict if its id or name is taken."""
    if await flavors.get_flavor(tx, flavor.id) is not None:
        raise Conflict(f"Flavor with ID {flavor.id} already exists.", code="flavor-exists")
    if await flavors.find_by_name(tx, flavor.name) is not None:
        raise Conflict(f"Flavor with name {flavor.name} already exists.", code="flavor-exists")
    await flavors.add_flavor(tx, flavor)


async def describe_flavor(
    compute: Compute, tx: Tx, flavor_id: str, description: str | None
) -> Flavor:
    await flavors.describe_flavor(tx, flavor_id, description, compute.kit.clock.now())
    flavor = await flavors.get_flavor(tx, flavor_id)
    if flavor is None:
        raise no_flavor(flavor_id)
    return flavor


async def delete_flavor(compute: Compute, tx: Tx, flavor_id: str) -> None:
    if not await flavors.delete_flavor(tx, flavor_id):
        raise no_flavor(flavor_id)


async def change_extra_specs(
    compute: Compute, tx: Tx, flavor_id: str, new: dict[str, str], *, remove: str | None = None
) -> dict[str, str]:
    """Set some and remove one; NotFound if the one to remove is not there."""
    flavor = await flavors.get_flavor(tx, flavor_id)
    if flavor is None:
        raise no_flavor(flavor_id)
    specs = {**flavor.extra_specs, **new}
    if remove is not None:
        if remove not in specs:
            raise no_spec(flavor_id, remove)
        del specs[remove]
    await flavors.set_extra_specs(tx, flavor_id, specs, compute.kit.clock.now())
    return specs


def no_spec(flavor_id: str, key: str) -> NotFound:
    return NotFound(f"Flavor {flavor_id} has no extra specs with key {key}.")


async def _private(tx: Tx, flavor_id: str) -> Flavor:
    flavor = await flavors.get_flavor(tx, flavor_id)
    if flavor is None:
        raise no_flavor(flavor_id)
    return flavor


async def add_flavor_access(
    compute: Compute, tx: Tx, flavor_id: str, project_id: str, *, public_refused: bool
) -> list[str]:
    """Open a private flavor to a project; who has access then."""
    flavor = await _private(tx, flavor_id)
    if flavor.is_public and public_refused:
        raise Conflict("Can not add access to a public flavor.")
    if await get_project(compute.identity, tx, project_id) is None:
        raise BadRequest(f"Project ID {project_id} is not a valid project.")
    if await flavors.has_access(tx, flavor_id, project_id):
        raise Conflict(
            f"Flavor access already exists for flavor {flavor_id} and project {project_id}"
            " combination."
        )
    await flavors.open_to(tx, flavor_id, project_id)
    return await flavors.projects_of(tx, flavor_id)


async def remove_flavor_access(
    compute: Compute, tx: Tx, flavor_id: str, project_id: str
) -> list[str]:
    """Close a private flavor to a project; who has access then."""
    await _private(tx, flavor_id)
    if not await flavors.close_to(tx, flavor_id, project_id):
        raise NotFound(
            f"Flavor access not found for {flavor_id} / {project_id} combination.",
            code="flavor-access-not-found",
        )
    return await flavors.projects_of(tx, flavor_id)
