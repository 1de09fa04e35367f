"""Who is signed in: where the token is kept, what ends it, and how one comes back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]
TOKEN = "JSON.parse(sessionStorage.getItem('unkai.session')).token"


def test_a_wrong_password_is_told(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.url}/dashboard/")
    page.get_by_role("textbox", name="User", exact=True).fill("admin")
    page.get_by_role("textbox", name="Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("alert")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_the_token_is_in_this_tab_only(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    token = page.evaluate(TOKEN)

    assert token not in page.evaluate("JSON.stringify(localStorage)")
    assert page.context.cookies() == []
    assert token not in page.url


def test_an_ended_session_signs_in_again_and_comes_back(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("keypairs")
    page.get_by_role("link", name="Servers", exact=True).wait_for()
    page.evaluate(  # withdrawn and clicked at once: the page itself notices soon
        f"""async () => {{
            const token = {TOKEN};
            const headers = {{ 'X-Auth-Token': token, 'X-Subject-Token': token }};
            await fetch('/identity/v3/auth/tokens', {{ method: 'DELETE', headers }});
            document.querySelector('a[href="/dashboard/servers"]').click();
        }}"""
    )

    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_role("textbox", name="User", exact=True).fill("admin")
    page.get_by_role("textbox", name="Password").fill(visitor.password)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page).to_have_url(re.compile(r"/dashboard/servers$"))


def test_signing_out_withdraws_the_token(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    token = page.evaluate(TOKEN)

    page.get_by_role("button", name="User admin").click()
    page.get_by_role("menuitem", name="Sign out").click()

    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    answer = page.request.get(
        f"{visitor.url}/compute/v2.1/servers", headers={"X-Auth-Token": token}
    )
    assert answer.status == 401


@pytest.mark.parametrize("name", ["clouds.yaml", "openrc"])
def test_files_for_the_command_line_hold_no_secret(visitor: Visitor, name: str) -> None:
    page = visitor.page
    visitor.sign_in()

    page.get_by_role("button", name="User admin").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=name).click()

    text = download.value.path().read_text()
    assert f"{visitor.url}/identity/v3" in text
    assert visitor.password not in text
    assert page.evaluate(TOKEN) not in text


def test_the_palette_finds_pages_by_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()

    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("textbox").fill("Servers")
    expect(page.get_by_role("dialog").locator("[data-selected]")).to_have_text("Servers")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/dashboard/servers$"))


def test_it_speaks_japanese(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()

    page.get_by_role("button", name="User admin").click()
    page.get_by_role("menuitem", name="日本語").click()
    page.keyboard.press("Escape")

    expect(page.get_by_role("heading", name="概要", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "ja"
