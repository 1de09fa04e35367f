"""Links that Open vSwitch holds: when they may be raised."""

from __future__ import annotations

from typing import Final

from unkai.kit import netns, rtnetlink
from unkai.kit.errors import Unavailable
from unkai.kit.ovsdb import Ovsdb

HOLD_S: Final = 10.0
"""How long a switch may take over a link; it needs milliseconds, more on a busy machine."""


async def raise_link(
    switch: Ovsdb, namespace: str | None, name: str, *, mtu: int = 0, timeout_s: float = HOLD_S
) -> None:
    """Bring a link up that the switch was told to have, as soon as it holds it.

    Not before: a switch that takes a link reads its flags and writes all of them back, so an UP set
    in between is lost, and the link stays down for good. (A link that was up before its row was
    made is safe.) `switch` must keep the columns `name` and `ofport` of the table Interface. Raises
    Unavailable("switch-link") where the switch does not take the link in time.
    """

    def held() -> bool:
        rows = switch.rows("Interface").values()
        return any(row.text("name") == name and row.number("ofport") > 0 for row in rows)

    try:
        await switch.until(held, timeout_s)
    except TimeoutError as error:
        raise Unavailable(
            f"The switch did not take the link {name} within {timeout_s:g} s.",
            code="switch-link",
            remedy="Look at the log of ovs-vswitchd in the state folder.",
        ) from error
    await netns.run(namespace, lambda: rtnetlink.set_link(name, up=True, mtu=mtu))
