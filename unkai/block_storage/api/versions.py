"""Version documents, for anybody; extensions and what lists can be filtered by."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.api import attachments, backups, messages, snapshots, volumes
from unkai.kit.http import Api, Call, Microversions, Route, dialects
from unkai.kit.policy import Policy

LOWEST, HIGHEST = "3.0", "3.71"
MICROVERSIONS = Microversions("volume", (3, 0), (3, 71))
UPDATED = "2023-08-31T00:00:00Z"
MEDIA = {
    "base": "application/json",
    "type": "application/vnd.openstack.volume+json;version=3",
}
EXTENSIONS = (
    ("os-admin-actions", "AdminActions"),
    ("os-availability-zone", "AvailabilityZones"),
    ("os-extended-snapshot-attributes", "ExtendedSnapshotAttributes"),
    ("os-hosts", "Hosts"),
    ("os-quota-class-sets", "QuotaClasses"),
    ("os-quota-sets", "Quotas"),
    ("os-services", "Services"),
    ("os-snapshot-actions", "SnapshotActions"),
    ("os-types-extra-specs", "TypesExtraSpecs"),
    ("os-types-manage", "TypesManage"),
    ("os-used-limits", "UsedLimits"),
    ("os-vol-host-attr", "VolumeHostAttribute"),
    ("os-vol-image-meta", "VolumeImageMetadata"),
    ("os-vol-tenant-attr", "VolumeTenantAttribute"),
    ("os-volume-actions", "VolumeActions"),
    ("os-volume-type-access", "VolumeTypeAccess"),
    ("os-volume-unmanage", "VolumeUnmanage"),
    ("scheduler-stats", "Scheduler_stats"),
    ("capabilities", "Capabilities"),
)
LISTS = {
    "volume": volumes.LISTED,
    "snapshot": snapshots.LISTED,
    "attachment": attachments.LISTED,
    "backup": backups.LISTED,
    "message": messages.LISTED,
}


def _version(call: Call) -> dict[str, Any]:
    docs = "https://docs.openstack.org/"
    return {
        "id": "v3.0",
        "status": "CURRENT",
        "version": HIGHEST,
        "min_version": LOWEST,
        "updated": UPDATED,
        "links": [
            {"rel": "describedby", "type": "text/html", "href": docs},
            {"rel": "self", "href": f"{call.base_url}/volume/v3/"},
        ],
        "media-types": [MEDIA],
    }


async def list_versions(call: Call) -> dict[str, Any]:
    return {"versions": [_version(call)]}


async def list_extensions(call: Call) -> dict[str, Any]:
    shown: list[dict[str, Any]] = [
        {"alias": alias, "name": name, "description": name, "links": [], "updated": UPDATED}
        for alias, name in EXTENSIONS
    ]
    return {"extensions": shown}


async def list_filters(call: Call) -> dict[str, Any]:
    asked = call.request.query_params.get("resource")
    shown = [
        {"resource": name, "filters": sorted({*listed.fields, *listed.pairs})}
        for name, listed in LISTS.items()
        if asked in (None, name)
    ]
    return {"resource_filters": shown}


ROUTES = (
    Route("GET", "/extensions", list_extensions, "volume:get_all"),
    Route("GET", "/resource_filters", list_filters, "volume:get_all", since="3.33"),
)


def versions_api() -> Api:
    return Api(
        "block-storage-versions",
        "/volume",
        (
            Route("GET", "/", list_versions, policy=None, status=300),
            Route("GET", "/v3", list_versions, policy=None),
        ),
        None,
        Policy({}),
        dialects.cinder,
    )
