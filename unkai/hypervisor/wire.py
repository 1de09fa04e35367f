"""The words in which the agent's server and its remote client talk: paths, bodies, refusals.

One POST per verb, with a struct of its arguments as JSON; the answer is the result as JSON. An
image's bytes follow its description in one body, and changes are a stream of JSON lines, in which
an empty line says that the host is still there. A console is a WebSocket: binary frames are its
bytes; a text frame is empty once it is open, and a refusal as JSON where it is not or ends badly.
"""

from __future__ import annotations

from msgspec import Struct

from unkai.hypervisor.model import Disk, ImageRef, Machine, Secrets
from unkai.kit import errors
from unkai.kit.errors import Fault

IMAGE_HEADER = "x-unkai-image"
CONSOLE_PATH = "/console"
CONSOLE_FRAME_BYTES = 1 << 20
HEARTBEAT_S = 5.0


class Empty(Struct, frozen=True):
    pass


class MachineCall(Struct, frozen=True):
    machine: Machine
    epoch: int


class ServerCall(Struct, frozen=True):
    server_id: str
    epoch: int


class AttachCall(Struct, frozen=True):
    server_id: str
    disk: Disk
    epoch: int
    secrets: Secrets


class DetachCall(Struct, frozen=True):
    server_id: str
    volume_id: str
    epoch: int


class GrowCall(Struct, frozen=True):
    server_id: str
    volume_id: str
    size_bytes: int


class SwitchCall(Struct, frozen=True):
    server_id: str
    disk: Disk


class SwapCall(Struct, frozen=True):
    server_id: str
    had: Disk
    disk: Disk
    epoch: int
    secrets: Secrets
    copied: bool


class KeepCall(Struct, frozen=True):
    server_id: str
    volume_id: str
    other: Disk
    epoch: int


class StartCall(Struct, frozen=True):
    server_id: str
    epoch: int
    paused: bool
    secrets: dict[str, Secrets]


class StopCall(Struct, frozen=True):
    server_id: str
    epoch: int
    graceful_timeout_s: float


class StatusCall(Struct, frozen=True):
    server_id: str


class ConsoleCall(Struct, frozen=True):
    server_id: str
    lines: int | None


class MetricsCall(Struct, frozen=True):
    server_id: str | None
    since: float


class EvictCall(Struct, frozen=True):
    image_ids: list[str]


class Refusal(Struct, frozen=True):
    """A fault in the agent's words; `kind` is its class in kit.errors."""

    kind: str
    message: str
    code: str
    remedy: str | None


def refusal_of(fault: Fault) -> Refusal:
    return Refusal(type(fault).__name__, fault.message, fault.code, fault.remedy)


def fault_of(refusal: Refusal) -> Fault:
    kind = getattr(errors, refusal.kind, errors.Failed)
    if not (isinstance(kind, type) and issubclass(kind, Fault)):
        kind = errors.Failed
    return kind(refusal.message, code=refusal.code, remedy=refusal.remedy)


def describe_image(image: ImageRef) -> str:
    """One header line: size, format, checksum and id have no spaces."""
    return f"{image.virtual_size_bytes} {image.format} {image.sha256} {image.id}"


def image_of(line: str) -> ImageRef:
    """BadRequest where the line is not what `describe_image` writes."""
    match line.split(" "):
        case [size, "raw" | "qcow2" as kind, sha256, image_id] if size.isdigit():
            return ImageRef(id=image_id, sha256=sha256, format=kind, virtual_size_bytes=int(size))
        case _:
            raise errors.BadRequest("The image is not described.", code="bad-image-header")
