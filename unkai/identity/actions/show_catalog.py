"""The catalog: where the services are, as one project sees it.

Only a closed list of words is replaced in a URL ("$(project_id)s"); an endpoint with a word that
has no value here is left out, as one of a project is from an unscoped view.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from unkai.identity.model import CatalogService, Endpoint
from unkai.identity.service import Identity
from unkai.identity.store import catalog
from unkai.kit.errors import BadRequest

WORD = re.compile(r"[$%]\((\w*)\)s")
WORDS = frozenset({"project_id", "tenant_id", "user_id"})


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    service: CatalogService
    endpoints: tuple[Endpoint, ...]


def check_url(url: str) -> None:
    """BadRequest if a URL has a word that is never replaced."""
    unknown = [word for word in WORD.findall(url) if word not in WORDS]
    if unknown or not url.strip():
        raise BadRequest(
            f"The endpoint URL {url!r} is not usable.",
            code="invalid-endpoint-url",
            remedy=f"Only these words are replaced in it: {', '.join(sorted(WORDS))}.",
        )


def fill(url: str, values: dict[str, str]) -> str | None:
    """The URL with its words replaced; None if one has no value."""
    if any(word not in values for word in WORD.findall(url)):
        return None
    return WORD.sub(lambda match: values[match.group(1)], url)


async def show_catalog(
    identity: Identity, project_id: str | None, user_id: str
) -> list[CatalogEntry]:
    """Enabled services with their enabled endpoints, URLs filled in."""
    cache = identity.cache
    drops = cache.drops
    entries: list[CatalogEntry] | None = cache.catalog
    if entries is None:
        found = await catalog.enabled_endpoints(identity.kit.database.reader)
        entries = [CatalogEntry(service, tuple(ends)) for service, ends in found]
        if drops == cache.drops:
            cache.catalog = entries
    values = {"user_id": user_id}
    if project_id is not None:
        values |= {"project_id": project_id, "tenant_id": project_id}
    return [_filled(entry, values) for entry in entries]


def _filled(entry: CatalogEntry, values: dict[str, str]) -> CatalogEntry:
    endpoints: list[Endpoint] = []
    for endpoint in entry.endpoints:
        url = fill(endpoint.url, values)
        if url is not None:
            endpoints.append(
                Endpoint(
                    id=endpoint.id,
                    service_id=endpoint.service_id,
                    interface=endpoint.interface,
                    url=url,
                    region_id=endpoint.region_id,
                )
            )
    return CatalogEntry(entry.service, tuple(endpoints))
