"""What others wrote is text on every page; nothing leads away; nobody keeps the token.

The published flaws of other dashboards and console proxies, each where it would show here:
names and descriptions (OSSA-2013-036, 2014-010, 2014-023, 2014-027, 2015-009, 2015-010, 2017-003),
client-side templates (2016-010), console logs (2012-004, 2026-006), ways back after the sign-in
(2012-012, 2020-008), console addresses (2021-002), sessions (2012-006, 2014-040, 2026-009).
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.hostile import EVIL, LOG, attacked
from tests.clouds import RunningCloud, running_cloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]
TOKEN = "JSON.parse(sessionStorage.getItem('unkai.session')).token"
WATCH = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = () => ran.push(name);
addEventListener("securitypolicyviolation", (event) => ran.push(event.blockedURI));
"""
GROWN = """[...document.querySelectorAll("img[src=x], script:not([src^='/dashboard/'])")]
    .map((one) => one.outerHTML)"""
ELSEWHERE = (
    "//elsewhere.example/",
    "https://elsewhere.example/",
    "/\\elsewhere.example/",
    "/\t/elsewhere.example/",
    "javascript:alert(1)",
    "//elsewhere.example/%2f..",
)


@pytest.fixture(scope="module")
def cloud(built: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("hostile"), fake=True) as running:
        yield running


@pytest.fixture(scope="module")
def places(cloud: RunningCloud) -> dict[str, str]:
    return attacked(cloud)


def spoil(route: Route) -> None:
    """What a guest said, and why something failed, in the words of an attacker."""
    if route.request.method == "POST":
        asked = json.loads(route.request.post_data or "{}")
        if "os-getConsoleOutput" in asked:
            route.fulfill(json={"output": LOG})
            return
    route.continue_()


def test_what_others_wrote_is_text_on_every_page(
    cloud: RunningCloud, places: dict[str, str], visitor: Visitor
) -> None:
    # given
    page = visitor.page
    page.add_init_script(WATCH)
    page.route("**/compute/v2.1/servers/*/action", spoil)
    visitor.sign_in()
    found: list[str] = []

    # when
    for path, text in places.items():
        visitor.turn(path)
        # Text that is cut off for want of room is there, but not always in sight.
        expect(page.locator("body"), path).to_contain_text(text)
        assert page.evaluate(GROWN) == [], path
        found += [f"{path}: {one}" for one in page.evaluate("window.ran")]

    # then
    assert found == []
    assert visitor.said == []
    token = page.evaluate(TOKEN)
    kept = page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    assert token not in kept
    assert page.context.cookies() == []


def test_a_failure_is_told_as_text(cloud: RunningCloud, visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script(WATCH)
    visitor.sign_in()
    refusal = {"forbidden": {"code": 403, "message": EVIL}}
    page.route("**/compute/v2.1/servers/detail*", lambda one: one.fulfill(status=403, json=refusal))

    visitor.go("servers")

    expect(page.get_by_role("alert")).to_contain_text(EVIL)
    assert page.evaluate(GROWN) == []
    assert page.evaluate("window.ran") == []
    assert visitor.said == []


def enter(page: Page, password: str) -> None:
    page.get_by_role("textbox", name="User", exact=True).fill("admin")
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Overview").wait_for()


def test_the_way_back_leads_nowhere_else(visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script(WATCH)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    for target in ELSEWHERE:
        query = httpx.QueryParams({"back": target, "next": target})
        page.goto(f"{visitor.url}/dashboard/sign-in?{query}")
        enter(page, visitor.password)
        assert page.url.rstrip("/") == f"{visitor.url}/dashboard", target
        page.evaluate("sessionStorage.clear()")
    assert [url for url in asked if not url.startswith(f"{visitor.url}/")] == []
    assert page.evaluate("window.ran") == []


def test_a_consoles_address_leads_nowhere_else(visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script(WATCH)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("websocket", lambda one: asked.append(one.url))
    own = re.compile(re.escape(visitor.url).replace("http", "(http|ws)") + "/")
    for target in (*ELSEWHERE[:3], "wss://elsewhere.example/", f"?token={EVIL}"):
        query = httpx.QueryParams({"path": target, "host": "elsewhere.example", "title": EVIL})
        page.goto(f"{visitor.url}/dashboard/console.html?{query}")
        page.get_by_role("alert").wait_for()
        assert page.url.startswith(f"{visitor.url}/"), target
        assert page.evaluate(GROWN) == []
        assert page.evaluate("window.ran") == []
    assert [url for url in asked if not own.match(url)] == []
    assert page.context.cookies() == []


@pytest.mark.parametrize("start", ["", "/dashboard", "/identity", "/compute/v2.1", "/image"])
@pytest.mark.parametrize("target", ["//elsewhere.example", "//elsewhere.example/%2f..", "/\\evil"])
def test_no_address_is_sent_elsewhere(cloud: RunningCloud, start: str, target: str) -> None:
    """OSSA-2021-002: a path with two slashes is not the name of another host."""
    host, _, port = cloud.url.removeprefix("http://").partition(":")
    with httpx.Client(base_url=cloud.url) as client:
        request = client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=f"{start}{target}".encode())
        answer = client.send(request)
    where = answer.headers.get("location", "")
    assert where == "" or re.match(rf"(http://{host}:{port})?/(?![/\\])", where), where


@pytest.mark.parametrize(
    "path", ["/", "/dashboard", "/dashboard/", "/dashboard/sign-in?back=/x", "/dashboard/assets/no"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_has_its_policy_and_keeps_nothing(
    cloud: RunningCloud, path: str, method: str
) -> None:
    """Pages keep no sessions: a flood of visits leaves nothing behind (2014-040, 2026-009)."""
    answer = httpx.request(method, f"{cloud.url}{path}")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
