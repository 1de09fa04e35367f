"""What axe says of a page or of a part of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.clouds import CHECKOUT

AXE = CHECKOUT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page, within: str = "html") -> list[str]:
    """within: a CSS selector. axe is put into the page from outside, once for each document."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: Any = page.evaluate(
        """([within, rules]) =>
            axe.run(within, { runOnly: rules, resultTypes: ['violations'], preload: false })""",
        [within, RULES],
    )
    return [
        f"{page.url}: {one['id']}: {one['help']}: {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
