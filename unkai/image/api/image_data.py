"""/v2/images/{id}/file and /stage: bytes, streamed both ways with constant memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from unkai.image.actions.open_data import open_data
from unkai.image.actions.stage_image import stage_image
from unkai.image.actions.upload_image import upload_image
from unkai.image.drivers.base import BLOCK_BYTES, Reader
from unkai.kit.errors import BadRequest, RangeNotSatisfiable, UnsupportedMediaType
from unkai.kit.http import Call, Route

OCTETS = "application/octet-stream"
RANGE = re.compile(r"^bytes=(\d{0,19})-(\d{0,19})$")


async def upload(call: Call) -> None:
    expected = announced_bytes(call)
    await upload_image(
        call.service, call.caller, call.params["image_id"], call.request.stream(), expected
    )


async def stage(call: Call) -> None:
    expected = announced_bytes(call)
    await stage_image(
        call.service, call.caller, call.params["image_id"], call.request.stream(), expected
    )


def announced_bytes(call: Call) -> int | None:
    """How much data the client says it sends, if it does."""
    headers = call.request.headers
    kind = headers.get("content-type", "").split(";")[0].strip()
    if kind != OCTETS:
        raise UnsupportedMediaType(f"Image data must be {OCTETS}, not {kind or 'of no type'}.")
    text = headers.get("x-openstack-image-size", headers.get("content-length"))
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest(f"The announced size {text[:40]!r} is not a number of bytes.")
    return int(text)


async def download(call: Call) -> Response:
    image, reader = await open_data(call.service, call.caller, call.params["image_id"])
    if reader is None:
        return Response(status_code=204)
    try:
        span = _span(call.request.headers.get("range"), reader.size)
    except RangeNotSatisfiable:
        reader.close()
        raise
    start, end = span or (0, reader.size)
    headers = {"Content-Length": str(end - start), "Accept-Ranges": "bytes"}
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{reader.size}"
    elif image.checksum:
        headers["Content-MD5"] = image.checksum
    status = 206 if span else 200
    if call.request.method == "HEAD":
        reader.close()
        return Response(status_code=status, headers=headers, media_type=OCTETS)
    return StreamingResponse(_blocks(reader, start, end), status, headers, media_type=OCTETS)


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end of a single range; None for no range, or one of a kind we need not honour."""
    match = RANGE.match(header.replace(" ", "")) if header else None
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        end = min(size, int(match[2]) + 1) if match[2] else size
    if start >= end:
        raise RangeNotSatisfiable(
            f"The range {header} is not within the image's {size} bytes.", code="image-range"
        )
    return start, end


async def _blocks(reader: Reader, start: int, end: int) -> AsyncIterator[bytes]:
    """The data in blocks, the next one being read while one is sent."""
    ahead: asyncio.Task[bytes] | None = None
    try:
        while start < end or ahead is not None:
            block = await ahead if ahead is not None else b""
            ahead = None
            if start < end:
                length = min(BLOCK_BYTES, end - start)
                ahead = asyncio.ensure_future(_exactly(reader, start, length))
                start += length
            if block:
                yield block
    finally:
        if ahead is not None:
            await asyncio.gather(ahead, return_exceptions=True)
        reader.close()


async def _exactly(reader: Reader, offset: int, length: int) -> bytes:
    data = await reader.read(offset, length)
    if len(data) != length:
        raise EOFError(f"{len(data)} of {length} bytes at {offset}")
    return data


ROUTES = (
    Route("PUT", "/v2/images/{image_id}/file", upload, "upload_image", status=204, raw=True),
    Route("GET", "/v2/images/{image_id}/file", download, "download_image", raw=True),
    Route("PUT", "/v2/images/{image_id}/stage", stage, "stage_image", status=204, raw=True),
)
