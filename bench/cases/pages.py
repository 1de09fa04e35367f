"""The dashboard with a thousand servers and a thousand nodes: how soon each page can be used.

Interactive: the heading is there, nothing on the page is still coming, and the browser's main
thread is idle and has no task above 50 ms in the half second that follows. Counted from the
start of the navigation, with the program's files in the browser's cache.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.cases.crowd import crowd
from bench.figures import Figure
from bench.subject import Subject

MANY = 1000
REPEATS = 3
AIM_MS = 1000
CHROMIUM = "/usr/bin/chromium"
PAGES = (
    *("", "servers", "servers/launch", "keypairs", "server-groups"),
    *("nodes", "nodes/rack", "nodes/enroll", "images", "images/upload"),
    *("topology", "networks", "ports", "routers", "floating-ips", "security-groups"),
    *("projects", "users", "credentials"),
    *("admin/quotas", "admin/flavors", "admin/hypervisors"),
    *("admin/services", "admin/operations", "admin/audit"),
)
WATCH = """
window.longTaskEnd = 0;
new PerformanceObserver((list) => {
    for (const task of list.getEntries())
        window.longTaskEnd = Math.max(window.longTaskEnd, task.startTime + task.duration);
}).observe({ type: "longtask", buffered: true });
"""
INTERACTIVE = """
() => new Promise((resolve, reject) => {
    const busy = "[aria-busy=true], .mantine-Skeleton-root, .mantine-Loader-root";
    const isThere = () => document.querySelector("main h1") && !document.querySelector(busy);
    const settle = (at) => setTimeout(() => {
        const last = Math.max(at, window.longTaskEnd);
        if (isThere() && performance.now() - last >= 480) resolve(last);
        else wait();
    }, 500);
    const wait = () => {
        if (performance.now() > 30000) reject(new Error("never interactive"));
        else if (isThere()) requestIdleCallback(() => settle(performance.now()));
        else requestAnimationFrame(wait);
    };
    wait();
})
"""
DRAWN = """() => [
    document.querySelectorAll("main :is(tbody tr, li, .react-flow__node)").length,
    document.querySelectorAll("*").length,
]"""


def pages(subject: Subject) -> Iterator[Figure]:
    made = crowd(subject, servers=MANY, nodes=MANY)
    with signed_in(subject) as page:
        for path in (*PAGES, f"servers/{made[0]}"):
            yield measured(page, f"{subject.cloud.url}/dashboard/{path}", path)


def measured(page: Page, url: str, path: str) -> Figure:
    samples: list[float] = []
    page.goto(url)
    page.evaluate(INTERACTIVE)
    for _ in range(REPEATS):
        page.goto(url)
        samples.append(page.evaluate(INTERACTIVE))
    rows, elements = page.evaluate(DRAWN)
    name = f"page /{path}" if path in PAGES else "page of one server"
    return Figure(
        name,
        statistics.median(samples),
        "ms",
        aim=AIM_MS,
        samples=REPEATS,
        note=f"{rows} rows, {elements} elements",
        spread=(min(samples), max(samples)),
    )


@contextmanager
def signed_in(subject: Subject) -> Iterator[Page]:
    """A browser in which the administrator is signed in."""
    assert shutil.which(CHROMIUM), "apt-get install chromium (packages-dev.txt)"
    password = (Path(subject.cloud.state_dir) / "admin-password").read_text().strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        viewport: Any = {"width": 1280, "height": 800}
        page = browser.new_context(viewport=viewport, locale="en").new_page()
        page.add_init_script(WATCH)
        page.goto(f"{subject.cloud.url}/")
        page.get_by_label("User").fill("admin")
        page.get_by_role("textbox", name="Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Overview").wait_for()
        try:
            yield page
        finally:
            browser.close()
