"""The life of one process: take the port, open the cloud, answer, and on SIGTERM let go.

Letting go leaves guests, daemons and namespace as they are; the next start adopts them. So a stop
and a `kill -9` differ only in the answers that were under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncGenerator

from unkai.boot.cloud import Cloud, open_cloud
from unkai.boot.files import passwords, write_cloud_file, write_clouds_yaml
from unkai.boot.listen import host_socket, make_server, namespace_socket
from unkai.boot.progress import Progress
from unkai.kit import log as logs
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import Fault
from unkai.kit.log import log
from unkai.settings import Settings


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; exit code 1 with the cause in the log and the progress file."""
    import uvloop

    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    logs.configure(as_json=True, level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(settings))
        except Fault as fault:
            log.error("the cloud cannot start", error=fault.public, code=fault.code)
            raise SystemExit(1) from fault


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    progress = Progress(settings.progress_file, Clock())
    with progress.step("port") as words:
        sockets = [host_socket(settings)]
        words.append(settings.url)
    write_clouds_yaml(settings, passwords(settings, Chance()))
    write_cloud_file(settings)
    async with open_cloud(settings, progress) as cloud:
        if cloud.world.namespace:
            sockets.append(namespace_socket(settings))
        async with _answering(cloud, sockets):
            gc.collect()
            gc.freeze()
            gc.enable()
            progress.write("cloud", "ready", settings.url)
            await stop.wait()
            log.info("stopping")


@contextlib.asynccontextmanager
async def _answering(cloud: Cloud, sockets: list[socket.socket]) -> AsyncGenerator[None]:
    server = make_server(cloud.app)
    task = asyncio.create_task(server.serve(sockets=sockets))
    try:
        yield
    finally:
        server.should_exit = True
        cloud.feed.close()
        await task
