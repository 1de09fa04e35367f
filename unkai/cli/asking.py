"""Asking the running cloud over its own API, with the credentials of its clouds.yaml.

httpx alone: openstacksdk takes a second to import, and the verbs ask one or two questions.
"""

from __future__ import annotations

from typing import Any, cast

import httpx
import yaml

from unkai.cli.running import Cloud
from unkai.kit.errors import Failed, NotFound, Unavailable
from unkai.settings import Settings

ADMIN_CLOUD = "unkai"
DEMO_CLOUD = "unkai-demo"


class Door:
    """An authenticated session with one cloud."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, *, expect_json: bool = True, **options: Any) -> Any:
        """One request; raises what the cloud answered as a Fault."""
        try:
            response = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The cloud did not answer {method} {path}: {error}.", remedy="unkai status"
            ) from error
        if response.status_code == 404:
            raise NotFound(_message(response))
        if response.is_error:
            raise Failed(f"The cloud refused {method} {path}: {_message(response)}")
        if not expect_json:
            return response.text
        return response.json() if response.content else None

    def get(self, path: str, **options: Any) -> Any:
        return self.ask("GET", path, **options)

    def text(self, path: str, **options: Any) -> str:
        return str(self.ask("GET", path, expect_json=False, **options))

    def post(self, path: str, body: object, **options: Any) -> Any:
        return self.ask("POST", path, json=body, **options)


def open_door(settings: Settings, cloud: Cloud, name: str = ADMIN_CLOUD) -> Door:
    """Log in as one of the clouds in clouds.yaml."""
    auth = _credentials(settings, name)
    client = httpx.Client(base_url=cloud.url, timeout=60, trust_env=False)
    response = client.post("/identity/v3/auth/tokens", json={"auth": _password_auth(auth)})
    if response.is_error:
        raise Failed(
            f"The cloud did not accept the credentials of {name!r}: {_message(response)}",
            remedy=f"compare {settings.clouds_yaml} with the cloud's users",
        )
    client.headers["X-Auth-Token"] = response.headers["X-Subject-Token"]
    client.headers["OpenStack-API-Version"] = "compute 2.96"
    return Door(client)


def find_server(door: Door, wanted: str) -> dict[str, Any]:
    """A server by id or by name, of any project. Raises NotFound."""
    found = door.get("/compute/v2.1/servers/detail", params={"all_tenants": "1"})["servers"]
    matches = [server for server in found if wanted in (server["id"], server["name"])]
    if not matches:
        names = ", ".join(sorted(server["name"] for server in found)) or "none at all"
        raise NotFound(f"There is no server {wanted!r}; there are: {names}.")
    if len(matches) > 1:
        raise Failed(
            f"{len(matches)} servers are called {wanted!r}.",
            remedy="name one by its id: " + ", ".join(server["id"] for server in matches),
        )
    return cast("dict[str, Any]", matches[0])


def _credentials(settings: Settings, name: str) -> dict[str, Any]:
    try:
        content: Any = yaml.safe_load(settings.clouds_yaml.read_text())
    except OSError as error:
        raise Failed(
            f"The credentials {settings.clouds_yaml} cannot be read: {error.strerror}.",
            remedy="run this as the user who started the cloud",
        ) from error
    return cast("dict[str, Any]", content["clouds"][name]["auth"])


def _password_auth(auth: dict[str, Any]) -> dict[str, Any]:
    user = {
        "name": auth["username"],
        "domain": {"id": auth["user_domain_id"]},
        "password": auth["password"],
    }
    request: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    if auth.get("system_scope"):
        request["scope"] = {"system": {"all": True}}
    elif auth.get("project_name"):
        domain = {"id": auth["project_domain_id"]}
        request["scope"] = {"project": {"name": auth["project_name"], "domain": domain}}
    return request


def _message(response: httpx.Response) -> str:
    """The sentence inside any of the dialects' error bodies."""
    try:
        body: Any = response.json()
    except ValueError:
        return response.text.strip() or f"HTTP {response.status_code}"
    while isinstance(body, (dict, list)):
        if isinstance(body, list):
            body = cast("list[Any]", body)[0] if body else ""
            continue
        keyed = cast("dict[str, Any]", body)
        body = keyed.get("message") or keyed.get("detail") or next(iter(keyed.values()), "")
    return str(body)
