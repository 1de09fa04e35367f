"""Stories that touch most statements, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.identity import test_advisories as advisories
from tests.api.identity import test_application_credentials as credentials
from tests.api.identity import test_domains as domains
from tests.api.identity import test_projects as projects
from tests.api.identity import test_roles as roles
from tests.api.identity.cloud import Cloud

pytestmark = pytest.mark.anyio


async def test_stories(either: Cloud) -> None:
    admin = await either.token("admin")
    await projects.test_tags(either, admin)
    await projects.test_pages_and_filters(either, admin)
    await roles.test_inherited(either, admin, "group", "domain")
    await advisories.test_changed_password_ends_tokens(either, admin, await either.token("demo"))


async def test_a_domain_goes(either: Cloud) -> None:
    await domains.test_a_domain_takes_everything_with_it(either, await either.token("admin"))


async def test_credentials_end(either: Cloud) -> None:
    admin, demo = await either.token("admin"), await either.token("demo")
    await credentials.test_it_ends_when_it_should(either, admin, demo)


async def test_many_at_once(either: Cloud) -> None:
    """Grants by twenty callers at once all land, though each moves the same counter."""
    admin = await either.token("admin")
    member = await either.role_id("member")

    async def newcomer(number: int) -> int:
        user = await either.make(admin, "user", name=f"u{number}")
        path = f"/projects/{either.seeded.demo_project_id}/users/{user['id']}/roles/{member}"
        return await either.status("PUT", path, admin)

    assert await asyncio.gather(*(newcomer(n) for n in range(20))) == [204] * 20
    again = await asyncio.gather(
        *(either.status("POST", "/users", admin, json={"user": {"name": "same"}}) for _ in range(5))
    )
    assert sorted(again) == [201, 409, 409, 409, 409]
