"""The cases, in the order they run: each measures one thing and leaves the cloud as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.cases.baremetal import nodes
from bench.cases.identity import tokens
from bench.cases.image import images
from bench.cases.machine import deploy
from bench.cases.memory import memory
from bench.cases.network import networks
from bench.cases.pages import pages
from bench.cases.placement import candidates
from bench.cases.power_sync import power_sync
from bench.cases.servers import boots, boots_on_qemu, lists
from bench.cases.throughput import throughput
from bench.cases.volumes import attachments, volumes
from bench.figures import Figure
from bench.subject import Subject

Case = Callable[[Subject], Iterator[Figure]]

ON_FAKES: dict[str, Case] = {
    "memory": memory,
    "tokens": tokens,
    "images": images,
    "networks": networks,
    "boots": boots,
    "lists": lists,
    "candidates": candidates,
    "volumes": volumes,
    "nodes": nodes,
    "power-sync": power_sync,
    "pages": pages,
}
ON_QEMU: dict[str, Case] = {
    "memory": memory,
    "boots": boots_on_qemu,
    "attachments": attachments,
    "throughput": throughput,
    "deploy": deploy,
}
