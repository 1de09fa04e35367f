"""`unkai exec -- COMMAND`: run something inside the cloud's network."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import Parameter

from unkai.cli.asking import ADMIN_CLOUD
from unkai.cli.options import COMMON, Common
from unkai.cli.running import Cloud, need_cloud
from unkai.kit.errors import BadRequest
from unkai.settings import Settings


def exec_verb(
    *command: Annotated[str, Parameter(allow_leading_hyphen=True)], common: Common = COMMON
) -> None:
    """Run a command where the API answers at the same address and floating IPs are reachable.

    OS_CLIENT_CONFIG_FILE and OS_CLOUD are set, so that `unkai exec -- openstack server list` works.

    Parameters
    ----------
    command
        The command and its arguments, after `--`.
    """
    settings = common.settings()
    run_inside(settings, need_cloud(settings), command)


def run_inside(settings: Settings, cloud: Cloud, command: Sequence[str]) -> NoReturn:
    """Become that command, in the cloud's namespace (a fake cloud has none: where we are)."""
    program = shutil.which(command[0], path=search_path()) if command else None
    if program is None:
        named = f"{command[0]!r} is no command here" if command else "No command was given"
        raise BadRequest(f"{named}.", remedy="unkai exec -- COMMAND [ARGUMENT...]")
    environment = {
        "OS_CLIENT_CONFIG_FILE": str(settings.clouds_yaml),
        "PATH": search_path(),
        "UNKAI_STATE_DIR": str(settings.state_dir),
    }
    if "OS_CLOUD" not in os.environ:
        environment["OS_CLOUD"] = ADMIN_CLOUD
    enter(cloud)
    os.execve(program, list(command), os.environ | environment)  # noqa: S606 - that is the verb


def search_path() -> str:
    """PATH, with the programs of our own virtual environment found first: `openstack`, `unkai`."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def enter(cloud: Cloud) -> None:
    """Move this process into the cloud's namespace for good."""
    if cloud.namespace is not None:
        from unkai.kit import netns

        netns.enter(cloud.namespace)
