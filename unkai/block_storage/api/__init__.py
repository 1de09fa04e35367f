"""The Block Storage API v3: each noun's module has its ROUTES.

They are at two places: below the project's id, where catalogs lead, and without it, as clients of
3.67 and newer may ask. A project in the URL must be the token's own.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from itertools import chain
from typing import Any

from unkai.block_storage.api import (
    attachments,
    backups,
    group_types,
    groups,
    manageable_snapshots,
    messages,
    qos_specs,
    quotas,
    services,
    snapshots,
    transfers,
    types,
    versions,
    volume_actions,
    volume_contents,
    volumes,
)
from unkai.block_storage.api.policies import POLICIES
from unkai.block_storage.service import BlockStorage
from unkai.kit.errors import BadRequest
from unkai.kit.http import Api, Call, Route, dialects
from unkai.kit.policy import Policy

NOUNS: tuple[tuple[Route, ...], ...] = (
    volumes.ROUTES,
    volume_actions.ROUTES,
    volume_contents.ROUTES,
    attachments.ROUTES,
    snapshots.ROUTES,
    manageable_snapshots.ROUTES,
    types.ROUTES,
    qos_specs.ROUTES,
    transfers.ROUTES,
    backups.ROUTES,
    group_types.ROUTES,
    groups.ROUTES,
    quotas.ROUTES,
    services.ROUTES,
    messages.ROUTES,
    versions.ROUTES,
)
ROUTES = tuple(chain.from_iterable(NOUNS))


def _of_project(route: Route) -> Route:
    """The route where the URL names a project."""
    handler = route.handler

    @functools.wraps(handler)
    async def checked(call: Call) -> Any:
        asked, caller = call.params["own_project_id"], call.caller
        if asked != caller.project_id and not (caller.is_admin and caller.project_id is None):
            raise BadRequest(
                "Malformed request url: its project is not that of the token.",
                code="project-mismatch",
            )
        return await handler(call)

    return replace(route, handler=checked)


def _api(block: BlockStorage, name: str, prefix: str, routes: tuple[Route, ...]) -> Api:
    return Api(
        name,
        prefix,
        routes,
        block,
        Policy(POLICIES),
        dialects.cinder,
        versions.MICROVERSIONS,
        max_body_bytes=1 << 20,
        request_id_header="x-compute-request-id",
    )


def block_storage_api(block: BlockStorage) -> Api:
    return _api(block, "block-storage", "/volume/v3", ROUTES)


def block_storage_apis(block: BlockStorage) -> tuple[Api, ...]:
    """Every API of the service: with and without a project in the URL, and the documents."""
    of_project = tuple(_of_project(route) for route in ROUTES)
    prefix = "/volume/v3/{own_project_id}"
    return (
        block_storage_api(block),
        _api(block, "block-storage-of-project", prefix, of_project),
        versions.versions_api(),
    )
