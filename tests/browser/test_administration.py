"""Who runs the cloud: people and their roles, sizes, quotas, hosts. Axe sees every form."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import findings
from tests.browser.conftest import Visitor, visit
from tests.clouds import RunningCloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]
PASSWORD = "a-good-long-one"
API = """async ([method, path, body]) => {
    const { token } = JSON.parse(sessionStorage.getItem('unkai.session'));
    const headers = {
        'X-Auth-Token': token,
        'Content-Type': 'application/json',
        'OpenStack-API-Version': path.startsWith('/baremetal') ? 'baremetal 1.109' : 'compute 2.96',
    };
    const made = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const text = await made.text();
    return text ? JSON.parse(text) : null;
}"""


@pytest.fixture(scope="module")
def admin(cloud: RunningCloud, chromium: Browser) -> Generator[Visitor]:
    """Signed in once for all; without motion, so that what opens is there at once."""
    with visit(cloud, chromium, reduced_motion="reduce") as visitor:
        visitor.sign_in()
        yield visitor


def api(page: Page, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """With the visitor's own token."""
    return page.evaluate(API, [method, path, body])


def opened(page: Page, button: str, *, whole: bool = False) -> Locator:
    """The form behind a button, in which axe finds nothing. whole: nor on the page below it."""
    page.get_by_role("button", name=button, exact=True).first.click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="Show me the CLI").wait_for()
    assert findings(page, "html" if whole else "[role=dialog]") == []
    return form


def press(form: Locator, verb: str) -> None:
    form.get_by_role("button", name=verb, exact=True).click()
    expect(form).to_have_count(0)


def choose(form: Locator, label: str, option: str) -> None:
    form.get_by_role("combobox", name=label, exact=True).click()
    form.page.get_by_role("option", name=option, exact=True).click()


def remove(page: Page, name: str) -> None:
    """From the head of its page; its name is typed."""
    page.get_by_role("button", name="Delete", exact=True).click()
    form = page.get_by_role("dialog")
    form.get_by_role("textbox").fill(name)
    press(form, "Delete")


def test_a_project_and_a_user_are_made_and_the_user_signs_in(visitor: Visitor) -> None:
    page = visitor.page
    page.emulate_media(reduced_motion="reduce")
    visitor.sign_in()
    visitor.go("users")
    form = opened(page, "New user", whole=True)
    form.get_by_role("textbox", name="Name").fill("mika")
    form.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
    form.get_by_role("textbox", name="Password again").fill("another")
    expect(form.get_by_text("The two are not the same")).to_be_visible()
    form.get_by_role("textbox", name="Password again").fill(PASSWORD)
    press(form, "Create")
    expect(page.get_by_role("link", name="mika")).to_be_visible()

    visitor.go("projects")
    form = opened(page, "New project")
    form.get_by_role("textbox", name="Name").fill("harbour")
    form.get_by_role("button", name="Show me the CLI").click()
    expect(form).to_contain_text("openstack project create --enable harbour")
    press(form, "Create")
    page.get_by_role("link", name="harbour").click()
    form = opened(page, "Assign a role")
    choose(form, "User", "mika")
    press(form, "Assign")
    expect(page.get_by_role("row", name=re.compile("mika"))).to_contain_text("member")

    page.get_by_role("button", name="User admin").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("textbox", name="User", exact=True).fill("mika")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Project harbour")).to_be_visible()
    expect(page.get_by_role("link", name="Users", exact=True)).to_have_count(0)
    assert visitor.said == []


def test_a_group_has_members_and_a_role(admin: Visitor) -> None:
    page = admin.page
    admin.go("roles")
    form = opened(page, "New role")
    form.get_by_role("textbox", name="Name").fill("watcher")
    press(form, "Create")
    page.get_by_role("link", name="watcher").click()
    form = opened(page, "Add a role")
    choose(form, "Role", "reader")
    press(form, "Add")
    expect(page.get_by_role("table", name="Roles it brings along")).to_contain_text("reader")

    admin.go("groups")
    form = opened(page, "New group")
    form.get_by_role("textbox", name="Name").fill("night-shift")
    form.get_by_role("textbox", name="Description").fill("On call")
    press(form, "Create")
    page.get_by_role("link", name="night-shift").click()
    form = opened(page, "Add members")
    choose(form, "Users", "admin")
    page.keyboard.press("Escape")
    press(form, "Add")
    expect(page.get_by_role("table", name="Members").get_by_role("link")).to_have_text("admin")
    form = opened(page, "Assign a role")
    choose(form, "Project", "demo")
    choose(form, "Role", "watcher")
    press(form, "Assign")
    expect(page.get_by_role("table", name="Who has which role")).to_contain_text("demo")
    assert findings(page) == []

    page.get_by_role("link", name="watcher").click()
    expect(page.get_by_role("row", name=re.compile("night-shift"))).to_contain_text("demo")
    assert findings(page) == []
    remove(page, "watcher")
    expect(page.get_by_role("heading", name="Roles", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="watcher")).to_have_count(0)
    assert admin.said == []


