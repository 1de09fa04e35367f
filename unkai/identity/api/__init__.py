"""The HTTP door of identity."""

from __future__ import annotations

from unkai.identity.api import (
    application_credentials,
    catalog,
    credentials,
    domains,
    grants,
    groups,
    policy_blobs,
    projects,
    roles,
    tokens,
    users,
    versions,
)
from unkai.identity.api.policies import IDENTITY_POLICY
from unkai.identity.service import Identity
from unkai.kit.http import Api, dialects

BODY_BYTES = 114_688
PARTS = (
    versions,
    tokens,
    projects,
    domains,
    users,
    groups,
    roles,
    grants,
    catalog,
    application_credentials,
    credentials,
    policy_blobs,
)


def identity_api(identity: Identity) -> Api:
    """Keystone's API under /identity."""
    return Api(
        name="identity",
        prefix="/identity",
        routes=tuple(route for part in PARTS for route in part.ROUTES),
        service=identity,
        policy=IDENTITY_POLICY,
        dialect=dialects.keystone,
        max_body_bytes=BODY_BYTES,
    )
