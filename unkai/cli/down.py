"""`unkai down`: ask the cloud to stop, remove what it made, remove its folder."""

from __future__ import annotations

import signal
from typing import Annotated

from cyclopts import Parameter

from unkai.cli.checks.leftovers import list_leftovers
from unkai.cli.options import COMMON, Common
from unkai.cli.output import progress, show
from unkai.cli.running import find_cloud
from unkai.cli.state_folder import is_ours, remove_state_folder
from unkai.cli.waiting import until
from unkai.kit.errors import Failed
from unkai.kit.process import ProcessId, is_alive, send_signal
from unkai.settings import Settings

STOP_TIMEOUT_S = 30.0
KILL_TIMEOUT_S = 10.0


def down_verb(
    *,
    keep_data: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> None:
    """Stop the cloud and remove everything it made: servers, networks, daemons, files.

    Parameters
    ----------
    keep_data
        Leave the state folder, so that the next `unkai up` finds its database and images.
    """
    settings = common.settings()
    if not is_ours(settings) and not list_leftovers(settings):
        document = {"stopped": False, "removed": False, "state_dir": str(settings.state_dir)}
        show(document, f"Nothing of a cloud is at {settings.state_dir}.", as_json=common.json)
        return
    cloud = find_cloud(settings)
    if cloud is not None:
        progress(f"  stopping the cloud (pid {cloud.process.pid})", as_json=common.json)
        stop_process(cloud.process)
    progress("  removing servers, daemons and the namespace", as_json=common.json)
    _teardown(settings)
    left = list_leftovers(settings)
    if left:
        raise Failed(
            f"The cloud is down, but this stayed: {', '.join(left)}.",
            remedy="run unkai down again; then unkai doctor",
        )
    if not keep_data and is_ours(settings):
        remove_state_folder(settings)
    document = {
        "stopped": cloud is not None,
        "removed": not keep_data,
        "state_dir": str(settings.state_dir),
    }
    kept = f"; its data stay in {settings.state_dir}" if keep_data else " and nothing stays behind"
    show(document, f"The cloud is down{kept}.", as_json=common.json)


def stop_process(process: ProcessId) -> None:
    """Ask it to end; after a while, end it. Raises Failed where that does not help."""
    for number, patience_s in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, KILL_TIMEOUT_S)):
        send_signal(process, number)
        if until(lambda: not is_alive(process), timeout_s=patience_s):
            return
    raise Failed(
        f"Process {process.pid} does not end, even by SIGKILL.",
        remedy="it hangs in the kernel: look at /proc/PID/stack, then unkai down again",
    )


def _teardown(settings: Settings) -> None:
    from unkai import boot

    boot.teardown(settings)
