"""A line that several share: open while somebody watches, and nobody holds up the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from unkai.kit.errors import Failed, Unavailable
from unkai.kit.streams import WAITING_MOST, ByteStream, SharedLine

pytestmark = pytest.mark.anyio


class Line:
    """The far end, by hand."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[bytes] = asyncio.Queue()
        self.heard: list[bytes] = []
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while said := await self.says.get():
            yield said

    async def write(self, data: bytes) -> None:
        self.heard.append(data)

    async def close(self) -> None:
        self.closed = True


class Far:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.broken = False

    async def open(self) -> ByteStream:
        if self.broken:
            raise Failed("It does not answer.")
        self.lines.append(Line())
        return self.lines[-1]


async def first_of(pieces: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(5):
        return await anext(pieces)


async def everything(stream: ByteStream) -> list[bytes]:
    return [piece async for piece in stream]


async def test_all_hear_the_same_and_all_may_type() -> None:
    far = Far()
    shared = SharedLine(far.open)
    one, two = await shared.join(b"before"), await shared.join()
    at_one, at_two = aiter(one), aiter(two)
    assert await first_of(at_one) == b"before"
    (line,) = far.lines
    line.says.put_nowait(b"hello")
    assert await first_of(at_one) == await first_of(at_two) == b"hello"
    await one.write(b"1")
    await two.write(b"2")
    assert line.heard == [b"1", b"2"]
    await one.close()
    await one.close()
    assert shared.is_open and not line.closed
    await two.close()
    assert line.closed and not shared.is_open


async def test_who_comes_after_the_last_opens_it_anew() -> None:
    far = Far()
    shared = SharedLine(far.open)
    await (await shared.join()).close()
    again = await shared.join()
    assert [line.closed for line in far.lines] == [True, False]
    await again.close()


async def test_its_end_is_everybodys() -> None:
    far = Far()
    shared = SharedLine(far.open)
    viewers = [await shared.join() for _ in range(3)]
    far.lines[0].says.put_nowait(b"")
    for viewer in viewers:
        async with asyncio.timeout(5):
            assert await everything(viewer) == []
        with pytest.raises(Unavailable):
            await viewer.write(b"x")
        await viewer.close()
    assert far.lines[0].closed and not shared.is_open


async def test_a_slow_viewer_is_let_go_and_the_others_go_on() -> None:
    far = Far()
    shared = SharedLine(far.open)
    slow, quick = await shared.join(), await shared.join()
    at_quick = aiter(quick)
    for number in range(2 * WAITING_MOST):
        far.lines[0].says.put_nowait(b"%d" % number)
        assert await first_of(at_quick) == b"%d" % number
    with pytest.raises(Unavailable, match="too far behind"):
        await everything(slow)
    await slow.close()
    await quick.close()


async def test_a_line_that_does_not_open_may_open_later() -> None:
    far = Far()
    shared = SharedLine(far.open)
    far.broken = True
    with pytest.raises(Failed):
        await shared.join()
    far.broken = False
    await (await shared.join()).close()
    await shared.close()