def test_a_flavor_is_made_and_launched_with(admin: Visitor) -> None:
    page = admin.page
    admin.go("admin/flavors")
    form = opened(page, "New flavor")
    form.get_by_role("textbox", name="Name").fill("m1.mine")
    form.get_by_role("textbox", name="vCPUs").fill("2")
    press(form, "Create")
    menu = page.get_by_role("button", name="Actions of m1.mine")
    menu.click()
    page.get_by_role("menuitem", name="Extra specs").click()
    form = page.get_by_role("dialog")
    form.get_by_role("textbox").fill("no pair")
    expect(form.get_by_text("Not KEY=VALUE: no pair")).to_be_visible()
    form.get_by_role("textbox").fill("aggregate_instance_extra_specs:ssd=true")
    press(form, "Save")
    menu.click()
    page.get_by_role("menuitem", name="Launch a server").click()
    expect(page.get_by_role("radio", name="m1.mine")).to_be_checked()

    admin.go("images")
    page.get_by_role("link", name="cirros").first.click()
    page.get_by_role("link", name=re.compile("^Launch")).click()
    expect(page.get_by_role("combobox", name="Image")).to_have_value("cirros")
    assert admin.said == []


def test_a_flavor_of_machines_asks_for_one_of_their_class(admin: Visitor) -> None:
    page = admin.page
    admin.go("admin/flavors")
    form = opened(page, "New flavor")
    form.get_by_role("textbox", name="Name").fill("metal.mine")
    form.get_by_text("A physical machine", exact=True).click()
    form.get_by_role("combobox", name="Resource class").fill("rack.large")
    press(form, "Create")
    row = page.get_by_role("row", name=re.compile("metal.mine"))
    expect(row).to_contain_text("resources:CUSTOM_RACK_LARGE=1, resources:DISK_GB=0")
    assert admin.said == []


def test_quotas_of_compute_network_and_volumes_are_changed(admin: Visitor) -> None:
    page = admin.page
    admin.go("admin/quotas")
    page.get_by_role("combobox", name="Project").click()
    page.get_by_role("option", name="demo").click()
    page.get_by_role("textbox", name="Servers", exact=True).fill("7")
    save_quota(page, "Compute")
    page.get_by_role("textbox", name="Routers").fill("3")
    network_form = page.get_by_role("region", name="Network", exact=True)
    network_form.get_by_role("button", name="Show me the CLI").click()
    expect(page.get_by_text("openstack quota set --routers 3 --check-limit")).to_be_visible()
    save_quota(page, "Network")
    page.get_by_role("textbox", name="Backups", exact=True).fill("4")
    save_quota(page, "Volumes")

    project = api(page, "GET", "/identity/v3/projects?name=demo")["projects"][0]["id"]
    compute = api(page, "GET", f"/compute/v2.1/os-quota-sets/{project}")["quota_set"]
    network = api(page, "GET", f"/network/v2.0/quotas/{project}")["quota"]
    storage = api(page, "GET", f"/volume/v3/os-quota-sets/{project}")["quota_set"]
    assert (compute["instances"], network["router"], storage["backups"]) == (7, 3, 4)
    assert admin.said == []


def save_quota(page: Page, kind: str) -> None:
    """The button is off while it saves, too: its command goes once it is saved."""
    form = page.get_by_role("region", name=kind, exact=True)
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("button", name=re.compile("CLI"))).to_have_count(0)


