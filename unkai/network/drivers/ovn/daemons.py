"""The six daemons of OVS and OVN: started, adopted, watched, restarted, removed.

They are nobody's children: they outlive the process that started them, and the next one adopts
them. A daemon is ours if the pid in its pid file runs a command line that names our own run folder,
inside our namespace. A pidfd says at once when one dies; then it is started again with the same
databases, and the others reconnect to it by themselves.

Rejected: their own `--monitor` (six more processes, and it does not survive SIGKILL), systemd (a
cloud of a test's own has none).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed
from unkai.kit.log import log
from unkai.network.drivers.ovn.site import Site

_START_S: Final = 20.0
_STABLE_S: Final = 30.0
_BACKOFF_S: Final = (0.0, 0.2, 1.0, 3.0, 10.0)
_SHARE: Final = Path("/usr/share")


@dataclass(frozen=True, slots=True)
class Daemon:
    """One program. `schema`: the database it serves, if it does."""

    name: str
    command: tuple[str, ...]
    schema: Path | None = None
    database: Path | None = None


def daemons(site: Site) -> dict[str, Daemon]:
    """All of them by name, in the order of their start."""
    run, db = site.run_dir, site.db_dir
    common = ("-vconsole:off", "-vsyslog:off", "-vfile:info", "--detach", "--no-chdir")

    def files(name: str, *, control: bool = True) -> tuple[str, ...]:
        made = (f"--pidfile={run}/{name}.pid", f"--log-file={site.log_dir}/{name}.log", *common)
        return (*made, f"--unixctl={run}/{name}.ctl") if control else made

    def server(name: str, schema: str, file: str, socket: Path) -> Daemon:
        command = ("ovsdb-server", str(db / file), f"--remote=punix:{socket}", *files(name))
        return Daemon(name, command, _SHARE / schema, db / file)

    switch_db, north, south = (
        f"unix:{path}" for path in (site.switch_socket, site.north_socket, site.south_socket)
    )
    listed = (
        server("ovsdb-switch", "openvswitch/vswitch.ovsschema", "conf.db", site.switch_socket),
        server("ovsdb-north", "ovn/ovn-nb.ovsschema", "ovnnb.db", site.north_socket),
        server("ovsdb-south", "ovn/ovn-sb.ovsschema", "ovnsb.db", site.south_socket),
        Daemon("ovs-vswitchd", ("ovs-vswitchd", switch_db, *files("ovs-vswitchd"))),
        Daemon(
            "ovn-northd",
            ("ovn-northd", f"--ovnnb-db={north}", f"--ovnsb-db={south}", *files("ovn-northd")),
        ),
        # It names its control socket after its pid and takes no option for it.
        Daemon(
            "ovn-controller",
            ("ovn-controller", switch_db, *files("ovn-controller", control=False)),
        ),
    )
    return {daemon.name: daemon for daemon in listed}


class Supervisor:
    """Keeps the daemons of one site alive; `restarted` is told the name of each one revived."""

    def __init__(self, site: Site, *, clock: Clock, restarted: Callable[[str], None]) -> None:
        self._site = site
        self._clock = clock
        self._restarted = restarted
        self._daemons = daemons(site)
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._alive: dict[str, int] = {}
        self._starts: set[asyncio.Future[int]] = set()

    async def prepare(self) -> None:
        """Make the folders and the namespace."""
        if len(str(self._site.run_dir)) > 80:
            raise Failed(
                f"The run folder {self._site.run_dir} is too long for UNIX sockets.",
                remedy="Choose one of at most 80 characters.",
            )
        for folder in (self._site.run_dir, self._site.db_dir, self._site.log_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(netns.create, self._site.namespace)

    async def ensure(self, *names: str) -> None:
        """Have these daemons run, at once: adopt those alive, start the others."""
        await asyncio.gather(*(self._ensure(self._daemons[name]) for name in names))

    def alive(self) -> dict[str, int]:
        """Pids of the daemons that run, by name."""
        return dict(self._alive)

    async def close(self) -> None:
        """Stop watching; the daemons stay."""
        watches = list(self._watches.values())
        self._watches.clear()
        for watch in watches:
            watch.cancel()
        # A start under way cannot be called back, only waited for: else it outlives `remove`.
        await asyncio.gather(*watches, *self._starts, return_exceptions=True)

    async def _ensure(self, daemon: Daemon) -> None:
        if daemon.name in self._watches:
            return
        pid = find(self._site, daemon)
        if pid is None:
            pid = await self._start(daemon)
        else:
            log.info("ovn.adopted", daemon=daemon.name, pid=pid)
        self._alive[daemon.name] = pid
        watch = self._keep_alive(daemon, pid)
        self._watches[daemon.name] = asyncio.create_task(watch, name=f"watch {daemon.name}")

    async def _keep_alive(self, daemon: Daemon, pid: int) -> None:
        failures = 0
        while True:
            born = self._clock.monotonic()
            await _ended(pid)
            self._alive.pop(daemon.name, None)
            log.warning("ovn.daemon_died", daemon=daemon.name, pid=pid)
            if self._clock.monotonic() - born > _STABLE_S:
                failures = 0
            pid = await self._revive(daemon, failures)
            failures += 1
            self._alive[daemon.name] = pid
            log.warning("ovn.daemon_restarted", daemon=daemon.name, pid=pid)
            self._restarted(daemon.name)

    async def _revive(self, daemon: Daemon, failures: int) -> int:
        while True:
            await self._clock.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
            try:
                return await self._start(daemon)
            except Exception as error:  # noqa: BLE001  # whatever it is: try again, say so
                failures += 1
                log.error("ovn.restart_failed", daemon=daemon.name, why=str(error))

    async def _start(self, daemon: Daemon) -> int:
        start = netns.run(self._site.namespace, lambda: launch(self._site, daemon))
        started = asyncio.ensure_future(start)
        self._starts.add(started)
        started.add_done_callback(self._starts.discard)
        return await asyncio.shield(started)


def launch(site: Site, daemon: Daemon) -> int:
    """Start a daemon in the calling thread's namespace and wait until it is ready; its pid.

    Blocks. A database that cannot be read is set aside and made anew: the northbound one is written
    again from the network's tables, the southbound one from that. Raises Failed with the end of
    its log.
    """
    if daemon.schema is not None and daemon.database is not None:
        _prepare_database(daemon.schema, daemon.database)
    why = _run(site, daemon)
    if why and daemon.schema is not None and daemon.database is not None:
        aside = daemon.database.with_suffix(".broken")
        log.error("ovn.database_set_aside", database=str(daemon.database), to=str(aside), why=why)
        daemon.database.replace(aside)
        _prepare_database(daemon.schema, daemon.database)
        why = _run(site, daemon)
    pid = find(site, daemon)
    if why or pid is None:
        why = why or _log_end(site, daemon)
        raise Failed(f"{daemon.name} did not start: {why}", code="network-daemon-failed")
    return pid


def _run(site: Site, daemon: Daemon) -> str:
    """Why it did not start, or ""."""
    try:
        ready = subprocess.run(
            daemon.command,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_START_S,
            check=False,
            text=True,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise Failed(
            f"{daemon.command[0]} is not installed.",
            code="network-program-missing",
            remedy="Install the packages openvswitch-switch, ovn-central and ovn-host.",
        ) from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{daemon.name} was not ready after {_START_S:.0f} s.") from None
    if ready.returncode == 0:
        return ""
    return ready.stderr.strip() or _log_end(site, daemon)


def find(site: Site, daemon: Daemon) -> int | None:
    """The pid of a daemon of ours that lives in our namespace."""
    try:
        pid = int((site.run_dir / f"{daemon.name}.pid").read_text())
        place = os.stat(f"/proc/{pid}/ns/net").st_ino
        if _is_ours(site, pid) and place == os.stat(netns.path(site.namespace)).st_ino:
            return pid
    except (OSError, ValueError):
        pass
    return None


def remove(site: Site) -> None:
    """End every daemon of the site, and remove its namespaces and folders. Blocks."""
    ended = [descriptor for pid in _ours(site) if (descriptor := _kill(pid)) is not None]
    for descriptor in ended:
        select.select([descriptor], [], [], 10.0)
        os.close(descriptor)
    for name in [*metadata_namespaces(site), site.namespace]:
        netns.delete(name)
    for folder in (site.run_dir, site.state_dir):
        shutil.rmtree(folder, ignore_errors=True)


def metadata_namespace(site: Site, network_id: str) -> str:
    """Of one network: what machines on it reach at its metadata port's addresses."""
    return f"{site.namespace}.md-{network_id}"


