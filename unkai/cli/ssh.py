"""`unkai ssh SERVER`: log in to a server, with the key that `make up` made."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from unkai.cli.asking import find_server, open_door
from unkai.cli.exec import run_inside
from unkai.cli.options import COMMON, Common
from unkai.cli.running import need_cloud
from unkai.kit.errors import Conflict
from unkai.settings import Settings

USER = "cirros"


def ssh_verb(
    server: str,
    *command: Annotated[str, Parameter(allow_leading_hyphen=True)],
    user: str = USER,
    common: Common = COMMON,
) -> None:
    """Log in to a server by its floating IP, or by its own address.

    Parameters
    ----------
    server
        Its id or its name.
    command
        Run this instead of a shell.
    user
        Log in as this user.
    """
    settings = common.settings()
    cloud = need_cloud(settings)
    found = find_server(open_door(settings, cloud), server)
    if cloud.fake:
        raise Conflict(
            f"{found['name']!r} is played by a fake host: there is nothing to log in to.",
            remedy="a cloud with real guests: unkai up (as root, without --fake)",
        )
    run_inside(settings, cloud, [*ssh_words(settings, address_of(found), user), *command])


def address_of(server: dict[str, Any]) -> str:
    """Its floating IP if it has one. Raises Conflict for a server without addresses."""
    addresses = [entry for entries in server["addresses"].values() for entry in entries]
    addresses.sort(key=lambda entry: (entry.get("OS-EXT-IPS:type") != "floating", entry["version"]))
    if not addresses:
        raise Conflict(
            f"{server['name']!r} is {server['status']} and has no address.",
            remedy=f"unkai timeline {server['id']}",
        )
    return str(addresses[0]["addr"])


def ssh_words(settings: Settings, address: str, user: str = USER) -> list[str]:
    """The ssh command for a guest: guests come and go, so nobody remembers their host keys."""
    words = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    words += ["-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10"]
    if settings.ssh_key_file.exists():
        words += ["-i", str(settings.ssh_key_file), "-o", "IdentitiesOnly=yes"]
    return [*words, f"{user}@{address}"]
