"""/os-keypairs: imported and made keys, and whose they are."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.api.compute_nouns.conftest import Client

pytestmark = pytest.mark.anyio
BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIIHcEMNqYGWxsSnLI22UeYR1o4S0vYvTHi0OTwRTUFs0"
KEY = f"ssh-ed25519 {BLOB} somebody"


async def add(
    client: Client, name: str, token: str = "member", status: int = 201, **more: Any
) -> Any:
    body = {"keypair": {"name": name, "public_key": KEY, **more}}
    return await client.ask("POST", "/os-keypairs", body, token=token, status=status)


async def listed(client: Client, query: str = "", token: str = "member") -> list[str]:
    found = await client.ask("GET", f"/os-keypairs{query}", token=token)
    return [one["keypair"]["name"] for one in found["keypairs"]]


async def test_a_key_is_imported_shown_and_deleted(client: Client) -> None:
    made = (await add(client, "mine"))["keypair"]
    md5 = hashlib.md5(b64decode(BLOB)).hexdigest()
    assert made["fingerprint"] == ":".join(md5[at : at + 2] for at in range(0, 32, 2))
    assert made.keys() == {"name", "public_key", "fingerprint", "type", "user_id"}
    shown = (await client.ask("GET", "/os-keypairs/mine", token="member"))["keypair"]
    assert (shown["user_id"], shown["type"], shown["deleted"]) == ("member", "ssh", False)
    await add(client, "mine", status=409)
    await client.ask("GET", "/os-keypairs/mine", token="other", status=404)
    await client.ask("DELETE", "/os-keypairs/mine", token="other", status=404)
    await client.ask("DELETE", "/os-keypairs/mine", token=None, status=401)
    await client.ask("DELETE", "/os-keypairs/mine", token="member", status=204)
    assert await listed(client) == []


async def test_administrators_manage_the_keys_of_others(client: Client) -> None:
    await add(client, "theirs", token="admin", user_id="member")
    assert await listed(client) == ["theirs"]
    assert await listed(client, "?user_id=member", token="admin") == ["theirs"]
    assert await listed(client, token="admin") == []
    await add(client, "sneaky", token="other", status=403, user_id="member")
    await client.ask("GET", "/os-keypairs?user_id=member", token="other", status=403)
    await client.ask("DELETE", "/os-keypairs/theirs?user_id=member", status=204)


async def test_lists_are_paged_from_2_35_on(client: Client) -> None:
    for name in ("a", "b", "c"):
        await add(client, name)
    assert await listed(client, "?limit=2") == ["a", "b"]
    assert await listed(client, "?limit=2&marker=b") == ["c"]
    await client.ask("GET", "/os-keypairs?marker=no", token="member", status=400)
    old = await client.ask("GET", "/os-keypairs?limit=1", token="member", version="2.34")
    assert len(old["keypairs"]) == 3


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "ssh-rsa JUNK nova@ubuntu",
        "ssh-rsa " + "A" * 2048 + " openstack@ubuntu",
        f"ssh-rsa {BLOB}",
        f"ssh-ed25519 {BLOB[:-8]}",
        "-----BEGIN PRIVATE KEY-----",
        "ssh-ed25519",
        "ssh-ed25519 ünicode",
        7,
    ],
)
async def test_what_is_no_key_is_refused(client: Client, key: object) -> None:
    await add(client, "bad", status=400, public_key=key)
    assert await listed(client) == []


@pytest.mark.parametrize("name", ["", "x" * 256, "key_/.\\@:", " x", "x ", "a\nb", None, 3])
async def test_bad_names_are_refused(client: Client, name: Any) -> None:
    await add(client, name, status=400)


async def test_versions_differ(client: Client) -> None:
    body: dict[str, Any] = {"keypair": {"name": "old", "public_key": KEY}}
    made = await client.ask("POST", "/os-keypairs", body, version="2.1")
    assert "type" not in made["keypair"]
    await client.ask("DELETE", "/os-keypairs/old", status=202, version="2.1")
    body["keypair"]["type"] = "ssh"
    await client.ask("POST", "/os-keypairs", body, version="2.1", status=400)
    body["keypair"]["user_id"] = "admin"
    await client.ask("POST", "/os-keypairs", body, version="2.9", status=400)
    dotted = {"keypair": {"name": "me@home.lan", "public_key": KEY}}
    await client.ask("POST", "/os-keypairs", dotted, version="2.91", status=400)
    await client.ask("POST", "/os-keypairs", dotted, version="2.92", status=201)


@pytest.mark.parametrize("kind", ["ssh", "x509"])
async def test_old_clients_are_given_a_private_key(client: Client, kind: str) -> None:
    body = {"keypair": {"name": "made", "type": kind}}
    made = await client.ask("POST", "/os-keypairs", body, version="2.91", status=201)
    private = load_pem_private_key(made["keypair"]["private_key"].encode(), None)
    if kind == "x509":
        certificate = x509.load_pem_x509_certificate(made["keypair"]["public_key"].encode())
        assert certificate.public_key() == private.public_key()
        imported = {**made["keypair"], "name": "again"}
        del imported["private_key"], imported["fingerprint"]
        again = await client.ask("POST", "/os-keypairs", {"keypair": imported}, status=201)
        assert again["keypair"]["fingerprint"] == made["keypair"]["fingerprint"]
    else:
        assert made["keypair"]["public_key"].startswith("ssh-rsa AAAA")
    shown = await client.ask("GET", "/os-keypairs/made")
    assert "private_key" not in shown["keypair"]
    await client.ask("POST", "/os-keypairs", body, status=400)


async def test_a_user_has_so_many_keys(client: Client) -> None:
    limit = {"quota_class_set": {"key_pairs": 2}}
    await client.ask("PUT", "/os-quota-class-sets/default", limit)
    await add(client, "one")
    await add(client, "two")
    refused = await add(client, "three", status=403)
    assert "Quota exceeded for key_pairs" in refused["forbidden"]["message"]