def test_hosts_are_gathered_in_an_aggregate(admin: Visitor) -> None:
    page = admin.page
    admin.go("admin/aggregates")
    form = opened(page, "New aggregate")
    form.get_by_role("textbox", name="Name").fill("fast")
    form.get_by_role("textbox", name="Availability zone").fill("zone-fast")
    press(form, "Create")
    page.get_by_role("link", name="fast", exact=True).click()
    form = opened(page, "Add hosts")
    choose(form, "Hosts", "fake-1")
    page.keyboard.press("Escape")
    press(form, "Add")
    form = opened_metadata(page)
    form.get_by_role("textbox").fill("ssd=true")
    press(form, "Save")
    expect(page.get_by_role("definition").filter(has_text="true")).to_be_visible()
    assert findings(page) == []

    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Actions of fake-1").click()
    page.get_by_role("menuitem", name="Remove").click()
    press(page.get_by_role("dialog"), "Remove")
    page.get_by_role("button", name="Delete", exact=True).click()
    press(page.get_by_role("dialog"), "Delete")
    expect(page.get_by_role("heading", name="There are no aggregates")).to_be_visible()
    assert admin.said == []


def opened_metadata(page: Page) -> Locator:
    """Its command is shown once something is changed."""
    page.get_by_role("button", name="Change", exact=True).click()
    return page.get_by_role("dialog")


def test_a_credential_is_made_and_its_file_signs_in(admin: Visitor) -> None:
    page = admin.page
    admin.go("credentials")
    form = opened(page, "New credential")
    form.get_by_role("textbox", name="Name").fill("nightly: build")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text("The secret is shown only this once.")).to_be_visible()
    assert findings(page, "[role=dialog]") == []
    with page.expect_download() as openrc:
        page.get_by_role("button", name="openrc.sh").click()
    with page.expect_download() as clouds:
        page.get_by_role("button", name="clouds.yaml").click()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("row", name=re.compile("nightly: build"))).to_be_visible()

    auth = yaml.safe_load(clouds.value.path().read_text())["clouds"]["nightly: build"]["auth"]
    secret = auth["application_credential_secret"]
    assert f"OS_APPLICATION_CREDENTIAL_SECRET='{secret}'" in openrc.value.path().read_text()
    credential = {"id": auth["application_credential_id"], "secret": secret}
    identity = {"methods": ["application_credential"], "application_credential": credential}
    answer = page.request.post(
        f"{auth['auth_url']}/auth/tokens", data={"auth": {"identity": identity}}
    )
    assert answer.status == 201
    assert admin.said == []


def test_the_palette_finds_a_node_by_the_address_of_its_bmc(admin: Visitor) -> None:
    page = admin.page
    info = {"fake_address": "10.98.7.6"}
    body = {"name": "found-1", "driver": "fake-hardware", "driver_info": info}
    uuid = api(page, "POST", "/baremetal/v1/nodes", body)["uuid"]

    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("textbox").fill("10.98.7")
    expect(page.get_by_role("dialog").locator("[data-selected]")).to_contain_text("found-1")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/nodes/{uuid}$"))
    api(page, "DELETE", f"/baremetal/v1/nodes/{uuid}")


def test_one_region_never_answers_for_another(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    expect(page.get_by_role("button", name=re.compile("^Region"))).to_have_count(0)
    api(page, "POST", "/identity/v3/regions", {"region": {"id": "west"}})
    services = api(page, "GET", "/identity/v3/services?type=compute")["services"]
    endpoint = {
        "service_id": services[0]["id"],
        "interface": "public",
        "region_id": "west",
        "url": f"{visitor.url}/compute/v2.1",
    }
    made = api(page, "POST", "/identity/v3/endpoints", {"endpoint": endpoint})["endpoint"]
    try:
        page.evaluate("sessionStorage.clear()")
        visitor.sign_in()
        page.get_by_role("button", name=re.compile("^Region")).click()
        page.get_by_role("menuitem", name="west").click()
        page.get_by_role("button", name="Region west").wait_for()

        page.get_by_role("link", name="Servers", exact=True).click()
        expect(page.get_by_role("heading", name="Servers", level=1)).to_be_visible()
        page.get_by_role("link", name="Images", exact=True).click()
        told = page.get_by_role("alert").filter(has_text="west has no image service")
        expect(told.first).to_be_visible()
    finally:
        api(page, "DELETE", f"/identity/v3/endpoints/{made['id']}")
        api(page, "DELETE", "/identity/v3/regions/west")
