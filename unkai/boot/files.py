"""Files of a cloud that others read: its secrets, `cloud.json`, `clouds.yaml`."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import unkai
from unkai.kit.clock import Chance
from unkai.kit.process import identify
from unkai.settings import Settings


@dataclass(frozen=True, slots=True)
class Passwords:
    """Made at the first start, kept in the state folder with mode 0600."""

    admin: str
    demo: str


def write_private(path: Path, text: str) -> None:
    """Replace the file as a whole; nobody else can read it at any moment."""
    new = path.with_name(f".{path.name}.new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)
    os.replace(new, path)


def passwords(settings: Settings, chance: Chance) -> Passwords:
    """Read them, or make them."""
    found: dict[str, str] = {}
    files = {"admin": settings.admin_password_file, "demo": settings.demo_password_file}
    for name, path in files.items():
        if not path.exists():
            write_private(path, chance.token_urlsafe(18) + "\n")
        found[name] = path.read_text().strip()
    return Passwords(**found)


def write_cloud_file(settings: Settings) -> None:
    """Say who runs and where: at once, so that `down` also finds a cloud that is still starting."""
    process = identify()
    content: dict[str, Any] = {
        "pid": process.pid,
        "start_time": process.start_time,
        "boot_id": process.boot_id,
        "port": settings.port,
        "url": settings.url,
        "namespace": None if settings.fake else settings.namespace,
        "fake": settings.fake,
        "version": unkai.__version__,
    }
    write_private(settings.cloud_file, json.dumps(content) + "\n")


def write_clouds_yaml(settings: Settings, secret: Passwords) -> None:
    """`unkai`: project admin; `unkai-system`: system admin; `unkai-demo`: member of demo."""
    auth_url = f"{settings.url}/identity/v3"
    in_domain = {"user_domain_id": "default", "project_domain_id": "default"}
    clouds: dict[str, dict[str, str]] = {
        "unkai": {"username": "admin", "password": secret.admin, "project_name": "admin"}
        | in_domain,
        "unkai-system": {
            "username": "admin",
            "password": secret.admin,
            "user_domain_id": "default",
            "system_scope": "all",
        },
        "unkai-demo": {"username": "demo", "password": secret.demo, "project_name": "demo"}
        | in_domain,
    }
    lines = ["clouds:"]
    for name, auth in clouds.items():
        lines += [f"  {name}:", "    auth:", f"      auth_url: {auth_url}"]
        lines += [f"      {key}: {json.dumps(value)}" for key, value in auth.items()]
        lines += [f"    region_name: {settings.region}", "    identity_api_version: 3"]
    write_private(settings.clouds_yaml, "\n".join(lines) + "\n")
