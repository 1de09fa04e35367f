"""What the dashboard's door answers, with pages of a few bytes."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from unkai.dashboard.app import Dashboard
from unkai.dashboard.files import read_pages
from unkai.kit.clock import Chance

pytestmark = pytest.mark.anyio
PAGE = '<meta property="csp-nonce" nonce="__NONCE__"><p>here</p>'
SCRIPT = b"console.log(1)\n" * 20


@pytest.fixture
def built(tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (assets / "index-abc.js").write_bytes(SCRIPT)
    (assets / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    return tmp_path


def browser(folder: Path) -> httpx.AsyncClient:
    app = Dashboard(read_pages(folder), Chance())
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://cloud")


@pytest.mark.parametrize("path", ["/", "/dashboard"])
async def test_the_root_leads_to_the_dashboard(built: Path, path: str) -> None:
    async with browser(built) as client:
        answer = await client.get(path)

    assert answer.status_code == 307
    assert answer.headers["location"] == "/dashboard/"


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/servers/1?tab=log"])
async def test_every_path_is_the_page_with_a_nonce_of_its_own(built: Path, path: str) -> None:
    async with browser(built) as client:
        answers = [await client.get(path), await client.get(path)]

    nonces = {re.findall('nonce="([^"]+)"', answer.text)[0] for answer in answers}
    assert len(nonces) == 2
    for answer in answers:
        assert answer.status_code == 200
        assert "here" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        allowed = re.findall("'nonce-([^']+)'", answer.headers["content-security-policy"])
        assert set(allowed) <= nonces


async def test_the_page_of_consoles_is_one_of_its_own(built: Path) -> None:
    (built / "console.html").write_text('<meta nonce="__NONCE__">noVNC')

    async with browser(built) as client:
        answer = await client.get("/dashboard/console.html?path=console%3Ftoken%3D1")

    assert answer.text.endswith("noVNC")
    allowed = re.findall("'nonce-([^']+)'", answer.headers["content-security-policy"])
    assert re.findall('nonce="([^"]+)"', answer.text) == allowed
    assert answer.headers["cache-control"] == "no-store"


async def test_nothing_from_elsewhere_and_nothing_in_line_is_allowed(built: Path) -> None:
    async with browser(built) as client:
        answer = await client.get("/dashboard/")

    said = answer.headers["content-security-policy"]
    assert said.startswith("default-src 'none'; script-src 'self'; ")
    assert "unsafe" not in said
    assert "frame-ancestors 'none'" in said
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_hashed_files_are_kept_for_ever_and_come_packed(built: Path) -> None:
    async with browser(built) as client:
        packed = await client.get("/dashboard/assets/index-abc.js")
        plain = await client.get(
            "/dashboard/assets/index-abc.js", headers={"Accept-Encoding": "identity"}
        )

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert answer.content == SCRIPT
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_other_files_are_asked_for_again(built: Path) -> None:
    async with browser(built) as client:
        answer = await client.get("/dashboard/favicon.svg")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_hashed_file_that_is_gone_is_not_the_page(built: Path) -> None:
    async with browser(built) as client:
        answer = await client.get("/dashboard/assets/index-old.js")

    assert answer.status_code == 404


async def test_no_path_leads_out_of_the_folder(built: Path) -> None:
    (built.parent / "secret").write_text("secret")

    async with browser(built) as client:
        answer = await client.get("/dashboard/assets/%2e%2e/%2e%2e/secret")

    assert answer.status_code == 404


async def test_pages_are_only_read(built: Path) -> None:
    async with browser(built) as client:
        answer = await client.post("/dashboard/")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_without_a_build_it_says_how_to_make_one(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        answer = await client.get("/dashboard/servers")

    assert answer.status_code == 404
    assert "make dashboard" in answer.text
