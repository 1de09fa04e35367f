#!/usr/bin/env python3
"""Pictures of every page of the dashboard, in both colour schemes, into docs/screenshots/.

scripts/screenshots.py           every page, from a played cloud with a small company's things in it
scripts/screenshots.py NAME...   only pages whose picture's name begins so
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.showcase import PROJECT, Showcase  # noqa: E402
from tests.clouds import running_cloud  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
COLOURS = 256
WAIT_MS = 30_000
SETTINGS = "[compute]\nfake_hosts = 3\n\n[baremetal]\nautomated_clean = false\n"
COMING = "[aria-busy=true], .mantine-Skeleton-root, .mantine-Loader-root"
NARROW_PAGES = (
    "overview",
    "volumes",
    "volume",
    "servers",
    "server",
    "nodes",
    "node",
    "topology",
    "launch",
)
PLACES = {
    "overview": "",
    "servers": "servers",
    "launch": "servers/launch",
    "images": "images",
    "image-upload": "images/upload",
    "keypairs": "keypairs",
    "server-groups": "server-groups",
    "nodes": "nodes",
    "rack": "nodes/rack",
    "enroll": "nodes/enroll",
    "volumes": "volumes",
    "snapshots": "snapshots",
    "backups": "backups",
    "volume-groups": "volume-groups",
    "volume-types": "volume-types",
    "topology": "topology",
    "networks": "networks",
    "routers": "routers",
    "ports": "ports",
    "floating-ips": "floating-ips",
    "security-groups": "security-groups",
    "projects": "projects",
    "users": "users",
    "groups": "groups",
    "roles": "roles",
    "domains": "domains",
    "credentials": "credentials",
    "quotas": "admin/quotas",
    "flavors": "admin/flavors",
    "hypervisors": "admin/hypervisors",
    "aggregates": "admin/aggregates",
    "services": "admin/services",
    "operations": "admin/operations",
    "audit": "admin/audit",
}
SERVER_TABS = ("placement", "console", "log", "actions", "volumes", "network", "metadata")
NODE_TABS = ("recorder", "inventory", "ports", "console", "settings", "history")


def places(case: Showcase) -> dict[str, str]:
    """Path by the picture's name."""
    ids = case.ids
    server, node = f"servers/{ids['shop-web-1']}", f"nodes/{ids['rack-a-01']}"
    return {
        **PLACES,
        "server": server,
        **{f"server-{tab}": f"{server}?tab={tab}" for tab in SERVER_TABS},
        "server-failed": f"servers/{ids['recommendations-train']}",
        "node": node,
        **{f"node-{tab}": f"{node}?tab={tab}" for tab in NODE_TABS},
        "node-failed": f"nodes/{ids['rack-b-05']}",
        "volume": f"volumes/{ids['volume orders-data']}",
        "volume-type": f"volume-types/{ids['type fast']}",
        "image": f"images/{ids['image shop-frontend-2026.11']}",
        "network": f"networks/{ids['network backend']}",
        "router": f"routers/{ids['router']}",
        "security-group": f"security-groups/{ids['group web']}",
        "project": f"projects/{ids[f'project {PROJECT}']}",
    }


def main(names: list[str]) -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unkai-screenshots-") as name:
        state_dir = Path(name) / "cloud"
        state_dir.mkdir()
        (state_dir / "unkai.toml").write_text(SETTINGS)
        with running_cloud(state_dir, fake=True) as cloud:
            password = (state_dir / "admin-password").read_text().strip()
            case = Showcase(cloud.url, password)
            case.fill()
            for path, size in taken(case, names):
                print(f"{path.relative_to(ROOT)}  {size / 1024:.0f} kB", flush=True)
    total = sum(one.stat().st_size for one in FOLDER.glob("*.png"))
    print(f"{total / (1 << 20):.1f} MiB")
    return 0


def taken(case: Showcase, names: list[str]) -> Iterator[tuple[Path, int]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            yield from pictures(browser, case, scheme, names)
        yield from pictures(browser, case, "light", names, narrow=True)
        browser.close()


def pictures(
    browser: Browser, case: Showcase, scheme: Any, names: list[str], *, narrow: bool = False
) -> Iterator[tuple[Path, int]]:
    wanted = {name: path for name, path in places(case).items() if is_wanted(name, names)}
    size: Any = NARROW if narrow else WIDE
    context = browser.new_context(
        viewport=size, color_scheme=scheme, locale="en", reduced_motion="reduce"
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto(f"{case.url}/")
    page.get_by_role("button", name="Sign in", exact=True).wait_for()
    end = "narrow" if narrow else scheme
    if is_wanted("sign-in", names):
        yield keep(page, f"sign-in-{end}")
    sign_in(page, case.password)
    for name, path in wanted.items():
        if not narrow or name in NARROW_PAGES:
            page.goto(f"{case.url}/dashboard/{path}")
            settle(page)
            yield keep(page, f"{name}-{end}")
    context.close()


def is_wanted(name: str, names: list[str]) -> bool:
    return not names or any(name.startswith(one) for one in names)


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("User").fill("admin")
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name=PROJECT).click()
    page.get_by_role("heading", name="Overview").wait_for()


def settle(page: Page) -> None:
    """Nothing is coming any more, and a console or a picture has been drawn."""
    page.get_by_role("heading", level=1).first.wait_for()
    expect(page.locator(COMING)).to_have_count(0, timeout=WAIT_MS)
    page.wait_for_timeout(700)


def keep(page: Page, name: str) -> tuple[Path, int]:
    """In as few colours as nobody sees the lack of."""
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    path = FOLDER / f"{name}.png"
    few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    return path, path.stat().st_size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
