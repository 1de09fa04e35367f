"""The image of a node's instance_info: Glance's by id, or a URL with its checksum."""

from __future__ import annotations

from unkai.baremetal.model import DeployImage, Node
from unkai.baremetal.service import Baremetal
from unkai.image.actions.get_image import get_image
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller

LENGTHS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def check_instance(baremetal: Baremetal, node: Node) -> None:
    """BadRequest where a deploy cannot begin, naming what is missing."""
    if not baremetal.deploy(node).uses_agent:
        return
    info = node.instance_info
    source = info.get("image_source")
    if not source:
        raise _missing(node, "image_source")
    if _is_url(str(source)) and not (info.get("image_checksum") or info.get("image_os_hash_value")):
        raise _missing(node, "image_checksum or image_os_hash_value")


async def check_image(baremetal: Baremetal, session: Session, caller: Caller, node: Node) -> None:
    """BadRequest for an image of Glance's that whoever asks may not see: a node shows it to all."""
    source = str(node.instance_info.get("image_source") or "")
    if not baremetal.deploy(node).uses_agent or _is_url(source):
        return
    image_id = source.removeprefix("glance://")
    try:
        image = await get_image(baremetal.glance, session, caller, image_id)
    except NotFound as error:
        raise BadRequest(f"Image {image_id} could not be found.", code="image-unknown") from error
    if image.status != "active":
        raise BadRequest(f"Image {image_id} is not active.", code="image-not-active")


def _missing(node: Node, what: str) -> BadRequest:
    return BadRequest(
        f"Node {node.uuid} failed to validate deploy image info. Some parameters were missing. "
        f"Missing are: ['{what}']",
        code="instance-info",
        remedy=f"Set instance_info/{what.split(maxsplit=1)[0]} and try again.",
    )


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


async def resolve_image(baremetal: Baremetal, node: Node) -> DeployImage:
    check_instance(baremetal, node)
    info = node.instance_info
    source = str(info["image_source"])
    if not _is_url(source):
        return await baremetal.images.publish(node, source.removeprefix("glance://"))
    value = str(info.get("image_os_hash_value") or info["image_checksum"])
    algorithm = str(info.get("image_os_hash_algo") or LENGTHS.get(len(value), ""))
    if algorithm not in ("sha256", "sha512"):
        raise BadRequest(
            f"The checksum of {source} is {algorithm or 'of an unknown kind'}; give it as SHA-256 "
            "or SHA-512.",
            code="checksum-kind",
        )
    return DeployImage(
        id=source,
        url=source,
        os_hash_algo=algorithm,
        os_hash_value=value,
        disk_format=str(info.get("image_disk_format") or "raw"),
    )
