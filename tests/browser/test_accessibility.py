"""axe finds nothing on any page, in both colour schemes, wide and narrow; nothing overflows."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import axe
from tests.browser.conftest import Visitor, visit
from tests.clouds import RunningCloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]
PAGES = [
    "",
    *("servers", "servers/launch", "keypairs", "server-groups"),
    *("nodes", "nodes/rack", "nodes/enroll"),
    *("images", "images/upload"),
    *("volumes", "snapshots", "backups", "volume-groups", "volume-types"),
    *("topology", "networks", "ports", "routers", "floating-ips", "security-groups"),
    *("projects", "users", "groups", "roles", "domains", "credentials"),
    *("admin/quotas", "admin/flavors", "admin/hypervisors", "admin/aggregates"),
    *("admin/services", "admin/operations", "admin/audit"),
    "no-such-page",
]
TABS = [
    "",
    "?tab=placement",
    "?tab=console",
    "?tab=metrics",
    "?tab=log",
    "?tab=actions",
    "?tab=volumes",
    "?tab=network",
    "?tab=metadata",
]
Scheme = Literal["light", "dark"]
NARROW = 390


def findings(visitor: Visitor, within: str = "html") -> list[str]:
    """What axe says of the page as it is, once nothing on it is still coming."""
    page = visitor.page
    expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0)
    return axe.findings(page, within)


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", NARROW),
        pytest.param("light", NARROW, marks=pytest.mark.soak),
        pytest.param("dark", 1280, marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing(
    cloud: RunningCloud, chromium: Browser, scheme: Scheme, width: int
) -> None:
    """The frame around the pages is in sight where there is room, and then looked at once."""
    screen: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with visit(cloud, chromium, reduced_motion="reduce", **screen) as visitor:
        page = visitor.page
        page.goto(f"{cloud.url}/")
        page.get_by_role("button", name="Sign in", exact=True).wait_for()
        found = findings(visitor)
        visitor.sign_in()
        paths = [*PAGES, *things(visitor, f"axe-{scheme}-{width}")]

        for path in paths:
            visitor.turn(path)
            found += findings(visitor, "main" if path and width > NARROW else "html")
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{path}: {overflow} px wider than the screen"] if overflow > 0 else []

    assert not found, "\n".join(found)


def things(visitor: Visitor, server: str) -> list[str]:
    """Pages of single things, some of which are made for it."""
    page = visitor.page
    launch(visitor, server)
    paths = [f"{page.url.split('/dashboard/')[1]}{tab}" for tab in TABS]
    make_volume(visitor)
    for listed in ("admin/hypervisors", "volumes", "volume-types"):
        visitor.turn(listed)
        first = page.locator("tbody a").first.get_attribute("href") or ""
        paths.append(first.removeprefix("/dashboard/"))
    return paths


def make_volume(visitor: Visitor) -> None:
    """By the API, with the visitor's own token."""
    visitor.page.evaluate(
        """async () => {
            const { token } = JSON.parse(sessionStorage.getItem('unkai.session'));
            const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json' };
            const body = JSON.stringify({ volume: { name: 'axe', size: 1 } });
            await fetch('/volume/v3/volumes', { method: 'POST', headers, body });
        }"""
    )


def launch(visitor: Visitor, name: str) -> None:
    """By the API, with the visitor's own token; the visitor is at its page then."""
    made = visitor.page.evaluate(
        """async (name) => {
            const { token } = JSON.parse(sessionStorage.getItem('unkai.session'));
            const headers = {
                'X-Auth-Token': token,
                'Content-Type': 'application/json',
                'OpenStack-API-Version': 'compute 2.96',
            };
            const get = async (path) => (await fetch(path, { headers })).json();
            const { images } = await get('/image/v2/images');
            const { networks } = await get('/network/v2.0/networks');
            const server = {
                name,
                imageRef: images[0].id,
                flavorRef: '1',
                networks: [{ uuid: networks[0].id }],
            };
            const body = JSON.stringify({ server });
            const made = await fetch('/compute/v2.1/servers', { method: 'POST', headers, body });
            return (await made.json()).server.id;
        }""",
        name,
    )
    visitor.go(f"servers/{made}")
    visitor.page.get_by_role("heading", name=name, level=1).wait_for()
