"""Every kind of operation that compute knows, made known to the runner when a process starts."""

from __future__ import annotations

from unkai.compute.actions.attach_interface import CHANGE_INTERFACES
from unkai.compute.actions.attach_volume import CHANGE_VOLUMES
from unkai.compute.actions.create_server import CREATE_SERVER
from unkai.compute.actions.delete_server import DELETE_SERVER
from unkai.compute.actions.pause_server import PAUSE_SERVER
from unkai.compute.actions.reboot_server import REBOOT_SERVER
from unkai.compute.actions.rebuild_server import REBUILD_SERVER
from unkai.compute.actions.start_server import START_SERVER
from unkai.compute.actions.stop_server import STOP_SERVER
from unkai.compute.service import Compute

OPERATIONS = (
    CREATE_SERVER,
    DELETE_SERVER,
    START_SERVER,
    STOP_SERVER,
    REBOOT_SERVER,
    PAUSE_SERVER,
    REBUILD_SERVER,
    CHANGE_INTERFACES,
    CHANGE_VOLUMES,
)


def register_operations(compute: Compute) -> None:
    for operation in OPERATIONS:
        compute.kit.operations.register(operation, compute)
