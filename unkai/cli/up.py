"""`unkai up`: look at the machine, start the cloud behind us, wait until it answers.

The cloud is `unkai serve` in a session of its own. It tells how far it is in `progress.jsonl`; we
print that, and when it dies we print its last words instead of waiting.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import unkai
from unkai.cli.built import ensure_guest_image, ensure_ramdisk
from unkai.cli.checks.model import Check, Verdict
from unkai.cli.options import COMMON, Common
from unkai.cli.output import progress, show
from unkai.cli.running import Cloud, answers, find_cloud
from unkai.cli.state_folder import as_made, prepare_state_folder, remove_state_folder
from unkai.cli.waiting import Stopwatch, until
from unkai.kit.errors import Conflict, Failed
from unkai.settings import Settings, load_settings

START_TIMEOUT_S = 180.0
FAKE_START_TIMEOUT_S = 30.0


def up_verb(
    *,
    port: int | None = None,
    fake: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> None:
    """Start a cloud in the background; one that runs is left as it is.

    Parameters
    ----------
    port
        Where its API listens, on 127.0.0.1 (8780).
    fake
        Play the hosts and the network: no root, the same API.
    """
    wanted = load_settings(common.state_dir, port=port, fake=fake)
    settings = as_made(wanted)
    if (port is not None and port != settings.port) or (fake and not settings.fake):
        kind = "fake" if settings.fake else "real"
        raise Conflict(
            f"The cloud of {settings.state_dir} is a {kind} one on port {settings.port}.",
            remedy="use another --state-dir for a second cloud, or unkai down first",
        )
    is_new = prepare_state_folder(settings)
    with _one_at_a_time(settings):
        cloud = find_cloud(settings)
        started = cloud is None
        if cloud is None:
            check_before_start(settings, is_new=is_new)
            if not settings.fake:
                ensure_guest_image(settings, as_json=common.json)
                ensure_ramdisk(settings, as_json=common.json)
            cloud = _start(settings, as_json=common.json)
        else:
            _wait_for(settings, cloud)
    document = _describe(settings, cloud) | {"started": started}
    show(document, _as_text(document), as_json=common.json)


def check_before_start(settings: Settings, *, is_new: bool) -> None:
    """Raise what would stop the start anyway, with its remedy; a new state folder goes again."""
    from unkai.cli.doctor import BEFORE_FAKE_START, BEFORE_START

    for check in BEFORE_FAKE_START if settings.fake else BEFORE_START:
        found: Check = check(settings)
        if found.verdict is Verdict.FAIL:
            if is_new:
                remove_state_folder(settings)
            raise Conflict(f"This machine cannot start it: {found.detail}.", remedy=found.remedy)


@contextmanager
def _one_at_a_time(settings: Settings) -> Generator[None]:
    with (settings.state_dir / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(settings: Settings, *, as_json: bool) -> Cloud:
    settings.progress_file.unlink(missing_ok=True)
    settings.log_file.parent.mkdir(exist_ok=True)
    watch = Stopwatch()
    told = 0
    child = _spawn(settings)

    def look() -> Cloud | None:
        nonlocal told
        events = read_progress(settings.progress_file)
        for event in events[told:]:
            progress(f"  {watch.seconds:6.1f} s  {event_text(event)}", as_json=as_json)
        told = len(events)
        if child.poll() is not None:
            raise Failed(
                f"The cloud stopped while it started (exit code {child.returncode}): "
                f"{_last_words(settings, events)}",
                remedy=f"unkai doctor; the log is {settings.log_file}",
            )
        cloud = find_cloud(settings)
        return cloud if cloud is not None and answers(cloud.host, cloud.port) else None

    limit_s = _limit_s(settings)
    cloud = until(look, timeout_s=limit_s, interval_s=0.02)
    if cloud is None:
        raise _silent(settings, child.pid, limit_s)
    child.returncode = 0  # it lives on; keep subprocess from warning that it does
    progress(f"  {watch.seconds:6.1f} s  it answers at {cloud.url}", as_json=as_json)
    return cloud


def _wait_for(settings: Settings, cloud: Cloud) -> None:
    """One that runs may still be starting: its `up` was interrupted, it was not."""
    limit_s = _limit_s(settings)
    if not until(lambda: answers(cloud.host, cloud.port), timeout_s=limit_s):
        raise _silent(settings, cloud.process.pid, limit_s)


def _limit_s(settings: Settings) -> float:
    return FAKE_START_TIMEOUT_S if settings.fake else START_TIMEOUT_S


def _silent(settings: Settings, pid: int, limit_s: float) -> Failed:
    return Failed(
        f"The cloud (pid {pid}) did not answer within {limit_s:.0f} s.",
        remedy=f"look into {settings.log_file}; unkai down --state-dir {settings.state_dir}",
    )


def _spawn(settings: Settings) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "unkai", "serve"]
    words += ["--state-dir", str(settings.state_dir), "--port", str(settings.port)]
    words += ["--fake"] if settings.fake else []
    checkout = str(Path(unkai.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [checkout, os.environ.get("PYTHONPATH")]))
    with settings.log_file.open("ab") as log:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,
        )


def read_progress(path: Path) -> list[dict[str, Any]]:
    """The steps a starting cloud has written so far; a half-written line waits."""
    try:
        lines = path.read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def event_text(event: dict[str, Any]) -> str:
    """`network: ready (OVN 22.03)` from a progress line."""
    parts = [f"{event.get('step', '')}: {event.get('state', '')}"]
    if event.get("detail"):
        parts.append(f"({event['detail']})")
    return " ".join(parts)


def _last_words(settings: Settings, events: list[dict[str, Any]]) -> str:
    failed = [event for event in events if event.get("state") == "failed"]
    if failed:
        return event_text(failed[-1])
    lines = settings.log_file.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _describe(settings: Settings, cloud: Cloud) -> dict[str, Any]:
    return {
        "url": cloud.url,
        "dashboard": f"{cloud.url}/dashboard/",
        "state_dir": str(settings.state_dir),
        "password_files": [str(settings.demo_password_file), str(settings.admin_password_file)],
        "clouds_yaml": str(settings.clouds_yaml),
        "log": str(settings.log_file),
        "namespace": cloud.namespace,
        "pid": cloud.process.pid,
        "fake": cloud.fake,
        "version": cloud.version,
    }


def _as_text(document: dict[str, Any]) -> str:
    verb = "started" if document["started"] else "runs already; nothing was changed"
    demo, admin = document["password_files"]
    kind = "A fake cloud" if document["fake"] else "The cloud"
    lines = [
        f"{kind} {verb} (pid {document['pid']}).",
        f"  API           {document['url']}",
        f"  dashboard     {document['dashboard']}",
        f"  sign in       as demo or admin; the passwords are in {demo} and {admin}",
        f"  credentials   {document['clouds_yaml']}",
        f"  log           {document['log']}",
    ]
    if document["namespace"]:
        lines.append(f"  namespace     {document['namespace']} (unkai exec -- COMMAND)")
    lines.append(
        f"  try           OS_CLIENT_CONFIG_FILE={document['clouds_yaml']} OS_CLOUD=unkai "
        "openstack server list"
    )
    return "\n".join(lines)