def metadata_namespaces(site: Site) -> list[str]:
    """Names of the namespaces beside the site's own, one per network with metadata."""
    return netns.names(f"{site.namespace}.md-")


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie, which has ended but nobody asked for its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _prepare_database(schema: Path, database: Path) -> None:
    """Make it where there is none, and bring it to the schema of the programs installed now."""
    if not database.exists():
        draft = database.with_suffix(".new")
        draft.unlink(missing_ok=True)
        _tool("create", draft, schema)
        draft.rename(database)
    elif _tool("needs-conversion", database, schema, may_fail=True) == "yes":
        log.info("ovn.database_converted", database=str(database))
        _tool("convert", database, schema, may_fail=True)


def _tool(verb: str, *paths: Path, may_fail: bool = False) -> str:
    done = subprocess.run(
        ["ovsdb-tool", verb, *paths], capture_output=True, text=True, check=False, timeout=_START_S
    )
    if done.returncode != 0 and not may_fail:
        raise Failed(f"ovsdb-tool cannot {verb} {paths[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def _ours(site: Site) -> list[int]:
    entries = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in entries if _is_ours(site, pid)]


def _is_ours(site: Site, pid: int) -> bool:
    """Whether it is alive and a daemon whose pid file is in our run folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    mark = os.fsencode(f"--pidfile={site.run_dir}/")
    return any(word.startswith(mark) for word in command) and is_running(pid)


def _kill(pid: int) -> int | None:
    try:
        descriptor = os.pidfd_open(pid)
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return descriptor


async def _ended(pid: int) -> None:
    """Wait for the end of a process that is not our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _log_end(site: Site, daemon: Daemon) -> str:
    with contextlib.suppress(OSError):
        lines = (site.log_dir / f"{daemon.name}.log").read_text().splitlines()
        return " / ".join(lines[-3:])
    return "it left no log"
